"""A letter as a page: the words in the house style of the organisation, with everything that it needs inside it."""

from __future__ import annotations

import base64

from django.template.loader import render_to_string
from django.utils import translation

from complaints.letters.writing import Occasion, Recipient, Written, salutation
from procedures import wording
from procedures.definition import Channel, Letter

WINDOW_LINES = 6  # that fit in the envelope's window, with the sender's line above them


def page(written: Written, *, to: Recipient, occasion: Occasion, letter: Letter) -> str:
    """The whole letter as an HTML document."""
    procedure = occasion.procedure
    contact = procedure.contact
    with translation.override(written.language):
        lines = [line for line in (to.organisation, to.name, *to.address) if line]
        return render_to_string(
            "letters/letter.html",
            {
                "language": written.language,
                "subject": written.subject,
                "body": written.html,
                "salutation": salutation(to),
                "window": lines[:WINDOW_LINES],
                "procedure": procedure,
                "theme": procedure.theme,
                "mark": _mark(procedure.theme.mark, procedure.theme.accent),
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
                "case_url": "" if to.kind in ("complainant", "respondent") or ":" in to.kind else occasion.case_url,
            },
        )


def _mark(drawing: str, colour: str) -> str:
    """The organisation's mark as an image that is part of the page; empty when it has none."""
    if not drawing:
        return ""
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 36 36" color="{colour}">'
        f"{drawing.replace('currentColor', colour)}</svg>"
    )
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
