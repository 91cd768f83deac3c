"""The gate for files: what may be handed in, judged by name, by beginning, and by reading it (in parsing.py)."""

from __future__ import annotations

import re
import subprocess
import sys
import unicodedata
from pathlib import Path, PurePosixPath

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from complaints import counting

MAX_BYTES = 10 * 1024 * 1024
MAX_FILES = 10
LONGEST_NAME = 120  # characters; a name on disk is random and has nothing to do with it
PATIENCE = 5  # seconds on the clock for reading one file; it may take two of the processor's

ZIP = b"PK\x03\x04"
OFFICE = "application/vnd.openxmlformats-officedocument"
# extension → (kind for the reader, content type, how the content begins)
ALLOWED: dict[str, tuple[str, str, tuple[bytes, ...]]] = {
    ".pdf": ("pdf", "application/pdf", (b"%PDF-",)),
    ".jpg": ("jpg", "image/jpeg", (b"\xff\xd8\xff",)),
    ".jpeg": ("jpg", "image/jpeg", (b"\xff\xd8\xff",)),
    ".png": ("png", "image/png", (b"\x89PNG\r\n\x1a\n",)),
    ".webp": ("webp", "image/webp", (b"RIFF",)),
    ".docx": ("docx", f"{OFFICE}.wordprocessingml.document", (ZIP,)),
    ".odt": ("odt", "application/vnd.oasis.opendocument.text", (ZIP,)),
    ".xlsx": ("xlsx", f"{OFFICE}.spreadsheetml.sheet", (ZIP,)),
    ".txt": ("txt", "text/plain", ()),
}
ACCEPT = ",".join(ALLOWED)  # for the file control
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # what Windows takes for a machine
_ENVELOPE = "EncryptedPackage".encode("utf-16-le")
_READER = Path(__file__).with_name("parsing.py")
_FOUND_WORDS = frozenset({"other", "broken", "locked", "active", "fetches", "heavy"})  # what the reader may say
_FOUND = "_gehoor_content_type"  # on a file that was judged: it is read only once in a request


class UploadRefused(Exception):
    """The file is not taken; the message says what to do, in the reader's language."""


def content_type_of(file: UploadedFile[bytes]) -> str:
    """The content type that a file really has. Raises UploadRefused when it is none that is allowed, or too large.

    Reading happens in a process of its own, with limits on memory and time: a file that breaks it breaks nothing else.
    """
    known = getattr(file, _FOUND, "")
    if known:
        return str(known)
    name = clean_name(str(file.name))
    extension = PurePosixPath(name).suffix.lower()
    allowed = ALLOWED.get(extension)
    if extension in (".heic", ".heif"):
        raise _refused(
            "photo",
            _("%(name)s is een foto die wij niet kunnen openen. Maak er een schermafdruk van, of stuur een jpg.")
            % {"name": name},
        )
    if allowed is None:
        raise _refused(
            "kind", _("%(name)s kan niet mee. Kies een pdf, foto, Word-, Excel- of tekstbestand.") % {"name": name}
        )
    file.seek(0)
    data = file.read(MAX_BYTES + 1)
    file.seek(0)
    if len(data) > MAX_BYTES:
        raise _refused("large", _("%(name)s is groter dan 10 MB. Kies een kleiner bestand.") % {"name": name})
    if not data:
        raise _refused("empty", _("%(name)s is leeg. Kies een ander bestand.") % {"name": name})
    kind, content_type, beginnings = allowed
    if beginnings and not data.startswith(beginnings):
        found = "locked" if _is_locked_office(kind, data) else "other"
    else:
        found = _read(kind, data)
    if found != "ok":
        raise _refused(found if found in _FOUND_WORDS else "unread", _why(found) % {"name": name})
    setattr(file, _FOUND, content_type)
    return content_type


def _refused(why: str, said: str) -> UploadRefused:
    counting.count(counting.UPLOADS, why)
    return UploadRefused(said)


def clean_name(name: str) -> str:
    """A name that is safe to show and to offer: no folders, no signs that hide or turn others, not endless.

    Nor is it a name that Windows takes for a machine, or one with signs that Windows has no room for.
    """
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(sign for sign in unicodedata.normalize("NFC", last) if unicodedata.category(sign)[0] != "C")
    shown = " ".join(shown.split()).strip(". ").replace('"', "'")
    shown = re.sub(r"[<>:|?*]", "-", shown) or _("bestand")
    if _DEVICE.fullmatch(shown):
        shown = f"_{shown}"
    stem, dot, extension = shown.rpartition(".")
    if len(shown) > LONGEST_NAME and dot:
        return f"{stem[: LONGEST_NAME - 1 - len(extension[:10])]}.{extension[:10]}"
    return shown[:LONGEST_NAME]


def _is_locked_office(kind: str, data: bytes) -> bool:
    """Word and Excel put a document with a password into an envelope of another kind."""
    return kind in ("docx", "xlsx") and data.startswith(b"\xd0\xcf\x11\xe0") and _ENVELOPE in data


def _read(kind: str, data: bytes) -> str:
    """What the reader finds; empty when it could not be asked. It gets no environment: there are secrets in ours."""
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(_READER), kind],
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    if done.returncode < 0:  # it ran into its limits
        return "heavy"
    return done.stdout.decode(errors="replace").strip()


def _why(found: str) -> str:
    match found:
        case "other" | "broken":
            return _("In %(name)s zit iets anders dan de naam zegt. Sla het opnieuw op en probeer het nog eens.")
        case "locked":
            return _("Op %(name)s zit een wachtwoord. Haal dat eraf, of stuur het bestand zonder wachtwoord.")
        case "active":
            return _(
                "In %(name)s zit iets wat een programma kan starten, of een ander bestand. Druk het af naar een nieuwe "
                "pdf, of sla het op als pdf, en kies dan die pdf. Maak er anders een schermafdruk van."
            )
        case "fetches":
            return _(
                "%(name)s haalt iets op van een andere plek zodra iemand het opent. Sla het op als pdf, en kies dan "
                "die pdf."
            )
        case "heavy":
            return _("%(name)s is te zwaar om te openen. Maak het kleiner, of stuur het in delen.")
        case _:
            return _(
                "Wij konden %(name)s niet bekijken. Verstuur uw klacht zonder dit bestand; u kunt het later nog "
                "toevoegen."
            )
