"""Signing in by user name or e-mail address, and choosing the organisation to work in."""

from __future__ import annotations

from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from complaints.models import User, organisations_of


class SignInForm(AuthenticationForm):
    """Takes an e-mail address where a user name is asked. That somebody has an account opens no case yet."""

    error_messages = {
        "invalid_login": _("Dit klopt niet samen. Kijk uw gebruikersnaam of e-mailadres en uw wachtwoord na."),
        "inactive": _("Dit account is gesloten."),
    }

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["username"].label = _("Gebruikersnaam of e-mailadres")
        self.fields["password"].label = _("Wachtwoord")

    def clean_username(self) -> str:
        typed = str(self.cleaned_data["username"]).strip()
        if "@" not in typed:
            return typed
        found = list(User.objects.filter(email__iexact=typed)[:2])
        return found[0].get_username() if len(found) == 1 else typed


@require_POST
def choose_organisation(request: HttpRequest) -> HttpResponse:
    """Works in another organisation from now on, if the viewer is a member of it."""
    user = request.user
    chosen = request.POST.get("organisation", "")
    if not isinstance(user, User) or chosen not in {str(each.pk) for each in organisations_of(user)}:
        return HttpResponseBadRequest()
    request.session["organisation"] = int(chosen)
    return redirect("desk:worklist")
