"""Short mails of our own: writes them in the transaction of what they tell of, and sends them as letters are sent.

A link to open a case holds a secret that stands nowhere: it is derived from the notice's row and our key each time.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.http import base36_to_int, int_to_base36
from django.utils.translation import gettext as _

from complaints import nudge
from complaints.actions.leasing import MAX_ATTEMPTS, judged, next_try, work_off
from complaints.inbox.addresses import reply_address
from complaints.inbox.boxes import box_of
from complaints.letters import duty as words
from complaints.letters import mailing
from complaints.models import BESIDE, Case, Event, Measure, Membership, Notice, Party, YearReport
from complaints.queries.deputies import who_is_there
from complaints.queries.duties import due_on
from complaints.queries.measures import moment_of
from procedures import wording
from procedures.catalogue import procedure_of, version_at, zone_of
from procedures.definition import Procedure
from procedures.scoping import scope

log = structlog.get_logger(__name__)

LEFT = f"{BESIDE}left"  # whoever played a part in the case no longer works here
LOOKED = f"{BESIDE}looked"  # somebody who plays no part in the case read it, with a reason

HINDERED = f"{BESIDE}room_hindered"  # somebody who was to judge an appeal cannot
MAILED = f"{BESIDE}mailed"  # somebody whom it is about wrote a mail

LINK_OPENS_FOR = timedelta(hours=1)
INVITE_OPENS_FOR = timedelta(days=3)
_OPENS_FOR = {Notice.Kind.LINK: LINK_OPENS_FOR, Notice.Kind.INVITE: INVITE_OPENS_FOR}
LINKS_AT_ONCE = 3  # unexpired ones of one case: nobody's mailbox is filled by a stranger
_OWN = (Party.Kind.COMPLAINANT, Party.Kind.REPRESENTATIVE)
_SECRET_BYTES = 20  # 160 bits: 32 characters of base32, without padding


def write_notice(
    case: Case,
    kind: Notice.Kind,
    *,
    at: datetime,
    member: Membership | None = None,
    to_email: str = "",
    measure: Measure | None = None,
) -> Notice | None:
    """Writes a short mail to a member of staff or their deputy, else to who complains or speaks for them.

    None when nobody has an address.

    Must be called in the transaction of what it tells of. Side effect: the workers are nudged when that commits.
    """
    if member and kind != Notice.Kind.INVITE:  # a way in for somebody from outside is nobody's to take over
        procedure = procedure_of(case.version)
        member = who_is_there(case, procedure, member, on=at.astimezone(zone_of(procedure)).date())
    to_email = to_email or (member.user.email if member else _mail_address(case))
    if not to_email:
        log.info("notice_without_address", case=case.pk, kind=kind)
        return None
    notice = Notice.objects.create(
        case=case,
        kind=kind,
        member=member,
        measure=measure,
        to_email=to_email,
        language="nl" if member else case.language,
        made_at=at,
        try_at=at,
        message_id=mailing.new_message_id(),
        expires_at=at + _OPENS_FOR[kind] if kind in _OPENS_FOR else None,
    )
    transaction.on_commit(nudge.workers)
    return notice


@transaction.atomic
def ask_link(reference: str, email: str, *, at: datetime) -> None:
    """Mails a link that opens the case, when this is its number and a mail address of who complains.

    Nobody is told whether it was, and the workers are woken either way, so that the time it takes does not tell.
    """
    party = (
        Party.objects.filter(case__reference=reference.strip().upper(), kind__in=_OWN)
        .filter(Q(email__iexact=email) | Q(email="", membership__user__email__iexact=email))
        .select_related("membership__user")
        .first()
    )
    if party is not None:
        case = Case.objects.select_for_update().get(pk=party.case_id)  # asking twice at once makes no fourth link
        known = Notice.objects.filter(case=case, kind=Notice.Kind.LINK, expires_at__gt=at).count()
        if known < LINKS_AT_ONCE:
            write_notice(case, Notice.Kind.LINK, at=at, to_email=party.mail_address)
            return
    transaction.on_commit(nudge.workers)


def link_works(secret: str, *, at: datetime) -> bool:
    """Whether a link of the organisation in scope would open a case now. Changes nothing: mail scanners look too."""
    return link_of(secret, Notice.Kind.LINK, at=at, is_used=False) is not None


@transaction.atomic
def use_link(secret: str, *, at: datetime) -> int | None:
    """Uses a link up; the key of the case that it opens. None when it was used, has expired, or never was."""
    notice = link_of(secret, Notice.Kind.LINK, at=at, is_used=True)
    return notice.case_id if notice else None


def address_of_link(secret: str) -> str:
    """Where the link was mailed to; who used it reads the mail there."""
    return Notice.objects.values_list("to_email", flat=True).get(pk=base36_to_int(secret.partition("-")[0]))


def secret_of(notice: Notice) -> str:
    """The last part of a link's address: which row, and the proof that we mailed it."""
    made_at = notice.made_at.astimezone(UTC).isoformat()
    told = f"{notice.kind}:{notice.organisation_id}:{notice.pk}:{made_at}"
    digest = hmac.digest(settings.SECRET_KEY.encode(), told.encode(), hashlib.sha256)[:_SECRET_BYTES]
    return f"{int_to_base36(notice.pk)}-{base64.b32encode(digest).decode().lower()}"


