"""What a line of the register of complaints says: its columns are the procedure's own, and so are their words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.actions.recording import MERGED_OUTCOME, TYPED
from complaints.models import Answer, Case, Membership, Party
from complaints.said import in_words, spoken
from procedures import answers as stored
from procedures import wording
from procedures.catalogue import procedure_of, zone_of
from procedures.definition import PARTY_FIELDS, Field, FieldKind, Procedure, Text

Cell = str | date

REFERENCE = "reference"
CONFIDENTIALITY = "confidentiality"
PLAIN = (REFERENCE, "received_on", "subject", "phase", "closed_on")  # of a procedure that names no columns
TITLES = {
    REFERENCE: gettext_lazy("Nummer"),
    "received_on": gettext_lazy("Ontvangen op"),
    "track": gettext_lazy("Spoor"),
    "channel": gettext_lazy("Hoe ingediend"),
    CONFIDENTIALITY: gettext_lazy("Wie ervan mag weten"),
    "handler": gettext_lazy("Behandelaar"),
    "handler_title": gettext_lazy("Functie van de behandelaar"),
    "respondents": gettext_lazy("Over wie"),
    "phase": gettext_lazy("Fase"),
    "outcome": gettext_lazy("Afloop"),
    "decided_on": gettext_lazy("Besluit op"),
    "closed_on": gettext_lazy("Afgesloten op"),
    "measures": gettext_lazy("Maatregelen"),
    "letters": gettext_lazy("Brieven"),
    "subject": gettext_lazy("Onderwerp"),
    "name": gettext_lazy("Indiener"),
    "organisation": gettext_lazy("Organisatie van de indiener"),
    "email": gettext_lazy("E-mailadres"),
    "phone": gettext_lazy("Telefoon"),
    "address": gettext_lazy("Adres"),
    "postcode": gettext_lazy("Postcode"),
    "town": gettext_lazy("Woonplaats"),
}
# Columns that may tell of a person, beside the answers that the procedure calls personal or that somebody typed.
PERSONAL = frozenset({"handler", "respondents", "measures", "subject", *PARTY_FIELDS})
OUTCOMES = {
    "settled": gettext_lazy("in overleg opgelost"),
    "decided": gettext_lazy("afgerond met een besluit"),
    "appealed": gettext_lazy("afgerond na bezwaar of beroep"),
    "withdrawn": gettext_lazy("ingetrokken"),
    "inadmissible": gettext_lazy("niet in behandeling genomen"),
    "referred": gettext_lazy("doorverwezen"),
    MERGED_OUTCOME: gettext_lazy("samengevoegd met een andere zaak"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A case with what its cells are made from."""

    case: Case
    procedure: Procedure  # that the case follows
    zone: ZoneInfo
    names: Mapping[str, str]  # of the members, by key

    def handler(self) -> str:
        """By name and function (KP-05)."""
        member = self.case.handler
        return (
            " ".join(filter(None, (member.name, f"({member.function})" if member.function else ""))) if member else ""
        )

    def handler_title(self) -> str:
        if self.case.handler is None:
            return ""
        return self.case.handler.function or next((_in(r.title) for r in self.procedure.roles if r.is_handler), "")

    def respondents(self) -> str:
        return "\n".join(each.name for each in self.case.parties.all() if each.kind == Party.Kind.RESPONDENT)

    def outcome(self) -> str:
        known = OUTCOMES.get(self.case.outcome)
        return str(known) if known else self.phase() if self.case.outcome else ""

    def phase(self) -> str:
        return _titled(self.procedure.phases, self.case.phase)

    def decided_on(self) -> Cell:
        decisions: list[datetime] = [each.at for each in self.case.decisions]  # type: ignore[attr-defined]
        return self._day(decisions[-1] if decisions else None)

    def measures(self) -> str:
        words = _("%(what)s (%(owner)s, klaar op %(day)s)")
        done = _("%(what)s (%(owner)s, klaar op %(day)s, gedaan op %(done)s)")
        return "\n".join(
            (done if each.done_on else words)
            % {
                "what": each.what,
                "owner": each.owner,
                "day": wording.day(each.due_on),
                "done": wording.day(each.done_on) if each.done_on else "",
            }
            for each in self.case.measures.all()
        )

    def letters(self) -> str:
        """Those that went out, with the day on which they did (KK-11)."""
        sent = self.case.sent  # type: ignore[attr-defined]
        return "\n".join(
            f"{wording.day(each.sent_at.astimezone(self.zone).date())}: {_titled(self.procedure.letters, each.name)}"
            for each in sent
        )

    def party(self, column: str) -> str:
        """A detail of who complains."""
        own = [each for each in self.case.parties.all() if each.kind == Party.Kind.COMPLAINANT]
        attribute = "organisation_name" if column == "organisation" else column
        return "\n".join(filter(None, (str(getattr(each, attribute)) for each in own)))

    def fact(self, name: str) -> Cell:
        """The newest answer; a day as a day."""
        row: Answer | None = next((each for each in reversed(self.case.answers.all()) if each.name == name), None)
        if row is None:
            return ""
        if name == CONFIDENTIALITY:
            return _titled(self.procedure.intake.confidentiality, str(row.value))
        field = _asked(self.procedure, row.event.occurrence, name)
        fact = stored.restore(field, row.value, zone=self.zone) if field else row.value
        if field and field.kind is FieldKind.DATE and isinstance(fact, date):
            return fact
        return in_words(field, fact, zone=self.zone, names=self.names)

    def received_on(self) -> Cell:
        return self._day(self.case.received_at)

    def closed_on(self) -> Cell:
        return self._day(self.case.closed_at)

    def _day(self, at: datetime | None) -> Cell:
        return at.astimezone(self.zone).date() if at else ""


