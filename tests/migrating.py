"""Whether the version before a migration can go on running on its schema: what `make check` runs on every migration.

    python -m tests.migrating

Web and workers of the old version run on while the owner migrates, and for a while after that. So a migration adds: a
table, a column with a default of the database, an index made beside the traffic. What takes away or renames comes one
version later, when nothing asks for it any more. django-migration-linter reads the SQL of each; ours are the baseline,
what may stand there all the same and why, and a server to ask for the SQL.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import django

# The last migration of each app from before there was anything to keep running.
BASELINE = {"complaints": "0014_committees", "procedures": "0002_isolation"}
# Later ones with a finding that does no harm: why.
ACCEPTED: dict[tuple[str, str], str] = {
    (
        "complaints",
        "0018_reports",
    ): "what it adds to notices looks at rows that are about a duty, and there are none yet"
}
_NEW_TABLE = re.compile(r'^CREATE TABLE "(\w+)"')
_TABLE = re.compile(r'^(?:ALTER TABLE|CREATE (?:UNIQUE )?INDEX "?\w+"? ON) "(\w+)"')


def findings(apps: Iterable[str] = tuple(BASELINE)) -> Iterator[tuple[str, str, str]]:
    """App, migration and what is wrong with it, of each since the baseline. Needs a database, which may be empty."""
    from django_migration_linter import MigrationLinter

    linter = MigrationLinter(analyser_string="postgresql", no_output=True)
    for (app, name), migration in sorted(linter.migration_loader.disk_migrations.items()):
        if app not in apps or name <= BASELINE.get(app, "") or (app, name) in ACCEPTED:
            continue
        for message in judged(linter.get_sql(app, name)):
            yield app, name, message
        errors, _, warnings = linter.analyse_data_migration(migration)
        for each in (*errors, *warnings):
            yield app, name, each.message


def judged(statements: Iterable[str]) -> list[str]:
    """What is wrong with the SQL of one migration. What is done to a table that it makes itself hinders nobody."""
    from django_migration_linter.sql_analyser.analyser import analyse_sql_statements, get_sql_analyser_class

    lines = list(statements)
    made = {found.group(1) for line in lines if (found := _NEW_TABLE.match(line))}
    others = [line for line in lines if not ((found := _TABLE.match(line)) and found.group(1) in made)]
    analyser = get_sql_analyser_class("", analyser_string="postgresql")
    errors, _, warnings = analyse_sql_statements(analyser, others, [])
    return [each.message for each in (*errors, *warnings)]


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings_test", "VAR_DIR": folder, "LOG_LEVEL": "WARNING"}
        django.setup()
        from config import embedded
        from procedures.management.commands.database_roles import set_up_roles

        with embedded.Postgres(Path(folder), durable=False) as server:
            with embedded.admin_connection(server.url(role="admin", database="postgres")) as admin:
                set_up_roles(admin, database=embedded.DATABASE)
            found = list(findings())
        embedded.remove(Path(folder))
    for app, name, message in found:
        print(f"{app}/migrations/{name}.py: {message}", file=sys.stderr)
    print(f"Migrations since the baseline: {'one version can run beside the next' if not found else 'not safe'}.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
