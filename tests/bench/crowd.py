"""Very many cases: a few that the real actions made, copied within PostgreSQL with all that hangs on them.

A copy differs in its keys, its number, its moments and the words that it is found by; its organisation may be another
one. Foreign keys between the copies are moved along, and not checked: what they point at is made in the same breath.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import ForeignKey, Model

from complaints.models import Answer, Assignment, Case, Deadline, Event, Letter, Membership, Message, Party
from config import embedded
from procedures.models import Organisation, ProcedureVersion
from tests.drills.stack import Stack

# What hangs on a case and is copied with it; whatever else there is of the few is not.
PARTS: tuple[type[Model], ...] = (Party, Assignment, Event, Answer, Deadline, Letter, Message)
_ALL: tuple[type[Model], ...] = (Case, *PARTS)
# Of copies that nobody opens: the columns that make a row long, and are never looked for.
LONG: dict[type[Model], Mapping[str, str]] = {
    Event: {"facts": "'{}'::jsonb", "decision": "'{}'::jsonb"},
    Letter: {"html": "''", "text": "''", "try_at": "NULL"},
    Deadline: {"skipped": "'[]'::jsonb"},
}
SHARED_NAME = 20  # how many cases have a complainant of the same name, however many there are


@dataclass(frozen=True, slots=True)
class Home:
    """Where copies go: an organisation and the version of its procedure."""

    organisation: int
    version: int


def copy(
    stack: Stack,
    cases: Sequence[int],
    times: int,
    *,
    homes: Sequence[Home] = (),
    columns: Mapping[str, str] | None = None,
    is_lean: bool = False,
) -> int:
    """Copies these cases `times` times, to their own organisation or in turn to `homes`; how many cases that makes.

    `columns` are other values for columns of the case, as SQL; in it `k` is the number of the copy from 1 on.
    """
    if times < 1 or not cases:
        return 0
    with embedded.admin_connection(stack.postgres.url(role="admin")) as admin:
        admin.execute("SET session_replication_role = replica; SET synchronous_commit = off; SET work_mem = '256MB'")
        bases = {model: _note(admin, model, cases) for model in _ALL}
        for model in _ALL:
            own = dict(columns or {}) if model is Case else {}
            _copy_table(admin, model, times, bases, homes, {**(LONG.get(model, {}) if is_lean else {}), **own})
        for model in _ALL:
            table = _table(model)
            admin.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
            admin.execute(f"DROP TABLE of_{table}")
    return len(cases) * times


def settle(stack: Stack) -> None:
    """What autovacuum does in time: statistics and the map of what is visible."""
    with embedded.admin_connection(stack.postgres.url(role="admin")) as admin:
        for model in _ALL:
            admin.execute(f"VACUUM (ANALYZE) {_table(model)}")
        admin.execute("CHECKPOINT")


def _note(admin: Any, model: type[Model], cases: Sequence[int]) -> tuple[int, int]:
    """Numbers the rows to be copied, in a table of their own; the highest key so far, and how many rows there are."""
    table = _table(model)
    which = "id" if model is Case else "case_id"
    admin.execute(
        f"CREATE TEMP TABLE of_{table} AS SELECT id, row_number() OVER (ORDER BY id) AS place FROM {table} "
        f"WHERE {which} = ANY(%s)",
        [list(cases)],
    )
    base, rows = admin.execute(
        f"SELECT (SELECT coalesce(max(id), 0) FROM {table}), (SELECT count(*) FROM of_{table})"
    ).fetchone()
    return int(base), int(rows)


def _copy_table(
    admin: Any,
    model: type[Model],
    times: int,
    bases: Mapping[type[Model], tuple[int, int]],
    homes: Sequence[Home],
    other: Mapping[str, str],
) -> None:
    names, values, joins = [], [], []
    for field in model._meta.concrete_fields:
        target: type[Model] | None = field.remote_field.model if isinstance(field, ForeignKey) else None
        column = str(field.column)
        names.append(f'"{column}"')
        if column in other:
            values.append(other[column])
        elif field.primary_key:
            values.append(_moved("own", bases[model]))
        elif target is not None and target in bases and target is not model:
            joins.append(f'LEFT JOIN of_{_table(target)} AS "{column}_of" ON "{column}_of".id = old."{column}"')
            values.append(_moved(f'"{column}_of"', bases[target]))
        elif homes and target is Organisation:
            values.append(_in_turn([home.organisation for home in homes]))
        elif homes and target is ProcedureVersion:
            values.append(_in_turn([home.version for home in homes]))
        elif homes and target is Membership:
            values.append("NULL" if field.null else f'old."{column}"')
        else:
            changed = _CHANGED.get((model, column), f'old."{column}"')
            values.append(changed.replace("NEW", f"({_moved('own', bases[model])})"))
    if model is Assignment and homes:
        return  # its people are those of another organisation
    table = _table(model)
    admin.execute(
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} FROM generate_series(1, {times}) AS k "
        f"CROSS JOIN of_{table} AS own JOIN {table} AS old ON old.id = own.id {' '.join(joins)}"
    )


def _moved(numbered: str, base: tuple[int, int]) -> str:
    return f"{base[0]} + (k - 1)::bigint * {base[1]} + {numbered}.place"


def _in_turn(keys: Sequence[int]) -> str:
    return f"(ARRAY{list(keys)}::bigint[])[1 + k % {len(keys)}]"


def _table(model: type[Model]) -> str:
    return model._meta.db_table


def name_of(number: str) -> str:
    """SQL for a name by which a case with this key is found: another for each SHARED_NAME of them."""
    return f"('v' || substr(md5((({number}) / {SHARED_NAME})::text), 1, 10))"


_PAST = "make_interval(days => (k * 7 % 2000)::int)"
# What a copy has otherwise, as SQL; NEW is its key. No number is like one that is given out later.
_CHANGED: dict[tuple[type[Model], str], str] = {
    (Case, "reference"): "'X-' || lpad((NEW)::text, 9, '0')",
    (Case, "nonce"): "NULL",
    (Case, "received_at"): f"CASE WHEN old.closed_at IS NULL THEN old.received_at ELSE old.received_at - {_PAST} END",
    (Case, "closed_at"): f"old.closed_at - {_PAST}",
    (Case, "words"): (
        "old.words || setweight(to_tsvector('simple', "
        f"'x' || lpad((NEW)::text, 9, '0') || ' ' || {name_of('NEW')}), 'A')"
        " || to_tsvector('dutch', 'woord' || k % 5000)"
    ),
    (Party, "name"): f"old.name || ' ' || {name_of('NEW')}",
    (Party, "email"): "CASE WHEN old.email = '' THEN '' ELSE NEW || old.email END",
    (Case, "subject"): "old.subject || ' ' || (NEW % 5000)",
    (Letter, "key"): "'copy:' || NEW",
    (Letter, "message_id"): "'<copy-' || NEW || '>'",
}
