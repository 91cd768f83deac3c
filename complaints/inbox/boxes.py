"""The mailboxes of organisations, as the settings name them (`MAILBOXES`), and which of them an address belongs to."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

MAX_BYTES = 25 * 1024 * 1024  # of one message, with its attachments in base64


@dataclass(frozen=True, slots=True)
class Imap:
    """Where a mailbox is fetched from.

    `security` is "tls", "starttls" or, on one's own machine alone, "none". `moved_to` is the folder for what was
    fetched; when it is "", that is marked seen instead.
    """

    host: str
    user: str
    password: str
    port: int = 0
    security: str = "tls"
    folder: str = "INBOX"
    moved_to: str = "Gehoor"


@dataclass(frozen=True, slots=True)
class Box:
    """The mail of one organisation: `address` is where people write to.

    `replies` is the address that a case is added to in Reply-To; `bounces` the one that mail servers answer to, empty
    where they answer the sender of all mail.
    """

    slug: str
    address: str
    replies: str
    bounces: str = ""
    imap: Imap | None = None


def boxes() -> list[Box]:
    """Every mailbox that the settings name."""
    return [_box(slug, told) for slug, told in settings.MAILBOXES.items()]


def box_of(slug: str) -> Box | None:
    """The mailbox of an organisation; None where its mail does not come in here."""
    told = settings.MAILBOXES.get(slug)
    return _box(slug, told) if told else None


def box_for(address: str) -> Box | None:
    """The mailbox that a recipient's address belongs to, whatever stands behind a plus in it."""
    plain = without_tag(address)
    return next((box for box in boxes() if plain in {box.address, box.replies, box.bounces} - {""}), None)


def without_tag(address: str) -> str:
    """The address in small letters, without what stands behind the first plus before the at-sign."""
    local, _, domain = address.strip().strip("<>").lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _box(slug: str, told: dict[str, object]) -> Box:
    address = str(told["address"]).lower()
    imap = told.get("imap")
    return Box(
        slug,
        address,
        replies=str(told.get("replies") or address).lower(),
        bounces=str(told.get("bounces") or "").lower(),
        imap=Imap(**imap) if isinstance(imap, dict) else None,
    )
