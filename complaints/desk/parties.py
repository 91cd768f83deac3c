"""Saying which colleague a complaint is about, so that the case is kept from them."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from complaints.actions import link_respondent
from complaints.controls import whole_number
from complaints.desk.seats import Seat, seated
from complaints.desk.standing import standing
from complaints.models import Membership, Party


@require_POST
@seated
def link(request: HttpRequest, seat: Seat, reference: str, pk: int) -> HttpResponse:
    here = standing(seat, reference)
    if not here.is_colleague:
        return HttpResponseForbidden(_("Dat hoort niet bij uw rol."))
    party = Party.objects.filter(case=here.case, kind=Party.Kind.RESPONDENT, pk=pk).first()
    if party is None:
        raise Http404
    key = whole_number(request.POST.get("member"), digits=17)
    member = Membership.objects.select_related("user").filter(pk=key).first() if key is not None else None
    link_respondent(here.case, party, member, actor=here.actor, at=here.now)
    if member is None:
        messages.success(request, _("Opgeschreven: %(name)s is geen collega.") % {"name": party.name})
    else:
        messages.success(request, _("%(name)s ziet deze zaak niet meer.") % {"name": member.name})
    if member is not None and member.pk == seat.membership.pk:
        return redirect("desk:worklist")
    return redirect("desk:case", here.case.reference)
