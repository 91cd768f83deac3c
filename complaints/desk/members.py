"""Who works in the organisation: the list, letting in, changing what somebody does, handing over, letting go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from complaints.access import cases_for
from complaints.actions.deputies import HandedOver, hand_over
from complaints.actions.memberships import (
    NotChanged,
    change_member,
    deactivate,
    invite,
    managing_roles,
    may_manage,
    reactivate,
)
from complaints.actions.second_factors import reason_against, take_second_factor, taken_from
from complaints.desk.confirming import confirmed, confirmed_to_change
from complaints.desk.deputies import colleagues
from complaints.desk.seats import Seat, page, seated
from complaints.models import Assignment, Case, Membership, Substitution
from complaints.queries.deputies import in_force
from complaints.said import spoken

NOT_YOURS = gettext_lazy("Dat hoort niet bij uw rol. Dit doet de beheerder.")
FILL_IN = {"required": gettext_lazy("Vul dit in.")}
OVER, OFF = "over", "off"  # the two forms of a page that ask who takes over


class RolesForm(forms.Form):
    """What somebody does here: the roles are those of the procedure in force, by their titles."""

    function = forms.CharField(
        label=gettext_lazy("Functie"), help_text=gettext_lazy("Mag u overslaan."), max_length=100, required=False
    )
    roles = forms.MultipleChoiceField(
        label=gettext_lazy("Rollen"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Kies ten minste één rol.")},
    )

    def __init__(self, seat: Seat, data: Any = None, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        self.fields["roles"].choices = [  # type: ignore[attr-defined]
            (role.name, role.title.in_language(spoken())) for role in seat.procedure.roles
        ]


class InviteForm(RolesForm):
    """Who comes to work here."""

    field_order = ("first_name", "last_name", "email", "function", "roles")
    first_name = forms.CharField(label=gettext_lazy("Voornaam"), max_length=150, error_messages=FILL_IN)
    last_name = forms.CharField(label=gettext_lazy("Achternaam"), max_length=150, error_messages=FILL_IN)
    email = forms.EmailField(
        label=gettext_lazy("E-mailadres"),
        max_length=150,
        error_messages=FILL_IN
        | {"invalid": gettext_lazy("Dit is geen e-mailadres. Schrijf het zo: naam@voorbeeld.nl.")},
    )


class HandOverForm(forms.Form):
    """Who takes over, and why."""

    to = forms.ChoiceField(
        label=gettext_lazy("Wie neemt de zaken over?"),
        error_messages={
            "required": gettext_lazy("Kies een persoon."),
            "invalid_choice": gettext_lazy("Kies een persoon."),
        },
    )
    reason = forms.CharField(
        label=gettext_lazy("Waarom?"),
        help_text=gettext_lazy("Dit komt in elke zaak te staan."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("Vul dit in. Eén zin is genoeg.")},
    )

    def __init__(self, seat: Seat, member: Membership, data: Any = None, *, name: str) -> None:
        super().__init__(data, auto_id=f"{name}_%s")
        self.people = {str(each.pk): each for each in colleagues(seat) if each.pk != member.pk}
        choices = [(key, each.name) for key, each in self.people.items()]
        self.fields["to"].choices = [("", _("Kies een persoon")), *choices]  # type: ignore[attr-defined]


class LostFactorForm(forms.Form):
    """Why a second factor is taken away."""

    reason = forms.CharField(
        label=gettext_lazy("Waarom haalt u de tweede stap weg?"),
        help_text=gettext_lazy("Uw collega leest dit in een mail. Het blijft op deze pagina staan."),
        min_length=10,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": gettext_lazy("Vul dit in. Eén zin is genoeg."),
            "min_length": gettext_lazy("Vul dit in. Eén zin is genoeg."),
        },
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, auto_id="factor_%s")


@dataclass(frozen=True, slots=True)
class Row:
    """A member as the list shows them; `open_cases` counts what the viewer may know of."""

    member: Membership
    roles: list[str]
    open_cases: int
    away: Substitution | None


@require_GET
@seated
def members(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Everybody who works here, and for who manages people also who did."""
    if not seat.is_colleague:
        return HttpResponseForbidden(_("Dat hoort niet bij uw rol."))
    manages = may_manage(seat.membership, seat.procedure)
    everybody = Membership.objects.select_related("user")
    if not manages:
        everybody = everybody.filter(is_active=True)
    today = seat.now.astimezone(seat.zone).date()
    away = {each.member_id: each for each in in_force(today).select_related("deputy__user")}
    known = cases_for(seat.membership, seat.procedure, at=seat.now).filter(closed_at=None)
    counts = dict(known.order_by().values_list("handler").annotate(Count("pk")))
    rows = [
        Row(each, role_titles(each, seat), counts.get(each.pk, 0), away.get(each.pk))
        for each in sorted(everybody, key=lambda each: (not each.is_active, each.name))
    ]
    return page(
        request,
        "desk/members.html",
        {"title": _("Medewerkers"), "rows": rows, "may_manage": manages},
    )


