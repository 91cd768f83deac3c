"""Who is asked to stop (TERM) finishes what it does: the web server its requests, a worker its sweep."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import psutil
import pytest
from django.conf import settings
from django.utils import timezone

from complaints import nudge
from complaints.models import Letter
from config import embedded
from procedures.scoping import scope
from tests.complaints.factories import filed_case, published, staffed
from tests.config.test_running import free_port
from tests.conftest import MailServer, OwnDatabase

SLUG = "klik-onderwijs"
PATIENCE = 60  # seconds on a busy machine


def started(*command: str, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=settings.BASE_DIR,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def wait_until(done: object, what: str) -> None:
    until = time.monotonic() + PATIENCE
    while not done():  # type: ignore[operator]
        if time.monotonic() > until:
            pytest.fail(f"{what} did not come")
        time.sleep(0.05)


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2):
            return True
    except OSError:
        return False


def test_web_server_answers_what_it_was_asked_before_it_stops(own_database: OwnDatabase):
    published(SLUG)
    site = f"http://127.0.0.1:{(port := free_port())}"
    server = started(
        *("gunicorn", "-c", "config/gunicorn.py", "config.wsgi"),
        environment={**own_database.environment, "WEB_BIND": f"127.0.0.1:{port}", "WEB_WORKERS": "1"},
    )
    got: list[int] = []

    def ask() -> None:
        try:
            with urllib.request.urlopen(f"{site}/{SLUG}/", timeout=PATIENCE) as answer:
                got.append(answer.status)
        except OSError:
            got.append(0)

    try:
        wait_until(lambda: answers(f"{site}/gezond/"), "the site")
        with own_database.connect("owner") as owner:
            owner.execute("BEGIN")
            owner.execute("LOCK TABLE procedures_organisation")  # so that the request is in the middle of its work
            asking = threading.Thread(target=ask)
            asking.start()
            wait_until(
                lambda: owner.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone() == (1,),
                "the request",
            )
            server.send_signal(signal.SIGTERM)
            time.sleep(1)
            assert server.poll() is None, "it waits for the request"
            assert got == []
            owner.execute("COMMIT")
        asking.join(PATIENCE)
        assert got == [200]
        assert server.wait(PATIENCE) == 0
    finally:
        server.kill()
        server.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT])
def test_worker_ends_its_sweep_before_it_stops(
    own_database: OwnDatabase,
    valkey: embedded.Valkey,
    smtp_server: MailServer,
    media_folder: Path,
    number: int,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(nudge._Silence, "until", 0.0)  # another test may have had no broker
    organisation = published(SLUG)
    staffed(organisation)
    filed_case(organisation, at=timezone.now())
    with scope(organisation.pk):
        waiting = Letter.objects.filter(state=Letter.State.WAITING).count()
    assert waiting > 0
    with own_database.connect("owner") as owner:
        owner.execute("BEGIN")
        owner.execute("LOCK TABLE complaints_letter")  # so that the sweep is in the middle of its work
        worker = started(
            *("celery", "-q", "-A", "config", "worker", "--concurrency", "1", "--without-gossip", "--without-mingle"),
            environment={
                **own_database.environment,
                "REDIS_URL": valkey.url(),
                "EMAIL_URL": smtp_server.url,
                "MEDIA_ROOT": str(media_folder),
            },
        )
        try:
            wait_until(
                lambda: owner.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone() == (1,), "the sweep"
            )
            worker.send_signal(number)
            time.sleep(1)
            assert worker.poll() is None, "it waits for the sweep"
            owner.execute("COMMIT")
            assert worker.wait(PATIENCE) == 0
        finally:
            for child in psutil.Process(worker.pid).children(recursive=True) if worker.poll() is None else []:
                child.kill()
            worker.kill()
            worker.wait()
    with scope(organisation.pk):
        assert not Letter.objects.filter(state=Letter.State.WAITING).exists()
    assert len(smtp_server.messages) == waiting, "each left once"
