"""Files of a case: letters to look at, documents to keep. Never anything that a browser would run."""

from __future__ import annotations

from typing import TypeVar

from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET

from complaints.actions import note_reading
from complaints.desk.seats import Seat, seated
from complaints.desk.standing import standing
from complaints.models import Document, Letter, Reading

R = TypeVar("R", bound=HttpResponseBase)


@require_GET
@seated
def letter_file(request: HttpRequest, seat: Seat, reference: str, pk: int) -> FileResponse:  # noqa: ARG001
    """The PDF of a letter, shown in the browser."""
    here = standing(seat, reference)
    letter = Letter.objects.filter(case=here.case, pk=pk).first()
    if letter is None or not letter.pdf:
        raise Http404
    name = f"{here.case.reference}-{letter.name}.pdf"
    response = served(letter.pdf, name, content_type="application/pdf", as_attachment=False)
    note_reading(here.case, Reading.What.LETTER, member=seat.membership, at=seat.now)
    return response


@require_GET
@seated
def document_file(request: HttpRequest, seat: Seat, reference: str, pk: int) -> FileResponse:  # noqa: ARG001
    """A document that was handed in, to keep."""
    here = standing(seat, reference)
    document = Document.objects.filter(case=here.case, pk=pk).first()
    if document is None:
        raise Http404
    response = served(document.file, document.title, content_type=document.content_type, as_attachment=True)
    note_reading(here.case, Reading.What.DOCUMENT, member=seat.membership, at=seat.now)
    return response


def as_pdf(content: bytes, name: str) -> HttpResponse:
    """A letter that is not kept, shown in the browser as those that are."""
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}"'
    return _shielded(response)


def served(file: FieldFile, name: str, *, content_type: str, as_attachment: bool) -> FileResponse:
    """A stored file, in which a browser runs nothing and of which it keeps nothing. Http404 when it is gone."""
    try:
        stored = file.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(stored, filename=name, content_type=content_type, as_attachment=as_attachment)
    return _shielded(response)


def _shielded(response: R) -> R:
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response
