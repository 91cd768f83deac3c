"""Mail as servers hand it over: a real listener for SMTP and LMTP, a real IMAP server (Dovecot)."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import shutil
import smtplib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from imap_tools import MailBoxUnencrypted
from pytest_django import Settings

from complaints.actions.fetching import fetch_mail
from complaints.inbox import fetching, listening
from complaints.inbox.boxes import MAX_BYTES, Box
from complaints.inbox.listening import Listener
from complaints.management.commands.receive_mail import keep
from complaints.models import IncomingMail
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import published
from tests.complaints.inbox.conftest import ADDRESS, SLUG, written
from tests.conftest import OwnDatabase

PLANTED = "PLANTGEHEIM"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def listening_on(keep_it: listening.Keep, *, is_lmtp: bool) -> Iterator[int]:
    port = free_port()
    listener = Listener(keep_it, host="127.0.0.1", port=port, is_lmtp=is_lmtp)
    listener.start()
    try:
        yield port
    finally:
        listener.stop()


def mails_of(organisation: Organisation) -> list[IncomingMail]:
    with scope(organisation.pk):
        return list(IncomingMail.objects.order_by("pk"))


# ------------------------------------------------------------------------------------------------ SMTP and LMTP


@pytest.mark.parametrize("is_lmtp", [False, True], ids=["smtp", "lmtp"])
def test_what_is_answered_with_250_is_on_disk(is_lmtp: bool, own_database: OwnDatabase, box: str):
    organisation = published(SLUG)
    client_class = smtplib.LMTP if is_lmtp else smtplib.SMTP
    with listening_on(keep, is_lmtp=is_lmtp) as port, client_class("127.0.0.1", port) as client:
        tagged = ADDRESS.replace("@", "+ko-2026-9999.aaaaaaaaaaaaaaaa@")
        client.sendmail("j@x.example", [tagged.upper()], b"Subject: lang\r\n\r\n" + b"x" * 5000)
        with pytest.raises(smtplib.SMTPRecipientsRefused, match=r"5\.1\.1"):
            client.sendmail("j@x.example", ["iemand@anders.example"], b"x")
        with pytest.raises(smtplib.SMTPSenderRefused) as refused:
            client.sendmail("j@x.example", [ADDRESS], b"x" * (MAX_BYTES + 1))
        assert refused.value.smtp_code == 552
    (row,) = mails_of(organisation)
    assert (row.state, row.envelope_from, row.envelope_to) == (IncomingMail.State.NEW, "j@x.example", [tagged.upper()])
    assert b"x" * 5000 in Path(row.file.path).read_bytes()


def test_a_mail_that_cannot_be_kept_is_left_with_the_sender(own_database: OwnDatabase, box: str):
    published(SLUG)

    def broken(_box: Box, _raw: bytes, _sender: str, _recipient: str) -> None:
        raise OSError(PLANTED)

    with (
        listening_on(broken, is_lmtp=True) as port,
        smtplib.LMTP("127.0.0.1", port) as client,
        pytest.raises(smtplib.SMTPDataError) as refused,
    ):
        client.sendmail("j@x.example", [ADDRESS], written().as_bytes())
    assert refused.value.smtp_code == 451


def test_the_command_takes_mail_in_and_logs_nobody(own_database: OwnDatabase, media_folder: Path, tmp_path: Path):
    organisation = published(SLUG)
    port = free_port()
    log = tmp_path / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "manage.py", "receive_mail", "--smtp", "--port", str(port)],
            env={
                **own_database.environment,
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "ENVIRONMENT": "development",
                "MAILBOXES": f'{{"{SLUG}": {{"address": "{ADDRESS}"}}}}',
                "MEDIA_ROOT": str(media_folder),
                "REDIS_URL": "redis://127.0.0.1:1/0",
                "LOG_LEVEL": "DEBUG",
            },
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            with _reached(port) as client:
                mail = written(PLANTED, sender=f"{PLANTED} <{PLANTED}@x.example>", subject=PLANTED)
                client.sendmail(f"{PLANTED}@x.example", [ADDRESS], mail.as_bytes())
        finally:
            server.terminate()
            server.wait(timeout=20)
    assert server.returncode == 0
    assert len(mails_of(organisation)) == 1
    assert PLANTED not in log.read_text()


@contextlib.contextmanager
def _reached(port: int) -> Iterator[smtplib.SMTP]:
    ends = time.monotonic() + 30
    while True:
        try:
            client = smtplib.SMTP("127.0.0.1", port, timeout=10)
            break
        except OSError:
            assert time.monotonic() < ends
            time.sleep(0.1)
    with client:
        yield client


# ------------------------------------------------------------------------------------------------ IMAP


@dataclass(frozen=True)
class Dovecot:
    port: int
    user: str
    password: str

    @contextlib.contextmanager
    def opened(self, folder: str = "INBOX") -> Iterator[MailBoxUnencrypted]:
        with MailBoxUnencrypted("127.0.0.1", port=self.port).login(self.user, self.password, folder) as box:
            yield box

    def put(self, raw: bytes, *, at: object = None) -> None:
        with self.opened() as box:
            box.append(raw, "INBOX", dt=at)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    """A real IMAP server with one Maildir, on a port of its own, as an ordinary user: root becomes nobody."""
    program = shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if program is None:
        pytest.skip("DOVECOT IS NOT HERE: fetching mail is not tested. Install dovecot-imapd (.ci/run does).")
    user = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    me, group = user.pw_name, grp.getgrgid(user.pw_gid).gr_name
    folder, port = Path(tempfile.mkdtemp(prefix="dovecot", dir="/tmp")), free_port()
    (folder / "users").write_text("klachten:{PLAIN}geheim\n")
    (folder / "dovecot.conf").write_text(
        f"""
        base_dir = {folder}/run
        state_dir = {folder}/state
        log_path = {folder}/log
        protocols = imap
        listen = 127.0.0.1
        ssl = no
        disable_plaintext_auth = no
        default_internal_user = {me}
        default_internal_group = {group}
        default_login_user = {me}
        first_valid_uid = 0
        mail_location = maildir:{folder}/mail
        mail_fsync = never
        service imap-login {{
          chroot =
          inet_listener imap {{
            port = {port}
          }}
          inet_listener imaps {{
            port = 0
          }}
        }}
        service anvil {{
          chroot =
        }}
        passdb {{
          driver = passwd-file
          args = {folder}/users
        }}
        userdb {{
          driver = static
          args = uid={user.pw_uid} gid={user.pw_gid} home={folder}
        }}
        """
    )
    for each in (folder, *folder.iterdir()):
        os.chown(each, user.pw_uid, user.pw_gid)
    becoming: dict[str, Any] = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    server = subprocess.Popen(
        [program, "-F", "-c", str(folder / "dovecot.conf")],
        stderr=subprocess.PIPE,
        **(becoming if os.getuid() == 0 else {}),
    )
    ends = time.monotonic() + 15
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            break
        if server.poll() is not None or time.monotonic() > ends:
            told = (folder / "log").read_text() if (folder / "log").exists() else ""
            server.terminate()
            pytest.fail(f"Dovecot does not start: {server.communicate()[1].decode()} {told}")
        time.sleep(0.05)
    yield Dovecot(port, "klachten", "geheim")
    server.terminate()
    server.wait(timeout=10)
    shutil.rmtree(folder)


@pytest.fixture
def mailbox(dovecot: Dovecot, settings: Settings, media_folder: Path) -> Dovecot:
    """The organisation's mailbox, empty."""
    told = {"host": "127.0.0.1", "port": dovecot.port, "user": dovecot.user, "password": dovecot.password}
    settings.MAILBOXES = {SLUG: {"address": ADDRESS, "imap": {**told, "security": "none"}}}
    for folder in ("INBOX", "Gehoor"):
        with contextlib.suppress(Exception), dovecot.opened(folder) as box:
            box.delete(box.uids())
    return dovecot


