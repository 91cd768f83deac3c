"""Filing a complaint by another system: judged, filed and answered as the form on the website is."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Any, TypeAlias

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, QueryDict, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.urls import reverse
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from ninja import Header, Router, Schema, Status
from pydantic import ConfigDict, StrictBool, StrictInt, StrictStr, ValidationError

from complaints import access_codes, throttling
from complaints.actions import THE_COMPLAINANT, Opened, open_case, opened_with
from complaints.actions.keys import note_filed
from complaints.api.entering import Bearer
from complaints.api.problems import Problem, bad_request, too_large, too_often, wrong
from complaints.forms import NO, YES, AnswersForm
from complaints.intake import representation
from complaints.intake.filing import WEB
from complaints.intake.form import EXCLUSION, complaint_form, referral
from complaints.intake.pages import dated_steps
from complaints.intake.views import in_force_now
from complaints.models import ApiKey
from complaints.queries.state import state_of
from complaints.said import spoken
from complaints.uploads import MAX_FILES, UploadRefused
from procedures import engine
from procedures.catalogue import calendar_of, procedure_of
from procedures.definition import Procedure

router = Router()
JSON, FORM = "application/json", "multipart/form-data"
Sent: TypeAlias = "tuple[QueryDict, MultiValueDict[str, UploadedFile[bytes]]]"


class Complaint(Schema):
    """The answers to the questions of `/form`, by name. Yes or no as true or false, a day as 2026-11-20."""

    model_config = ConfigDict(extra="forbid")

    answers: dict[StrictStr, StrictStr | StrictBool | StrictInt | list[StrictStr]]


class DatedStep(Schema):
    """Something that happens by a day or an instant, and how that was counted."""

    what: str
    due: date | datetime
    counting: list[str]


class Filed(Schema):
    """The number of the complaint, and the code with which the complainant follows it. The code is kept nowhere."""

    reference: str
    access_code: str
    follow_at: str
    dates: list[DatedStep]


BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            JSON: {"schema": Complaint.model_json_schema()},
            FORM: {
                "schema": {
                    "type": "object",
                    "description": "De antwoorden en de bestanden, elk onder de naam van de vraag.",
                    "additionalProperties": True,
                }
            },
        },
    }
}


@router.post(
    "/complaints",
    auth=Bearer(ApiKey.Scope.FILE),
    response={HTTPStatus.CREATED: Filed, HTTPStatus.OK: Filed},
    operation_id="fileComplaint",
    summary="Dien een klacht in",
    description="Hetzelfde als het formulier op de website, met dezelfde vragen, brieven en termijnen. Met bestanden "
    "erbij: als multipart/form-data. De indiener krijgt de ontvangstbevestiging; geef die persoon ook het nummer en de "
    "code.",
    openapi_extra=BODY,
)
def file_complaint(
    request: HttpRequest,
    idempotency_key: Annotated[
        str,
        Header(
            alias="Idempotency-Key",
            min_length=16,
            max_length=100,
            pattern=r"^[A-Za-z0-9._~:-]+$",
            description="Van u, voor elke klacht een andere. Wat u twee keer stuurt, is één klacht.",
        ),
    ],
) -> Status[Filed] | HttpResponse:
    """Judges, files and answers; what was filed before with the same idempotency key is answered again."""
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    now = timezone.now()
    _version, procedure = in_force_now()
    # With the key in it, so that nobody else's key opens what was filed with this one.
    nonce = hashlib.sha256(f"api:{key.pk}:{idempotency_key}".encode()).hexdigest()
    known = opened_with(nonce)
    if known:
        return Status(HTTPStatus.OK, _filed(known, at=now))
    seconds = throttling.wait_for_all("form", at=now)
    if seconds:
        raise too_often(seconds)
    try:
        opened = _opened(request, procedure, nonce, at=now)
    except Problem:
        throttling.count_for_all("form", at=now)
        raise
    if not opened.is_replay:
        note_filed(opened.case, key, at=now)
    throttling.count_for_all("form", at=now)
    return Status(HTTPStatus.OK if opened.is_replay else HTTPStatus.CREATED, _filed(opened, at=now))


def _opened(request: HttpRequest, procedure: Procedure, nonce: str, *, at: datetime) -> Opened:
    """What the website's form would have opened. Raises Problem."""
    form = _judged(request, procedure)
    given = form.answers()
    given.pop(EXCLUSION, None)
    speaks = representation.take_out(given)
    try:
        return open_case(
            answers={"channel": WEB, **given},
            actor=THE_COMPLAINANT,
            received_at=at,
            recorded_at=at,
            nonce=nonce,
            language=spoken(),
            files=form.files_by_field(),
            representative=speaks,
        )
    except engine.ActRefused as refusal:
        form.take_refusal(refusal, language=spoken())
        raise _refused(form) from None
    except UploadRefused as refusal:
        raise wrong([("", str(refusal))]) from None


