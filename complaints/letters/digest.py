"""The daily mail to a member: which deadlines are late, end today, end this week. Numbers and titles, no names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from procedures.definition import DeadlineKind, OwedBy

LANGUAGE = "nl"  # as every mail to staff


@dataclass(frozen=True, slots=True)
class Line:
    """One deadline: the case's number, what it is, when it ends in words, and where the case opens."""

    reference: str
    title: str
    when: str
    url: str


@dataclass(frozen=True, slots=True)
class Digest:
    late: Sequence[Line]
    today: Sequence[Line]
    this_week: Sequence[Line]

    @property
    def is_empty(self) -> bool:
        return not (self.late or self.today or self.this_week)


def subject(digest: Digest) -> str:
    """How many of each; nothing of what they are about."""
    with translation.override(LANGUAGE):
        parts = [
            words % {"n": count}
            for words, count in (
                (_("%(n)d te laat"), len(digest.late)),
                (_("%(n)d vandaag"), len(digest.today)),
                (_("%(n)d deze week"), len(digest.this_week)),
            )
            if count
        ]
        total = len(digest.late) + len(digest.today) + len(digest.this_week)
        return ngettext("Uw termijn: %(parts)s", "Uw termijnen: %(parts)s", total) % {"parts": ", ".join(parts)}


def body(digest: Digest, *, name: str, worklist_url: str, settings_url: str) -> str:
    """The mail's text; `name` is the organisation's."""
    with translation.override(LANGUAGE):
        context = {"digest": digest, "name": name, "worklist_url": worklist_url, "settings_url": settings_url}
        return render_to_string("letters/digest.txt", context).strip() + "\n"


def about_year(year: int) -> str:
    """What stands before a yearly duty, where a case has its number."""
    with translation.override(LANGUAGE):
        return _("Elk jaar, over %(year)s") % {"year": year}


def note(kind: DeadlineKind, owed_by: OwedBy) -> str:
    """What sets a deadline apart from one that the organisation must keep: " (streefdatum)", or nothing."""
    with translation.override(LANGUAGE):
        notes = [_("streefdatum")] if kind is DeadlineKind.TARGET else []
        if owed_by is OwedBy.COMPLAINANT:
            notes.append(_("van de indiener"))
    return f" ({', '.join(notes)})" if notes else ""
