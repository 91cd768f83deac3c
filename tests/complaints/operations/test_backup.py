"""A backup is put back whole or not at all, brings nobody back who was erased, and sends nothing by itself (G15)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from pytest_django import Settings

from complaints.actions.moments import is_on_hold
from complaints.actions.retaining import carry_out
from complaints.actions.sweeping import sweep
from complaints.models import Case, Event, Letter, Party
from complaints.operations import backup
from config import embedded
from procedures.management.commands.database_roles import set_up_roles
from procedures.scoping import scope
from tests.complaints.factories import filed_case, published, staffed
from tests.complaints.retention.filled import NAME, SLUG, approved, closed, filled_case, gone_from
from tests.conftest import OwnDatabase

FILED = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
CLOSED = datetime(2026, 12, 1, 10, tzinfo=UTC)


@pytest.fixture
def empty(own_database: OwnDatabase) -> Iterator[str]:
    """The name of a new database with its roles and nothing in it, as `manage.py database_roles` makes it."""
    name = f"{own_database.name}_restored"
    server = own_database.server
    with embedded.admin_connection(server.url(role="admin", database="postgres")) as admin:
        set_up_roles(admin, database=name)
    yield name
    connections.close_all()
    with embedded.admin_connection(server.url(role="admin", database="postgres")) as admin:
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_backup_comes_back_whole_without_whom_was_erased_and_on_hold(
    own_database: OwnDatabase,
    empty: str,
    media_folder: Path,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    server = own_database.server
    settings.ERASURE_LEDGER = tmp_path / "kept" / "erasures.jsonl"
    settings.HISTORY_HEADS = tmp_path / "kept" / "heads.jsonl"
    monkeypatch.setenv("BACKUP_DATABASE_URL", server.url(role="backup", database=own_database.name))
    organisation = published(SLUG)
    people = staffed(organisation)
    case = closed(filled_case(organisation, people, at=FILED), at=CLOSED)
    kept = filed_case(organisation, at=FILED)
    folder = tmp_path / "backup"
    call_command("backup", str(folder))
    made = backup.check(folder)
    assert made.tables[Event._meta.db_table][0] > 5
    assert sorted(made.files) == sorted(
        each.relative_to(media_folder).as_posix() for each in media_folder.rglob("*") if each.is_file()
    )
    assert len(made.files) >= 3
    assert oct(folder.stat().st_mode & 0o777) == "0o700"
    with pytest.raises(CommandError, match="is not empty"):
        call_command("backup", str(folder))

    gone = gone_from(case, at=CLOSED)
    approved(organisation, people, at=gone)
    assert carry_out(organisation.pk, at=gone) > 1

    # Everything is lost, but for the backup and what was kept elsewhere.
    shutil.rmtree(media_folder)
    default = connections["default"].settings_dict
    connections.close_all()
    default["NAME"] = empty
    for variable, role in (("OWNER_DATABASE_URL", "owner"), ("BACKUP_DATABASE_URL", "backup")):
        monkeypatch.setenv(variable, server.url(role=role, database=empty))
    call_command("restore", str(folder))
    with scope(organisation.pk):
        assert Case.objects.get(pk=case.pk).erased_at, "the ledger was applied"
        assert not Party.objects.filter(case=case, name=NAME).exists()
        assert Party.objects.filter(case=kept, name="Jolanda Verweij").exists()
        waiting = Letter.objects.filter(try_at__lte=gone).count()
    assert waiting > 0
    assert is_on_hold()
    assert sweep(at=gone) == 0
    with scope(organisation.pk):
        assert Letter.objects.filter(try_at__lte=gone).count() == waiting, "nothing is sent"
    call_command("history", "--verify")
    with psycopg.connect(server.url(database=empty)) as app:
        assert app.execute("SELECT count(*) FROM complaints_case").fetchone() == (0,), "isolation came back with it"
    with pytest.raises(CommandError, match="not empty"):
        call_command("restore", str(folder))
    call_command("resume")
    assert sweep(at=gone) > 0


def whole(folder: Path) -> Path:
    """A backup as `make` leaves it, of one file."""
    (folder / "files/a").mkdir(parents=True)
    (folder / "database.dump").write_bytes(b"dump")
    (folder / "files/a/b.pdf").write_bytes(b"file")
    told = {
        "made_at": FILED.isoformat(),
        "dump": subprocess.run(["sha256sum"], input=b"dump", capture_output=True, check=True).stdout[:64].decode(),
        "tables": {},
        "files": {
            "a/b.pdf": subprocess.run(["sha256sum"], input=b"file", capture_output=True, check=True)
            .stdout[:64]
            .decode()
        },
    }
    (folder / "backup.json").write_text(json.dumps(told))
    return folder


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda folder: (folder / "database.dump").write_bytes(b"dumb"), "database.dump is not what"),
        (lambda folder: (folder / "files/a/b.pdf").write_bytes(b"fine"), "files/a/b.pdf is not what"),
        (lambda folder: (folder / "files/a/b.pdf").unlink(), "files/a/b.pdf cannot be read"),
        (lambda folder: (folder / "backup.json").unlink(), "holds no whole backup"),
        (lambda folder: (folder / "backup.json").write_text("{"), "holds no whole backup"),
    ],
)
def test_backup_that_is_not_whole_is_not_put_back(tmp_path: Path, harm: object, said: str):
    folder = whole(tmp_path / "backup")
    assert backup.check(folder).files
    harm(folder)  # type: ignore[operator]
    with pytest.raises(backup.NotDone, match=said):
        backup.put_back(folder, owner="postgresql://nowhere", database="postgresql://nowhere", at=FILED)


def test_role_for_backups_writes_nothing(own_database: OwnDatabase):
    organisation = published(SLUG)
    with own_database.connect("backup") as connection:
        assert connection.execute("SELECT count(*) FROM procedures_procedureversion").fetchone() == (1,), organisation
        for statement in ("DELETE FROM procedures_procedureversion", "CREATE TABLE x ()", "SET ROLE gehoor_owner"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_password_is_in_no_argument(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings):
    settings.POSTGRES_PROGRAMS = str(tmp_path)
    program = tmp_path / "pg_dump"
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/arguments\necho "$PGPASSWORD" > {tmp_path}/password\n')
    program.chmod(0o755)
    backup._run("pg_dump", "postgresql://gehoor_backup:gehe%2Fim@db.example:5433/gehoor?sslmode=require")
    told = (tmp_path / "arguments").read_text()
    assert "geh" not in told.replace("gehoor", "")
    assert "postgresql://gehoor_backup@db.example:5433/gehoor?sslmode=require" in told
    assert (tmp_path / "password").read_text() == "gehe/im\n"
    assert os.environ.get("PGPASSWORD") is None
