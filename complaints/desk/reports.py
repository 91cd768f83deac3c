"""The yearly report at the desk: the years, one on screen and as a file, the words in it, and adopting it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from complaints.access import cases_for, may_read_reports
from complaints.actions import reporting
from complaints.actions.reporting import LONGEST, NotAdopted, ReportMovedOn
from complaints.desk.confirming import confirmed_to_change
from complaints.desk.seats import Seat, page, seated
from complaints.desk.spreadsheets import Table, as_xlsx
from complaints.models import Case, YearReport
from complaints.queries import register
from complaints.queries.duties import tasks
from complaints.queries.reports import persons_in
from complaints.reports import contents, paper, sheet
from complaints.reports.figures import Figures, last_day
from complaints.reports.words import ASKED, HEADINGS, INTRODUCTION
from complaints.said import spoken

P = ParamSpec("P")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Year:
    """A year in the list."""

    year: int
    report: YearReport | None
    is_running: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """The room for words in one part of the form."""

    name: str
    heading: str
    question: str
    text: str
    problem: str


def for_readers(
    view: Callable[Concatenate[HttpRequest, Seat, P], HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """A view for whom the reports are. Other members read that it is not theirs."""

    @seated
    def for_whom(request: HttpRequest, seat: Seat, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if may_read_reports(seat.membership, seat.procedure):
            return view(request, seat, *args, **kwargs)
        return refused(request, _("Het jaarverslag hoort niet bij uw rol."), status=403)

    return wraps(view)(for_whom)


@require_GET
@for_readers
def years(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The years that there is something to tell of, the newest first."""
    today = seat.today
    roles = seat.membership.roles
    known = {each.year: each for each in YearReport.objects.defer("figures", "words")}
    found = sorted({*register.years(Case.objects.all(), seat.zone), *known, today.year}, reverse=True)
    return page(
        request,
        "desk/reports.html",
        {
            "title": _("Jaarverslag"),
            "tasks": tasks(seat.procedure, roles, today=today),
            "others": [each for each in tasks(seat.procedure, None, today=today) if each.duty.by not in roles],
            "today": today,
            "years": [Year(each, known.get(each), each == today.year) for each in found if each <= today.year],
        },
    )


@require_GET
@for_readers
def report(request: HttpRequest, seat: Seat, year: int) -> HttpResponse:
    kept, figures = _figures(seat, year)
    words = kept.words if kept else {}
    return page(
        request,
        "desk/report.html",
        {
            "title": _("Klachten in %(year)s") % {"year": year},
            "year": year,
            "report": kept,
            "figures": figures,
            "is_whole": figures is not None and figures.is_whole_year,
            "scores": contents.scores(figures, seat.procedure) if figures else [],
            "parts": contents.parts(figures, seat.procedure, words) if figures else [],
            "introduction": words.get(INTRODUCTION, ""),
            "counted": contents.counted(figures) if figures else [],
            "may_adopt": reporting.may_adopt(seat.membership, seat.procedure),
            "adopter": _adopter(seat),
        },
    )


@require_GET
@for_readers
def report_pdf(request: HttpRequest, seat: Seat, year: int) -> HttpResponse:
    """The report to send on: the one that was adopted, byte for byte, or a draft of now."""
    kept, figures = _figures(seat, year)
    if figures is None:
        return refused(request, _("Van dit jaar zijn er nog geen cijfers."), status=404)
    if kept and kept.adopted_at:
        with kept.pdf.open("rb") as file:
            content = file.read()
        if hashlib.sha256(content).hexdigest() != kept.sha256:
            return refused(
                request, _("Het bestand is niet meer zoals het is vastgesteld. Vraag de beheerder."), status=409
            )
    else:
        content = paper.pdf(figures, seat.procedure, kept.words if kept else {}, at=seat.now)
    return _file(content, "application/pdf", f"klachten-{year}-{seat.organisation.slug}.pdf")


@require_GET
@for_readers
def report_xlsx(request: HttpRequest, seat: Seat, year: int) -> HttpResponse:
    _kept, figures = _figures(seat, year)
    if figures is None:
        return refused(request, _("Van dit jaar zijn er nog geen cijfers."), status=404)
    columns, lines = sheet.lines(figures)
    table = Table(_("Klachten in %(year)s") % {"year": year}, columns, lines)
    return _file(as_xlsx(table, at=seat.now), XLSX, f"klachten-{year}-{seat.organisation.slug}.xlsx")


@require_http_methods(["GET", "HEAD", "POST"])
@for_readers
def report_words(request: HttpRequest, seat: Seat, year: int) -> HttpResponse:
    """The form with room for words in each part. What was typed stays, whatever is wrong."""
    _known_year(seat, year)
    kept = YearReport.objects.filter(year=year).first()
    if kept and kept.adopted_at:
        return refused(request, _("Dit verslag is vastgesteld. De woorden liggen vast."), status=409)
    if request.method != "POST":
        return _words_form(request, seat, year, kept.words if kept else {}, kept.revision if kept else 0)
    names = contents.named(seat.procedure)
    typed = {name: request.POST.get(f"words-{name}", "").replace("\r\n", "\n") for name in names}
    revision = _number(request.POST.get("revision", ""))
    if any(len(each) > LONGEST for each in typed.values()):
        return _words_form(request, seat, year, typed, revision, status=422)
    try:
        reporting.keep_words(year, typed, revision=revision, member=seat.membership, at=seat.now)
    except ReportMovedOn:
        now = YearReport.objects.filter(year=year).first()
        revision, words = (now.revision, now.words) if now else (0, {})
        return _words_form(request, seat, year, typed, revision, status=409, meanwhile=words)
    messages.success(request, _("Bewaard. Het verslag is nog een concept."))
    named = _persons(seat, year, typed)
    if named:
        messages.warning(
            request,
            _("Let op: %(what)s wijst op een persoon of een zaak. Een verslag noemt niemand.")
            % {"what": ", ".join(named)},
        )
    return redirect("desk:year_report", year)


