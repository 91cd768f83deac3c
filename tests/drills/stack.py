"""The real thing, for one drill: PostgreSQL as durable as in production, Valkey, a mail server, any of our programs.

Each is a process group of its own that can be killed. All of it is gone afterwards.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from config import embedded

ROOT = Path(__file__).resolve().parents[2]
_QUIET = "ignore:You're running the worker with superuser privileges"


@dataclass(frozen=True, slots=True)
class Taken:
    """A mail of which the sink took the DATA, whatever it answered then."""

    at: float  # seconds since 1970
    message_id: str
    sha256: str  # of all bytes after the headers, of which Date may change
    to: str
    answered: str  # "yes", or what happened instead: "late", "cut", "hang"


class Stack:
    """Servers, and the environment in which our programs find them."""

    def __init__(self) -> None:
        # In /var/tmp: on a disk, where fsync means something; /tmp is memory on many machines.
        self.folder = Path(tempfile.mkdtemp(prefix="gehoor-drill-", dir="/var/tmp"))
        self.folder.chmod(0o711)  # the servers run as another account when we are root
        self.postgres = embedded.Postgres(self.folder / "var", durable=True)
        self.valkey = embedded.Valkey(self.folder / "var")
        self.record = self.folder / "taken.jsonl"
        self.smtp_port, self.web_port = free_port(), free_port()
        self._programs: list[Program] = []
        self.environment = {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "ENVIRONMENT": "development",
            "DEBUG": "false",
            "VAR_DIR": str(self.folder / "var"),
            "DATABASE_URL": self.postgres.url(),
            "OWNER_DATABASE_URL": self.postgres.url(role="owner"),
            "REDIS_URL": self.valkey.url(),
            "EMAIL_URL": f"smtp://127.0.0.1:{self.smtp_port}",
            "MEDIA_ROOT": str(self.folder / "media"),
            "SITE_URL": f"http://localhost:{self.web_port}",
            "WEB_BIND": f"127.0.0.1:{self.web_port}",
            "BEHIND_PROXY": "true",  # so that a drill's visitors come from as many addresses as visitors do
            "ORGANISATION_LIMIT": "1000000",  # counted as everywhere, and never reached
            "LOG_LEVEL": "WARNING",
            "PYTHONWARNINGS": _QUIET,
        }

    def __enter__(self) -> Self:
        self.postgres.start()
        self.valkey.start()
        with embedded.admin_connection(self.postgres.url(role="admin", database="postgres")) as admin:
            from procedures.management.commands.database_roles import set_up_roles

            set_up_roles(admin, database=embedded.DATABASE)
        self.start("migrate", "manage.py", "migrate", "--no-input", "--verbosity", "0").wait(check=True)
        self.start("sink", "-m", "tests.drills.sink", str(self.smtp_port), str(self.record))
        _wait_for_port(self.smtp_port)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for program in self._programs:
            program.kill()
        self.valkey.stop()
        self.postgres.stop()
        if kind is None and not os.environ.get("DRILL_KEEP"):
            embedded.remove(self.folder / "var")
            subprocess.run(["rm", "-rf", str(self.folder)], check=True)
        else:
            print(f"What the drill left is in {self.folder}", file=sys.stderr)

    def start(self, name: str, *command: str, python: str = sys.executable, **environment: str) -> Program:
        """One of our programs, or of another environment's, with its output in <folder>/<name>.log."""
        program = Program(name, (python, *command), {**os.environ, **self.environment, **environment}, self.folder)
        self._programs.append(program)
        return program

    def worker(self, number: int) -> Program:
        """A Celery worker with one sender, so that a kill is the death of one sender."""
        options = ("--concurrency", "1", "-n", f"drill{number}@localhost", "--without-gossip", "--without-mingle")
        return self.start(
            f"worker{number}", "-m", "celery", "-q", "-A", "config", "worker", "--loglevel", "WARNING", *options
        )

    def beat(self, number: int = 1, **environment: str) -> Program:
        schedule = str(self.folder / f"beat{number}")
        command = ("-m", "celery", "-q", "-A", "config", "beat", "--pidfile=", "--schedule", schedule)
        return self.start(f"beat{number}", *command, "--loglevel", "WARNING", **environment)

    def sweeper(self, number: int = 1, *, every: float = 30.0, **environment: str) -> Program:
        return self.start(f"sweeper{number}", "manage.py", "sweep", "--loop", "--every", str(every), **environment)

    def web(self, *, pool: int = 4) -> Program:
        program = self.start(
            "web", "-m", "gunicorn", "-c", "config/gunicorn.py", "config.wsgi", DATABASE_POOL_SIZE=str(pool)
        )
        _wait_for_site(f"http://127.0.0.1:{self.web_port}/gezond/")
        return program

    def taken(self) -> list[Taken]:
        """What the mail server has taken so far."""
        if not self.record.exists():
            return []
        lines = self.record.read_text().splitlines()
        return [Taken(**json.loads(line)) for line in lines]

    def broker(self) -> Any:
        from redis import Redis

        return Redis.from_url(self.valkey.url())


class Program:
    """One process with all that it starts."""

    def __init__(self, name: str, command: tuple[str, ...], environment: dict[str, str], folder: Path) -> None:
        self.name, self.command, self.environment, self.folder = name, command, environment, folder
        self.process = self._started()

    def restart(self) -> None:
        self.kill()
        self.process = self._started()

    def kill(self) -> None:
        """SIGKILL to it and all that it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def children(self) -> list[int]:
        import psutil

        with contextlib.suppress(psutil.Error):
            return [child.pid for child in psutil.Process(self.process.pid).children(recursive=True)]
        return []

    def wait(self, *, check: bool = False) -> int:
        code = self.process.wait()
        if check and code:
            raise RuntimeError(f"{self.name} failed:\n{self.log.read_text()[-3000:]}")
        return code

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    def _started(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            output: IO[bytes] = log
            return subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )


def blows(full: int, size: float, *, least: int) -> int:
    """How often something is killed in a drill of this size; as often as at full size when DRILL_ALL_KILLS says so."""
    return full if os.environ.get("DRILL_ALL_KILLS") else max(least, round(full * size))


@contextlib.contextmanager
def frozen(pid: int) -> Iterator[None]:
    """A process that is there and answers nobody."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for_port(port: int) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise TimeoutError(f"nothing answers at port {port}")


def _wait_for_site(address: str) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=5):
            return
        time.sleep(0.1)
    raise TimeoutError(f"{address} does not answer")
