"""The published procedures: publishing a version, the one in force on a day, and the calendar that counts for it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.utils import timezone

from procedures.calendars import Calendar
from procedures.definition import Procedure
from procedures.loading import load
from procedures.models import ClosingDay, Organisation, ProcedureVersion
from procedures.scoping import scope


class NotPublished(Exception):
    """The document was not published; the message says why."""


class NotInForce(Exception):
    """The organisation has no published procedure on that day."""


def establish(source: str, *, at: datetime) -> Organisation:
    """The organisation that a document is about, made when it is new. Raises loading.Unsound."""
    procedure = load(source)
    organisation, _ = Organisation.objects.get_or_create(
        slug=procedure.organisation,
        defaults={"name": procedure.name, "prefix": procedure.prefix, "created_at": at},
    )
    return organisation


def publish(source: str, *, by: str, roles: Collection[str], at: datetime) -> ProcedureVersion:
    """Publishes a document as the organisation's newest version (KC-02: only by the role that is named).

    `by` is the name that is kept with it; `roles` are theirs in the organisation. The publisher is named by the newest
    version so far; only the first one is published by the role that it names itself. Raises loading.Unsound, or
    NotPublished when it is not newer or the role is lacking.
    """
    procedure = load(source)
    try:
        organisation = Organisation.objects.get(slug=procedure.organisation)
    except Organisation.DoesNotExist:
        raise NotPublished(f'there is no organisation "{procedure.organisation}" yet') from None
    with scope(organisation.pk):
        newest = ProcedureVersion.objects.select_for_update().filter(state=ProcedureVersion.State.PUBLISHED).first()
        publisher = procedure_of(newest).publisher if newest else procedure.publisher
        if publisher not in roles:
            raise NotPublished(f'only the role "{publisher}" may publish, and {by} does not have it')
        if newest and procedure.version <= newest.number:
            raise NotPublished(f"version {procedure.version} is not newer than version {newest.number}")
        version = ProcedureVersion.objects.create(
            number=procedure.version,
            source=source,
            sha256=hashlib.sha256(source.encode()).hexdigest(),
            state=ProcedureVersion.State.PUBLISHED,
            in_force_from=procedure.in_force_from,
            created_at=at,
            published_at=at,
            published_by=by,
            published_as=sorted(roles),
        )
        Organisation.objects.filter(pk=organisation.pk).update(name=procedure.name, is_open=True)
    return version


def version_in_force(on: date) -> ProcedureVersion:
    """The newest published version in scope that is in force on the local day `on`. Raises NotInForce."""
    version = (
        ProcedureVersion.objects.filter(state=ProcedureVersion.State.PUBLISHED, in_force_from__lte=on)
        .order_by("-number")
        .first()
    )
    if version is None:
        raise NotInForce(f"no procedure is in force on {on}")
    return version


def version_at(moment: datetime) -> ProcedureVersion:
    """The version in scope that is in force at an instant: on the local day that it falls on. Raises NotInForce."""
    return version_in_force(local_day(moment))


def local_day(moment: datetime) -> date:
    """The day that an instant falls on where all our organisations are (TIME_ZONE)."""
    return moment.astimezone(timezone.get_default_timezone()).date()


def published_versions() -> list[ProcedureVersion]:
    """Every published version in scope, the newest first; drafts are nobody's business yet."""
    return list(ProcedureVersion.objects.filter(state=ProcedureVersion.State.PUBLISHED).order_by("-number"))


def in_force(organisation: str, on: date) -> Procedure:
    """The procedure of the organisation with this slug. Raises Organisation.DoesNotExist or NotInForce."""
    with scope(Organisation.objects.get(slug=organisation).pk):
        return procedure_of(version_in_force(on))


def procedure_of(version: ProcedureVersion) -> Procedure:
    """The procedure that a version's text says; loaded once per process, and only then is the text read."""
    return _loaded(_Text(version.sha256, version))


@dataclass(frozen=True, slots=True)
class _Text:
    """A version by what its text says: two with the same text are one."""

    sha256: str
    version: ProcedureVersion = field(compare=False)


@lru_cache(maxsize=256)
def _loaded(text: _Text) -> Procedure:
    return load(text.version.source, source=f"version {text.sha256[:12]}", is_published=True)


def calendar_of(procedure: Procedure, *, at: datetime) -> Calendar:
    """The calendar as it was known at the instant `at`: holidays by policy, less the closing days in the scope."""
    return calendars_of(procedure)(at)


def calendars_of(procedure: Procedure) -> Callable[[datetime], Calendar]:
    """The same for whichever instants are asked for, with one question to the database."""
    days = list(ClosingDay.objects.all())

    def known(at: datetime) -> Calendar:
        closed = [day for day in days if day.added_at <= at and (day.removed_at is None or day.removed_at > at)]
        return Calendar.for_policy(procedure.calendar, {day.on: day.name for day in closed})

    return known


def zone_of(procedure: Procedure) -> ZoneInfo:
    return ZoneInfo(procedure.zone)
