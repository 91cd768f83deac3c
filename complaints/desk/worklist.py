"""The worklist: what needs attention first, with its counts, filters and search."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from complaints.access import cases_for
from complaints.actions import NotKept, drop_filter, keep_filter
from complaints.desk import filters as beside
from complaints.desk.chips import Chip, chip
from complaints.desk.measures import late_measures
from complaints.desk.seats import Seat, page, seated, seated_also_from_outside
from complaints.models import Case, Deadline, Letter, Membership
from complaints.queries import worklist as query
from complaints.queries.committees import carries_out
from complaints.queries.deputies import stood_in_for
from complaints.queries.duties import tasks
from complaints.queries.handlers import assigning_acts
from complaints.queries.state import deadline_of
from complaints.said import spoken
from procedures import engine, wording
from procedures.calendars import Calendar
from procedures.catalogue import procedure_of, zone_of
from procedures.definition import Act, DeadlineKind, DeadlineRule, OwedBy, Procedure

PILE_WORDS = {
    "late": _("te laat"),
    "today": _("vandaag"),
    "coming": _("komende 5 werkdagen"),
    "unassigned": _("niet toegewezen"),
    "waiting": _("bericht of brief wacht"),
    "open": _("alle open zaken"),
    "closed": _("afgesloten"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A case as the list shows it."""

    case: Case
    phase: str
    complainant: str
    due: Chip | None
    due_what: str
    due_on: object
    due_note: str
    counting: Sequence[str]  # how the deadline was counted
    missed: Sequence[str]  # the targets that were missed and are still to be met
    flags: list[str]
    is_ticked: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """What can be done with ticked cases: the acts that assign, and who may be chosen, with their open cases."""

    acts: list[Act]
    people: list[tuple[str, str, int]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asked of the list that could not be done, with why: it stands in the page again."""

    ticked: Collection[str] = ()  # by number
    act: str = ""
    member: str = ""
    problem: str = ""
    name: str = ""  # for the choice that they wanted to keep
    name_problem: str = ""
    number: str = ""  # of the page
    is_all_ticked: bool = field(default=False, kw_only=True)


@require_GET
@seated_also_from_outside
def worklist(request: HttpRequest, seat: Seat) -> HttpResponse:
    if seat.is_from_outside and request.GET.get("q"):
        return HttpResponseForbidden(gettext("Dat hoort niet bij uw rol."))
    asked = Asked(number=request.GET.get("p", ""), is_all_ticked="alles" in request.GET)
    return listed(request, seat, query.Filters.of(request.GET.dict()), asked)


@require_POST
@seated
def keep(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Keeps the present choice of cases under a name."""
    filters = query.Filters.read(request.POST.get("chosen-list", ""))
    name = request.POST.get("name", "")
    try:
        keep_filter(seat.membership, name, filters.query())
    except NotKept as refused:
        return listed(request, seat, filters, Asked(name=name[:200], name_problem=str(refused)), status=422)
    messages.success(request, gettext("Bewaard: %(name)s.") % {"name": " ".join(name.split())})
    return redirect(reverse("desk:worklist") + filters.query())


@require_POST
@seated
def drop(request: HttpRequest, seat: Seat, pk: int) -> HttpResponse:
    """Throws a kept choice away; the cases stay where they are."""
    name = drop_filter(seat.membership, pk)
    if name:
        messages.success(request, gettext("Weggehaald: %(name)s. De zaken zelf zijn er nog.") % {"name": name})
    else:
        messages.warning(request, gettext("Deze keuze was er al niet meer."))
    return redirect(reverse("desk:worklist") + query.Filters.read(request.POST.get("chosen-list", "")).query())


def listed(
    request: HttpRequest, seat: Seat, filters: query.Filters, asked: Asked, *, status: int = 200
) -> HttpResponse:
    """The page of the list."""
    cases = cases_for(seat.membership, seat.procedure, at=seat.now)
    viewer = query.Viewer(seat.membership, stood_in_for(seat.membership, on=seat.today))
    when = query.marks(seat.calendar, seat.zone, at=seat.now)
    listing = beside.Listing(seat, query.searched(cases, filters), filters, when, viewer)
    members = {each.pk: each for each in Membership.objects.select_related("user")}
    counts = query.piles(cases, when)
    paginator = Paginator(query.with_parts(listing.found(), cases), query.PER_PAGE)
    current = paginator.get_page(asked.number)
    return page(
        request,
        "desk/worklist.html",
        {
            "title": gettext("Werklijst"),
            "piles": [
                (name, words, counts[name], query.Filters(pile=name).query(), name == filters.pile)
                for name, words in PILE_WORDS.items()
            ],
            "late_measures": late_measures(seat, cases, viewer.keys),
            "attention": counts["late"] + counts["today"],
            "tasks": tasks(seat.procedure, seat.membership.roles, today=seat.today),
            "today": seat.today,
            "rows": [_row(case, seat, asked) for case in current.object_list],
            "current": current,
            "filters": filters,
            "parts": {name: value for name, value in filters.parts().items() if name != "q"},
            "here": filters.query(),
            "groups": beside.groups(listing, members),
            "kept": beside.kept(replace(listing, cases=cases)),
            "bar": _bar(seat, cases, members),
            "asked": asked,
            "all": query.Filters(pile=filters.pile).query(),
            "is_narrowed": filters != query.Filters(pile=filters.pile),
            "is_everything": filters == query.Filters(),
            "previous": _page_address(filters, current.number - 1) if current.has_previous() else "",
            "next": _page_address(filters, current.number + 1) if current.has_next() else "",
            "tick_all": _page_address(filters, current.number) + "&alles=1",
        },
        status=status,
    )


def _bar(seat: Seat, cases: Any, members: dict[int, Membership]) -> Bar | None:
    """None for who may not assign in any phase."""
    found = assigning_acts(seat.procedure, seat.membership.roles)
    if not found:
        return None
    open_cases = query.counted(cases.filter(closed_at=None), "handler")
    wanted = {named.role for _act, named in found}
    people = sorted(
        (each.name, key) for key, each in members.items() if each.is_active and wanted.intersection(each.roles)
    )
    return Bar([act for act, _field in found], [(str(key), name, open_cases.get(key, 0)) for name, key in people])


def _row(case: Case, seat: Seat, asked: Asked) -> Row:
    procedure = procedure_of(case.version)
    clock = next(
        (each for each in case.clocks if each.overdue_at == case.next_due_at),  # type: ignore[attr-defined]
        None,
    )
    due, what, on, note = None, "", None, ""
    counting: Sequence[str] = ()
    if clock is not None and not case.is_closed:
        rule = procedure.deadline(clock.rule)
        state = deadline_of(clock, zone_of(procedure))
        # Closing days are the organisation's, holidays the version's: what the clock was counted with.
        calendar = Calendar.for_policy(procedure.calendar, seat.calendar.closed)
        due = chip(state, rule, at=seat.now, calendar=calendar, zone=zone_of(procedure))
        what, on = rule.title.in_language(spoken()), state.due.due
        counting = wording.counting(
            state, rule, procedure=procedure, calendar=calendar, because=_because(case, state, rule)
        )
        if rule.kind is DeadlineKind.TARGET:
            note = gettext("streefdatum")
        elif rule.owed_by is OwedBy.COMPLAINANT:
            note = gettext("van de indiener")
        elif carries_out(procedure, rule):
            note = gettext("bindend")
    complainant = next(iter(case.complainants), None)  # type: ignore[attr-defined]
    return Row(
        case=case,
        phase=beside.phase_title(procedure, case.phase),
        complainant=complainant.name or complainant.organisation_name if complainant else "",
        due=due,
        due_what=what,
        due_on=on,
        due_note=note,
        counting=counting,
        missed=_missed(case, procedure),
        flags=_news(case) + _flags([each.state for each in case.stuck_letters]),  # type: ignore[attr-defined]
        is_ticked=asked.is_all_ticked or case.reference in asked.ticked,
    )


def _missed(case: Case, procedure: Procedure) -> list[str]:
    """The targets of the organisation that were missed and not met since, by title; none once the case is closed."""
    rules = [
        procedure.deadline(each.rule)
        for each in case.clocks  # type: ignore[attr-defined]
        if each.status == Deadline.Status.MISSED and not case.is_closed
    ]
    owed = [each for each in rules if each.kind is DeadlineKind.TARGET and each.owed_by is OwedBy.ORGANISATION]
    return [each.title.in_language(spoken()) for each in owed]


def _because(case: Case, clock: engine.Deadline, rule: DeadlineRule) -> str:
    """What started the clock: the occurrence at which it first stands in the history."""
    starts = {str(each) for each in rule.starts}
    for event in case.happened:  # type: ignore[attr-defined]
        if any((each["rule"], each["number"]) == clock.key for each in event.decision.get("deadlines", [])):
            happened = [event.occurrence, *event.decision.get("acts", [])]
            return next((each for each in happened if each in starts), "")
    return ""


def _news(case: Case) -> list[str]:
    if case.has_news:  # type: ignore[attr-defined]
        return [gettext("nieuw bericht")]
    if case.has_question and not case.is_closed:  # type: ignore[attr-defined]
        return [gettext("bericht zonder antwoord")]
    return []


def _flags(states: list[str]) -> list[str]:
    found = []
    failed, held, to_post = (
        states.count(each.value) for each in (Letter.State.FAILED, Letter.State.HELD, Letter.State.TO_POST)
    )
    if failed:
        found.append(
            ngettext("%(n)d brief is niet aangekomen", "%(n)d brieven zijn niet aangekomen", failed) % {"n": failed}
        )
    if held:
        found.append(ngettext("%(n)d brief wacht op controle", "%(n)d brieven wachten op controle", held) % {"n": held})
    if to_post:
        found.append(ngettext("%(n)d brief te posten", "%(n)d brieven te posten", to_post) % {"n": to_post})
    return found


def _page_address(filters: query.Filters, number: int) -> str:
    address = filters.query()
    return f"{address}{'&' if len(address) > 1 else ''}p={number}"
