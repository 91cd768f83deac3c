"""Where the link leads that is mailed to somebody from outside who is asked to judge an appeal, and has no password."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.forms import SetPasswordForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from complaints.actions.committees import invitation, use_invitation
from complaints.desk.seats import frame
from complaints.models import RoomMember


class FirstPasswordForm(SetPasswordForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    """A password, twice, by the rules that hold for everybody."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_password1"].label = _("Kies een wachtwoord")
        self.fields["new_password2"].label = _("Nog eens dit wachtwoord")
        self.fields["new_password2"].help_text = ""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest, secret: str) -> HttpResponse:
    """Asks for a password, because programs that scan mail follow links too; with one the link is used up.

    Then the second factor is set up, where that is asked of staff, and the room opens.
    """
    now = timezone.now()
    place = invitation(secret, at=now)
    form = FirstPasswordForm(place.membership.user, request.POST or None) if place else None
    if form is None or (request.method == "POST" and form.is_valid()):
        used = use_invitation(secret, form.cleaned_data["new_password1"], at=now) if form else None
        if used is None:
            return _shown(request, None, status=410)
        return _let_in(request, used)
    return _shown(request, form, status=422 if form.errors else 200)


def _let_in(request: HttpRequest, place: RoomMember) -> HttpResponse:
    user = place.membership.user
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    record_authentication(request, user, "password")
    request.session["organisation"] = place.organisation_id
    return redirect(reverse("desk:committee", args=[place.room.case.reference]))


def _shown(request: HttpRequest, form: FirstPasswordForm | None, *, status: int) -> HttpResponse:
    return render(request, "desk/room_invitation.html", {**frame(request), "form": form}, status=status)