def link_of(secret: str, kind: Notice.Kind, *, at: datetime, is_used: bool) -> Notice | None:
    """The notice whose link this is, while it works; `is_used` uses it up. None when it was used, has expired, or never
    was. Must be called in a transaction to use it up."""
    try:
        key = base36_to_int(secret.partition("-")[0])
    except ValueError:
        return None
    rows = Notice.objects.select_for_update() if is_used else Notice.objects.all()
    notice = rows.filter(pk=key, kind=kind, used_at=None, expires_at__gt=at).first()
    if notice is None or not hmac.compare_digest(secret_of(notice).encode(), secret.encode()):
        return None
    if is_used:
        notice.used_at = at
        notice.save(update_fields=["used_at"])
    return notice


def send_notices(organisation: int, *, at: datetime, limit: int = 20) -> int:
    """Sends the notices of one organisation that are due by `at`; how many were tried.

    Must be called outside a transaction: what is sent cannot be rolled back.
    """
    mail = get_connection()  # opened and closed for each mail
    return work_off(
        organisation,
        lambda: Notice.objects.filter(sent_at=None),
        lambda key, token: _send_one(organisation, key, token, at=at, mail=mail),
        at=at,
        limit=limit,
    )


def _mail_address(case: Case) -> str:
    """Who speaks for the complainant is written to instead of them, as with letters."""
    own = case.parties.filter(kind__in=_OWN).select_related("membership__user")
    by_kind = sorted(own, key=lambda party: party.kind != Party.Kind.REPRESENTATIVE)
    return next((address for address in (each.mail_address for each in by_kind) if address), "")


def _send_one(organisation: int, key: int, token: uuid.UUID, *, at: datetime, mail: BaseEmailBackend) -> None:
    try:
        with scope(organisation):
            notice = Notice.objects.select_related("case__version", "measure").filter(pk=key, token=token).first()
        if notice is None:
            return  # somebody else has it
        if notice.expires_at and notice.expires_at <= at:
            _put_off(organisation, key, token, "expired", at=at, is_final=True)
            return
        if notice.measure is not None and not notice.measure.is_open:
            _put_off(organisation, key, token, "measure_closed", at=at, is_final=True)
            return
        with scope(organisation):
            message = _message(notice, at=at)
        mail.send_messages([message])
    except Exception as problem:  # noqa: BLE001  # whatever went wrong, this one is tried again and the others go on
        error, is_final = judged(problem)
        _put_off(organisation, key, token, error, at=at, is_final=is_final)
    else:
        with scope(organisation):
            Notice.objects.filter(pk=key, token=token).update(sent_at=at, try_at=None, lease_until=None, token=None)


def _put_off(organisation: int, key: int, token: uuid.UUID, error: str, *, at: datetime, is_final: bool) -> None:
    with scope(organisation):
        notice = Notice.objects.select_for_update().filter(pk=key, token=token).first()
        if notice is None:
            return  # somebody else has it
        is_final = is_final or notice.attempts >= MAX_ATTEMPTS
        notice.try_at = None if is_final else next_try(notice.attempts, at=at)
        notice.lease_until = notice.token = None
        notice.save(update_fields=["try_at", "lease_until", "token"])
        log.warning("notice_not_sent", notice=key, error=error, attempts=notice.attempts, given_up=is_final)


def _answered_at(notice: Notice, procedure: Procedure) -> str:
    """The address that leads the complainant's answer back to the case, where mail comes in here."""
    box, case = box_of(procedure.organisation), notice.case
    if box is None or notice.member_id or case is None:
        return ""
    party = case.parties.get(kind=Party.Kind.COMPLAINANT)
    return reply_address(
        box, organisation=notice.organisation_id, case=case.pk, reference=case.reference, party=party.pk
    )


