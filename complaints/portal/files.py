"""Files on the complainant's page: their letters, what they handed in, and what came with a message."""

from __future__ import annotations

from django.core.files.base import File
from django.db.models import Q, QuerySet
from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from complaints.access import Entry
from complaints.actions.beside import MESSAGE
from complaints.intake.copying import as_download
from complaints.models import Document, Letter, Party
from complaints.portal.entering import for_complainant


def letters_of(entry: Entry) -> QuerySet[Letter]:
    """The letters to the complainant that left."""
    return Letter.objects.filter(
        case=entry.case, party__kind=Party.Kind.COMPLAINANT, state__in=[Letter.State.SENT, Letter.State.TO_POST]
    ).exclude(pdf="")


def own_documents(entry: Entry) -> QuerySet[Document]:
    """What the complainant may have: what they handed in themselves, and what staff sent with a message."""
    from_message = Q(by=Document.By.STAFF, event__occurrence=MESSAGE)
    return Document.objects.filter(Q(by=Document.By.COMPLAINANT) | from_message, case=entry.case)


@for_complainant
@require_safe
def letter(request: HttpRequest, entry: Entry, pk: int) -> FileResponse:  # noqa: ARG001
    """A letter to the complainant, as the PDF that left."""
    found = letters_of(entry).filter(pk=pk).first()
    if found is None:
        raise Http404
    response = FileResponse(
        _opened(found.pdf),
        content_type="application/pdf",
        filename=f"{entry.case.reference}-{found.name}.pdf",
    )
    response["X-Content-Type-Options"] = "nosniff"
    return response


@for_complainant
@require_safe
def document(request: HttpRequest, entry: Entry, pk: int) -> FileResponse:  # noqa: ARG001
    """A document, to keep; a browser never runs it."""
    found = own_documents(entry).filter(pk=pk).first()
    if found is None:
        raise Http404
    response = FileResponse(
        _opened(found.file), content_type=found.content_type, filename=found.title, as_attachment=True
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _opened(file: FieldFile) -> File[bytes]:
    try:
        opened: File[bytes] = file.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    return opened


@for_complainant
@require_safe
def copy(request: HttpRequest, entry: Entry) -> HttpResponse:  # noqa: ARG001
    """The complaint as it was filed, on paper."""
    return as_download(entry.case)
