"""Letters on paper that were printed before in this run: they leave with their own words, on a sheet that is there.

What each kind of letter of each organisation looks like as a PDF is for test_letters; printing it again for every story
would be most of the work of a story.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.core.files.base import ContentFile

from complaints.actions.composing import compose
from complaints.models import Letter
from procedures.definition import Procedure

_sheets: dict[tuple[str, str], bytes] = {}  # organisation and name of the letter → the first that was printed


def keep_sheets(procedure: Procedure) -> None:
    """Keeps the first print of each kind of letter in the scope."""
    for letter in Letter.objects.exclude(pdf="").order_by("pk"):
        if (key := (procedure.organisation, letter.name)) not in _sheets:
            with letter.pdf.open("rb") as printed:
                _sheets[key] = printed.read()


def use_sheets(procedure: Procedure, *, at: datetime) -> None:
    """Freezes what waits in the scope, where a sheet of its kind was kept. Each is composed, and must be complete."""
    waiting = Letter.objects.filter(state=Letter.State.WAITING, try_at__lte=at, pdf="")
    for letter in waiting.select_related("case__version"):
        sheet = _sheets.get((procedure.organisation, letter.name))
        if sheet is None or not (composed := compose(letter, at=at)).has_pdf:
            continue
        composed.require_complete()
        written = composed.written
        letter.subject, letter.html, letter.text = written.subject[:200], written.html, written.text
        letter.written_on = composed.written_on
        letter.sha256 = hashlib.sha256(sheet).hexdigest()
        letter.pdf.save("sheet.pdf", ContentFile(sheet), save=False)
        letter.save(update_fields=["subject", "html", "text", "written_on", "sha256", "pdf"])
