"""Whether this process can serve, and whether the work of all processes is in time: a few numbers, at a fixed price."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, InterfaceError, connection, transaction
from redis import Redis
from redis.exceptions import RedisError

from complaints.models import Moment

LATE = timedelta(minutes=5)  # what has been due for longer is late; in time is within one minute, two without a broker
SILENT = timedelta(minutes=5)  # a sweep comes every half minute, a look in the mailboxes every minute
LEAST_FREE = 512 * 1024 * 1024  # bytes on the disk of the dossiers
PATIENCE_MS = 3000  # that one question to the database may take


@dataclass(frozen=True, slots=True)
class Finding:
    """`is_needed`: without it this process cannot take in a complaint, so nobody should be sent here."""

    name: str
    is_well: bool
    is_needed: bool
    numbers: Mapping[str, float | None]
    problem: str = ""  # the kind of it; never what a server said, which may quote a row

    def as_json(self) -> dict[str, object]:
        told = asdict(self)
        del told["name"]
        return told


@dataclass(frozen=True, slots=True)
class Readiness:
    findings: tuple[Finding, ...]

    @property
    def is_ready(self) -> bool:
        return all(each.is_well for each in self.findings if each.is_needed)

    @property
    def is_well(self) -> bool:
        return all(each.is_well for each in self.findings)

    @property
    def status(self) -> str:
        return "not ready" if not self.is_ready else "ready" if self.is_well else "late"


def readiness() -> Readiness:
    """Three short statements to the database whatever is in it, one to the broker, one to the disk."""
    return Readiness((*_database(), _broker(), _disk()))


def _database() -> tuple[Finding, ...]:
    started = time.perf_counter()
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {PATIENCE_MS}")
            cursor.execute("SELECT what, due, oldest FROM work_that_waits(clock_timestamp())")
            waiting = {what: (due, oldest) for what, due, oldest in cursor.fetchall()}
            cursor.execute(
                "SELECT clock_timestamp(), name, at FROM (SELECT 1) AS one LEFT JOIN complaints_moment ON true"
            )
            moments = cursor.fetchall()
    except (DatabaseError, InterfaceError, ImproperlyConfigured) as problem:  # the last: a role that nothing binds
        return (Finding("database", is_well=False, is_needed=True, numbers={}, problem=type(problem).__name__),)
    now: datetime = moments[0][0]
    known = {name: at for _, name, at in moments if name}
    took = round(time.perf_counter() - started, 4)
    hold = known.get(Moment.Name.HOLD)
    return (
        Finding("database", is_well=True, is_needed=True, numbers={"seconds": took}),
        *(_waiting(what, due, oldest, now) for what, (due, oldest) in waiting.items()),
        *(_heartbeat(name, known.get(name), now) for name in (Moment.Name.SWEEP, Moment.Name.MAIL)),
        Finding("hold", is_well=hold is None, is_needed=False, numbers={"seconds": _since(hold, now)}),
    )


def _waiting(what: str, due: int, oldest: datetime | None, now: datetime) -> Finding:
    is_late = oldest is not None and now - oldest > LATE
    numbers = {"due": due, "oldest_seconds": _since(oldest, now)}
    return Finding(what, is_well=not is_late, is_needed=False, numbers=numbers)


def _heartbeat(name: Moment.Name, at: datetime | None, now: datetime) -> Finding:
    is_well = at is not None and now - at <= SILENT
    return Finding(f"heartbeat_{name}", is_well=is_well, is_needed=False, numbers={"seconds": _since(at, now)})


def _since(at: datetime | None, now: datetime) -> float | None:
    return None if at is None else round((now - at).total_seconds(), 1)


def _broker() -> Finding:
    """A complaint is taken in without it; letters are later."""
    started = time.perf_counter()
    try:
        with Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1) as client:
            client.ping()
    except (RedisError, OSError) as problem:
        return Finding("broker", is_well=False, is_needed=False, numbers={}, problem=type(problem).__name__)
    took = round(time.perf_counter() - started, 4)
    return Finding("broker", is_well=True, is_needed=False, numbers={"seconds": took})


def _disk() -> Finding:
    """The disk that the dossiers are on, or will be."""
    folder = Path(settings.MEDIA_ROOT)
    nearest = next((each for each in (folder, *folder.parents) if each.is_dir()), Path("/"))
    try:
        disk = shutil.disk_usage(nearest)
    except OSError as problem:
        return Finding("disk", is_well=False, is_needed=True, numbers={}, problem=type(problem).__name__)
    numbers = {"free_bytes": disk.free, "total_bytes": disk.total}
    return Finding("disk", is_well=disk.free >= LEAST_FREE, is_needed=True, numbers=numbers)
