"""What happened in a case, told to the complainant in plain words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from complaints.actions import beside
from complaints.models import BESIDE, Event, Letter
from complaints.queries import merging
from complaints.said import spoken
from procedures.definition import OwedBy, Procedure


@dataclass(frozen=True, slots=True)
class Told:
    at: datetime
    what: str


def told(events: Iterable[Event], letters: Iterable[Letter], procedure: Procedure) -> list[Told]:
    """The line of the case, oldest first: where it went, what they did, their letters, the limits that we missed.

    Internal steps are left out: who ticked what, and what was written to colleagues.
    """
    language = spoken()
    line: list[Told] = []
    phase = ""
    for event in events:
        entered = event.decision.get("phase", "")
        if event.number == 1:
            line.append(Told(event.at, _("Wij kregen uw klacht.")))
        elif event.occurrence.startswith(BESIDE):
            line += [Told(event.at, said) for said in [_beside(event)] if said]
        elif event.by == Event.By.COMPLAINANT:
            act = procedure.act(event.occurrence)
            line.append(Told(event.at, act.receipt.in_language(language) or act.title.in_language(language)))
        elif event.occurrence.startswith("passed:"):
            rule = procedure.deadline(event.occurrence.removeprefix("passed:"))
            if rule.public and rule.owed_by is OwedBy.ORGANISATION and rule.kind == "limit":
                late = _("Wij waren te laat met: %(what)s. Dat spijt ons.")
                line.append(Told(event.at, late % {"what": rule.title.in_language(language)}))
        is_told = event.number == 1 or event.by == Event.By.COMPLAINANT or event.occurrence.startswith(BESIDE)
        if entered != phase and not is_told:
            line.append(Told(event.at, procedure.phase(entered).public.in_language(language)))
        phase = entered
    sent = _("Wij stuurden u een brief: %(what)s.")
    line += [Told(letter.sent_at, sent % {"what": letter.subject}) for letter in letters if letter.sent_at]
    return sorted(line, key=lambda each: each.at)


def _beside(event: Event) -> str:
    match event.occurrence:
        case beside.MESSAGE if event.by == Event.By.COMPLAINANT:
            return _("U stuurde ons een bericht.")
        case beside.MESSAGE:
            return _("Wij stuurden u een bericht.")
        case beside.CONTACT:
            return _("U paste uw adres of telefoon aan.")
        case beside.OWN_DATA:
            return _("U vroeg een kopie van uw eigen gegevens.")
        case beside.FETCHED:
            return _("U haalde een stuk op dat u van ons kreeg.")
        case merging.MERGED:
            return _("Wij behandelen uw klacht vanaf nu samen met een andere klacht.")
        case merging.PARTED:
            return _("Wij behandelen uw klacht weer apart.")
        case _:
            return ""  # of no concern to them
