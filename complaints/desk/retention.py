"""How long cases are kept: what becomes due, what is kept longer, and the lists of cases that two people let go.

For who administers the organisation, and for who may publish its procedure. They see numbers and days here, and of no
case that is about them.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseForbidden
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from complaints.access import cases_to_keep
from complaints.actions import retaining
from complaints.actions.memberships import managing_roles
from complaints.actions.retaining import NotErased
from complaints.desk.confirming import confirmed
from complaints.desk.files import served
from complaints.desk.seats import Seat, page, seated
from complaints.models import Case, ErasureList, Membership, RetentionHold
from complaints.queries.retention import lists_for, on_a_list
from complaints.retention.terms import COMING, LISTED_AHEAD, Kept, kept
from procedures import wording

LONGEST = 1000
WHY = {"required": gettext_lazy("Schrijf op waarom.")}


def _why(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=LONGEST, error_messages=WHY, widget=forms.Textarea(attrs={"rows": 3})
    )


class HoldForm(forms.Form):
    """Which case is kept longer, and why."""

    reference = forms.CharField(
        label=gettext_lazy("Nummer van de zaak"),
        max_length=20,
        error_messages={"required": gettext_lazy("Vul dit in.")},
    )
    reason = _why(gettext_lazy("Waarom moet deze zaak langer bewaard blijven?"))

    def __init__(self, seat: Seat, data: Any = None, *, reference: str = "") -> None:
        super().__init__(data, initial={"reference": reference})
        self.known = cases_to_keep(seat.membership)
        self.fields["reason"].help_text = _("Bijvoorbeeld: er loopt een rechtszaak. Noem geen namen.")

    def clean_reference(self) -> Case:
        found = self.known.filter(reference=self.cleaned_data["reference"].strip().upper()).first()
        if found is None:
            raise forms.ValidationError(_("Deze zaak is er niet, of u kunt haar niet vasthouden."))
        if found.merged_into_id:
            raise forms.ValidationError(_("Deze zaak is samengevoegd. Houd de andere zaak vast: deze blijft dan ook."))
        return found


class LiftForm(forms.Form):
    """Why a case need not be kept longer any more."""

    reason = _why(gettext_lazy("Waarom hoeft deze zaak niet langer bewaard te blijven?"))


class TakeOutForm(forms.Form):
    """Which case comes off a list, and why."""

    case = forms.ChoiceField(
        label=gettext_lazy("Welke zaak?"), error_messages={"required": gettext_lazy("Kies een zaak.")}
    )
    reason = _why(gettext_lazy("Waarom moet deze zaak van de lijst?"))

    def __init__(self, erasure: ErasureList, data: Any = None) -> None:
        super().__init__(data)
        self.listed = {str(each.pk): each for each in erasure.cases.filter(taken_out_at=None, erased_at=None)}
        choices = [(key, each.reference) for key, each in self.listed.items()]
        self.fields["case"].choices = [("", _("Kies een zaak")), *choices]  # type: ignore[attr-defined]


@require_GET
@seated
def overview(request: HttpRequest, seat: Seat) -> HttpResponse:
    if not seat.may_manage:
        return _not_yours()
    found = kept(cases_to_keep(seat.membership), at=seat.now)
    listed = set(on_a_list())
    free = [each for each in found if not each.held_by]
    due = [each for each in free if each.gone_from <= seat.now]
    coming = [each for each in free if seat.now < each.gone_from <= seat.now + COMING]
    held = [each for each in found if each.held_by and (each.hold or each.gone_from <= seat.now + COMING)]
    ready = [each for each in free if each.gone_from <= seat.now + LISTED_AHEAD and each.case.pk not in listed]
    return page(
        request,
        "desk/retention.html",
        {
            "title": _("Bewaartermijnen"),
            "due": _rows(due, listed),
            "coming": _rows(coming, listed),
            "held": _rows(held, listed),
            "ready": len(ready),
            "lists": lists_for(seat.membership),
            "term": wording.term(seat.procedure.retention.term),
            "is_own_choice": seat.procedure.retention.is_own_choice,
        },
    )


@require_http_methods(["GET", "POST"])
@seated
def hold(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Keeps a case longer than its term."""
    if not seat.may_manage:
        return _not_yours()
    asked = request.GET.get("zaak", "")[:20]
    form = HoldForm(seat, request.POST if request.method == "POST" else None, reference=asked)
    if request.method == "POST" and form.is_valid():
        case = form.cleaned_data["reference"]
        try:
            retaining.hold(case, form.cleaned_data["reason"], member=seat.membership, at=seat.now)
        except NotErased as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("%(number)s blijft bewaard tot u dat opheft.") % {"number": case.reference})
            return redirect("desk:retention")
    context = {"title": _("Zaak langer bewaren"), "form": form, "button": _("Bewaar deze zaak langer")}
    return page(request, "desk/retention_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@seated
def lift(request: HttpRequest, seat: Seat, pk: int) -> HttpResponse:
    """Lets a case go by its term again."""
    if not seat.may_manage:
        return _not_yours()
    mine = RetentionHold.objects.filter(case__in=cases_to_keep(seat.membership), lifted_at=None)
    held = mine.select_related("case", "member__user").filter(pk=pk).first()
    if held is None:
        raise Http404
    form = LiftForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            retaining.lift(held, form.cleaned_data["reason"], member=seat.membership, at=seat.now)
        except NotErased as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(
                request, _("Voor %(number)s geldt weer de gewone termijn.") % {"number": held.case.reference}
            )
            return redirect("desk:retention")
    title = _("%(number)s niet langer vasthouden") % {"number": held.case.reference}
    context = {"title": title, "form": form, "held": held, "button": _("Hef dit op")}
    return page(request, "desk/retention_form.html", context, status=422 if form.errors else 200)


@require_POST
@seated
def propose(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Makes a list of what is due now and within a month."""
    if not seat.may_manage:
        return _not_yours()
    try:
        made = retaining.propose(member=seat.membership, procedure=seat.procedure, at=seat.now)
    except NotErased as refused:
        messages.warning(request, str(refused))
        return redirect("desk:retention")
    messages.success(request, _("De lijst is gemaakt. Iemand anders moet hem goedkeuren."))
    return redirect("desk:retention_list", pk=made.pk)


@require_GET
@seated
def erasure_list(request: HttpRequest, seat: Seat, pk: int) -> HttpResponse:
    if not seat.may_manage:
        return _not_yours()
    return _shown(request, seat, _list(seat, pk))


@require_POST
@seated
def take_out(request: HttpRequest, seat: Seat, pk: int) -> HttpResponse:
    """Takes a case off a list, with a reason."""
    if not seat.may_manage:
        return _not_yours()
    found = _list(seat, pk)
    form = TakeOutForm(found, request.POST)
    if not form.is_valid():
        return _shown(request, seat, found, form=form, status=422)
    listed = form.listed[form.cleaned_data["case"]]
    try:
        retaining.take_out(
            listed, form.cleaned_data["reason"], member=seat.membership, procedure=seat.procedure, at=seat.now
        )
    except NotErased as refused:
        form.add_error(None, str(refused))
        return _shown(request, seat, found, form=form, status=409)
    messages.success(request, _("%(number)s staat niet meer op de lijst.") % {"number": listed.reference})
    return redirect("desk:retention_list", pk=pk)


@confirmed
@require_POST
@seated
def approve(request: HttpRequest, seat: Seat, pk: int) -> HttpResponse:
    """Approves a list that somebody else made: from now on its cases go, each on its day."""
    if not seat.may_manage:
        return _not_yours()
    found = _list(seat, pk)
    seen = {int(each) for each in request.POST.getlist("seen") if each.isascii() and each.isdecimal()}
    try:
        retaining.approve(found, seen, member=seat.membership, procedure=seat.procedure, at=seat.now)
    except NotErased as refused:
        messages.warning(request, str(refused))
        return _shown(request, seat, _list(seat, pk), status=409)
    messages.success(request, _("De lijst is goedgekeurd. Elke zaak wordt gewist zodra haar termijn voorbij is."))
    return redirect("desk:retention_list", pk=pk)


@require_POST
@seated
def withdraw(request: HttpRequest, seat: Seat, pk: int) -> HttpResponse:
    """Withdraws a list that nobody approved yet."""
    if not seat.may_manage:
        return _not_yours()
    found = _list(seat, pk)
    try:
        retaining.withdraw(found, member=seat.membership, procedure=seat.procedure, at=seat.now)
    except NotErased as refused:
        messages.warning(request, str(refused))
        return _shown(request, seat, _list(seat, pk), status=409)
    messages.success(request, _("De lijst is ingetrokken. Er is niets gewist."))
    return redirect("desk:retention")


@require_GET
@seated
def certificate(request: HttpRequest, seat: Seat, pk: int) -> FileResponse | HttpResponse:  # noqa: ARG001
    """The certificate of a list that was carried out."""
    if not seat.may_manage:
        return _not_yours()
    found = _list(seat, pk)
    if not found.certificate:
        raise Http404
    name = f"bewijs-van-wissen-{found.pk}.pdf"
    return served(found.certificate, name, content_type="application/pdf", as_attachment=False)


def _rows(found: list[Kept], listed: set[int]) -> list[tuple[Kept, bool]]:
    return [(each, each.case.pk in listed) for each in found]


def _list(seat: Seat, pk: int) -> ErasureList:
    """A list on which no case is about the viewer; Http404 for another one, as if there were none."""
    found = lists_for(seat.membership).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _shown(
    request: HttpRequest, seat: Seat, found: ErasureList, *, form: TakeOutForm | None = None, status: int = 200
) -> HttpResponse:
    cases = list(found.cases.select_related("taken_out_by__user"))
    remaining = [each for each in cases if each.taken_out_at is None]
    is_waiting = found.approved_at is None and found.withdrawn_at is None
    return page(
        request,
        "desk/retention_list.html",
        {
            "title": _("Lijst van %(day)s") % {"day": wording.day(found.proposed_at.astimezone(seat.zone).date())},
            "erasure": found,
            "remaining": remaining,
            "taken_out": [each for each in cases if each.taken_out_at],
            "is_waiting": is_waiting,
            "may_approve": is_waiting and found.proposed_by.user_id != seat.membership.user_id,
            "others": [each.name for each in _others(seat, found)] if is_waiting else [],
            "form": (form or TakeOutForm(found)) if any(each.erased_at is None for each in remaining) else None,
        },
        status=status,
    )


def _others(seat: Seat, found: ErasureList) -> list[Membership]:
    """Who else may approve the list, by name."""
    managing = sorted(managing_roles(seat.procedure))
    members = Membership.objects.select_related("user").filter(is_active=True, roles__overlap=managing)
    others = members.exclude(user=found.proposed_by.user_id)
    return sorted((each for each in others if lists_for(each).filter(pk=found.pk).exists()), key=lambda each: each.name)


def _not_yours() -> HttpResponseForbidden:
    return HttpResponseForbidden(_("Dat hoort niet bij uw rol."))
