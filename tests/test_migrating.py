"""The linter of migrations finds what would break the version that is still running, and nothing since the baseline."""

from __future__ import annotations

import pytest

from tests.migrating import findings, judged


@pytest.mark.usefixtures("own_database")  # the SQL of an index made beside the traffic is told outside a transaction
def test_every_migration_since_the_baseline_lets_the_version_before_it_run():
    assert list(findings()) == []


@pytest.mark.parametrize(
    "statement",
    [
        'ALTER TABLE "complaints_case" DROP COLUMN "subject" CASCADE;',
        'ALTER TABLE "complaints_case" RENAME COLUMN "subject" TO "title";',
        'ALTER TABLE "complaints_case" RENAME TO "complaints_file";',
        'ALTER TABLE "complaints_case" ADD COLUMN "colour" varchar(9) NOT NULL;',
        'ALTER TABLE "complaints_case" ALTER COLUMN "subject" TYPE text USING "subject"::text;',
        'ALTER TABLE "complaints_case" ADD CONSTRAINT "once" UNIQUE ("subject");',
        'DROP TABLE "complaints_case" CASCADE;',
        'CREATE INDEX "by_subject" ON "complaints_case" ("subject");',
    ],
)
def test_what_the_running_version_would_stumble_over_is_found(statement: str):
    assert judged(["BEGIN;", statement, "COMMIT;"])


@pytest.mark.parametrize(
    "statements",
    [
        [
            'CREATE TABLE "new" ("id" bigint NOT NULL PRIMARY KEY);',
            'ALTER TABLE "new" ADD CONSTRAINT "a" UNIQUE ("id");',
        ],
        ['ALTER TABLE "complaints_case" ADD COLUMN "colour" varchar(9) NULL;'],
        ['CREATE INDEX CONCURRENTLY "by_subject" ON "complaints_case" ("subject");'],
    ],
)
def test_what_only_adds_is_let_be(statements: list[str]):
    assert judged(statements) == []
