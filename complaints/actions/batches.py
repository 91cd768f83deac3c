"""Printing letters on paper in one go: a batch is made, and confirmed as posted by a person or taken back."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import structlog
from django.core.files.base import ContentFile
from django.db import transaction

from complaints.actions.actors import staff
from complaints.actions.correspondence import recipient_of
from complaints.actions.posting import NotReleased, confirm_posted
from complaints.letters.batching import ToPost, printed
from complaints.models import Batch, BatchedLetter, Letter, Membership
from complaints.queries.posting import is_sealed, letters_of, rule_of
from complaints.said import spoken
from procedures.catalogue import procedure_of
from procedures.definition import Procedure
from procedures.scoping import current

log = structlog.get_logger(__name__)
Fate = BatchedLetter.Fate


class LettersTaken(Exception):
    """Some of these letters are in another batch by now, or were posted."""


class NothingToPrint(Exception):
    """Not one of the letters has a file to print."""


class BatchMovedOn(Exception):
    """The batch was confirmed or taken back by now, or somebody took a letter out of it."""


@dataclass(frozen=True, slots=True)
class Made:
    batch: Batch
    unreadable: int  # letters that stay behind: their file is gone, or is not what was written


@dataclass(frozen=True, slots=True)
class Confirmed:
    posted: int
    held_back: int
    elsewhere: int  # that were posted before, one by one


@transaction.atomic
def make_batch(letters: Collection[int], *, member: Membership, procedure: Procedure, at: datetime) -> Made:
    """Prints these letters (keys that the member may post) in one file, at the instant `at`.

    Raises LettersTaken when one of them does not wait any more, so that of two people at once one wins; NothingToPrint.
    Side effects, in order: the file, the batch, its letters.
    """
    rows = list(
        Letter.objects.select_for_update(of=("self",))
        .select_related("case")
        .prefetch_related("case__version")
        .filter(pk__in=letters, state=Letter.State.TO_POST)
        .order_by("case__reference", "pk")
    )
    if len(rows) < len(set(letters)) or BatchedLetter.objects.filter(letter__in=rows, fate=Fate.WAITING).exists():
        raise LettersTaken
    readable = [(row, content) for row in rows if (content := _content(row))]
    if not readable:
        raise NothingToPrint
    file = printed(
        [_to_post(row, content) for row, content in readable], procedure=procedure, made_by=member.name, made_at=at
    )
    batch = Batch(made_by=member, made_at=at, sheets=file.sheets, sha256=hashlib.sha256(file.pdf).hexdigest())
    batch.pdf.save(f"{current()}/{uuid.uuid4()}.pdf", ContentFile(file.pdf), save=False)
    batch.save()
    BatchedLetter.objects.bulk_create(
        BatchedLetter(batch=batch, letter=row, place=place, sheets=sheets)
        for place, ((row, _), sheets) in enumerate(zip(readable, file.of_each, strict=True), start=1)
    )
    return Made(batch, len(rows) - len(readable))


@transaction.atomic
def confirm_batch(batch: Batch, posted: Collection[int], *, on: date, member: Membership, at: datetime) -> Confirmed:
    """Says that the letters with these keys were posted on the local day `on`; the others go back to the queue.

    Each is posted as if alone, so its terms count from that day. Raises BatchMovedOn, also when one of the letters is
    no longer in it. Whether the member may know of all its cases is for who asks.
    """
    batch, entries = _locked(batch)
    if not {each.letter_id for each in entries}.issuperset(posted):
        raise BatchMovedOn
    outcomes: dict[str, list[int]] = {fate: [] for fate in (Fate.POSTED, Fate.HELD_BACK, Fate.ELSEWHERE)}
    # The cases always in the same order, so that no two wait for each other.
    for entry in sorted(entries, key=lambda each: (each.letter.case_id, each.letter_id)):
        outcomes[_confirmed(entry.letter, is_posted=entry.letter_id in posted, on=on, member=member, at=at)].append(
            entry.pk
        )
    for fate, keys in outcomes.items():
        BatchedLetter.objects.filter(pk__in=keys).update(fate=fate)
    _end(batch, member=member, at=at, posted_on=on)
    return Confirmed(*(len(keys) for keys in outcomes.values()))


@transaction.atomic
def take_back(batch: Batch, *, member: Membership, at: datetime) -> None:
    """Takes a batch back: its letters wait to be posted as before. Raises BatchMovedOn."""
    batch, entries = _locked(batch)
    BatchedLetter.objects.filter(pk__in=[each.pk for each in entries]).update(fate=Fate.TAKEN_BACK)
    _end(batch, member=member, at=at)


@transaction.atomic
def take_out(letters: Collection[int], *, member: Membership, at: datetime) -> int:
    """Takes these letters (keys that the member may post) out of their batches; how many there were.

    A batch of which nothing is left ends.
    """
    rows = BatchedLetter.objects.filter(letter__in=letters, fate=Fate.WAITING)
    batches = Batch.objects.select_for_update(of=("self",)).filter(pk__in=rows.values("batch_id"), ended_at=None)
    locked = list(batches.order_by("pk"))
    count = rows.filter(batch__in=locked).update(fate=Fate.TAKEN_BACK)
    for batch in locked:
        if not batch.letters.filter(fate=Fate.WAITING).exists():
            _end(batch, member=member, at=at)
    return count


def _locked(batch: Batch) -> tuple[Batch, Sequence[BatchedLetter]]:
    fresh = Batch.objects.select_for_update(of=("self",)).filter(pk=batch.pk, ended_at=None).first()
    if fresh is None:
        raise BatchMovedOn
    return fresh, [each for each in letters_of(fresh) if each.fate == Fate.WAITING]


def _end(batch: Batch, *, member: Membership, at: datetime, posted_on: date | None = None) -> None:
    batch.ended_at, batch.ended_by, batch.posted_on = at, member, posted_on
    batch.save(update_fields=["ended_at", "ended_by", "posted_on"])


def _confirmed(letter: Letter, *, is_posted: bool, on: date, member: Membership, at: datetime) -> str:
    if letter.state != Letter.State.TO_POST:
        return Fate.ELSEWHERE
    if not is_posted:
        return Fate.HELD_BACK
    actor = staff(member, procedure_of(letter.case.version), letter.case, at=at)
    try:
        confirm_posted(letter, on=on, actor=actor, at=at)
    except NotReleased:
        return Fate.ELSEWHERE
    return Fate.POSTED


def _content(letter: Letter) -> bytes:
    """The file of the letter; empty when it cannot be printed as it was written."""
    try:
        with letter.pdf.open("rb") as stored:
            content: bytes = stored.read()
    except (ValueError, OSError):  # it has no file, or that is gone
        content = b""
    if hashlib.sha256(content).hexdigest() == letter.sha256:
        return content
    log.error("letter_file_lost", letter=letter.pk)
    return b""


def _to_post(letter: Letter, content: bytes) -> ToPost:
    return ToPost(
        reference=letter.case.reference,
        title=rule_of(letter).title.in_language(spoken()) or letter.subject,
        to=recipient_of(letter),
        pdf=content,
        is_sealed=is_sealed(letter),
    )
