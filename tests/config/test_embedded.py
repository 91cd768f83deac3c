"""The embedded servers and the roles: what they may do, and that nothing survives its starter."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from config import embedded
from config.checks import refuse_unbound_role
from procedures.management.commands.database_roles import APP, BACKUP, OWNER, SWEEPER, set_up_roles

ROOT = Path(__file__).resolve().parents[2]


def processes_of(folder: Path) -> list[list[str]]:
    """The command lines of all processes that work in this folder."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or []
        if any(str(folder) in part for part in command) and process.pid != os.getpid():
            found.append(command)
    return found


def wait_until_gone(folder: Path, *, seconds: float = 15) -> list[list[str]]:
    deadline = time.monotonic() + seconds
    while (left := processes_of(folder)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


@pytest.fixture
def folder(tmp_path):
    yield tmp_path
    embedded.remove(tmp_path)


STARTER = """
import sys, time
from pathlib import Path
from config import embedded
folder = Path(sys.argv[1])
with embedded.Postgres(folder, durable=False), embedded.Valkey(folder):
    print("ready", flush=True)
    time.sleep(60)
"""


def start_servers(folder: Path) -> subprocess.Popen[str]:
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert starter.stdout is not None
    assert starter.stdout.readline() == "ready\n"
    return starter


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_servers_end_with_their_starter_however_it_ends(folder, number):
    starter = start_servers(folder)
    place = embedded.place(folder)
    assert len(processes_of(place)) >= 2
    starter.send_signal(number)
    starter.wait(120)
    assert wait_until_gone(place) == []


def test_a_start_cleans_up_after_a_starter_and_leashes_that_were_killed(folder):
    starter = start_servers(folder)
    leashes = psutil.Process(starter.pid).children()
    with embedded.admin_connection(embedded.database_url(folder, role="admin", database="postgres")) as admin:
        admin.execute("CREATE TABLE kept ()")
    for leash in leashes:
        leash.suspend()  # else one of them still does its work before its turn comes
    starter.kill()
    for leash in leashes:
        leash.kill()
    starter.wait()
    assert embedded.Postgres(folder).answers()  # the leftover still runs
    with (
        embedded.Postgres(folder, durable=False) as server,
        embedded.admin_connection(server.url(role="admin", database="postgres")) as admin,
    ):
        assert admin.execute("SELECT count(*) FROM kept").fetchone() == (0,)
    assert [command for command in processes_of(embedded.place(folder)) if "postgres" in command[0]] == []


def test_a_lock_file_with_another_programs_number_is_no_obstacle(folder):
    with embedded.Postgres(folder, durable=False) as server:
        lock = server.data / "postmaster.pid"
        content = lock.read_text()
    lock.write_text("\n".join([str(os.getpid()), *content.splitlines()[1:]]))
    with embedded.Postgres(folder, durable=False) as server:
        assert server.answers()


def test_a_folder_that_postgresql_cannot_use_is_replaced(tmp_path):
    deep = tmp_path / ("deep" * 20)
    assert embedded.place(deep).parent == Path("/var/tmp")
    assert len(str(embedded.place(deep) / "postgres" / ".s.PGSQL.5432")) < 107


def test_nobody_else_may_open_the_sockets(postgres, valkey_server):
    for server in (postgres, valkey_server):
        assert oct(server.folder.stat().st_mode & 0o777) == "0o700"


# --- Roles ------------------------------------------------------------------------------------------------------------


def test_roles_have_no_power_over_row_level_security(postgres):
    with embedded.admin_connection(postgres.url(role="admin", database="postgres")) as admin:
        rows = admin.execute(
            "SELECT rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles "
            "WHERE rolname LIKE 'gehoor%' ORDER BY rolname"
        ).fetchall()
    assert rows == [
        (APP, True, False, False, False, False),
        (BACKUP, True, False, True, False, False),  # reads all, and writes nothing
        (OWNER, True, False, False, False, False),
        (SWEEPER, False, False, False, False, False),
    ]


def test_making_the_roles_again_changes_nothing(own_database):
    with own_database.connect("admin") as admin:
        before = admin.execute("SELECT datacl::text, nspacl::text FROM pg_database, pg_namespace").fetchall()
        set_up_roles(admin, database=own_database.name)
        once = admin.execute("SELECT datacl::text, nspacl::text FROM pg_database, pg_namespace").fetchall()
        set_up_roles(admin, database=own_database.name)
        twice = admin.execute("SELECT datacl::text, nspacl::text FROM pg_database, pg_namespace").fetchall()
    assert len(before) == len(once)
    assert once == twice


def test_the_app_may_write_rows_and_nothing_else(own_database):
    with own_database.connect("owner") as owner:
        owner.execute("CREATE TABLE notes (id bigint GENERATED ALWAYS AS IDENTITY, text text)")
    refused = {}
    with own_database.connect() as app:
        app.execute("INSERT INTO notes (text) VALUES ('a')")
        app.execute("UPDATE notes SET text = 'b'")
        app.execute("DELETE FROM notes")
        for statement in (
            "TRUNCATE notes",
            "DROP TABLE notes",
            "ALTER TABLE notes DISABLE ROW LEVEL SECURITY",
            "CREATE TABLE mine ()",
            "CREATE TEMPORARY TABLE mine ()",
            f"SET ROLE {OWNER}",
            f"SET ROLE {SWEEPER}",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(statement)
            refused[statement] = True
    assert len(refused) == 7


def test_the_owner_may_hand_a_function_to_the_sweeper_and_replace_it(own_database):
    function = "CREATE OR REPLACE FUNCTION due() RETURNS integer LANGUAGE sql SECURITY DEFINER AS 'SELECT {}'"
    with own_database.connect("owner") as owner:
        owner.execute(function.format(1))
        owner.execute(f"ALTER FUNCTION due() OWNER TO {SWEEPER}")
        owner.execute(function.format(2))
        assert owner.execute("SELECT pg_get_userbyid(proowner) FROM pg_proc WHERE proname = 'due'").fetchone() == (
            SWEEPER,
        )
    with own_database.connect() as app:
        assert app.execute("SELECT due()").fetchone() == (2,)


@pytest.mark.parametrize(
    ("role", "reason"), [("owner", "owns the database or tables in it"), ("admin", "is a superuser and has BYPASSRLS")]
)
def test_a_role_that_row_level_security_does_not_bind_is_refused(own_database, role, reason):
    with own_database.connect(role) as unbound, pytest.raises(ImproperlyConfigured, match=reason):
        refuse_unbound_role(unbound)


def test_a_member_of_the_owner_is_refused_too(own_database):
    with own_database.connect("admin") as admin:
        admin.execute(f"CREATE ROLE sly LOGIN IN ROLE {OWNER}")
    try:
        with (
            psycopg.connect(own_database.url().replace(APP, "sly"), autocommit=True) as sly,
            pytest.raises(ImproperlyConfigured, match="owns the database"),
        ):
            refuse_unbound_role(sly)
    finally:
        with own_database.connect("admin") as admin:
            admin.execute("DROP ROLE sly")


def test_django_opens_no_connection_as_such_a_role(own_database):
    connection.close()
    connection.settings_dict["USER"] = OWNER
    try:
        with pytest.raises(ImproperlyConfigured, match="owns the database"), connection.cursor():
            pass
        assert connection.connection is None
    finally:
        connection.close()
        connection.settings_dict["USER"] = APP


def test_tests_run_as_the_app(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_database()")
        assert cursor.fetchone() == (APP, embedded.DATABASE)
