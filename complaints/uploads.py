"""The gate for files: what may be handed in, judged by extension and by content."""

from __future__ import annotations

from pathlib import PurePath

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

MAX_BYTES = 10 * 1024 * 1024
MAX_FILES = 10
ZIP = b"PK\x03\x04"
# extension → (content type, how the content begins)
ALLOWED: dict[str, tuple[str, tuple[bytes, ...]]] = {
    ".pdf": ("application/pdf", (b"%PDF-",)),
    ".jpg": ("image/jpeg", (b"\xff\xd8\xff",)),
    ".jpeg": ("image/jpeg", (b"\xff\xd8\xff",)),
    ".png": ("image/png", (b"\x89PNG\r\n\x1a\n",)),
    ".docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", (ZIP,)),
    ".odt": ("application/vnd.oasis.opendocument.text", (ZIP,)),
    ".xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (ZIP,)),
    ".txt": ("text/plain", ()),
}
ACCEPT = ",".join(ALLOWED)  # for the file control


class UploadRefused(Exception):
    """The file is not taken; the message says what to do, in the reader's language."""


def content_type_of(file: UploadedFile[bytes]) -> str:
    """The content type that a file really has. Raises UploadRefused when it is none that is allowed, or too large."""
    name = PurePath(str(file.name)).name
    allowed = ALLOWED.get(PurePath(name).suffix.lower())
    if allowed is None:
        raise UploadRefused(
            _("%(name)s kan niet mee. Kies een pdf, foto, Word-, Excel- of tekstbestand.") % {"name": name}
        )
    if (file.size or 0) > MAX_BYTES:
        raise UploadRefused(_("%(name)s is groter dan 10 MB. Kies een kleiner bestand.") % {"name": name})
    if not file.size:
        raise UploadRefused(_("%(name)s is leeg. Kies een ander bestand.") % {"name": name})
    content_type, beginnings = allowed
    file.seek(0)
    head = file.read(1024)
    file.seek(0)
    is_text = not beginnings and b"\x00" not in head
    if not (is_text or head.startswith(beginnings or (b"\x00",))):
        raise UploadRefused(
            _("In %(name)s zit iets anders dan de naam zegt. Sla het opnieuw op en probeer het nog eens.")
            % {"name": name}
        )
    return content_type
