"""Cases that may belong together with another: the same complainant, the same person complained about, or subject."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from complaints.models import BESIDE, Answer, Case, Party

SINCE: Final = timedelta(days=2 * 365)  # older ones are no sign of something that goes on
MOST: Final = 10
NO_REPEAT_BECAUSE: Final = f"{BESIDE}no_repeat"  # the name of the answer that says why a case repeats no other


@dataclass(frozen=True, slots=True)
class Repeat:
    """A case that has something in common with the one at hand."""

    case: Case
    reasons: list[str | Promise] = field(default_factory=list)


def repeats(case: Case, among: QuerySet[Case], *, at: datetime) -> list[Repeat]:
    """The cases `among` those that the viewer may know of that look like this one, the newest first. Four queries.

    Those that it is handled together with are none of them.
    """
    others = among.exclude(Q(pk=case.pk) | Q(merged=case) | Q(merged_into=case))
    return alike(Party.objects.filter(case=case), case.subject, others, at=at)


def alike(parties: Iterable[Party], subject: str, among: QuerySet[Case], *, at: datetime) -> list[Repeat]:
    """The same for a complaint with these parties, that need not be a case yet, and this subject."""
    known = list(parties)
    others = among.filter(received_at__gte=at - SINCE)
    found: dict[int, Repeat] = {}
    for reason, match in (
        (_("dezelfde indiener"), _same(known, Party.Kind.COMPLAINANT)),
        (_("over dezelfde persoon"), _same(known, Party.Kind.RESPONDENT)),
    ):
        if match:
            keys = Party.objects.filter(match).values("case_id")
            for each in others.filter(pk__in=keys).order_by("-received_at")[:MOST]:
                found.setdefault(each.pk, Repeat(each)).reasons.append(reason)
    if subject.strip():
        for each in others.filter(subject__iexact=subject.strip()).order_by("-received_at")[:MOST]:
            found.setdefault(each.pk, Repeat(each)).reasons.append(_("hetzelfde onderwerp"))
    return sorted(found.values(), key=lambda each: each.case.received_at, reverse=True)[:MOST]


def no_repeat_because(answers: Iterable[Answer]) -> list[str]:
    """Why people found that a case is no repeat of those that look like it, among its answers."""
    return [str(each.value) for each in answers if each.name == NO_REPEAT_BECAUSE]


def _same(parties: list[Party], kind: str) -> Q | None:
    """What finds the parties of this kind in other cases: the same e-mail address, colleague or full name."""
    wanted = Q()
    for each in parties:
        if each.kind != kind:
            continue
        if each.email:
            wanted |= Q(email__iexact=each.email)
        if each.membership_id:
            wanted |= Q(membership_id=each.membership_id)
        if each.name.strip():
            wanted |= Q(name__iexact=each.name.strip())
    return Q(kind=kind) & wanted if wanted else None
