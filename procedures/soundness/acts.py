"""Acts, what they ask, the checklist and the intake."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from procedures.definition import (
    COMPLAINANT,
    HANDLER,
    PARTY_FIELDS,
    REPEATS,
    SYSTEM,
    VERDICTS,
    Act,
    Condition,
    Field,
    FieldKind,
    Independence,
    Letter,
    Meaning,
    OccurrenceKind,
)
from procedures.engine import INDEPENDENCE_REASON, UNTIL
from procedures.placeholders import placeholders_in
from procedures.soundness.findings import Finding, Path
from procedures.soundness.index import EVERY_PHASE, Index

_CHOICES = (FieldKind.CHOICE, FieldKind.CHOICES, FieldKind.POINTS)
_MEMBERS = (FieldKind.MEMBER, FieldKind.MEMBERS)
_WORDS = (FieldKind.TEXT, FieldKind.LONG_TEXT)


def findings(index: Index) -> Iterator[Finding]:
    """What is wrong with acts, fields, checks and intake."""
    for at, act in enumerate(index.procedure.acts):
        yield from _actors(act, ("acts", at))
        yield from _place(index, act, ("acts", at))
        yield from _asks(index, act, ("acts", at))
        if act.extends:
            yield from _extends(index, act, ("acts", at))
    for asked in index.asked:
        yield from _field(asked.field, asked.path, is_intake=asked.act is None)
    yield from _same_facts(index)
    yield from _assigned(index)
    yield from _checks(index)
    yield from _intake(index)
    yield from _rivals(index)


def _actors(act: Act, path: Path) -> Iterator[Finding]:
    if not act.by:
        yield Finding((*path, "by"), "name the roles that may do this.")
    elif act.is_automatic and act.by != (SYSTEM,):
        yield Finding((*path, "by"), 'write by = ["system"]: an act with "on" happens by itself.')
    elif SYSTEM in act.by and not act.is_automatic:
        yield Finding((*path, "by"), 'name people, or add "on": only what happens by itself is by "system".')


def _place(index: Index, act: Act, path: Path) -> Iterator[Finding]:
    if act.opens:
        if act.phases:
            yield Finding((*path, "phases"), "take this away: an act that opens a case belongs to no phase.")
        if not act.to:
            yield Finding((*path, "to"), "add this key: say in which phase the new case stands.")
        for key in ("on", "within", "after", "needs", "extends", "once"):
            if getattr(act, key):
                yield Finding((*path, key), "take this away: an act that opens a case comes before everything else.")
    elif not act.phases:
        yield Finding(
            (*path, "phases"), 'add this key: name the phases, ["*"] for all but the ends, or add opens = true.'
        )
    elif EVERY_PHASE in act.phases and len(act.phases) > 1 and set(act.phases) & index.every_phase:
        yield Finding((*path, "phases"), 'write only "*" and the ends: it stands for every other phase already.')


def _asks(index: Index, act: Act, path: Path) -> Iterator[Finding]:
    if act.is_automatic and act.fields:
        yield Finding(
            (*path, "fields", 0), "take this field away: nobody is there to answer when it happens by itself."
        )
    if act.independence and not any(field.kind in _MEMBERS for field in act.fields):
        yield Finding((*path, "independence"), 'add a field of kind "member" or "members": whose independence is it?')
    for at, field in enumerate(act.fields):
        if field.name == INDEPENDENCE_REASON and (act.independence is not Independence.SOFT or field.required):
            message = (
                'add required = false here and independence = "soft" to the act: only then this is asked if need be.'
            )
            yield Finding((*path, "fields", at), message)
    if act.opens:
        intake = {field.name for field in index.procedure.intake.fields}
        for at, field in enumerate(act.fields):
            if field.name in intake:
                message = "take this field away: the intake asks it already when a case is opened."
                yield Finding((*path, "fields", at), message)


def _extends(index: Index, act: Act, path: Path) -> Iterator[Finding]:
    """KO-12, KP-09: no extension without a reason and a notice to the complainant."""
    rule = index.deadlines[act.extends]
    until = next((field for field in act.fields if field.name == UNTIL), None)
    if rule.extension is None:
        yield Finding((*path, "extends"), f'choose another deadline, or add [deadline.extension] to "{rule.name}".')
    elif rule.extension.by is None and (until is None or until.kind is not FieldKind.DATE or not until.required):
        message = 'add a required field "until" of kind "date": the extension has no fixed amount.'
        yield Finding((*path, "extends"), message)
    elif rule.extension.by is not None and until is not None:
        where = (*path, "fields", act.fields.index(until))
        yield Finding(where, f"take this field away: the extension is always {rule.extension.by}.")
    reasons = [
        f.name for f in act.fields if f.name.endswith("reason") and f.kind in _WORDS and f.required and not f.when
    ]
    if not reasons:
        message = 'add a required text field whose name ends in "reason": whoever extends says why.'
        yield Finding((*path, "extends"), message)
    notices = [
        (at, letter)
        for at, letter in enumerate(index.procedure.letters)
        if COMPLAINANT in letter.to and any(on.kind is OccurrenceKind.ACT and on.name == act.name for on in letter.on)
    ]
    if not notices:
        yield Finding(
            (*path, "extends"), f'add a letter to the complainant with on = ["{act.name}"]: they must be told.'
        )
    elif reasons and not any(_tells(letter, reasons, rule.name) for _, letter in notices):
        message = (
            f"put {{fact.{reasons[0]}}} and {{due.{rule.name}}} in the body: an extension is told with its reason."
        )
        yield Finding(("letters", notices[0][0], "body"), message)


def _tells(letter: Letter, reasons: Sequence[str], deadline: str) -> bool:
    """Whether the letter says why a deadline was moved, and to which day."""
    held = {str(each) for each in placeholders_in(letter.body.nl)}
    dated = f"{{due.{deadline}}}" in held or ("{terms}" in held and deadline in letter.deadlines)
    return dated and any(f"{{fact.{reason}}}" in held for reason in reasons)


def _field(field: Field, path: Path, *, is_intake: bool) -> Iterator[Finding]:
    if field.kind in _CHOICES and not field.choices:
        yield Finding((*path, "choices"), "add this key: say what can be chosen.")
    if field.choices and not field.open_choices:
        yield Finding((*path, "choices"), "let at least one choice be an answer: each of these has a referral.")
    if field.choices and field.kind not in _CHOICES:
        yield Finding((*path, "choices"), f'take this away, or make the kind "choice": this is a "{field.kind}".')
    values = [choice.value for choice in field.choices]
    for at, value in enumerate(values):
        if value in values[:at]:
            yield Finding((*path, "choices", at), f'give this choice another value: "{value}" is taken above.')
    yield from _meanings(field, path)
    if field.kind in _MEMBERS and not field.role:
        yield Finding((*path, "role"), "add this key: say of which role the people are.")
    if field.role and field.kind not in _MEMBERS:
        yield Finding((*path, "role"), f'take this away, or make the kind "member": this is a "{field.kind}".')
    if field.kind is FieldKind.MEMBERS and field.count < 1:
        yield Finding((*path, "count"), "add this key: say how many people are chosen.")
    if field.count and field.kind is not FieldKind.MEMBERS:
        yield Finding((*path, "count"), f'take this away, or make the kind "members": this is a "{field.kind}".')
    if any(condition.fact == field.name for condition in field.when):
        yield Finding((*path, "when"), "ask it depending on something else than its own answer.")
    if is_intake and field.name in PARTY_FIELDS:
        kinds = {"email": FieldKind.EMAIL, "phone": FieldKind.PHONE}
        wanted = kinds.get(field.name, FieldKind.TEXT)
        if field.kind is not wanted:
            yield Finding((*path, "kind"), f'make the kind "{wanted}": "{field.name}" is kept with the person.')
        if not field.personal:
            yield Finding((*path, "personal"), f'add personal = true: "{field.name}" describes a person.')
    elif field.name in PARTY_FIELDS:
        yield Finding((*path, "name"), f'choose another name: "{field.name}" has a fixed meaning.')


def _meanings(field: Field, path: Path) -> Iterator[Finding]:
    """One answer comes down to one thing; every point of a complaint is judged."""
    meant = {choice.means for choice in field.choices if choice.means}
    for at, choice in enumerate(field.choices):
        where = (*path, "choices", at, "means")
        if choice.means and field.kind is FieldKind.CHOICES:
            yield Finding(where, 'take this away, or make the kind "choice": only one answer can mean something.')
        elif choice.means in REPEATS and (meant & VERDICTS or field.kind is FieldKind.POINTS):
            yield Finding(where, "ask in a field of its own whether it is a repeat: this is about the verdict.")
        elif choice.means is Meaning.REPEAT and any(each.means is choice.means for each in field.choices[:at]):
            yield Finding(where, "let one choice mean that it is a repeat: it is the one that is chosen beforehand.")
        elif field.kind is FieldKind.POINTS and meant & VERDICTS and not choice.means:
            yield Finding((*path, "choices", at), "say what this means as well: each point counts, whatever is chosen.")


def _same_facts(index: Index) -> Iterator[Finding]:
    """One name is one fact, whichever act asks it."""
    for name, places in index.fields.items():
        for place in places[1:]:
            if place.field.kind is not places[0].field.kind:
                message = f'make the kind "{places[0].field.kind}", as where "{name}" is asked first, or rename it.'
                yield Finding((*place.path, "kind"), message)


def _assigned(index: Index) -> Iterator[Finding]:
    """Whoever plays a part per case has to be given it by an act."""
    assigned = index.assigned_roles()
    if "" in assigned:
        return  # a field that has to say its role first
    procedure = index.procedure
    busy = {role for act in procedure.acts for role in act.by} | {
        role for check in procedure.checks for role in check.by
    }
    busy |= {role for each in procedure.letters for role in (*each.to, each.signed_by, *each.looked_at_by)}
    if HANDLER in busy:
        busy.add(index.handler_role)
    for at, role in enumerate(procedure.roles):
        if role.per_case and role.name in busy and role.name not in assigned:
            message = (
                f'add a field of kind "member" with role = "{role.name}" to an act: nobody is ever given this role.'
            )
            yield Finding(("roles", at), message)


def _checks(index: Index) -> Iterator[Finding]:
    needed = {name for act in index.procedure.acts for name in act.needs}
    for at, check in enumerate(index.procedure.checks):
        path: Path = ("checks", at)
        if not check.by:
            yield Finding((*path, "by"), "name the roles that may tick this.")
        if not check.phases:
            yield Finding((*path, "phases"), "name the phases in which this is on the list.")
        if not check.before and check.name not in needed:
            yield Finding(path, 'add "before" with the acts that wait for it: as it is, nothing depends on it.')
        for number, name in enumerate(check.before):
            if index.acts[name].opens or index.acts[name].is_automatic:
                message = f'choose another act: "{name}" cannot wait, because it opens a case or happens by itself.'
                yield Finding((*path, "before", number), message)


def _intake(index: Index) -> Iterator[Finding]:
    intake = index.procedure.intake
    act = index.acts[intake.act]
    if not act.opens or COMPLAINANT not in act.by:
        yield Finding(("intake", "act"), "choose an act that opens a case and that the complainant may do.")
    asked = {field.name: field for field in intake.fields}
    for one_of in (("name",), ("description",), ("email", "address")):
        if not set(one_of) & set(asked):
            message = 'add a field "' + '" or "'.join(one_of) + '".'
            yield Finding(("intake", "fields"), message)
    if not intake.channels:
        yield Finding(("intake", "channels"), "add at least one [[intake.channel]].")
    if intake.window and asked[intake.window.from_fact].kind is not FieldKind.DATE:
        yield Finding(("intake", "window", "from_fact"), 'choose a field of kind "date".')


def _rivals(index: Index) -> Iterator[Finding]:
    """Of two automatic acts on one occurrence only one may apply: the engine does the first."""
    automatic = [(at, act) for at, act in enumerate(index.procedure.acts) if act.is_automatic]
    for (_, first), (at, second) in combinations(automatic, 2):
        shared = [on for on in second.on if on in first.on]
        if shared and index.phases_of(first) & index.phases_of(second) and not _exclude(index, first.when, second.when):
            message = f'add conditions so that either this or "{first.name}" happens on "{shared[0]}".'
            yield Finding(("acts", at, "on"), message)


def _exclude(index: Index, first: Sequence[Condition], second: Sequence[Condition]) -> bool:
    return any(_opposite(index, one, other) for one in first for other in second)


def _opposite(index: Index, one: Condition, other: Condition) -> bool:
    """Whether the two can never hold together, for certain."""
    if one.done or other.done:
        return one.done == other.done and one.negated is not other.negated
    if one.fact != other.fact or (one.negated and other.negated):
        return False
    if one.negated is other.negated:
        several = any(asked.field.kind is FieldKind.CHOICES for asked in index.fields.get(one.fact, ()))
        return not several and not set(one.values) & set(other.values)
    negated, plain = (one, other) if one.negated else (other, one)
    return set(plain.values) <= set(negated.values)
