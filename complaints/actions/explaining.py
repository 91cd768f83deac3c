"""Acts that somebody explains: a decision though not everybody was heard, a complaint that repeats no other though it
looks like one, a verdict that is not what its points say.

What is explained is a matter of the people who act: replaying and the clock do not know it. It stands in the history
just before the act, or after the one that opens a case; reasons are kept as answers, with the salt of their hash.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from complaints.actions import committees
from complaints.actions.actors import Actor
from complaints.actions.beside import record_beside, record_reason
from complaints.actions.cases import Files, Opened, Representative, held, open_case, perform
from complaints.models import BESIDE, Case, Disclosure, Event
from complaints.queries import repeats, sides
from procedures.catalogue import procedure_of

LET_GO, NO_REPEAT, CONFIRMED = sides.LET_GO_BECAUSE, repeats.NO_REPEAT_BECAUSE, f"{BESIDE}verdict_confirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What somebody wrote or confirmed besides the answers of an act; empty where there was nothing to explain."""

    unheard: str = ""  # why it can be decided though documents were not put to somebody
    no_repeat: str = ""  # why it is no repeat of the cases that look like it
    alike: tuple[str, ...] = ()  # the numbers of those cases
    is_verdict_meant: bool = False  # though the points say something else


@transaction.atomic
def perform_explained(
    case: Case,
    act: str,
    why: Explained,
    *,
    answers: Mapping[str, object],
    actor: Actor,
    at: datetime,
    revision: int,
    files: Files | None = None,
) -> Event:
    """Does an act with what was explained. Raises what `cases.perform` raises.

    A reason why somebody need not be heard stands with each document that was not put to them, too. When the act takes
    an appeal to who judges it, the dossier is sealed and they are invited.
    """
    fresh = held(case, revision)
    committees.refuse_unready(fresh, act, answers=answers, actor=actor)
    if why.unheard:
        _let_go(fresh, act, why.unheard, actor=actor, at=at)
    _record(fresh, act, why, actor=actor, at=at)
    fresh.refresh_from_db(fields=["revision"])
    event = perform(case, act, answers=answers, actor=actor, at=at, revision=fresh.revision, files=files)
    committees.follow(event, actor=actor, at=at)
    return event


@transaction.atomic
def open_explained(
    why: Explained,
    *,
    answers: Mapping[str, object],
    actor: Actor,
    received_at: datetime,
    recorded_at: datetime,
    act: str,
    nonce: str,
    files: Files | None = None,
    representative: Representative | None = None,
) -> Opened:
    """Opens a case with what was explained. Raises what `cases.open_case` raises."""
    opened = open_case(
        answers=answers,
        actor=actor,
        received_at=received_at,
        recorded_at=recorded_at,
        act=act,
        nonce=nonce,
        files=files,
        representative=representative,
    )
    if not opened.is_replay:
        _record(opened.case, act, why, actor=actor, at=recorded_at)
    return opened


def _record(case: Case, act: str, why: Explained, *, actor: Actor, at: datetime) -> None:
    facts: dict[str, object] = {"act": {"value": act}}
    if why.no_repeat:
        keys = Case.objects.filter(reference__in=why.alike).order_by("pk").values_list("pk", flat=True)
        alike = {**facts, "cases": {"value": list(keys)}}
        record_reason(case, NO_REPEAT, why.no_repeat, actor=actor, at=at, facts=alike)
    if why.is_verdict_meant:
        record_beside(case, CONFIRMED, actor=actor, at=at, facts=facts)


def _let_go(case: Case, act: str, reason: str, *, actor: Actor, at: datetime) -> None:
    missing = sides.unheard(sides.matrix(case, procedure_of(case.version)))
    keys = [[document.pk, party.pk] for document, party in missing]
    record_reason(case, LET_GO, reason, actor=actor, at=at, facts={"act": {"value": act}, "missing": {"value": keys}})
    Disclosure.objects.bulk_create(
        Disclosure(document=document, party=party, withheld=reason, member=actor.member, at=at)
        for document, party in missing
    )
