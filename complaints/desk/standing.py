"""Where a case stands at this instant: its rows as the engine sees them, with what time brought since."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from complaints.access import Entry, case_for_staff
from complaints.actions import Actor, respondents_of
from complaints.desk.seats import Seat
from complaints.models import Case
from complaints.queries.state import state_of
from complaints.said import spoken
from procedures import engine
from procedures.calendars import Calendar
from procedures.catalogue import calendar_of, zone_of
from procedures.definition import Act, Procedure

# Refusals that only the answers decide: the form is there to mend them.
BY_ANSWERS = frozenset({"answers", "independence"})


@dataclass(frozen=True, slots=True)
class Standing:
    case: Case
    procedure: Procedure  # that the case follows
    actor: Actor
    state: engine.Case
    calendar: Calendar
    now: datetime

    @property
    def zone(self) -> ZoneInfo:
        return zone_of(self.procedure)

    @property
    def is_colleague(self) -> bool:
        """Whether the viewer plays a role here that is not an outside one."""
        return any(role.name in self.actor.roles and not role.is_outside for role in self.procedure.roles)

    def offers(self) -> tuple[engine.Offer, ...]:
        return engine.offers(self.procedure, self.state, at=self.now, by=self.actor.roles)

    def refusal_of(self, act: str) -> engine.ActRefused | None:
        """Why this act cannot be done now, whatever would be answered; None when it can."""
        try:
            engine.decide(
                self.procedure,
                self.state,
                act,
                at=self.now,
                by=self.actor.roles,
                calendar=self.calendar,
                respondents=respondents_of(self.case),
            )
        except engine.ActRefused as refusal:
            return None if refusal.code in BY_ANSWERS or refusal.fields else refusal
        return None

    def reason_of(self, act: Act, refusal: engine.ActRefused) -> str:
        """Why an act cannot be done now; who may, when it is somebody else's."""
        language = spoken()
        if refusal.code != "role":
            return refusal.reason.in_language(language)
        titles = [each.title.in_language(language).lower() for each in self.procedure.roles if each.name in act.by]
        if not titles:
            return _("Dat doet de indiener zelf.")
        return _("Dat hoort niet bij uw rol. Dit doet: %(roles)s.") % {"roles": ", ".join(titles)}


def standing(seat: Seat, reference: str) -> Standing:
    """The case for this member. Http404 when they may not know of it, or when there is none."""
    return standing_of(case_for_staff(seat.membership, reference, seat.procedure, at=seat.now), now=seat.now)


def standing_of(entry: Entry, *, now: datetime) -> Standing:
    calendar = calendar_of(entry.procedure, at=now)
    state = state_of(entry.case, entry.procedure)
    passed = engine.pass_time(entry.procedure, state, at=now, calendar=calendar)
    return Standing(entry.case, entry.procedure, entry.actor, passed[-1].case if passed else state, calendar, now)
