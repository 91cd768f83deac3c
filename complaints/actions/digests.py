"""The daily mail with a member's deadlines: one for each member and working day, from seven in the morning.

The day is put in the member's row first, in a transaction of its own; whoever changes the row sends the mail. So
several schedulers send it once. A worker that dies between the two loses that mail, and nothing else: the deadlines
are rows, a missed one is told by the letters of the procedure, and the next working day's mail names all that is open.
"""

from __future__ import annotations

import smtplib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from email.utils import parseaddr
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from complaints.access import cases_for
from complaints.actions.leasing import judged
from complaints.actions.subscriptions import FROM
from complaints.letters import digest as words
from complaints.letters import mailing
from complaints.models import Measure, Subscription
from complaints.queries.agenda import Owed, owed
from complaints.queries.deputies import stood_in_for
from complaints.queries.duties import Task, tasks
from complaints.queries.measures import owned
from procedures import wording
from procedures.catalogue import NotInForce, calendar_of, procedure_of, version_at, zone_of
from procedures.definition import Procedure
from procedures.scoping import scope

log = structlog.get_logger(__name__)

RETRY_UNTIL = time(9)  # local: what the mail server puts off is offered again at each sweep until then

# For each organisation its zone and the last local day on which nothing was left to do, as this process knows. It saves
# the question, never a mail: a process that knows nothing asks the table.
_settled: dict[int, tuple[ZoneInfo, date | None]] = {}


@dataclass(frozen=True, slots=True)
class Morning:
    """A working day of an organisation on which the mail leaves."""

    procedure: Procedure
    on: date
    at: datetime

    @property
    def zone(self) -> ZoneInfo:
        return zone_of(self.procedure)


def send_digests(organisation: int, *, at: datetime) -> int:
    """Sends the mails of one organisation that are due by `at`; how many members' days were worked off.

    Must be called outside a transaction: what is sent cannot be rolled back. Costs nothing when it is too early, and
    nothing more once the day's were sent.
    """
    known = _settled.get(organisation)
    if known is not None:
        local = at.astimezone(known[0])
        if local.date() == known[1] or local.time() < FROM:
            return 0
    with scope(organisation):
        morning = _morning(organisation, at=at)
        keys = list(_waiting(morning.on).values_list("pk", flat=True)) if morning else []
    if morning is None:
        return 0
    done, is_settled = _send(organisation, keys, morning) if keys else (0, True)
    if is_settled:
        _settled[organisation] = (morning.zone, morning.on)
    return done


def _morning(organisation: int, *, at: datetime) -> Morning | None:
    """None while it is too early, or on a day off; what is known by then is remembered."""
    try:
        procedure = procedure_of(version_at(at))
    except NotInForce:
        return None
    zone = zone_of(procedure)
    local = at.astimezone(zone)
    if local.time() < FROM:
        _settled[organisation] = (zone, None)
        return None
    if not calendar_of(procedure, at=at).is_working(local.date()):
        _settled[organisation] = (zone, local.date())
        return None
    return Morning(procedure, local.date(), at)


def _not_made(on: date) -> QuerySet[Subscription]:
    """The rows of those who want the mail and whose day `on` is not made yet; columns of the row alone."""
    return Subscription.objects.filter(Q(digest_on=None) | Q(digest_on__lt=on), wants_digest=True)


def _waiting(on: date) -> QuerySet[Subscription]:
    """Those of them who work here."""
    return _not_made(on).filter(member__is_active=True, member__user__is_active=True).order_by("pk")


def _send(organisation: int, keys: list[int], morning: Morning) -> tuple[int, bool]:
    """How many members' days were worked off, and whether none was put off."""
    done, put_off = 0, 0
    mail = get_connection()
    try:
        for key in keys:
            # First the connection, then the slot: a mail server that cannot be reached costs nobody their mail.
            mail.open()
            if not _take(organisation, key, morning.on):
                continue  # another scheduler has it
            if _send_one(organisation, key, morning, mail=mail):
                done += 1
            else:
                _give_back(organisation, key, morning.on)
                put_off += 1
    except OSError as problem:  # smtplib's own errors are OSErrors too
        log.warning("digests_put_off", organisation=organisation, error=judged(problem)[0])
        put_off += 1
    finally:
        _close(mail)
    return done, not put_off


def _take(organisation: int, key: int, on: date) -> bool:
    """Takes a member's day; False when it is taken.

    Without a join: an update through one asks in a subquery, which PostgreSQL does not ask again after it has waited
    for another scheduler's update of the row; then both would take it.
    """
    with scope(organisation):
        return _not_made(on).filter(pk=key).update(digest_on=on) == 1


def _give_back(organisation: int, key: int, on: date) -> None:
    with scope(organisation):
        Subscription.objects.filter(pk=key, digest_on=on).update(digest_on=on - timedelta(days=1))


