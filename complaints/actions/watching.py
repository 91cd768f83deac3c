"""Tells by mail that cases are to be erased, or that a list waits for a second person: once for each working day.

First who administers hears of it; when it has waited a week, whoever may publish the procedure too. The day is put in
the organisation's row before the mail leaves, so several schedulers send it once; a mail that is lost is made up for by
that of the next working day, because what waits still does.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from email.utils import parseaddr
from smtplib import SMTPException
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from complaints.access import cases_to_keep
from complaints.actions.leasing import judged
from complaints.letters import mailing
from complaints.models import Membership, RetentionWatch
from complaints.queries.retention import lists_for, on_a_list
from complaints.retention.terms import is_due, kept
from procedures.catalogue import NotInForce, calendar_of, procedure_of, version_at, zone_of
from procedures.definition import Procedure
from procedures.scoping import scope

log = structlog.get_logger(__name__)

FROM = time(7)  # local
ESCALATED_AFTER = timedelta(days=7)
LANGUAGE = "nl"  # of mails to staff
# For each organisation its zone and the last local day that was looked at, as this process knows. It saves the
# question, never a mail: a process that knows nothing asks the table.
_looked: dict[int, tuple[ZoneInfo, date | None]] = {}


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for a person, as one member may know of it."""

    due: int  # cases whose term is over and that are on no list
    lists: int  # that wait for a second person
    stuck: int  # cases that could not be erased

    @property
    def is_any(self) -> bool:
        return bool(self.due or self.lists or self.stuck)


def watch(organisation: int, *, at: datetime) -> int:
    """Sends the mails of one organisation's working day; how many left. Costs nothing when it is too early, and nothing
    more once the day was looked at. Must be called outside a transaction."""
    known = _looked.get(organisation)
    if known is not None:
        local = at.astimezone(known[0])
        if local.date() == known[1] or local.time() < FROM:
            return 0
    with scope(organisation):
        try:
            procedure = procedure_of(version_at(at))
        except NotInForce:
            return 0
        zone = zone_of(procedure)
        local = at.astimezone(zone)
        today = local.date()
        if local.time() < FROM:
            _looked[organisation] = (zone, None)
            return 0
        _looked[organisation] = (zone, today)
        since = _take(today) if calendar_of(procedure, at=at).is_working(today) else None
        if since is None:
            return 0  # nobody is there, or another scheduler looks
        messages = _messages(procedure, since=since, today=today, at=at)
    return _send(messages)


def waiting_for(member: Membership, *, at: datetime) -> Waiting:
    """What waits for a person, of what this member may know of."""
    listed = set(on_a_list())
    found = is_due(kept(cases_to_keep(member), at=at), at=at)
    lists = list(lists_for(member).filter(done_at=None, withdrawn_at=None))
    stuck = [int(each.stuck) for each in lists]  # type: ignore[attr-defined]
    return Waiting(
        due=sum(each.case.pk not in listed for each in found),
        lists=sum(each.approved_at is None and each.proposed_by_id != member.pk for each in lists),
        stuck=sum(stuck),
    )


def _take(today: date) -> date | None:
    """Takes the day; since when something waits, or `today`. None when the day is taken."""
    row, _is_new = RetentionWatch.objects.get_or_create(defaults={"looked_on": today - timedelta(days=1)})
    if not RetentionWatch.objects.filter(pk=row.pk, looked_on__lt=today).update(looked_on=today):
        return None
    return row.waits_since or today


def _messages(procedure: Procedure, *, since: date, today: date, at: datetime) -> list[EmailMessage]:
    is_escalated = today - since >= ESCALATED_AFTER
    administering = [role.name for role in procedure.roles if role.is_administrator]
    roles = [*administering, procedure.publisher] if is_escalated else administering
    members = Membership.objects.select_related("user").filter(is_active=True, user__is_active=True)
    told = list(members.filter(roles__overlap=roles).order_by("pk"))
    told = told or list(members.filter(roles__contains=[procedure.publisher]).order_by("pk"))
    waiting = [(each, waiting_for(each, at=at)) for each in told]
    is_any = any(what.is_any for _member, what in waiting)
    RetentionWatch.objects.filter(~Q(waits_since=(since if is_any else None))).update(
        waits_since=since if is_any else None
    )
    return [
        _message(procedure, each, what, is_escalated=is_escalated)
        for each, what in waiting
        if what.is_any and each.user.email
    ]


def _message(procedure: Procedure, member: Membership, what: Waiting, *, is_escalated: bool) -> EmailMessage:
    with translation.override(LANGUAGE):
        subject = _("Bewaartermijnen: dit wacht al een week") if is_escalated else _("Bewaartermijnen: dit wacht op u")
        body = render_to_string(
            "letters/retention.txt",
            {
                "what": what,
                "is_escalated": is_escalated,
                "url": f"{settings.SITE_URL}/beheer/bewaartermijnen/",
                "name": procedure.name,
            },
        )
    return mailing.plain(
        subject=subject,
        body=body.strip() + "\n",
        language=LANGUAGE,
        sender_name=procedure.name,
        from_email=parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
        reply_to=procedure.contact.email,
        to_email=member.user.email,
        message_id=mailing.new_message_id(),
    )


def _send(messages: list[EmailMessage]) -> int:
    """Sends each; one that fails does not keep the others waiting, and is made up for by the next working day's."""
    if not messages:
        return 0
    mail, sent = get_connection(), 0
    for each in messages:
        try:
            mail.send_messages([each])
            sent += 1
        except (SMTPException, OSError) as problem:
            log.warning("retention_mail_not_sent", error=judged(problem)[0])
            with suppress(SMTPException, OSError):
                mail.close()
    with suppress(SMTPException, OSError):
        mail.close()
    return sent
