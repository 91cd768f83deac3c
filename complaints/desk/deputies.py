"""Arranging who stands in while somebody is away."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseForbidden
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from complaints.actions.deputies import NotArranged, arrange_deputy, withdraw_deputy
from complaints.actions.memberships import may_manage
from complaints.desk.confirming import ask, recently_confirmed
from complaints.desk.seats import Seat, page, seated
from complaints.forms import DayField
from complaints.models import Membership, Substitution
from procedures import wording

CHOOSE = {"required": gettext_lazy("Kies een persoon."), "invalid_choice": gettext_lazy("Kies een persoon.")}
FILL_IN = {"required": gettext_lazy("Vul een dag in.")}


class DeputyForm(forms.Form):
    """Who is away, from when until when, and who stands in."""

    member = forms.ChoiceField(label=gettext_lazy("Wie is afwezig?"), error_messages=CHOOSE)
    deputy = forms.ChoiceField(label=gettext_lazy("Wie neemt waar?"), error_messages=CHOOSE)
    first_on = DayField(
        label=gettext_lazy("Eerste dag"),
        help_text=gettext_lazy("Bijvoorbeeld: 4-11-2026."),
        widget=forms.TextInput(attrs={"class": "dateinput"}),
        error_messages=FILL_IN,
    )
    last_on = DayField(
        label=gettext_lazy("Laatste dag"),
        help_text=gettext_lazy("Deze dag telt nog mee."),
        widget=forms.TextInput(attrs={"class": "dateinput"}),
        error_messages=FILL_IN,
    )

    def __init__(self, seat: Seat, data: Any = None) -> None:
        super().__init__(data, initial={"member": str(seat.membership.pk)})
        self.people = {str(each.pk): each for each in colleagues(seat)}
        choices = [(key, each.name) for key, each in self.people.items()]
        self.fields["deputy"].choices = [("", _("Kies een persoon")), *choices]  # type: ignore[attr-defined]
        self.fields["member"].choices = choices  # type: ignore[attr-defined]
        if not may_manage(seat.membership, seat.procedure):
            del self.fields["member"]


@require_http_methods(["GET", "POST"])
@seated
def deputies(request: HttpRequest, seat: Seat) -> HttpResponseBase:
    """One's own substitutions, and for who manages people everybody's."""
    if not seat.is_colleague:
        return HttpResponseForbidden(_("Dat hoort niet bij uw rol."))
    form = DeputyForm(seat, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        if _is_for_another(form, seat) and not recently_confirmed(request):
            return ask(request, lambda: deputies(request))
        try:
            made = _arranged(form, seat)
        except NotArranged as refused:
            form.add_error(refused.field, str(refused))
        else:
            messages.success(
                request,
                _("%(deputy)s neemt waar voor %(name)s van %(first)s tot en met %(last)s.")
                % {
                    "deputy": made.deputy.name,
                    "name": made.member.name,
                    "first": wording.day(made.first_on),
                    "last": wording.day(made.last_on),
                },
            )
            return redirect("desk:deputies")
    return page(
        request,
        "desk/deputies.html",
        {
            "title": _("Afwezig en waarnemen"),
            "form": form,
            "substitutions": _shown(seat),
            "may_manage": may_manage(seat.membership, seat.procedure),
        },
        status=422 if form.errors else 200,
    )


@require_POST
@seated
def withdraw(request: HttpRequest, seat: Seat, pk: int) -> HttpResponse:
    """Ends a substitution now: one's own, or anybody's for who manages people."""
    found = next((each for each in _shown(seat) if each.pk == pk), None)
    if found is None:
        raise Http404
    if found.member_id != seat.membership.pk and not may_manage(seat.membership, seat.procedure):
        return HttpResponseForbidden(_("Dat hoort niet bij uw rol."))
    withdraw_deputy(found, at=seat.now)
    messages.success(request, _("%(deputy)s neemt niet meer waar.") % {"deputy": found.deputy.name})
    return redirect("desk:deputies")


def colleagues(seat: Seat) -> list[Membership]:
    """The active members of the house, by name: those who play a role that is not an outside one. One query."""
    inside = [role.name for role in seat.procedure.roles if not role.is_outside]
    members = Membership.objects.select_related("user").filter(is_active=True, roles__overlap=inside)
    return sorted(members, key=lambda each: each.name)


def _is_for_another(form: DeputyForm, seat: Seat) -> bool:
    """Whether it opens the cases of somebody else than who asks for it."""
    return bool(form.cleaned_data.get("member", str(seat.membership.pk)) != str(seat.membership.pk))


def _arranged(form: DeputyForm, seat: Seat) -> Substitution:
    chosen = form.cleaned_data
    return arrange_deputy(
        form.people[chosen["member"]] if "member" in chosen else seat.membership,
        form.people[chosen["deputy"]],
        first_on=chosen["first_on"],
        last_on=chosen["last_on"],
        by=seat.membership,
        procedure=seat.procedure,
        today=seat.now.astimezone(seat.zone).date(),
        at=seat.now,
    )


def _shown(seat: Seat) -> list[Substitution]:
    """Those that hold or are to come and that the viewer may know of. One query."""
    today = seat.now.astimezone(seat.zone).date()
    rows = Substitution.objects.select_related("member__user", "deputy__user").filter(ended_at=None, last_on__gte=today)
    everybody = may_manage(seat.membership, seat.procedure)
    return [each for each in rows if everybody or seat.membership.pk in (each.member_id, each.deputy_id)]
