"""Trying the procedure out: a made-up case that comes in at a chosen moment, and what would happen to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from complaints.actions import publishing
from complaints.desk.chips import Chip, chip
from complaints.desk.procedure import Fault, faults
from complaints.desk.seats import Seat, page, seated
from complaints.forms import DayField, MomentField
from complaints.said import spoken
from procedures import wording
from procedures.calendars import LAST, OutOfCalendar
from procedures.catalogue import zone_of
from procedures.definition import DeadlineKind, OwedBy, Procedure
from procedures.engine import ActRefused
from procedures.loading import load
from procedures.simulation import BadStory, Planned, Simulation, Step, local, simulate

ROWS = 6  # acts that can be filled in at once
DRAFT, IN_FORCE = "draft", "in_force"
LONGEST = timedelta(days=3660)  # how far ahead a case is looked at


@dataclass(frozen=True, slots=True)
class Told:
    """Something that happened, and what came of it."""

    at: datetime
    what: str
    phase: str
    letters: Sequence[str]


@dataclass(frozen=True, slots=True)
class Clock:
    title: str
    due: date | datetime
    note: str
    chip: Chip
    counting: Sequence[str]


class TryForm(forms.Form):
    """When the case comes in, what is done when, and until when to look."""

    def __init__(self, procedure: Procedure, *, at: datetime, data: Any = None) -> None:
        super().__init__(data=data)
        self.asked = True
        zone = zone_of(procedure)
        language = spoken()
        wrong = {"required": _("Vul dit in.")}
        self.fields["received"] = MomentField(
            zone=zone,
            label=_("Wanneer komt de klacht binnen?"),
            help_text=_("Bijvoorbeeld: 4-11-2026 14.30."),
            initial=at,
            error_messages=wrong,
            widget=forms.TextInput(attrs={"class": "dateinput"}),
        )
        self.fields["until"] = DayField(
            label=_("Tot en met welke dag wilt u kijken? (mag u overslaan)"),
            required=False,
            widget=forms.TextInput(attrs={"class": "dateinput"}),
        )
        acts = [
            (each.name, each.title.in_language(language))
            for each in procedure.acts
            if not each.is_automatic and not each.opens
        ]
        for number in range(1, ROWS + 1):
            self.fields[f"act-{number}"] = forms.ChoiceField(
                label=_("Handeling %(n)d") % {"n": number}, choices=[("", _("Niets")), *acts], required=False
            )
            self.fields[f"at-{number}"] = MomentField(
                zone=zone,
                label=_("Wanneer (handeling %(n)d)") % {"n": number},
                required=False,
                widget=forms.TextInput(attrs={"class": "dateinput"}),
            )

    @property
    def rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"act-{number}"], self[f"at-{number}"]) for number in range(1, ROWS + 1)]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        received = cleaned.get("received")
        for number in range(1, ROWS + 1):
            act, at = cleaned.get(f"act-{number}"), cleaned.get(f"at-{number}")
            if act and at is None and f"at-{number}" not in self.errors:
                self.add_error(f"at-{number}", _("Vul in wanneer dit gebeurt."))
            if received and at and not received <= at <= received + LONGEST:
                self.add_error(f"at-{number}", _("Kies een moment na het binnenkomen, en binnen tien jaar."))
        until = cleaned.get("until")
        if received and until and not received.date() <= until <= (received + LONGEST).date():
            self.add_error("until", _("Kies een dag na het binnenkomen, en binnen tien jaar."))
        return cleaned

    def planned(self) -> list[Planned]:
        return [
            Planned(self.cleaned_data[f"act-{number}"], self.cleaned_data[f"at-{number}"])
            for number in range(1, ROWS + 1)
            if self.cleaned_data[f"act-{number}"]
        ]


@require_GET
@seated
def attempt(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The form, and below it what would happen. Who may publish can choose the draft; it is theirs to see."""
    draft = publishing.draft_version() if publishing.may_publish(seat.membership, seat.procedure) else None
    which = DRAFT if draft and request.GET.get("which", DRAFT) == DRAFT else IN_FORCE
    found: list[Fault] = faults(draft.source) if draft and which == DRAFT else []
    procedure = load(draft.source) if draft and which == DRAFT and not found else seat.procedure
    context: dict[str, Any] = {
        "title": _("Probeer de procedure uit"),
        "draft": draft,
        "which": which,
        "faults": found,
        "tried": procedure,
    }
    if found:
        return page(request, "desk/procedure_try.html", context, status=409)
    form = TryForm(procedure, at=seat.now, data=request.GET if "received" in request.GET else None)
    status = 200
    if form.is_bound:
        if form.is_valid():
            simulation = _simulated(procedure, form, seat)
            if simulation:
                context |= _told(simulation)
        status = 422 if form.errors else 200
    return page(request, "desk/procedure_try.html", context | {"form": form}, status=status)


