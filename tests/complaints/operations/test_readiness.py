"""Alive, ready and in time: the right codes and numbers, few queries, no personal data, and not for everybody."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from complaints.actions.fetching import fetch_mail
from complaints.actions.moments import hold_work, note_moment, resume_work
from complaints.actions.sweeping import sweep
from complaints.models import Letter, Moment
from config import embedded
from procedures.scoping import scope
from tests.complaints.factories import filed_case, published, staffed

ADDRESSES = ("/gezond/", "/gezond/gereed/", "/gezond/optijd/", "/gezond/cijfers/")
NEEDED = {"database", "disk"}


def asked(client: Client, address: str = "/gezond/optijd/", **headers: str) -> tuple[int, dict[str, Any]]:
    answer = client.get(address, headers=headers)
    return answer.status_code, json.loads(answer.content)


def just_swept() -> None:
    now = timezone.now()
    note_moment(Moment.Name.SWEEP, at=now)
    note_moment(Moment.Name.MAIL, at=now)


def test_alive_asks_nothing_of_anyone(client: Client):
    """No mark django_db: a query would fail."""
    status, told = asked(client, "/gezond/")
    assert (status, told["status"], set(told)) == (200, "alive", {"status", "seconds"})


@pytest.mark.django_db
@pytest.mark.parametrize("address", ADDRESSES)
def test_no_cache_keeps_an_answer(client: Client, address: str):
    answer = client.get(address)
    assert "no-store" in answer["Cache-Control"]
    assert client.post(address).status_code == 405


@pytest.mark.django_db
def test_all_is_well(client: Client, valkey: embedded.Valkey):
    just_swept()
    status, told = asked(client)
    assert (status, told["status"]) == (200, "ready")
    assert {name for name, each in told["findings"].items() if each["is_needed"]} == NEEDED
    assert set(told["findings"]) == NEEDED | {
        "letters",
        "deadlines",
        "notices",
        "mails",
        "deliveries",
        "heartbeat_sweep",
        "heartbeat_mail",
        "hold",
        "broker",
    }
    assert all(each["is_well"] for each in told["findings"].values())


@pytest.mark.django_db
def test_late_work_wakes_a_person_and_keeps_no_visitor_out(client: Client, valkey: embedded.Valkey):
    organisation = published("klik-onderwijs")
    staffed(organisation)
    ago = timezone.now() - timedelta(minutes=20)
    filed_case(organisation, at=ago)
    just_swept()
    status, told = asked(client)
    letters = told["findings"]["letters"]
    assert (status, told["status"], letters["is_well"]) == (503, "late", False)
    with scope(organisation.pk):
        assert letters["numbers"]["due"] == Letter.objects.filter(try_at__lte=timezone.now()).count() > 0
    assert 1200 <= letters["numbers"]["oldest_seconds"] < 1300
    assert asked(client, "/gezond/gereed/")[0] == 200


@pytest.mark.django_db
def test_silence_of_the_sweeper_is_noticed(client: Client, valkey: embedded.Valkey):
    assert asked(client)[1]["findings"]["heartbeat_sweep"]["numbers"] == {"seconds": None}, "never swept"
    ago = timezone.now() - timedelta(minutes=6)
    sweep(at=ago)
    fetch_mail(at=timezone.now())
    status, told = asked(client)
    assert status == 503
    assert not told["findings"]["heartbeat_sweep"]["is_well"]
    assert told["findings"]["heartbeat_mail"]["is_well"]
    sweep(at=timezone.now())
    sweep(at=ago)
    assert asked(client)[0] == 200, "a sweeper whose clock is behind sets nothing back"


@pytest.mark.django_db
def test_broker_that_is_away_keeps_no_complaint_out(client: Client, settings: Settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    just_swept()
    status, told = asked(client)
    assert (status, told["findings"]["broker"]["is_well"]) == (503, False)
    assert asked(client, "/gezond/gereed/")[0] == 200


@pytest.mark.django_db
def test_full_disk_is_not_ready(client: Client, valkey: embedded.Valkey, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("complaints.operations.readiness.LEAST_FREE", 2**62)
    status, told = asked(client, "/gezond/gereed/")
    assert (status, told["status"], told["findings"]["disk"]["is_well"]) == (503, "not ready", False)


def test_database_that_is_away_is_not_ready(own_database: Any, client: Client, valkey: embedded.Valkey):
    settings = connection.settings_dict
    connection.close()
    before, settings["NAME"] = settings["NAME"], "nowhere"
    try:
        status, told = asked(client, "/gezond/gereed/", host="iets.example.localhost")
        assert asked(client, "/gezond/")[0] == 200
    finally:
        connection.close()
        settings["NAME"] = before
    assert (status, told["status"], told["findings"]["database"]["problem"]) == (503, "not ready", "OperationalError")


@pytest.mark.django_db
def test_work_on_hold_is_told(client: Client, valkey: embedded.Valkey):
    just_swept()
    hold_work(at=timezone.now() - timedelta(hours=1))
    status, told = asked(client)
    assert status == 503
    assert 3600 <= told["findings"]["hold"]["numbers"]["seconds"] < 3700
    assert resume_work()
    assert not resume_work()
    assert asked(client)[0] == 200


@pytest.mark.django_db
def test_held_sweep_does_nothing():
    organisation = published("klik-onderwijs")
    staffed(organisation)
    at = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
    filed_case(organisation, at=at)
    hold_work(at=at)
    assert sweep(at=at) == 0
    with scope(organisation.pk):
        assert not Letter.objects.exclude(state=Letter.State.WAITING).exists()
    resume_work()
    assert sweep(at=at) > 0


@pytest.mark.django_db
@pytest.mark.parametrize("cases", [1, 12])
def test_costs_the_same_however_much_there_is(client: Client, cases: int):
    organisation = published("klik-onderwijs")
    staffed(organisation)
    for _ in range(cases):
        filed_case(organisation)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        client.get("/gezond/optijd/")
    assert len([each for each in queries if "SAVEPOINT" not in each["sql"]]) == 3


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("token", "networks", "headers", "address", "may"),
    [
        ("", [], {}, "127.0.0.1", False),
        ("", [], {"authorization": "Bearer "}, "127.0.0.1", False),
        ("t" * 32, [], {"authorization": f"Bearer {'t' * 32}"}, "192.0.2.1", True),
        ("t" * 32, [], {"authorization": f"Bearer {'u' * 32}"}, "192.0.2.1", False),
        ("t" * 32, [], {"authorization": f"Basic {'t' * 32}"}, "192.0.2.1", False),
        ("", ["10.0.0.0/8"], {}, "10.1.2.3", True),
        ("", ["10.0.0.0/8"], {}, "192.0.2.1", False),
        ("", ["10.0.0.0/8"], {"x-forwarded-for": "10.1.2.3"}, "192.0.2.1", False),
        ("", ["10.0.0.0/8"], {}, "", False),
    ],
)
def test_numbers_are_for_who_may_look(
    client: Client,
    settings: Settings,
    token: str,
    networks: list[str],
    headers: dict[str, str],
    address: str,
    may: bool,
):
    settings.OPERATIONS_TOKEN, settings.OPERATIONS_NETWORKS = token, networks
    for each in ADDRESSES[2:]:
        answer = client.get(each, headers=headers, REMOTE_ADDR=address)
        assert (answer.status_code == 401) is not may
        if not may:
            assert answer["WWW-Authenticate"] == "Bearer"
            assert set(json.loads(answer.content)) == {"error"}
    told = json.loads(client.get("/gezond/gereed/", headers=headers, REMOTE_ADDR=address).content)
    assert ("findings" in told) is may
    if not may:
        assert told == {"status": "ready"}, "how it goes with the work is nobody's business"
