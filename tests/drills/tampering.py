"""G13: a thousand random changes to the history, made past every trigger, are all found against heads from before."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from django.conf import settings

from complaints.operations.chain import export_heads, heads_by_organisation, verify_one
from config import embedded
from tests.complaints.factories import filed_case, published, staffed
from tests.drills.figures import Report
from tests.drills.stack import Stack

TIMES = 1_000
SLUG = "klik-onderwijs"
AT = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
_COLUMNS = ("occurrence", "at", "recorded_at", "by", "facts", "decision", "roles")
KINDS = ("edit", "delete", "insert", "swap", "cut")
_LOOK = "SELECT id FROM complaints_event WHERE organisation_id = %s ORDER BY id"


def tamper(admin: psycopg.Connection[Any], kind: str, *, organisation: int, seed: int) -> bool:
    """Does what only a superuser can, to events that a head covers: triggers and policies are passed by."""
    choose = random.Random(seed)
    admin.execute("SET session_replication_role = replica")
    keys = [row[0] for row in admin.execute(_LOOK, [organisation]).fetchall()]
    one, other = sorted(choose.sample(keys, 2))
    match kind:
        case "edit":
            column = choose.choice(_COLUMNS)
            changed = {
                "at": "at + interval '1 second'",
                "recorded_at": "recorded_at - interval '1 day'",
                "occurrence": "occurrence || 'x'",
                "by": "by || 'x'",
                "facts": """facts || '{"x": 1}'""",
                "decision": """decision || '{"x": 1}'""",
                "roles": """roles || '["x"]'""",
            }[column]
            done = admin.execute(f"UPDATE complaints_event SET {column} = {changed} WHERE id = %s", [one])  # noqa: S608
        case "delete":
            done = admin.execute("DELETE FROM complaints_event WHERE id = %s", [one])
        case "insert":
            columns = "organisation_id, case_id, occurrence, at, recorded_at, by, member_id, roles, facts, decision"
            # At the place of one that is removed, and of a number that is free.
            done = admin.execute(
                f"WITH gone AS (DELETE FROM complaints_event WHERE id = %s RETURNING {columns}) "  # noqa: S608
                f"INSERT INTO complaints_event (id, number, {columns}) SELECT %s, 9999, {columns} FROM gone",
                [one, other + 10**9 if choose.random() < 0.5 else one + 10**8],
            )
        case "swap":
            admin.execute("UPDATE complaints_event SET id = -1 WHERE id = %s", [one])
            admin.execute("UPDATE complaints_event SET id = %s WHERE id = %s", [one, other])
            done = admin.execute("UPDATE complaints_event SET id = %s WHERE id = -1", [other])
        case _:
            done = admin.execute(
                "DELETE FROM complaints_event WHERE organisation_id = %s AND id >= %s", [organisation, one]
            )
    admin.execute("SET session_replication_role = origin")
    return done.rowcount > 0


def drill(stack: Stack, size: float) -> Report:
    report = Report("G13 · The history shows tampering")
    count = max(len(KINDS), round(TIMES * size))
    settings.HISTORY_HEADS = stack.folder / "heads.jsonl"
    organisation = published(SLUG)
    staffed(organisation)
    for day in range(5):
        for _ in range(4):
            filed_case(organisation, at=AT + timedelta(days=day))
        export_heads(at=AT + timedelta(days=day))
    heads = heads_by_organisation()[SLUG]
    clean = verify_one(SLUG, organisation.pk, heads)
    report.say(f"{clean.events} events, and {len(heads)} heads that were exported")
    found = done = 0
    with embedded.admin_connection(stack.postgres.url(role="admin")) as admin:
        admin.execute("CREATE TABLE kept AS SELECT * FROM complaints_event")
        for number in range(count):
            done += tamper(admin, KINDS[number % len(KINDS)], organisation=organisation.pk, seed=number)
            found += verify_one(SLUG, organisation.pk, heads).broken is not None
            admin.execute("SET session_replication_role = replica")
            admin.execute("DELETE FROM complaints_event")
            admin.execute("INSERT INTO complaints_event SELECT * FROM kept")
            admin.execute("SET session_replication_role = origin")
    report.say(f"{count} times somebody edited, removed, put in, swapped or cut off events, past every trigger")
    report.exactly("said of a history that nobody touched", int(clean.broken is not None), 0)
    report.exactly("done", done, count)
    report.exactly("found", found, count)
    report.exactly("said after all was put back", int(verify_one(SLUG, organisation.pk, heads).broken is not None), 0)
    return report
