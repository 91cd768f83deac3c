"""Mails about yearly duties: that one is due or late, and the report itself. No names, no numbers of cases."""

from __future__ import annotations

from datetime import date

from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from complaints.said import spoken
from procedures.definition import Procedure, YearlyDuty


def reminder(
    duty: YearlyDuty, year: int, due_on: date, *, procedure: Procedure, url: str, is_late: bool
) -> tuple[str, str]:
    """Subject and text."""
    subject = _("Te laat: %(what)s") if is_late else _("Binnenkort: %(what)s")
    title = duty.title.in_language(spoken())
    context = {"title": title, "year": year, "due_on": due_on, "is_late": is_late, "url": url, "name": procedure.name}
    return subject % {"what": title}, render_to_string("letters/duty.txt", context).strip() + "\n"


def report(year: int, *, procedure: Procedure) -> tuple[str, str]:
    """Subject and text of the mail that the report is attached to."""
    context = {"year": year, "name": procedure.name}
    subject = _("Klachten in %(year)s: ons verslag") % {"year": year}
    return subject, render_to_string("letters/report.txt", context).strip() + "\n"
