"""Taking in a complaint that did not come by the web form: a letter, a call, a conversation."""

from __future__ import annotations

import secrets
from functools import partial
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from complaints import access_codes
from complaints.actions import staff
from complaints.actions.explaining import open_explained
from complaints.actions.placing import DealtWith, take_as_complaint
from complaints.desk import repeating
from complaints.desk.acts import choosable, explained
from complaints.desk.inbox import dealt_with, mail_to_take, read_row
from complaints.desk.seats import Seat, page, seated
from complaints.forms import LONGEST, AnswersForm, MomentField, form_for
from complaints.inbox.reading import Mail
from complaints.intake import representation
from complaints.models import IncomingMail
from complaints.said import spoken
from complaints.uploads import UploadRefused
from procedures import engine
from procedures.catalogue import NotInForce
from procedures.definition import EMPTY, Act, Field, Procedure, Text

RECEIVED_AT = "received_at"
CHANNEL = "channel"
CONFIDENTIALITY = "confidentiality"
MEANT = "meant_as_complaint"
OPENED = "opened"  # in the session: reference and code, until they are shown


@require_GET
@seated
def new(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The ways to open a case that this person has."""
    acts = _own_acts(seat)
    if len(acts) == 1:
        return redirect("desk:take_in", acts[0].name)
    return page(request, "desk/new.html", {"title": _("Klacht aannemen"), "acts": acts})


@require_http_methods(["GET", "POST"])
@seated
def take_in(request: HttpRequest, seat: Seat, act: str) -> HttpResponse:
    definition = next((each for each in _own_acts(seat) if each.name == act), None)
    if definition is None:
        raise Http404
    row = mail_to_take(request, seat)
    mail = read_row(row) if row else None
    form = _form(request, seat, definition, row, mail)
    nonce = request.POST.get("nonce", "")[:64] or secrets.token_urlsafe(32)
    if request.method != "POST":
        return _form_page(request, definition, form, nonce=nonce, row=row)
    if referral := _referral(form, definition):
        return page(request, "desk/referred.html", {"title": _("Geef deze klacht niet door"), "referral": referral})
    if not form.is_valid():
        return _form_page(request, definition, form, nonce=nonce, status=422, row=row)
    why = explained(form)
    answers = form.answers()
    answers.pop(RECEIVED_AT, None)
    speaks = representation.take_out(answers)
    received_at = form.cleaned_data[RECEIVED_AT]
    open_it = partial(
        open_explained,
        why,
        answers=answers,
        actor=staff(seat.membership, seat.procedure),
        received_at=min(received_at, seat.now),
        recorded_at=seat.now,
        act=definition.name,
        nonce=nonce,
        files=form.files_by_field(),
        representative=speaks,
    )
    try:
        if row and mail:
            opened = take_as_complaint(row, mail, open_it, member=seat.membership, at=seat.now)
        else:
            opened = open_it()
    except DealtWith:
        return dealt_with(request, row)
    except engine.ActRefused as refusal:
        form.take_refusal(refusal, language=spoken())
        return _form_page(request, definition, form, nonce=nonce, status=422, row=row)
    except NotInForce:
        form.add_error(RECEIVED_AT, _("Op deze dag gold er nog geen procedure in Gehoor."))
        return _form_page(request, definition, form, nonce=nonce, status=422, row=row)
    except UploadRefused as refused:
        form.add_error(None, str(refused))
        return _form_page(request, definition, form, nonce=nonce, status=422, row=row)
    request.session[OPENED] = {"reference": opened.case.reference, "code": opened.access_code}
    return redirect("desk:taken_in")


@require_GET
@seated
def taken_in(request: HttpRequest, seat: Seat) -> HttpResponse:  # noqa: ARG001
    """The number and the access code of the case that was just opened. Once: the code is kept nowhere."""
    opened = request.session.pop(OPENED, None)
    if not opened:
        return redirect("desk:worklist")
    return page(
        request,
        "desk/taken_in.html",
        {
            "title": _("De klacht is aangenomen"),
            "reference": opened["reference"],
            "code": access_codes.written(opened["code"]),
        },
    )


def _own_acts(seat: Seat) -> list[Act]:
    roles = staff(seat.membership, seat.procedure).roles
    return [each for each in seat.procedure.opening_acts if set(each.by) & roles]


def _form(request: HttpRequest, seat: Seat, act: Act, row: IncomingMail | None, mail: Mail | None) -> AnswersForm:
    procedure = seat.procedure
    sent: dict[str, Any] = {"data": request.POST, "files": request.FILES} if request.method == "POST" else {}
    form = form_for(
        procedure,
        (*procedure.fields_of(act), *_for_somebody_else(procedure, act)),
        members=choosable(procedure, act),
        audience="desk",
        initial={RECEIVED_AT: seat.now, representation.REPRESENTED: "no", **_told(procedure, row, mail)},
        language=spoken(),
        **sent,
    )
    first: dict[str, forms.Field] = {
        CHANNEL: forms.ChoiceField(
            label=_("Hoe is de klacht binnengekomen?"),
            choices=[("", _("Kies een kanaal")), *_channels(seat)],
            error_messages={"required": _("Kies hier een antwoord.")},
        ),
        RECEIVED_AT: MomentField(
            zone=seat.zone,
            label=_("Wanneer is de klacht binnengekomen?"),
            help_text=_("De termijnen tellen vanaf dit moment. Bijvoorbeeld: 4-11-2026 14.30."),
            error_messages={"required": _("Vul dit in.")},
            widget=forms.TextInput(attrs={"class": "dateinput"}),
            validators=[_not_later_than(seat)],
        ),
    }
    if _asks_whether_meant(procedure):
        first[MEANT] = forms.ChoiceField(
            label=_("Hebt u gevraagd of dit als klacht is bedoeld, en zei de indiener ja?"),
            help_text=_("Het is een klacht als de indiener zegt dat het een klacht is. Vraag het altijd na."),
            choices=[("yes", _("Ja, het is als klacht bedoeld")), ("no", _("Nee, niet als klacht bedoeld"))],
            widget=forms.RadioSelect,
            error_messages={"required": _("Vraag dit eerst na. Kies dan een antwoord.")},
        )
    last: dict[str, forms.Field] = {}
    if procedure.intake.confidentiality:
        last[CONFIDENTIALITY] = forms.ChoiceField(
            label=_("Wie mag weten van de klacht?"),
            choices=[
                (
                    each.name,
                    f"{each.title.in_language(spoken())} {each.consequence.in_language(spoken())}".strip(),
                )
                for each in procedure.intake.confidentiality
            ],
            widget=forms.RadioSelect,
            error_messages={"required": _("Kies hier een antwoord.")},
        )
    form.fields = {**first, **form.fields, **last}
    question = repeating.question_of(form)
    if question and request.method == "POST":  # before that nothing is known of the complaint
        if found := repeating.like_typed(procedure, act, request.POST, seat):
            repeating.ask_why_none(form, question, found)
        else:
            repeating.judge_unseen(form, question, procedure, act, request.POST, seat)
    return form


def _told(procedure: Procedure, row: IncomingMail | None, mail: Mail | None) -> dict[str, object]:
    """What a mail says already, as the answers that the form begins with."""
    if row is None or mail is None:
        return {}
    by_mail = next((each.name for each in procedure.intake.channels if "mail" in each.name), "")
    return {
        RECEIVED_AT: row.arrived_at,
        CHANNEL: by_mail,
        "name": mail.sender_name,
        "email": mail.sender,
        "subject": mail.subject[:200],
        "description": mail.text[:LONGEST],
    }


def _for_somebody_else(procedure: Procedure, act: Act) -> tuple[Field, ...]:
    """What is asked of a representative, where this act asks who complains."""
    asks_who = any(each.name == "name" for each in procedure.fields_of(act))
    return representation.fields(procedure) if asks_who else ()


def _referral(form: AnswersForm, act: Act) -> Text:
    """What to tell the complainant instead, when something was chosen that is not taken in here (O21-10)."""
    return next(
        (
            choice.referral
            for field in act.fields
            for choice in field.choices
            if choice.referral and form.data.get(field.name) == choice.value
        ),
        EMPTY,
    )


def _asks_whether_meant(procedure: Procedure) -> bool:
    """Whether anything in the procedure depends on it (O21-04)."""
    conditions = [each.when for each in procedure.acts]
    conditions += [each.when for each in procedure.deadlines]
    conditions += [each.when for each in procedure.letters]
    return any(condition.fact == MEANT for when in conditions for condition in when)


def _channels(seat: Seat) -> list[tuple[str, str]]:
    return [(each.name, each.title.in_language(spoken())) for each in seat.procedure.intake.channels]


def _not_later_than(seat: Seat) -> Any:
    def judge(value: Any) -> None:
        if value > seat.now:
            raise forms.ValidationError(_("Dit moment moet nog komen. Vul in wanneer de klacht is binnengekomen."))

    return judge


def _form_page(
    request: HttpRequest,
    act: Act,
    form: AnswersForm,
    *,
    nonce: str,
    status: int = 200,
    row: IncomingMail | None = None,
) -> HttpResponse:
    title = act.title.in_language(spoken())
    context = {"title": title, "act": act, "form": form, "nonce": nonce, "mail": row}
    return page(request, "desk/take_in.html", context, status=status)
