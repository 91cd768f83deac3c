"""One sender for each mail: leases that are over, sweeps that take long, what is no fault of the mail itself."""

from __future__ import annotations

import os
import signal
import smtplib
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from complaints import nudge
from complaints.actions import posting, send_waiting
from complaints.actions.leasing import LEASE, claim, judged
from complaints.actions.sweeping import sweep_by
from complaints.letters import mailing
from complaints.models import Letter
from config import embedded
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import filed_case, published, staffed
from tests.conftest import MailServer

SLUG = "o21"  # a complaint there brings mails to colleagues, without a PDF to render
NOW = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)


@pytest.fixture
def organisation(db: None) -> Organisation:
    organisation = published(SLUG)
    staffed(organisation)
    filed_case(organisation, at=NOW)
    return organisation


def waiting(organisation: Organisation) -> int:
    with scope(organisation.pk):
        return Letter.objects.filter(state=Letter.State.WAITING).count()


def test_sender_that_slept_through_its_lease_sends_nothing(organisation: Organisation, smtp_server: MailServer):
    with scope(organisation.pk):
        [(key, token)] = claim(Letter.objects.all(), at=NOW, limit=1)
        [(again, other)] = claim(Letter.objects.filter(pk=key), at=NOW + LEASE, limit=1)
    assert again == key
    assert other != token
    posting._send_one(organisation.pk, key, token, at=NOW, mail=get_connection())
    assert smtp_server.messages == []
    posting._send_one(organisation.pk, key, other, at=NOW + LEASE, mail=get_connection())
    assert len(smtp_server.messages) == 1


def test_sweep_asks_for_the_moment_again(organisation: Organisation, smtp_server: MailServer):
    moments = iter(range(1_000))
    sweep_by(lambda: NOW + timedelta(minutes=next(moments)))
    with scope(organisation.pk):
        assert {letter.state for letter in Letter.objects.all()} == {Letter.State.SENT}
        assert min(letter.sent_at for letter in Letter.objects.all() if letter.sent_at) > NOW


def test_sweep_that_takes_too_long_leaves_the_rest_to_the_next(organisation: Organisation, smtp_server: MailServer):
    assert sweep_by(lambda: NOW, longest=-1) == 0
    assert waiting(organisation) > 0
    assert sweep_by(lambda: NOW) >= len(smtp_server.messages) > 0
    assert waiting(organisation) == 0


def test_no_more_letters_are_tried_than_asked(organisation: Organisation, smtp_server: MailServer):
    count = waiting(organisation)
    assert send_waiting(organisation.pk, at=NOW, limit=1) == 1
    assert waiting(organisation) == count - 1


@pytest.mark.parametrize(
    ("problem", "error", "is_final"),
    [
        (smtplib.SMTPRecipientsRefused({"a": (550, b"no")}), "smtp_550", True),
        (smtplib.SMTPDataError(554, b"no"), "smtp_554", True),
        (smtplib.SMTPDataError(451, b"later"), "smtp_451", False),
        (smtplib.SMTPAuthenticationError(535, b"wrong"), "SMTPAuthenticationError_535", False),
        (smtplib.SMTPSenderRefused(550, b"not you", "a"), "SMTPSenderRefused_550", False),
        (TimeoutError(), "TimeoutError", False),
    ],
)
def test_server_that_refuses_us_is_no_fault_of_the_mail(problem: Exception, error: str, is_final: bool):
    assert judged(problem) == (error, is_final)


def test_mail_has_the_same_bytes_each_time_and_attached_mails_stay_as_they_are():
    attached = b"From: a@wilgenroos.example\nSubject: x\nContent-Type: multipart/mixed; boundary=theirs\n\n--theirs--\n"

    def body() -> bytes:
        mail = mailing.plain(
            subject="s",
            body="woorden",
            language="nl",
            sender_name="n",
            from_email="a@wilgenroos.example",
            to_email="b@wilgenroos.example",
            message_id="<1@wilgenroos.example>",
        )
        assert isinstance(mail, EmailMessage)
        mail.attach("brief.pdf", b"%PDF", "application/pdf")
        mail.attach("bericht.eml", attached.decode(), "message/rfc822")
        content: bytes = mail.message().as_bytes()
        return content.partition(b"\n\n")[2]

    assert body() == body()
    assert b"boundary=theirs" in body() or b'boundary="theirs"' in body()


def test_broker_that_answers_nobody_is_waited_for_once(valkey: embedded.Valkey, caplog: pytest.LogCaptureFixture):
    os.kill(valkey.pid, signal.SIGSTOP)
    try:
        nudge.workers()
        nudge.workers()
    finally:
        os.kill(valkey.pid, signal.SIGCONT)
        nudge._Silence.until = 0.0
    assert len([each for each in caplog.records if "nudge_failed" in each.getMessage()]) == 1


def test_broker_that_is_gone_refuses_at_once_and_is_asked_again():
    wrapped = RuntimeError()
    wrapped.__cause__ = ConnectionRefusedError()
    assert not nudge._is_silence(wrapped)
    wrapped.__cause__ = TimeoutError()
    assert nudge._is_silence(wrapped)


def test_sweeper_waits_for_a_database_that_is_away():
    away = "postgresql://gehoor_app@/none?host=%2Fnowhere"
    sweeper = subprocess.Popen(
        [sys.executable, "manage.py", "sweep", "--loop", "--every", "0.1"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": away, "OWNER_DATABASE_URL": away},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        waits = (line for line in sweeper.stdout or () if "sweep_without_database" in line)
        assert next(waits, "")
        assert next(waits, "")
    finally:
        sweeper.terminate()
    assert sweeper.wait(timeout=40) == 0
