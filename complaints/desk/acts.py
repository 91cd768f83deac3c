"""Doing an act in a case: the form that the procedure asks for, and what comes of sending it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from complaints.access import cases_for
from complaints.actions import CaseMovedOn, has_moved_on
from complaints.actions.explaining import Explained, perform_explained
from complaints.actions.previewing import preview_act, print_act
from complaints.controls import sent_revision, whole_number
from complaints.desk import repeating, verdicts
from complaints.desk.committee import suggested
from complaints.desk.files import as_pdf
from complaints.desk.held import shown_before
from complaints.desk.seats import Seat, page, seated_also_from_outside
from complaints.desk.sides import UNHEARD, hold_back
from complaints.desk.standing import Standing, standing
from complaints.forms import AnswersForm, form_for
from complaints.models import Membership
from complaints.said import spoken
from complaints.uploads import UploadRefused
from procedures import engine
from procedures.definition import COMPLAINANT, Act, FieldKind, Independence, OccurrenceKind, Procedure

PREVIEW, PRINTED = "preview", "print"  # the names of buttons beside the one that does the act


@require_http_methods(["GET", "POST"])
@seated_also_from_outside
def act_page(request: HttpRequest, seat: Seat, reference: str, act: str) -> HttpResponse:
    here = standing(seat, reference)
    try:
        definition = here.procedure.act(act)
    except KeyError:
        raise Http404 from None
    if definition.is_automatic:
        raise Http404
    if request.method == "POST":
        is_looking = PREVIEW in request.POST or PRINTED in request.POST
        return (_previewed if is_looking else _sent)(request, seat, here, definition)
    refusal = here.refusal_of(act)
    if refusal:
        return _refused(request, here, definition, refusal)
    return _form_page(request, here, definition, _form(seat, here, definition), revision=here.case.revision)


def _sent(request: HttpRequest, seat: Seat, here: Standing, act: Act) -> HttpResponse:
    form = _form(seat, here, act, request)
    revision = sent_revision(request.POST)
    if revision is None or has_moved_on(here.case, revision):
        return _moved_on(request, here, act, form)
    refusal = here.refusal_of(act.name)
    if refusal:
        form.is_valid()
        form.add_error(None, here.reason_of(act, refusal))
        return _form_page(request, here, act, form, revision=revision, status=_status_of(refusal))
    if not form.is_valid():
        return _form_page(request, here, act, form, revision=revision, status=422)
    why = explained(form)
    try:
        perform_explained(
            here.case,
            act.name,
            why,
            answers=form.answers(),
            actor=here.actor,
            at=seat.now,
            revision=revision,
            files=form.files_by_field(),
        )
    except CaseMovedOn:
        here.case.refresh_from_db()
        return _moved_on(request, here, act, form)
    except engine.ActRefused as refusal:
        form.take_refusal(refusal, language=spoken())
        return _form_page(request, here, act, form, revision=revision, status=422)
    except UploadRefused as refused:
        form.add_error(None, str(refused))
        return _form_page(request, here, act, form, revision=revision, status=422)
    messages.success(request, _("Gedaan: %(act)s.") % {"act": act.title.in_language(spoken())})
    if seat.is_from_outside and not cases_for(seat.membership, seat.procedure).filter(pk=here.case.pk).exists():
        return redirect("desk:worklist")  # it is judged, and closed to who judged it
    return redirect("desk:case", here.case.reference)


def _previewed(request: HttpRequest, seat: Seat, here: Standing, act: Act) -> HttpResponse:
    """The letters that the act would send with what was typed so far, above the form as it was typed; or one as a PDF.

    Nothing is kept. Files are not: a browser does not let a page fill them in again, so the page says that.
    """
    form = _form(seat, here, act, request)
    revision = sent_revision(request.POST)
    if revision is None:
        return _moved_on(request, here, act, form)
    refusal = here.refusal_of(act.name)
    form.is_valid()
    if refusal:
        form.add_error(None, here.reason_of(act, refusal))
        return _form_page(request, here, act, form, revision=revision, status=_status_of(refusal))
    still_open = form.forget_open_questions()
    explained(form)  # what was explained stands in no letter
    so_far: dict[str, Any] = {"answers": form.answers(), "actor": here.actor, "at": seat.now}
    number = whole_number(request.POST.get(PRINTED), digits=3)
    content = None if number is None else print_act(here.case, act.name, number, **so_far)
    if content is not None:
        return as_pdf(content, f"{here.case.reference}.pdf")
    return _form_page(
        request,
        here,
        act,
        form,
        revision=revision,
        status=422 if form.errors else 200,
        previews=[shown_before(here, each) for each in preview_act(here.case, act.name, **so_far)],
        still_open=still_open,
        has_files=bool(request.FILES),
    )


def sends_letters(procedure: Procedure, act: Act) -> bool:
    """Whether a letter may come of the act, so that there is something to look at."""
    return any(on.kind is OccurrenceKind.ACT and on.name == act.name for each in procedure.letters for on in each.on)


def explained(form: AnswersForm) -> Explained:
    """What was explained on a valid form, taken out of its answers."""
    given = form.cleaned_data
    return Explained(
        unheard=given.pop(UNHEARD, ""),
        no_repeat=given.pop(repeating.NO_REPEAT, ""),
        alike=given.pop(repeating.ALIKE, ()),
        is_verdict_meant=bool(given.pop(verdicts.MEANT, [])),
    )


def _form(seat: Seat, here: Standing, act: Act, request: HttpRequest | None = None) -> AnswersForm:
    sent: dict[str, Any] = {"initial": suggested(here, act)}
    if request:
        sent = {"data": request.POST, "files": request.FILES}
    form = form_for(
        here.procedure,
        act.fields,
        facts=here.state.facts,
        done=here.state.done,
        members=choosable(here.procedure, act),
        audience="desk",
        language=spoken(),
        **sent,
    )
    if act.independence is Independence.SOFT:
        form.fields[engine.INDEPENDENCE_REASON] = forms.CharField(
            label=_("Gaat de klacht over deze persoon? Schrijf op waarom het niet anders kan (anders leeg laten)"),
            widget=forms.Textarea(attrs={"rows": 3}),
            max_length=2000,
            required=False,
        )
    hold_back(form, here, act)
    question = repeating.question_of(form)
    if question:
        repeating.ask_why_none(form, question, repeating.like_case(here, seat))
    verdicts.ask_whether_meant(form, act)
    return form


def choosable(procedure: Procedure, act: Act) -> Mapping[str, Sequence[tuple[str, str]]]:
    """For each role that the act lets somebody choose from: the active members who have it, by name."""
    fields = procedure.fields_of(act)
    wanted = {each.role for each in fields if each.kind in (FieldKind.MEMBER, FieldKind.MEMBERS)}
    if not wanted:
        return {}
    members = sorted(
        Membership.objects.select_related("user").filter(is_active=True, roles__overlap=sorted(wanted)),
        key=lambda member: member.name,
    )
    return {role: [(str(each.pk), each.name) for each in members if role in each.roles] for role in wanted}


def _moved_on(request: HttpRequest, here: Standing, act: Act, form: AnswersForm) -> HttpResponse:
    """The form as it was typed, with the new revision, so that it can be looked at and sent again."""
    refusal = here.refusal_of(act.name)
    reason = here.reason_of(act, refusal) if refusal else ""
    return _form_page(
        request, here, act, form, revision=here.case.revision, status=409, has_moved_on=True, reason=reason
    )


def _refused(request: HttpRequest, here: Standing, act: Act, refusal: engine.ActRefused) -> HttpResponse:
    return page(
        request,
        "desk/act_refused.html",
        {
            "title": act.title.in_language(spoken()),
            "case": here.case,
            "reason": here.reason_of(act, refusal),
        },
        status=_status_of(refusal),
    )


def _status_of(refusal: engine.ActRefused) -> int:
    return 403 if refusal.code == "role" else 409


def _form_page(
    request: HttpRequest,
    here: Standing,
    act: Act,
    form: AnswersForm,
    *,
    revision: int,
    status: int = 200,
    has_moved_on: bool = False,
    reason: str = "",
    **shown: object,
) -> HttpResponse:
    return page(
        request,
        "desk/act.html",
        {
            "title": act.title.in_language(spoken()),
            "case": here.case,
            "act": act,
            "form": form,
            "revision": revision,
            "has_moved_on": has_moved_on,
            "reason": reason,
            "is_on_behalf": COMPLAINANT in act.by,
            "sends_letters": sends_letters(here.procedure, act),
            **shown,
        },
        status=status,
    )
