"""The lists of cases to erase: which somebody may know of, and what is on them."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet

from complaints.models import ErasureList, ListedCase, Membership, Party
from complaints.queries.merging import dossiers_of


def lists_for(member: Membership) -> QuerySet[ErasureList]:
    """The lists on which no case is about the member, the newest first; `size` is how many cases are on each, `gone`
    how many of those are erased and `stuck` at how many something was found.

    Of the others they learn nothing, not even that there are such: it would tell that there is a case about them.
    """
    about = Party.objects.filter(kind=Party.Kind.RESPONDENT, membership=member)
    closed = ListedCase.objects.filter(case__in=dossiers_of(about)).values("erasure_id")
    on_it = Q(cases__taken_out_at=None)
    found = ErasureList.objects.exclude(pk__in=closed).annotate(
        size=Count("cases", filter=on_it),
        gone=Count("cases", filter=Q(cases__erased_at__isnull=False)),
        stuck=Count("cases", filter=on_it & ~Q(cases__problem={}) & Q(cases__erased_at=None)),
    )
    return found.select_related("proposed_by__user", "approved_by__user", "withdrawn_by__user").order_by("-pk")


def running() -> QuerySet[ErasureList]:
    """The lists that are approved and not done yet."""
    return ErasureList.objects.filter(approved_at__isnull=False, done_at=None, withdrawn_at=None).order_by("pk")


def on_a_list() -> QuerySet[ListedCase, int]:
    """The keys of the cases that are on a list now, or were erased from one."""
    return ListedCase.objects.filter(taken_out_at=None).order_by().values_list("case_id", flat=True)
