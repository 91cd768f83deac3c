"""Putting files into a dossier."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import PurePath

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from complaints.actions.actors import Actor
from complaints.models import Document, Event
from complaints.uploads import MAX_FILES, UploadRefused, clean_name, content_type_of
from procedures.definition import Act, FieldKind, Procedure

AUTHORISATION = "authorisation"  # the field of a representative's proof, which every procedure may ask


class Judged(UploadedFile):  # type: ignore[type-arg]  # not subscriptable when it runs
    """A file that passed the gate when it was put with a draft; its content type is the one found then."""


def keep_documents(
    event: Event,
    procedure: Procedure,
    act: Act,
    files: Mapping[str, Sequence[UploadedFile[bytes]]],
    actor: Actor,
    *,
    at: datetime,
) -> list[Document]:
    """Keeps the files that answer the act's fields. Raises UploadRefused, before anything is written to disk."""
    asked = [
        field.name
        for field in procedure.fields_of(act)
        if field.kind in (FieldKind.DOCUMENT, FieldKind.DOCUMENTS) and files.get(field.name)
    ]
    if act.opens and files.get(AUTHORISATION):
        asked.append(AUTHORISATION)
    return keep_files(event, {name: files[name] for name in asked}, actor, at=at)


def keep_files(
    event: Event,
    files: Mapping[str, Sequence[UploadedFile[bytes]]],
    actor: Actor,
    *,
    at: datetime,
    by: Document.By | None = None,
) -> list[Document]:
    """Keeps files with an event, by what they belong to. Raises UploadRefused, before anything is written to disk.

    `by` is whose they are where that is not the actor.
    """
    by = by or (Document.By.COMPLAINANT if actor.membership is None else Document.By.STAFF)
    judged = [(name, file, _type_of(file)) for name, some in files.items() for file in some]
    if len(judged) > MAX_FILES:
        raise UploadRefused(_("Kies hoogstens %(n)d bestanden.") % {"n": MAX_FILES})
    return [_keep(event, name, file, content_type, by, actor, at) for name, file, content_type in judged]


def digest_of(file: UploadedFile[bytes]) -> str:
    """The SHA-256 of what is in a file, as documents keep it."""
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def _type_of(file: UploadedFile[bytes]) -> str:
    return str(file.content_type) if isinstance(file, Judged) else content_type_of(file)


def _keep(
    event: Event,
    field: str,
    file: UploadedFile[bytes],
    content_type: str,
    by: Document.By,
    actor: Actor,
    at: datetime,
) -> Document:
    title = clean_name(str(file.name))
    document = Document(
        case=event.case,
        event=event,
        field=field,
        title=title,
        content_type=content_type,
        size=file.size or 0,
        sha256=digest_of(file),
        by=by,
        member=actor.membership,
        added_at=at,
    )
    document.file.save(f"{uuid.uuid4()}{PurePath(title).suffix.lower()}", file, save=False)
    document.save()
    return document
