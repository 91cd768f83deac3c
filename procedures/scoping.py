"""The organisation in scope: no scope, no query. Row-level security in the database holds the same line below it.

`scope` opens a transaction, tells PostgreSQL which organisation is meant for as long as it lasts, and lets the managers
here see that organisation's rows only. It stands under `procedures` so that versions and closing days are guarded too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, ClassVar, Generic, Self, TypeVar

from django.db import connection, models, transaction
from django.db.models.sql import Query

_organisation: ContextVar[int | None] = ContextVar("organisation", default=None)

_M = TypeVar("_M", bound=models.Model)


class NoScope(Exception):
    """A tenant table was asked for something while no organisation is in scope."""


class WrongScope(Exception):
    """A row of one organisation was about to be written while another is in scope."""


def current() -> int:
    """The key of the organisation in scope. Raises NoScope."""
    organisation = _organisation.get()
    if organisation is None:
        raise NoScope("no organisation is in scope; wrap this in scoping.scope(organisation)")
    return organisation


@contextmanager
def scope(organisation: int) -> Iterator[None]:
    """A transaction in which only the rows of `organisation` (its primary key) exist.

    Scopes may be nested; the outer one holds again afterwards. Everything is rolled back when the block raises.
    """
    outer = _organisation.get()
    inside_another = connection.in_atomic_block
    token = _organisation.set(organisation)
    try:
        with transaction.atomic():
            _tell_database(organisation)
            yield
            if inside_another:  # leaving a savepoint does not undo SET LOCAL; ending the transaction does
                _tell_database(outer)
    finally:
        _organisation.reset(token)


def _tell_database(organisation: int | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('app.organisation', %s, true)", ["" if organisation is None else str(organisation)]
        )


class ScopedQuerySet(models.QuerySet[_M], Generic[_M]):
    def bulk_create(self, objs: Iterable[_M], *args: Any, **kwargs: Any) -> list[_M]:
        rows = list(objs)
        for row in rows:
            _claim(row)
        return super().bulk_create(rows, *args, **kwargs)

    def select_related(self, *fields: Any) -> Self:
        """The same rows with their related ones, of which the columns that are seldom read stay behind as well."""
        found = super().select_related(*fields)
        behind = [f"{path}__{name}" for path in fields if path for name in _seldom_read_at(self.model, path)]
        return found.defer(*behind) if behind else found


class ScopedManager(models.Manager[_M], Generic[_M]):
    """Refuses every query without a scope, and sees only the rows of the organisation in scope."""

    def get_queryset(self) -> ScopedQuerySet[_M]:
        begun = _rows_of(self.model, current())
        rows: ScopedQuerySet[_M] = ScopedQuerySet(self.model, begun, self._db, self._hints)  # type: ignore[attr-defined]
        return rows.all()  # a copy: what is asked further does not touch the one that is kept


@lru_cache(maxsize=1024)
def _rows_of(model: type[_M], organisation: int) -> Query:
    """The question for all rows of an organisation, put together once: it is where every other one begins."""
    rows: ScopedQuerySet[_M] = ScopedQuerySet(model).filter(organisation_id=organisation)
    behind: tuple[str, ...] = getattr(model, "seldom_read", ())
    return (rows.defer(*behind) if behind else rows).query


@lru_cache(maxsize=1024)
def _seldom_read_at(model: type[models.Model], path: str) -> tuple[str, ...]:
    """Which columns of the model at the end of a path of foreign keys are seldom read."""
    found: Any = model
    for name in path.split("__"):
        found = found._meta.get_field(name).related_model  # noqa: SLF001  # Django's own way to ask
    return getattr(found, "seldom_read", ())


class ScopedModel(models.Model):
    """A row that belongs to one organisation. Foreign keys between such rows hold the organisation too (isolation).

    Each model declares `objects = ScopedManager["Name"]()` itself: inherited, its type would be lost.
    """

    organisation = models.ForeignKey("procedures.Organisation", on_delete=models.PROTECT, related_name="+")

    # Large columns that a query leaves out; whoever reads one of them asks the database for it then.
    seldom_read: ClassVar[tuple[str, ...]] = ()

    scoped = ScopedManager["ScopedModel"]()  # what Django itself reads through: saving, related rows, cascades

    class Meta:
        abstract = True
        base_manager_name = "scoped"
        default_manager_name = "scoped"

    def save(self, *args: Any, **kwargs: Any) -> None:
        _claim(self)
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        _claim(self)
        return super().delete(*args, **kwargs)

    def refresh_from_db(self, using: Any = None, fields: Any = None, from_queryset: Any = None) -> None:
        # Also how Django fetches a column that was left out, so here none is.
        rows = type(self).scoped.using(using) if from_queryset is None else from_queryset
        super().refresh_from_db(using, fields, rows.defer(None))


def _claim(row: models.Model) -> None:
    """Puts a new row in the scope; refuses one of another organisation."""
    organisation = current()
    known = getattr(row, "organisation_id", None)
    if known is None:
        row.organisation_id = organisation  # type: ignore[attr-defined]
    elif known != organisation:
        raise WrongScope(f"a {type(row).__name__} of another organisation is not written here")
