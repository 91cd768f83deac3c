"""Letters and texts: mark-up that can be read, and placeholders that can be filled."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import fields, is_dataclass

from procedures.definition import PARTY_FIELDS, Letter, OccurrenceKind, Release, Text
from procedures.placeholders import (
    PUBLIC,
    BadMarkup,
    Bold,
    Document,
    Paragraph,
    Placeholder,
    as_placeholder,
    lacking,
    parse,
    parse_line,
)
from procedures.soundness.findings import Finding, Path, unknown
from procedures.soundness.index import Index

ENGLISH = "en"
_TIMED = (OccurrenceKind.BEFORE, OccurrenceKind.PASSED)


def findings(index: Index) -> Iterator[Finding]:
    """What is wrong with letters and texts."""
    for at, letter in enumerate(index.procedure.letters):
        yield from _letter(letter, ("letters", at))
        for path, written, is_line in _written(letter, ("letters", at)):
            yield from _letter_text(index, letter, path, written, is_line=is_line)
        yield from _must_hold(letter, ("letters", at))
    for path, text in _public(index):
        yield from _public_text(index, path, text)
    yield from _others(index.procedure, ())
    if ENGLISH in index.procedure.languages:
        yield from _not_in_english(index.procedure, ())


def _not_in_english(value: object, path: Path) -> Iterator[Finding]:
    """A procedure speaks a language wholly or not at all: nobody meets Dutch half-way down an English page."""
    if isinstance(value, Text):
        if value.nl and not value.en:
            yield Finding((*path, "en"), 'write this in English too, as languages names "en".')
    elif isinstance(value, tuple):
        for number, part in enumerate(value):
            yield from _not_in_english(part, (*path, number))
    elif is_dataclass(value):
        for field in fields(value):
            yield from _not_in_english(getattr(value, field.name), (*path, field.name))


def _languages(text: Text, path: Path) -> Iterator[tuple[Path, str]]:
    yield (*path, "nl"), text.nl
    if text.en:
        yield (*path, "en"), text.en


def _written(letter: Letter, path: Path) -> Iterator[tuple[Path, str, bool]]:
    for where, text in _languages(letter.subject, (*path, "subject")):
        yield where, text, True
    for where, text in _languages(letter.body, (*path, "body")):
        yield where, text, False


def _letter(letter: Letter, path: Path) -> Iterator[Finding]:
    for key in ("on", "to", "channels"):
        if not getattr(letter, key):
            what = {"on": "when it is written", "to": "to whom it goes", "channels": "how it goes"}[key]
            yield Finding((*path, key), f"say {what}.")
    if letter.release is Release.AFTER_LOOK and not letter.release_by:
        yield Finding((*path, "release_by"), "add this key: say which role looks before it goes.")
    if letter.release_by and letter.release is not Release.AFTER_LOOK:
        yield Finding((*path, "release_by"), 'take this away, or add release = "after_look".')
    yield from _held(letter, path)
    has_terms = [
        any(block.kind == "terms" for block in document.blocks)
        for _, text in _languages(letter.body, ())
        if (document := _read(text))
    ]
    if letter.deadlines and not all(has_terms):
        yield Finding((*path, "deadlines"), "put {terms} in the body, alone in a paragraph, or take this away.")
    if any(has_terms) and not letter.deadlines:
        yield Finding((*path, "deadlines"), "add this key: say which deadlines {terms} shows.")


def _held(letter: Letter, path: Path) -> Iterator[Finding]:
    if letter.second_reader and letter.release is Release.AFTER_LOOK:
        yield Finding((*path, "release"), "take this and release_by away: the letter waits for its second reader.")
    if not letter.is_held:
        for key in ("editable", "else_send"):
            if getattr(letter, key):
                message = (
                    'take this away, or add release = "after_look" or second_reader: this letter waits for nobody.'
                )
                yield Finding((*path, key), message)


def _read(text: str) -> Document | None:
    try:
        return parse(text)
    except BadMarkup:
        return None


def _letter_text(index: Index, letter: Letter, path: Path, text: str, *, is_line: bool) -> Iterator[Finding]:
    found = yield from _placeholders(path, text, is_line=is_line)
    for placeholder in found:
        if problem := _unknown_name(index, placeholder):
            yield Finding(path, problem, near=str(placeholder))
        elif placeholder.kind in ("deadline", "deadline_due") and any(on.kind not in _TIMED for on in letter.on):
            message = (
                f'name the deadline ({{due.NAME}}): {placeholder} is known only where "on" is all passed: or before:.'
            )
            yield Finding(path, message, near=str(placeholder))
        elif placeholder.kind == "previous_due" and not all(
            on.kind is OccurrenceKind.ACT and index.acts[on.name].extends for on in letter.on
        ):
            message = 'write something else: {previous_due} is known only where "on" is all acts that extend.'
            yield Finding(path, message, near=str(placeholder))
        elif placeholder.kind == "sender" and not letter.signed_by:
            yield Finding(path, "add signed_by to the letter: {sender} is whoever signs.", near=str(placeholder))


def _placeholders(path: Path, text: str, *, is_line: bool) -> Generator[Finding, None, list[Placeholder]]:
    """The text's mark-up. Returns its placeholders, each once."""
    found: list[Placeholder] = []
    try:
        if is_line:
            runs = parse_line(text)
            document = Document((Paragraph(runs),))
            if "\n" in text or any(isinstance(run, Bold) for run in runs):
                yield Finding(path, "write one line without bold.")
        else:
            document = parse(text)
    except BadMarkup as bad:
        yield Finding(path, str(bad), near=bad.near)
        return found
    for placeholder in document.inline:
        if placeholder.is_block:
            where = "only in a body" if is_line else "in a paragraph of its own"
            yield Finding(path, f"put {placeholder} {where}.", near=str(placeholder))
        else:
            found.append(placeholder)
    return list(dict.fromkeys([*found, *document.blocks]))


