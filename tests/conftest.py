"""The servers that tests share: a real PostgreSQL, Valkey and mail server, started once and gone afterwards.

- `db` (or the mark `django_db`): a test in a transaction that is rolled back, as the app's role, under row-level
  security. The quick way; use it unless the test must commit.
- `own_database`: a database of its own, for tests with threads, workers, real commits, several connections or a live
  server. Do not combine it with `db`; and not `transaction=True`, which truncates, and that the app's role may not.
- `live_site`: the whole site on a port, on `own_database`.
- `valkey`, `smtp_server`: the broker and the mail server.
"""

import contextlib
import fcntl
import gc
import hashlib
import itertools
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as default_policy
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings as django_settings
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer
from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper
from django.test.testcases import QuietWSGIRequestHandler
from pytest_django import Settings
from pytest_django.plugin import DjangoDbBlocker

from config import embedded
from procedures.management.commands.database_roles import OWNER, set_up_roles

# Migrated once and never connected to again: PostgreSQL copies a database only while nobody is in it.
TEMPLATE = "gehoor_template"
# What that database is made from. Where none of it changed, a run begins with a copy of what an earlier one made.
MADE_FROM = (
    "uv.lock",
    "config/*.py",
    "*/apps.py",
    "*/models.py",
    "*/models/*.py",
    "*/migrations/*.py",
    "procedures/isolation.py",
    "procedures/management/commands/database_roles.py",
)

_numbers = itertools.count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screens", metavar="FOLDER", help="keep a picture of every public page in every state here")
    parser.addoption("--every", action="store_true", help="all of each product of cases, not a slice (make drill does)")


@pytest.hookimpl(trylast=True)  # pytest-django has put what is not in a transaction at the end
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest, or waits for other processes, comes first: the rest fills up what it leaves."""
    items.sort(key=_waits, reverse=True)
    for item in items:
        mark = item.get_closest_marker("django_db")
        if mark and mark.kwargs.get("transaction"):
            raise pytest.UsageError(f"{item.nodeid}: use own_database, not django_db(transaction=True).")


def _waits(item: pytest.Item) -> int:
    if "browsing" in getattr(item, "fixturenames", ()):
        return 2
    return int("own_database" in getattr(item, "fixturenames", ()))


def pytest_collection_finish(session: pytest.Session) -> None:
    """All that was loaded stays until the end: there is no use in looking through it for rubbish again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture
def every(request: pytest.FixtureRequest) -> bool:
    """Whether all of a product of cases is asked for, and not the slice of it that the docstring of a test tells."""
    return bool(request.config.getoption("--every") or request.config.getoption("--screens"))


@pytest.fixture(autouse=True)
def _no_tries_yet() -> None:
    """Tries at signing in are counted in memory: those of another test are none of this one's."""
    cache.clear()


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def var_folder() -> Iterator[Path]:
    """The folder of this run's servers, as the settings name it; leftovers of runs that are gone are cleared."""
    if django_settings.ENVIRONMENT != "test":  # then it is a folder with somebody's data, and it would be removed
        raise pytest.UsageError("These are not the settings of the tests: run pytest in the checkout.")
    folder = Path(django_settings.VAR_DIR)
    run = folder.parent if os.environ.get("PYTEST_XDIST_WORKER") else folder
    for other in run.parent.glob("[0-9]*"):
        if other != run and not psutil.pid_exists(int(other.name)):
            for each in (*other.glob("gw*"), other):
                embedded.remove(each)
    yield folder
    embedded.remove(folder)
    if run != folder:
        with contextlib.suppress(OSError):  # another worker is still busy in it
            run.rmdir()


@pytest.fixture(scope="session")
def postgres(
    var_folder: Path, django_test_environment: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[embedded.Postgres]:
    """PostgreSQL with the roles, and a migrated template."""
    server = embedded.Postgres(var_folder, durable=False)
    runs = var_folder.parent.parent if os.environ.get("PYTEST_XDIST_WORKER") else var_folder.parent
    runs.mkdir(parents=True, exist_ok=True)
    kept = runs / f"template-{_digest()}"
    with (runs / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one worker makes it; the others wait and copy
        if not kept.exists():
            with server, django_db_blocker.unblock():
                _migrate(server)
            for other in runs.glob("template-*"):
                shutil.rmtree(other)
            _copy(server.data, kept.with_name("template-half"))
            kept.with_name("template-half").rename(kept)
        else:
            server.folder.mkdir(parents=True, exist_ok=True)
            _copy(kept, server.data)
    with server:
        yield server
        connections.close_all()


def _digest() -> str:
    root = Path(django_settings.BASE_DIR)
    found = hashlib.sha256(str(embedded.account()).encode())
    for path in sorted(each for pattern in MADE_FROM for each in root.glob(pattern)):
        found.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes())
    return found.hexdigest()[:16]


def _copy(folder: Path, to: Path) -> None:
    subprocess.run(["cp", "-a", str(folder), str(to)], check=True)  # with its owner and its rights


def _migrate(server: embedded.Postgres) -> None:
    with embedded.admin_connection(server.url(role="admin", database="postgres")) as admin:
        set_up_roles(admin, database=TEMPLATE)
    app = connections["default"]
    owner = DatabaseWrapper({**app.settings_dict, "NAME": TEMPLATE, "USER": OWNER}, alias="default")
    connections["default"] = owner
    try:
        call_command("migrate", verbosity=0)
    finally:
        owner.close()
        connections["default"] = app


@pytest.fixture(scope="session")
def template(postgres: embedded.Postgres) -> Callable[[str], None]:
    """A function that makes a migrated, empty database of this name."""

    def copy(name: str) -> None:
        with embedded.admin_connection(postgres.url(role="admin", database="postgres")) as admin:
            # WAL_LOG copies blocks instead of forcing a checkpoint: quicker for a database this small.
            admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}" OWNER {OWNER} STRATEGY wal_log')
            set_up_roles(admin, database=name)  # a copy has the tables' rights, but not those of the database itself

    return copy


