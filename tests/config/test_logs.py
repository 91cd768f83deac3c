"""Nothing that people wrote gets into a log, as production writes it: planted texts are sought in every line (G16)."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from logging.config import dictConfig
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from complaints.actions import drafts
from complaints.actions.receiving import keep_mail
from complaints.actions.sweeping import sweep
from config import logs
from tests.complaints.factories import definition, published, staffed
from tests.complaints.intake.test_public_pages import typed
from tests.conftest import MailServer

SLUG = "klik-onderwijs"
NAME, MAIL, PHONE, STORY = "Plantinga-Zaaizaad", "j@plantgeheim.example", "0612349876", "PLANTVERHAAL over de juf"
PLANTED = ("lantinga", "plantgeheim", "12349876", "PLANTVERHAAL", "brief-van-plant", "192.0.2.77")


@pytest.fixture
def written(settings: Settings) -> Iterator[io.StringIO]:
    """Everything that is logged, in the form of production."""
    stream = io.StringIO()
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    configuration = logs.configuration(as_json=True, level="DEBUG")
    dictConfig({**configuration, "handlers": {"stdout": {**configuration["handlers"]["stdout"], "stream": stream}}})
    yield stream
    dictConfig(settings.LOGGING)
    root.handlers[:] = before
    root.setLevel(level)


@pytest.mark.django_db
def test_nothing_that_was_planted_is_in_a_log(
    written: io.StringIO, smtp_server: MailServer, media_folder: Path, monkeypatch: pytest.MonkeyPatch
):
    organisation = published(SLUG)
    staffed(organisation)
    visitor = Client(REMOTE_ADDR="192.0.2.77", raise_request_exception=False)
    answers = typed(
        definition(SLUG), nonce="n" * 43, name=NAME, email=MAIL, phone=PHONE, description=STORY, subject=STORY
    )
    lot = [SimpleUploadedFile("brief-van-plant.exe", STORY.encode())]
    visitor.post(f"/{SLUG}/indienen/", {**answers, "files": lot, "step": "check"})
    assert visitor.post(f"/{SLUG}/indienen/", {**answers, "step": "send"}).status_code == 201
    visitor.get(f"/{SLUG}/volgen/link/{'plantgeheim'}/?q={NAME}")
    visitor.post(f"/{SLUG}/volgen/", {"reference": NAME, "code": STORY})
    visitor.post("/beheer/login/", {"login": MAIL, "password": STORY})
    smtp_server.answer = f"550 {MAIL} does not exist"
    now = datetime.now(UTC)
    sweep(at=now)
    keep_mail(organisation.pk, f"From: {MAIL}\r\nSubject: {NAME}\r\n\r\n{STORY}".encode(), arrived_at=now, at=now)

    def breaks(*_: object, **__: object) -> int:
        try:
            raise KeyError(NAME)
        except KeyError as problem:
            raise ValueError(f"{STORY} by {NAME}") from problem

    monkeypatch.setattr(drafts, "forget_expired", breaks)
    sweep(at=now)
    monkeypatch.setattr("complaints.intake.views.page_of", breaks)
    assert visitor.get(f"/{SLUG}/").status_code == 500
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    events = {line["event"] for line in lines}
    assert {"letter_not_sent", "sweep_failed"} <= events
    assert any(line["event"].startswith("Internal Server Error") for line in lines)
    broken = next(line for line in lines if line["event"] == "sweep_failed")
    assert "builtins.KeyError\nTraceback:" in broken["exception"], "where it broke is told, and what kind it was"
    assert "in breaks" in broken["exception"]
    found = [(each, line) for line in written.getvalue().splitlines() for each in PLANTED if each in line]
    assert found == []
