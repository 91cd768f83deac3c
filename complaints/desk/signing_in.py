"""Signing in, a forgotten or another password, and choosing the organisation to work in: allauth's views, our pages."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as given
from allauth.account import views
from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from complaints.access import organisations_for
from complaints.desk.accounts import account_with
from complaints.desk.issuers import organisations_with_issuer
from complaints.desk.seats import frame
from complaints.models import User


def named(form: forms.Form, **labels: Any) -> None:
    """Gives fields our words, without the words inside a field that allauth puts there."""
    for name, field in form.fields.items():
        field.label = labels.get(name, field.label)
        field.widget.attrs.pop("placeholder", None)


class Framed:
    """A view of allauth as a page of the desk."""

    request: HttpRequest

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        return {**context, **frame(self.request)}

    def form_invalid(self, form: forms.Form) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)  # type: ignore[misc]
        response.status_code = 422
        return response


class SignInForm(given.LoginForm):  # type: ignore[misc]  # allauth has no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named(self, login=_("E-mailadres"), password=_("Wachtwoord"))
        self.fields["password"].help_text = ""


class PasswordForm(given.ChangePasswordForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named(
            self,
            oldpassword=_("Uw wachtwoord van nu"),
            password1=_("Uw nieuwe wachtwoord"),
            password2=_("Nog eens uw nieuwe wachtwoord"),
        )
        self.fields["oldpassword"].help_text = ""


class ForgottenForm(given.ResetPasswordForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named(self, email=_("Uw e-mailadres"))

    def clean_email(self) -> str:
        user = account_with(self.cleaned_data["email"])
        self.users = [user] if user else []
        return str(self.cleaned_data["email"])


class NewPasswordForm(given.ResetPasswordKeyForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named(self, password1=_("Uw nieuwe wachtwoord"), password2=_("Nog eens uw nieuwe wachtwoord"))


class SignIn(Framed, views.LoginView):  # type: ignore[misc]
    form_class = SignInForm
    template_name = "desk/login.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "with_issuer": organisations_with_issuer()}


class PasswordChange(Framed, views.PasswordChangeView):  # type: ignore[misc]
    form_class = PasswordForm
    template_name = "desk/password_change.html"

    def get_default_success_url(self) -> str:
        return reverse("desk:password_change_done")


class Forgotten(Framed, views.PasswordResetView):  # type: ignore[misc]
    """Takes any address, and answers the same for each."""

    form_class = ForgottenForm
    template_name = "desk/password_forgotten.html"


class ForgottenSent(Framed, views.PasswordResetDoneView):  # type: ignore[misc]
    template_name = "desk/password_forgotten_sent.html"


class NewPassword(Framed, views.PasswordResetFromKeyView):  # type: ignore[misc]
    """Where the mailed link leads. Choosing a password uses it up; looking does not, for programs that scan mail."""

    form_class = NewPasswordForm
    template_name = "desk/password_new.html"
    success_url = reverse_lazy("account_reset_password_from_key_done")


class NewPasswordSet(Framed, views.PasswordResetFromKeyDoneView):  # type: ignore[misc]
    template_name = "desk/password_new_set.html"


@require_POST
def choose_organisation(request: HttpRequest) -> HttpResponse:
    """Works in another organisation from now on, if the viewer is a member of it."""
    user = request.user
    chosen = request.POST.get("organisation", "")
    if not isinstance(user, User) or chosen not in {str(each.pk) for each in organisations_for(request)}:
        return HttpResponseBadRequest()
    request.session["organisation"] = int(chosen)
    return redirect("desk:worklist")
