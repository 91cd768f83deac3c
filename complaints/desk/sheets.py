"""A page of the desk with one form on it, and the fields that the pages about both sides share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from complaints.actions import CaseMovedOn, TooLate
from complaints.actions.correspondence import addressee_of
from complaints.actions.merging import NotMerged
from complaints.controls import sent_revision
from complaints.desk.seats import page
from complaints.desk.standing import Standing
from complaints.forms import DayField
from complaints.models import Party
from complaints.uploads import UploadRefused

LONGEST_REASON = 2000  # characters


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a page with one form says, and what comes of sending it. `do` takes the revision that it was made from."""

    title: str
    lead: str
    button: str
    back: str
    said: str
    do: Callable[[int], object]
    is_for_merged: bool = False  # whether it may be for a case that was merged into another


class SideForm(forms.Form):
    """A form in the look of those of the acts."""

    asked = True  # so that the heading of the errors says that what was typed is still there

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True


def show(request: HttpRequest, here: Standing, form: SideForm, sheet: Sheet) -> HttpResponse:
    """The page with the form. When it was sent: what comes of it, or the form again with what is wrong."""
    context = {"title": sheet.title, "case": here.case, "sheet": sheet, "form": form}
    if not here.is_colleague:
        reason = _("Dat hoort niet bij uw rol.")
        return page(request, "desk/act_refused.html", {**context, "reason": reason}, status=403)
    if here.state.is_taken_over:
        reason = _("Deze zaak komt uit het eerdere register. Zij was daar al klaar. Hier kunt u haar alleen lezen.")
        return page(request, "desk/act_refused.html", {**context, "reason": reason}, status=409)
    if here.state.is_stopped and not sheet.is_for_merged:
        reason = _("Deze zaak wordt samen met een andere zaak behandeld. Doe het daar.")
        return page(request, "desk/act_refused.html", {**context, "reason": reason}, status=409)
    status, has_moved_on = 200, False
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                sheet.do(_revision(request))
            except CaseMovedOn:
                here.case.refresh_from_db()
                status, has_moved_on = 409, True
            except TooLate:
                form.add_error(None, _("Dit is intussen al gedaan. Kijk bij de zaak hoe het nu staat."))
                status = 409
            except UploadRefused as refused:
                form.add_error(None, str(refused))
            except NotMerged as refused_merge:
                form.add_error(None, str(refused_merge))
                status = 409
            else:
                messages.success(request, sheet.said)
                return back_to(here, sheet.back)
    context |= {"revision": here.case.revision, "has_moved_on": has_moved_on}
    return page(request, "desk/sides_form.html", context, status=status)


def at_once(request: HttpRequest, here: Standing, back: str, said: str, do: Callable[[], object]) -> HttpResponse:
    """Does what a button asks, without a page of its own."""
    if not here.is_colleague:
        return HttpResponseForbidden(_("Dat hoort niet bij uw rol."))
    try:
        do()
    except TooLate:
        messages.warning(request, _("Dit is intussen al gedaan. Kijk hoe het nu staat."))
    else:
        messages.success(request, said)
    return back_to(here, back)


def back_to(here: Standing, part: str) -> HttpResponse:
    """To the part of the case page, or to the matrix."""
    if not part:
        return redirect("desk:sides", here.case.reference)
    return redirect(f"{reverse('desk:case', args=[here.case.reference])}#{part}")


def data_of(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _revision(request: HttpRequest) -> int:
    sent = sent_revision(request.POST)
    return -1 if sent is None else sent


def today_of(here: Standing) -> date:
    return here.now.astimezone(here.zone).date()


def numbers(on: date) -> str:
    return f"{on.day}-{on.month}-{on.year}"


def chosen(form: forms.Form, parties: list[Party]) -> Party:
    return next(each for each in parties if str(each.pk) == form.cleaned_data["party"])


def named(party: Party) -> str:
    """A party by name and what they are in the case."""
    kind = str(Party.Kind(party.kind).label)
    return f"{party.name} ({kind})" if party.name else kind


def reached(party: Party, here: Standing) -> str:
    """A party, with how the invitation reaches them."""
    to = addressee_of(party, here.case).recipient
    how = _("e-mail naar %(email)s") % {"email": to.email} if to.email else _("op papier")
    return f"{named(party)}, {how}"


def party_field(label: str, parties: list[Party]) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        choices=[(str(each.pk), named(each)) for each in parties],
        widget=forms.RadioSelect,
        error_messages={"required": _("Kies hier een antwoord.")},
    )


def line_field(label: str, help_text: str, *, longest: int) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=help_text, max_length=longest, error_messages={"required": _("Vul dit in.")}
    )


def text_field(
    label: str, *, rows: int, longest: int, required: bool = True, help_text: str = "", optional: str = ""
) -> forms.CharField:
    return forms.CharField(
        label=label if required else labelled(label, optional or _("mag u overslaan")),
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": rows}),
        max_length=longest,
        required=required,
        error_messages={"required": _("Vul dit in. Eén zin is genoeg.")},
    )


def day_field(label: str, *, initial: date | None = None, required: bool = True, optional: str = "") -> DayField:
    return DayField(
        label=label if required else labelled(label, optional),
        help_text=_("Bijvoorbeeld: 4-11-2026."),
        initial=initial,
        required=required,
        widget=forms.TextInput(attrs={"class": "dateinput"}),
        error_messages={"required": _("Vul dit in.")},
    )


def labelled(label: str, note: str) -> str:
    return format_html('{} <span class="optional">({})</span>', label, note)
