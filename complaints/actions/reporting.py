"""Yearly reports: the words of whoever writes them, and adopting one, after which nothing in it changes any more."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from datetime import date, datetime

from django.core.files.base import ContentFile
from django.db import transaction

from complaints.models import Membership, YearReport
from complaints.queries.reports import adopted_before
from complaints.reports import paper
from complaints.reports.figures import Figures, figures
from complaints.reports.words import INTRODUCTION, PARTS
from procedures.catalogue import zone_of
from procedures.definition import Procedure
from procedures.scoping import current

LONGEST = 5_000  # characters of the words of one part


class ReportMovedOn(Exception):
    """Somebody changed the words meanwhile, or adopted the report."""


class NotAdopted(Exception):
    """The report cannot be adopted; `reason` says which of the reasons below it is."""

    NOT_OVER, LATER_ADOPTED, NOT_YOURS = "not_over", "later_adopted", "not_yours"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def may_adopt(member: Membership, procedure: Procedure) -> bool:
    """The role that the procedure names as its publisher answers for it, and so for its report."""
    return procedure.publisher in member.roles


@transaction.atomic
def keep_words(year: int, words: Mapping[str, str], *, revision: int, member: Membership, at: datetime) -> YearReport:
    """Keeps the words of a report that is not adopted. Raises ReportMovedOn."""
    report, _is_new = YearReport.objects.select_for_update().get_or_create(
        year=year, defaults={"changed_at": at, "changed_by": member}
    )
    if report.adopted_at or report.revision != revision:
        raise ReportMovedOn
    report.words = {name: words[name].strip() for name in (INTRODUCTION, *PARTS) if words.get(name, "").strip()}
    report.revision += 1
    report.changed_at, report.changed_by = at, member
    report.save()
    return report


def figures_of(procedure: Procedure, year: int, *, until: date, report: YearReport | None) -> Figures:
    """The figures of a year: the frozen ones of an adopted report, or those of now."""
    if report and report.figures is not None:
        return Figures.from_json(report.figures)
    return figures(procedure, year, until=until, adopted=adopted_before(year))


@transaction.atomic
def adopt(year: int, *, revision: int, member: Membership, procedure: Procedure, at: datetime) -> YearReport:
    """Freezes the figures, the words and the PDF of a year that is over, with their hashes.

    Years are adopted in order: a later report shows this one's numbers beside its own. Raises NotAdopted or
    ReportMovedOn.
    Side effects, in order: the file, the row.
    """
    if not may_adopt(member, procedure):
        raise NotAdopted(NotAdopted.NOT_YOURS)
    if year >= at.astimezone(zone_of(procedure)).year:
        raise NotAdopted(NotAdopted.NOT_OVER)
    if YearReport.objects.filter(year__gt=year, adopted_at__isnull=False).exists():
        raise NotAdopted(NotAdopted.LATER_ADOPTED)
    report, _is_new = YearReport.objects.select_for_update().get_or_create(
        year=year, defaults={"changed_at": at, "changed_by": member}
    )
    if report.adopted_at or report.revision != revision:
        raise ReportMovedOn
    found = figures(procedure, year, until=date(year, 12, 31), adopted=adopted_before(year))
    role = procedure.role(procedure.publisher)
    content = paper.pdf(found, procedure, report.words, at=at, adopted_by=role.title)
    report.figures = found.as_json()
    report.figures_sha256 = fingerprint(report.figures)
    report.sha256 = hashlib.sha256(content).hexdigest()
    report.adopted_at, report.adopted_by, report.adopted_as = at, member, role.name
    report.revision += 1
    report.pdf.save(f"{current()}/{uuid.uuid4()}.pdf", ContentFile(content), save=False)
    report.save()
    return report


def fingerprint(kept: Mapping[str, object]) -> str:
    """The SHA-256 of frozen figures, however the database orders their keys."""
    return hashlib.sha256(json.dumps(kept, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