def _send_one(organisation: int, key: int, morning: Morning, *, mail: BaseEmailBackend) -> bool:
    """Sends a member's mail, if there is anything to tell. False when the mail server put it off; a mail that went
    wrong in any other way may have arrived, so it is not sent again."""
    try:
        with scope(organisation):
            message = _message(key, morning)
        if message:
            mail.send_messages([message])
    except Exception as problem:  # noqa: BLE001  # whatever went wrong, the others still get theirs
        _close(mail)
        error, is_final = judged(problem)
        is_refused = isinstance(problem, smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused)
        is_early = morning.at.astimezone(morning.zone).time() < RETRY_UNTIL
        may_retry = is_refused and not is_final and is_early
        log.warning("digest_not_sent", subscription=key, error=error, given_up=not may_retry)
        return not may_retry
    return True


def _message(key: int, morning: Morning) -> EmailMessage | None:
    """The mail of one subscription; None when there is nothing to tell, or nowhere to send it."""
    member = Subscription.objects.select_related("member__user").get(pk=key).member
    cases = cases_for(member, morning.procedure, at=morning.at)
    yearly = tasks(morning.procedure, member.roles, today=morning.on)
    told = digest_of(owed(cases, member, morning.procedure, at=morning.at), morning, yearly)
    told = with_measures(told, owned(cases, {member.pk, *stood_in_for(member, on=morning.on)}), morning)
    if told.is_empty or not member.user.email:
        return None
    return mailing.plain(
        subject=words.subject(told),
        body=words.body(
            told,
            name=morning.procedure.name,
            worklist_url=f"{settings.SITE_URL}/beheer/zaken/",
            settings_url=f"{settings.SITE_URL}/beheer/agenda/",
        ),
        language=words.LANGUAGE,
        sender_name=morning.procedure.name,
        from_email=parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
        reply_to=morning.procedure.contact.email,
        to_email=member.user.email,
        message_id=mailing.new_message_id(),
    )


def digest_of(deadlines: Sequence[Owed], morning: Morning, yearly: Sequence[Task] = ()) -> words.Digest:
    """What there is to tell on that morning: what is late, ends today, or ends before the week does; deadlines of cases
    first, then yearly duties."""
    today = _end_of(morning.on, morning.zone)
    sunday = morning.on + timedelta(days=6 - morning.on.weekday())
    week = _end_of(sunday, morning.zone)
    duties = (
        [each for each in yearly if each.due_on < morning.on],
        [each for each in yearly if each.due_on == morning.on],
        [each for each in yearly if morning.on < each.due_on <= sunday],
    )
    late = [each for each in deadlines if each.overdue_at <= morning.at]
    now = [each for each in deadlines if morning.at < each.overdue_at <= today]
    later = [each for each in deadlines if today < each.overdue_at <= week]
    groups = zip((late, now, later), duties, strict=True)
    return words.Digest(
        *([*(_line(each, morning.zone) for each in owing), *map(_yearly, to_do)] for owing, to_do in groups)
    )


def _yearly(task: Task) -> words.Line:
    with translation.override(words.LANGUAGE):
        return words.Line(
            words.about_year(task.year),
            task.duty.title.in_language(words.LANGUAGE),
            wording.short_day(task.due_on),
            f"{settings.SITE_URL}/beheer/verslag/taken/{task.duty.name}/{task.year}/",
        )


def with_measures(told: words.Digest, measures: Iterable[Measure], morning: Morning) -> words.Digest:
    """The same with a member's measures that are late, promised for today, or for later this week."""
    sunday = morning.on + timedelta(days=6 - morning.on.weekday())
    late, today, later = list(told.late), list(told.today), list(told.this_week)
    for each in measures:
        if each.due_on <= sunday:
            group = late if each.due_on < morning.on else today if each.due_on == morning.on else later
            group.append(_promised(each))
    return words.Digest(late, today, later)


def _promised(measure: Measure) -> words.Line:
    """What it is, is told by the case alone."""
    with translation.override(words.LANGUAGE):
        title, when = _("maatregel"), wording.short_day(measure.due_on)
    reference = measure.case.reference
    return words.Line(reference, title, when, f"{settings.SITE_URL}/beheer/zaken/{reference}/#maatregelen")


def _line(deadline: Owed, zone: ZoneInfo) -> words.Line:
    with translation.override(words.LANGUAGE):
        when = wording.short_end(deadline.due, zone=zone)
    return words.Line(
        deadline.reference,
        deadline.title.in_language(words.LANGUAGE),
        when + words.note(deadline.kind, deadline.owed_by),
        f"{settings.SITE_URL}/beheer/zaken/{deadline.reference}/",
    )


def _end_of(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), zone)


def _close(mail: BaseEmailBackend) -> None:
    with suppress(smtplib.SMTPException, OSError):
        mail.close()
