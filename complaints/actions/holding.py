"""Letters that wait for a person: their words changed, sent back to their writer, offered again, let go.

Each is written down in the history, with hashes of the words and not the words. Who has written in a letter, by the act
that it comes from or by changing its words, is never its second reader.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from complaints import nudge
from complaints.actions.actors import Actor
from complaints.actions.beside import record_beside
from complaints.actions.composing import compose, rule_of
from complaints.actions.correspondence import tell_lookers
from complaints.actions.notes import write_note
from complaints.actions.notices import write_notice
from complaints.actions.posting import NotReleased
from complaints.actions.recording import in_history
from complaints.letters import own_words
from complaints.models import BESIDE, Case, Letter, Notice
from complaints.queries.held import REWORDED, writer_of, writers_of
from complaints.queries.people import People
from procedures.catalogue import procedure_of, zone_of

RETURNED, OFFERED, RELEASED = f"{BESIDE}letter_returned", f"{BESIDE}letter_offered", f"{BESIDE}letter_released"


class OwnLetter(Exception):
    """Whoever wrote in a letter may not be its second reader."""


class BadWords(ValueError):
    """The words cannot be the letter's; `faults` says why, each in a sentence."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(" ".join(faults))
        self.faults = faults


def fingerprint(letter: Letter) -> str:
    """Which words a person saw: what is done from a page with other words is refused."""
    return hashlib.sha256(f"{letter.subject}\n{letter.text}".encode()).hexdigest()


@transaction.atomic
def release_letter(letter: Letter, *, actor: Actor, at: datetime, seen: str | None = None) -> None:
    """Lets a held letter go, after a person has looked. `seen` is the fingerprint of the words that they looked at.

    Raises NotReleased when it is not held, or has other words by now; Incomplete when it lacks what it must hold;
    OwnLetter when it waits for a second reader and the actor wrote in it.
    """
    held = _held(letter, seen)
    procedure = procedure_of(held.case.version)
    if rule_of(held, procedure).second_reader and actor.membership and actor.membership.pk in writers_of(held):
        raise OwnLetter
    compose(held, at=at).require_complete()
    held.state, held.try_at, held.returned_at = Letter.State.WAITING, at, None
    held.save(update_fields=["state", "try_at", "returned_at"])
    _record(held, RELEASED, actor=actor, at=at)
    transaction.on_commit(nudge.workers)


@transaction.atomic
def reword_letter(letter: Letter, words: str | None, *, actor: Actor, at: datetime, seen: str) -> None:
    """Gives a held letter other words, in the mark-up of letters; the procedure's own when `words` is None.

    Placeholders stay what they are, so that dates are right on the day that it leaves. Raises NotReleased when it is
    not held, has other words by now, or may not be changed; BadWords when these cannot be its words.
    """
    held = _held(letter, seen)
    procedure = procedure_of(held.case.version)
    rule = rule_of(held, procedure)
    if not rule.editable:
        raise NotReleased
    own = "" if words is None else "\n".join(words.strip().splitlines())
    if words is not None and (wrong := own_words.faults(rule, own, held.language, procedure)):
        raise BadWords(wrong)
    if own == own_words.body_of(rule, held.language):
        own = ""
    if own == held.wording:
        return
    written = compose(held, at=at, words=own).written
    held.salt = held.salt or secrets.token_hex(16)
    before, after = (in_history("text", text, {"text": held.salt}) for text in (held.text, written.text))
    held.wording, held.html, held.text = own, written.html, written.text
    held.depends_on_sending = written.depends_on_sending
    held.written_on = at.astimezone(zone_of(procedure)).date()
    held.save(update_fields=["wording", "salt", "html", "text", "depends_on_sending", "written_on"])
    _record(held, REWORDED, actor=actor, at=at, before=before, after=after)


@transaction.atomic
def return_letter(letter: Letter, remark: str, *, actor: Actor, at: datetime, seen: str) -> None:
    """Sends a letter back to its writer, who reads the remark as an internal note. Raises NotReleased, OwnLetter.

    Side effects, in order: letter, note, event, and a mail to the writer that says that a letter waits.
    """
    held = _held(letter, seen)
    rule = rule_of(held, procedure_of(held.case.version))
    if held.returned_at or not rule.second_reader or actor.membership is None:
        raise NotReleased
    if actor.membership.pk in writers_of(held):
        raise OwnLetter
    held.returned_at = at
    held.save(update_fields=["returned_at"])
    with override("nl"):
        text = _("Over de brief “%(title)s”: %(remark)s") % {"title": rule.title.nl, "remark": remark}
    note = write_note(held.case, text, member=actor.membership, at=at)
    _record(held, RETURNED, actor=actor, at=at, note=note.pk)
    writer = writer_of(held)
    if writer:
        write_notice(held.case, Notice.Kind.LETTER, at=at, member=writer)


@transaction.atomic
def offer_letter(letter: Letter, *, actor: Actor, at: datetime) -> None:
    """Puts a letter that was sent back before its second readers again. Raises NotReleased when it was not."""
    held = _held(letter)
    if held.returned_at is None:
        raise NotReleased
    held.returned_at = None
    held.save(update_fields=["returned_at"])
    procedure = procedure_of(held.case.version)
    _record(held, OFFERED, actor=actor, at=at)
    tell_lookers(People.on(held.case), rule_of(held, procedure), procedure, besides=writers_of(held), at=at)


def _held(letter: Letter, seen: str | None = None) -> Letter:
    """The letter's row, locked, after its case: the order in which everybody locks. Raises NotReleased when it is not
    held, or its words are others than were seen."""
    Case.objects.select_for_update(of=("self",)).get(pk=letter.case_id)
    found = (
        Letter.objects.select_for_update(of=("self",))
        .select_related("case__version", "event__member__user")
        .filter(pk=letter.pk, state=Letter.State.HELD)
        .first()
    )
    if found is None or (seen is not None and seen != fingerprint(found)):
        raise NotReleased
    return found


def _record(letter: Letter, occurrence: str, *, actor: Actor, at: datetime, **told: object) -> None:
    facts = {
        name: value if isinstance(value, dict) else {"value": value}
        for name, value in {"letter": letter.pk, **told}.items()
    }
    record_beside(letter.case, occurrence, actor=actor, at=at, facts=facts)
