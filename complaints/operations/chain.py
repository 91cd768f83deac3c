"""The chain over the history of an organisation, and its heads, kept outside the database: nothing changes unseen.

Each head is a keyed hash over every event up to one of them, and so over the head before it. Who changes, removes,
inserts or reorders events, in the database or in a backup of it, cannot make a head that fits without the key; who cuts
the end off leaves a head that nothing leads to. A head proves what stood before it was exported: so export often, and
keep the file where who can write to the database cannot.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import connection

from complaints.models import Event
from procedures.models import Organisation
from procedures.scoping import scope

PATIENCE = 60  # seconds to wait for who was writing events when it began
_AT_ONCE = 2000


class NotSettled(Exception):
    """Somebody has been writing events for too long to say what the history is."""


@dataclass(frozen=True, slots=True)
class Head:
    organisation: str  # its slug
    through: int  # the key of the last event that it covers
    count: int
    head: str
    at: str
    key: str  # which key it was made with: a short hash of it


@dataclass(frozen=True, slots=True)
class Verdict:
    """`broken` is the first head that the events do not lead to; what was changed stands between it and `good`."""

    organisation: str
    events: int
    heads: int
    uncovered: int = 0  # events since the last head
    good: Head | None = None
    broken: Head | None = None
    is_other_key: bool = False


def export_heads(*, at: datetime) -> list[Head]:
    """Adds the head of each organisation whose history went on to the file. Reads the new events alone.

    Must be called outside a transaction. Raises NotSettled.
    """
    through = _settled()
    known = {slug: heads[-1] for slug, heads in heads_by_organisation().items()}
    made = []
    for key, slug in Organisation.objects.order_by("pk").values_list("pk", "slug"):
        last = known.get(slug)
        if last and last.key != _fingerprint():
            last = None  # another key: a chain of its own, from the beginning
        begin = last.through if last else 0
        head, count, reached = last.head if last else _start(slug), last.count if last else 0, begin
        for event, told in _events(key, after=begin, through=through):
            head, count, reached = _next(head, told), count + 1, event
        if last is None or count > last.count:
            made.append(Head(slug, reached, count, head, at.astimezone(UTC).isoformat(), _fingerprint()))
    if made:
        _write(made)
    return made


def verify() -> Iterator[Verdict]:
    """What the heads say of each organisation's history as it is now, one that is gone included. Reads all events."""
    known = heads_by_organisation()
    keys = dict(Organisation.objects.order_by("pk").values_list("slug", "pk"))
    for slug in dict.fromkeys((*keys, *known)):
        yield verify_one(slug, keys.get(slug), known.get(slug, []))


def verify_one(slug: str, organisation: int | None, heads: list[Head]) -> Verdict:
    ours = [each for each in heads if each.key == _fingerprint()]
    if heads and not ours:
        return Verdict(slug, 0, len(heads), broken=heads[0], is_other_key=True)
    waiting, head, count, good, uncovered = list(ours), _start(slug), 0, None, 0
    while waiting and waiting[0].count == 0:
        good = waiting.pop(0)
    for end, told in _events(organisation) if organisation is not None else ():
        head, count, uncovered = _next(head, told), count + 1, uncovered + 1
        while waiting and waiting[0].count == count:
            expected = waiting.pop(0)
            if expected.through != end or not hmac.compare_digest(expected.head, head):
                return Verdict(slug, count, len(ours), good=good, broken=expected)
            good, uncovered = expected, 0
    broken = waiting[0] if waiting else None
    return Verdict(slug, count, len(ours), uncovered, good=good, broken=broken)


def heads_by_organisation() -> dict[str, list[Head]]:
    """The heads in the file, in the order in which they were written; what a crash cut off is passed by."""
    found: dict[str, list[Head]] = {}
    try:
        lines = Path(settings.HISTORY_HEADS).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return found
    for line in lines:
        try:
            head = Head(**json.loads(line))
        except (ValueError, TypeError):
            continue
        found.setdefault(head.organisation, []).append(head)
    return found


def _events(organisation: int, *, after: int = 0, through: int | None = None) -> Iterator[tuple[int, bytes]]:
    with scope(organisation):
        rows = Event.objects.filter(pk__gt=after)
        if through is not None:
            rows = rows.filter(pk__lte=through)
        columns = [each.attname for each in Event._meta.concrete_fields]  # noqa: SLF001
        for row in rows.order_by("pk").values(*columns).iterator(chunk_size=_AT_ONCE):
            told = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
            yield row["id"], json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def _start(slug: str) -> str:
    return hmac.new(_key(), f"history of {slug}".encode(), hashlib.sha256).hexdigest()


def _next(head: str, told: bytes) -> str:
    return hmac.new(_key(), head.encode() + told, hashlib.sha256).hexdigest()


def _key() -> bytes:
    return str(settings.HISTORY_KEY).encode()


def _fingerprint() -> str:
    return hmac.new(_key(), b"which key", hashlib.sha256).hexdigest()[:12]


def _settled() -> int:
    """A key up to which no event will still appear: a later event can be committed before an earlier one.

    Who writes an event holds a lock on the table before it gets its key. So once all who held one are done, every event
    with a key that was given out before is there, or never will be. It locks nobody out itself.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value FROM pg_sequences WHERE sequencename = 'complaints_event_id_seq'")
        row = cursor.fetchone()
        through = int(row[0] or 0) if row else 0
        writing = _writers()
        started = time.monotonic()
        while writing:
            if time.monotonic() - started > PATIENCE:
                raise NotSettled
            time.sleep(0.05)
            writing &= _writers()
    return through


def _writers() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT virtualtransaction FROM pg_locks WHERE relation = 'complaints_event'::regclass "
            "AND mode = 'RowExclusiveLock' AND granted AND pid <> pg_backend_pid()"
        )
        return {row[0] for row in cursor.fetchall()}


def _write(made: list[Head]) -> None:
    path = Path(settings.HISTORY_HEADS)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o640)
    with os.fdopen(handle, "ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        size = os.fstat(handle).st_size
        cut = b"\n" if size and os.pread(handle, 1, size - 1) != b"\n" else b""
        file.write(cut + b"".join(json.dumps(asdict(each)).encode() + b"\n" for each in made))
        file.flush()
        os.fsync(handle)