@confirmed_to_change
@require_http_methods(["GET", "POST"])
@seated
def new(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Lets somebody in."""
    if not may_manage(seat.membership, seat.procedure):
        return HttpResponseForbidden(NOT_YOURS)
    form = InviteForm(seat, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = invite(**form.cleaned_data, by=seat.membership, procedure=seat.procedure, at=seat.now)
        except NotChanged as refused:
            form.add_error(refused.field or None, str(refused))
        else:
            text = (
                _("%(name)s hoort er nu bij, en maakt op de inlogpagina een wachtwoord met “Wachtwoord vergeten”.")
                if made.is_new
                else _("%(name)s hoort er nu bij, en logt in met het account dat er al was.")
            )
            messages.success(request, text % {"name": made.membership.name})
            return redirect("desk:members")
    return page(
        request,
        "desk/members_new.html",
        {"title": _("Nieuwe medewerker"), "form": form},
        status=422 if form.errors else 200,
    )


@confirmed_to_change
@require_http_methods(["GET", "POST"])
@seated
def member(request: HttpRequest, seat: Seat, pk: int) -> HttpResponse:
    """One member: what they do here, handing over their cases, letting them go."""
    if not may_manage(seat.membership, seat.procedure):
        return HttpResponseForbidden(NOT_YOURS)
    found = _found(pk)
    if request.method == "GET":
        return _member_page(request, seat, found)
    form = RolesForm(seat, request.POST)
    if form.is_valid():
        try:
            change_member(
                found,
                **form.cleaned_data,
                by=seat.membership,
                procedure=seat.procedure,
                open_cases=_open_cases(seat, found),
            )
        except NotChanged as refused:
            form.add_error(refused.field or None, str(refused))
        else:
            messages.success(request, _("Bewaard: %(name)s.") % {"name": found.name})
            return redirect("desk:members")
    return _member_page(request, seat, found, form=form)


@confirmed
@require_POST
@seated
def give_away(request: HttpRequest, seat: Seat, pk: int) -> HttpResponse:
    """Hands a member's open cases over to somebody else, as far as the procedure lets the viewer do that."""
    if not may_manage(seat.membership, seat.procedure):
        return HttpResponseForbidden(NOT_YOURS)
    found = _found(pk)
    form = HandOverForm(seat, found, request.POST, name=OVER)
    if not form.is_valid():
        return _member_page(request, seat, found, hand_over_form=form)
    return _outcome(request, found, _handed_over(seat, found, form))


@confirmed
@require_POST
@seated
def switch_off(request: HttpRequest, seat: Seat, pk: int) -> HttpResponse:
    """Lets a member go. Their open cases go to somebody else in the same step, unless the viewer leaves them."""
    if not may_manage(seat.membership, seat.procedure):
        return HttpResponseForbidden(NOT_YOURS)
    found = _found(pk)
    outcome = HandedOver([], [])
    if request.POST.get("to") or request.POST.get("reason"):
        form = HandOverForm(seat, found, request.POST, name=OFF)
        if not form.is_valid():
            return _member_page(request, seat, found, off_form=form)
        outcome = _handed_over(seat, found, form)
    if _open_cases(seat, found).exists() and "anyway" not in request.POST:
        if outcome.moved or outcome.left:
            return _outcome(request, found, outcome, is_still_on=True)
        form = HandOverForm(seat, found, request.POST, name=OFF)
        form.full_clean()
        form.errors.clear()
        form.add_error("to", _("Er zijn nog open zaken. Kies wie ze overneemt."))
        return _member_page(request, seat, found, off_form=form)
    try:
        deactivate(found, by=seat.membership, procedure=seat.procedure, at=seat.now)
    except NotChanged as refused:
        messages.error(request, str(refused))
        return redirect("desk:member", found.pk)
    messages.success(request, _("%(name)s kan hier niet meer in.") % {"name": found.name})
    if outcome.moved or outcome.left:
        return _outcome(request, found, outcome)
    return redirect("desk:members")


@confirmed
@require_POST
@seated
def switch_on(request: HttpRequest, seat: Seat, pk: int) -> HttpResponse:
    """Lets a former member in again."""
    if not may_manage(seat.membership, seat.procedure):
        return HttpResponseForbidden(NOT_YOURS)
    found = _found(pk)
    try:
        reactivate(found, by=seat.membership, procedure=seat.procedure)
    except NotChanged as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("%(name)s kan er weer in.") % {"name": found.name})
    return redirect("desk:members")


