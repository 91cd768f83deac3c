"""A letter of the outbox as it leaves at a given moment: its words of that day, what it lacks, its page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from complaints.actions.correspondence import is_colleague, recipient_of, signing_role
from complaints.letters import invitation, own_words, rendering
from complaints.letters.writing import Incomplete, Occasion, Recipient, Written, missing, write
from complaints.models import Letter
from complaints.queries.dossier import occasion_of
from complaints.queries.state import state_of
from procedures.catalogue import calendar_of, procedure_of
from procedures.definition import Channel, Procedure
from procedures.definition import Letter as LetterRule


@dataclass(frozen=True, slots=True)
class Composed:
    """A letter on its way out. `rule` has the words that a person gave it, where one did."""

    rule: LetterRule
    to: Recipient
    occasion: Occasion
    written: Written
    written_on: date  # the local day that the text is of
    lacking: tuple[str, ...]  # entries of must_hold
    has_pdf: bool

    def pdf(self) -> bytes:
        """The letter on paper, also when it still lacks something."""
        from complaints.letters import printing  # loading it takes half a second that only senders of paper need

        return printing.pdf(rendering.page(self.written, to=self.to, occasion=self.occasion, letter=self.rule))

    def require_complete(self) -> None:
        """Raises Incomplete when the letter lacks what it must hold."""
        if self.lacking:
            raise Incomplete(self.rule.name, self.lacking)


def compose(letter: Letter, *, at: datetime, words: str | None = None) -> Composed:
    """The letter as it would leave at the instant `at`; with other `words`, as it would then.

    Dates that count from the day of sending are of that day, until the letter is frozen. Changes nothing.
    """
    procedure = procedure_of(letter.case.version)
    rule = rule_of(letter, procedure)
    to = recipient_of(letter)
    occasion = occasion_of(
        letter.case,
        procedure,
        calendar_of(procedure, at=at),
        at=at,
        state=state_of(letter.case, procedure),
        sender=letter.sender,
        sender_role=signing_role(procedure, rule),
        deadline=letter.deadline,
    )
    today = at.astimezone(ZoneInfo(procedure.zone)).date()
    own = letter.wording if words is None else words
    lacking = missing(rule, occasion)
    if own:
        lacking += own_words.lacks(rule, own, letter.language)
        rule = own_words.reworded(rule, own, letter.language)
    written, written_on = as_kept(letter), letter.written_on
    is_older = letter.depends_on_sending and letter.written_on != today and not letter.sha256
    if is_older or words is not None:
        written, written_on = write(rule, to=to, occasion=occasion), today
    has_pdf = letter.channel != Channel.EMAIL.value or not is_colleague(to, procedure)
    return Composed(rule, to, occasion, written, written_on, lacking, has_pdf)


def rule_of(letter: Letter, procedure: Procedure) -> LetterRule:
    """The letter as the procedure has it, or as one that goes out beside the procedure."""
    beside = invitation.rule_of(letter.name)
    return replace(beside, channels=(Channel(letter.channel),)) if beside else procedure.letter(letter.name)


def as_kept(letter: Letter) -> Written:
    """The words that stand in the row."""
    return Written(
        subject=letter.subject,
        html=letter.html,
        text=letter.text,
        language=letter.language,
        depends_on_sending=letter.depends_on_sending,
    )
