"""What happened in a case, in words: when, who, what, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.actions import committees, disclosing, explaining, hearings, measures, requests
from complaints.actions.beside import CONTACT, ENTERED, FETCHED, MESSAGE, OWN_DATA, VOTED
from complaints.actions.bouncing import BOUNCED
from complaints.actions.cases import RESPONDENT
from complaints.actions.holding import OFFERED, RELEASED, RETURNED
from complaints.actions.keys import BY_KEY
from complaints.actions.notes import LINK, UNLINK
from complaints.actions.notices import HINDERED, LEFT, LOOKED, MAILED
from complaints.actions.placing import MAIL
from complaints.desk.standing import Standing
from complaints.models import IMPORTED, IMPORTED_DECISION, IMPORTED_END, Event, Membership
from complaints.queries.held import REWORDED
from complaints.queries.merging import JOINED, LEFT_AGAIN, MERGED, PARTED
from complaints.said import spoken
from procedures import engine, wording
from procedures.definition import Procedure

_BESIDE = {
    MESSAGE: gettext_lazy("stuurde een bericht"),
    CONTACT: gettext_lazy("paste de contactgegevens aan"),
    OWN_DATA: gettext_lazy("vroeg een kopie van de eigen gegevens"),
    BY_KEY: gettext_lazy("diende in via een ander systeem, met een sleutel"),
    LEFT: gettext_lazy("wie meewerkte aan deze zaak, werkt hier niet meer"),
    LOOKED: gettext_lazy("las deze zaak zonder erbij betrokken te zijn, met een reden (zie Inzage)"),
    MAIL: gettext_lazy("zette een binnengekomen e-mail bij de zaak"),
    MAILED: gettext_lazy("zette een e-mail van een betrokkene bij de zaak"),
    BOUNCED: gettext_lazy("schreef op dat een brief niet of later aankomt"),
    RESPONDENT: gettext_lazy("schreef op welke collega de betrokkene is"),
    REWORDED: gettext_lazy("veranderde de tekst van een brief"),
    RETURNED: gettext_lazy("stuurde een brief terug naar wie hem schreef"),
    OFFERED: gettext_lazy("legde een brief opnieuw voor"),
    RELEASED: gettext_lazy("las een brief na en liet hem weggaan"),
    IMPORTED: gettext_lazy("nam deze klacht over uit het eerdere register; zij kwam toen binnen"),
    IMPORTED_DECISION: gettext_lazy("nam uit het eerdere register over dat toen het besluit was"),
    IMPORTED_END: gettext_lazy("nam uit het eerdere register over dat de zaak toen werd afgesloten"),
    LINK: gettext_lazy("legde een verband met een andere zaak"),
    UNLINK: gettext_lazy("haalde een verband met een andere zaak weg"),
    MERGED: gettext_lazy("voegde deze zaak samen met een oudere zaak"),
    PARTED: gettext_lazy("haalde deze zaak weer los van de andere zaak"),
    JOINED: gettext_lazy("voegde een andere zaak met deze samen"),
    LEFT_AGAIN: gettext_lazy("haalde een samengevoegde zaak weer los van deze"),
    hearings.INVITED: gettext_lazy("nodigde uit voor een gesprek"),
    hearings.MOVED: gettext_lazy("verplaatste een gesprek"),
    hearings.CANCELLED: gettext_lazy("zegde een gesprek af"),
    hearings.REPORTED: gettext_lazy("voegde een verslag van een gesprek toe"),
    hearings.STATED: gettext_lazy("voegde een verklaring toe"),
    requests.ASKED: gettext_lazy("vroeg een partij iets"),
    requests.REMINDED: gettext_lazy("stuurde een herinnering"),
    requests.MET: gettext_lazy("schreef op dat het gevraagde er is"),
    requests.WITHDRAWN: gettext_lazy("schreef op dat het gevraagde niet meer nodig is"),
    measures.PROMISED: gettext_lazy("beloofde een maatregel"),
    measures.CHANGED: gettext_lazy("veranderde een maatregel"),
    measures.DONE: gettext_lazy("schreef op dat een maatregel is gedaan"),
    measures.DROPPED: gettext_lazy("schreef op dat een maatregel niet meer hoeft"),
    measures.JUDGED: gettext_lazy("beoordeelde of een maatregel werkte"),
    measures.REMINDED: gettext_lazy("herinnerde aan een maatregel"),
    disclosing.PUT: gettext_lazy("legde een stuk voor"),
    disclosing.WITHHELD: gettext_lazy("schreef op waarom een stuk niet wordt voorgelegd"),
    committees.SEALED: gettext_lazy("verzegelde het dossier voor wie opnieuw oordeelt"),
    committees.INVITED: gettext_lazy("stuurde iemand die opnieuw oordeelt een link"),
    committees.REPLACED: gettext_lazy("vroeg iemand anders om opnieuw te oordelen"),
    HINDERED: gettext_lazy("kan niet oordelen over deze zaak"),
    committees.CLOSED: gettext_lazy("sloot de stemming"),
    committees.ADDED: gettext_lazy("gaf een stuk van later aan wie opnieuw oordeelt"),
    ENTERED: gettext_lazy("opende het dossier om opnieuw te oordelen"),
    VOTED: gettext_lazy("stemde over het oordeel"),
    FETCHED: gettext_lazy("haalde een stuk op dat wij gaven"),
    explaining.LET_GO: gettext_lazy("schreef op waarom het besluit kan, ook zonder alle stukken voor te leggen"),
    explaining.NO_REPEAT: gettext_lazy("schreef op waarom dit geen herhaling is van een andere zaak"),
    explaining.CONFIRMED: gettext_lazy("bevestigde een oordeel dat anders is dan dat per punt"),
}


@dataclass(frozen=True, slots=True)
class Moment:
    at: datetime
    who: str
    what: str
    then: list[str]  # what came of it
    typed_later: datetime | None  # when it was written down, if that was on another day


def timeline(standing: Standing, events: Sequence[Event]) -> list[Moment]:
    """The newest first. One query more when somebody acted in another's place."""
    found = []
    away = {event.decision.get("deputy_of") for event in events} - {None}
    names = (
        {each.pk: each.name for each in Membership.objects.select_related("user").filter(pk__in=away)} if away else {}
    )
    phase = ""
    for event in events:
        after = str(event.decision.get("phase", ""))
        then = [
            _automatic(name, standing.procedure) for name in event.decision.get("acts", []) if name != event.occurrence
        ]
        then += [
            _("Niemand had de brief “%(letter)s” nagelezen. Hij ging vanzelf weg.")
            % {"letter": _letter(name, standing)}
            for name in event.decision.get("unlooked", [])
        ]
        if after and phase and after != phase:
            then.append(_("De zaak staat nu in de fase “%(phase)s”.") % {"phase": _phase(after, standing.procedure)})
        phase = after or phase
        late = (
            event.by != Event.By.SYSTEM
            and event.recorded_at.astimezone(standing.zone).date() != event.at.astimezone(standing.zone).date()
        )
        found.append(
            Moment(event.at, _who(event, names), _what(event, standing), then, event.recorded_at if late else None)
        )
    return found[::-1]


