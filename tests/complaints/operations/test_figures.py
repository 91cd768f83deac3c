"""The figures for Prometheus: of several processes together, whole after a kill, and without anything personal."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from complaints import counting, uploads
from complaints.actions.receiving import keep_mail
from complaints.actions.sweeping import sweep
from tests.complaints.factories import filed_case, published, staffed
from tests.conftest import MailServer

LINE = re.compile(r"^(gehoor_\w+?)(?:\{(.*)\})? ([-+.\de]+)$", re.MULTILINE)
LABEL = re.compile(r'(\w+)="([^"]*)"')
PERSON, PLACE = "Plantinga-Geheim", "geheim@plantinga.example"
COUNTS = """
import os, sys, django
django.setup()
from complaints import counting
print("ready", flush=True)
for line in sys.stdin:
    if line.startswith("fork"):
        if os.fork() == 0:
            counting.count(counting.TASKS, "counted", "SUCCESS")
            os._exit(0)
        os.wait()
    else:
        counting.count(counting.TASKS, "counted", "SUCCESS")
    print("done", flush=True)
"""


def figures(client: Client) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    told = client.get("/gezond/cijfers/").content.decode()
    return {(name, frozenset(LABEL.findall(labels or ""))): float(value) for name, labels, value in LINE.findall(told)}


def of(client: Client, name: str, **labels: str) -> float:
    return figures(client).get((f"gehoor_{name}", frozenset(labels.items())), 0.0)


class Process:
    """One more process of this machine that counts."""

    def __init__(self) -> None:
        self.popen = subprocess.Popen(
            [sys.executable, "-c", COUNTS],
            cwd=django_settings.BASE_DIR,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings_test"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._hear()

    def does(self, word: str) -> None:
        assert self.popen.stdin
        self.popen.stdin.write(f"{word}\n")
        self.popen.stdin.flush()
        self._hear()

    def kill(self) -> None:
        self.popen.send_signal(signal.SIGKILL)
        self.popen.wait()

    def _hear(self) -> None:
        assert self.popen.stdout
        assert self.popen.stdout.readline()


@pytest.mark.django_db
def test_several_processes_are_added_up_and_a_dead_one_leaves_its_count(client: Client):
    before = of(client, "tasks_total", task="counted", state="SUCCESS")
    first, second = Process(), Process()
    for process in (first, second, first):
        process.does("count")
    files = len(list(counting.folder().glob("*.db")))
    first.does("fork")  # as a worker's child
    assert of(client, "tasks_total", task="counted", state="SUCCESS") - before == 4
    first.kill()
    third = Process()
    third.does("count")
    second.kill()
    third.kill()
    assert of(client, "tasks_total", task="counted", state="SUCCESS") - before == 5, "nothing counted is lost"
    assert len(list(counting.folder().glob("*.db"))) <= files + 2, "a dead process's files are taken over"


@pytest.mark.django_db
def test_requests_are_counted_by_view_and_status(client: Client):
    organisation = published("klik-onderwijs")
    names = {"view": "organisation", "status": "200"}, {"view": "none", "status": "404"}
    before = [of(client, "requests_total", **each) for each in names]
    client.get(f"/{organisation.slug}/")
    client.get(f"/{organisation.slug}/{PERSON}/nergens/?q={PLACE}")
    assert [of(client, "requests_total", **each) for each in names] == [number + 1 for number in before]
    assert of(client, "request_seconds_count", view="organisation") >= 1


@pytest.mark.django_db
def test_letters_sweeps_uploads_and_mails_are_counted(
    client: Client, smtp_server: MailServer, media_folder: Path, settings: Settings
):
    organisation = published("klik-onderwijs")
    staffed(organisation)
    at = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
    before = figures(client)
    filed_case(organisation, at=at, name=PERSON, email=PLACE)
    sweep(at=at)
    with pytest.raises(uploads.UploadRefused):
        uploads.content_type_of(SimpleUploadedFile(f"{PERSON}.exe", b"MZ"))
    raw = f"From: {PLACE}\r\nSubject: {PERSON}\r\n\r\n{PERSON}".encode()
    assert keep_mail(organisation.pk, raw, arrived_at=at, at=at)
    assert not keep_mail(organisation.pk, raw, arrived_at=at, at=at)

    def more(name: str, **labels: str) -> float:
        key = (f"gehoor_{name}_total", frozenset(labels.items()))
        return figures(client).get(key, 0.0) - before.get(key, 0.0)

    assert more("letters", outcome="sent") == len(smtp_server.messages) > 0
    assert more("sweeps", outcome="whole") == 1
    assert more("uploads_refused", why="kind") == 1
    assert (more("mails_in", outcome="kept"), more("mails_in", outcome="twice")) == (1, 1)
    told = client.get("/gezond/cijfers/").content.decode()
    for planted in (PERSON, PLACE, "Plantinga", organisation.slug, organisation.name):
        assert planted not in told
    assert "organisation" not in {label for _, labels in figures(client) for label, _ in labels}


@pytest.mark.django_db
def test_what_the_tables_say_stands_beside_it(client: Client):
    told = figures(client)
    assert told["gehoor_ready", frozenset()] == 1
    assert told["gehoor_letters_due", frozenset()] == 0
    assert told["gehoor_disk_free_bytes", frozenset()] > 0
    assert told["gehoor_well", frozenset({("part", "heartbeat_sweep")})] == 0


@pytest.mark.django_db
def test_folder_that_cannot_be_written_stops_the_counting_alone(
    client: Client, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "file").touch()
    settings.METRICS_FOLDER = tmp_path / "file" / "metrics"
    monkeypatch.setattr(counting._Slot, "process", 0)
    monkeypatch.setattr(counting._Slot, "handle", -1)
    monkeypatch.setattr(counting._Slot, "is_broken", False)
    assert client.get("/gezond/").status_code == 200
    assert counting._Slot.is_broken
    monkeypatch.undo()
