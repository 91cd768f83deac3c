"""Keeping a complaint that is not filed yet: what was typed and the files with it, until it is filed or expires."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import PurePath

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from complaints import access_codes
from complaints.actions.documents import Judged
from complaints.models import Draft, DraftFile
from complaints.uploads import clean_name, content_type_of

CHECKED_FOR = timedelta(days=1)  # a form that was checked but not sent
PUT_AWAY_FOR = timedelta(days=7)  # a form that somebody wants to go on with later


@transaction.atomic
def keep_draft(
    nonce: str,
    *,
    answers: Mapping[str, Sequence[str]],
    files: Mapping[str, Sequence[UploadedFile[bytes]]],
    without: Iterable[int] = (),
    is_judged: bool = False,
    problems: Mapping[str, Sequence[str]] | None = None,
    at: datetime,
) -> Draft:
    """Keeps what was typed under the form's nonce, and the files that came with it beside those already kept.

    `without` are the keys of kept files to throw away. The files must have passed the gate; UploadRefused otherwise.
    `problems` is what was said of files that did not.
    """
    draft, _is_new = Draft.objects.get_or_create(nonce=nonce, defaults={"expires_at": at + CHECKED_FOR})
    draft.answers, draft.problems, draft.is_judged = dict(answers), dict(problems or {}), is_judged
    draft.expires_at = max(draft.expires_at, at + CHECKED_FOR)
    draft.save()
    for unwanted in draft.files.filter(pk__in=list(without)):
        _throw_away([unwanted.file.name])
        unwanted.delete()
    for field, sent in files.items():
        for file in sent:
            content_type = content_type_of(file)
            title = clean_name(str(file.name))
            kept = DraftFile(draft=draft, field=field, title=title, content_type=content_type, size=file.size or 0)
            kept.file.save(f"{uuid.uuid4()}{PurePath(title).suffix.lower()}", file, save=False)
            kept.save()
    return draft


def put_away(draft: Draft, *, at: datetime) -> str:
    """Keeps the draft for seven days; the code that it is found by from now on. It is shown once and not kept."""
    code = access_codes.code_for(secrets.token_urlsafe(32))
    Draft.objects.filter(pk=draft.pk).update(code_hash=_hashed(code), expires_at=at + PUT_AWAY_FOR)
    draft.refresh_from_db()
    return code


def draft_of(code: str, *, at: datetime) -> Draft | None:
    """The draft that was put away under this code, while it is kept.

    The code holds 130 random bits, so a keyed hash finds it and guessing does not; no slow hash is needed.
    """
    return Draft.objects.filter(code_hash=_hashed(code), expires_at__gt=at).first()


def files_of(draft: Draft) -> dict[str, list[UploadedFile[bytes]]]:
    """The kept files by field, as an act takes them. Open until the request ends."""
    found: dict[str, list[UploadedFile[bytes]]] = {}
    for kept in draft.files.all():
        file = Judged(kept.file.open("rb"), name=kept.title, content_type=kept.content_type, size=kept.size)
        found.setdefault(kept.field, []).append(file)
    return found


@transaction.atomic
def discard(draft: Draft) -> None:
    """Throws a draft away with its files: it was filed, or somebody wants to begin again."""
    names = [kept.file.name for kept in draft.files.all()]
    draft.delete()
    _throw_away(names)


def forget_expired(*, at: datetime, limit: int = 100) -> int:
    """Throws away the drafts of the organisation in scope that have expired by `at`; how many there were."""
    expired = list(Draft.objects.filter(expires_at__lte=at).order_by("expires_at")[:limit])
    for draft in expired:
        discard(draft)
    return len(expired)


def _throw_away(names: Sequence[str | None]) -> None:
    def now() -> None:
        for name in names:
            if name:
                default_storage.delete(name)

    transaction.on_commit(now)


def _hashed(code: str) -> str:
    return hmac.new(
        settings.SECRET_KEY.encode(), b"draft code:" + access_codes.plain(code).encode(), hashlib.sha256
    ).hexdigest()
