"""Why an act may not be done: phase, moment, role, conditions, answers, conflict, extension."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from procedures import deadlines as counting
from procedures.answers import BadAnswer, parse
from procedures.calendars import Calendar
from procedures.definition import (
    Act,
    Choice,
    Confidentiality,
    Fact,
    Field,
    FieldKind,
    FilingChannel,
    Independence,
    Procedure,
    Roll,
    Text,
)
from procedures.engine.standing import holds, is_asked, is_over, stands_in, waits_for
from procedures.engine.values import (
    INDEPENDENCE_REASON,
    INTAKE_FACTS,
    UNTIL,
    ActRefused,
    Case,
    Status,
)


def known_act(procedure: Procedure, name: str) -> Act:
    try:
        return procedure.act(name)
    except KeyError:
        raise ActRefused(
            Text(f"Deze procedure kent geen handeling “{name}”.", f"This procedure has no act “{name}”."),
            code="unknown",
        ) from None


def refuse_place(procedure: Procedure, case: Case, act: Act, at: datetime) -> None:
    if case.is_taken_over:
        raise ActRefused(
            Text(
                "Deze zaak komt uit een eerder register. Zij was daar al klaar.",
                "This case comes from an earlier register. It had ended there.",
            ),
            code="stopped",
        )
    if case.is_stopped:
        raise ActRefused(
            Text(
                "Deze zaak wordt samen met een andere zaak behandeld. Doe het daar.",
                "This case is handled together with another case. Do it there.",
            ),
            code="stopped",
        )
    if act.opens and case.phase:
        raise ActRefused(Text("Deze zaak is al geopend.", "This case has been opened already."), code="phase")
    if not act.opens and not stands_in(procedure, case, act.phases):
        phase = procedure.phase(case.phase).title if case.phase else Text("nog niet ingediend", "not yet filed")
        where = [procedure.phase(name).title for name in act.phases if name != "*"]
        raise ActRefused(
            Text(
                f"Dat kan niet in de fase “{phase.nl}”."
                + (f" Het kan in: {', '.join(t.nl for t in where)}." if where else ""),
                f"That is not possible in the phase “{phase.in_language('en')}”.",
            ),
            code="phase",
        )
    zone = ZoneInfo(procedure.zone)
    for rule, must_be_over in ((act.within, False), (act.after, True)):
        running = case.deadline(rule) if rule else None
        if not rule or (running and is_over(running, at=at, zone=zone) is must_be_over):
            continue
        title = procedure.deadline(rule).title
        if running is None:
            reason = Text(
                f"De termijn “{title.nl}” loopt nog niet.", f"The term “{title.in_language('en')}” is not running."
            )
        elif must_be_over:
            reason = Text(
                f"De termijn “{title.nl}” loopt nog tot en met {_written(running.due.due)}.",
                f"The term “{title.in_language('en')}” runs until {_written(running.due.due)}.",
            )
        else:
            reason = Text(
                f"De termijn “{title.nl}” is voorbij sinds {_written(running.due.due)}.",
                f"The term “{title.in_language('en')}” was over on {_written(running.due.due)}.",
            )
        raise ActRefused(reason, code="late" if act.within else "early")


def refuse_role(act: Act, by: Collection[str]) -> None:
    if not set(act.by) & set(by):
        raise wrong_role()


def wrong_role() -> ActRefused:
    return ActRefused(Text("Dat hoort niet bij uw rol.", "That does not belong to your role."), code="role")


def refuse_conditions(procedure: Procedure, case: Case, act: Act) -> None:
    if not holds(case, act):
        raise ActRefused(
            Text("Dat is in deze zaak niet aan de orde.", "That does not apply to this case."), code="condition"
        )
    if act.once and act.name in case.done:
        raise ActRefused(Text("Dat is al gedaan.", "That has been done already."), code="done")
    missing = [check.title for check in waits_for(procedure, case, act)]
    if missing:
        raise ActRefused(
            Text(
                f"Dat kan pas als dit is gedaan: {', '.join(title.nl for title in missing)}.",
                f"First do this: {', '.join(title.in_language('en') for title in missing)}.",
            ),
            code="checks",
        )


def answers_of(procedure: Procedure, case: Case, act: Act, given: Mapping[str, object]) -> dict[str, Fact]:
    """The answers as facts. Raises ActRefused naming every field that is missing, wrong or not asked."""
    answers, wrong = answers_so_far(procedure, case, act, given)
    if wrong:
        raise ActRefused(
            Text("Er ontbreekt nog iets, of er klopt iets niet.", "Something is missing or not right."),
            code="answers",
            fields=wrong,
        )
    return answers


def answers_so_far(
    procedure: Procedure, case: Case, act: Act, given: Mapping[str, object]
) -> tuple[dict[str, Fact], dict[str, Text]]:
    """The answers that can be used, and what is wrong by field: missing, not to be read, not asked."""
    zone = ZoneInfo(procedure.zone)
    asked = {each.name: each for each in procedure.fields_of(act)}
    answers: dict[str, Fact] = {}
    wrong: dict[str, Text] = {}
    for name, raw in given.items():
        asked_for = asked.get(name)
        if raw is None or raw in ("", (), []):
            continue
        if asked_for is None:
            asked_for = _unwritten(procedure, act, name)
        if asked_for is None:
            wrong[name] = Text("Dit wordt hier niet gevraagd.", "This is not asked here.")
            continue
        try:
            answers[name] = parse(asked_for, raw, zone=zone)
        except BadAnswer as bad:
            wrong[name] = bad.message
    known = {**case.facts, **answers}
    for each in asked.values():
        if each.name in wrong:
            continue
        if not is_asked(each, known, case.done):
            answers.pop(each.name, None)  # answered, and then made needless by another answer
            known = {**case.facts, **answers}
        elif each.required and each.name not in answers:
            wrong[each.name] = Text("Vul dit in.", "Fill this in.")
    return answers, wrong


def _unwritten(procedure: Procedure, act: Act, name: str) -> Field | None:
    """What may be told besides the fields that the document writes out."""
    if act.independence and name == INDEPENDENCE_REASON:
        return Field(name, Text("Waarom kan het niet anders?"), FieldKind.LONG_TEXT)
    if not act.opens or name not in INTAKE_FACTS:
        return None
    parts: tuple[FilingChannel, ...] | tuple[Confidentiality, ...]
    if name == "channel":
        parts = procedure.intake.channels
    elif name == "confidentiality":
        parts = procedure.intake.confidentiality
    else:
        return Field(name, Text(name), FieldKind.YES_NO)
    return Field(name, Text(name), FieldKind.CHOICE, choices=tuple(Choice(each.name, each.title) for each in parts))


def refuse_conflict(act: Act, answers: Mapping[str, Fact], respondents: Collection[str]) -> None:
    """The member chosen may not be someone the complaint is about (KO-09; soft with a written reason: KP-05)."""
    if act.independence is None:
        return
    chosen: set[str] = set()
    for asked_for in act.fields:
        value = answers.get(asked_for.name)
        if asked_for.kind is FieldKind.MEMBER and isinstance(value, str):
            chosen.add(value)
        elif asked_for.kind is FieldKind.MEMBERS and isinstance(value, tuple):
            chosen.update(str(each) for each in value)
    if not chosen & set(respondents):
        return
    if act.independence is Independence.HARD:
        raise ActRefused(
            Text(
                "De klacht gaat over deze persoon. Kies iemand anders.",
                "The complaint is about this person. Choose someone else.",
            ),
            code="independence",
        )
    if not answers.get(INDEPENDENCE_REASON):
        wanted = Text(
            "De klacht gaat over deze persoon. Kies iemand anders, of schrijf op waarom het niet anders kan.",
            "The complaint is about this person. Choose someone else, or write down why that is not possible.",
        )
        raise ActRefused(wanted, code="independence", fields={INDEPENDENCE_REASON: wanted})


def refuse_no_more_time(procedure: Procedure, case: Case, act: Act) -> None:
    """A deadline is extended only while it is owed, and as often as the document says."""
    if not act.extends:
        return
    running = case.deadline(act.extends)
    extension = procedure.deadline(act.extends).extension
    if running is None or extension is None or running.met_at or running.status is Status.DROPPED:
        raise ActRefused(
            Text("Deze termijn loopt niet (meer).", "This term is not running (any more)."), code="extension"
        )
    if extension.times and len(running.extensions) >= extension.times:
        raise ActRefused(
            Text(
                f"Deze termijn mag hoogstens {extension.times} keer worden verlengd.",
                f"This term may be extended {extension.times} time(s) at most.",
            ),
            code="extension",
        )


def refuse_extension(
    procedure: Procedure,
    case: Case,
    act: Act,
    answers: Mapping[str, Fact],
    *,
    at: datetime,
    calendar: Calendar,
) -> None:
    """How often, how much, until when at most and how late is what the document says."""
    refuse_no_more_time(procedure, case, act)
    running = case.deadline(act.extends) if act.extends else None
    extension = procedure.deadline(act.extends).extension if act.extends else None
    if running is None or extension is None:
        return
    zone = ZoneInfo(procedure.zone)
    today = at.astimezone(zone).date()
    old_end = _day(running.due.raw, zone)
    if extension.may_be_late:
        last = counting.compute(old_end, extension.may_be_late, calendar=calendar, zone=zone, roll=Roll.NONE)
        if counting.is_overdue(last, at=at, zone=zone):
            raise ActRefused(
                Text(
                    f"Verlengen kon nog tot en met {_written(last.due)}.",
                    f"Extending was possible until {_written(last.due)}.",
                ),
                code="extension",
            )
    if extension.by:
        return
    until = answers.get(UNTIL)
    wrong: Text | None = None
    if not isinstance(until, date):
        wrong = Text("Vul een datum in.", "Enter a date.")
    elif until <= old_end:
        wrong = Text(f"Kies een dag na {_written(old_end)}.", f"Choose a day after {_written(old_end)}.")
    elif until < today:
        wrong = Text("Kies een dag die nog komt.", "Choose a day that is still to come.")
    elif extension.at_most:
        base = {"start": _day(running.start, zone), "end": old_end, "act": today}[extension.at_most_from]
        last = counting.compute(base, extension.at_most, calendar=calendar, zone=zone, roll=Roll.NONE)
        if until > _day(last.due, zone):
            wrong = Text(
                f"Kies een dag tot en met {_written(last.due)}.",
                f"Choose a day up to and including {_written(last.due)}.",
            )
    if wrong:
        raise ActRefused(wrong, code="extension", fields={UNTIL: wrong})


def _day(moment: date | datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date() if isinstance(moment, datetime) else moment


def _written(day: date | datetime) -> str:
    return f"{day.day}-{day.month}-{day.year}"
