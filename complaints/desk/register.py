"""The register of complaints: on screen, and to take along as a spreadsheet. Its columns are the procedure's own."""

from __future__ import annotations

from datetime import date

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from complaints.access import cases_for
from complaints.actions.reading import note_export
from complaints.desk.confirming import confirmed
from complaints.desk.seats import Seat, page, seated
from complaints.desk.spreadsheets import Table, as_csv, as_xlsx
from complaints.queries import register as query
from complaints.register import REFERENCE, Cell, columns, line, member_names, titles
from procedures import wording

SHOWN = 160  # characters of a text on screen; the file has all of them
STATE_WORDS = {
    query.ALL: gettext_lazy("alle zaken"),
    "open": gettext_lazy("open zaken"),
    "closed": gettext_lazy("afgesloten zaken"),
}


@require_GET
@seated
def register(request: HttpRequest, seat: Seat) -> HttpResponse:
    filters = query.Filters.of(request.GET.dict())
    mine = cases_for(seat.membership, seat.procedure, at=seat.now)
    named = columns(seat.procedure)
    shown = [REFERENCE, *(each for each in named if each != REFERENCE)]  # the number leads to the case
    found = query.with_parts(query.chosen(mine, filters, seat.zone), shown)
    current = Paginator(found, query.PER_PAGE).get_page(request.GET.get("p"))
    names = member_names()
    address = filters.query()
    page_address = f"{address}{'&' if len(address) > 1 else ''}p="
    return page(
        request,
        "desk/register.html",
        {
            "title": _("Klachtenregister"),
            "columns": titles(shown[1:], seat.procedure),
            "rows": [
                (case.reference, [_on_screen(cell) for cell in line(case, shown[1:], names)])
                for case in current.object_list
            ],
            "current": current,
            "filters": filters,
            "years": query.years(mine, seat.zone),
            "states": STATE_WORDS.items(),
            "previous": f"{page_address}{current.number - 1}" if current.has_previous() else "",
            "next": f"{page_address}{current.number + 1}" if current.has_next() else "",
        },
    )


@confirmed
@require_POST
@seated
def export(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The register as a file. Each case in it is noted as read by who takes it along."""
    form = request.POST.get("form", "")
    if form not in ("csv", "xlsx"):
        return HttpResponseBadRequest(_("Kies een bestand voor Excel of een csv-bestand."))
    named = columns(seat.procedure)
    found = query.chosen(
        cases_for(seat.membership, seat.procedure, at=seat.now), query.Filters.of(request.POST.dict()), seat.zone
    )
    cases = list(query.with_parts(found, named))
    note_export(cases, member=seat.membership, at=seat.now)
    names = member_names()
    table = Table(
        _("Klachtenregister"),
        titles(named, seat.procedure),
        [line(case, named, names) for case in cases],
    )
    if form == "csv":
        response = HttpResponse(as_csv(table), content_type="text/csv; charset=utf-8")
    else:
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        response = HttpResponse(as_xlsx(table, at=seat.now), content_type=kind)
    day = seat.now.astimezone(seat.zone).date().isoformat()
    response["Content-Disposition"] = f'attachment; filename="klachtenregister-{seat.organisation.slug}-{day}.{form}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def _on_screen(cell: Cell) -> str:
    return wording.short_day(cell, year=True) if isinstance(cell, date) else Truncator(str(cell)).chars(SHOWN)
