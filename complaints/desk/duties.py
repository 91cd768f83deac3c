"""Yearly duties at the desk: saying that one was done, and sending the report to whom it is for."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from complaints.actions import duties
from complaints.actions.duties import AlreadyDone, NotSent
from complaints.desk.confirming import confirmed
from complaints.desk.reports import refused
from complaints.desk.seats import Seat, page, seated
from complaints.models import DutyDone, Notice, YearReport
from complaints.queries.duties import due_on
from complaints.said import spoken
from procedures.definition import YearlyDuty

LONGEST = 2_000  # characters of the note


@require_http_methods(["GET", "HEAD", "POST"])
@seated
def duty(request: HttpRequest, seat: Seat, duty: str, year: int) -> HttpResponse:
    """The page of one duty of one year, for whoever has to do it."""
    what = _duty(seat, duty, year)
    if what.by not in seat.membership.roles:
        return _not_yours(request, seat, what)
    if request.method != "POST":
        return _form(request, seat, what, year)
    typed, note = request.POST.get("done_on", ""), request.POST.get("note", "")
    done_on, problem = _day(typed, today=seat.today)
    note_problem = _("Dit is te lang. Er passen %(n)s tekens.") % {"n": LONGEST} if len(note) > LONGEST else ""
    wrong = {"done_on": typed, "note": note, "problem": problem, "note_problem": note_problem}
    if done_on is None or note_problem:
        return _form(request, seat, what, year, wrong, status=422)
    try:
        duties.do_duty(what.name, year, done_on=done_on, note=note, member=seat.membership, at=seat.now)
    except AlreadyDone:
        return _form(request, seat, what, year, wrong, status=409)
    messages.success(request, _("Vastgelegd: %(what)s.") % {"what": what.title.in_language(spoken())})
    return redirect("desk:worklist")


@confirmed
@require_POST
@seated
def send(request: HttpRequest, seat: Seat, duty: str, year: int) -> HttpResponse:
    """Mails the adopted report to everybody in the role that the duty names. Once."""
    what = _duty(seat, duty, year)
    if what.by not in seat.membership.roles:
        return _not_yours(request, seat, what)
    try:
        count = duties.send_report(what, year, member=seat.membership, procedure=seat.procedure, at=seat.now)
    except NotSent as refusal:
        why = {
            NotSent.NOT_ADOPTED: _("Stel eerst het verslag over dit jaar vast."),
            NotSent.ALREADY: _("Het verslag is al verstuurd."),
            NotSent.NOBODY: _("Er is niemand om het aan te sturen."),
        }
        return refused(request, why[refusal.reason], status=409)
    told = ngettext("Het verslag gaat naar %(n)s medewerker.", "Het verslag gaat naar %(n)s medewerkers.", count)
    messages.success(request, told % {"n": count})
    return redirect("desk:duty", duty, year)


def _duty(seat: Seat, name: str, year: int) -> YearlyDuty:
    """Http404 for what is no duty here, or of a year that is not over."""
    found = next((each for each in seat.procedure.duties if each.name == name), None)
    if found is None or not 2000 <= year < seat.today.year:
        raise Http404
    return found


def _not_yours(request: HttpRequest, seat: Seat, what: YearlyDuty) -> HttpResponse:
    role = seat.procedure.role(what.by).title.in_language(spoken())
    return refused(request, _("Deze taak is van: %(role)s.") % {"role": role}, status=403)


def _form(
    request: HttpRequest,
    seat: Seat,
    what: YearlyDuty,
    year: int,
    typed: dict[str, str] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "title": what.title.in_language(spoken()),
        "duty": what,
        "year": year,
        "due_on": due_on(what, year),
        "done": DutyDone.objects.select_related("member__user").filter(duty=what.name, year=year).first(),
        "done_on": seat.today.isoformat(),
        "has_moved_on": status == 409,
        **(typed or {}),
    }
    if what.sends_to:
        sent = Notice.objects.filter(kind=Notice.Kind.REPORT, duty=what.name, year=year)
        context |= {
            "report": YearReport.objects.filter(year=year, adopted_at__isnull=False).first(),
            "to": seat.procedure.role(what.sends_to).title.in_language(spoken()),
            "count": duties.readers(what).count(),
            "sent": sent.count(),
            "arrived": sent.filter(sent_at__isnull=False).count(),
        }
    return page(request, "desk/duty.html", context, status=status)


def _day(typed: str, *, today: date) -> tuple[date | None, str]:
    """The day that was typed, or what is wrong with it."""
    try:
        found = parse_date(typed)
    except ValueError:
        found = None
    if found is None:
        return None, _("Vul een dag in die bestaat.")
    if found > today:
        return None, _("Die dag moet nog komen. Vul in wanneer u het hebt gedaan.")
    return found, ""