def _simulated(procedure: Procedure, form: TryForm, seat: Seat) -> Simulation | None:
    """What comes of it; None when it cannot be done, and then the form says why."""
    until = form.cleaned_data["until"]
    try:
        return simulate(
            procedure,
            received=form.cleaned_data["received"],
            acts=form.planned(),
            closed=seat.calendar.closed,
            until=local(until, zone=zone_of(procedure), end_of_day=True) if until else None,
        )
    except ActRefused as refusal:
        language = spoken()
        form.add_error(
            None, " ".join(each.in_language(language) for each in (refusal.reason, *refusal.fields.values()))
        )
    except BadStory:
        form.add_error(None, _("Deze volgorde kan niet. Kijk de momenten na."))
    except OutOfCalendar:
        form.add_error(None, _("Zo ver kan Gehoor niet tellen: tot en met %(year)d.") % {"year": LAST.year})
    return None


def _told(simulation: Simulation) -> dict[str, Any]:
    procedure, language = simulation.procedure, spoken()
    phase = procedure.phase(simulation.case.phase)
    return {
        "simulation": simulation,
        "phase": phase.title.in_language(language),
        "is_end": phase.is_end,
        "steps": [
            _step(simulation, step) for step in simulation.steps if not step.decision.occurrence.startswith("sent:")
        ],
        "clocks": [_clock(simulation, number) for number in range(len(simulation.case.deadlines))],
        "open_acts": [
            (
                each.act.title.in_language(language),
                wording.joined([_role(procedure, role) for role in each.by]),
                [procedure.check(name).title.in_language(language) for name in each.waits_for],
            )
            for each in simulation.open_acts
        ],
    }


def _step(simulation: Simulation, step: Step) -> Told:
    procedure, decision, language = simulation.procedure, step.decision, spoken()
    if decision.occurrence.startswith("check:"):
        check = procedure.check(decision.occurrence.removeprefix("check:"))
        what = _("afgevinkt: “%(title)s”") % {"title": check.title.in_language(language)}
    else:
        what = wording.occurrence(decision.occurrence, procedure=procedure)
    followed = [
        procedure.act(name).title.in_language(language) for name in decision.acts if name != decision.occurrence
    ]
    if followed:
        what = _("%(what)s; vanzelf: %(acts)s") % {"what": what, "acts": wording.joined(followed)}
    is_new = decision.before.phase != decision.case.phase
    return Told(
        at=decision.at,
        what=what,
        phase=procedure.phase(decision.case.phase).title.in_language(language) if is_new else "",
        letters=[
            _letter(simulation, number)
            for number, each in enumerate(simulation.letters)
            if each.at == decision.at
            and each.because in {due.because for due in decision.letters}
            and each.letter in {due.letter for due in decision.letters}
        ],
    )


def _letter(simulation: Simulation, number: int) -> str:
    procedure, sent = simulation.procedure, simulation.letters[number]
    told = _("“%(title)s” aan %(to)s (%(channel)s)") % {
        "title": procedure.letter(sent.letter).title.in_language(spoken()),
        "to": wording.joined([_role(procedure, each) for each in sent.to]),
        "channel": wording.channel(sent.channel),
    }
    return _("%(letter)s; eerst kijkt een mens ernaar") % {"letter": told} if sent.after_look else told


def _clock(simulation: Simulation, number: int) -> Clock:
    procedure, calendar = simulation.procedure, simulation.calendar
    clock = simulation.case.deadlines[number]
    rule = procedure.deadline(clock.rule)
    notes = [_("streefdatum")] if rule.kind is DeadlineKind.TARGET else []
    if rule.owed_by is OwedBy.COMPLAINANT:
        notes.append(_("van de indiener"))
    return Clock(
        title=rule.title.in_language(spoken()),
        due=clock.due.due,
        note=", ".join(notes),
        chip=chip(clock, rule, at=simulation.at, calendar=calendar, zone=zone_of(procedure)),
        counting=wording.counting(
            clock, rule, procedure=procedure, calendar=calendar, because=simulation.started_by(clock)
        ),
    )


def _role(procedure: Procedure, name: str) -> str:
    """Whom a role, or a recipient of letters, stands for."""
    language = spoken()
    known = {
        "complainant": _("de indiener"),
        "respondent": _("degene over wie het gaat"),
        "handler": _("de behandelaar"),
    }
    known |= {f"appeal:{body.name}": body.title.in_language(language) for body in procedure.appeals}
    known |= {role.name: role.title.in_language(language) for role in procedure.roles}
    return known.get(name, name)