def _judged(request: HttpRequest, procedure: Procedure) -> AnswersForm:
    """The form with what was sent, when it is good. Raises Problem."""
    data, files = _sent(request)
    form = complaint_form(procedure, data=data, files=files)
    if form.fields.get(representation.REPRESENTED) and representation.REPRESENTED not in data:
        data[representation.REPRESENTED] = NO  # as the form on the website begins
    strange = sorted((set(data) | set(files)) - set(form.fields))
    if strange:
        raise wrong([(_pointer(each), _("Deze vraag staat niet in het formulier.")) for each in strange])
    if sum(len(files.getlist(name)) for name in files) > MAX_FILES:
        raise wrong([(_pointer(next(iter(files))), _("Kies hoogstens %(n)d bestanden.") % {"n": MAX_FILES})])
    elsewhere = referral(procedure, str(data.get(EXCLUSION, "")))
    if elsewhere:
        title = _("Deze klacht hoort ergens anders.")
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "elsewhere", title, elsewhere[1])
    if not form.is_valid():
        raise _refused(form)
    return form


def _sent(request: HttpRequest) -> Sent:
    """What was sent, as the form on the website would have sent it. Raises Problem."""
    try:
        if request.content_type == JSON:
            return _from_json(request.body), MultiValueDict()
        if request.content_type == FORM:
            return request.POST.copy(), request.FILES
    except RequestDataTooBig:
        raise too_large() from None
    except (BadRequest, MultiPartParserError, SuspiciousOperation, UnreadablePostError):
        raise bad_request(_("Het is geen goed multipart/form-data.")) from None
    title = _("Stuur dit als JSON, of als multipart/form-data.")
    accepted = {"Accept-Post": f"{JSON}, {FORM}"}
    raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "media_type", title, headers=accepted)


def _from_json(body: bytes) -> QueryDict:
    try:
        complaint = Complaint.model_validate_json(body)
    except ValidationError as problem:
        if any(each["type"] == "json_invalid" for each in problem.errors()):
            raise bad_request(_("Het is geen goede JSON.")) from None
        errors = [("#/" + "/".join(map(str, each["loc"][:2])), not_so(each["type"])) for each in problem.errors()]
        raise wrong(errors) from None
    data = QueryDict(mutable=True)
    for name, value in complaint.answers.items():
        values = value if isinstance(value, list) else [(YES if value else NO) if isinstance(value, bool) else value]
        data.setlist(name, [str(each) for each in values])
    return data


def not_so(kind: str) -> str:
    if kind == "missing":
        return _("Dit ontbreekt.")
    return _("Dit hoort hier niet.") if kind == "extra_forbidden" else _("Dit heeft niet de goede vorm.")


def _refused(form: AnswersForm) -> Problem:
    return wrong(
        [
            (_pointer(name) if name in form.fields else "", str(each))
            for name, found in form.errors.items()
            for each in found
        ]
    )


def _pointer(name: str) -> str:
    """Where in the body, as RFC 6901 writes it."""
    return "#/answers/" + name.replace("~", "~0").replace("/", "~1")


def _filed(opened: Opened, *, at: datetime) -> Filed:
    case = opened.case
    own = procedure_of(case.version)
    return Filed(
        reference=case.reference,
        access_code="-".join(access_codes.written(opened.access_code)),
        follow_at=reverse("enter", kwargs={"organisation": own.organisation}),
        dates=[
            DatedStep(what=each.what, due=each.due, counting=list(each.counting))
            for each in dated_steps(own, state_of(case, own), calendar_of(own, at=at))
        ],
    )
