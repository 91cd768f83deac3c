"""What is here already of an earlier register, and which adopted reports are about its years."""

from __future__ import annotations

from collections.abc import Collection

from complaints.models import EarlierNumber, YearReport


def numbers_taken_over() -> list[str]:
    """The old numbers of the cases that were taken over. One query."""
    return list(EarlierNumber.objects.order_by().values_list("number", flat=True))


def adopted_among(years: Collection[int]) -> list[int]:
    """Those of the years whose report was adopted: its figures are frozen. One query."""
    adopted = YearReport.objects.filter(year__in=sorted(years), adopted_at__isnull=False)
    return list(adopted.order_by("year").values_list("year", flat=True))
