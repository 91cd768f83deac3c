"""Who wrote in a letter that waits: by the act that it comes from, or by changing its words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from complaints.models import BESIDE, Case, Event, Letter, Membership

REWORDED = f"{BESIDE}letter_reworded"


def writers_of(letter: Letter) -> frozenset[int]:
    """The keys of the members who wrote in it. One query."""
    return writers(letter.case, [letter])[letter.pk]


def writers(case: Case, letters: Iterable[Letter]) -> Mapping[int, frozenset[int]]:
    """For each of the letters (with their events), the keys of the members who wrote in it. One query."""
    found = {letter.pk: {letter.event.member_id} for letter in letters}
    if found:
        changes = case.events.filter(occurrence=REWORDED).values_list("facts__letter__value", "member_id")
        for key, member in changes:
            if key in found:
                found[key].add(member)
    return {key: frozenset(member for member in members if member) for key, members in found.items()}


def writer_of(letter: Letter) -> Membership | None:
    """Who sees to the letter's words: who did the act that it comes from, else the handler; None when nobody does."""
    event: Event = letter.event
    if event.member and event.member.is_active:
        return event.member
    handler: Membership | None = letter.case.handler
    return handler if handler and handler.is_active else None
