"""Web servers to measure against each other: ours, a bare Django, django-helpdesk; gunicorn and PostgreSQL alike.

Each has a database of its own. django-helpdesk has an environment of its own too (helpdesk.txt), because what it needs
is none of ours; where that is missing, it is left out.
"""

from __future__ import annotations

import sys

import psycopg

from config import embedded
from tests.bench import visitors
from tests.bench.bare import TABLE
from tests.drills.stack import ROOT, Program, Stack

HELPDESK = ROOT / ".tools" / "helpdesk" / "bin" / "python"  # made by the Makefile
# As config/gunicorn.py has it, which only our own environment can read.
_ALIKE = (
    "--workers",
    "2",
    "--threads",
    "4",
    "--worker-class",
    "gthread",
    "--access-logfile",
    "-",
    "--log-level",
    "error",
)


def ours(stack: Stack) -> Program:
    """Gehoor, as in production; it answers when this returns."""
    program = stack.start("web", "-m", "gunicorn", "-c", "config/gunicorn.py", "config.wsgi", DATABASE_POOL_SIZE="4")
    visitors.first_answer(stack.web_port, "/gezond/")
    return program


def bare(stack: Stack, port: int) -> Program:
    """A Django with one view and one table."""
    return _served(
        stack, "bare", "tests.bench.bare:application()", port, "/gezond/", BARE_DATABASE_URL=_url(stack, "bare")
    )


def make_bare(stack: Stack) -> None:
    _make_database(stack, "bare")
    with psycopg.connect(_url(stack, "bare"), autocommit=True) as connection:
        connection.execute(TABLE)


def helpdesk(stack: Stack, port: int) -> Program:
    """django-helpdesk with one queue to which anybody may write."""
    return _served(
        stack,
        "helpdesk",
        "tests.bench.helpdesk:application()",
        port,
        "/tickets/submit/",
        python=str(HELPDESK),
        **_its(stack),
    )


def make_helpdesk(stack: Stack) -> None:
    _make_database(stack, "helpdesk")
    stack.start("helpdesk", "-m", "tests.bench.helpdesk", python=str(HELPDESK), **_its(stack)).wait(check=True)


def _its(stack: Stack) -> dict[str, str]:
    return {"HELPDESK_DATABASE_URL": _url(stack, "helpdesk"), "DJANGO_SETTINGS_MODULE": "tests.bench.helpdesk"}


def _served(
    stack: Stack, name: str, application: str, port: int, path: str, *, python: str = sys.executable, **environment: str
) -> Program:
    command = ("-m", "gunicorn", *_ALIKE, "--bind", f"127.0.0.1:{port}", application)
    program = stack.start(name, *command, python=python, DATABASE_POOL_SIZE="4", **environment)
    visitors.first_answer(port, path)
    return program


def _make_database(stack: Stack, name: str) -> None:
    with embedded.admin_connection(stack.postgres.url(role="admin", database="postgres")) as admin:
        admin.execute(f'CREATE DATABASE "{name}" OWNER {embedded.ROLES["app"]}')


def _url(stack: Stack, database: str) -> str:
    return stack.postgres.url(database=database)
