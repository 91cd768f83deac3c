"""Writing to the organisation beside the procedure: a message with files, and other contact details."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from complaints.access import Entry
from complaints.actions import CORRECTABLE, correct_contact, send_message
from complaints.controls import sent_revision
from complaints.forms import LONGEST, AnswersForm, FilesField, form_for
from complaints.models import Party
from complaints.portal.entering import for_complainant
from complaints.portal.views import back
from complaints.said import spoken
from complaints.uploads import MAX_FILES

LONGEST_ADDRESS = 254  # characters of a mail address, by RFC 5321


class MessageForm(forms.Form):
    """A message, files, or both."""

    text = forms.CharField(
        label=gettext_lazy("Uw bericht"),
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=LONGEST,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["files"] = FilesField(
            most=MAX_FILES,
            label=_("Bestanden of foto’s"),
            help_text=_("Foto, pdf, Word, Excel of tekst. Per bestand hoogstens 10 MB, samen hoogstens 10 bestanden."),
            required=False,
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("text") and not cleaned.get("files") and not self.errors:
            self.add_error("text", _("Schrijf een bericht of kies een bestand."))
        return cleaned


@for_complainant
@require_http_methods(["GET", "HEAD", "POST"])
def message(request: HttpRequest, entry: Entry) -> HttpResponse:
    """Sends a message, with or without files."""
    form = MessageForm(request.POST, request.FILES) if request.method == "POST" else MessageForm()
    if form.is_bound and form.is_valid():
        now = timezone.now()
        sent = send_message(
            entry.case,
            form.cleaned_data["text"],
            actor=entry.actor,
            at=now,
            files=form.cleaned_data["files"],
            revision=sent_revision(request.POST),
        )
        return back(request, _("Wij hebben uw bericht."), sent.sent_at)
    context = {
        "procedure": entry.procedure,
        "case": entry.case,
        "form": form,
        "revision": sent_revision(request.POST) or entry.case.revision,
    }
    return render(request, "public/write.html", context, status=422 if form.is_bound else 200)


@for_complainant
@require_http_methods(["GET", "HEAD", "POST"])
def contact(request: HttpRequest, entry: Entry) -> HttpResponse:
    """Changes how the complainant is reached; their name is not theirs to change alone."""
    party = entry.case.parties.select_related("membership").get(kind=Party.Kind.COMPLAINANT)
    form = _contact_form(entry, party, request)
    if form.is_bound and form.is_valid():
        now = timezone.now()
        details = {name: str(form.cleaned_data.get(name) or "") for name in form.asked}
        changed = correct_contact(entry.case, details, actor=entry.actor, at=now)
        return back(request, _told_of(changed, details), now)
    context = {"procedure": entry.procedure, "case": entry.case, "form": form, "name": party.name}
    return render(request, "public/contact.html", context, status=422 if form.is_bound else 200)


def _told_of(changed: Sequence[str], details: Mapping[str, str]) -> str:
    if not changed:
        return _("Uw gegevens waren al zo. Er is niets veranderd.")
    if list(changed) == ["phone"]:
        return _("Uw telefoonnummer is aangepast.")
    if "email" in changed and not details["email"]:
        return _("Uw gegevens zijn aangepast. Nieuwe brieven komen met de post.")
    return _("Uw gegevens zijn aangepast. Nieuwe brieven gaan naar het nieuwe adres.")


def _contact_form(entry: Entry, party: Party, request: HttpRequest) -> AnswersForm:
    # Every way to be reached may be given here, also one that the complaint was filed without.
    asked = [
        replace(each, when=(), required=False) for each in entry.procedure.intake.fields if each.name in CORRECTABLE
    ]
    form = form_for(
        entry.procedure,
        asked,
        initial={each.name: getattr(party, each.name) for each in asked},
        data=request.POST if request.method == "POST" else None,
        language=spoken(),
    )
    if "email" in form.fields:
        form.fields["email"].validators.append(MaxLengthValidator(LONGEST_ADDRESS))
    was = {name: getattr(party, name) for name in CORRECTABLE}
    if form.is_bound and form.is_valid() and _is_reachable(was) and not _is_reachable(form.cleaned_data):
        if party.membership_id:  # a colleague is reached at the address of their account
            return form
        if "address" in form.asked:
            words = _("Zonder e-mailadres sturen wij brieven met de post. Vul dan uw hele adres in.")
            form.add_error("address", words)
        else:
            words = _("Onze brieven komen per e-mail. Daarom hebben wij een e-mailadres van u nodig.")
            form.add_error("email", words)
    return form


def _is_reachable(details: Mapping[str, Any]) -> bool:
    """By mail, or by post at a whole address."""
    return bool(details.get("email") or all(details.get(name) for name in ("address", "postcode", "town")))
