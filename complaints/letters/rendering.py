"""A letter as a page: the words in the house style of the organisation, with everything that it needs inside it."""

from __future__ import annotations

import base64
import textwrap

from django.template.loader import render_to_string
from django.utils import translation

from complaints.letters.writing import Occasion, Recipient, Written, salutation
from procedures import wording
from procedures.definition import Channel, Letter, Theme

WINDOW_LINES = 6  # that fit in the envelope's window, with the sender's line above them
WINDOW_WIDTH = 40  # characters that fit in such a line


def page(written: Written, *, to: Recipient, occasion: Occasion, letter: Letter) -> str:
    """The whole letter as an HTML document."""
    procedure = occasion.procedure
    contact = procedure.contact
    with translation.override(written.language):
        return render_to_string(
            "letters/letter.html",
            {
                "language": written.language,
                "subject": written.subject,
                "body": written.html,
                "salutation": salutation(to),
                "window": window(to),
                "procedure": procedure,
                "theme": procedure.theme,
                "mark": mark(procedure.theme),
                "title": _titled(written.subject, occasion.reference),
                "sender_line": ", ".join([procedure.name, *contact.address]),
                "footer": " · ".join(
                    each for each in (", ".join(contact.address), contact.email, contact.phone) if each
                ),
                "today": wording.day(occasion.today),
                "reference": occasion.reference,
                "sender": occasion.sender,
                "sender_title": occasion.sender_title,
                "is_complainant": to.kind == "complainant",
                "is_sealed": Channel.SEALED in letter.channels,
                "case_url": occasion.case_url if to.is_inside else "",
            },
        )


def window(to: Recipient) -> list[str]:
    """The lines in the envelope's window: never more than fit, and what the post needs is the last to be shortened."""
    names = [" ".join(line.split()) for line in (to.organisation, to.name) if line.strip()]
    if to.kind.startswith("appeal:"):  # its title is written as within a sentence: "de geschillencommissie"
        names = [line[:1].upper() + line[1:] for line in names]
    address = [row for line in to.address for row in _rows(line, at_most=2)]
    if len(address) >= WINDOW_LINES:
        address = address[: WINDOW_LINES - 2 - bool(names)] + address[-2:]
    room = WINDOW_LINES - len(address)
    while names and sum(len(_rows(line, at_most=2)) for line in names) > room:
        if len(names) <= room:
            return [row for line in names for row in _rows(line, at_most=1)] + address
        names = names[1:]
    return [row for line in names for row in _rows(line, at_most=2)] + address


def _rows(line: str, *, at_most: int) -> list[str]:
    rows = textwrap.wrap(" ".join(line.split()), WINDOW_WIDTH)
    if len(rows) <= at_most:
        return rows
    return [*rows[: at_most - 1], textwrap.wrap(rows[at_most - 1], WINDOW_WIDTH - 2)[0] + " …"]


def _titled(subject: str, reference: str) -> str:
    return subject if reference in subject else f"{subject} ({reference})"


def mark(theme: Theme) -> str:
    """The organisation's mark as an image that is part of the page; empty when it has none."""
    drawing, colour = theme.mark, theme.accent
    if not drawing:
        return ""
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 36 36" color="{colour}">'
        f"{drawing.replace('currentColor', colour)}</svg>"
    )
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
