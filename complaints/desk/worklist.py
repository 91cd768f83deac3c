"""The worklist: what needs attention first, with its counts, filters and search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from complaints.access import cases_for
from complaints.desk.chips import Chip, chip
from complaints.desk.seats import Seat, page, seated
from complaints.models import Case, Letter, Membership
from complaints.queries import worklist as query
from complaints.queries.state import deadline_of
from procedures.catalogue import procedure_of, zone_of
from procedures.definition import DeadlineKind, OwedBy, Procedure

PILE_WORDS = {
    "late": _("te laat"),
    "today": _("vandaag"),
    "coming": _("komende 5 werkdagen"),
    "unassigned": _("niet toegewezen"),
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
    flags: list[str]


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of a filter, with how many cases it would leave."""

    title: str
    address: str
    count: int | None
    is_chosen: bool


@require_GET
@seated
def worklist(request: HttpRequest, seat: Seat) -> HttpResponse:
    filters = query.Filters.of(request.GET.dict())
    mine = cases_for(seat.membership, seat.procedure)
    when = query.marks(seat.calendar, seat.zone, at=seat.now)
    found = query.chosen(mine, filters, when, member=seat.membership)
    counts = query.piles(mine, when)
    paginator = Paginator(query.with_parts(found), query.PER_PAGE)
    current = paginator.get_page(request.GET.get("p"))
    return page(
        request,
        "desk/worklist.html",
        {
            "title": gettext("Werklijst"),
            "piles": [
                (name, words, counts[name], query.Filters(pile=name).query(), name == filters.pile)
                for name, words in PILE_WORDS.items()
            ],
            "attention": counts["late"] + counts["today"],
            "rows": [_row(case, seat) for case in current.object_list],
            "current": current,
            "filters": filters,
            "groups": _groups(found, filters, seat),
            "all": filters.query(phase="", track="", handler="", search=""),
            "previous": _page_address(filters, current.number - 1) if current.has_previous() else "",
            "next": _page_address(filters, current.number + 1) if current.has_next() else "",
        },
    )


def _row(case: Case, seat: Seat) -> Row:
    procedure = procedure_of(case.version)
    clock = next(
        (each for each in case.clocks if each.overdue_at == case.next_due_at),  # type: ignore[attr-defined]
        None,
    )
    due, what, on, note = None, "", None, ""
    if clock is not None and not case.is_closed:
        rule = procedure.deadline(clock.rule)
        state = deadline_of(clock, zone_of(procedure))
        due = chip(state, rule, at=seat.now, calendar=seat.calendar, zone=zone_of(procedure))
        what, on = rule.title.in_language(_language()), state.due.due
        if rule.kind is DeadlineKind.TARGET:
            note = gettext("streefdatum")
        elif rule.owed_by is OwedBy.COMPLAINANT:
            note = gettext("van de indiener")
    complainant = next(iter(case.complainants), None)  # type: ignore[attr-defined]
    return Row(
        case=case,
        phase=_phase(procedure, case.phase),
        complainant=complainant.name or complainant.organisation_name if complainant else "",
        due=due,
        due_what=what,
        due_on=on,
        due_note=note,
        flags=([str(_("nieuw bericht"))] if case.has_news else [])  # type: ignore[attr-defined]
        + _flags([each.state for each in case.stuck_letters]),  # type: ignore[attr-defined]
    )


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


def _groups(found: Any, filters: query.Filters, seat: Seat) -> list[tuple[str, list[Choice]]]:
    """The filters with their choices, each counted among the cases that the other choices leave."""
    procedure, language = seat.procedure, _language()
    phases, tracks = query.counted(found, "phase"), query.counted(found, "track")
    handlers = query.counted(found, "handler")
    names = {each.pk: each.name for each in Membership.objects.select_related("user")}
    order = {each.name: number for number, each in enumerate(procedure.phases)}
    track_titles = {each.name: each.title.in_language(language) for each in procedure.tracks}

    def choices(column: str, options: list[tuple[str, str, int]], everything: str) -> list[Choice]:
        now = getattr(filters, column)
        return [
            Choice(everything, filters.query(**{column: ""}), None, not now),
            *(Choice(title, filters.query(**{column: value}), count, now == value) for value, title, count in options),
        ]

    people = sorted((name, pk) for pk, name in names.items() if pk in handlers and pk != seat.membership.pk)
    who = [
        (query.ME, gettext("Ik"), handlers.get(seat.membership.pk, 0)),
        *((str(pk), name, handlers[pk]) for name, pk in people),
        (query.NOBODY, gettext("Niemand"), handlers.get(None, 0)),
    ]
    return [
        (
            gettext("Fase"),
            choices(
                "phase",
                [
                    (str(name), _phase(procedure, str(name)), phases[name])
                    for name in sorted(phases, key=lambda n: order.get(str(n), 99))
                ],
                gettext("Alle"),
            ),
        ),
        (
            gettext("Spoor"),
            choices(
                "track",
                [(str(name), track_titles.get(str(name), str(name)), n) for name, n in tracks.items()],
                gettext("Alle"),
            ),
        ),
        (gettext("Behandelaar"), choices("handler", who, gettext("Iedereen"))),
    ]


def _phase(procedure: Procedure, name: str) -> str:
    found = next((each for each in procedure.phases if each.name == name), None)
    return found.title.in_language(_language()) if found else name


def _page_address(filters: query.Filters, number: int) -> str:
    address = filters.query()
    return f"{address}{'&' if len(address) > 1 else ''}p={number}"


def _language() -> str:
    return get_language() or "nl"
