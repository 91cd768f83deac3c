"""Both sides of a case: what has been put to whom, and the talks and requests that there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from django.conf import settings
from django.db.models import Prefetch, Q

from complaints.letters.invitation import DISCLOSURE, Entry, Sender
from complaints.models import (
    BESIDE,
    Answer,
    Case,
    Disclosure,
    Document,
    Event,
    Hearing,
    HearingParty,
    Letter,
    Membership,
    Party,
    Request,
)
from complaints.queries.merging import of_same_complainant, with_merged
from procedures.catalogue import procedure_of, zone_of
from procedures.definition import COMPLAINANT, Act, Procedure

OWN = (Party.Kind.COMPLAINANT, Party.Kind.REPRESENTATIVE)
# What a document is, in its column `field`.
REPORT, STATEMENT, COPY = "report", "statement", "copy"
PROOF = "authorisation"  # that somebody may speak for the complainant: it says nothing of what happened
# What is written with an event beside the procedure, in the column `name` of an answer.
LET_GO_BECAUSE = f"{BESIDE}disclosure"
WITHDRAWN_BECAUSE = f"{BESIDE}request_withdrawn"
WITHHELD_BECAUSE = f"{BESIDE}withheld"
PUT = f"{BESIDE}put"  # the occurrence; a copy with parts taken out is kept with its event
_MESSAGE = f"{BESIDE}message"  # as actions.beside writes it
_VERDICT, _DECIDED = "verdict", "decided"


class Known(StrEnum):
    """How a document stands with a side."""

    OWN = "own"  # it came from them
    PUT = "put"
    WITHHELD = "withheld"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Cell:
    """A document and a side; `at` is when it was put to them, `copy` what they got when parts were taken out."""

    party: Party
    known: Known
    at: datetime | None = None
    copy: Document | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A document with how it stands with each side."""

    document: Document
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, with why it was withdrawn, and whether its last day is over."""

    request: Request
    reason: str
    is_late: bool


def sides_of(case: Case) -> list[Party]:
    """The complainant, who also stands for whoever speaks for them, and everybody whom it is about. One query."""
    parties = [each for each in case.parties.all() if each.kind != Party.Kind.REPRESENTATIVE]
    return sorted(parties, key=lambda each: (each.kind != Party.Kind.COMPLAINANT, each.pk))


def side_of(party: Party) -> Party:
    """The party that stands for this one's side."""
    if party.kind != Party.Kind.REPRESENTATIVE:
        return party
    return Party.objects.get(case=party.case_id, kind=Party.Kind.COMPLAINANT)


def matrix(case: Case, procedure: Procedure) -> list[Line]:
    """Every document with every side, also of cases that were merged into this one. Three queries, four with those.

    Copies with parts taken out stand with the whole document.
    """
    sides = sides_of(case)
    given = {
        (each.document_id, each.party_id): each
        for each in Disclosure.objects.filter(document__case__in=with_merged(case)).select_related("copy")
    }
    documents = list(
        Document.objects.filter(case__in=with_merged(case))
        .exclude(field__in=(COPY, PROOF))
        .select_related("case", "event", "member__user")
    )
    own = {case.pk} | (of_same_complainant(case) if any(each.case_id != case.pk for each in documents) else set())
    return [
        Line(
            document,
            [
                _cell(document, party, given.get((document.pk, party.pk)), procedure, is_theirs=document.case_id in own)
                for party in sides
            ],
        )
        for document in documents
    ]


def cell_of(document: Document, party: Party, procedure: Procedure) -> Cell:
    """How one document stands with one side of its case, or of the one that its case was merged into."""
    given = Disclosure.objects.filter(document=document, party=party).select_related("copy").first()
    is_theirs = document.case_id == party.case_id or document.case_id in of_same_complainant(party.case)
    return _cell(document, party, given, procedure, is_theirs=is_theirs)


def enclosures_of(letters: Iterable[Letter]) -> dict[int, Document]:
    """What goes with the letters that put a document to somebody who has no page here, by the key of the letter. Two
    queries where there is any such letter, else none."""
    wanted = [each for each in letters if each.name == DISCLOSURE and each.recipient != Party.Kind.COMPLAINANT]
    if not wanted:
        return {}
    events = Event.objects.in_bulk([each.event_id for each in wanted])
    whole = {key: event.facts["document"]["value"] for key, event in events.items() if not _is_copy(event)}
    copied = [key for key, event in events.items() if _is_copy(event)]  # then never the whole, whatever is missing
    rows = Document.objects.filter(Q(pk__in=whole.values()) | Q(event__in=copied, field=COPY))
    documents = list(rows.select_related("case"))
    known, copies = {each.pk: each for each in documents}, {each.event_id: each for each in documents}
    put = {key: copies.get(key) if key in copied else known.get(whole[key]) for key in events}
    return {each.pk: found for each in wanted if (found := put[each.event_id])}


