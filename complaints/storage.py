"""The files of dossiers as a whole, whatever they are kept in: a folder, or S3-compatible storage."""

from __future__ import annotations

import os
from collections.abc import Iterator

from django.core.files.storage import default_storage


def names(folder: str = "") -> Iterator[str]:
    """The name of every file in the storage, as the rows have them."""
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    prefix = f"{folder}/" if folder else ""
    for each in sorted(files):
        if each:
            yield prefix + each
    for each in sorted(folders):
        yield from names(prefix + each)


def make_durable(name: str) -> None:
    """Waits until a file that was saved is on disk. What is not in a folder was kept when saving it came back."""
    try:
        path = default_storage.path(name)
    except NotImplementedError:
        return
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
