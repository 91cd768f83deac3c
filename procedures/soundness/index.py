"""The names of a procedure and what they stand for, looked up once for all judgements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from procedures.definition import (
    PARTY_FIELDS,
    Act,
    Check,
    DeadlineRule,
    Field,
    FieldKind,
    Letter,
    Phase,
    Procedure,
    Role,
)
from procedures.engine import FILED_LATE, INDEPENDENCE_REASON
from procedures.soundness.findings import Path

EVERY_PHASE = "*"
YES_NO_FACTS = ("represented", "meant_as_complaint")  # engine.INTAKE_FACTS that are yes or no


@dataclass(frozen=True, slots=True)
class Asked:
    """A field, where it stands, and the act that asks it (none: the intake)."""

    field: Field
    path: Path
    act: Act | None = None


class Index:
    """What the names in a procedure stand for. Of two parts with one name the first counts."""

    def __init__(self, procedure: Procedure) -> None:
        self.procedure = procedure
        self.roles: Mapping[str, Role] = {role.name: role for role in reversed(procedure.roles)}
        self.phases: Mapping[str, Phase] = {phase.name: phase for phase in reversed(procedure.phases)}
        self.acts: Mapping[str, Act] = {act.name: act for act in reversed(procedure.acts)}
        self.checks: Mapping[str, Check] = {check.name: check for check in reversed(procedure.checks)}
        self.deadlines: Mapping[str, DeadlineRule] = {rule.name: rule for rule in reversed(procedure.deadlines)}
        self.letters: Mapping[str, Letter] = {letter.name: letter for letter in reversed(procedure.letters)}
        self.appeals = {appeal.name: appeal for appeal in reversed(procedure.appeals)}
        self.tracks = {track.name for track in procedure.tracks}
        self.asked = tuple(self._asked())
        self.fields: dict[str, list[Asked]] = {}
        for asked in self.asked:
            if asked.act is not None or asked.field.name not in PARTY_FIELDS:
                self.fields.setdefault(asked.field.name, []).append(asked)
        self.derived: Mapping[str, frozenset[str] | frozenset[bool]] = dict(self._derived())
        self.every_phase = frozenset(phase.name for phase in procedure.phases if not phase.is_end)

    def _asked(self) -> Iterator[Asked]:
        for number, field in enumerate(self.procedure.intake.fields):
            yield Asked(field, ("intake", "fields", number))
        for at, act in enumerate(self.procedure.acts):
            for number, field in enumerate(act.fields):
                yield Asked(field, ("acts", at, "fields", number), act)

    def _derived(self) -> Iterator[tuple[str, frozenset[str] | frozenset[bool]]]:
        """Facts that no field asks, with the values they can have."""
        intake = self.procedure.intake
        yield "channel", frozenset(channel.name for channel in intake.channels)
        if intake.confidentiality:
            yield "confidentiality", frozenset(choice.name for choice in intake.confidentiality)
        for name in YES_NO_FACTS:
            yield name, frozenset({True, False})
        if intake.window:
            yield FILED_LATE, frozenset({True, False})

    @property
    def condition_facts(self) -> frozenset[str]:
        """Facts that a condition may look at."""
        return frozenset(self.fields) | frozenset(self.derived)

    @property
    def letter_facts(self) -> frozenset[str]:
        """Facts that a letter may name."""
        reasons = {INDEPENDENCE_REASON} if any(act.independence for act in self.procedure.acts) else set()
        return frozenset(self.fields) | reasons

    @property
    def handler_role(self) -> str:
        return next((role.name for role in self.procedure.roles if role.is_handler), "")

    def phases_of(self, part: Act | Check) -> frozenset[str]:
        """The phases that the act or check belongs to, with "*" written out."""
        return self.every_phase if EVERY_PHASE in part.phases else frozenset(part.phases)

    def assigned_roles(self) -> frozenset[str]:
        """Roles that some act gives to people, case by case."""
        return frozenset(
            asked.field.role for asked in self.asked if asked.field.kind in (FieldKind.MEMBER, FieldKind.MEMBERS)
        )
