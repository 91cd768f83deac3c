"""Putting documents to the parties, or writing down why not; and that the complainant took one in.

It stands in the history beside the procedure. Its payloads hold keys, days and hashes; why something is not put to
somebody is kept as an answer of its event, with the salt of its hash.
"""

from __future__ import annotations

from datetime import date, datetime, time

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from complaints.actions.actors import Actor
from complaints.actions.beside import FETCHED, record_beside, record_reason
from complaints.actions.cases import TooLate, held
from complaints.actions.correspondence import addressee_of, post_beside
from complaints.actions.documents import digest_of, keep_files
from complaints.actions.indexing import index_case
from complaints.letters.invitation import DISCLOSURE, write_disclosure
from complaints.models import Case, Disclosure, Document, Event, Party
from complaints.queries import sides
from complaints.uploads import UploadRefused
from procedures.catalogue import procedure_of, zone_of

PUT, WITHHELD = sides.PUT, sides.WITHHELD_BECAUSE


@transaction.atomic
def put_to(
    document: Document,
    party: Party,
    *,
    actor: Actor,
    at: datetime,
    given_on: date | None = None,
    copy: UploadedFile[bytes] | None = None,
) -> Disclosure:
    """Puts a document to a party; `copy` is what they get when parts were taken out. `given_on` is the local day on
    which somebody gave it to them already.

    The complainant finds it on their page from now on, and is told so. Others get it with a letter, unless they have it
    already. It happens in the case of the party: the document may be in one that was merged into that. Raises TooLate
    when they know it, UploadRefused. Side effects, in order: event, copy, disclosure, letter.
    """
    case = held(party.case)
    zone = zone_of(procedure_of(case.version))
    disclosure = _open_disclosure(document, party, actor)
    if copy is not None and is_same(document, copy):
        raise UploadRefused(unchanged())
    on = given_on or at.astimezone(zone).date()
    facts = _keys(document, party) | {"on": {"value": on.isoformat()}, "is_copy": {"value": copy is not None}}
    event = record_beside(case, PUT, actor=actor, at=at, facts=facts)
    if copy is not None:
        (disclosure.copy,) = keep_files(event, {sides.COPY: [copy]}, actor, at=at)
        index_case(case)
    disclosure.withheld = ""
    disclosure.at = at if on == at.astimezone(zone).date() else datetime.combine(on, time(12), zone)
    disclosure.save()
    if given_on is None or party.kind == Party.Kind.COMPLAINANT:
        _write(disclosure, event, actor)
    return disclosure


@transaction.atomic
def withhold(document: Document, party: Party, reason: str, *, actor: Actor, at: datetime) -> Disclosure:
    """Writes down why a document is not put to a party. Raises TooLate when they know it."""
    held(party.case)
    disclosure = _open_disclosure(document, party, actor)
    disclosure.withheld, disclosure.at = reason, at
    disclosure.save()
    record_reason(party.case, WITHHELD, reason, actor=actor, at=at, facts=_keys(document, party))
    return disclosure


@transaction.atomic
def note_fetched(case: Case, document: Document, *, actor: Actor, at: datetime) -> Event:
    """Notes that the complainant of a case took in a document that we gave them; each time again."""
    return record_beside(case, FETCHED, actor=actor, at=at, facts={"document": {"value": document.pk}})


def is_same(document: Document, copy: UploadedFile[bytes]) -> bool:
    """Whether nothing at all was taken out of a copy."""
    return digest_of(copy) == document.sha256


def unchanged() -> str:
    """What is said of a copy in which nothing was taken out."""
    return _("Deze kopie is precies hetzelfde als het stuk. Er is dus niets weggelaten. Kies een ander bestand.")


def _open_disclosure(document: Document, party: Party, actor: Actor) -> Disclosure:
    cell = sides.cell_of(document, party, procedure_of(party.case.version))
    if cell.known not in (sides.Known.OPEN, sides.Known.WITHHELD):
        raise TooLate
    known = Disclosure.objects.filter(document=document, party=party).first()
    if known is None:
        return Disclosure(document=document, party=party, member=actor.member)
    known.member = actor.member
    return known


def _keys(document: Document, party: Party) -> dict[str, object]:
    return {"document": {"value": document.pk}, "party": {"value": party.pk}}


def _write(disclosure: Disclosure, event: Event, actor: Actor) -> None:
    addressee = addressee_of(disclosure.party, event.case)
    written = write_disclosure(
        is_copy=disclosure.copy is not None,
        to=addressee.recipient,
        sender=sides.sender_of(event.case, actor.member),
        reference=event.case.reference,
    )
    post_beside(event, addressee, DISCLOSURE, written, actor.member)
