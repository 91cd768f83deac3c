"""What people do with a measure of a case: promise it, change it, say that it is done, judge whether it worked."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from complaints.access import cases_for
from complaints.actions import measures
from complaints.desk.seats import Seat, seated
from complaints.desk.sheets import (
    LONGEST_REASON,
    Sheet,
    SideForm,
    data_of,
    day_field,
    labelled,
    show,
    text_field,
    today_of,
)
from complaints.desk.standing import Standing, standing
from complaints.models import Measure
from complaints.queries import measures as query
from procedures import wording

BACK = "maatregelen"  # the part of the case page


class PlanForm(SideForm):
    """Who does it by when; the parts that promising and changing share."""

    def __init__(self, here: Standing, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.here = here
        self.owners = {str(each.pk): each for each in query.possible_owners(here.case, here.procedure)}
        self.fields["kind"] = _kind_field()
        self.fields["member"] = forms.ChoiceField(
            label=labelled(_("Welke collega doet het?"), _("mag u overslaan")),
            help_text=_("Hier staan de collega’s die deze zaak mogen zien. Zij krijgen een herinnering."),
            choices=[("", _("Iemand anders")), *((key, each.name) for key, each in self.owners.items())],
            required=False,
        )
        self.fields["owner"] = forms.CharField(
            label=labelled(_("Of wie anders?"), _("alleen als het geen van deze collega’s is")),
            help_text=_("Een naam of een afdeling. Wie de zaak behandelt, krijgt dan de herinnering."),
            max_length=200,
            required=False,
        )
        self.fields["due_on"] = day_field(_("Wanneer is het klaar?"))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("member") and cleaned.get("owner"):
            self.add_error("owner", _("Kies een collega, of schrijf hier een naam. Niet allebei."))
        elif not cleaned.get("member") and not cleaned.get("owner") and "member" not in self.errors:
            self.add_error("member", _("Kies een collega, of schrijf hieronder wie het doet."))
        return cleaned

    def plan(self) -> measures.Plan:
        told = self.cleaned_data
        member = self.owners.get(told["member"])
        owner = member.name if member else told["owner"]
        return measures.Plan(Measure.Kind(told["kind"]), told["due_on"], owner, member)


class PromiseForm(PlanForm):
    def __init__(self, here: Standing, *args: Any, **kwargs: Any) -> None:
        super().__init__(here, *args, **kwargs)
        self.fields["what"] = text_field(_("Wat gaan wij doen?"), rows=3, longest=LONGEST_REASON)
        self.order_fields(["what"])

    def clean_due_on(self) -> date:
        due_on: date = self.cleaned_data["due_on"]
        if due_on < today_of(self.here):
            raise forms.ValidationError(_("Deze dag is al voorbij."))
        return due_on


class ChangeForm(PlanForm):
    def __init__(self, here: Standing, measure: Measure, *args: Any, **kwargs: Any) -> None:
        owner = {"member": str(measure.member_id or ""), "owner": "" if measure.member_id else measure.owner}
        initial = {"kind": measure.kind, "due_on": measure.due_on, **owner}
        super().__init__(here, *args, initial=initial, **kwargs)
        self.measure = measure
        self.fields["reason"] = text_field(_("Waarom verandert dit?"), rows=3, longest=LONGEST_REASON)

    def clean_due_on(self) -> date:
        due_on: date = self.cleaned_data["due_on"]
        if due_on < today_of(self.here) and due_on != self.measure.due_on:
            raise forms.ValidationError(_("Deze dag is al voorbij."))
        return due_on


class FinishForm(SideForm):
    def __init__(self, here: Standing, measure: Measure, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, initial={"kind": measure.kind}, **kwargs)
        self.here = here
        self.promised_on = measure.event.at.astimezone(here.zone).date()
        self.documents = {str(each.pk): each for each in here.case.documents.all()}
        self.fields["done_on"] = day_field(_("Op welke dag was het klaar?"), initial=today_of(here))
        self.fields["kind"] = _kind_field()
        self.fields["evidence"] = text_field(
            _("Waaruit blijkt dat?"),
            rows=3,
            longest=LONGEST_REASON,
            help_text=_("Bijvoorbeeld: de nieuwe werkwijze staat sinds maandag in het handboek."),
        )
        if self.documents:
            self.fields["document"] = forms.ChoiceField(
                label=labelled(_("Welk stuk van de zaak laat het zien?"), _("mag u overslaan")),
                choices=[("", _("Geen stuk")), *((key, each.title) for key, each in self.documents.items())],
                required=False,
            )

    def clean_done_on(self) -> date:
        done_on: date = self.cleaned_data["done_on"]
        if done_on > today_of(self.here):
            raise forms.ValidationError(_("Deze dag moet nog komen."))
        if done_on < self.promised_on:
            raise forms.ValidationError(
                _("De maatregel is pas beloofd op %(day)s.") % {"day": wording.day(self.promised_on)}
            )
        return done_on


class JudgeForm(SideForm):
    def __init__(self, measure: Measure, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, initial={"effect": measure.effect, "reason": measure.effect_reason}, **kwargs)
        self.fields["effect"] = forms.ChoiceField(
            label=_("Werkte de maatregel?"),
            choices=[
                (Measure.Effect.WORKED, _("Ja, de maatregel werkte")),
                (Measure.Effect.FAILED, _("Nee, de maatregel werkte niet")),
                (Measure.Effect.TOO_EARLY, _("Het is te vroeg om dat te zeggen")),
            ],
            widget=forms.RadioSelect,
            error_messages={"required": _("Kies hier een antwoord.")},
        )
        self.fields["reason"] = text_field(_("Waarom vindt u dat?"), rows=3, longest=LONGEST_REASON)


class DropForm(SideForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"] = text_field(_("Waarom hoeft het niet meer?"), rows=3, longest=LONGEST_REASON)


@require_http_methods(["GET", "POST"])
@seated
def promise(request: HttpRequest, seat: Seat, reference: str) -> HttpResponse:
    here = standing(seat, reference)
    form = PromiseForm(here, data_of(request))

    def do(revision: int) -> object:
        what = form.cleaned_data["what"]
        return measures.promise(here.case, what, form.plan(), actor=here.actor, at=seat.now, revision=revision)

    lead = _("Wie het doet, krijgt vóór, op en na die dag een herinnering, tot u schrijft dat het klaar is.")
    return show(request, here, form, Sheet(_("Beloof een maatregel"), lead, _("Bewaar"), BACK, _("Bewaard."), do))


@require_http_methods(["GET", "POST"])
@seated
def change(request: HttpRequest, seat: Seat, reference: str, pk: int) -> HttpResponse:
    here = standing(seat, reference)
    measure = _measure(here, pk)
    form = ChangeForm(here, measure, data_of(request))

    def do(revision: int) -> object:
        reason = form.cleaned_data["reason"]
        return measures.change(measure, form.plan(), reason, actor=here.actor, at=seat.now, revision=revision)

    title = _("Verander wie of wanneer")
    return show(
        request, here, form, Sheet(title, measure.what, _("Bewaar"), BACK, _("Bewaard."), do, is_for_merged=True)
    )


@require_http_methods(["GET", "POST"])
@seated
def finish(request: HttpRequest, seat: Seat, reference: str, pk: int) -> HttpResponse:
    here = standing(seat, reference)
    measure = _measure(here, pk)
    form = FinishForm(here, measure, data_of(request))

    def do(revision: int) -> object:
        told = form.cleaned_data
        return measures.finish(
            measure,
            told["evidence"],
            kind=Measure.Kind(told["kind"]),
            done_on=told["done_on"],
            document=form.documents.get(told.get("document", "")),
            actor=here.actor,
            at=seat.now,
            revision=revision,
        )

    said = _("Opgeschreven: de maatregel is gedaan.")
    return show(
        request,
        here,
        form,
        Sheet(_("De maatregel is gedaan"), measure.what, _("Bewaar"), BACK, said, do, is_for_merged=True),
    )


@require_http_methods(["GET", "POST"])
@seated
def drop(request: HttpRequest, seat: Seat, reference: str, pk: int) -> HttpResponse:
    here = standing(seat, reference)
    measure = _measure(here, pk)
    form = DropForm(data_of(request))

    def do(revision: int) -> object:
        return measures.drop(measure, form.cleaned_data["reason"], actor=here.actor, at=seat.now, revision=revision)

    said = _("Opgeschreven: de maatregel hoeft niet meer.")
    title = _("De maatregel hoeft niet meer")
    return show(request, here, form, Sheet(title, measure.what, _("Bewaar"), BACK, said, do, is_for_merged=True))


@require_http_methods(["GET", "POST"])
@seated
def judge(request: HttpRequest, seat: Seat, reference: str, pk: int) -> HttpResponse:
    """Whether a measure that was done worked. The system counts new complaints on the subject, a person judges."""
    here = standing(seat, reference)
    measure = _measure(here, pk)
    if measure.done_on is None:
        raise Http404
    form = JudgeForm(measure, data_of(request))
    cases = cases_for(seat.membership, seat.procedure, at=seat.now)
    count = query.since([measure], cases, here.zone).get(measure.pk, 0)

    def do(revision: int) -> object:
        told = form.cleaned_data
        return measures.judge(
            measure,
            Measure.Effect(told["effect"]),
            told["reason"],
            repeats=count,
            actor=here.actor,
            at=seat.now,
            revision=revision,
        )

    counted = _("Klachten met hetzelfde onderwerp sinds %(day)s, van de zaken die u mag zien: %(n)d.") % {
        "day": wording.day(measure.done_on),
        "n": count,
    }
    lead = f"{measure.what} {counted}" if measure.what.endswith((".", "!", "?")) else f"{measure.what}. {counted}"
    return show(
        request,
        here,
        form,
        Sheet(_("Werkte de maatregel?"), lead, _("Bewaar"), BACK, _("Opgeschreven."), do, is_for_merged=True),
    )


def _measure(here: Standing, pk: int) -> Measure:
    found = here.case.measures.select_related("case", "event", "member__user").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _kind_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("Waarvoor is de maatregel?"),
        choices=[
            (Measure.Kind.CORRECTIVE, _("Herstellen: wat misging in deze zaak weer goedmaken")),
            (Measure.Kind.PREVENTIVE, _("Voorkomen: zorgen dat het niet nog eens gebeurt")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Kies hier een antwoord.")},
    )
