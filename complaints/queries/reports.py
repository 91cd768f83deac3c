"""The yearly reports that were adopted, and what in their words points at a person of a case."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from complaints.models import Case, Membership, Party, YearReport

_SHORTEST = 4  # letters of a part of a name that is looked for: shorter ones are words of the language


def adopted_before(year: int) -> Mapping[int, Mapping[str, Any]]:
    """The frozen figures of the years before, as JSON by year."""
    found = YearReport.objects.filter(year__lt=year, adopted_at__isnull=False).values_list("year", "figures")
    return {at: figures for at, figures in found if figures is not None}


def persons_in(words: Iterable[str], year: int, *, cases: QuerySet[Case], zone: ZoneInfo) -> list[str]:
    """What in these texts names somebody of the cases that the report of `year` counts: names, mail addresses, numbers
    of cases. `cases` are those that the reader may know of, so that asking tells nobody anything about others. Names of
    colleagues count too, whatever their cases.
    """
    text = "\n".join(words).casefold()
    if not text.strip():
        return []
    first = datetime(year, 1, 1, tzinfo=zone)
    counted = cases.filter(received_at__lt=first.replace(year=year + 1)).filter(
        Q(closed_at=None) | Q(closed_at__gte=first) | Q(received_at__gte=first)
    )
    parties = Party.objects.filter(case__in=counted.order_by()).values_list("name", "organisation_name", "email")
    names = {each for row in parties for each in row}
    names |= set(counted.values_list("reference", flat=True))
    names |= {each.name for each in Membership.objects.select_related("user")}
    spoken = set(re.findall(r"[^\W\d_]+", text))
    return sorted({name for name in names if name and _is_named(name, text, spoken)})


def _is_named(name: str, text: str, spoken: set[str]) -> bool:
    """Whether the whole of it stands there, or its last word does."""
    folded = name.casefold()
    words = re.findall(r"[^\W\d_]+", folded)
    if len(words) > 1 and "@" not in folded and len(words[-1]) >= _SHORTEST and words[-1] in spoken:
        return True
    return folded in text and re.search(rf"(?<!\w){re.escape(folded)}(?!\w)", text) is not None
