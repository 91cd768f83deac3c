"""Dossiers in S3-compatible storage instead of in a folder: where S3_BUCKET names one.

Nothing is ever served from there. A file goes out through the same views as before, with the same headers, and came in
through the same gate; the bucket is to be closed to everybody else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import File
from storages.backends.s3 import S3Storage
from storages.utils import clean_name


@contextmanager
def _as_of_a_disk() -> Iterator[None]:
    """What goes wrong is an OSError, as with a folder: whoever reads or removes a file knows what to do with that."""
    try:
        yield
    except (BotoCoreError, ClientError) as problem:
        raise OSError(type(problem).__name__) from problem


class Dossiers(S3Storage):  # type: ignore[misc]  # it has no types
    """Every file under the name that its row has, and under no other; read whole before it is handed on."""

    def get_default_settings(self) -> dict[str, Any]:
        """No name is used twice, so none is written over; nothing is public, and no address gives access by itself."""
        settings: dict[str, Any] = super().get_default_settings()
        return settings | {
            "default_acl": None,
            "file_overwrite": False,
            "signature_version": "s3v4",
            "object_parameters": {"ContentType": "application/octet-stream", "ContentDisposition": "attachment"},
        }

    def url(self, *_: Any, **__: Any) -> NoReturn:
        raise NotImplementedError("Files of dossiers have no address of their own.")

    def _open(self, name: str, mode: str = "rb") -> Any:
        with _as_of_a_disk():
            file = super()._open(name, mode)
            file.file  # noqa: B018  # fetched here, where the one who asks can still be told
            return file

    def _save(self, name: str, content: File[bytes]) -> str:
        with _as_of_a_disk():
            return str(super()._save(name, content))

    def delete(self, name: str) -> None:
        """Removes a file; one that is not there is gone already. A bucket that is not there is no such answer."""
        with _as_of_a_disk():
            self.bucket.Object(self._normalize_name(clean_name(name))).delete()

    def exists(self, name: str) -> bool:
        with _as_of_a_disk():
            return bool(super().exists(name))

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        with _as_of_a_disk():
            found: tuple[list[str], list[str]] = super().listdir(path)
            return found
