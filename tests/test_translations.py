"""English is whole: every sentence that the code or a template says stands in a catalogue, with its placeholders."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils.translation.template import templatize

ROOT = Path(__file__).parent.parent
CALLS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "npgettext", "pgettext", "pgettext_lazy"}
# Names of columns of the rule book: no page shows them.
UNSEEN = {ROOT / "procedures" / "models.py"}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|<[^>]+>")


def catalogue() -> dict[str, str]:
    found: dict[str, str] = {}
    for path in ROOT.glob("*/locale/en/LC_MESSAGES/django.mo"):
        with path.open("rb") as file:
            translations = gettext.GNUTranslations(file)
        for key, said in translations._catalog.items():  # type: ignore[attr-defined]
            if isinstance(key, tuple):  # one of several: the first is that of the singular
                found.setdefault(key[0], said)
            else:
                found[key] = said
    return found


def sentences() -> Iterator[tuple[str, str]]:
    """Where something is said, and the key under which its translation must stand."""
    for path in sorted(ROOT.glob("complaints/**/*.py")) + sorted(ROOT.glob("procedures/**/*.py")):
        if path not in UNSEEN and "migrations" not in path.parts:
            yield from ((f"{path.relative_to(ROOT)}", key) for key in said(path.read_text(encoding="utf-8")))
    for path in sorted((ROOT / "templates").rglob("*")):
        if path.suffix in (".html", ".txt"):
            code = templatize(path.read_text(encoding="utf-8"))
            yield from ((f"{path.relative_to(ROOT)}", key) for key in in_template(code))


def said(code: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            words = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
            if "pgettext" in node.func.id:
                if len(words) > 1:
                    yield f"{words[0]}\x04{words[1]}"
            elif words:
                yield words[0]


def in_template(code: str) -> Iterator[str]:
    """The calls in what Django's own extraction makes of a template: a few words of Python between X's."""
    for name, first, second in re.findall(
        r"\b(_|gettext|ngettext|pgettext|npgettext)\(u?((?:'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"))(?:,\s*u?('(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"))?",
        code,
    ):
        words = ast.literal_eval(first)
        yield f"{words}\x04{ast.literal_eval(second)}" if "pgettext" in name else words


def test_everything_that_is_said_is_said_in_english_too():
    known = catalogue()
    spoken = list(sentences())
    assert len(spoken) > 500
    assert [(where, key) for where, key in spoken if not known.get(key)] == []


def test_english_keeps_every_placeholder():
    for key, words in catalogue().items():
        if key:
            assert set(PLACEHOLDER.findall(words)) <= set(PLACEHOLDER.findall(key)), key


@pytest.mark.parametrize("line", ['_("Iets wat niemand vertaalde")', 'pgettext("x", "Nog iets")'])
def test_a_sentence_that_was_forgotten_is_found(line: str):
    assert not catalogue().get(next(said(line)))
