"""Cases that are handled together: which they are, whether one person complains in both, and what was written then.

A case that was merged into another is one dossier with it: whom the one is about may not know of the other either.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from complaints.models import BESIDE, Answer, Case, Document, Event, Message, Party

# In the history: of the case that ends and goes on again, and of the one that it is handled with.
MERGED, PARTED = f"{BESIDE}merged", f"{BESIDE}parted"
JOINED, LEFT_AGAIN = f"{BESIDE}joined", f"{BESIDE}left_again"
_OWN = (Party.Kind.COMPLAINANT, Party.Kind.REPRESENTATIVE)


@dataclass(frozen=True, slots=True)
class Merge:
    """How a case came to be handled together with another. `reason`: why, where not one person complains in both."""

    event: Event
    reason: str

    @property
    def is_same_complainant(self) -> bool:
        return bool(self.event.facts["same"]["value"])


@dataclass(frozen=True, slots=True)
class Joined:
    """A case that was merged into the one at hand, with what there is to read of it."""

    case: Case
    merge: Merge
    complainant: str
    documents: list[Document]
    messages: list[Message]


def together(case: Case) -> Q:
    """Which rows are of this case, of those that were merged into it, or of the one that it was merged into."""
    cases = with_merged(case)
    if case.merged_into_id:
        cases |= Case.objects.filter(pk=case.merged_into_id).order_by()
    return Q(case__in=cases)


def with_merged(case: Case) -> QuerySet[Case]:
    """This case and those that were merged into it; to be asked within another query.

    PostgreSQL looks such a list up by its keys. Asked of each row ("of this case, or of one merged into it"), it would
    read the rows of every case that the organisation has.
    """
    return Case.objects.filter(Q(pk=case.pk) | Q(merged_into=case)).order_by()


def dossiers_of(parties: QuerySet[Party]) -> QuerySet[Case]:
    """The keys of the dossiers that these parties are in: a case, or the one that it was merged into.

    To be asked within another query.
    """
    cases = Case.objects.filter(pk__in=parties.values("case_id"))
    return cases.order_by().values_list(Coalesce("merged_into_id", "pk"), flat=True)


def mail_addresses(case: Case) -> frozenset[str]:
    """Where mail reaches who complains in a case, and who speaks for them. One query."""
    own = Party.objects.filter(case=case, kind__in=_OWN).select_related("membership__user")
    return frozenset(each.mail_address.casefold() for each in own) - {""}


def is_same_complainant(case: Case, other: Case) -> bool:
    """Whether letters about both go to one person: the same mail addresses, or where there are none the same name at
    the same postal address. Two queries."""
    one, another = (
        list(Party.objects.filter(case=each, kind__in=_OWN).select_related("membership__user").order_by("pk"))
        for each in (case, other)
    )
    by_mail = [sorted((each.kind, each.mail_address.casefold()) for each in own) for own in (one, another)]
    if any(address for own in by_mail for _kind, address in own):
        return by_mail[0] == by_mail[1] and all(address for _kind, address in by_mail[0])
    by_post = [
        sorted((each.kind, _plain((each.name, each.address, each.postcode, each.town))) for each in own)
        for own in (one, another)
    ]
    return by_post[0] == by_post[1] and all(each.name.strip() and each.address.strip() for each in one)


def of_same_complainant(main: Case) -> set[int]:
    """The keys of the cases merged into this one in which the same person complains. One query."""
    told = Event.objects.filter(case__merged_into=main, occurrence=MERGED).order_by("number")
    same = {each.case_id: bool(each.facts["same"]["value"]) for each in told}
    return {key for key, is_same in same.items() if is_same}


def merge_of(case: Case) -> Merge:
    """How a merged case came to be so, the last time. Two queries."""
    event = Event.objects.select_related("member__user").filter(case=case, occurrence=MERGED).latest("number")
    return _merge(event, Answer.objects.filter(event=event, name=MERGED))


def joined_to(case: Case, among: QuerySet[Case]) -> list[Joined]:
    """The cases `among` those that the viewer may know of that were merged into this one, with what there is to read.
    One query when there are none, else six."""
    cases = list(
        among.filter(merged_into=case)
        .prefetch_related("documents__member__user", "messages__member__user", "parties")
        .order_by("received_at", "pk")
    )
    if not cases:
        return []
    events = {
        each.case_id: each
        for each in Event.objects.select_related("member__user")
        .prefetch_related("answers")
        .filter(case__in=cases, occurrence=MERGED)
        .order_by("number")
    }
    return [
        Joined(
            each,
            _merge(events[each.pk], events[each.pk].answers.all()),
            next((party.name for party in each.parties.all() if party.kind == Party.Kind.COMPLAINANT), ""),
            list(each.documents.all()),
            list(each.messages.all()),
        )
        for each in cases
    ]


def _merge(event: Event, answers: Iterable[Answer]) -> Merge:
    return Merge(event, next((str(each.value) for each in answers), ""))


def _plain(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple("".join(each.casefold().split()) for each in texts)
