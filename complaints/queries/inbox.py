"""Which case a mail that came in belongs to, and how sure that is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from complaints.inbox import addresses
from complaints.inbox.boxes import Box
from complaints.inbox.reading import Mail
from complaints.models import Case, Letter, Notice, Party
from complaints.queries.sides import OWN
from procedures.scoping import current

_REFERENCE = re.compile(r"\b[A-Z]{1,6}-\d{4}-\d{4,6}\b")


@dataclass(frozen=True, slots=True)
class Tie:
    """A case that a mail has to do with. `party` is who may have written; `is_proven` when they did, as far as mail can
    show that: they hold something that we sent to them alone, and write from their own address."""

    case: Case
    party: Party | None = None
    is_proven: bool = False


def tie_of(box: Box | None, mail: Mail, recipients: Sequence[str]) -> Tie | None:
    """What a mail has to do with a case: a signed address, an answer to a mail of ours, or a number in its subject.

    A number proves nothing, nor does a signature from another's address.
    """
    found = [*_signed(box, recipients), *_answered(mail.answers_to)]
    ties = [Tie(party.case, party, _writes_from(party, mail.sender)) for party in found]
    proven = next((tie for tie in ties if tie.is_proven), None)
    return proven or (ties[0] if ties else _named(mail.subject))


def letter_of(box: Box | None, recipients: Sequence[str], message_ids: Sequence[str]) -> Letter | None:
    """The letter that a mail server writes of: by the address that it answered, else by the Message-ID it returns."""
    keys = [
        key
        for tag in (addresses.tags_in(box, recipients) if box else [])
        if (key := addresses.bounced_letter(tag, organisation=current()))
    ]
    letters = Letter.objects.select_related("case__version", "party")
    found = letters.filter(pk__in=keys).first() if keys else None
    return found or (letters.filter(message_id__in=message_ids).first() if message_ids else None)


def notice_of(message_ids: Sequence[str]) -> Notice | None:
    """The short mail of ours that has one of these Message-IDs."""
    if not message_ids:
        return None
    return Notice.objects.select_related("case__version").filter(message_id__in=message_ids).first()


def is_own(message_id: str) -> bool:
    """Whether this is a mail that we sent ourselves."""
    return bool(message_id) and (
        Letter.objects.filter(message_id=message_id).exists() or Notice.objects.filter(message_id=message_id).exists()
    )


def _signed(box: Box | None, recipients: Sequence[str]) -> list[Party]:
    """The parties whom the signed addresses were made for."""
    if box is None:
        return []
    return [
        party
        for reference, signature in addresses.tags_in(box, recipients)[:10]
        for party in Party.objects.filter(case__reference=reference.upper()).select_related(
            "case__version", "case__handler__user", "membership__user"
        )
        if addresses.is_signed(signature, organisation=current(), case=party.case_id, party=party.pk)
    ]


def _answered(message_ids: Sequence[str]) -> list[Party]:
    """The parties to whom we sent the mails that this one answers."""
    if not message_ids:
        return []
    keys = list(
        Letter.objects.filter(message_id__in=message_ids, party__isnull=False).values_list("party_id", flat=True)
    )
    told = Notice.objects.filter(message_id__in=message_ids, member=None).values_list("case_id", flat=True)
    parties = Party.objects.select_related("case__version", "case__handler__user", "membership__user")
    return [
        *parties.filter(pk__in=keys),
        *parties.filter(kind=Party.Kind.COMPLAINANT, case_id__in=list(told)),
    ]


def _writes_from(party: Party, sender: str) -> bool:
    """Whether this is the party's own address; who complains and who speaks for them are one."""
    if not sender:
        return False
    side = party.case.parties.filter(kind__in=OWN) if party.kind in OWN else party.case.parties.filter(pk=party.pk)
    reached = {
        (each.email or (each.membership.user.email if each.membership else "")).lower()
        for each in side.select_related("membership__user")
    }
    return sender.lower() in reached


def _named(subject: str) -> Tie | None:
    references = _REFERENCE.findall(subject.upper())[:5]
    case = Case.objects.filter(reference__in=references).select_related("version").first() if references else None
    return Tie(case) if case else None