def _told_to_staff(notice: Notice) -> tuple[str, str]:
    """The words and the subject of a mail to a colleague: of what happened in the case at the instant it was made."""
    if notice.kind == Notice.Kind.LETTER:
        return "notice_letter", _("Een brief wacht op u")
    if notice.kind == Notice.Kind.MEASURE:
        return "notice_measure", _("Een maatregel die u in handen hebt")
    if notice.kind == Notice.Kind.WEBHOOK:
        return "notice_webhook", _("Een ander systeem krijgt geen meldingen")
    events = Event.objects.filter(case=notice.case, at=notice.made_at, occurrence__in=(LEFT, LOOKED, MAILED, HINDERED))
    told = {
        LEFT: ("notice_left", _("Een zaak zonder behandelaar")),
        LOOKED: ("notice_looked", _("Iemand las een zaak met een reden")),
        HINDERED: ("notice_hindered", _("Iemand kan niet oordelen over een zaak")),
        MAILED: ("notice_mailed", _("Een e-mail van een betrokkene")),
    }
    happened = events.values_list("occurrence", flat=True).first()
    return told.get(happened or "", ("notice_staff", _("Een bericht van een indiener")))


def _promised(notice: Notice, zone: ZoneInfo) -> dict[str, str]:
    """What a reminder of a measure tells beside its case: the promised day as it is now, and how far off that was."""
    if notice.measure is None:
        return {}
    due_on = notice.measure.due_on
    return {"due": wording.day(due_on), "moment": moment_of(due_on, notice.made_at.astimezone(zone).date())}


def _about_duty(notice: Notice, *, at: datetime) -> EmailMessage:
    """A mail about a yearly duty; with the report, where it is that, and its file is as it was adopted."""
    procedure = procedure_of(version_at(at))
    year = notice.year or at.year
    report = None
    with translation.override(notice.language):
        if notice.kind == Notice.Kind.REPORT:
            report = YearReport.objects.get(year=year, adopted_at__isnull=False)
            subject, body = words.report(year, procedure=procedure)
        else:
            duty = next(each for each in procedure.duties if each.name == notice.duty)
            subject, body = words.reminder(
                duty,
                year,
                due_on(duty, year),
                procedure=procedure,
                url=f"{settings.SITE_URL}/beheer/verslag/taken/{duty.name}/{year}/",
                is_late=notice.kind == Notice.Kind.DUTY_LATE,
            )
    mail = mailing.plain(
        subject=subject,
        body=body,
        language=notice.language,
        sender_name=procedure.name,
        from_email=parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
        reply_to=procedure.contact.email,
        to_email=notice.to_email,
        message_id=notice.message_id,
    )
    if report is not None:
        with report.pdf.open("rb") as file:
            content = file.read()
        if hashlib.sha256(content).hexdigest() != report.sha256:
            raise ValueError("the file is not what was adopted")
        mail.attach(f"klachten-{year}-{procedure.organisation}.pdf", content, "application/pdf")
    return mail


def _message(notice: Notice, *, at: datetime) -> EmailMessage:
    if notice.case is None:
        return _about_duty(notice, at=at)
    procedure = procedure_of(notice.case.version)
    site = f"{settings.SITE_URL}/{procedure.organisation}/volgen/"
    template, address = "notice_message", site
    with translation.override(notice.language):
        subject = _("Een bericht over uw klacht")
        if notice.kind == Notice.Kind.LINK:
            template, address = "notice_link", f"{site}link/{secret_of(notice)}/"
            subject = _("Open uw klacht")
        elif notice.kind == Notice.Kind.INVITE:
            template = "notice_invite"
            address = f"{settings.SITE_URL}/{procedure.organisation}/commissie/link/{secret_of(notice)}/"
            subject = _("U bent gevraagd om een oordeel")
        elif notice.member_id:
            template, subject = _told_to_staff(notice)
            address = f"{settings.SITE_URL}/beheer/zaken/{notice.case.reference}/"
            if notice.kind == Notice.Kind.WEBHOOK:
                address = f"{settings.SITE_URL}/beheer/koppelingen/"
        told = {"url": address, "reference": notice.case.reference, "name": procedure.name}
        text = render_to_string(f"letters/{template}.txt", told | _promised(notice, zone_of(procedure)))
    return mailing.plain(
        subject=subject,
        body=text.strip() + "\n",
        language=notice.language,
        sender_name=procedure.name,
        from_email=parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
        reply_to=_answered_at(notice, procedure) or procedure.contact.email,
        to_email=notice.to_email,
        message_id=notice.message_id,
    )
