"""What is kept of a letter that has left."""

from __future__ import annotations

import hashlib

from complaints.actions.correspondence import is_colleague, recipient_of
from complaints.models import Letter
from procedures.definition import Channel, Procedure


def is_frozen(letter: Letter, procedure: Procedure) -> bool:
    """Whether exactly what left is kept: as a PDF, or as the words where it was a mail to a colleague."""
    if letter.channel == Channel.EMAIL.value and is_colleague(recipient_of(letter), procedure):
        return not letter.pdf and letter.sha256 == hashlib.sha256(letter.text.encode()).hexdigest()
    if not letter.pdf or letter.pdf.size <= 5_000:
        return False
    with letter.pdf.open("rb") as stored:
        return letter.sha256 == hashlib.sha256(stored.read()).hexdigest()
