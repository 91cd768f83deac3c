"""A real Celery worker, woken by the nudge that goes out on commit, sends the letters of an act within seconds."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from celery import current_app
from django.conf import settings
from django.utils import timezone

from complaints.models import Deadline, Letter
from config import embedded
from procedures.scoping import scope
from tests.complaints.factories import filed_case, published, staffed
from tests.conftest import MailServer, OwnDatabase

SLUG = "klik-onderwijs"
PATIENCE = 40  # seconds; the beat, which is not running here, would come every 30


def test_worker_sends_what_was_filed_without_waiting_for_the_beat(
    own_database: OwnDatabase, valkey: embedded.Valkey, smtp_server: MailServer, media_folder: Path
):
    organisation = published(SLUG)
    staffed(organisation)
    environment = {
        **own_database.environment,
        "REDIS_URL": valkey.url(),
        "EMAIL_URL": smtp_server.url,
        "MEDIA_ROOT": str(media_folder),
    }
    command = [sys.executable, "-m", "celery", "-q", "-A", "config", "worker", "--concurrency", "1", "--pool", "solo"]
    worker = subprocess.Popen(
        [*command, "--without-gossip", "--without-mingle"],
        cwd=settings.BASE_DIR,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        # Three weeks ago: time has brought reminders and an escalation with it.
        filed_case(organisation, at=timezone.now() - timedelta(days=21), recorded_at=timezone.now())
        assert current_app.conf.broker_url
        _wait_until(lambda: not _waiting(organisation.pk))
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(timeout=60)
    with scope(organisation.pk):
        letters = {letter.name for letter in Letter.objects.filter(state=Letter.State.SENT)}
        assert Deadline.objects.get(rule="acknowledgement").status == Deadline.Status.MISSED
    assert letters <= {"new_complaint", "escalation", "reminder"}  # no reminder of what is over
    assert {"new_complaint", "escalation"} <= letters
    assert all("Jolanda" not in message["Subject"] for message in smtp_server.messages)


def _waiting(organisation: int) -> int:
    with scope(organisation):
        return Letter.objects.filter(state=Letter.State.WAITING).count()


def _wait_until(done: object) -> None:
    started = time.monotonic()
    while not done():  # type: ignore[operator]
        if time.monotonic() - started > PATIENCE:
            pytest.fail("the worker did not send the letters")
        time.sleep(0.2)
