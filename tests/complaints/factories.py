"""What tests start from: organisations with their published procedure, people, and cases through the real actions.

Every function goes through the application's own actions; none writes a row behind their back.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from complaints.actions import THE_COMPLAINANT, Actor, open_case, staff
from complaints.models import Case, Membership, User
from procedures import answers
from procedures.catalogue import establish, procedure_of, publish, version_in_force, zone_of
from procedures.definition import Field, FieldKind, Procedure
from procedures.engine.values import INTAKE_FACTS
from procedures.loading import load
from procedures.models import Organisation
from procedures.scoping import scope

DEFINITIONS = Path(__file__).parents[2] / "procedures" / "definitions"
SLUGS = tuple(sorted(path.stem for path in DEFINITIONS.glob("*.toml")))
PUBLISHED_AT = datetime(2020, 1, 1, tzinfo=UTC)
_numbers = itertools.count(1)


@cache
def definition(slug: str) -> Procedure:
    return load((DEFINITIONS / f"{slug}.toml").read_text(encoding="utf-8"))


def published(slug: str) -> Organisation:
    """An organisation with its procedure published."""
    source = (DEFINITIONS / f"{slug}.toml").read_text(encoding="utf-8")
    organisation = establish(source, at=PUBLISHED_AT)
    publish(source, by="De directie", roles={definition(slug).publisher}, at=PUBLISHED_AT)
    return organisation


def publish_all() -> dict[str, Organisation]:
    return {slug: published(slug) for slug in SLUGS}


def account(name: str, **columns: object) -> User:
    """An account; `name` is "First Last"."""
    first, _, last = name.partition(" ")
    number = next(_numbers)
    email = f"{first.lower()}.{number}@medewerker.example"
    user = User(username=email, email=email, first_name=first, last_name=last, **columns)
    user.set_password("een lang wachtwoord")
    user.save()
    return user


def member(organisation: Organisation, name: str, *roles: str, user: User | None = None) -> Membership:
    """Someone who works in the organisation in these roles."""
    with scope(organisation.pk):
        return Membership.objects.create(user=user or account(name), roles=list(roles), since=PUBLISHED_AT)


def staffed(organisation: Organisation) -> dict[str, Membership]:
    """One member for each role of the organisation's procedure, and as many as are asked for where more are."""
    procedure = definition(organisation.slug)
    counts = {field.role: field.count for field in procedure.every_field() if field.kind is FieldKind.MEMBERS}
    members: dict[str, Membership] = {}
    for role in procedure.roles:
        for number in range(max(1, counts.get(role.name, 1))):
            each = member(organisation, f"Medewerker {role.name}{number or ''}", role.name)
            members.setdefault(role.name, each)
    return members


def intake_answers(procedure: Procedure, *, at: datetime, act: str = "", **given: object) -> dict[str, object]:
    """Answers to everything that is asked at filing; `given` wins."""
    facts: dict[str, object] = {"channel": procedure.intake.channels[0].name}
    definition_of_act = procedure.act(act or procedure.intake.act)
    for field in procedure.fields_of(definition_of_act):
        if field.kind not in (FieldKind.DOCUMENT, FieldKind.DOCUMENTS, FieldKind.PERSON) and field.required:
            facts[field.name] = answers.as_json(answers.sample(field, at=at))
    return facts | given


def filed_case(
    organisation: Organisation,
    *,
    at: datetime = datetime(2026, 11, 20, 9, 15, tzinfo=UTC),
    recorded_at: datetime | None = None,
    act: str = "",
    actor: Actor = THE_COMPLAINANT,
    **given: object,
) -> Case:
    """A case as the web form opens it, or by another opening act."""
    with scope(organisation.pk):
        procedure = procedure_of(version_in_force(at.date()))
        given.setdefault("name", "Jolanda Verweij")
        given.setdefault("email", "j.verweij@wilgenroos.example")
        known = {field.name for field in procedure.fields_of(procedure.act(act or procedure.intake.act))} | INTAKE_FACTS
        return open_case(
            answers=intake_answers(
                procedure, at=at, act=act, **{name: value for name, value in given.items() if name in known}
            ),
            actor=actor,
            received_at=at,
            recorded_at=recorded_at or at,
            act=act,
        ).case


def act_answers(
    procedure: Procedure, case: Case, act: str, members: Mapping[str, Membership], *, at: datetime, **given: object
) -> dict[str, object]:
    """Answers to everything that an act asks, with real members; `given` wins."""
    facts: dict[str, object] = {}
    for field in procedure.act(act).fields:
        if field.kind is FieldKind.MEMBER:
            facts[field.name] = str(members[field.role].pk)
        elif field.kind is FieldKind.MEMBERS:
            facts[field.name] = _several(field)
        elif field.kind not in (FieldKind.DOCUMENT, FieldKind.DOCUMENTS):
            facts[field.name] = answers.as_json(
                answers.sample(field, at=at.astimezone(zone_of(procedure)), later=given.pop("later", None))  # type: ignore[arg-type]
            )
    return facts | given


def _several(field: Field) -> list[str]:
    found = Membership.objects.filter(roles__contains=[field.role]).order_by("pk")[: field.count]
    return [str(each.pk) for each in found]


def actor_of(member_: Membership, case: Case) -> Actor:
    """What a member is in a case."""
    return staff(member_, procedure_of(case.version), case)
