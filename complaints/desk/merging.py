"""Merging two cases at the desk: both side by side, what will happen, undoing it; and what case pages show of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from complaints.access import cases_for
from complaints.actions import CaseMovedOn, note_read, note_reading
from complaints.actions.merging import WAITING, NotMerged, Side, merge, part
from complaints.controls import whole_number
from complaints.desk.seats import Seat, page, seated
from complaints.desk.sheets import LONGEST_REASON, Sheet, SideForm, data_of, show, text_field
from complaints.desk.standing import Standing, standing
from complaints.models import Case, Letter, Message, Party, Reading
from complaints.queries.mergeable import hindrance, hindrance_to_parting, in_order, may_merge
from complaints.queries.merging import Joined, Merge, is_same_complainant, joined_to, merge_of
from complaints.queries.repeats import repeats
from complaints.said import spoken
from procedures import engine, wording


@dataclass(frozen=True, slots=True)
class Pair:
    """Two cases that somebody wants to merge; whether one person complains in both, and what stands in the way."""

    younger: Standing
    main: Standing
    is_same: bool
    problem: str


class ReasonForm(SideForm):
    def __init__(self, label: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"] = text_field(label, rows=3, longest=LONGEST_REASON)


def of_case(here: Standing, seat: Seat) -> dict[str, Any]:
    """What the case page shows of merging. One query where nothing was merged."""
    mine = cases_for(seat.membership, seat.procedure, at=seat.now)
    joined = joined_to(here.case, mine)
    for each in joined:
        _note_read(each, here, seat)
    found: dict[str, Any] = {
        "joined": joined,
        "may_merge": may_merge(here.procedure, here.actor.roles) and not here.case.is_closed,
    }
    if here.case.merged_into_id:
        merged = merge_of(here.case)
        main = mine.filter(merged=here.case).first()
        found |= {"merge": merged, "main": main, "may_part": main is not None and not _parting(here, seat, merged)}
    return found


@require_http_methods(["GET", "POST"])
@seated
def merge_page(request: HttpRequest, seat: Seat, reference: str) -> HttpResponse:
    """Asks for the other case; then shows both and what will happen; then does it."""
    here = standing(seat, reference)
    if not may_merge(here.procedure, here.actor.roles):
        return _refused(request, here, _("Dat hoort niet bij uw rol."), status=403)
    asked = request.POST if request.method == "POST" else request.GET
    wanted = asked.get("other", "").replace("\x00", "").strip().upper()[:20]
    if not wanted:
        return _choose(request, here, seat)
    try:
        there = standing(seat, wanted)
    except Http404:
        return _choose(request, here, seat, wanted, _("Wij vinden geen zaak met dit nummer."))
    if there.case.pk == here.case.pk:
        return _choose(request, here, seat, wanted, _("Dat is deze zaak zelf. Kies een andere."))
    if not may_merge(there.procedure, there.actor.roles):
        return _choose(request, here, seat, wanted, _("In die zaak mag u dit niet doen: dat hoort niet bij uw rol."))
    pair = _pair(here, there)
    form = ReasonForm(_("De indieners zijn niet dezelfde. Waarom horen deze zaken toch bij elkaar?"), data_of(request))
    if request.method == "GET":
        return _confirm(request, here, pair, form)
    return _sent(request, seat, here, pair, form)


@require_http_methods(["GET", "POST"])
@seated
def part_page(request: HttpRequest, seat: Seat, reference: str) -> HttpResponse:
    """Undoes a merge, with a reason."""
    here = standing(seat, reference)
    main = cases_for(seat.membership, seat.procedure, at=seat.now).filter(merged=here.case).first()
    if main is None:
        raise Http404
    there = standing(seat, main.reference)
    if not (may_merge(here.procedure, here.actor.roles) and may_merge(there.procedure, there.actor.roles)):
        return _refused(request, here, _("Dat hoort niet bij uw rol."), status=403)
    problem = _parting(here, seat, merge_of(here.case))
    if problem:
        return _refused(request, here, problem, status=409)
    form = ReasonForm(_("Waarom draait u het samenvoegen terug?"), data_of(request))
    lead = _(
        "%(number)s gaat weer apart verder. De termijnen lopen weer tot dezelfde dag als eerst; wat voorbij is, telt "
        "als te laat. Brieven die waren tegengehouden, gaan weer weg. De indiener krijgt hiervan bericht."
    ) % {"number": here.case.reference}

    def do(revision: int) -> object:
        sides = Side(here.case, here.actor, revision), Side(there.case, there.actor, there.case.revision)
        return part(*sides, form.cleaned_data["reason"], at=seat.now)

    title = _("Draai het samenvoegen terug")
    said = _("Deze zaak gaat weer apart verder.")
    return show(request, here, form, Sheet(title, lead, title, "verwant", said, do, is_for_merged=True))


def _sent(request: HttpRequest, seat: Seat, here: Standing, pair: Pair, form: ReasonForm) -> HttpResponse:
    if pair.problem:
        return _confirm(request, here, pair, form, status=409)
    if not pair.is_same and not form.is_valid():
        return _confirm(request, here, pair, form, status=422)
    younger, main = (
        Side(each.case, each.actor, _revision(request, name))
        for each, name in ((pair.younger, "revision"), (pair.main, "main_revision"))
    )
    try:
        merge(younger, main, "" if pair.is_same else form.cleaned_data["reason"], at=here.now)
    except CaseMovedOn:
        now = _pair(*(standing(seat, each.case.reference) for each in (pair.younger, pair.main)))
        return _confirm(request, here, now, form, status=409, has_moved_on=True)
    except NotMerged as refused:
        return _confirm(request, here, pair, form, status=409, refused=str(refused))
    numbers = {"younger": younger.case.reference, "main": main.case.reference}
    messages.success(request, _("%(younger)s is samengevoegd met %(main)s.") % numbers)
    return redirect("desk:case", main.case.reference)


def _pair(here: Standing, there: Standing) -> Pair:
    younger, _main = in_order(here.case, there.case)
    first, second = (here, there) if younger.pk == here.case.pk else (there, here)
    problem = hindrance(first.case, second.case, at=here.now)
    return Pair(first, second, is_same_complainant(first.case, second.case), problem)


def _choose(request: HttpRequest, here: Standing, seat: Seat, typed: str = "", problem: str = "") -> HttpResponse:
    mine = cases_for(seat.membership, seat.procedure, at=seat.now).filter(closed_at=None)
    return page(
        request,
        "desk/merge_choose.html",
        {
            "title": _("Voeg samen met een andere zaak"),
            "case": here.case,
            "typed": typed,
            "problem": problem,
            "repeats": repeats(here.case, mine, at=here.now),
        },
        status=422 if problem else 200,
    )


def _confirm(
    request: HttpRequest,
    here: Standing,
    pair: Pair,
    form: ReasonForm,
    *,
    status: int = 200,
    has_moved_on: bool = False,
    refused: str = "",
) -> HttpResponse:
    """Both cases side by side, and what will happen."""
    numbers = {"younger": pair.younger.case.reference, "main": pair.main.case.reference}
    return page(
        request,
        "desk/merge.html",
        {
            "title": _("Voeg %(younger)s samen met %(main)s") % numbers,
            "case": here.case,
            "other": pair.main.case if here.case.pk == pair.younger.case.pk else pair.younger.case,
            "pair": pair,
            "rows": _side_by_side(pair),
            "follows": _what_follows(pair),
            "form": form,
            "typed": form.data.get("reason", ""),
            "has_moved_on": has_moved_on,
            "refused": refused,
        },
        status=status,
    )


def _side_by_side(pair: Pair) -> list[tuple[str, str, str]]:
    labels = [
        _("Onderwerp"),
        _("Ontvangen"),
        _("Indiener"),
        _("Over"),
        _("Fase"),
        _("Behandelaar"),
        _("Eerstvolgende termijn"),
    ]
    return list(zip(labels, _told(pair.younger), _told(pair.main), strict=True))


def _told(one: Standing) -> list[str]:
    """A case in words, in the order of the labels."""
    case, language = one.case, spoken()
    parties = list(case.parties.select_related("membership__user"))
    own = [each for each in parties if each.kind != Party.Kind.RESPONDENT]
    running = [each for each in one.state.deadlines if each.status is engine.Status.OPEN]
    first = min(running, key=lambda each: str(each.due.due), default=None)
    return [
        case.subject,
        wording.moment(case.received_at, zone=one.zone),
        "\n".join(" · ".join(filter(None, (each.name, each.organisation_name, each.mail_address))) for each in own),
        "\n".join(each.name for each in parties if each.kind == Party.Kind.RESPONDENT),
        one.procedure.phase(one.state.phase).title.in_language(language),
        case.handler.name if case.handler else _("niet toegewezen"),
        f"{_deadline(one, first)}: {wording.end(first.due.due, zone=one.zone)}"
        if first
        else _("er loopt geen termijn"),
    ]


def _what_follows(pair: Pair) -> list[str]:
    younger, main = pair.younger, pair.main
    numbers = {"younger": younger.case.reference, "main": main.case.reference}
    clocks = [_deadline(younger, each) for each in younger.state.deadlines if each.status is engine.Status.OPEN]
    letters = Letter.objects.filter(case=younger.case, state__in=WAITING).order_by("pk")
    titles = list(dict.fromkeys(_letter(younger, each) for each in letters))
    found = [
        _("%(younger)s eindigt nu, als samengevoegd met %(main)s. Zij staat dan niet meer bij de open zaken.")
        % numbers,
        _("%(main)s gaat door zoals zij is. Zij kwam het eerst binnen, dus haar termijnen blijven gelden.") % numbers,
    ]
    about = [each.name for each in younger.case.parties.all() if each.kind == Party.Kind.RESPONDENT]
    if about:
        found.append(
            _("Over wie %(younger)s gaat, staat dan ook bij %(main)s: %(names)s.")
            % {**numbers, "names": wording.joined(about)}
        )
    if clocks:
        found.append(
            _("Deze termijnen van %(younger)s vervallen: %(clocks)s.")
            % {**numbers, "clocks": wording.joined(list(dict.fromkeys(clocks)))}
        )
    if titles:
        found.append(
            _("Deze brieven uit %(younger)s gaan niet meer weg: %(letters)s.")
            % {**numbers, "letters": wording.joined(titles)}
        )
    if pair.is_same:
        found.append(
            _("De indiener krijgt een brief: wij kregen de klacht, en behandelen haar onder nummer %(main)s.") % numbers
        )
    else:
        found.append(
            _(
                "De indiener van %(younger)s krijgt een brief: wij kregen de klacht, en behandelen haar samen met een "
                "andere. Over %(main)s staat daar niets in. Brieven uit %(main)s krijgt deze indiener niet. Stuur dus "
                "zelf een bericht in %(younger)s als er iets uit komt."
            )
            % numbers
        )
    return [
        *found,
        _("De stukken en berichten van %(younger)s ziet u straks ook bij %(main)s.") % numbers,
        _("Wie van een van beide zaken niets mag weten, ziet ze straks geen van beide."),
        _("Het nummer en de code van de indiener blijven werken."),
        _("U kunt dit zelf terugdraaien, met een reden, zolang %(main)s open is en er niet is besloten.") % numbers,
    ]


def _deadline(one: Standing, clock: engine.Deadline) -> str:
    return one.procedure.deadline(clock.rule).title.in_language(spoken())


def _letter(one: Standing, letter: Letter) -> str:
    try:
        return one.procedure.letter(letter.name).title.in_language(spoken())
    except KeyError:
        return letter.subject


def _parting(here: Standing, seat: Seat, merged: Merge) -> str:
    case = Case.objects.select_related("merged_into__version").get(pk=here.case.pk)
    return hindrance_to_parting(case, merged, seat.membership)


def _note_read(joined: Joined, here: Standing, seat: Seat) -> None:
    """What is shown of a merged case on the page of the main one was read there."""
    note_reading(joined.case, Reading.What.PAGE, member=seat.membership, at=seat.now)
    if here.actor.roles:
        note_read(joined.case, by=Message.By.STAFF, at=seat.now)


def _refused(request: HttpRequest, here: Standing, reason: str, *, status: int) -> HttpResponse:
    title = _("Zaken samenvoegen")
    return page(request, "desk/act_refused.html", {"title": title, "case": here.case, "reason": reason}, status=status)


def _revision(request: HttpRequest, name: str) -> int:
    number = whole_number(request.POST.get(name), digits=9)
    return -1 if number is None else number