@confirmed_to_change
@require_http_methods(["GET", "HEAD", "POST"])
@for_readers
def report_adopt(request: HttpRequest, seat: Seat, year: int) -> HttpResponse:
    """Asks once more, with what adopting means; then freezes the report."""
    _known_year(seat, year)
    if not reporting.may_adopt(seat.membership, seat.procedure):
        return refused(
            request, _("Het verslag wordt vastgesteld door: %(role)s.") % {"role": _adopter(seat)}, status=403
        )
    if year >= seat.today.year:
        return refused(request, _WHY[NotAdopted.NOT_OVER](), status=409)
    kept = YearReport.objects.filter(year=year).first()
    if kept and kept.adopted_at:
        return refused(request, _("Dit verslag is al vastgesteld."), status=409)
    named = _persons(seat, year, kept.words if kept else {})
    if request.method != "POST":
        return _adopt_form(request, year, kept, named)
    if named and request.POST.get("is_sure") != "yes":
        return _adopt_form(request, year, kept, named, status=422, is_missing=True)
    revision = _number(request.POST.get("revision", ""))
    try:
        reporting.adopt(year, revision=revision, member=seat.membership, procedure=seat.procedure, at=seat.now)
    except NotAdopted as refusal:
        return refused(request, _WHY[refusal.reason](), status=409)
    except ReportMovedOn:
        return _adopt_form(request, year, YearReport.objects.filter(year=year).first(), named, status=409)
    messages.success(request, _("Het verslag over %(year)s is vastgesteld.") % {"year": year})
    return redirect("desk:year_report", year)


def refused(request: HttpRequest, reason: str, *, status: int) -> HttpResponse:
    return page(request, "desk/report_refused.html", {"title": _("Jaarverslag"), "reason": reason}, status=status)


# --- Parts ------------------------------------------------------------------------------------------------------------

_WHY: Mapping[str, Callable[[], str]] = {
    NotAdopted.NOT_OVER: lambda: _("Het jaar is nog niet voorbij. Daarna kunt u het verslag vaststellen."),
    NotAdopted.LATER_ADOPTED: lambda: _(
        "Er is al een verslag over een later jaar vastgesteld. Daarin staan de cijfers van dit jaar ook. Daarom kan "
        "dit verslag niet meer worden vastgesteld."
    ),
    NotAdopted.NOT_YOURS: lambda: _("Dat hoort niet bij uw rol."),
}


def _figures(seat: Seat, year: int) -> tuple[YearReport | None, Figures | None]:
    """The report as far as it is, and its figures; None while there is nothing to count."""
    _known_year(seat, year)
    kept = YearReport.objects.filter(year=year).first()
    until = last_day(year, today=seat.today)
    if until is None:
        return kept, None
    return kept, reporting.figures_of(seat.procedure, year, until=until, report=kept)


def _known_year(seat: Seat, year: int) -> None:
    """Http404 for a year that is still to come, or was before anybody could complain here."""
    if not 2000 <= year <= seat.today.year:
        raise Http404


def _persons(seat: Seat, year: int, words: Mapping[str, str]) -> list[str]:
    mine = cases_for(seat.membership, seat.procedure)
    return persons_in(words.values(), year, cases=mine, zone=seat.zone)


def _words_form(
    request: HttpRequest,
    seat: Seat,
    year: int,
    typed: Mapping[str, str],
    revision: int,
    *,
    status: int = 200,
    meanwhile: Mapping[str, str] | None = None,
) -> HttpResponse:
    too_long = _("Dit is te lang. Er passen %(n)s tekens.") % {"n": LONGEST}
    rooms = [
        Asked(
            name,
            str(HEADINGS[name]),
            str(ASKED[name]),
            typed.get(name, ""),
            too_long if len(typed.get(name, "")) > LONGEST else "",
        )
        for name in contents.named(seat.procedure)
    ]
    context: dict[str, Any] = {
        "title": _("Uw woorden bij %(year)s") % {"year": year},
        "year": year,
        "rooms": rooms,
        "problems": [each for each in rooms if each.problem],
        "revision": revision,
        "meanwhile": [(str(HEADINGS[name]), text) for name, text in (meanwhile or {}).items() if name in HEADINGS],
        "has_moved_on": status == 409,
    }
    return page(request, "desk/report_words.html", context, status=status)


def _adopt_form(
    request: HttpRequest,
    year: int,
    kept: YearReport | None,
    named: list[str],
    *,
    status: int = 200,
    is_missing: bool = False,
) -> HttpResponse:
    context = {
        "title": _("Stel het verslag over %(year)s vast") % {"year": year},
        "year": year,
        "revision": kept.revision if kept else 0,
        "has_words": bool(kept and kept.words),
        "named": named,
        "is_missing": is_missing,
        "has_moved_on": status == 409,
    }
    return page(request, "desk/report_adopt.html", context, status=status)


def _adopter(seat: Seat) -> str:
    return seat.procedure.role(seat.procedure.publisher).title.in_language(spoken())


def _file(content: bytes, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def _number(typed: str) -> int:
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 9 else -1
