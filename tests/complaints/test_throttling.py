"""Who tries too often is slowed down, never locked out, and nobody else with them (G9)."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connections
from django.http import HttpRequest
from django.test import RequestFactory
from pytest_django import Settings

from complaints import throttling
from complaints.actions.sweeping import sweep
from complaints.models import Attempt
from procedures.models import Organisation
from procedures.scoping import NoScope, scope
from tests.complaints.factories import published
from tests.conftest import OwnDatabase

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def came_from(address: str, **headers: Any) -> HttpRequest:
    return RequestFactory().post("/", REMOTE_ADDR=address, **headers)


def tried(request: HttpRequest, times: int, *, what: str = "code", at: datetime = NOW) -> None:
    for _ in range(times):
        throttling.count(request, what, at=at)


@pytest.fixture
def organisation(db: None) -> Organisation:
    return published("klik-onderwijs")


@pytest.mark.parametrize(("what", "free"), [("code", 5), ("link", 3), ("file", 10)])
def test_delays_grow_to_half_a_minute_and_no_further(organisation: Organisation, what: str, free: int):
    request = came_from("192.0.2.1")
    with scope(organisation.pk):
        at, waited = NOW, []
        for _ in range(free + 8):
            wait = throttling.wait_for(request, what, at=at)
            waited.append(wait)
            at += wait * SECOND
            assert throttling.wait_for(request, what, at=at) == 0
            throttling.count(request, what, at=at)
        assert waited == [0] * free + [1, 2, 4, 8, 16, 30, 30, 30]


def test_tries_while_waiting_make_nobody_wait_longer(organisation: Organisation):
    request = came_from("192.0.2.1")
    with scope(organisation.pk):
        tried(request, 8)
        waits = [throttling.wait_for(request, "code", at=NOW + second * SECOND) for second in range(9)]
    assert waits == [8, 7, 6, 5, 4, 3, 2, 1, 0]


def test_part_of_a_second_is_a_second_to_wait(organisation: Organisation):
    request = came_from("192.0.2.1")
    with scope(organisation.pk):
        tried(request, 5)
        assert throttling.wait_for(request, "code", at=NOW + timedelta(milliseconds=1)) == 1


def test_other_visitors_kinds_and_organisations_are_not_slowed(organisation: Organisation):
    request = came_from("192.0.2.1")
    other = published("klassepro")
    with scope(organisation.pk):
        tried(request, 30)
        assert throttling.wait_for(request, "code", at=NOW) == 30
        assert throttling.wait_for(request, "link", at=NOW) == 0
        assert throttling.wait_for(came_from("192.0.2.2"), "code", at=NOW) == 0
        visitor = Attempt.objects.get().visitor
    with scope(other.pk):
        assert throttling.wait_for(request, "code", at=NOW) == 0
        tried(request, 1)
        assert Attempt.objects.get().visitor != visitor, "what one organisation keeps says nothing at another"


def test_who_knew_after_all_is_forgiven(organisation: Organisation):
    request = came_from("192.0.2.1")
    with scope(organisation.pk):
        tried(request, 9)
        tried(request, 9, what="link")
        throttling.forgive(request, "code")
        assert throttling.wait_for(request, "code", at=NOW) == 0
        assert throttling.wait_for(request, "link", at=NOW) > 0


def test_quarter_of_an_hour_of_quiet_is_a_new_start(organisation: Organisation):
    request = came_from("192.0.2.1")
    with scope(organisation.pk):
        tried(request, 9)
        tried(request, 1, at=NOW + timedelta(minutes=14))
        at = NOW + timedelta(minutes=16)
        tried(request, 1, at=at)
        assert throttling.wait_for(request, "code", at=at) == 30, "the fourteen minutes were not quiet"
        later = at + throttling.QUIET
        tried(request, 1, at=later)
        assert Attempt.objects.get().count == 1


def test_sweep_deletes_what_was_forgotten_and_nothing_else(organisation: Organisation):
    with scope(organisation.pk):
        tried(came_from("192.0.2.1"), 2)
        tried(came_from("192.0.2.2"), 2, at=NOW + timedelta(minutes=1))
        sweep(at=NOW + throttling.QUIET - SECOND)
        assert Attempt.objects.count() == 2
        sweep(at=NOW + throttling.QUIET)
        assert Attempt.objects.count() == 1


@pytest.mark.parametrize(
    ("one", "other", "are_same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),  # one household has a /64
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("", "/run/gunicorn.sock", True),
    ],
)
def test_visitor_is_a_network(organisation: Organisation, one: str, other: str, are_same: bool):
    with scope(organisation.pk):
        tried(came_from(one), 9)
        assert (throttling.wait_for(came_from(other), "code", at=NOW) > 0) is are_same


@pytest.mark.parametrize(
    ("proxies", "forwarded", "visitor"),
    [
        (0, "198.51.100.7", "192.0.2.1"),  # no proxy: anybody may write that header
        (1, "198.51.100.7", "198.51.100.7"),
        (1, "203.0.113.9, 198.51.100.7", "198.51.100.7"),  # the left one was written by the visitor
        (2, "203.0.113.9, 198.51.100.7, 10.0.0.1", "198.51.100.7"),
        (2, "198.51.100.7", "192.0.2.1"),  # did not come through both
        (1, "198.51.100.7:4711", "198.51.100.7"),
        (1, "[2001:db8::7]:4711", "2001:db8::7"),
        (1, "", "192.0.2.1"),
    ],
)
def test_forwarded_address_is_believed_as_far_as_our_own_proxies_reach(
    organisation: Organisation, settings: Settings, proxies: int, forwarded: str, visitor: str
):
    with scope(organisation.pk):
        settings.TRUSTED_PROXIES = 0
        tried(came_from(visitor), 9)
        settings.TRUSTED_PROXIES = proxies
        assert throttling.wait_for(came_from("192.0.2.1", HTTP_X_FORWARDED_FOR=forwarded), "code", at=NOW) > 0
        assert Attempt.objects.count() == 1


def test_address_is_not_kept(organisation: Organisation):
    with scope(organisation.pk):
        tried(came_from("192.0.2.1"), 1)
        row = Attempt.objects.values().get()
    assert "192.0.2" not in str(row)
    assert len(row["visitor"]) == 64


def test_without_scope_nothing_is_counted():
    with pytest.raises(NoScope):
        throttling.wait_for(came_from("192.0.2.1"), "code", at=NOW)


def test_tries_at_once_take_turns(own_database: OwnDatabase):
    """Forty guesses at the same moment are no forty free ones."""
    organisation = published("klik-onderwijs")
    request = came_from("192.0.2.1")
    gate = threading.Barrier(40)
    went_on: list[bool] = []

    def guess() -> None:
        gate.wait()
        with scope(organisation.pk):
            if throttling.wait_for(request, "code", at=NOW) == 0:
                throttling.count(request, "code", at=NOW)
                went_on.append(True)
        connections.close_all()

    threads = [threading.Thread(target=guess) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with scope(organisation.pk):
        assert (len(went_on), Attempt.objects.get().count) == (5, 5)
