"""Short mails: to whom, what they say, that each leaves, and what a link in one opens (G9, G16)."""

from __future__ import annotations

import io
import logging
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from logging.config import dictConfig
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from gunicorn.config import Config
from pytest_django import Settings

from complaints.actions import ask_link, keep_draft, link_works, send_notices, use_link, write_notice
from complaints.actions.leasing import LEASE, claim
from complaints.actions.notices import secret_of
from complaints.actions.sweeping import sweep
from complaints.models import Case, Deadline, Draft, Notice, Party
from config import logs
from config.gunicorn import AccessLog, access_log_format
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import filed_case, member, published, staffed
from tests.conftest import MailServer, OwnDatabase

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
EMAIL = "j.verweij@wilgenroos.example"
NOTICES, KILLS = 90, 3


@pytest.fixture
def organisation(db: None) -> Organisation:
    return published("klik-onderwijs")


@pytest.fixture
def case(organisation: Organisation) -> Iterator[Case]:
    filed = filed_case(organisation, at=NOW)
    with scope(organisation.pk):
        yield filed


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What the log of this installation holds."""
    stream = io.StringIO()
    chosen = logs.configuration(as_json=True, level="INFO")
    chosen["handlers"]["stdout"]["stream"] = stream
    dictConfig(chosen)
    yield stream
    logs.configure(settings.LOGGING)
    logging.captureWarnings(False)


def links() -> list[Notice]:
    return list(Notice.objects.filter(kind=Notice.Kind.LINK))


# --- To whom, and what it says ----------------------------------------------------------------------------------------


def test_link_is_mailed_to_who_complains(case: Case, smtp_server: MailServer):
    ask_link(case.reference.lower() + " ", EMAIL.upper(), at=NOW)
    assert send_notices(case.organisation_id, at=NOW) == 1
    (mail,) = smtp_server.messages
    assert smtp_server.recipients == [[EMAIL]]
    (notice,) = links()
    assert (notice.sent_at, notice.try_at, notice.token) == (NOW, None, None)
    assert mail["Subject"] == "Open uw klacht"
    assert mail["Message-ID"] == notice.message_id
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["From"].addresses[0].display_name == "Klik Onderwijs"
    lines = mail.get_content().splitlines()
    assert f"http://localhost:8000/klik-onderwijs/volgen/link/{secret_of(notice)}/" in lines
    assert case.reference not in mail.as_string()
    assert "Jolanda" not in mail.as_string()


def test_message_is_told_of_but_not_told(case: Case, smtp_server: MailServer, organisation: Organisation):
    handler = member(organisation, "Marieke Wit", "handler")
    write_notice(case, Notice.Kind.MESSAGE, at=NOW)
    write_notice(case, Notice.Kind.MESSAGE, at=NOW, member=handler)
    assert send_notices(organisation.pk, at=NOW) == 2
    to_complainant, to_staff = smtp_server.messages
    assert smtp_server.recipients == [[EMAIL], [handler.user.email]]
    assert to_complainant["Subject"] == "Een bericht over uw klacht"
    assert "http://localhost:8000/klik-onderwijs/volgen/" in to_complainant.get_content().splitlines()
    assert case.reference in to_complainant.get_content()
    assert to_staff["Subject"] == "Een bericht van een indiener"
    assert f"http://localhost:8000/beheer/zaken/{case.reference}/" in to_staff.get_content().splitlines()


def test_who_speaks_for_the_complainant_is_written_to(case: Case):
    Party.objects.create(case=case, kind=Party.Kind.REPRESENTATIVE, name="Mr. Pleit", email="pleit@recht.example")
    notice = write_notice(case, Notice.Kind.MESSAGE, at=NOW)
    assert notice
    assert notice.to_email == "pleit@recht.example"
    ask_link(case.reference, EMAIL, at=NOW)
    ask_link(case.reference, "pleit@recht.example", at=NOW)
    assert [each.to_email for each in links()] == [EMAIL, "pleit@recht.example"]


def test_colleague_who_gave_no_address_is_reached_at_their_account(case: Case, organisation: Organisation):
    colleague = member(organisation, "Noor Bakker", "csm")
    Party.objects.filter(case=case, kind=Party.Kind.COMPLAINANT).update(email="", membership=colleague)
    ask_link(case.reference, colleague.user.email, at=NOW)
    assert [each.to_email for each in links()] == [colleague.user.email]


def test_nobody_is_written_to_without_an_address(case: Case):
    Party.objects.filter(case=case).update(email="")
    assert write_notice(case, Notice.Kind.MESSAGE, at=NOW) is None
    ask_link(case.reference, "", at=NOW)
    assert not Notice.objects.exists()


@pytest.mark.parametrize(
    ("reference", "email"),
    [("KO-2026-9999", EMAIL), (None, "ander@wilgenroos.example"), (None, "betrokkene@wilgenroos.example"), ("", "")],
)
def test_number_and_address_that_do_not_belong_together_write_nothing(case: Case, reference: str | None, email: str):
    Party.objects.create(
        case=case, kind=Party.Kind.RESPONDENT, name="Betrokkene", email="betrokkene@wilgenroos.example"
    )
    ask_link(case.reference if reference is None else reference, email, at=NOW)
    assert not Notice.objects.exists()


def test_case_has_at_most_three_links_at_once(case: Case):
    for _ in range(5):
        ask_link(case.reference, EMAIL, at=NOW)
    assert len(links()) == 3
    use_link(secret_of(links()[0]), at=NOW)
    ask_link(case.reference, EMAIL, at=NOW + HOUR / 2)
    assert len(links()) == 3, "using one up makes no room: the mailbox is as full"
    ask_link(case.reference, EMAIL, at=NOW + HOUR)
    assert len(links()) == 4


# --- What a link opens ------------------------------------------------------------------------------------------------


def asked_for(case: Case, *, at: datetime = NOW) -> str:
    notice = write_notice(case, Notice.Kind.LINK, at=at)
    assert notice
    return secret_of(notice)


def test_link_opens_its_case_once(case: Case):
    secret = asked_for(case)
    assert link_works(secret, at=NOW)
    assert link_works(secret, at=NOW), "looking changes nothing"
    assert use_link(secret, at=NOW) == case.pk
    assert not link_works(secret, at=NOW)
    assert use_link(secret, at=NOW) is None


def test_link_works_for_an_hour(case: Case):
    secret = asked_for(case)
    assert link_works(secret, at=NOW + HOUR - timedelta(microseconds=1))
    assert not link_works(secret, at=NOW + HOUR)
    assert use_link(secret, at=NOW + HOUR) is None


def test_link_of_one_organisation_opens_nothing_at_another(case: Case):
    secret = asked_for(case)
    other = published("klassepro")
    with scope(other.pk):
        assert not link_works(secret, at=NOW)
        assert use_link(secret, at=NOW) is None
    assert use_link(secret, at=NOW) == case.pk


def test_forged_links_open_nothing(case: Case, settings: Settings):
    secret = asked_for(case)
    told = write_notice(case, Notice.Kind.MESSAGE, at=NOW)
    assert told
    other = asked_for(case, at=NOW + timedelta(microseconds=1))
    number, _, proof = secret.partition("-")
    dice = random.Random(7)
    forged = [
        "",
        "-",
        number,
        number + "-",
        f"{number}-{proof[:-1]}",
        f"{number}-{proof}a",
        f"{number}-{proof.upper()}",
        f"0{number}-{proof}",
        f"{other.partition('-')[0]}-{proof}",
        f"zzzzzzzzzzzzz-{proof}",
        f"zzzzzzzzzzzzzz-{proof}",
        f"-{number}-{proof}",
        secret_of(told),  # no link, though the proof is right
        "é-é",
        *(f"{number}-{''.join(dice.choices('abcdefghijklmnopqrstuvwxyz234567', k=32))}" for _ in range(50)),
    ]
    for each in forged:
        assert not link_works(each, at=NOW), each
        assert use_link(each, at=NOW) is None, each
    settings.SECRET_KEY = "another key than the one that mailed it"
    assert not link_works(secret, at=NOW)


def test_secret_holds_128_bits_and_stands_nowhere_in_the_row(case: Case):
    secret = asked_for(case)
    proof = secret.partition("-")[2]
    assert re.fullmatch(r"[a-z2-7]{32}", proof)
    assert len(proof) * 5 >= 128
    assert proof not in str(Notice.objects.values().get())
    assert len({asked_for(case) for _ in range(20)}) == 20


def test_questions_to_the_database_are_counted(case: Case):
    with CaptureQueriesContext(
        connection,
    ) as hit:
        ask_link(case.reference, EMAIL, at=NOW)
    with CaptureQueriesContext(connection) as miss:
        ask_link(case.reference, "ander@wilgenroos.example", at=NOW)
    secret = secret_of(links()[0])
    with CaptureQueriesContext(connection) as look:
        link_works(secret, at=NOW)
    with CaptureQueriesContext(connection) as use:
        use_link(secret, at=NOW)
    assert [len(each) for each in (hit, miss, look, use)] == [6, 3, 1, 4]


def test_two_uses_at_once_open_once(own_database: OwnDatabase):
    organisation = published("klik-onderwijs")
    filed = filed_case(organisation, at=NOW)
    with scope(organisation.pk):
        secrets = [asked_for(filed) for _ in range(20)]
    for secret in secrets:
        gate = threading.Barrier(4)
        opened: list[int | None] = []

        def use(secret: str = secret, gate: threading.Barrier = gate, opened: list[int | None] = opened) -> None:
            with scope(organisation.pk):
                gate.wait()
                opened.append(use_link(secret, at=NOW))
            connections.close_all()

        threads = [threading.Thread(target=use) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(opened, key=str) == [filed.pk, None, None, None]


def test_asking_at_once_makes_no_fourth_link(own_database: OwnDatabase):
    organisation = published("klik-onderwijs")
    filed = filed_case(organisation, at=NOW)
    gate = threading.Barrier(8)

    def ask() -> None:
        with scope(organisation.pk):
            gate.wait()
            ask_link(filed.reference, EMAIL, at=NOW)
        connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with scope(organisation.pk):
        assert len(links()) == 3


# --- Sending ----------------------------------------------------------------------------------------------------------


def test_notice_is_tried_eight_times_and_then_given_up_aloud(case: Case, smtp_server: MailServer, logged: io.StringIO):
    write_notice(case, Notice.Kind.MESSAGE, at=NOW)
    smtp_server.answer = "451 later"
    at, times = NOW, []
    while (due := Notice.objects.get().try_at) is not None:
        at = due
        times.append((at - NOW).total_seconds())
        assert send_notices(case.organisation_id, at=at) == 1
    assert times == [0, 30, 90, 210, 450, 930, 1890, 3810]
    assert Notice.objects.get().sent_at is None
    assert send_notices(case.organisation_id, at=at + 100 * HOUR) == 0
    assert logged.getvalue().count("notice_not_sent") == 8
    assert logged.getvalue().count('"given_up": true') == 1
    for planted in (EMAIL, "Jolanda", case.reference):
        assert planted not in logged.getvalue()


def test_address_that_is_refused_is_not_tried_again(case: Case, smtp_server: MailServer):
    write_notice(case, Notice.Kind.MESSAGE, at=NOW)
    smtp_server.answer = "550 no such person"
    send_notices(case.organisation_id, at=NOW)
    assert (Notice.objects.get().try_at, Notice.objects.get().attempts) == (None, 1)


def test_link_that_expired_on_its_way_is_not_sent(case: Case, smtp_server: MailServer):
    asked_for(case)
    assert send_notices(case.organisation_id, at=NOW + HOUR) == 1
    assert smtp_server.messages == []
    assert Notice.objects.get().try_at is None


def test_notice_of_a_sender_that_died_goes_on_after_its_lease(case: Case, smtp_server: MailServer):
    write_notice(case, Notice.Kind.MESSAGE, at=NOW)
    assert claim(Notice.objects.all(), at=NOW, limit=20)  # and then it is killed
    assert send_notices(case.organisation_id, at=NOW + LEASE / 2) == 0
    assert send_notices(case.organisation_id, at=NOW + LEASE) == 1
    assert Notice.objects.get().sent_at == NOW + LEASE
    assert send_notices(case.organisation_id, at=NOW + 2 * LEASE) == 0


def test_name_with_an_ampersand_stays_one_in_plain_text(case: Case, smtp_server: MailServer):
    asked_for(case)
    send_notices(case.organisation_id, at=NOW)
    assert not re.search(r"&\w+;", smtp_server.messages[0].get_content())


def test_one_notice_that_cannot_be_written_does_not_hold_up_the_others(case: Case, smtp_server: MailServer):
    asked_for(case)
    Notice.objects.update(to_email="twee\nregels@wilgenroos.example")
    asked_for(case)
    assert send_notices(case.organisation_id, at=NOW) == 2
    assert smtp_server.recipients == [[EMAIL]]


def test_killed_sweepers_lose_no_notice(own_database: OwnDatabase, smtp_server: MailServer, media_folder: Path):
    organisation = published("klik-onderwijs")
    staffed(organisation)
    at = timezone.now() - timedelta(minutes=1)
    filed = filed_case(organisation, at=at)
    with scope(organisation.pk):
        for _ in range(NOTICES):
            write_notice(filed, Notice.Kind.MESSAGE, at=at)
    environment = {
        **own_database.environment,
        "EMAIL_URL": smtp_server.url,
        "MEDIA_ROOT": str(media_folder),
        "REDIS_URL": "redis://127.0.0.1:1/0",  # no broker at all
    }
    kills, started = 0, time.monotonic()

    def waiting() -> int:
        with scope(organisation.pk):
            return Notice.objects.filter(sent_at=None).count()

    while waiting() and time.monotonic() - started < 60:
        before = waiting()
        sweeper = subprocess.Popen(
            [sys.executable, "manage.py", "sweep"],
            cwd=settings.BASE_DIR,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while sweeper.poll() is None:
            if kills < KILLS and before - waiting() > 8:
                sweeper.send_signal(signal.SIGKILL)
                kills += 1
                sweeper.wait(timeout=20)
                with scope(organisation.pk):  # as if the five minutes of a lease were over
                    now = timezone.now()
                    Notice.objects.filter(sent_at=None, lease_until__isnull=False).update(lease_until=now, try_at=now)
            time.sleep(0.02)
    with scope(organisation.pk):
        expected = set(Notice.objects.values_list("message_id", flat=True))
    sent = [mail["Message-ID"] for mail in smtp_server.messages if mail["Subject"] == "Een bericht over uw klacht"]
    assert kills == KILLS
    assert set(sent) == expected
    assert len(expected) == NOTICES
    assert len(sent) <= NOTICES + kills


def test_sweep_sends_notices(case: Case, smtp_server: MailServer):
    write_notice(case, Notice.Kind.MESSAGE, at=NOW)
    sweep(at=NOW)
    assert "Een bericht over uw klacht" in [mail["Subject"] for mail in smtp_server.messages]


def test_one_kind_of_work_that_fails_keeps_no_other_waiting(case: Case, smtp_server: MailServer, logged: io.StringIO):
    write_notice(case, Notice.Kind.MESSAGE, at=NOW)
    Case.objects.update(wake_at=NOW)
    Deadline.objects.update(status="strange")  # what the engine cannot read
    sweep(at=NOW)
    assert "sweep_failed" in logged.getvalue()
    assert "Een bericht over uw klacht" in [mail["Subject"] for mail in smtp_server.messages]


def test_sweep_throws_expired_drafts_away_with_their_files(own_database: OwnDatabase, media_folder: Path):
    organisation = published("klik-onderwijs")
    with scope(organisation.pk):
        file = SimpleUploadedFile("brief.txt", b"Wat er gebeurde.", content_type="text/plain")
        keep_draft("n" * 32, answers={"name": ["Jolanda"]}, files={"files": [file]}, at=NOW)
        keep_draft("m" * 32, answers={"name": ["Karim"]}, files={}, at=NOW + HOUR)
    kept = [each for each in media_folder.rglob("*") if each.is_file()]
    assert len(kept) == 1
    sweep(at=NOW + 23 * HOUR)
    assert kept[0].exists()
    sweep(at=NOW + 24 * HOUR)
    assert not kept[0].exists()
    with scope(organisation.pk):
        assert [each.nonce for each in Draft.objects.all()] == ["m" * 32]


def test_secret_of_a_link_is_in_no_log(case: Case, smtp_server: MailServer, logged: io.StringIO):
    secret = asked_for(case)
    send_notices(case.organisation_id, at=NOW)
    logging.getLogger("django.server").info('"GET /klik-onderwijs/volgen/link/%s/ HTTP/1.1" 200', secret)
    logging.getLogger("django.request").warning("Gone: %s", f"/klik-onderwijs/volgen/link/{secret}/")
    assert "volgen/link/" in logged.getvalue()
    assert secret.partition("-")[2] not in logged.getvalue()


def test_access_log_of_the_web_server_holds_no_secret():
    request = SimpleNamespace(headers=[])
    answer = SimpleNamespace(status="200 OK", sent=1, headers=[])
    path = "/o/volgen/link/1c-abc/"
    environ = {"RAW_URI": path, "PATH_INFO": path, "REQUEST_METHOD": "GET", "SERVER_PROTOCOL": "HTTP/1.1"}
    atoms = AccessLog(Config()).atoms(answer, request, environ, timedelta(seconds=1))
    assert "1c-abc" not in access_log_format % atoms
    assert "/o/volgen/link/…/" in access_log_format % atoms
