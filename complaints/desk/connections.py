"""What connects other systems with Gehoor: the keys with which they ask and file, and the addresses where they are told
what happens. For who administers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Max, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from complaints.actions.keys import KeyRefused, MadeKey, make_key, revoke_key
from complaints.actions.webhooks import (
    MadeWebhook,
    WebhookRefused,
    end_webhook,
    register_webhook,
    retry_deliveries,
)
from complaints.desk.confirming import confirmed
from complaints.desk.seats import Seat, page, seated
from complaints.forms import DayField
from complaints.models import ApiKey, Webhook

NOT_YOURS = gettext_lazy("Koppelingen zijn voor de beheerder.")
USUAL = timedelta(days=365)  # that a new key works, unless somebody chooses another day


class KeyForm(forms.Form):
    """What another system is called, what it may, and until when."""

    name = forms.CharField(
        label=gettext_lazy("Welk systeem krijgt deze sleutel?"),
        help_text=gettext_lazy("Bijvoorbeeld: onze website, of het datawarehouse."),
        max_length=60,
        error_messages={"required": gettext_lazy("Vul in welk systeem het is.")},
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Wat mag dit systeem?"),
        choices=[
            (ApiKey.Scope.FILE, gettext_lazy("klachten indienen")),
            (ApiKey.Scope.READ, gettext_lazy("het register lezen, zonder gegevens van personen")),
            (ApiKey.Scope.PERSONAL, gettext_lazy("in het register ook gegevens van personen lezen")),
        ],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Kies wat het andere systeem mag: lezen, indienen of allebei.")},
    )
    expires_on = DayField(
        label=gettext_lazy("Tot en met welke dag werkt de sleutel?"),
        help_text=gettext_lazy("Hoogstens twee jaar. Bijvoorbeeld: 4-11-2026."),
        widget=forms.TextInput(attrs={"class": "dateinput"}),
        error_messages={"required": gettext_lazy("Vul een dag in.")},
    )

    def __init__(self, seat: Seat, data: Any = None) -> None:
        super().__init__(data, initial={"expires_on": seat.now.astimezone(seat.zone).date() + USUAL})


class WebhookForm(forms.Form):
    """Where another system wants to be told what happens."""

    url = forms.CharField(
        label=gettext_lazy("Op welk adres wil het andere systeem meldingen krijgen?"),
        help_text=gettext_lazy("Bijvoorbeeld: https://systeem.example/gehoor."),
        max_length=500,
        widget=forms.URLInput(attrs={"autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Vul een adres in.")},
    )


@require_GET
@seated
def connections(request: HttpRequest, seat: Seat) -> HttpResponse:
    if not seat.may_manage:
        return HttpResponseForbidden(NOT_YOURS)
    return connections_page(request, seat)


@confirmed
@require_POST
@seated
def make(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Makes a key; its secret stands on the page that answers, and nowhere else."""
    if not seat.may_manage:
        return HttpResponseForbidden(NOT_YOURS)
    form = KeyForm(seat, request.POST)
    if form.is_valid():
        chosen = form.cleaned_data
        try:
            made = make_key(
                " ".join(chosen["name"].split()),
                [ApiKey.Scope(each) for each in chosen["scopes"]],
                expires_on=chosen["expires_on"],
                today=seat.now.astimezone(seat.zone).date(),
                by=seat.membership,
                at=seat.now,
            )
        except KeyRefused as refused:
            form.add_error(refused.field, str(refused))
        else:
            return connections_page(request, seat, made=made)
    return connections_page(request, seat, form=form)


@require_POST
@seated
def revoke(request: HttpRequest, seat: Seat, pk: int) -> HttpResponse:
    """Ends a key, whoever made it. What takes a way in away needs no step-up."""
    if not seat.may_manage:
        return HttpResponseForbidden(NOT_YOURS)
    key = ApiKey.objects.filter(pk=pk).first()
    if key is None:
        raise Http404
    if revoke_key(key, by=seat.membership, at=seat.now):
        messages.success(request, _("De sleutel voor %(name)s werkt niet meer.") % {"name": key.name})
    return redirect("desk:connections")


@confirmed
@require_POST
@seated
def make_webhook(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Registers an address; the secret of its signatures stands on the page that answers, and nowhere else."""
    if not seat.may_manage:
        return HttpResponseForbidden(NOT_YOURS)
    form = WebhookForm(request.POST)
    if form.is_valid():
        try:
            made = register_webhook(form.cleaned_data["url"], by=seat.membership, at=seat.now)
        except WebhookRefused as refused:
            form.add_error("url", str(refused))
        else:
            return connections_page(request, seat, made_webhook=made)
    return connections_page(request, seat, webhook_form=form)


@require_POST
@seated
def end(request: HttpRequest, seat: Seat, pk: int) -> HttpResponse:
    """Tells an address nothing any more, whoever registered it."""
    webhook = _webhook(seat, pk)
    if isinstance(webhook, HttpResponse):
        return webhook
    if end_webhook(webhook, by=seat.membership, at=seat.now):
        messages.success(request, _("Dit adres krijgt geen meldingen meer: %(url)s.") % {"url": webhook.url})
    return redirect("desk:connections")


@require_POST
@seated
def retry(request: HttpRequest, seat: Seat, pk: int) -> HttpResponse:
    """Sends what nobody took once more."""
    webhook = _webhook(seat, pk)
    if isinstance(webhook, HttpResponse):
        return webhook
    number = retry_deliveries(webhook, at=seat.now)
    messages.success(
        request,
        ngettext("%(n)d melding gaat nog eens weg.", "%(n)d meldingen gaan nog eens weg.", number) % {"n": number},
    )
    return redirect("desk:connections")


def _webhook(seat: Seat, pk: int) -> Webhook | HttpResponse:
    if not seat.may_manage:
        return HttpResponseForbidden(NOT_YOURS)
    found = Webhook.objects.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def connections_page(
    request: HttpRequest,
    seat: Seat,
    *,
    form: KeyForm | None = None,
    made: MadeKey | None = None,
    webhook_form: WebhookForm | None = None,
    made_webhook: MadeWebhook | None = None,
) -> HttpResponse:
    today = seat.now.astimezone(seat.zone).date()
    keys = ApiKey.objects.select_related("made_by__user")
    return page(
        request,
        "desk/connections.html",
        {
            "title": _("Koppelingen"),
            "keys": [each for each in keys if each.revoked_at is None and each.expires_on >= today],
            "ended": [each for each in keys if each.revoked_at is not None or each.expires_on < today],
            "form": form or KeyForm(seat),
            "made": made,
            "webhooks": Webhook.objects.filter(ended_at=None)
            .select_related("made_by__user")
            .annotate(
                last=Max("deliveries__sent_at"),
                stuck=Count("deliveries", filter=Q(deliveries__given_up_at__isnull=False)),
            ),
            "webhook_form": webhook_form or WebhookForm(),
            "made_webhook": made_webhook,
            "address": f"{settings.SITE_URL}/api/v1/{seat.organisation.slug}/",
        },
        status=422 if any(each is not None and each.errors for each in (form, webhook_form)) else 200,
    )
