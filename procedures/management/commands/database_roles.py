"""manage.py database_roles: the roles of the database, and what each may do."""

from typing import Any
from urllib.parse import unquote, urlsplit

import environ
import psycopg
from django.core.management.base import BaseCommand, CommandError
from psycopg import sql
from psycopg.conninfo import make_conninfo

OWNER = "gehoor_owner"  # owns the database and runs the migrations
APP = "gehoor_app"  # what web and workers connect as: bound by row-level security
BACKUP = "gehoor_backup"  # what backups are made as: reads every row of every organisation, and writes none
SWEEPER = "gehoor_sweeper"  # nobody signs in as it; owns the one function that looks across organisations


def set_up_roles(
    admin: psycopg.Connection[Any],
    *,
    database: str,
    owner_password: str | None = None,
    app_password: str | None = None,
    backup_password: str | None = None,
) -> None:
    """Make the roles and the database, or bring them back to what they should be. May be called again at any time.

    `admin` is a superuser's connection in autocommit. Without a password a role cannot sign in with one; that suits a
    server that only listens on a private socket.
    """
    attributes = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION"
    for role, may_log_in, password in (
        (OWNER, True, owner_password),
        (APP, True, app_password),
        (BACKUP, True, backup_password),
        (SWEEPER, False, None),
    ):
        exists = admin.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).fetchone()
        admin.execute(
            sql.SQL("{} ROLE {} {} {} PASSWORD {}").format(
                sql.SQL("ALTER" if exists is not None else "CREATE"),
                sql.Identifier(role),
                sql.SQL("LOGIN" if may_log_in else "NOLOGIN"),
                sql.SQL(f"{attributes} {'BYPASSRLS' if role == BACKUP else 'NOBYPASSRLS'}"),
                sql.Literal(password),
            )
        )
    # The owner hands its function to the sweeper (ALTER FUNCTION … OWNER TO), and may replace it in a later migration.
    _run(admin, "GRANT {sweeper} TO {owner} WITH INHERIT TRUE, SET TRUE")

    _run(admin, "GRANT pg_read_all_data TO {backup}")

    if admin.execute("SELECT FROM pg_database WHERE datname = %s", [database]).fetchone() is None:
        _run(admin, "CREATE DATABASE {database} OWNER {owner}", database=database)
    _run(admin, "ALTER DATABASE {database} OWNER TO {owner}", database=database)
    _run(admin, "REVOKE ALL ON DATABASE {database} FROM PUBLIC", database=database)
    _run(admin, "GRANT CONNECT ON DATABASE {database} TO {app}, {backup}", database=database)

    address = make_conninfo(admin.info.dsn, password=admin.info.password or None, dbname=database)
    with psycopg.connect(address, autocommit=True) as inside:
        _run(inside, "ALTER SCHEMA public OWNER TO {owner}")
        _run(inside, "REVOKE ALL ON SCHEMA public FROM PUBLIC")
        _run(inside, "GRANT USAGE ON SCHEMA public TO {app}")
        # Whoever is to own a function in a schema must be allowed to create there.
        _run(inside, "GRANT USAGE, CREATE ON SCHEMA public TO {sweeper}")
        # For whatever the migrations will make. No TRUNCATE: it passes row-level security by.
        defaults = "ALTER DEFAULT PRIVILEGES FOR ROLE {owner}"
        _run(inside, f"{defaults} IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {{app}}")
        _run(inside, f"{defaults} IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {{app}}")
        _run(inside, f"{defaults} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC")
        _run(inside, f"{defaults} IN SCHEMA public GRANT EXECUTE ON FUNCTIONS TO {{app}}")


def _run(connection: psycopg.Connection[Any], statement: str, **names: str) -> None:
    known = {"owner": OWNER, "app": APP, "sweeper": SWEEPER, "backup": BACKUP, **names}
    connection.execute(sql.SQL(statement).format(**{name: sql.Identifier(value) for name, value in known.items()}))


class Command(BaseCommand):
    help = (
        "Makes the database and its roles: the owner, the app, the sweeper and the one that backups are made as. Reads "
        "ADMIN_DATABASE_URL (a superuser), OWNER_DATABASE_URL and DATABASE_URL (whose passwords and database name are "
        "used), and BACKUP_DATABASE_URL where backups are made."
    )
    requires_system_checks = []  # the database may not be there yet

    def handle(self, *_args: Any, **_options: Any) -> None:
        addresses = {}
        for variable, role in (
            ("ADMIN_DATABASE_URL", None),
            ("OWNER_DATABASE_URL", OWNER),
            ("DATABASE_URL", APP),
            ("BACKUP_DATABASE_URL", BACKUP),
        ):
            address = environ.FileAwareEnv().str(variable, default="").strip()  # or in the file that …_FILE names
            if not address and role == BACKUP:
                continue
            if not address:
                raise CommandError(f"{variable} is not set.")
            addresses[variable] = urlsplit(address)
            if role is not None and addresses[variable].username != role:
                raise CommandError(f"{variable} must sign in as {role}.")
        owner, app = addresses["OWNER_DATABASE_URL"], addresses["DATABASE_URL"]
        backup = addresses.get("BACKUP_DATABASE_URL")
        if owner.path != app.path or (backup and backup.path != app.path):
            raise CommandError("OWNER_DATABASE_URL, DATABASE_URL and BACKUP_DATABASE_URL must name the same database.")
        database = unquote(app.path.removeprefix("/"))
        with psycopg.connect(addresses["ADMIN_DATABASE_URL"].geturl(), autocommit=True) as admin:
            set_up_roles(
                admin,
                database=database,
                owner_password=unquote(owner.password or "") or None,
                app_password=unquote(app.password or "") or None,
                backup_password=unquote((backup.password if backup else "") or "") or None,
            )
        self.stdout.write(f"Roles {OWNER}, {APP}, {BACKUP}, {SWEEPER} and database {database} are as they should be.")
