"""The complainant's own data (KK-12, and article 15 of the GDPR), to read and to take along; others' data are left out.

Left out are the names of people complained about and of staff, what staff wrote among themselves, and what letters to
others say. The complainant's own words stay whole.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from complaints.access import Entry
from complaints.actions import note_own_data
from complaints.intake.copying import about_it, about_you, said_at, text_of
from complaints.letters.rendering import mark
from complaints.models import BESIDE, Event, Message
from complaints.portal.entering import for_complainant
from complaints.portal.files import letters_of, own_documents
from complaints.portal.story import told
from complaints.queries.state import state_of
from procedures import wording
from procedures.calendars import Calendar
from procedures.catalogue import calendar_of
from procedures.definition import FieldKind

OTHERS = (FieldKind.PERSON, FieldKind.MEMBER, FieldKind.MEMBERS)


@for_complainant
@require_http_methods(["GET", "POST"])
def own_data(request: HttpRequest, entry: Entry) -> HttpResponse:
    """Explains what there is; by POST it gives a copy, and notes in the history that it was taken."""
    form = str(request.POST.get("form", ""))
    if request.method == "GET" or form not in ("pdf", "json"):
        return render(
            request,
            "public/own_data.html",
            {"procedure": entry.procedure, "case": entry.case},
            status=200 if request.method == "GET" else 422,
        )
    now = timezone.now()
    found = gathered(entry, at=now)
    content, kind = (
        (_as_pdf(entry, found, at=now), "application/pdf")
        if form == "pdf"
        else (json.dumps(found, ensure_ascii=False, indent=2).encode(), "application/json")
    )
    note_own_data(entry.case, form, actor=entry.actor, at=now)
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{entry.case.reference}-gegevens.{form}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def gathered(entry: Entry, *, at: datetime) -> dict[str, Any]:
    """Everything that is kept of the complainant in this case, in words, as of the instant `at`."""
    case, procedure = entry.case, entry.procedure
    calendar = calendar_of(procedure, at=at)
    letters = list(letters_of(entry))
    events = list(case.events.order_by("number"))
    return {
        "organisation": procedure.name,
        "reference": case.reference,
        "made_at": at.isoformat(),
        "received_at": case.received_at.isoformat(),
        "closed_at": case.closed_at.isoformat() if case.closed_at else None,
        "language": case.language,
        "standing": text_of(procedure.phase(case.phase).public),
        "retention": wording.term(procedure.retention.term),
        "you": [asdict(each) for each in about_you(case, procedure)],
        "complaint": [asdict(each) for each in _without_others(entry, events)],
        "later": [
            {
                "at": event.at.isoformat(),
                "what": text_of(procedure.act(event.occurrence).title),
                "answers": [asdict(each) for each in said_at(event, procedure, without=OTHERS)],
            }
            for event in events
            if event.number > 1 and event.by == Event.By.COMPLAINANT and not event.occurrence.startswith(BESIDE)
        ],
        "story": [{"at": each.at.isoformat(), "what": each.what} for each in told(events, letters, procedure)],
        "deadlines": _deadlines(entry, calendar),
        "letters": [
            {
                "sent_at": each.sent_at.isoformat() if each.sent_at else None,
                "subject": each.subject,
                "way": each.channel,
            }
            for each in letters
        ],
        "messages": [
            {
                "at": each.sent_at.isoformat(),
                "from": _("u") if each.by == Message.By.COMPLAINANT else procedure.name,
                "text": each.text,
            }
            for each in case.messages.all()
        ],
        "files": [
            {"added_at": each.added_at.isoformat(), "name": each.title, "bytes": each.size, "sha256": each.sha256}
            for each in own_documents(entry)
        ],
    }


def _without_others(entry: Entry, events: list[Event]) -> list[Any]:
    """The complaint as it was filed, with the names of the people it is about left out."""
    hidden = {each.question: each for each in said_at(events[0], entry.procedure, without=OTHERS)}
    return [hidden.get(each.question, each) for each in about_it(entry.case, entry.procedure)]


def _deadlines(entry: Entry, calendar: Calendar) -> list[dict[str, Any]]:
    found = []
    for clock in state_of(entry.case, entry.procedure).deadlines:
        rule = entry.procedure.deadline(clock.rule)
        if rule.public:
            found.append(
                {
                    "what": text_of(rule.public),
                    "by": clock.due.due.isoformat(),
                    "status": wording.status(clock.status),
                    "counting": list(
                        wording.counting(clock, rule, procedure=entry.procedure, calendar=calendar, public=True)
                    ),
                }
            )
    return found


def _as_pdf(entry: Entry, found: dict[str, Any], *, at: datetime) -> bytes:
    from complaints.letters.printing import paper  # WeasyPrint takes half a second to load

    page = render_to_string(
        "paper/own_data.html",
        {
            "procedure": entry.procedure,
            "mark": mark(entry.procedure.theme),
            "case": entry.case,
            "found": found,
            "at": at,
        },
    )
    return paper(page)
