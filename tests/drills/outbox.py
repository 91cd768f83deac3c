"""Letters for a drill: a few cases opened by the real action in each organisation, and their letters copied in bulk.

A copy differs from the letter it was made from in its key, its Message-ID, the address and the moment it is due. It is
rendered, frozen, sent and marked as any other; only what counts from a letter's leaving happened with the original.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q

from complaints.letters.mailing import new_message_id
from complaints.models import Letter
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import filed_case, publish_all, staffed

PAPER_EVERY = 5  # one letter in so many goes to a complainant, with a PDF; the others are mails to colleagues
_COPY = ":drill-"  # in the key of a copy
CASES = 6  # of each organisation, half of them three weeks old: time has brought reminders with it


class Outbox:
    """The organisations of a drill, and letters of theirs to copy."""

    def __init__(self, *, at: datetime) -> None:
        self.organisations: list[Organisation] = list(publish_all().values())
        self._numbers = itertools.count(1)
        originals: list[Letter] = []
        for organisation in self.organisations:
            staffed(organisation)
            for number in range(CASES):
                was = at - timedelta(days=21) if number % 2 else at
                filed_case(organisation, at=was, recorded_at=at, email=f"klant.{number}@wilgenroos.example")
            with scope(organisation.pk):
                originals += Letter.objects.filter(state=Letter.State.WAITING, channel="email")
        self._paper = [each for each in originals if each.party_id]
        self._mails = [each for each in originals if not each.party_id]

    @property
    def mix(self) -> str:
        """Which letters there are."""
        paper, mails = (sorted({each.name for each in kind}) for kind in (self._paper, self._mails))
        return (
            f"one in {PAPER_EVERY} goes to a complainant with a PDF ({', '.join(paper)}), "
            f"the rest are mails to colleagues ({', '.join(mails)})"
        )

    def add(self, due: Iterable[datetime], *, kinds: Iterable[str] = ()) -> list[Letter]:
        """A letter for each of these moments. `kinds` are what the first addresses begin with: see sink.py."""
        special = iter(kinds)
        copies: dict[int, list[Letter]] = {}
        for moment in due:
            number = next(self._numbers)
            originals = self._mails if number % PAPER_EVERY else self._paper
            original = originals[number // PAPER_EVERY % len(originals)]
            kind = next(special, "fine")
            copies.setdefault(original.organisation_id, []).append(_copied(original, number, kind, moment))
        for organisation, letters in copies.items():
            with scope(organisation):
                Letter.objects.bulk_create(letters)
        return [letter for letters in copies.values() for letter in letters]

    def letters(self) -> list[Letter]:
        """All of them, as they stand now; but not the reminders of the cases themselves that were stopped, because
        time has gone on there and what they remind of is over. A copy is never stopped."""
        found: list[Letter] = []
        for organisation in self.organisations:
            with scope(organisation.pk):
                letters = Letter.objects.defer("html", "text")
                found += letters.exclude(~Q(key__contains=_COPY), state=Letter.State.STOPPED)
        return found

    def waiting(self) -> int:
        count = 0
        for organisation in self.organisations:
            with scope(organisation.pk):
                count += Letter.objects.filter(state=Letter.State.WAITING).count()
        return count

    def shorten_waits(self, *, at: datetime, kinds: tuple[str, ...]) -> None:
        """As if the time between two tries were over: eight of them take an hour."""
        for organisation in self.organisations:
            with scope(organisation.pk):
                for kind in kinds:
                    Letter.objects.filter(
                        state=Letter.State.WAITING, to_email__startswith=f"{kind}-", lease_until=None, attempts__gt=0
                    ).update(try_at=at)


def shuffled_kinds(counts: dict[str, int], *, of: int) -> list[str]:
    """So many addresses of each kind among so many letters, in an order that is the same each time."""
    kinds = [kind for kind, count in counts.items() for _ in range(count)]
    kinds += ["fine"] * max(0, of - len(kinds))
    random.Random(11).shuffle(kinds)
    return kinds


def _copied(original: Letter, number: int, kind: str, due: datetime) -> Letter:
    columns = {
        field.attname: getattr(original, field.attname)
        for field in Letter._meta.concrete_fields
        if field.attname not in {"id", "pdf"}
    }
    return Letter(
        **{
            **columns,
            "key": f"{original.key}{_COPY}{number}",
            "message_id": new_message_id(),
            "to_email": f"{kind}-{number}@wilgenroos.example",
            "due_at": due,
            "try_at": due,
            "state": Letter.State.WAITING,
            "attempts": 0,
            "token": None,
            "lease_until": None,
            "sha256": "",
            "sent_at": None,
        }
    )
