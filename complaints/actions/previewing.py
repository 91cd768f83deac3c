"""Letters as they will look, before they go: one that is held, and those that an act would send. Nothing is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from complaints.actions.actors import Actor
from complaints.actions.cases import rehearsed
from complaints.actions.composing import Composed, compose
from complaints.letters.occasion import Recipient
from complaints.models import Case, Letter


@dataclass(frozen=True, slots=True)
class Preview:
    """A letter as it would leave now. `lacking` are entries of its `must_hold`."""

    name: str
    to: Recipient
    channel: str
    subject: str
    text: str
    lacking: tuple[str, ...]
    is_held: bool
    is_for_colleague: bool
    has_pdf: bool


def preview_act(case: Case, act: str, *, answers: Mapping[str, object], actor: Actor, at: datetime) -> list[Preview]:
    """The letters that an act would send with the answers so far, in the order in which they would be written."""
    with rehearsed(case, act, answers=answers, actor=actor, at=at) as event:
        return [_preview(letter, compose(letter, at=at)) for letter in event.letters.select_related("case__version")]


def print_act(
    case: Case, act: str, number: int, *, answers: Mapping[str, object], actor: Actor, at: datetime
) -> bytes | None:
    """The PDF of one of those letters, by its place from 0; None when there is no such letter, or it has no PDF."""
    with rehearsed(case, act, answers=answers, actor=actor, at=at) as event:
        letter = event.letters.select_related("case__version")[number : number + 1].first()
        composed = compose(letter, at=at) if letter else None
        return composed.pdf() if composed and composed.has_pdf else None


def preview_letter(letter: Letter, *, at: datetime) -> Preview:
    """A letter that waits, as it would leave at the instant `at`."""
    return _preview(letter, compose(letter, at=at))


def print_letter(letter: Letter, *, at: datetime) -> bytes | None:
    """The PDF of a letter that waits, as it would leave at the instant `at`; None for a mail without one."""
    composed = compose(letter, at=at)
    return composed.pdf() if composed.has_pdf else None


def _preview(letter: Letter, composed: Composed) -> Preview:
    return Preview(
        name=letter.name,
        to=composed.to,
        channel=letter.channel,
        subject=composed.written.subject,
        text=composed.written.text,
        lacking=composed.lacking,
        is_held=letter.state == Letter.State.HELD,
        is_for_colleague=letter.member_id is not None,
        has_pdf=composed.has_pdf,
    )
