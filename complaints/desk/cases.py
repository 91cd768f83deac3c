"""The case page, and ticking its checklist."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from complaints.actions import note_read, note_reading, tick_check
from complaints.desk.answers import given_answers
from complaints.desk.boxes import MESSAGE, NOTE, take_typed
from complaints.desk.committee import has_room
from complaints.desk.deadlines import deadline_rows
from complaints.desk.dossier import of_case as dossier_of_case
from complaints.desk.letters import letter_rows
from complaints.desk.measures import of_case as measures_of_case
from complaints.desk.merging import of_case as merging_of_case
from complaints.desk.notes import notes_of
from complaints.desk.readings import reading_log
from complaints.desk.seats import Seat, page, seated, seated_also_from_outside
from complaints.desk.sides import of_case as sides_of_case
from complaints.desk.standing import Standing, standing
from complaints.desk.timeline import timeline
from complaints.models import EarlierNumber, Membership, Message, Party, Reading
from complaints.said import spoken
from procedures import engine
from procedures.deadlines import overdue_at
from procedures.definition import COMPLAINANT, Act, Check


@dataclass(frozen=True, slots=True)
class Point:
    """A point of the checklist."""

    check: Check
    is_done: bool
    reason: str  # why it does not apply
    may_tick: bool


@require_GET
@seated_also_from_outside
def case_page(request: HttpRequest, seat: Seat, reference: str) -> HttpResponse:
    here = standing(seat, reference)
    if seat.is_from_outside:  # the whole case is not theirs to see; letters lead here
        return redirect("desk:committee", here.case.reference)
    note_reading(here.case, Reading.What.PAGE, member=seat.membership, at=seat.now)
    case, procedure, language = here.case, here.procedure, spoken()
    events = list(case.events.select_related("member__user"))
    parties = list(case.parties.all())
    members = list(Membership.objects.select_related("user"))
    names = {str(each.pk): each.name for each in members}
    answers = list(case.answers.all())
    given = given_answers(here, events, answers, names)
    rows = deadline_rows(here, events)
    points = checklist(here)
    letters = letter_rows(here)
    offers = here.offers()
    allowed = [each.act for each in offers if each.refusal is None]
    own = [each for each in allowed if COMPLAINANT not in each.by]
    main = main_act(here, own)
    correspondence = list(case.messages.select_related("member__user"))
    if here.actor.roles:
        note_read(case, by=Message.By.STAFF, at=seat.now)
    typed = take_typed(request, case)
    documents = list(case.documents.select_related("member__user"))
    sides = sides_of_case(here)
    phase = procedure.phase(here.state.phase)
    track = next((each.title for each in procedure.tracks if each.name == phase.track), None)
    channel = next((each.title for each in procedure.intake.channels if each.name == case.channel), None)
    return page(
        request,
        "desk/case.html",
        {
            "title": f"{case.reference} {case.subject}".strip(),
            "case": case,
            "procedure": procedure,
            "phase": phase.title.in_language(language),
            "track": track.in_language(language) if track else "",
            "channel": channel.in_language(language) if channel else case.channel,
            "handler_title": next(
                (each.title.in_language(language) for each in procedure.roles if each.is_handler), ""
            ),
            "complainants": [each for each in parties if each.kind != Party.Kind.RESPONDENT],
            "respondents": [each for each in parties if each.kind == Party.Kind.RESPONDENT],
            "parties": parties,
            "colleagues": sorted((each for each in members if each.is_active), key=lambda each: each.name)
            if here.is_colleague
            else [],
            "next": next((row for row in rows if row.is_waiting), None),
            "deadlines": rows,
            "main": main,
            "own": [main] * bool(main) + [each for each in own if each is not main],
            "on_behalf": [each for each in allowed if COMPLAINANT in each.by],
            "refused": [
                (each.act, here.reason_of(each.act, each.refusal)) for each in offers if each.refusal is not None
            ],
            "points": points,
            "points_done": sum(point.is_done for point in points),
            "complaint": given[0] if given and given[0].event.number == 1 else None,
            "later": [each for each in given if each.event.number > 1],
            "documents": documents,
            "letters": [row for row in letters if not row.is_for_colleague],
            "messages_to_colleagues": [row for row in letters if row.is_for_colleague],
            **measures_of_case(here, seat),
            "timeline": timeline(here, events),
            "readings": reading_log(here),
            "correspondence": correspondence,
            "mails": list(case.mails.order_by("pk")),
            "has_room": has_room(here),
            "may_write": bool(here.actor.roles) and not here.state.is_taken_over,
            "earlier": EarlierNumber.objects.filter(case=case).first() if case.imported_at else None,
            **sides,
            **dossier_of_case(
                here,
                events=events,
                documents=documents,
                letters=[row.letter for row in letters],
                messages=correspondence,
                unticked=[point.check for point in points if not point.is_done],
                requests=sides["requests"],
            ),
            **merging_of_case(here, seat),
            "unsent": typed.get(MESSAGE, ""),
            "unkept": typed.get(NOTE, ""),
            **notes_of(here, seat, answers),
        },
    )


def main_act(here: Standing, acts: Sequence[Act]) -> Act | None:
    """Which of the acts the limit that ends first, or ended without being met, waits for; None where none of them is
    waited for. An act that moves a limit is never it."""
    waiting = [
        each
        for each in here.state.deadlines
        if each.status is engine.Status.OPEN or (each.status is engine.Status.MISSED and each.met_at is None)
    ]
    for clock in sorted(waiting, key=lambda each: overdue_at(each.due, here.zone)):
        for met_by in map(str, here.procedure.deadline(clock.rule).met_by):
            meeting = {met_by} | {
                str(act) for each in here.procedure.letters if met_by == f"sent:{each.name}" for act in each.on
            }
            found = next((act for act in acts if act.name in meeting and not act.extends), None)
            if found is not None:
                return found
    return None


def checklist(here: Standing) -> list[Point]:
    """The checklist of the phase, with what the viewer may tick."""
    return [
        Point(
            check,
            check.name in here.state.checks,
            here.state.checks.get(check.name, ""),
            check.name not in here.state.checks and bool(set(check.by) & here.actor.roles),
        )
        for check in engine.checks_of(here.procedure, here.state)
    ]


@require_POST
@seated
def tick(request: HttpRequest, seat: Seat, reference: str, check: str) -> HttpResponse:
    """Ticks a point, or says why it does not apply."""
    here = standing(seat, reference)
    reason = request.POST.get("not_applicable", "").strip()[:500]
    if "skip" in request.POST and not reason:
        messages.error(request, _("Schrijf op waarom dit punt niet van toepassing is."))
    else:
        try:
            tick_check(
                here.case,
                check,
                actor=here.actor,
                at=seat.now,
                not_applicable=reason if "skip" in request.POST else "",
            )
        except engine.ActRefused as refusal:
            messages.error(request, refusal.reason.in_language(spoken()))
    return redirect(reverse("desk:case", args=[here.case.reference]) + "#lijst")