_CELLS: dict[str, Callable[[Line], Cell]] = {
    REFERENCE: lambda line: line.case.reference,
    "received_on": Line.received_on,
    "track": lambda line: _titled(line.procedure.tracks, line.case.track),
    "channel": lambda line: _titled(line.procedure.intake.channels, line.case.channel),
    "handler": Line.handler,
    "handler_title": Line.handler_title,
    "respondents": Line.respondents,
    "phase": Line.phase,
    "outcome": Line.outcome,
    "decided_on": Line.decided_on,
    "closed_on": Line.closed_on,
    "measures": Line.measures,
    "letters": Line.letters,
    "subject": lambda line: line.case.subject,
}


def line(case: Case, columns: Sequence[str], names: Mapping[str, str]) -> list[Cell]:
    procedure = procedure_of(case.version)
    line = Line(case, procedure, zone_of(procedure), names)
    return [_cell(line, each) for each in columns]


def _cell(line: Line, column: str) -> Cell:
    if column in _CELLS:
        return _CELLS[column](line)
    return line.party(column) if column in PARTY_FIELDS else line.fact(column)


def columns(procedure: Procedure) -> tuple[str, ...]:
    """The columns that the procedure names, in its order."""
    return procedure.register or PLAIN


def titles(named: Sequence[str], procedure: Procedure) -> list[str]:
    """What stands above the columns; two that are asked in the same words are told apart by the act that asks."""
    found = [_title(each, procedure) for each in named]
    asking = {field.name: act for act in reversed(procedure.acts) for field in act.fields}
    return [
        f"{title} ({_in(asking[column].title)})" if found.count(title) > 1 and column in asking else title
        for column, title in zip(named, found, strict=True)
    ]


def _title(column: str, procedure: Procedure) -> str:
    if column in TITLES:
        return str(TITLES[column])
    return next((_in(each.title) for each in procedure.every_field() if each.name == column), column)


def _asked(procedure: Procedure, occurrence: str, name: str) -> Field | None:
    """The field as it was asked then: two acts may ask for the same fact with other choices."""
    own = [each for act in procedure.acts if act.name == occurrence for each in procedure.fields_of(act)]
    return next((each for each in (*own, *procedure.every_field()) if each.name == name), None)


def _titled(parts: Sequence[object], name: str) -> str:
    """The title of the part with this name; the name itself when the procedure has none."""
    found = next((each.title for each in parts if each.name == name), None)  # type: ignore[attr-defined]
    return _in(found) if found else name


def _in(text: Text) -> str:
    return text.in_language(spoken())


def is_personal(column: str, procedure: Procedure) -> bool:
    """Whether what stands in this column may tell of a person: whatever somebody typed may, and what nobody knows."""
    if column in _CELLS or column in PARTY_FIELDS or column == CONFIDENTIALITY:
        return column in PERSONAL
    asked = [each for each in procedure.every_field() if each.name == column]
    closed = (*TYPED, FieldKind.MEMBER, FieldKind.MEMBERS)
    return not asked or any(each.personal or each.kind in closed for each in asked)


def member_names() -> dict[str, str]:
    """The names of the members, by key."""
    return {str(each.pk): each.name for each in Membership.objects.select_related("user")}
