"""What the page of an organisation shows, made wholly from its published procedure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from complaints.intake import representation
from complaints.markup import Voice, render
from complaints.said import spoken
from procedures import answers, engine, wording
from procedures.calendars import Calendar
from procedures.catalogue import zone_of
from procedures.definition import DeadlineRule, FieldKind, OwedBy, Procedure, Text
from procedures.models import ProcedureVersion
from procedures.placeholders import Placeholder, parse, placeholders_in


@dataclass(frozen=True, slots=True)
class DatedStep:
    """Something that happens by a day, with how that day was counted."""

    what: str
    due: date | datetime
    rule: DeadlineRule
    counting: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class PictureStep:
    """A step in the picture of the procedure, with its place in the flat and in the tall drawing (in pixels)."""

    number: int
    title: str
    lines: Sequence[str]  # of the title, in the flat drawing
    long_lines: Sequence[str]  # and in the tall one
    text: str
    term: str
    is_theirs: bool
    x: int
    y: int


STEP_WIDTH, STEP_HEIGHT = 162, 92


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A published version, and the local days from and until which it is in force; no end when nothing follows."""

    number: int
    starts: date
    ends: date | None
    is_in_force: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A personal answer that the form asks, and why."""

    question: str
    purpose: str
    is_required: bool


def page_of(procedure: Procedure) -> dict[str, Any]:
    """What the page and the paper of a procedure say, wholly from its document. A section that the document writes
    itself takes the place of what would be made here: `handler`, `retention`, and an appeal body that it names."""
    written = {each.name for each in procedure.public.sections}
    told = {each.name for section in procedure.public.sections for each in _bodies_in(section.text)}
    return {
        "procedure": procedure,
        "sections": sections(procedure),
        "handlers": [] if "handler" in written else [role for role in procedure.roles if role.is_handler],
        "bodies": [body for body in procedure.appeals if body.name not in told],
        "retention": None if "retention" in written else procedure.retention,
        "channels": [each for each in procedure.intake.channels if each.is_public],
        "steps": picture(procedure),
    }


def asked_of_you(procedure: Procedure) -> list[Asked]:
    """The personal answers that the form asks, for the page about privacy."""
    language = spoken()
    return [
        Asked(each.title.in_language(language), each.purpose.in_language(language), each.required and not each.when)
        for each in (*procedure.intake.fields, *representation.fields(procedure))
        if each.personal
    ]


def versions(found: Sequence[ProcedureVersion], *, on: date) -> list[VersionRow]:
    """The published versions, the newest first, as they stand on the local day `on`."""
    rows: list[VersionRow] = []
    following: date | None = None
    for version in sorted(found, key=lambda each: -each.number):
        ends = following - timedelta(days=1) if following else None
        is_in_force = version.in_force_from <= on and (ends is None or on <= ends)
        rows.append(VersionRow(version.number, version.in_force_from, ends, is_in_force))
        following = min(version.in_force_from, following) if following else version.in_force_from
    return rows


def _bodies_in(text: Text) -> Iterator[Placeholder]:
    return (each for each in placeholders_in(text.nl) if each.kind == "appeal")


def sections(procedure: Procedure) -> list[tuple[str, str, SafeString]]:
    """The sections of the page: name, heading, text as HTML."""
    language = spoken()
    return [
        (each.name, each.heading.in_language(language), markup(each.text, procedure))
        for each in procedure.public.sections
    ]


def markup(text: Text, procedure: Procedure) -> SafeString:
    """A public text as HTML."""
    language = spoken()

    def say(placeholder: Placeholder) -> str:
        match placeholder.kind:
            case "organisation":
                return procedure.name
            case "retention":
                return wording.term(procedure.retention.term)
            case _:
                return wording.term(procedure.deadline(placeholder.name).term)

    def block(placeholder: Placeholder) -> tuple[str, str]:
        body = procedure.appeal(placeholder.name)
        return render_to_string("public/_appeal.html", {"body": body}), body.title.in_language(language)

    return render(parse(text.in_language(language)), Voice(say, block), heading="h3")[0]


def dates_when_filed(procedure: Procedure, calendar: Calendar, *, at: datetime) -> list[DatedStep]:
    """What happens by when, if a complaint is filed at the instant `at`."""
    local = at.astimezone(zone_of(procedure))
    facts = {
        each.name: answers.sample(each, at=local)
        for each in procedure.intake.fields
        if each.kind in (FieldKind.CHOICE, FieldKind.DATE, FieldKind.YES_NO)
    }
    case = engine.happen(procedure, engine.Case(), procedure.intake.act, at=at, facts=facts, calendar=calendar).case
    return dated_steps(procedure, case, calendar)


def dated_steps(procedure: Procedure, case: engine.Case, calendar: Calendar) -> list[DatedStep]:
    """The running clocks that a complainant is told of, the first to end first."""
    zone = zone_of(procedure)
    language = spoken()
    found = []
    for clock in case.deadlines:
        rule = procedure.deadline(clock.rule)
        if clock.status is engine.Status.OPEN and rule.public:
            sentences = wording.counting(clock, rule, procedure=procedure, calendar=calendar, public=True)
            found.append(DatedStep(rule.public.in_language(language), clock.due.due, rule, sentences))
    return sorted(
        found, key=lambda step: step.due.astimezone(zone).date() if isinstance(step.due, datetime) else step.due
    )


def picture(procedure: Procedure) -> list[PictureStep]:
    """The steps of the procedure, placed on a line."""
    language = spoken()
    steps = []
    for number, step in enumerate(procedure.public.steps):
        rule = procedure.deadline(step.deadline) if step.deadline else None
        title = step.title.in_language(language)
        steps.append(
            PictureStep(
                number=number + 1,
                title=title,
                lines=_wrapped(title, 17),
                long_lines=_wrapped(title, 30),
                text=step.text.in_language(language),
                term=wording.term(rule.term) if rule else "",
                is_theirs=bool(rule and rule.owed_by is OwedBy.COMPLAINANT),
                x=20 + number * STEP_WIDTH,
                y=24 + number * STEP_HEIGHT,
            )
        )
    return steps


def _wrapped(text: str, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
