"""The certificate of a list of cases that were erased: which numbers, what went, who proposed and approved it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from complaints.letters.rendering import mark
from complaints.models import ErasureList, ListedCase
from procedures import wording
from procedures.catalogue import zone_of
from procedures.definition import Procedure

LANGUAGE: Final = "nl"  # of what is written for staff
# What went, in words, in the order in which it is told. Tables of a kind are told together.
KINDS: Final = (
    (_("gegevens van mensen in de zaak"), ("Party", "Assignment")),
    (_("antwoorden"), ("Answer",)),
    (_("brieven (adres, tekst en bestand)"), ("Letter",)),
    (_("stapels om te printen (het bestand)"), ("Batch",)),
    (_("korte mails"), ("Notice",)),
    (_("e-mails die binnenkwamen"), ("IncomingMail", "MailDealing")),
    (_("berichten"), ("Message",)),
    (_("documenten"), ("Document",)),
    (_("wat aan wie is voorgelegd"), ("Disclosure",)),
    (_("gesprekken"), ("Hearing", "HearingParty")),
    (_("verzoeken"), ("Request",)),
    (_("notities"), ("Note",)),
    (_("wie de zaak las"), ("Reading",)),
    (_("verbanden met andere zaken"), ("CaseLink",)),
    (_("maatregelen (de tekst en wie het doet)"), ("Measure",)),
    (_("redenen bij termijnen"), ("Deadline",)),
    (_("bewaarde keuzes, redenen om te bewaren, regels in het logboek"), ()),
    (_("zaken (nummer, onderwerp, toegang, zoekwoorden)"), ("Case",)),
)


def certified(erasure: ErasureList, erased: Sequence[ListedCase], *, procedure: Procedure, at: datetime) -> bytes:
    """The certificate as a PDF, made at the instant `at`, when everything on the list is gone."""
    from complaints.letters.printing import paper  # WeasyPrint takes half a second to load

    zone = zone_of(procedure)
    with translation.override(LANGUAGE):
        page = render_to_string(
            "paper/erasure.html",
            {
                "procedure": procedure,
                "mark": mark(procedure.theme),
                "erasure": erasure,
                "at": at,
                "rows": [
                    (each, wording.day(each.last_on), wording.moment(each.erased_at, zone=zone))
                    for each in erased
                    if each.erased_at
                ],
                "kinds": told(erased),
                "files": sum(int(each.result["files"]) for each in erased),
                "proposed": wording.moment(erasure.proposed_at, zone=zone),
                "approved": wording.moment(erasure.approved_at, zone=zone) if erasure.approved_at else "",
                "made": wording.moment(at, zone=zone),
            },
        )
    return paper(page)


def told(erased: Sequence[ListedCase]) -> list[tuple[str, int]]:
    """What went, in words, with how many rows; tables without a word of their own are told together."""
    counted: Counter[str] = Counter()
    for each in erased:
        counted.update({label.rpartition(".")[2]: rows for label, rows in each.result["rows"].items()})
    named = {model for _words, models in KINDS for model in models}
    others = sum(rows for model, rows in counted.items() if model not in named)
    found = [(str(words), sum(counted[each] for each in models) if models else others) for words, models in KINDS]
    return [(words, rows) for words, rows in found if rows]