@confirmed
@require_POST
@seated
def take_away_factor(request: HttpRequest, seat: Seat, pk: int) -> HttpResponse:
    """Takes away the second factor that a member lost, with a written reason."""
    if not may_manage(seat.membership, seat.procedure):
        return HttpResponseForbidden(NOT_YOURS)
    found = _found(pk)
    form = LostFactorForm(request.POST)
    if form.is_valid():
        try:
            take_second_factor(
                found,
                reason=form.cleaned_data["reason"],
                by=seat.membership,
                procedure=seat.procedure,
                at=seat.now,
            )
        except NotChanged as refused:
            form.add_error(None, str(refused))
        else:
            text = _("De tweede stap van %(name)s is weg. Bij de volgende keer inloggen maakt deze collega een nieuwe.")
            messages.success(request, text % {"name": found.name})
            return redirect("desk:member", found.pk)
    return _member_page(request, seat, found, factor_form=form)


def role_titles(member: Membership, seat: Seat) -> list[str]:
    """The roles of a member by their titles, as the procedure in force has them."""
    return [role.title.in_language(spoken()) for role in seat.procedure.roles if role.name in member.roles]


def _found(pk: int) -> Membership:
    found = Membership.objects.select_related("user").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _open_cases(seat: Seat, member: Membership) -> QuerySet[Case]:
    """The open cases in which a member handles or is assigned, as far as the viewer may know of them."""
    played = Assignment.objects.filter(membership=member).exclude(role=Assignment.TAKEN_IN)
    known = cases_for(seat.membership, seat.procedure, at=seat.now).filter(closed_at=None)
    return known.filter(Q(handler=member) | Q(pk__in=played.values("case_id"))).order_by("reference")


def _handed_over(seat: Seat, member: Membership, form: HandOverForm) -> HandedOver:
    return hand_over(
        _open_cases(seat, member).select_related("version", "handler__user"),
        member=member,
        to=form.people[form.cleaned_data["to"]],
        by=seat.membership,
        reason=form.cleaned_data["reason"],
        at=seat.now,
        language=spoken(),
    )


def _member_page(
    request: HttpRequest,
    seat: Seat,
    member: Membership,
    *,
    form: RolesForm | None = None,
    hand_over_form: HandOverForm | None = None,
    off_form: HandOverForm | None = None,
    factor_form: LostFactorForm | None = None,
) -> HttpResponse:
    typed = (form, hand_over_form, off_form, factor_form)
    wrong = next((each for each in typed if each is not None), None)
    initial = {"function": member.function, "roles": member.roles}
    count = _open_cases(seat, member).count()
    return page(
        request,
        "desk/members_one.html",
        {
            "title": member.name,
            "member": member,
            "wrong": wrong,
            "form": form or RolesForm(seat, initial=initial),
            "hand_over_form": hand_over_form or HandOverForm(seat, member, name=OVER),
            "off_form": off_form or HandOverForm(seat, member, name=OFF),
            "factor_form": factor_form or LostFactorForm(),
            "factor_stays": reason_against(member, by=seat.membership, procedure=seat.procedure),
            "factor_taken": taken_from(member),
            "open_cases": count,
            "is_self": member.pk == seat.membership.pk,
            "managing": [
                role.title.in_language(spoken())
                for role in seat.procedure.roles
                if role.name in managing_roles(seat.procedure)
            ],
        },
        status=422 if wrong is not None else 200,
    )


def _outcome(
    request: HttpRequest, member: Membership, outcome: HandedOver, *, is_still_on: bool = False
) -> HttpResponse:
    """What was handed over, and what was not and why: an answer to the form, not a page to come back to."""
    moved = len(outcome.moved)
    return page(
        request,
        "desk/members_handed.html",
        {
            "title": _("Overgedragen"),
            "member": member,
            "moved": outcome.moved,
            "left": outcome.left,
            "summary": ngettext("%(n)d zaak is overgedragen.", "%(n)d zaken zijn overgedragen.", moved) % {"n": moved},
            "is_still_on": is_still_on,
        },
    )
