"""The search for what should be gone: in every table of the organisation, as the catalogue of the database has them,
and in the media folder.

Tables are not listed here, so that a new one is searched from the day that it is made. What is searched for lives in
memory alone. Rows of what is still kept may name the same person: those are theirs until they go themselves.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from django.core.files.storage import default_storage
from django.db import connection

from complaints import storage
from complaints.retention.personal import TREATMENTS, Dossier, Treatment
from procedures.models import Organisation
from procedures.scoping import current, scope

MEDIA: Final = "media"  # where a leftover was found, when it was in no table
LONGEST: Final = 20_000_000  # bytes of a stray file that are read
_DIGITS: Final = 9  # the last ones of a telephone number, whatever way the country is written before them
_COLUMNS = """
SELECT columns.table_name, columns.column_name
FROM information_schema.columns
JOIN information_schema.tables USING (table_schema, table_name)
WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
AND data_type IN ('text', 'character varying', 'character', 'json', 'jsonb', 'ARRAY', 'tsvector', 'xml')
AND table_name IN (
    SELECT owned.table_name FROM information_schema.columns AS owned
    WHERE owned.table_schema = 'public' AND owned.column_name = 'organisation_id'
)
ORDER BY 1, columns.ordinal_position
"""


class LeftOver(Exception):
    """Something was found that should be gone: in which columns, or files, and how often. It does not say what."""

    def __init__(self, found: dict[str, int]) -> None:
        super().__init__(", ".join(f"{where}: {times}" for where, times in sorted(found.items())))
        self.found = found


@dataclass(frozen=True, slots=True)
class Sought:
    """What should be gone, as patterns that PostgreSQL and Python both read.

    `plainly` is what is looked for everywhere: numbers, names of more than one word, mail addresses, telephone numbers.
    `closely`, names of one word, only in the rows of what was erased: elsewhere such a word may be any word.
    """

    plainly: str
    closely: str

    @classmethod
    def of(cls, dossier: Dossier) -> Sought:
        whole = [each for each in dossier.names if " " in each]
        single = [each for each in dossier.names if " " not in each and len(each) >= 5]
        phones = [digits for each in dossier.phones if len(digits := re.sub(r"\D", "", each)) >= 7]
        return cls(
            _any(
                [
                    *(_words(each) for each in (*dossier.references, *whole, *dossier.emails)),
                    *(r"[ ().\-/]{0,3}".join(each[-_DIGITS:]) + "(?![0-9])" for each in phones),
                ]
            ),
            _any([_words(each) for each in single]),
        )


def refuse_leftovers(sought: Sought, erased: Dossier, *, strays: Collection[str], doomed: Collection[str]) -> None:
    """Raises LeftOver when what is sought still stands in a table of the organisation in scope, in the name of a file,
    or in a stray file (`strays`, of which no row tells). `doomed` are the names of the files that go now.

    One query for each table; more only where something is found.
    """
    found = {where: times for table, columns in tables() for where, times in _in_table(table, columns, sought, erased)}
    for name, times in _in_files(sought, strays=strays, doomed=doomed):
        found[name] = found.get(name, 0) + times
    if found:
        raise LeftOver(found)


def tables() -> Iterator[tuple[str, list[str]]]:
    """Every table whose rows belong to an organisation, with its columns that hold texts, names of files or words."""
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS)
        rows = cursor.fetchall()
    for table in dict.fromkeys(table for table, _ in rows):
        yield table, [column for name, column in rows if name == table]


def stray_files() -> set[str]:
    """The stored files of which no row of any organisation tells, by their names there."""
    known: set[str] = set()
    for key in Organisation.objects.values_list("pk", flat=True):
        with scope(key):
            for each in TREATMENTS:
                for column in each.file_columns:
                    known |= set(each.model.objects.values_list(column, flat=True))  # type: ignore[attr-defined]
    return set(storage.names()) - known


def _in_table(table: str, columns: list[str], sought: Sought, erased: Dossier) -> Iterator[tuple[str, int]]:
    treatment = _TREATED.get(table)
    certified = treatment.certified if treatment else ()
    searched = [each for each in columns if each not in certified]
    rows = _rows(table, searched, sought.plainly)
    for key in _left(treatment, set(rows)):
        for column in rows[key]:
            yield f"{table}.{column}", 1
    if sought.closely and treatment and treatment.rows:
        own = [each for each in searched if each not in treatment.kept]
        about = set(treatment.rows(erased).values_list("pk", flat=True))
        close = _rows(table, own, sought.closely)
        for key in about & set(close):
            for column in close[key]:
                yield f"{table}.{column}", 1


def _left(treatment: Treatment | None, keys: set[int]) -> set[int]:
    """Those of the rows that do not belong to something that is still kept."""
    if treatment is None or treatment.live is None or not keys:
        return keys
    rows = treatment.model.objects.filter(pk__in=keys)  # type: ignore[attr-defined]
    return keys - set(rows.filter(treatment.live).values_list("pk", flat=True))


def _rows(table: str, columns: Iterable[str], pattern: str) -> dict[int, list[str]]:
    """The keys of the rows in which the pattern is found, each with the columns."""
    quote = connection.ops.quote_name
    found: dict[int, list[str]] = {}
    named = list(columns)
    if not named or not pattern:
        return found
    hits = ", ".join(f"coalesce({quote(each)}::text ~* %(pattern)s, false)" for each in named)
    whole = " OR ".join(f"{quote(each)}::text ~* %(pattern)s" for each in named)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, {hits} FROM {quote(table)} WHERE organisation_id = %(organisation)s AND ({whole})",  # noqa: S608
            {"pattern": pattern, "organisation": current()},
        )
        for key, *hit in cursor.fetchall():
            found[key] = [column for column, is_hit in zip(named, hit, strict=True) if is_hit]
    return found


def _in_files(sought: Sought, *, strays: Collection[str], doomed: Collection[str]) -> Iterator[tuple[str, int]]:
    if not sought.plainly:
        return
    pattern = re.compile(sought.plainly, re.IGNORECASE)
    for name in storage.names():
        if name not in doomed and pattern.search(name):
            yield MEDIA, 1
    for name in set(strays) - set(doomed):
        try:
            with default_storage.open(name, "rb") as file:
                content = file.read(LONGEST).decode("utf-8", errors="replace")
        except OSError:
            continue  # it was somebody's upload, and is gone or refused by now
        if pattern.search(content):
            yield MEDIA, 1


def _words(text: str) -> str:
    """A text as it is typed anywhere, also in an address: whole words, however many spaces are between them."""
    parts = (re.sub(r"([^\w])", r"\\\1", each).replace(r"\@", "(?:@|%40)") for each in text.split())
    return r"(?<![\w])" + r"(?:\s|\+|%20)+".join(parts) + r"(?![\w])"


def _any(patterns: Iterable[str]) -> str:
    return "|".join(f"(?:{each})" for each in sorted(patterns))


_TREATED = {each.model._meta.db_table: each for each in TREATMENTS}  # noqa: SLF001