def unheard(lines: Sequence[Line]) -> list[tuple[Document, Party]]:
    """What was not put to whom, without a written reason."""
    return [(line.document, cell.party) for line in lines for cell in line.cells if cell.known is Known.OPEN]


def is_decision(procedure: Procedure, act: Act) -> bool:
    """Whether an act decides on the complaint: it records the verdict. In a procedure that knows no verdict, it is what
    somebody of the organisation does to end a case as decided."""
    if any(field.name == _VERDICT for each in procedure.acts for field in each.fields):
        return any(field.name == _VERDICT for field in act.fields)
    if act.is_automatic or COMPLAINANT in act.by or not act.to:
        return False
    return procedure.phase(act.to).outcome == _DECIDED


def hearings_of(case: Case) -> list[Hearing]:
    """The talks with who is invited and their reports, the first on top. Two queries."""
    invited = HearingParty.objects.select_related("party").order_by("party_id")
    return list(case.hearings.select_related("report").prefetch_related(Prefetch("invitations", invited)))


def requests_of(case: Case, *, today: date) -> list[Asked]:
    """What was asked, the first that is due on top. Two queries."""
    reasons = {
        each.event.facts["request"]["value"]: str(each.value)
        for each in Answer.objects.filter(case=case, name=WITHDRAWN_BECAUSE).select_related("event")
    }
    return [
        Asked(each, reasons.get(each.pk, ""), not (each.met_at or each.withdrawn_at) and each.due_on < today)
        for each in case.requests.select_related("party", "asked_by__user")
    ]


def asked_of_complainant(case: Case, *, at: datetime, today: date) -> Mapping[str, object]:
    """What the complainant's page shows: what we ask of them, and the talks still to come. Two queries."""
    asked = case.requests.filter(party__kind__in=OWN).order_by("due_on", "pk")
    talks = case.hearings.filter(parties__kind__in=OWN, starts_at__gte=at, cancelled_at=None).distinct()
    return {
        "asked": [Asked(each, "", not (each.met_at or each.withdrawn_at) and each.due_on < today) for each in asked],
        "talks": list(talks),
    }


def sender_of(case: Case, member: Membership) -> Sender:
    """Who writes to the parties: a member, for the organisation whose procedure the case follows."""
    procedure = procedure_of(case.version)
    return Sender(
        name=member.name,
        organisation=procedure.name,
        zone=zone_of(procedure),
        email=procedure.contact.email,
        phone=procedure.contact.phone,
        url=f"{settings.SITE_URL}/{procedure.organisation}/volgen/",
    )


def entry_of(letter: Letter) -> Entry:
    """The entry for calendars that goes with an invitation: the talk as it stood when the invitation was written."""
    facts, event = letter.event.facts, letter.event
    hearing = Hearing.objects.get(pk=facts["hearing"]["value"])
    sequence = int(facts["sequence"]["value"])
    host = settings.SITE_URL.partition("://")[2].partition(":")[0]
    return Entry(
        uid=f"gesprek-{hearing.pk}@{host}",
        sequence=sequence,
        reference=letter.case.reference,
        starts_at=datetime.fromisoformat(facts["starts_at"]["value"]),
        minutes=int(facts["minutes"]["value"]),
        place=hearing.place if hearing.sequence == sequence else "",
        written_at=event.at,
        is_cancelled=bool(facts["cancelled"]["value"]),
    )


def _cell(document: Document, party: Party, given: Disclosure | None, procedure: Procedure, *, is_theirs: bool) -> Cell:
    """`is_theirs`: the complainant of this case complains in the one that the document is in."""
    if given is not None:
        if given.withheld:
            return Cell(party, Known.WITHHELD, at=given.at, reason=given.withheld)
        return Cell(party, Known.PUT, at=given.at, copy=given.copy)
    if document.field == f"{STATEMENT}:{party.pk}":
        return Cell(party, Known.OWN)
    if party.kind == Party.Kind.COMPLAINANT and is_theirs:
        if document.by == Document.By.COMPLAINANT or _is_of_complainant(document, procedure):
            return Cell(party, Known.OWN)
        if document.event and document.event.occurrence == _MESSAGE:
            return Cell(party, Known.PUT, at=document.added_at)
    return Cell(party, Known.OPEN)


def _is_copy(event: Event) -> bool:
    return bool(event.facts["is_copy"]["value"])


def _is_of_complainant(document: Document, procedure: Procedure) -> bool:
    """Whether it came with an act that is the complainant's, also where staff wrote that down for them."""
    if document.event is None or document.event.occurrence.startswith(BESIDE):
        return False
    try:
        return COMPLAINANT in procedure.act(document.event.occurrence).by
    except KeyError:
        return False
