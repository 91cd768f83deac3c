"""Full-text search: the words that a case is found by, and what somebody typed as a question for them.

Words are Dutch (`klachten` finds `klacht`); numbers and names are kept as they are written as well, so that their
beginning is enough. Internal notes are no part of it: they are in nobody's search.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any, Final

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import Q, Value
from django.db.models.expressions import Combinable

from complaints.models import IMPORTED, Case, EarlierNumber
from procedures.definition import FieldKind, Procedure

DUTCH: Final = "dutch"
SIMPLE: Final = "simple"
LONGEST: Final = 150_000  # characters of answers, and of messages: PostgreSQL keeps at most 1 MB of words for a case
# Answers that hold a key, a day or a number and no words.
WORDLESS: Final = frozenset(
    {
        FieldKind.MEMBER,
        FieldKind.MEMBERS,
        FieldKind.DATE,
        FieldKind.MOMENT,
        FieldKind.YES_NO,
        FieldKind.NUMBER,
        FieldKind.DOCUMENT,
        FieldKind.DOCUMENTS,
    }
)
_OPERATORS = re.compile(r"""["“”]|(?:^|\s)-\S|\sor\s""", re.IGNORECASE)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def words_of(case: Case, procedure: Procedure) -> Combinable:
    """The words of a case as an expression for its column, from its rows as they are now. Four queries.

    Numbers, subject and the names of the parties weigh most, then answers, then messages, titles of files and how the
    parties are reached. Of very much text the newest counts.
    """
    parties = list(case.parties.all())
    names = [text for each in parties for text in (each.name, each.organisation_name)]
    reached = [text for each in parties for text in (each.email, each.town)]
    written = case.messages.order_by("-pk").values_list("text", flat=True)
    titles = case.documents.order_by("-pk").values_list("title", flat=True)
    numbers = " ".join(_numbers(case.reference))
    earlier = EarlierNumber.objects.filter(case=case).first() if case.imported_at else None
    if earlier:
        numbers = f"{numbers} {_together(earlier.number)} {plain(earlier.number)}"
    rows = case.answers.order_by("-pk").values_list("name", "value")
    return (
        _vector([numbers, *map(plain, (case.subject, *names))], SIMPLE, "A")
        + _vector([case.subject, *names], DUTCH, "A")
        + _vector(_answers(rows, procedure), DUTCH, "B")
        + _vector([*(re.sub(r"[._-]", " ", each) for each in titles), *written], DUTCH, "C")
        + _vector([plain(each) for each in reached], SIMPLE, "C")
    )


def words_of_earlier(case: Case, number: str, answers: Mapping[str, object], procedure: Procedure) -> Combinable:
    """The same words for a case that is about to be taken over from an earlier register: it has no rows yet. No query.

    `answers` by name, the newest first.
    """
    numbers = " ".join((*_numbers(case.reference), _together(number), plain(number)))
    return (
        _vector([numbers, plain(case.subject)], SIMPLE, "A")
        + _vector([case.subject], DUTCH, "A")
        + _vector(_answers(answers.items(), procedure), DUTCH, "B")
    )


def found_by(typed: str) -> Q:
    """Which cases have what was typed: all of its words, or the beginnings of words; "…" for words in a row, a minus
    for what may not be there, `or` between two. Without any word nothing is found."""
    query = SearchQuery(typed, config=DUTCH, search_type="websearch")
    parts = [part for part in (each.strip(".,;:!?()'") for each in typed.split()) if part]
    if not parts or _OPERATORS.search(typed):
        return Q(words=query)
    if len(parts) == 1:
        return Q(words=query | _beginning(parts[0], DUTCH) | _beginning(parts[0], SIMPLE))
    return Q(words=reduce(lambda so_far, each: so_far & each, [_Word(each) for each in parts]) | query)


def plain(text: str) -> str:
    """The text in small letters without accents: as a name is typed by who does not know how it is written."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in apart if not unicodedata.combining(each))


class _Word(SearchQuery):
    """One word of several that were typed: any word that begins so in Dutch, or a name or number that does. A word that
    Dutch passes by ("de", "van") asks for nothing."""

    def __init__(self, word: str) -> None:
        super().__init__(_prefix(word), config=DUTCH, search_type="raw")
        self.word = word

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **kwargs: Any) -> Any:
        dutch, asked = super().as_sql(compiler, connection, *args, **kwargs)
        simple, also = compiler.compile(_beginning(self.word, SIMPLE).resolve_expression(compiler.query))
        sql = f"(CASE WHEN numnode({dutch}) = 0 THEN {dutch} ELSE {dutch} || {simple} END)"
        return sql, [*asked, *asked, *asked, *also]


def _beginning(word: str, config: str) -> SearchQuery:
    if config == DUTCH:
        return SearchQuery(_prefix(word), config=DUTCH, search_type="raw")
    forms = {plain(word)}
    if any(each.isdigit() for each in word):
        forms.add(_together(word))
    return SearchQuery(
        " | ".join(_prefix(form, weight="A") for form in sorted(forms) if form), config=SIMPLE, search_type="raw"
    )


def _prefix(word: str, *, weight: str = "") -> str:
    """The word as PostgreSQL reads a beginning; quoted, so that nothing in it is an operator."""
    quoted = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{quoted}':*{weight}"


def _vector(texts: Iterable[str], config: str, weight: str) -> SearchVector:
    return SearchVector(Value("\n".join(texts)[:LONGEST]), config=config, weight=weight)


def _numbers(reference: str) -> list[str]:
    """A number in every way that people say it: KO-2026-0042, 2026-0042, 0042 and 42, each as one word."""
    parts = reference.split("-")
    said = [_together("-".join(parts[start:])) for start in range(len(parts))]
    return [*said, parts[-1].lstrip("0") or "0"]


def _together(text: str) -> str:
    return re.sub(r"[^0-9a-z]", "", plain(text))


def _answers(rows: Iterable[tuple[str, object]], procedure: Procedure) -> list[str]:
    """What was answered, in words, the newest first; the titles of what was chosen."""
    fields = {field.name: field for field in procedure.every_field()}
    found: list[str] = []
    for name, value in rows:
        if name == IMPORTED:
            found += _texts(value)
            continue
        field = fields.get(name)
        if field is None or field.kind in WORDLESS:
            continue
        titles = {each.value: each.title.nl for each in field.choices}
        found += [titles.get(each, each) for each in _texts(value) if not _DAY.fullmatch(each)]
    return found


def _texts(value: object) -> list[str]:
    """Every text in an answer as it is stored."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [text for each in value for text in _texts(each)] if isinstance(value, list) else []
