"""Yearly duties: saying that one was done, reminding whose they are, and sending the report to whom it is for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from complaints import nudge
from complaints.letters import mailing
from complaints.models import DutyDone, Membership, Notice, YearReport
from complaints.queries.duties import Task, tasks
from procedures.catalogue import NotInForce, procedure_of, version_at, zone_of
from procedures.definition import Procedure, YearlyDuty
from procedures.scoping import scope

REMINDED_FROM = timedelta(days=14)  # before the last day
FROM = time(7)  # local: no mail in the night

# For each organisation its zone and the last local day on which reminders were written, as this process knows. It saves
# the question; that nobody is reminded twice, the table says.
_reminded: dict[int, tuple[ZoneInfo, date]] = {}


class AlreadyDone(Exception):
    """Somebody said so before."""


class NotSent(Exception):
    """The report is not sent; `reason` says why."""

    NOT_ADOPTED, ALREADY, NOBODY = "not_adopted", "already", "nobody"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@transaction.atomic
def do_duty(duty: str, year: int, *, done_on: date, note: str, member: Membership, at: datetime) -> DutyDone:
    """Keeps that a duty was done on a local day. Mails about it that have not left stay behind. Raises AlreadyDone."""
    try:
        with transaction.atomic():
            done = DutyDone.objects.create(
                duty=duty, year=year, done_on=done_on, note=note.strip(), member=member, at=at
            )
    except IntegrityError:
        raise AlreadyDone from None
    reminders = (Notice.Kind.DUTY_SOON, Notice.Kind.DUTY_LATE)
    Notice.objects.filter(duty=duty, year=year, kind__in=reminders, sent_at=None).update(try_at=None)
    return done


@transaction.atomic
def send_report(duty: YearlyDuty, year: int, *, member: Membership, procedure: Procedure, at: datetime) -> int:
    """Mails the adopted report of a year to everybody in the role that the duty names, once; how many that are.

    Sending it is doing the duty, on that day. Raises NotSent. Side effect: the workers are nudged when that commits.
    """
    report = YearReport.objects.select_for_update().filter(year=year, adopted_at__isnull=False).first()
    if report is None:
        raise NotSent(NotSent.NOT_ADOPTED)
    if Notice.objects.filter(kind=Notice.Kind.REPORT, duty=duty.name, year=year).exists():
        raise NotSent(NotSent.ALREADY)
    people = list(readers(duty))
    if not people:
        raise NotSent(NotSent.NOBODY)
    _write(Notice.Kind.REPORT, duty.name, year, people, at=at)
    today = at.astimezone(zone_of(procedure)).date()
    if not DutyDone.objects.filter(duty=duty.name, year=year).exists():
        DutyDone.objects.create(duty=duty.name, year=year, done_on=today, member=member, at=at)
    return len(people)


def readers(duty: YearlyDuty) -> QuerySet[Membership]:
    """Who gets the report: every active member in that role who can be mailed."""
    return _active(Q(roles__contains=[duty.sends_to])) if duty.sends_to else Membership.objects.none()


def write_reminders(organisation: int, *, at: datetime) -> int:
    """Writes the mails about duties that are due within two weeks, or late, by `at`; how many were new.

    Once for each member, duty, year and moment. Costs nothing once the local day was worked off in this process.
    """
    known = _reminded.get(organisation)
    if known is not None and at.astimezone(known[0]).date() == known[1]:
        return 0
    with scope(organisation):
        try:
            procedure = procedure_of(version_at(at))
        except NotInForce:
            return 0
        local = at.astimezone(zone_of(procedure))
        if local.time() < FROM:
            return 0
        count = sum(_remind(task, procedure, today=local.date(), at=at) for task in _due_by(procedure, local.date()))
    _reminded[organisation] = (zone_of(procedure), local.date())
    return count


def _due_by(procedure: Procedure, today: date) -> list[Task]:
    if not procedure.duties:
        return []
    return [each for each in tasks(procedure, None, today=today) if each.due_on - REMINDED_FROM <= today]


def _remind(task: Task, procedure: Procedure, *, today: date, at: datetime) -> int:
    kind = Notice.Kind.DUTY_LATE if task.is_late(today) else Notice.Kind.DUTY_SOON
    people = list(_active(Q(roles__contains=[task.duty.by])))
    if not people:  # a role that nobody plays is told to the administrators
        roles = [role.name for role in procedure.roles if role.is_administrator]
        people = list(_active(Q(roles__overlap=roles)))
    return _write(kind, task.duty.name, task.year, people, at=at)


def _active(who: Q) -> QuerySet[Membership]:
    found = Membership.objects.select_related("user").filter(who, is_active=True, user__is_active=True)
    return found.exclude(user__email="").order_by("pk")


def _write(kind: Notice.Kind, duty: str, year: int, people: Iterable[Membership], *, at: datetime) -> int:
    """One mail for each of them who did not get it yet; how many."""
    known = set(Notice.objects.filter(kind=kind, duty=duty, year=year).values_list("member_id", flat=True))
    rows = [
        Notice(
            kind=kind,
            duty=duty,
            year=year,
            member=each,
            to_email=each.user.email,
            made_at=at,
            try_at=at,
            message_id=mailing.new_message_id(),
        )
        for each in people
        if each.pk not in known
    ]
    Notice.objects.bulk_create(rows, ignore_conflicts=True)
    if rows:
        transaction.on_commit(nudge.workers)
    return len(rows)