def test_mail_is_fetched_once_with_the_day_it_arrived_and_moved_after_it_was_kept(
    own_database: OwnDatabase, mailbox: Dovecot
):
    organisation, now = published(SLUG), timezone.now()
    arrived = (now - timedelta(days=3)).replace(microsecond=0)
    mailbox.put(written().as_bytes(), at=arrived)
    mailbox.put(b"\xff\x00 geen mail", at=arrived)
    assert fetch_mail(at=now) == 2
    assert fetch_mail(at=now) == 0
    rows = mails_of(organisation)
    assert len(rows) == 2
    assert rows[0].arrived_at == arrived
    assert rows[0].envelope_from is None
    with mailbox.opened() as box:
        assert box.uids() == []
    with mailbox.opened("Gehoor") as box:
        assert len(box.uids("SEEN")) == 2
        for each in list(box.uids()):
            box.move(each, "INBOX")  # as after a crash between keeping and moving
    assert fetch_mail(at=now) == 2
    assert len(mails_of(organisation)) == 2


def test_mail_that_cannot_be_kept_stays_where_it_was(
    own_database: OwnDatabase, mailbox: Dovecot, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    organisation = published(SLUG)
    settings.MAILBOXES[SLUG]["imap"]["moved_to"] = ""
    mailbox.put(written().as_bytes())
    media, settings.MEDIA_ROOT = settings.MEDIA_ROOT, "/dev/null/nergens"
    assert fetch_mail(at=timezone.now()) == 0
    with mailbox.opened() as box:
        assert len(box.uids("UNSEEN")) == 1
        box.append(b"Subject: oud\r\n\r\nx", "INBOX", flag_set=["\\Seen", "\\Deleted"])  # somebody threw it away
    settings.MEDIA_ROOT = media
    assert fetch_mail(at=timezone.now()) == 1
    with mailbox.opened() as box:
        assert (box.uids("UNSEEN"), len(box.uids("SEEN")), len(box.uids("DELETED"))) == ([], 2, 1)
    assert fetch_mail(at=timezone.now()) == 0
    assert len(mails_of(organisation)) == 1


def test_a_mail_that_is_too_large_is_told_of_and_stays_in_the_mailbox(
    own_database: OwnDatabase, mailbox: Dovecot, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fetching, "MAX_BYTES", 2000)
    organisation = published(SLUG)
    mailbox.put(b"Subject: lang\r\n\r\n" + b"x" * 5000)
    assert fetch_mail(at=timezone.now()) == 1
    (row,) = mails_of(organisation)
    assert row.kind == IncomingMail.Kind.TOO_LARGE
    assert row.size < 2000
    with mailbox.opened("Gehoor") as box:
        assert len(box.uids()) == 1


def test_a_mailbox_that_does_not_answer_keeps_nobody_waiting(
    own_database: OwnDatabase, mailbox: Dovecot, settings: Settings
):
    published(SLUG)
    published("klassepro")
    dead = settings.MAILBOXES[SLUG]["imap"] | {"port": free_port()}
    settings.MAILBOXES = {"klassepro": {"address": "k@klassepro.example", "imap": dead}, **settings.MAILBOXES}
    mailbox.put(written().as_bytes())
    assert fetch_mail(at=timezone.now()) == 1
    settings.MAILBOXES[SLUG]["imap"]["password"] = "fout"
    assert fetch_mail(at=timezone.now()) == 0
