"""Killing workers while letters are due loses none (G2, in short): real processes, a real mail server, kill -9."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from complaints.models import Letter
from procedures.scoping import scope
from tests.complaints.factories import definition, filed_case, published, staffed
from tests.complaints.letters.frozen import is_frozen
from tests.conftest import MailServer, OwnDatabase

SLUG = "klimkoord"  # a complaint there brings a letter to the complainant at once, and mails to colleagues
CASES = 10
KILLS = 3
SENT_BEFORE_A_KILL = 4


def test_killed_sweepers_lose_no_letter(own_database: OwnDatabase, smtp_server: MailServer, media_folder: Path):
    organisation = published(SLUG)
    staffed(organisation)
    at = timezone.now() - timedelta(minutes=1)
    for _ in range(CASES):
        filed_case(organisation, at=at)
    environment = {
        **own_database.environment,
        "EMAIL_URL": smtp_server.url,
        "MEDIA_ROOT": str(media_folder),
        "REDIS_URL": "redis://127.0.0.1:1/0",  # no broker at all
    }
    started = time.monotonic()
    kills = 0
    while (before := _waiting(organisation.pk)) and time.monotonic() - started < 60:
        sweeper = subprocess.Popen(
            [sys.executable, "manage.py", "sweep", "--loop", "--every", "0.2"],
            cwd=settings.BASE_DIR,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while (left := _waiting(organisation.pk)) and time.monotonic() - started < 60:
            if kills < KILLS and before - left >= SENT_BEFORE_A_KILL:
                sweeper.send_signal(signal.SIGKILL)
                kills += 1
                _end_leases(organisation.pk)
                break
            time.sleep(0.05)
        else:
            sweeper.terminate()
        sweeper.wait(timeout=40)
    with scope(organisation.pk):
        letters = list(Letter.objects.all())
    assert {letter.name for letter in letters if letter.pdf} == {"acknowledgement"}
    assert len([letter for letter in letters if letter.pdf]) == CASES
    assert all(is_frozen(letter, definition(SLUG)) for letter in letters)
    assert {letter.state for letter in letters} == {Letter.State.SENT}
    assert kills == KILLS
    transmissions = [message["Message-ID"] for message in smtp_server.messages]
    assert set(transmissions) == {letter.message_id for letter in letters}
    assert len(transmissions) <= len(letters) + kills  # at most the one that was on its way when the sender died
    content_of: dict[str, list[object]] = {}
    for message in smtp_server.messages:
        content = [part.get_content() for part in message.walk() if not part.is_multipart()]
        assert content_of.setdefault(message["Message-ID"], content) == content


def test_two_sweepers_at_once_send_nothing_twice(
    own_database: OwnDatabase, smtp_server: MailServer, media_folder: Path
):
    organisation = published(SLUG)
    staffed(organisation)
    for _ in range(8):
        filed_case(organisation, at=timezone.now() - timedelta(minutes=1))
    environment = {
        **own_database.environment,
        "EMAIL_URL": smtp_server.url,
        "MEDIA_ROOT": str(media_folder),
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }
    sweepers = [
        subprocess.Popen(
            [sys.executable, "manage.py", "sweep"],
            cwd=settings.BASE_DIR,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(2)
    ]
    for sweeper in sweepers:
        assert sweeper.wait(timeout=40) == 0
    with scope(organisation.pk):
        letters = list(Letter.objects.all())
    transmissions = [message["Message-ID"] for message in smtp_server.messages]
    assert sorted(transmissions) == sorted(letter.message_id for letter in letters)


def test_nudge_without_a_broker_is_swallowed(own_database: OwnDatabase, smtp_server: MailServer):
    organisation = published(SLUG)
    staffed(organisation)
    case = filed_case(organisation)  # commits, and nudges a broker that is not there
    assert case.reference


def _waiting(organisation: int) -> int:
    with scope(organisation):
        return Letter.objects.filter(state=Letter.State.WAITING).count()


def _end_leases(organisation: int) -> None:
    """As if the five minutes of a lease were over."""
    now = timezone.now()
    with scope(organisation):
        Letter.objects.filter(state=Letter.State.WAITING, lease_until__isnull=False).update(lease_until=now, try_at=now)