def _who(event: Event, names: Mapping[int, str]) -> str:
    if event.member is not None:
        away = names.get(event.decision.get("deputy_of", 0))
        if away:
            return _("%(name)s (vervangt %(away)s)") % {"name": event.member.name, "away": away}
        return event.member.name
    return str(Event.By(event.by).label)


def _what(event: Event, standing: Standing) -> str:
    language = spoken()
    procedure = standing.procedure
    if event.occurrence in _BESIDE:
        return str(_BESIDE[event.occurrence])
    if event.occurrence == engine.RECOUNT:
        return _("termijnen opnieuw geteld met de nieuwe kalender")
    if event.occurrence.startswith(engine.CHECK):
        name = event.occurrence.removeprefix(engine.CHECK)
        try:
            title = procedure.check(name).title.in_language(language)
        except KeyError:
            title = name
        reason = standing.case.checks.get(name, "")
        if reason:
            return _("niet van toepassing: “%(title)s”, omdat %(reason)s") % {"title": title, "reason": reason}
        return _("afgevinkt: “%(title)s”") % {"title": title}
    return wording.occurrence(event.occurrence, procedure=procedure)


def _automatic(name: str, procedure: Procedure) -> str:
    return _("Vanzelf: %(act)s.") % {"act": wording.occurrence(name, procedure=procedure)}


def _letter(name: str, standing: Standing) -> str:
    return standing.procedure.letter(name).title.in_language(spoken())


def _phase(name: str, procedure: Procedure) -> str:
    try:
        return procedure.phase(name).title.in_language(spoken())
    except KeyError:
        return name
