"""What stands around the acts: who the organisation is, its colours, roles, phases, appeals, retention and report."""

from __future__ import annotations

import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from procedures.definition import (
    COMPLAINANT,
    HANDLER,
    SYSTEM,
    AppealKind,
    Theme,
    Unit,
)
from procedures.placeholders import placeholders_in
from procedures.soundness import colours
from procedures.soundness.findings import Finding, Path
from procedures.soundness.index import Index
from procedures.soundness.names import APPEAL, RESPONDENT

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
# The mark is put into pages as it is: drawings only, and nothing that could load or run something.
_MARK = re.compile(
    r"""(?: \s* < (?: path|circle|ellipse|rect|line|polyline|polygon|g )
        (?: \s+ (?: d|points|transform|fill|fill-rule|fill-opacity|opacity|stroke|stroke-width|stroke-linecap
                   |stroke-linejoin|cx|cy|r|rx|ry|x|y|x1|x2|y1|y2|width|height ) = "[^"<>&:]*" )*
        \s* /? > | \s* </ (?: path|circle|ellipse|rect|line|polyline|polygon|g ) > )* \s*""",
    re.VERBOSE,
)


def findings(index: Index) -> Iterator[Finding]:
    """What is wrong around the acts."""
    yield from _head(index)
    yield from colours.findings(index.procedure.theme)
    yield from _mark(index.procedure.theme)
    yield from _roles(index)
    yield from _phases(index)
    yield from _appeals(index)
    yield from _emails(index)
    yield from _afterwards(index)


def _head(index: Index) -> Iterator[Finding]:
    procedure = index.procedure
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", procedure.organisation):
        yield Finding(("organisation",), "write the name in the address with small letters, digits and single hyphens.")
    if not re.fullmatch(r"[A-Z0-9]{1,6}", procedure.prefix):
        yield Finding(("prefix",), "write one to six capitals or digits.")
    if procedure.version < 1:
        yield Finding(("version",), "count versions from 1.")
    if procedure.languages not in (("nl",), ("nl", "en")):
        yield Finding(("languages",), 'write ["nl"], or ["nl", "en"] when every text is there in English too.')
    try:
        ZoneInfo(procedure.zone)
    except (KeyError, ValueError, OSError):
        yield Finding(("zone",), f'write a time zone like "Europe/Amsterdam" instead of "{procedure.zone}".')


def _mark(theme: Theme) -> Iterator[Finding]:
    if not _MARK.fullmatch(theme.mark):
        message = (
            "draw the mark with path, circle, ellipse, rect, line, polyline, polygon and g, and plain attributes only."
        )
        yield Finding(("theme", "mark"), message)


def _roles(index: Index) -> Iterator[Finding]:
    roles = index.procedure.roles
    handlers = [at for at, role in enumerate(roles) if role.is_handler]
    for at, role in enumerate(roles):
        if role.name in (COMPLAINANT, SYSTEM, RESPONDENT) or (role.name == HANDLER and handlers and at not in handlers):
            yield Finding(("roles", at, "name"), f'choose another name: "{role.name}" has a fixed meaning.')
    if not handlers:
        yield Finding(("roles", 0), "add is_handler = true to the role of whoever handles a complaint.")
    for at in handlers[1:]:
        yield Finding(("roles", at, "is_handler"), "take this away: only one role is the handler.")
    if roles and not any(role.is_administrator for role in roles):
        yield Finding(("roles", 0), "add is_administrator = true to the role that manages people and settings.")


def _phases(index: Index) -> Iterator[Finding]:
    procedure = index.procedure
    for at, phase in enumerate(procedure.phases):
        if phase.is_end and not phase.outcome:
            yield Finding(
                ("phases", at, "outcome"), "add this key: say how a case that ends here counts in the report."
            )
        if phase.outcome and not phase.is_end:
            yield Finding(
                ("phases", at, "outcome"), "take this away, or add is_end = true: only an end has an outcome."
            )
    used = {phase.track for phase in procedure.phases}
    for at, track in enumerate(procedure.tracks):
        if track.name not in used:
            yield Finding(("tracks", at), "take this track away, or put a phase on it.")


def _appeals(index: Index) -> Iterator[Finding]:
    procedure = index.procedure
    texts = [text for letter in procedure.letters for text in (letter.body.nl, letter.body.en)]
    texts += [text for section in procedure.public.sections for text in (section.text.nl, section.text.en)]
    told = {each.name for text in texts for each in placeholders_in(text) if each.kind == "appeal"}
    written = {to.removeprefix(APPEAL) for letter in procedure.letters for to in letter.to if to.startswith(APPEAL)}
    for at, appeal in enumerate(procedure.appeals):
        path: Path = ("appeals", at)
        if appeal.kind is AppealKind.COMMITTEE and appeal.members < 1:
            yield Finding((*path, "members"), "add this key: say how many assessors the committee has.")
        if appeal.kind is not AppealKind.COMMITTEE and appeal.members:
            yield Finding((*path, "members"), f'take this away: only a committee has members, not a "{appeal.kind}".')
        if appeal.kind is AppealKind.PERSON and not appeal.person:
            yield Finding((*path, "person"), "add this key: name the person.")
        if appeal.name not in told:
            message = f"tell complainants of it: put {{appeal.{appeal.name}}} in a letter or in a section of the page."
            yield Finding(path, message)
        if appeal.name in written and not (appeal.email or appeal.address):
            yield Finding(path, "add its address or email: there is a letter to it.")


def _emails(index: Index) -> Iterator[Finding]:
    procedure = index.procedure
    given: list[tuple[Path, str]] = [(("contact", "email"), procedure.contact.email)]
    given += [(("appeals", at, "email"), appeal.email) for at, appeal in enumerate(procedure.appeals)]
    given += [(("intake", "channels", at, "email"), each.email) for at, each in enumerate(procedure.intake.channels)]
    for path, email in given:
        if email and not _EMAIL.fullmatch(email):
            yield Finding(path, f'write an e-mail address instead of "{email}".')


def _afterwards(index: Index) -> Iterator[Finding]:
    procedure = index.procedure
    term = procedure.retention.term
    if term.unit in (Unit.HOURS, Unit.WORKING_DAYS, Unit.WORKING_WEEKS) or term.amount < 1:
        yield Finding(("retention", "term"), "write a term of days, weeks, months or years, at least one.")
    counted: set[str] = set()
    for at, indicator in enumerate(procedure.report.indicators):
        path: Path = ("report", "indicators", at)
        if indicator.deadline in counted:
            # Of all cases and of some of them: one number subtracted from the other tells of the rest, however few.
            yield Finding((*path, "deadline"), "another indicator counts this deadline already; keep one of the two.")
        counted |= {indicator.deadline} - {""}
        if bool(indicator.deadline) is bool(indicator.fewer_than):
            yield Finding(
                path, "add either the deadline that was to be kept or fewer_than, the limit of a yearly number."
            )
        elif indicator.fewer_than < 0:
            yield Finding((*path, "fewer_than"), "write a number above 0.")
