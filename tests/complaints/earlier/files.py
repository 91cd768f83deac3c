"""Files with an earlier register, as somebody's spreadsheet would have saved them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

NOW: Final = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
# A complaint that had ended, in the words of two procedures. Klikklaar keeps it for a year from its decision.
KO: Final = {
    "Oud nummer": "2026/17",
    "Ontvangen op": "02-02-2026",
    "Hoe ingediend": "Met een brief",
    "Wat bent u van ons?": "Klant",
    "Onderwerp": "Wachttijd",
    "Samenvatting": "Kreeg drie weken lang geen antwoord.",
    "Wat is het oordeel?": "Deels gegrond",
    "Besluit op": "2026-02-20",
    "Afloop": "Afgesloten",
    "Afgesloten op": "23-02-2026",
    "Wat wij deden": "Een vaste dag voor de post.",
}
KK: Final = {
    "Oud nummer": "KL-9",
    "Ontvangen op": "2025-10-01",
    "Hoe ingediend": "Met een e-mail",
    "Wat is het oordeel?": "Ongegrond",
    "Besluit op": "2025-11-25",
    "Afloop": "Afgehandeld",
    "Afgesloten op": "2025-12-10",
}


def row(given: Mapping[str, str] = KO, /, **changes: str) -> dict[str, str]:
    """The row with other cells: `number`, `received`, `decided`, `closed`, `end`, `subject`, `summary`, `verdict`."""
    headings = {
        "number": "Oud nummer",
        "received": "Ontvangen op",
        "decided": "Besluit op",
        "closed": "Afgesloten op",
        "end": "Afloop",
        "subject": "Onderwerp",
        "summary": "Samenvatting",
        "verdict": "Wat is het oordeel?",
        "relation": "Wat bent u van ons?",
    }
    return {**given, **{headings[name]: cell for name, cell in changes.items()}}


def written(rows: Sequence[Mapping[str, str]], *, separator: str = ";", encoding: str = "utf-8-sig") -> bytes:
    """The rows as a file; its headings are those of the first."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), delimiter=separator, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode(encoding)
