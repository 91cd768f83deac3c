"""Editing the draft of the procedure: as text with what the checker says, and in a form for what changes most."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from complaints.actions import publishing
from complaints.desk.procedure import faults, for_publishers, no_draft, refused
from complaints.desk.seats import Seat, page
from complaints.forms import DayField
from procedures import editing
from procedures.definition import Unit
from procedures.editing import Entries, LetterEntry, TermEntry
from procedures.models import ProcedureVersion

UNITS = {
    Unit.HOURS: gettext_lazy("uren"),
    Unit.DAYS: gettext_lazy("dagen"),
    Unit.WEEKS: gettext_lazy("weken"),
    Unit.MONTHS: gettext_lazy("maanden"),
    Unit.YEARS: gettext_lazy("jaren"),
    Unit.WORKING_DAYS: gettext_lazy("werkdagen"),
    Unit.WORKING_WEEKS: gettext_lazy("werkweken"),
}
LANGUAGES = {"nl": gettext_lazy("Nederlands"), "en": gettext_lazy("Engels")}


# ------------------------------------------------------------------------------------------------ as text


@require_http_methods(["GET", "POST"])
@for_publishers
def text(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The draft as TOML. It is kept as it was typed, also when it is not in order."""
    draft = publishing.draft_version()
    if request.method != "POST":
        return _text_page(request, draft.source, seen=draft.sha256) if draft else no_draft(request)
    typed = request.POST.get("text", "").replace("\r\n", "\n").replace("\r", "\n")
    seen = request.POST.get("seen", "")
    refusal = _unkeepable(typed)
    if refusal:
        return _text_page(request, typed, seen=seen, refusal=refusal, status=422)
    typed = typed.rstrip("\n") + "\n"
    try:
        kept = publishing.keep_version(typed, member=seat.membership, seen=seen, at=seat.now)
    except publishing.DraftMovedOn:
        return _text_page(request, typed, seen=draft.sha256 if draft else "", refusal=_moved_on(draft), status=409)
    if faults(typed):
        return _text_page(request, typed, seen=kept.sha256, is_kept=True, status=422)
    messages.success(request, _("De tekst is bewaard, en in orde."))
    return redirect("desk:procedure_text")


def _unkeepable(typed: str) -> str:
    if not typed.strip():
        return _("De tekst is leeg. Er is niets bewaard.")
    if "\0" in typed:
        return _("In de tekst staat een onzichtbaar teken dat niet bewaard kan worden. Haal het weg.")
    if len(typed) > publishing.LONGEST_TEXT:
        return _("De tekst is te lang: hoogstens %(n)d tekens.") % {"n": publishing.LONGEST_TEXT}
    return ""


def _moved_on(draft: ProcedureVersion | None) -> str:
    if draft is None:
        return _("Het concept is er niet meer. Er is niets bewaard. Wat u hebt ingevuld, staat er nog: kopieer het.")
    return _(
        "Iemand anders heeft het concept intussen veranderd. Er is niets bewaard. Wat u hebt ingevuld, staat er nog. "
        "Bewaart u nu, dan komt dit in de plaats van wat de ander schreef."
    )


def _text_page(
    request: HttpRequest, typed: str, *, seen: str, refusal: str = "", is_kept: bool = False, status: int = 200
) -> HttpResponse:
    return page(
        request,
        "desk/procedure_text.html",
        {
            "title": _("De tekst van het concept"),
            "text": typed,
            "seen": seen,
            "refusal": refusal,
            "is_kept": is_kept,
            "faults": faults(typed) if typed.strip() else [],
        },
        status=status,
    )


# ------------------------------------------------------------------------------------------------ in a form


@dataclass(frozen=True, slots=True)
class Words:
    """The two controls of a letter in one language."""

    language: str
    code: str
    subject: forms.BoundField
    body: forms.BoundField


@dataclass(frozen=True, slots=True)
class LetterGroup:
    title: str
    words: Sequence[Words]
    has_errors: bool


