"""Erasing cases: every table and every file, in one transaction for each dossier, and the proof that it is gone.

Files are removed after the commit. Their names stand in rows until they are gone, so a worker that is killed half-way
leaves nothing behind: the next sweep goes on where it stopped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.contrib.admin.models import LogEntry
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q

from complaints.actions.actors import THE_CLOCK
from complaints.actions.beside import record_beside
from complaints.models import BESIDE, Case, DoomedFile, ListedCase
from complaints.retention import ledger
from complaints.retention.personal import TREATMENTS, Dossier, Treatment, dossier_of
from complaints.retention.searching import Sought, refuse_leftovers
from procedures.models import Organisation
from procedures.scoping import current

log = structlog.get_logger(__name__)

ERASED = f"{BESIDE}erased"
FILES_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Erased:
    """What went: how many rows by table, and how many files."""

    rows: dict[str, int]
    files: int


@transaction.atomic
def erase(
    cases: Collection[Case], *, at: datetime, strays: Collection[str], listed: ListedCase | None = None
) -> Erased:
    """Erases whom and what these cases are about, at the instant `at`. Whether they may go is for who asks.

    What stays are the figures: their rows with choices, days and outcomes, and the history. `strays` are the files in
    the media folder that no row tells of. Must be called with the cases held, outside of what else is still to commit.
    Raises searching.LeftOver, and then nothing was erased.

    Side effects, in order: an event on each; every table as `personal` says; the names of the files that have to go;
    the search for what should be gone; a line in the ledger for each, last of all before the commit. When that is done,
    the files.
    """
    dossier = dossier_of(tuple(sorted(cases, key=lambda each: each.pk)))
    sought = Sought.of(dossier)
    for case in dossier.cases:
        told = {"list": {"value": listed.erasure_id if listed else None}}
        record_beside(case, ERASED, actor=THE_CLOCK, at=at, facts=told)
    rows: Counter[str] = Counter()
    names: set[str] = set()
    for treatment in TREATMENTS:
        if treatment.rows is None:
            continue
        names |= _file_names(treatment, dossier)
        rows[treatment.model._meta.label] += treat(treatment, dossier)  # noqa: SLF001
    Case.objects.filter(pk__in=dossier.keys).update(erased_at=at)
    rows["admin.LogEntry"] += _forget_log(dossier)
    DoomedFile.objects.bulk_create(DoomedFile(listed=listed, name=each) for each in sorted(names))
    refuse_leftovers(sought, dossier, strays=strays, doomed=names)
    ledger.add(Organisation.objects.get(pk=current()).slug, dossier.cases, at=at)
    return Erased({label: count for label, count in rows.items() if count}, len(names))


@transaction.atomic
def erase_again(line: ledger.Line, *, at: datetime, strays: Collection[str]) -> None:
    """Erases a case of the organisation in scope that is back with an old backup. Does nothing when it is gone.

    Raises searching.LeftOver. A list that it was on there no longer waits for it.
    """
    rows = Case.objects.select_for_update(of=("self",)).select_related("version")
    case = rows.filter(pk=line.case, erased_at=None).first()
    if case is None or not line.is_about(case):
        return
    listed = ListedCase.objects.filter(case=case, taken_out_at=None)
    listed.update(erased_at=line.erased_at, result={"rows": {}, "files": 0}, problem={})
    went = erase([case], at=at, strays=strays, listed=listed.first())
    listed.update(result={"rows": went.rows, "files": went.files})


def remove_files(*, limit: int = FILES_AT_ONCE) -> int:
    """Removes files of erased cases from the disk, and their rows; how many are gone. What fails is tried again by the
    next sweep."""
    gone = 0
    for row in DoomedFile.objects.all()[:limit]:
        try:
            default_storage.delete(row.name)
        except OSError as problem:
            log.error("file_not_removed", row=row.pk, problem=type(problem).__name__)
            continue
        row.delete()
        gone += 1
    return gone


def _file_names(treatment: Treatment, dossier: Dossier) -> set[str]:
    if treatment.rows is None or not treatment.file_columns:
        return set()
    rows = treatment.rows(dossier).values_list(*treatment.file_columns)
    return {name for row in rows for name in row if name}


def treat(treatment: Treatment, dossier: Dossier) -> int:
    """Deletes or empties the rows of a dossier; how many there were."""
    if treatment.rows is None:
        return 0
    found = treatment.rows(dossier)
    if treatment.empty is None:
        keys = list(found.values_list("pk", flat=True))
        treatment.model.objects.filter(pk__in=keys).delete()  # type: ignore[attr-defined]
        return len(keys)
    plain = {name: value for name, value in treatment.empty.items() if not callable(value)}
    made = {name: value for name, value in treatment.empty.items() if callable(value)}
    keys = list(found.values_list("pk", flat=True))
    rows = treatment.model.objects.filter(pk__in=keys)  # type: ignore[attr-defined]
    if made:
        for row in rows:
            rows.filter(pk=row.pk).update(**plain, **{name: value(row) for name, value in made.items()})
    else:
        rows.update(**plain)
    return len(keys)


def _forget_log(dossier: Dossier) -> int:
    """Entries of Django's own log that name one of the cases by number."""
    named = Q()
    for each in sorted(dossier.references):
        named |= Q(object_repr__icontains=each) | Q(change_message__icontains=each)
    return LogEntry.objects.filter(named).delete()[0]
