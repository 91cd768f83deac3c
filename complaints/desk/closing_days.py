"""The organisation's closing days: which there are, adding one and ending one, each after a look at what would move.

Administrators and whoever may publish change them; other members read.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from complaints.actions import publishing, recounting
from complaints.actions.recounting import EndedDay, NewDay
from complaints.desk.seats import Seat, page, seated
from complaints.forms import DayField
from procedures import wording
from procedures.calendars import FIRST, LAST


class DayForm(forms.Form):
    """A day on which the organisation is closed, and what it is called."""

    def __init__(self, seat: Seat, data: Any = None) -> None:
        super().__init__(data=data)
        self.seat = seat
        self.asked = True
        self.fields["on"] = DayField(
            label=_("Op welke dag bent u gesloten?"),
            help_text=_("Bijvoorbeeld: 24-12-2026."),
            error_messages={"required": _("Vul dit in.")},
            widget=forms.TextInput(attrs={"class": "dateinput"}),
        )
        self.fields["name"] = forms.CharField(
            label=_("Hoe heet deze dag?"),
            help_text=_("Deze naam staat straks in de uitleg bij een termijn. Bijvoorbeeld: sluiting rond Kerst."),
            max_length=100,
            error_messages={"required": _("Vul dit in.")},
        )

    def clean_on(self) -> date:
        on: date = self.cleaned_data["on"]
        if not FIRST <= on <= LAST:
            raise forms.ValidationError(
                _("Kies een dag van %(first)d tot en met %(last)d.") % {"first": FIRST.year, "last": LAST.year}
            )
        if not self.seat.calendar.is_working(on):
            raise forms.ValidationError(
                _("Deze dag telt al niet mee als werkdag: %(name)s.") % {"name": self.seat.calendar.name_of(on)}
            )
        return on


@require_GET
@seated
def closing_days(request: HttpRequest, seat: Seat) -> HttpResponse:
    today = seat.now.astimezone(seat.zone).date()
    days = recounting.closing_days(at=seat.now)
    return page(
        request,
        "desk/closing_days.html",
        {
            "title": _("Sluitingsdagen"),
            "coming": [day for day in days if day.on >= today],
            "past": [day for day in days if day.on < today][::-1],
            "may_change": _may_change(seat),
            "form": DayForm(seat),
        },
    )


@require_http_methods(["GET", "POST"])
@seated
def add(request: HttpRequest, seat: Seat) -> HttpResponse:
    """What a new closing day would move; and, once somebody says so, the day itself."""
    if not _may_change(seat):
        return _refused(request)
    form = DayForm(seat, request.POST if request.method == "POST" else request.GET)
    if not form.is_valid():
        context = {"title": _("Nieuwe sluitingsdag"), "form": form}
        return page(request, "desk/closing_days_new.html", context, status=422)
    day = NewDay(form.cleaned_data["on"], form.cleaned_data["name"])
    return _change(request, seat, day, on=day.on, name=day.name)


@require_http_methods(["GET", "POST"])
@seated
def end(request: HttpRequest, seat: Seat, pk: int) -> HttpResponse:
    """What moves when a closing day counts as a working day again; and, once somebody says so, its end."""
    if not _may_change(seat):
        return _refused(request)
    day = next((each for each in recounting.closing_days(at=seat.now) if each.pk == pk), None)
    if day is None:
        return _gone(request)
    return _change(request, seat, EndedDay(day.pk), on=day.on, name=day.name)


def _change(request: HttpRequest, seat: Seat, change: NewDay | EndedDay, *, on: date, name: str) -> HttpResponse:
    has_moved_on = False
    if request.method == "POST":
        try:
            recounting.change_closing_days(
                change,
                member=seat.membership,
                procedure=seat.procedure,
                seen=request.POST.get("seen", ""),
                at=seat.now,
            )
        except recounting.PreviewMovedOn:
            has_moved_on = True
        else:
            messages.success(request, _done(change, on))
            return redirect("desk:closing_days")
    try:
        preview = recounting.preview(change, member=seat.membership, procedure=seat.procedure, at=seat.now)
    except recounting.PreviewMovedOn:
        return _gone(request)  # somebody else did the same, a moment ago
    is_new = isinstance(change, NewDay)
    return page(
        request,
        "desk/closing_days_preview.html",
        {
            "title": _("Nieuwe sluitingsdag") if is_new else _("Sluitingsdag laten vervallen"),
            "is_new": is_new,
            "on": on,
            "name": name,
            "preview": preview,
            "has_moved_on": has_moved_on,
        },
        status=409 if has_moved_on else 200,
    )


def _done(change: NewDay | EndedDay, on: date) -> str:
    day = wording.day(on)
    if isinstance(change, NewDay):
        return _("%(day)s is nu een sluitingsdag. De termijnen zijn opnieuw geteld.") % {"day": day.capitalize()}
    return _("%(day)s telt weer als werkdag. De termijnen zijn opnieuw geteld.") % {"day": day.capitalize()}


def _may_change(seat: Seat) -> bool:
    return publishing.may_publish(seat.membership, seat.procedure) or any(
        role.is_administrator for role in seat.procedure.roles if role.name in seat.membership.roles
    )


def _refused(request: HttpRequest) -> HttpResponse:
    reason = _("Sluitingsdagen veranderen hoort niet bij uw rol. Dat doet een beheerder.")
    return _words(request, reason, status=403)


def _gone(request: HttpRequest) -> HttpResponse:
    return _words(request, _("Dit is intussen al veranderd. Kijk in de lijst van sluitingsdagen."), status=409)


def _words(request: HttpRequest, reason: str, *, status: int) -> HttpResponse:
    return page(
        request, "desk/closing_days_refused.html", {"title": _("Sluitingsdagen"), "reason": reason}, status=status
    )
