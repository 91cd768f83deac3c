"""The gate for files (G10): what people send comes in, what is hostile does not, and neither takes long."""

from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from complaints import parsing, uploads
from complaints.uploads import ALLOWED, LONGEST_NAME, MAX_BYTES, UploadRefused, clean_name, content_type_of
from tests.complaints import files

SECONDS, MEMORY = 2.0, 256 * 1024  # of the clock, and kilobytes
# Reads a file as the reader does, and tells the most memory that it ever held.
PEAK = """
import re, runpy, sys
found = runpy.run_path(sys.argv[1])
sys.argv = sys.argv[1:]
list(found["lines"]())
print(re.search("VmHWM:[^0-9]*([0-9]+)", open("/proc/self/status").read())[1])
"""
GOOD = files.good()


@pytest.fixture(scope="module")
def hostile() -> dict[str, bytes]:
    return files.hostile()


def judged(name: str, content: bytes) -> str:
    file = SimpleUploadedFile("x", content)
    file._name = name  # type: ignore[attr-defined]  # Django cleans the names that it is given; a request's are raw
    return content_type_of(file)


@pytest.mark.parametrize("name", GOOD)
def test_what_people_send_is_taken_for_what_it_is(name: str):
    expected = ALLOWED[f".{name.rpartition('.')[2].lower()}"][1]
    assert judged(name, GOOD[name]) == expected


def test_hostile_files_are_refused_with_words_that_help(hostile: dict[str, bytes]):
    assert len(hostile) >= 200

    def tried(name: str) -> tuple[str, str]:
        try:
            return name, f"TAKEN as {judged(name, hostile[name])}"
        except UploadRefused as refused:
            return name, str(refused)

    with ThreadPoolExecutor(max_workers=2) as threads:
        answers = list(threads.map(tried, hostile))
    assert [name for name, said in answers if said.startswith("TAKEN")] == []
    for name, said in answers:
        assert any(word in said for word in ("Kies ", "Sla ", "Haal ", "Maak ", "kunt het later")), (name, said)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("foto.heic", "Maak er een schermafdruk van"),
        ("programma.exe", "Kies een pdf, foto"),
        ("leeg.pdf", "is leeg"),
        ("gif.png", "iets anders dan de naam zegt"),
        ("halve.pdf", "iets anders dan de naam zegt"),
        ("op slot.pdf", "zit een wachtwoord"),
        ("wachtwoord.docx", "zit een wachtwoord"),
        ("wachtwoord.odt", "zit een wachtwoord"),
        ("script.pdf", "Druk het af naar een nieuwe pdf"),
        ("bijlage.pdf", "Druk het af naar een nieuwe pdf"),
        ("macro.xlsx", "Druk het af naar een nieuwe pdf"),
        ("sjabloon.docx", "haalt iets op van een andere plek"),
        ("bom.png", "te zwaar om te openen"),
        ("veel bommen.pdf", "te zwaar om te openen"),
    ],
)
def test_a_refusal_says_what_is_the_matter(hostile: dict[str, bytes], name: str, words: str):
    with pytest.raises(UploadRefused, match=words) as refused:
        judged(name, hostile[name])
    assert str(refused.value).startswith((name, f"In {name}", f"Op {name}"))
    assert str(refused.value).endswith(".")


def test_what_could_not_be_read_in_time_can_be_sent_later(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(uploads, "PATIENCE", 0.001)
    with pytest.raises(UploadRefused, match=r"niet bekijken\. Verstuur uw klacht zonder dit bestand"):
        judged("brief.pdf", files.pdf())


def test_what_could_not_be_read_at_all_can_be_sent_later(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(uploads, "_READER", tmp_path / "nergens.py")
    with pytest.raises(UploadRefused, match=r"niet bekijken\. Verstuur uw klacht zonder dit bestand"):
        judged("brief.pdf", files.pdf())


def test_reading_the_heaviest_stays_within_its_memory_and_time(hostile: dict[str, bytes]):
    heavy = [name for name in hostile if "bom" in name or "vloed" in name or "veel" in name]
    assert len(heavy) > 6
    for name in heavy:
        kind = ALLOWED[f".{name.rpartition('.')[2]}"][0]
        done = subprocess.run(
            [sys.executable, "-I", "-c", PEAK, str(parsing.__file__), kind], input=hostile[name], capture_output=True
        )
        assert done.returncode == -signal.SIGKILL or 0 < int(done.stdout) < MEMORY, name


def test_reading_ends_after_two_seconds_of_the_processor():
    endless = "import runpy, sys\nlist(runpy.run_path(sys.argv.pop(1))['lines']())\nwhile True: pass"
    done = subprocess.run([sys.executable, "-I", "-c", endless, str(parsing.__file__), "txt"], input=b"a", timeout=60)
    assert done.returncode == -signal.SIGKILL


def test_what_is_too_large_is_refused_before_it_is_read():
    with pytest.raises(UploadRefused, match="groter dan 10 MB"):
        judged("groot.txt", b"a" * (MAX_BYTES + 1))


def test_a_file_is_read_once_in_a_request(monkeypatch: pytest.MonkeyPatch):
    file = SimpleUploadedFile("foto.jpg", files.jpg())
    assert content_type_of(file) == "image/jpeg"
    monkeypatch.setattr(uploads, "_READER", "/nowhere")
    assert content_type_of(file) == "image/jpeg"
    assert file.read() == files.jpg(), "it can still be read from its beginning"


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("brief.pdf", "brief.pdf"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\an\\foto.jpg", "foto.jpg"),
        ("regel\r\nSet-Cookie: x.pdf", "regelSet-Cookie- x.pdf"),
        ("foto\u202egpj.exe", "fotogpj.exe"),
        ("nu\x00l.pdf", "_nul.pdf"),
        ("CON.txt", "_CON.txt"),
        ("com1", "_com1"),
        ("consult.pdf", "consult.pdf"),
        ("brief.pdf:verborgen.exe", "brief.pdf-verborgen.exe"),
        ("waarom?.pdf", "waarom-.pdf"),
        ("foto\u200b\u2066.jpg\u2069", "foto.jpg"),
        ('aan"haling.pdf', "aan'haling.pdf"),
        ("  veel   ruimte .pdf ", "veel ruimte .pdf"),
        ("", "bestand"),
        ("...", "bestand"),
        ("een ❤ voor u.png", "een ❤ voor u.png"),
        ("a" * 300 + ".docx", "a" * (LONGEST_NAME - 5) + ".docx"),
    ],
)
def test_names_are_made_safe_to_show(name: str, clean: str):
    assert clean_name(name) == clean
    assert len(clean_name(name)) <= LONGEST_NAME