@pytest.fixture(scope="session")
def django_db_setup(template: Callable[[str], None]) -> None:
    """pytest-django's own makes the database as the role that tests connect as; ours may not make any."""
    template(embedded.DATABASE)


@dataclass(frozen=True)
class OwnDatabase:
    """A database that one test may commit to."""

    name: str
    server: embedded.Postgres

    def url(self, role: str = "app") -> str:
        """Its address for the role `app`, `owner` or `admin`."""
        return self.server.url(role=role, database=self.name)

    @contextlib.contextmanager
    def connect(self, role: str = "app") -> Iterator[psycopg.Connection[Any]]:
        """A connection beside Django's, in autocommit."""
        with psycopg.connect(self.url(role), autocommit=True) as connection:
            yield connection

    @property
    def environment(self) -> dict[str, str]:
        """What another process needs to work on this database: a worker, a command."""
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings_test",
            "DATABASE_URL": self.url(),
            "OWNER_DATABASE_URL": self.url("owner"),
        }

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """`manage.py` with these arguments, in a process of its own on this database."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=django_settings.BASE_DIR,
            env=self.environment,
            capture_output=True,
            text=True,
            check=check,
        )


@pytest.fixture
def own_database(
    request: pytest.FixtureRequest,
    postgres: embedded.Postgres,
    template: Callable[[str], None],
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[OwnDatabase]:
    """A migrated database for this test alone, which Django's connections of all threads use meanwhile."""
    if request.node.get_closest_marker("django_db") or "db" in request.fixturenames:
        pytest.fail("own_database and db exclude each other: the one commits, the other rolls back.")
    name = f"own_{next(_numbers)}"
    template(name)
    default = connections["default"].settings_dict  # shared by the connections of all threads
    with django_db_blocker.unblock():
        connections.close_all()
        before, default["NAME"] = default["NAME"], name
        try:
            yield OwnDatabase(name, postgres)
        finally:
            connections.close_all()
            default["NAME"] = before
            with embedded.admin_connection(postgres.url(role="admin", database="postgres")) as admin:
                admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def live_site(own_database: OwnDatabase) -> Iterator[str]:
    """The address of the whole site, served by threads on `own_database`."""
    server = ThreadedWSGIServer(("localhost", 0), QuietWSGIRequestHandler, allow_reuse_address=False)
    server.set_app(WSGIHandler())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


# --- Files, broker, mail ----------------------------------------------------------------------------------------------


@pytest.fixture
def media_folder(settings: Settings, tmp_path: Path) -> Path:
    """A folder of documents for this test alone; without this fixture all tests of a run share one."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.fixture(scope="session")
def valkey_server(var_folder: Path) -> Iterator[embedded.Valkey]:
    with embedded.Valkey(var_folder) as server:
        yield server


@pytest.fixture
def valkey(valkey_server: embedded.Valkey) -> embedded.Valkey:
    """A running, empty broker, at the address that the settings name. Without this fixture there may be none."""
    from redis import Redis

    with Redis.from_url(valkey_server.url()) as client:
        client.flushall()
    return valkey_server


@dataclass
class MailServer:
    """A mail server that keeps what it accepts."""

    port: int
    messages: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)  # of the envelope, one list for each message
    senders: list[str] = field(default_factory=list)  # of the envelope
    answer: str = "250 OK"  # say "451 later" or "550 no" to see what the app makes of it

    @property
    def url(self) -> str:
        """For EMAIL_URL of another process."""
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.answer.startswith("250"):
            message = message_from_bytes(envelope.original_content or b"", policy=default_policy)
            self.messages.append(message)
            self.recipients.append(list(envelope.rcpt_tos))
            self.senders.append(envelope.mail_from or "")
        return self.answer


@pytest.fixture(scope="session")
def _mail_server() -> Iterator[MailServer]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = MailServer(port)
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    yield server
    controller.stop()


@pytest.fixture
def smtp_server(_mail_server: MailServer, settings: Settings) -> MailServer:
    """A real mail server, to which this test's mail goes."""
    _mail_server.messages.clear()
    _mail_server.recipients.clear()
    _mail_server.senders.clear()
    _mail_server.answer = "250 OK"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = _mail_server.port
    return _mail_server
