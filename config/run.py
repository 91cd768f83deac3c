"""`make run`: everything that production has, on this machine, in the foreground, until Ctrl-C.

PostgreSQL and Valkey from wheels, the roles, the migrations, the demo, a mail catcher, web, worker and beat. Every
program is on a leash (config/leash.py): it ends with us, even when we are killed.
"""

import argparse
import contextlib
import fcntl
import json
import os
import queue
import signal
import smtplib
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NoReturn

from complaints.demo import post
from config import embedded

BASE_DIR = Path(__file__).resolve().parent.parent
PYTHON = sys.executable


class CannotRun(Exception):
    """Something outside is in the way; the message tells a person what."""


class AskedToStop(BaseException):
    """Ctrl-C or SIGTERM. Not an Exception: nothing on the way may take it for a failure."""


class Programs:
    """The programs that were started, in order, with their output under their names."""

    def __init__(self, var: Path, environment: dict[str, str]) -> None:
        self.var = var
        self.environment = environment
        self.ended: queue.SimpleQueue[tuple[str, int]] = queue.SimpleQueue()
        self._leashes: dict[str, subprocess.Popen[bytes]] = {}
        self._is_stopping = False

    def start(self, name: str, *command: str, stop_signal: str = "TERM", grace: float = 10) -> None:
        leash = embedded.leashed(
            [PYTHON, *command],
            stop_signal=stop_signal,
            grace=grace,
            record=self.var / "run" / f"{name}.json",
            output=subprocess.PIPE,
            cwd=BASE_DIR,
            environment=self.environment,
        )
        self._leashes[name] = leash
        threading.Thread(target=self._watch, args=(name, leash), daemon=True).start()

    def run(self, *command: str) -> str:
        """Run a command of manage.py to its end; what it printed."""
        leash = embedded.leashed(
            [PYTHON, "manage.py", *command], output=subprocess.PIPE, cwd=BASE_DIR, environment=self.environment
        )
        printed = leash.stdout.read().decode(errors="replace").strip() if leash.stdout else ""
        if leash.wait():
            raise CannotRun(f"manage.py {' '.join(command)} failed:\n{printed}")
        return printed

    def stop(self) -> None:
        """Ask all at once, then wait for each."""
        self._is_stopping = True
        for leash in self._leashes.values():
            if leash.stdin is not None:
                leash.stdin.close()
        for name, leash in self._leashes.items():
            leash.wait()
            say(f"stopped {name}")

    def _watch(self, name: str, leash: subprocess.Popen[bytes]) -> None:
        output: IO[bytes] | None = leash.stdout
        for line in output or ():
            print(f"{name:8}| {line.decode(errors='replace').rstrip()}", flush=True)
        code = leash.wait()
        if not self._is_stopping:
            self.ended.put((name, code))


def say(sentence: str) -> None:
    print(f"gehoor  | {sentence}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reset", action="store_true", help="stop what was left running and throw all data away")
    parser.add_argument("--year", metavar="ORGANISATION", help="fill one organisation with years of cases, and end")
    options = parser.parse_args()
    var = Path(os.environ.get("VAR_DIR") or BASE_DIR / "var").resolve()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        if options.year and _is_running(var):
            return _fill_running(var, options.year)
        with _alone(var):
            _stop_leftovers(var)
            if options.reset:
                embedded.remove(var)
                say(f"{var} is empty again.")
            else:
                _serve(var, year=options.year)
    except (CannotRun, embedded.NotStarted) as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    except AskedToStop:
        say("everything is stopped; the data are kept. `make run` goes on with them, `make reset` clears them.")
    return 0


def _stop(_number: int, _frame: object) -> NoReturn:
    # Once is enough: the rest of the way is spent on stopping, and a second Ctrl-C would cut that short.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise AskedToStop


