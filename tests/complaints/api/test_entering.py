"""Who gets in with which key, and what is said to who does not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from complaints.actions.keys import KeyRefused, hashed, make_key, revoke_key
from complaints.api import entering
from complaints.models import ApiKey, Membership
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.api.conftest import SLUG, Connected
from tests.complaints.factories import published

Scope = ApiKey.Scope
TODAY = timezone.localdate


def test_secret_is_kept_nowhere(connected: Connected, organisation: Organisation):
    system = connected()
    with scope(organisation.pk):
        (row,) = ApiKey.objects.values()
    assert system.secret not in str(row)
    assert (row["secret_hash"], row["hint"]) == (hashed(system.secret), system.secret[7:11])
    assert len(system.secret) == 50


def test_without_a_key_that_works_nobody_gets_in(connected: Connected, organisation: Organisation):
    system = connected()
    other = published("klassepro")
    tries: dict[str, dict[str, str]] = {
        "none": {},
        "wrong": {"Authorization": "Bearer gehoor_nee"},
        "not ascii": {"Authorization": "Bearer ï¿½"},
        "other kind": {"Authorization": f"Basic {system.secret}"},
    }
    answers = {name: Client().get(f"/api/v1/{SLUG}/register", headers=each) for name, each in tries.items()}
    answers["of another"] = Client().get(f"/api/v1/{other.slug}/register", headers=system.headers())
    for name, answer in answers.items():
        assert answer.status_code == 401, name
        assert answer["Content-Type"] == "application/problem+json"
        assert answer["WWW-Authenticate"].startswith('Bearer realm="gehoor"')
        assert answer.json()["type"] == "urn:gehoor:problem:key"
    assert answers["wrong"].json() == answers["of another"].json()


def test_key_ends_when_it_is_revoked_or_over(
    connected: Connected, organisation: Organisation, administrator: Membership
):
    revoked, over = connected(), connected()
    assert revoked.get("register").status_code == over.get("register").status_code == 200
    with scope(organisation.pk):
        assert revoke_key(revoked.key, by=administrator, at=timezone.now())
        assert not revoke_key(revoked.key, by=administrator, at=timezone.now())
        ApiKey.objects.filter(pk=over.key.pk).update(expires_on=TODAY() - timedelta(days=1))
    assert revoked.get("register").status_code == over.get("register").status_code == 401


def test_key_may_no_more_than_it_says(connected: Connected):
    answer = connected(Scope.FILE).get("register")
    assert answer.status_code == 403
    assert answer["WWW-Authenticate"] == 'Bearer realm="gehoor", error="insufficient_scope", scope="read_register"'
    assert connected(Scope.READ).file({}).status_code == 403


def test_key_reads_nothing_once_its_maker_administers_no_more(
    connected: Connected, organisation: Organisation, administrator: Membership
):
    system = connected()
    with scope(organisation.pk):
        Membership.objects.filter(pk=administrator.pk).update(roles=["handler"])
    answer = system.get("register")
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:gehoor:problem:owner")


def test_last_use_is_kept_to_the_minute(connected: Connected, organisation: Organisation):
    system = connected()
    for _ in range(2):
        system.get("register")
    with scope(organisation.pk):
        first = ApiKey.objects.get(pk=system.key.pk).last_used_at
    assert first
    assert timezone.now() - first < timedelta(minutes=1)


def test_too_many_requests_wait(connected: Connected, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(entering, "AT_MOST", 3)
    monkeypatch.setattr("complaints.api.entering.time.time", lambda: 60.0 * 1000 + 12)
    system, other = connected(), connected()
    assert [system.get("register").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert system.get("register")["Retry-After"] == "48"
    assert other.get("register").status_code == 200


def test_guessing_goes_ever_slower_and_locks_nobody_out(connected: Connected):
    system = connected()
    guesses = [
        Client().get(f"/api/v1/{SLUG}/register", headers={"Authorization": f"Bearer gehoor_{number}"})
        for number in range(12)
    ]
    assert [each.status_code for each in guesses] == [401] * 10 + [429] * 2
    assert int(guesses[-1]["Retry-After"]) >= 1
    assert system.get("register").status_code == 200


@pytest.mark.parametrize(
    ("scopes", "days", "field"),
    [
        ([], 30, "scopes"),
        ([Scope.PERSONAL], 30, "scopes"),
        ([Scope.FILE, Scope.PERSONAL], 30, "scopes"),
        ([Scope.FILE], -1, "expires_on"),
        ([Scope.FILE], 800, "expires_on"),
    ],
)
def test_key_that_makes_no_sense_is_not_made(
    scopes: list[ApiKey.Scope], days: int, field: str, organisation: Organisation, administrator: Membership
):
    now, today = timezone.now(), TODAY()
    until = today + timedelta(days=days)
    with scope(organisation.pk), pytest.raises(KeyRefused) as refused:
        make_key("x", scopes, expires_on=until, today=today, by=administrator, at=now)
    assert refused.value.field == field


def test_everything_below_the_api_answers_as_problems(connected: Connected):
    client = connected().client
    for address in ("/api/v1/bestaat-niet/register", f"/api/v1/{SLUG}/niets", f"/api/v1/{SLUG}/", "/api/v1/", "/api/x"):
        answer = client.get(address, headers={"Accept-Language": "nl"})
        assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json"), address
        assert answer.json()["title"] == "Dit adres is er niet."
    answer = client.delete(f"/api/v1/{SLUG}/register")
    assert (answer.status_code, answer["Allow"], answer.json()["status"]) == (405, "GET", 405)
    assert client.get("/bestaat-niet/", headers={"Accept-Language": "nl"})["Content-Type"].startswith("text/html")


def test_answers_are_kept_nowhere_and_set_no_cookies(connected: Connected):
    answer = connected().get("register")
    assert "no-store" in answer["Cache-Control"]
    assert {"Authorization", "Accept-Language"} <= {each.strip() for each in answer["Vary"].split(",")}
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert not answer.cookies


def test_mistake_of_ours_is_rolled_back_and_told_without_a_trace(
    connected: Connected, organisation: Organisation, monkeypatch: pytest.MonkeyPatch
):
    system = connected()
    system.client.raise_request_exception = False

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("Jolanda Verweij")

    monkeypatch.setattr("complaints.api.reading.note_export", broken)
    answer = system.get("register")
    assert (answer.status_code, answer["Content-Type"]) == (500, "application/problem+json")
    assert "Verweij" not in answer.content.decode()
    with scope(organisation.pk):
        assert ApiKey.objects.get(pk=system.key.pk).last_used_at is None


def test_log_tells_of_no_key_and_no_address(connected: Connected, capsys: pytest.CaptureFixture[str]):
    system = connected()
    system.get("register")
    system.client.get(f"/api/v1/{SLUG}/register", headers={"Authorization": "Bearer gehoor_geheim"})
    out = "".join(capsys.readouterr())
    assert system.secret not in out
    assert "gehoor_geheim" not in out
