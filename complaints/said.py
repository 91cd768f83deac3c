"""An answer in words, as people read it: at the desk, on the complainant's page, on paper."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from complaints.models import IMPORTED, IMPORTED_DECISION, IMPORTED_END
from procedures import wording
from procedures.definition import Fact, Field, FieldKind, Measure, Point

# What an earlier register told of a case, by occurrence; and what stood there in words, but for the subject.
EARLIER: Final = {
    IMPORTED: gettext_lazy("Klacht uit het eerdere register"),
    IMPORTED_DECISION: gettext_lazy("Besluit, uit het eerdere register"),
    IMPORTED_END: gettext_lazy("Einde, uit het eerdere register"),
}
EARLIER_TEXTS: Final = {"summary": gettext_lazy("Samenvatting"), "measures": gettext_lazy("Wat wij deden")}


def spoken() -> str:
    """The active language, as the texts of a procedure name it."""
    return get_language() or "nl"


def in_words(field: Field | None, fact: Fact | Measure | Point, *, zone: ZoneInfo, names: Mapping[str, str]) -> str:
    """The answer in the active language; `names` gives the members' names by key."""
    if isinstance(fact, bool):
        return _("Ja") if fact else _("Nee")
    if isinstance(fact, tuple):
        parts = [in_words(field, each, names=names, zone=zone) for each in fact]
        return (
            "\n".join(parts)
            if field and field.kind in (FieldKind.MEASURES, FieldKind.POINTS)
            else wording.joined(parts)
        )
    if isinstance(fact, Measure):
        return _("%(what)s (%(owner)s, klaar op %(day)s)") % {
            "what": fact.what,
            "owner": fact.owner,
            "day": wording.day(fact.due_on),
        }
    if isinstance(fact, Point):
        verdict = field.choice_title(fact.verdict).in_language(spoken()) if field else fact.verdict
        return f"{fact.what}: {verdict}. {fact.finding}"
    if isinstance(fact, datetime):
        return wording.moment(fact, zone=zone)
    if isinstance(fact, date):
        return wording.day(fact)
    if field and field.kind in (FieldKind.MEMBER, FieldKind.MEMBERS):
        return names.get(str(fact), _("iemand die hier niet meer werkt"))
    if field and field.choices:
        return field.choice_title(fact).in_language(spoken())
    return str(fact)


def earlier_texts(texts: Mapping[str, str]) -> list[tuple[str, str]]:
    """What stood in words in an earlier register, with what is above it."""
    return [(str(title), texts[name]) for name, title in EARLIER_TEXTS.items() if name in texts]
