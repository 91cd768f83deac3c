"""What a dossier holds: what was filed and answered, the terms, what was written, and each file as a numbered piece."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.db.models.fields.files import FieldFile
from django.utils.translation import gettext as _

from complaints.models import BESIDE, IMPORTED, Case, Deadline, Document, Event, Letter, Measure, Membership, Party
from complaints.said import EARLIER, earlier_texts, in_words, spoken
from complaints.uploads import clean_name
from procedures import answers, engine, wording
from procedures.catalogue import procedure_of
from procedures.definition import PARTY_FIELDS, Field, Procedure

PROOF = "authorisation"  # the field of a document that proves who somebody speaks for
_TO_HIDE = ("subject", "channel")  # the head shows them


@dataclass(frozen=True, slots=True)
class Piece:
    """A letter or a document as it was kept. `content` is None where the file is gone, or is not what was kept."""

    number: int
    kind: str  # "letter" or "document"
    reference: str  # of its case, where cases are handled together
    title: str
    whose: str  # from whom, or to whom
    at: datetime
    content_type: str
    sha256: str
    content: bytes | None

    @property
    def name(self) -> str:
        """A name for its file that no other piece has."""
        return clean_name(f"{self.number:03} {self.title}")


@dataclass(frozen=True, slots=True)
class Passage:
    """Questions with their answers, under a heading."""

    title: str
    at: datetime | None
    rows: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Chapter:
    """What is to be read of one case."""

    case: Case
    people: list[tuple[str, str]]
    passages: list[Passage]
    clocks: list[tuple[str, str, str]]
    messages: list[Passage]
    measures: list[tuple[str, str, str, str]]
    story: list[tuple[datetime, str, str]]


def cases_of(case: Case) -> list[Case]:
    """The case and those that are handled together with it, which are one dossier with it."""
    found = Case.objects.filter(Q(pk=case.pk) | Q(merged_into=case)).select_related("version", "handler__user")
    return sorted(found, key=lambda each: (each.pk != case.pk, each.received_at, each.pk))


def chapter_of(case: Case, *, for_outside: bool) -> Chapter:
    """What there is to read of a case, in the active language. For outside without addresses. Nine queries."""
    procedure = procedure_of(case.version)
    zone = ZoneInfo(procedure.zone)
    events = list(case.events.select_related("member__user").order_by("number"))
    names = {str(each.pk): each.name for each in Membership.objects.select_related("user")}
    return Chapter(
        case=case,
        people=_people(case, procedure, for_outside=for_outside),
        passages=_answers(case, procedure, events, names),
        clocks=[
            (
                procedure.deadline(each.rule).title.in_language(spoken()),
                wording.end(_due(each, zone), zone=zone),
                wording.status(engine.Status(each.status)),
            )
            for each in case.deadlines.order_by("overdue_at", "pk")
        ],
        messages=[
            Passage(each.member.name if each.member else each.get_by_display(), each.sent_at, [("", each.text)])
            for each in case.messages.select_related("member__user")
        ],
        measures=[
            (each.what, each.owner, wording.day(each.due_on), _how_it_went(each)) for each in case.measures.all()
        ],
        story=[
            (each.at, _who(each), wording.occurrence(each.occurrence, procedure=procedure))
            for each in events
            if not each.occurrence.startswith((BESIDE, engine.CHECK)) and each.occurrence != engine.RECOUNT
        ],
    )


def _how_it_went(measure: Measure) -> str:
    """Whether a measure was done, what shows it, and whether it worked; nothing while it is open."""
    if measure.dropped_on:
        return _("Hoeft niet meer: %(reason)s") % {"reason": measure.evidence}
    if measure.done_on is None:
        return ""
    told = [_("Gedaan op %(day)s: %(evidence)s") % {"day": wording.day(measure.done_on), "evidence": measure.evidence}]
    if measure.effect:
        told.append(f"{measure.get_effect_display().capitalize()}: {measure.effect_reason}")
    return "\n".join(told)


def pieces_of(cases: Sequence[Case], *, for_outside: bool) -> list[Piece]:
    """Every letter that was made and every document, in the order in which they came. Two queries.

    For outside only letters that left, to others than colleagues, and no proof of who somebody is.
    """
    letters = Letter.objects.filter(case__in=cases).exclude(pdf="").select_related("case__version")
    documents = Document.objects.filter(case__in=cases).select_related("case__version", "member__user")
    if for_outside:
        letters = letters.filter(state=Letter.State.SENT).filter(Q(member=None) | ~Q(party=None))
        documents = documents.exclude(field=PROOF)
    found = sorted([*map(_of_document, documents), *map(_of_letter, letters)], key=lambda each: each.at)
    return [replace(each, number=number) for number, each in enumerate(found, start=1)]


def _of_letter(letter: Letter) -> Piece:
    procedure = procedure_of(letter.case.version)
    try:
        title = procedure.letter(letter.name).title.in_language(spoken())
    except KeyError:
        title = letter.subject
    to = _("aan %(name)s") % {"name": letter.to_name or letter.to_organisation or letter.to_email or "?"}
    return Piece(
        number=0,
        kind="letter",
        reference=letter.case.reference,
        title=f"{title}.pdf",
        whose=to if letter.sent_at else f"{to} ({letter.get_state_display()})",
        at=letter.sent_at or letter.due_at,
        content_type="application/pdf",
        sha256=letter.sha256,
        content=_content(letter.pdf, letter.sha256),
    )


def _of_document(document: Document) -> Piece:
    who = document.member.name if document.member else document.get_by_display()
    return Piece(
        number=0,
        kind="document",
        reference=document.case.reference,
        title=document.title,
        whose=_("van %(name)s") % {"name": who},
        at=document.added_at,
        content_type=document.content_type,
        sha256=document.sha256,
        content=_content(document.file, document.sha256),
    )


def _content(file: FieldFile, sha256: str) -> bytes | None:
    try:
        with file.open("rb") as stored:
            content: bytes = stored.read()
    except FileNotFoundError:
        return None
    return content if hashlib.sha256(content).hexdigest() == sha256 else None


def _people(case: Case, procedure: Procedure, *, for_outside: bool) -> list[tuple[str, str]]:
    rows = []
    for party in case.parties.select_related("membership__user"):
        lines = [party.name, party.organisation_name]
        if not for_outside:
            lines += [*party.address_lines, party.mail_address, party.phone]
        rows.append((str(Party.Kind(party.kind).label).capitalize(), "\n".join(filter(None, lines))))
    if case.handler:
        role = next((each for each in procedure.roles if each.is_handler), None)
        title = role.title.in_language(spoken()) if role else _("Behandelaar")
        rows.append((title[:1].upper() + title[1:], case.handler.name))
    return rows


def _answers(case: Case, procedure: Procedure, events: Sequence[Event], names: dict[str, str]) -> list[Passage]:
    """What was answered at each act of the procedure. What people wrote beside it is no part of it."""
    zone = ZoneInfo(procedure.zone)
    stored: dict[int, dict[str, object]] = {}
    for row in case.answers.all():
        stored.setdefault(row.event_id, {})[row.name] = row.value
    found = []
    for event in events:
        given = stored.get(event.pk, {})
        is_earlier = event.occurrence in EARLIER
        if not given or (event.occurrence.startswith(BESIDE) and not is_earlier):
            continue
        rows = [
            (
                field.title.in_language(spoken()),
                in_words(field, answers.restore(field, given[field.name], zone=zone), zone=zone, names=names),
            )
            for field in _asked(event, procedure)
            if field.name in given and field.name not in (*PARTY_FIELDS, *_TO_HIDE)
        ]
        texts = given.get(IMPORTED)
        rows += earlier_texts(texts) if isinstance(texts, dict) else []
        if rows:
            title = (
                str(EARLIER[event.occurrence])
                if is_earlier
                else wording.occurrence(event.occurrence, procedure=procedure)
            )
            found.append(Passage(title, event.at, rows))
    return found


def _asked(event: Event, procedure: Procedure) -> tuple[Field, ...]:
    """What was asked then, or where it was no act, everything that may be: such as the reason of a check."""
    try:
        return tuple(procedure.fields_of(procedure.act(event.occurrence)))
    except KeyError:
        fields: dict[str, Field] = {}
        for each in procedure.every_field():  # two acts may ask for the same
            fields.setdefault(each.name, each)
        return tuple(fields.values())


def _who(event: Event) -> str:
    return event.member.name if event.member else str(Event.By(event.by).label)


def _due(clock: Deadline, zone: ZoneInfo) -> date | datetime:
    due: date | datetime | None = clock.due_on or clock.due_at
    assert due is not None, "the database keeps one of the two"  # noqa: S101
    return due.astimezone(zone) if isinstance(due, datetime) else due