class EntriesForm(forms.Form):
    """What changes most, with a control for each."""

    def __init__(self, known: Entries, data: Any = None) -> None:
        super().__init__(data=data)
        self.known = known
        self.asked = True  # there is something to fill in: the summary of errors says that it is still there
        self.fields["in_force_from"] = DayField(
            label=_("Vanaf welke dag geldt deze versie?"),
            help_text=_("Zaken die al lopen, houden de versie waarmee zij begonnen. Bijvoorbeeld: 4-11-2026."),
            initial=known.in_force_from,
            error_messages={"required": _("Vul dit in.")},
            widget=forms.TextInput(attrs={"class": "dateinput"}),
        )
        self.fields["email"] = forms.EmailField(
            label=_("E-mailadres"),
            initial=known.email,
            required=False,
            error_messages={"invalid": _("Dit is geen e-mailadres. Schrijf het zo: naam@voorbeeld.nl.")},
        )
        self.fields["phone"] = forms.CharField(label=_("Telefoon"), initial=known.phone, required=False, max_length=40)
        self.fields["address"] = forms.CharField(
            label=_("Adres"),
            help_text=_("Elke regel van het adres op een eigen regel."),
            initial="\n".join(known.address),
            required=False,
            max_length=500,
            widget=forms.Textarea(attrs={"rows": 4}),
        )
        for term in known.terms:
            self._add_term(term)
        for letter in known.letters:
            for language in known.languages:
                self._add_words(letter, language)

    def _add_term(self, term: TermEntry) -> None:
        self.fields[f"term-{term.name}-amount"] = forms.IntegerField(
            label=_("%(title)s: hoeveel") % {"title": term.title},
            initial=term.amount,
            min_value=0,
            max_value=9999,
            error_messages={
                "required": _("Vul dit in."),
                "invalid": _("Schrijf een heel getal."),
                "min_value": _("Schrijf een heel getal."),
                "max_value": _("Dit getal is te groot."),
            },
            widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        )
        self.fields[f"term-{term.name}-unit"] = forms.ChoiceField(
            label=_("%(title)s: eenheid") % {"title": term.title}, initial=term.unit, choices=list(UNITS.items())
        )

    def _add_words(self, letter: LetterEntry, language: str) -> None:
        for part, stored, label, widget, longest in (
            ("subject", letter.subject, _("%(title)s: onderwerp (%(language)s)"), forms.TextInput(), 300),
            ("body", letter.body, _("%(title)s: tekst (%(language)s)"), forms.Textarea(attrs={"rows": 12}), 20_000),
        ):
            known = stored.get(language, "")
            widget.attrs["lang"] = language
            self.fields[f"letter-{letter.name}-{language}-{part}"] = forms.CharField(
                label=label % {"title": letter.title, "language": LANGUAGES[language]},
                initial=known,
                required=bool(known),
                max_length=longest,
                error_messages={"required": _("Vul dit in.")},
                widget=widget,
            )

    @property
    def terms(self) -> Iterable[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"term-{each.name}-amount"], self[f"term-{each.name}-unit"]) for each in self.known.terms]

    @property
    def letters(self) -> Iterable[LetterGroup]:
        for letter in self.known.letters:
            words = [
                Words(
                    str(LANGUAGES[code]),
                    code,
                    self[f"letter-{letter.name}-{code}-subject"],
                    self[f"letter-{letter.name}-{code}-body"],
                )
                for code in self.known.languages
            ]
            yield LetterGroup(letter.title, words, any(each.subject.errors or each.body.errors for each in words))

    def wanted(self) -> Entries:
        """What was asked for; only of a form that is valid."""
        given = self.cleaned_data
        return Entries(
            in_force_from=given["in_force_from"],
            languages=self.known.languages,
            email=given["email"],
            phone=given["phone"],
            address=tuple(line.strip() for line in given["address"].splitlines() if line.strip()),
            terms=tuple(
                TermEntry(
                    each.name,
                    each.title,
                    str(given[f"term-{each.name}-amount"]),
                    given[f"term-{each.name}-unit"],
                )
                for each in self.known.terms
            ),
            letters=tuple(
                LetterEntry(each.name, each.title, self._words(each, "subject"), self._words(each, "body"))
                for each in self.known.letters
            ),
        )

    def _words(self, letter: LetterEntry, part: str) -> dict[str, str]:
        return {
            code: self.cleaned_data[f"letter-{letter.name}-{code}-{part}"].replace("\r\n", "\n").replace("\r", "\n")
            for code in self.known.languages
        }


@require_http_methods(["GET", "POST"])
@for_publishers
def form(request: HttpRequest, seat: Seat) -> HttpResponse:
    """What changes most, in a form; it is written into the text, where everything else stays as it is."""
    draft = publishing.draft_version()
    if draft is None:
        return no_draft(request)
    try:
        known = editing.entries(draft.source)
    except editing.NotEditable:
        return refused(
            request,
            _("De tekst van het concept is nog niet te lezen. Maak eerst de tekst in orde, dan kan het formulier."),
            status=409,
        )
    if request.method != "POST":
        return _form_page(request, EntriesForm(known), draft, seen=draft.sha256)
    typed = EntriesForm(known, request.POST)
    if request.POST.get("seen", "") != draft.sha256:
        return _form_page(request, typed, draft, seen=draft.sha256, refusal=_moved_on(draft), status=409)
    if not typed.is_valid():
        return _form_page(request, typed, draft, seen=draft.sha256, status=422)
    try:
        changed = editing.rewritten(draft.source, typed.wanted())
        kept = publishing.keep_version(changed, member=seat.membership, seen=draft.sha256, at=seat.now)
    except publishing.DraftMovedOn:
        fresh = publishing.draft_version()
        return _form_page(
            request, typed, draft, seen=fresh.sha256 if fresh else "", refusal=_moved_on(fresh), status=409
        )
    except editing.NotEditable:
        refusal = _("Dit kan het formulier niet in de tekst zetten. Doe het in de tekst zelf.")
        return _form_page(request, typed, draft, seen=draft.sha256, refusal=refusal, status=422)
    if faults(changed):
        return _form_page(request, typed, kept, seen=kept.sha256, is_kept=True, status=422)
    messages.success(request, _("Het concept is bewaard, en in orde."))
    return redirect("desk:procedure_form")


def _form_page(
    request: HttpRequest,
    form: EntriesForm,
    draft: ProcedureVersion,
    *,
    seen: str,
    refusal: str = "",
    is_kept: bool = False,
    status: int = 200,
) -> HttpResponse:
    return page(
        request,
        "desk/procedure_form.html",
        {
            "title": _("Wat het vaakst verandert"),
            "form": form,
            "seen": seen,
            "refusal": refusal,
            "is_kept": is_kept,
            "faults": faults(draft.source),
        },
        status=status,
    )