def _unknown_name(index: Index, placeholder: Placeholder) -> str:
    known = {
        "due": ("deadline", index.deadlines),
        "term": ("deadline", index.deadlines),
        "check": ("check", index.checks),
        "appeal": ("appeal", index.appeals),
        "fact": ("fact", dict.fromkeys(index.letter_facts)),
    }
    if not placeholder.name or placeholder.name in known[placeholder.kind][1]:
        return ""
    if placeholder.kind == "fact" and placeholder.name in PARTY_FIELDS:
        return f"change {placeholder}: this is kept with the person, and only {{complainant}}, the name, can be shown."
    what, names = known[placeholder.kind]
    return f"change {placeholder}: " + unknown(what, placeholder.name, names)


def _must_hold(letter: Letter, path: Path) -> Iterator[Finding]:
    """Placeholders in every language, words in the Dutch text."""
    for number, wanted in enumerate(letter.must_hold):
        placeholder = as_placeholder(wanted)
        shown = placeholder or f'"{wanted}"'
        where: Path = (*path, "must_hold", number)
        if lacking(letter.body.nl, [wanted]):
            yield Finding(where, f"put {shown} in the body, or take it away here.")
        if placeholder and letter.body.en and lacking(letter.body.en, [wanted]):
            yield Finding(where, f"put {shown} in the English body too, or take it away here.")


def _public(index: Index) -> Iterator[tuple[Path, Text]]:
    """The texts of the public page, which may hold placeholders that depend on no case."""
    page = index.procedure.public
    yield ("public", "headline"), page.headline
    yield ("public", "lead"), page.lead
    for at, section in enumerate(page.sections):
        yield ("public", "sections", at, "heading"), section.heading
        yield ("public", "sections", at, "text"), section.text
    for at, step in enumerate(page.steps):
        yield ("public", "steps", at, "title"), step.title
        yield ("public", "steps", at, "text"), step.text


def _public_text(index: Index, path: Path, text: Text) -> Iterator[Finding]:
    is_line = path[1] != "sections" or path[-1] == "heading"
    for where, written in _languages(text, path):
        found = yield from _placeholders(where, written, is_line=is_line)
        for placeholder in found:
            if placeholder.kind not in PUBLIC:
                message = f"take {placeholder} away: a page for everyone has only {{term.NAME}}, {{retention}}, "
                yield Finding(where, message + "{appeal.NAME} and {organisation}.", near=str(placeholder))
            elif problem := _unknown_name(index, placeholder):
                yield Finding(where, problem, near=str(placeholder))


def _others(value: object, path: Path) -> Iterator[Finding]:
    """Every other text is shown as it is written."""
    if isinstance(value, Text):
        for where, text in _languages(value, path):
            if "{" in text or "}" in text:
                yield Finding(where, "take the braces away: only letters and the public page have placeholders.")
    elif isinstance(value, tuple):
        for number, part in enumerate(value):
            yield from _others(part, (*path, number))
    elif is_dataclass(value):
        for field in fields(value):
            where = (*path, field.name)
            is_letter = isinstance(value, Letter) and field.name in ("subject", "body")
            if not is_letter and where != ("public",):
                yield from _others(getattr(value, field.name), where)
