"""Keeping the words that a case is found by in step with what is in it."""

from __future__ import annotations

from complaints.models import Case
from complaints.queries.search import words_of
from procedures.catalogue import procedure_of


def index_case(case: Case) -> None:
    """Sets the words of a case in one UPDATE; call it last, in the transaction of what changed the case."""
    Case.objects.filter(pk=case.pk).update(words=words_of(case, procedure_of(case.version)))


def index_cases(after: int, *, limit: int = 200) -> int:
    """Sets the words of the next cases of the organisation in scope; the key of the last one, 0 when there is none."""
    last = 0
    for case in Case.objects.select_related("version").filter(pk__gt=after).order_by("pk")[:limit]:
        index_case(case)
        last = case.pk
    return last
