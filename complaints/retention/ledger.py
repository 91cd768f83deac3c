"""The ledger of erasures: a file outside the database that is only added to, one line for each case that was erased.

Who restores an old backup brings erased cases back; applying the ledger erases them again. A line holds no personal
data: organisation, key of the case, when, and a salted mark by which the same case is recognised. Keys are given out
anew after a restore, and the mark keeps a line from erasing a younger case that got an old key.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from complaints.models import Case
from procedures.models import Organisation
from procedures.scoping import scope


@dataclass(frozen=True, slots=True)
class Line:
    organisation: str  # its slug
    case: int
    erased_at: datetime
    salt: str
    mark: str

    def is_about(self, case: Case) -> bool:
        return hmac.compare_digest(self.mark, _mark(self.salt, self.organisation, case))


def add(organisation: str, cases: Iterable[Case], *, at: datetime) -> None:
    """Writes a line for each of the cases and waits until they are on the disk. Raises OSError."""
    lines = []
    for case in cases:
        salt = secrets.token_hex(16)
        told = {"organisation": organisation, "case": case.pk, "at": at.astimezone(UTC).isoformat()}
        lines.append(json.dumps({**told, "salt": salt, "mark": _mark(salt, organisation, case)}) + "\n")
    path = Path(settings.ERASURE_LEDGER)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    with os.fdopen(handle, "ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        size = os.fstat(handle).st_size
        # A line that a crash cut off is ended first, so that it spoils no other.
        cut = "\n" if size and not _ends_a_line(path, size) else ""
        file.write((cut + "".join(lines)).encode())
        file.flush()
        os.fsync(handle)


def lines() -> Iterator[Line]:
    """Every line, the oldest first; what a crash cut off is passed by, because its erasure was never committed."""
    try:
        written = Path(settings.ERASURE_LEDGER).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return
    for each in written:
        try:
            told = json.loads(each)
            line = Line(
                told["organisation"], told["case"], datetime.fromisoformat(told["at"]), told["salt"], told["mark"]
            )
        except (ValueError, KeyError, TypeError):
            continue
        yield line


def unapplied() -> list[tuple[int, Line]]:
    """The lines whose case is in the database as if it had never been erased, with the key of the organisation.

    Not empty after an old backup was restored. One query for each organisation in the ledger, and one for those.
    """
    by_organisation: dict[str, dict[int, list[Line]]] = {}
    for line in lines():
        by_organisation.setdefault(line.organisation, {}).setdefault(line.case, []).append(line)
    found = []
    for key, slug in Organisation.objects.filter(slug__in=by_organisation).values_list("pk", "slug"):
        with scope(key):
            rows = Case.objects.filter(pk__in=by_organisation[slug], erased_at=None)
            for case in rows.only("organisation_id", "received_at").order_by("pk"):
                found += [(key, line) for line in by_organisation[slug][case.pk] if line.is_about(case)][:1]
    return found


def is_behind() -> bool:
    """Whether erased cases have come back with an old backup. Asked anew only when the ledger has changed."""
    path = Path(settings.ERASURE_LEDGER)
    try:
        now = path.stat()
    except FileNotFoundError:
        return False
    state = (str(path), now.st_mtime_ns, now.st_size)
    if state not in _applied and unapplied():
        return True
    _applied.clear()
    _applied.add(state)
    return False


_applied: set[tuple[str, int, int]] = set()  # the ledger as it was when this process last found nothing to apply


def _mark(salt: str, organisation: str, case: Case) -> str:
    told = f"{organisation}:{case.pk}:{case.received_at.astimezone(UTC).isoformat()}"
    return hmac.new(salt.encode(), told.encode(), hashlib.sha256).hexdigest()


def _ends_a_line(path: Path, size: int) -> bool:
    with path.open("rb") as file:
        file.seek(size - 1)
        return file.read(1) == b"\n"
