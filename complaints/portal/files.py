"""Files on the complainant's page: their letters, what they handed in, and what came with a message."""

from __future__ import annotations

from django.core.files.base import File
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from complaints.access import Entry
from complaints.actions.beside import MESSAGE
from complaints.actions.disclosing import note_fetched
from complaints.intake.copying import as_download
from complaints.models import Disclosure, Document, Letter, Party
from complaints.portal.entering import for_complainant
from complaints.queries.merging import MERGED, with_merged


def letters_of(entry: Entry) -> QuerySet[Letter]:
    """The letters to the complainant that left. One that names another case only where they may know which one that
    is: it went to an address, and a code does not prove that they read mail there."""
    left = Letter.objects.filter(
        case=entry.case, party__kind=Party.Kind.COMPLAINANT, state__in=[Letter.State.SENT, Letter.State.TO_POST]
    ).exclude(pdf="")
    return left if entry.main else left.exclude(event__occurrence=MERGED, event__facts__same__value=True)


def own_documents(entry: Entry) -> QuerySet[Document]:
    """What the complainant may have: what they handed in themselves, what staff sent with a message, and what was put
    to them. Of a document that they were given in part that is the copy, never the whole. `put_at` is when."""
    put = Disclosure.objects.filter(party__case=entry.case, party__kind=Party.Kind.COMPLAINANT, withheld="")
    given = put.filter(Q(copy=OuterRef("pk")) | Q(copy=None, document=OuterRef("pk")))
    from_message = Q(by=Document.By.STAFF, event__occurrence=MESSAGE)
    # What was put to them may be of a case that was merged into theirs, and then of somebody else.
    return (
        Document.objects.filter(case__in=with_merged(entry.case))
        .annotate(put_at=Subquery(given.values("at")[:1]))
        .filter(Q(case=entry.case) & (Q(by=Document.By.COMPLAINANT) | from_message) | Q(put_at__isnull=False))
    )


def is_own(document: Document, entry: Entry) -> bool:
    """Whether the complainant handed it in themselves, in this case."""
    return document.by == Document.By.COMPLAINANT and document.case_id == entry.case.pk


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
def document(request: HttpRequest, entry: Entry, pk: int) -> FileResponse:
    """A document, to keep; a browser never runs it. That they took in what we gave them stands in the history."""
    found = own_documents(entry).filter(pk=pk).first()
    if found is None:
        raise Http404
    response = FileResponse(
        _opened(found.file), content_type=found.content_type, filename=found.title, as_attachment=True
    )
    if request.method == "GET" and not is_own(found, entry):
        note_fetched(entry.case, found, actor=entry.actor, at=timezone.now())
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