@contextlib.contextmanager
def _alone(var: Path) -> Iterator[None]:
    """Hold this folder; the kernel lets go of it when we end, however we end."""
    (var / "run").mkdir(parents=True, exist_ok=True)
    with (var / "run" / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise CannotRun(
                f"Gehoor already runs on {var} (process {lock.read().strip() or 'unknown'}). Stop that one first."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _is_running(var: Path) -> bool:
    try:
        with _alone(var):
            return False
    except CannotRun:
        return True


def _fill_running(var: Path, organisation: str) -> int:
    """The stack runs: its database is found by its socket."""
    environment = {**os.environ, "ENVIRONMENT": "development", "VAR_DIR": str(var)}
    command = [PYTHON, "manage.py", "demo_year", organisation]
    return subprocess.run(command, cwd=BASE_DIR, env=environment, check=False).returncode


def _stop_leftovers(var: Path) -> None:
    for record in sorted((var / "run").glob("*.json")):
        if embedded.stop_leftover(record):
            say(f"stopped {record.stem}, which an earlier run that was killed had left behind")


def _serve(var: Path, *, year: str = "") -> None:
    """Starts everything and serves until something ends; with `year` it ends once that organisation has its years."""
    port, mail_port, smtp_port, post_port = (
        _free_port(variable, default)
        for variable, default in (("PORT", 8000), ("MAIL_PORT", 8025), ("SMTP_PORT", 1025), ("POST_PORT", 8024))
    )
    site = f"http://localhost:{port}"
    with contextlib.ExitStack() as stack:
        (var / "static").mkdir(exist_ok=True)  # WhiteNoise looks here first and complains when there is nothing
        say("starting PostgreSQL and Valkey …")
        postgres = stack.enter_context(embedded.Postgres(var))
        valkey = stack.enter_context(embedded.Valkey(var))
        stack.callback(say, "stopping PostgreSQL and Valkey …")
        _set_up_roles(postgres)
        programs = Programs(
            var,
            {
                **os.environ,
                # What is said here wins over .env: this run shows its own data, never those of another database.
                "ENVIRONMENT": "development",
                "DEBUG": "false",
                "VAR_DIR": str(var),
                "DATABASE_URL": postgres.url(),
                "OWNER_DATABASE_URL": postgres.url(role="owner"),
                "REDIS_URL": valkey.url(),
                "EMAIL_URL": f"smtp://127.0.0.1:{smtp_port}",
                "SITE_URL": site,
                "MAILBOXES": json.dumps(post.mailboxes()),
                "PORT": str(port),
                "PYTHONUNBUFFERED": "1",
                # Celery warns root at length; on a server it runs as an ordinary user (see Dockerfile).
                "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
            },
        )
        stack.callback(programs.stop)

        programs.start(
            "mail",
            *("-m", "config.mailcatcher", str(var / "mail")),
            *("--smtp-port", str(smtp_port), "--port", str(mail_port)),
        )
        say("migrating the database, as its owner …")
        say(programs.run("migrate", "--no-input", "--verbosity", "0") or "the database is up to date")
        accounts = ""
        if (BASE_DIR / "complaints" / "management" / "commands" / "demo.py").exists():
            say("looking whether the demo needs anything …")
            for line in programs.run("demo").splitlines():
                say(line)
            accounts = programs.run("demo", "--accounts")
        else:
            say("there is no demo in this checkout, so there are no organisations yet")
        if year:
            say(f"filling years of cases for {year}: this takes a minute or two …")
            for line in programs.run("demo_year", year).splitlines():
                say(line)
            say("`make run` serves it.")
            return

        programs.start("web", "-m", "gunicorn", "-c", "config/gunicorn.py", "config.wsgi", grace=25)
        # SIGQUIT is Celery's soft shutdown: what runs may finish within half a minute; an idle worker leaves at once.
        programs.start(
            "worker",
            *("-m", "celery", "-q", "-A", "config", "worker", "--concurrency", "2", "--loglevel", "INFO"),
            *("--without-gossip", "--without-mingle"),
            stop_signal="QUIT",
            grace=40,
        )
        programs.start("beat", "-m", "celery", "-q", "-A", "config", "beat", "--pidfile=", "--loglevel", "INFO")

        programs.start("post", "manage.py", "receive_mail", "--smtp", "--port", str(post_port))

        _wait_for(f"{site}/gezond/", programs)
        _deliver(post_port)
        say("")
        say(f"The site:   {site}/")
        say(f"The desk:   {site}/beheer/")
        say(f"Its mail:   http://localhost:{mail_port}/  (files in {var / 'mail'}; nothing leaves this machine)")
        say(f"Their post: smtp://localhost:{post_port}  (a mail to one of these is found at {site}/beheer/post-in/)")
        for box in post.mailboxes().values():
            say(f"              {box['address']}")
        for line in accounts.splitlines():
            say(line)
        say("Ctrl-C stops everything.")
        say("")

        name, code = programs.ended.get()
        raise CannotRun(f"{name} ended by itself (exit code {code}), so everything else is stopped too.")


def _free_port(variable: str, default: int) -> int:
    port = int(os.environ.get(variable) or default)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise CannotRun(
                f"Port {port} is taken by another program. Stop that, or choose another: {variable}={port + 1} make run"
            ) from None
    return port


def _set_up_roles(postgres: embedded.Postgres) -> None:
    from procedures.management.commands.database_roles import set_up_roles

    with embedded.admin_connection(postgres.url(role="admin", database="postgres")) as admin:
        set_up_roles(admin, database=embedded.DATABASE)


def _deliver(port: int) -> None:
    """Hands the demo's mails over, as a mail server would; those that were there already are not kept twice."""
    deadline = time.monotonic() + 60
    while True:
        try:
            with smtplib.SMTP("127.0.0.1", port, timeout=20) as server:
                for sender, recipient, raw in post.mails():
                    server.sendmail(sender, [recipient], raw)
        except OSError as problem:  # not listening yet; smtplib's errors are of this kind too
            if time.monotonic() > deadline:
                raise CannotRun(f"The post does not come in: {type(problem).__name__}.") from None
            time.sleep(0.2)
        else:
            return


def _wait_for(address: str, programs: Programs) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=5):  # noqa: S310  (our own address)
            return
        with contextlib.suppress(queue.Empty):
            name, code = programs.ended.get(timeout=0.2)
            raise CannotRun(f"{name} ended by itself (exit code {code}) before the site answered.")
    raise CannotRun("The site did not answer within a minute.")


if __name__ == "__main__":
    sys.exit(main())
