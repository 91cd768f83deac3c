"""A letter's words as a person changed them: what may stand in them, what must, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from django.utils.translation import gettext as _

from complaints.said import spoken
from procedures import wording
from procedures.definition import Letter, Procedure, Text
from procedures.placeholders import (
    BadMarkup,
    Placeholder,
    as_placeholder,
    lacking,
    parse,
    placeholders_in,
)

LONGEST = 20_000  # characters
# What every letter may say of its case, also where the procedure's own words do not.
_ALWAYS = tuple(Placeholder(kind) for kind in ("organisation", "reference", "today", "received_on"))


def body_of(letter: Letter, language: str) -> str:
    """The words that the procedure has for the letter."""
    return letter.body.in_language(language).strip()


def reworded(letter: Letter, words: str, language: str) -> Letter:
    """The same letter with these words instead of the procedure's."""
    is_english = language.startswith("en")
    return replace(letter, body=Text(words, words if is_english else ""))


def offered(letter: Letter, language: str) -> tuple[Placeholder, ...]:
    """The placeholders that its words may use: those of the procedure's own, and those that fit every letter.

    No others: a letter tells its reader no more of a case than the procedure wants.
    """
    return tuple(dict.fromkeys([*placeholders_in(body_of(letter, language)), *_ALWAYS]))


def lacks(letter: Letter, words: str, language: str) -> tuple[str, ...]:
    """What the letter must hold and these words do not. Plain words are asked of Dutch alone, as in the document."""
    is_english = language.startswith("en")
    return lacking(words, [each for each in letter.must_hold if as_placeholder(each) or not is_english])


def faults(letter: Letter, words: str, language: str, procedure: Procedure) -> list[str]:
    """Why these words cannot be the letter's, each in a sentence; empty when they can."""
    if not words.strip():
        return [_("Schrijf de tekst van de brief.")]
    if len(words) > LONGEST:
        return [_("Deze tekst is te lang. Er is ruimte voor %(n)d tekens.") % {"n": LONGEST}]
    try:
        document = parse(words)
    except BadMarkup as bad:
        return [_unreadable(bad)]
    found = [
        _("Zet %(placeholder)s alleen in een alinea, met een lege regel erboven en eronder.") % {"placeholder": each}
        for each in dict.fromkeys(document.inline)
        if each.is_block
    ]
    known = offered(letter, language)
    found += [
        _("%(placeholder)s kan in deze brief niet. Kies uit de lijst.") % {"placeholder": each}
        for each in dict.fromkeys([*document.inline, *document.blocks])
        if each not in known
    ]
    if missing := lacks(letter, words, language):
        what = wording.joined(
            [f"{as_placeholder(each) or ''} {in_words([each], procedure)}".strip() for each in missing]
        )
        found.append(_("Dit moet in de brief blijven: %(what)s.") % {"what": what})
    return found


def in_words(must_hold: Iterable[str], procedure: Procedure) -> str:
    """What of a letter's `must_hold` these are: “Wat is het oordeel?”."""
    return wording.joined([_named(each, procedure) for each in must_hold])


def meaning(placeholder: Placeholder, procedure: Procedure) -> str:
    """What a placeholder is about, where it has a name of its own in the procedure; else empty."""
    language, name = spoken(), placeholder.name
    try:
        match placeholder.kind:
            case "due" | "term":
                return procedure.deadline(name).title.in_language(language)
            case "check":
                return procedure.check(name).title.in_language(language)
            case "appeal":
                return procedure.appeal(name).title.in_language(language)
            case "fact":
                return next(each for each in procedure.every_field() if each.name == name).title.in_language(language)
    except (KeyError, StopIteration):
        return ""
    return {
        "terms": _("de data op een rij"),
        "portal": _("hoe iemand de zaak volgt"),
        "deadline_due": _("de laatste dag"),
        "previous_due": _("de laatste dag die eerst gold"),
    }.get(placeholder.kind, "")


def _named(wanted: str, procedure: Procedure) -> str:
    placeholder = as_placeholder(wanted)
    if placeholder is None:
        return f"“{wanted}”"
    return f"“{meaning(placeholder, procedure) or placeholder}”"


def _unreadable(bad: BadMarkup) -> str:
    if bad.near.startswith("**"):
        return _("Bij “%(near)s” begint vette tekst die niet ophoudt. Zet er nog twee sterretjes achter.") % {
            "near": bad.near
        }
    if bad.near.startswith("{") and bad.near.endswith("}"):
        return _("%(placeholder)s kennen wij niet. Kies uit de lijst.") % {"placeholder": bad.near}
    return _("Bij “%(near)s” staat een accolade die er niet hoort. Haal die weg.") % {"near": bad.near}
