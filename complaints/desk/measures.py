"""The register of measures: what was promised, whether it was done and whether it worked; on screen and as a file."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from complaints.access import cases_for
from complaints.actions.reading import note_export
from complaints.desk.confirming import confirmed
from complaints.desk.seats import Seat, page, seated
from complaints.desk.spreadsheets import Cell, Table, as_csv, as_xlsx
from complaints.desk.standing import Standing
from complaints.models import Case, Measure
from complaints.queries import measures as query
from complaints.queries.deputies import stood_in_for

STATES = {
    "open": gettext_lazy("nog te doen"),
    "late": gettext_lazy("te laat"),
    "judge": gettext_lazy("te beoordelen"),
    "done": gettext_lazy("gedaan"),
    "all": gettext_lazy("alle maatregelen"),
}
COLUMNS = (
    gettext_lazy("Zaak"),
    gettext_lazy("Onderwerp"),
    gettext_lazy("Maatregel"),
    gettext_lazy("Soort"),
    gettext_lazy("Wie"),
    gettext_lazy("Beloofd voor"),
    gettext_lazy("Stand"),
    gettext_lazy("Gedaan op"),
    gettext_lazy("Waaruit dat blijkt"),
    gettext_lazy("Nieuwe klachten sindsdien"),
    gettext_lazy("Werkte het?"),
    gettext_lazy("Waarom"),
    gettext_lazy("Beoordeeld op"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A measure with how it stands; `since`: how many new complaints on its subject there were, in words."""

    measure: Measure
    is_late: bool
    since: str
    judged_at: str  # how many there were when it was judged, in words

    @property
    def state(self) -> str:
        if self.measure.done_on:
            return _("gedaan")
        if self.measure.dropped_on:
            return _("hoeft niet meer")
        return _("te laat") if self.is_late else _("nog te doen")


@require_GET
@seated
def register(request: HttpRequest, seat: Seat) -> HttpResponse:
    filters = query.Filters.of(request.GET.dict())
    today = _today(seat)
    cases = cases_for(seat.membership, seat.procedure, at=seat.now)
    known, keys = query.measures_of(cases), _keys(seat, today)
    counts = query.sizes(known, filters, keys, today=today)
    found = query.chosen(known, filters, keys, today=today).select_related("case", "document")
    current = Paginator(found, query.PER_PAGE).get_page(request.GET.get("p"))
    address = filters.query()
    return page(
        request,
        "desk/measures.html",
        {
            "title": _("Maatregelen"),
            "rows": rows_of(list(current.object_list), cases, seat, today),
            "current": current,
            "filters": filters,
            "states": [
                (name, words, counts[name], filters.query(state=name), name == filters.state)
                for name, words in STATES.items()
            ],
            "kinds": Measure.Kind.choices,
            "years": query.years(known),
            "previous": f"{address}&p={current.number - 1}" if current.has_previous() else "",
            "next": f"{address}&p={current.number + 1}" if current.has_next() else "",
        },
    )


@confirmed
@require_POST
@seated
def export(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The register of measures as a file. Each case in it is noted as read by who takes it along."""
    form = request.POST.get("form", "")
    if form not in ("csv", "xlsx"):
        return HttpResponseBadRequest(_("Kies een bestand voor Excel of een csv-bestand."))
    today = _today(seat)
    cases = cases_for(seat.membership, seat.procedure, at=seat.now)
    filters = query.Filters.of(request.POST.dict())
    found = query.chosen(query.measures_of(cases), filters, _keys(seat, today), today=today).select_related("case")
    rows = rows_of(list(found), cases, seat, today)
    note_export({row.measure.case_id: row.measure.case for row in rows}.values(), member=seat.membership, at=seat.now)
    table = Table(_("Maatregelen"), [str(each) for each in COLUMNS], [_line(row) for row in rows])
    if form == "csv":
        response = HttpResponse(as_csv(table), content_type="text/csv; charset=utf-8")
    else:
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        response = HttpResponse(as_xlsx(table, at=seat.now), content_type=kind)
    name = f"maatregelen-{seat.organisation.slug}-{today.isoformat()}.{form}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def rows_of(measures: Sequence[Measure], cases: QuerySet[Case], seat: Seat, today: date) -> list[Row]:
    """The measures as the lists show them; with their cases loaded. At most one query."""
    counts = query.since(measures, cases, seat.zone)
    return [
        Row(
            each,
            is_late=each.is_open and each.due_on < today,
            since=_counted(counts[each.pk]) if each.pk in counts else "",
            judged_at=_counted(each.repeats) if each.repeats is not None else "",
        )
        for each in measures
    ]


def of_case(here: Standing, seat: Seat) -> dict[str, object]:
    """What the case page shows of them. Two queries, one without any that was done."""
    measures = list(here.case.measures.select_related("case", "document"))
    cases = cases_for(seat.membership, seat.procedure, at=seat.now)
    return {
        "measures": rows_of(measures, cases, seat, here.now.astimezone(here.zone).date()),
        "may_measure": here.is_colleague,  # also in a case that was merged: what was promised there is still open
        "may_promise": here.is_colleague and not here.state.is_stopped,
    }


def late_measures(seat: Seat, cases: QuerySet[Case], keys: Collection[int]) -> int:
    """How many measures of these members, who are the viewer and whom they stand in for, are late. One query."""
    return query.owned(cases, keys).filter(query.late(_today(seat))).count()


def _counted(n: int) -> str:
    return ngettext("%(n)d nieuwe klacht", "%(n)d nieuwe klachten", n) % {"n": n} if n else _("geen nieuwe klacht")


def _line(row: Row) -> list[Cell]:
    each: Measure = row.measure
    case: Case = each.case
    return [
        case.reference,
        case.subject,
        each.what,
        each.get_kind_display() if each.kind else "",
        each.owner,
        each.due_on,
        row.state,
        each.done_on or "",
        each.evidence,
        row.since,
        each.get_effect_display() if each.effect else "",
        each.effect_reason,
        each.judged_on or "",
    ]


def _today(seat: Seat) -> date:
    return seat.now.astimezone(seat.zone).date()


def _keys(seat: Seat, today: date) -> set[int]:
    return {seat.membership.pk, *stood_in_for(seat.membership, on=today)}
