"""The complainant's own data (KK-12, and article 15 of the GDPR), to read and to take along."""

from __future__ import annotations

import json
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
from complaints.actions.beside import OWN_DATA
from complaints.letters.rendering import mark
from complaints.portal.entering import for_complainant
from complaints.portal.gathering import gathered
from complaints.portal.views import DONE


@for_complainant
@require_http_methods(["GET", "HEAD", "POST"])
def own_data(request: HttpRequest, entry: Entry) -> HttpResponse:
    """Explains what there is; by POST it gives a copy, and notes in the history that it was taken."""
    form = str(request.POST.get("form", ""))
    if form not in ("pdf", "json"):
        taken = entry.case.events.filter(occurrence=OWN_DATA).order_by("-number")[:5]
        context = {"procedure": entry.procedure, "case": entry.case, "taken": [each.at for each in taken]}
        return render(request, "public/own_data.html", context, status=422 if request.method == "POST" else 200)
    now = timezone.now()
    found = gathered(entry, at=now)
    content, kind = (
        (_as_pdf(entry, found, at=now), "application/pdf")
        if form == "pdf"
        else (json.dumps(found, ensure_ascii=False, indent=2).encode(), "application/json")
    )
    note_own_data(entry.case, form, actor=entry.actor, at=now)
    request.session[DONE] = {"what": _("U kreeg een kopie van uw eigen gegevens."), "at": now.isoformat()}
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{entry.case.reference}-gegevens.{form}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


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
