"""Merging two cases: the younger one ends and is handled in the older one. And undoing that."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import ProtectedError, QuerySet
from django.utils.translation import gettext as _

from complaints.actions.actors import Actor
from complaints.actions.beside import record_beside
from complaints.actions.cases import CaseMovedOn, has_moved_on, let_time_pass, recorder_of
from complaints.actions.correspondence import addressee_of, post_beside
from complaints.actions.indexing import index_case
from complaints.actions.recording import Recorder, in_history
from complaints.letters import invitation
from complaints.models import Answer, BatchedLetter, Case, Event, Letter, Membership, Party
from complaints.queries.mergeable import hindrance, hindrance_to_parting
from complaints.queries.merging import JOINED, LEFT_AGAIN, MERGED, PARTED, is_same_complainant, merge_of
from complaints.queries.sides import sender_of
from complaints.queries.state import state_of
from procedures import engine
from procedures.catalogue import procedure_of, zone_of

# What has not left, whether it waits for a worker, for a look, for the post or for another address.
WAITING = (Letter.State.HELD, Letter.State.WAITING, Letter.State.TO_POST, Letter.State.FAILED)
NOT_RECORDED = "not_recorded"  # of a failed letter that did leave


class NotMerged(Exception):
    """Why these cases were not merged, or not parted, in words."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two cases, who the member is in it, and the revision that the form was made from."""

    case: Case
    actor: Actor
    revision: int


@transaction.atomic
def merge(younger: Side, main: Side, reason: str = "", *, at: datetime) -> Event:
    """Ends the younger case at the instant `at`: it is handled in the main one, whose terms stand.

    `reason` says why, where not one person complains in both. Raises NotMerged with why not, CaseMovedOn.

    Side effects, in order: what time brought to both; its letters that have not left are stopped (an acknowledgement
    too: the letter below says that the complaint was received); an event on both; whom the younger one is about stands
    in the main one too; and a letter to who complains in the younger one, which names the main case only to who
    complains there.
    """
    ending, staying = _held(younger, main)
    member = younger.actor.member
    recorder = recorder_of(ending, at)
    state = let_time_pass(recorder, state_of(ending, recorder.procedure), at)
    _let_time_pass(staying, at)
    if (ending.received_at, ending.pk) < (staying.received_at, staying.pk) or ending.pk == staying.pk:
        raise NotMerged(_("De oudste zaak gaat door. Kies de zaken andersom."))
    if problem := hindrance(ending, staying, at=at):
        raise NotMerged(problem)
    is_same = is_same_complainant(ending, staying)
    if not is_same and not reason:
        raise NotMerged(_("Schrijf op waarom deze zaken bij elkaar horen: de indieners zijn niet dezelfde."))
    stopped = _stop_letters(Letter.objects.filter(case=ending), at=at)
    decision = engine.happen(recorder.procedure, state, engine.STOP, at=at, facts={}, calendar=recorder.calendar)
    ending.merged_into = staying
    told = {"into": staying.pk, "same": is_same, "letters": stopped}
    event = _record(recorder, replace(decision, occurrence=MERGED), younger.actor, told, reason)
    facts = {"case": {"value": ending.pk}, "parties": {"value": _bring_respondents(ending, staying)}}
    record_beside(staying, JOINED, actor=main.actor, at=at, facts=facts)
    index_case(staying)
    _write(event, invitation.Occasion.MERGED, member, main=staying.reference if is_same else "")
    return event


@transaction.atomic
def part(younger: Side, main: Side, reason: str, *, at: datetime) -> Event:
    """Lets a merged case go on by itself again, at the instant `at`, for whoever merged it, while the main case is open
    and not decided. Raises NotMerged, CaseMovedOn.

    Its clocks run again to the ends that they had, and its letters wait again as they did; then what time brought
    meanwhile happens now. Whom it is about stands in the main case no more, unless they were heard there. The
    complainant is told, unless the letter that said otherwise has not left: that is stopped.
    """
    ended, staying = _held(younger, main)
    member = younger.actor.member
    _let_time_pass(staying, at)
    if ended.merged_into_id != staying.pk:
        raise CaseMovedOn
    ended.merged_into = staying
    merged = merge_of(ended)
    if problem := hindrance_to_parting(ended, merged, member):
        raise NotMerged(problem)
    told = Letter.objects.filter(event=merged.event, name=invitation.MERGED)
    _stop_letters(told, at=at)
    is_told = told.exclude(state=Letter.State.STOPPED).exists()
    for key, state in merged.event.facts["letters"]["value"]:
        is_waiting = state == Letter.State.WAITING
        Letter.objects.filter(pk=key, case=ended, state=Letter.State.STOPPED).update(
            state=state, attempts=0, try_at=at if is_waiting else None
        )
    clocks = tuple(
        f"{each['rule']}#{each['number']}"
        for each in merged.event.decision["deadlines"]
        if each["status"] == engine.Status.DROPPED
    )
    recorder = recorder_of(ended, at)
    state = state_of(ended, recorder.procedure)
    decision = engine.happen(
        recorder.procedure, state, engine.RESUME, at=at, facts={engine.CLOCKS: clocks}, calendar=recorder.calendar
    )
    _take_respondents_back(ended, staying)
    ended.merged_into = None
    decision = replace(decision, occurrence=PARTED, facts={})
    event = _record(recorder, decision, younger.actor, {engine.CLOCKS: list(clocks)}, reason)
    record_beside(staying, LEFT_AGAIN, actor=main.actor, at=at, facts={"case": {"value": ended.pk}})
    if is_told:
        _write(event, invitation.Occasion.PARTED, member)
    let_time_pass(recorder, decision.case, at)
    return event


def _held(younger: Side, main: Side) -> tuple[Case, Case]:
    """Both cases, held until the transaction ends; always in the same order, so that no two wait for each other."""
    keys = (younger.case.pk, main.case.pk)
    rows = Case.objects.select_for_update(of=("self",)).select_related("version", "handler__user")
    held = {each.pk: each for each in rows.filter(pk__in=keys).order_by("pk")}
    if any(has_moved_on(held[each.case.pk], each.revision) for each in (younger, main)):
        raise CaseMovedOn
    return held[younger.case.pk], held[main.case.pk]


def _let_time_pass(case: Case, at: datetime) -> None:
    recorder = recorder_of(case, at)
    let_time_pass(recorder, state_of(case, recorder.procedure), at)


def _bring_respondents(ending: Case, staying: Case) -> list[int]:
    """Lets those whom the one is about be heard in the other; the keys of the parties that are new there."""
    there = list(staying.parties.filter(kind=Party.Kind.RESPONDENT))
    members, names = {each.membership_id for each in there} - {None}, {_plain(each.name) for each in there}
    new = []
    for each in ending.parties.filter(kind=Party.Kind.RESPONDENT):
        if each.membership_id not in members and _plain(each.name) not in names:
            each.pk, each.case = None, staying
            each._state.adding = True  # noqa: SLF001  # as Django's documentation has it for copying a row
            each.save()
            new.append(each.pk)
    return new


def _take_respondents_back(ended: Case, staying: Case) -> None:
    joined = Event.objects.filter(case=staying, occurrence=JOINED, facts__case__value=ended.pk).latest("number")
    for each in Party.objects.filter(case=staying, pk__in=joined.facts["parties"]["value"]):
        with suppress(ProtectedError), transaction.atomic():
            each.delete()
    index_case(staying)


def _plain(name: str) -> str:
    return "".join(name.casefold().split())


def _stop_letters(letters: QuerySet[Letter], *, at: datetime) -> list[list[object]]:
    """Stops those of the letters that have not left; key and former state of each.

    Raises NotMerged while a sender has one in hand, or one is printed: whether that leaves cannot be known. Rows that a
    sender holds are not waited for, because the sender would wait for the case.
    """
    waiting = letters.filter(state__in=WAITING).exclude(error=NOT_RECORDED)
    free = list(waiting.select_for_update(of=("self",), skip_locked=True).order_by("pk"))
    if len(free) < waiting.count() or any(each.lease_until and each.lease_until > at for each in free):
        raise NotMerged(_("Er gaat nu net een brief weg. Probeer het over een paar minuten opnieuw."))
    keys = [each.pk for each in free]
    if BatchedLetter.objects.filter(letter__in=keys, fate=BatchedLetter.Fate.WAITING).exists():
        raise NotMerged(_("Een brief uit deze zaak ligt gedrukt in een stapel. Post hem eerst, of haal hem eruit."))
    Letter.objects.filter(pk__in=keys).update(state=Letter.State.STOPPED, try_at=None, lease_until=None, token=None)
    return [[each.pk, each.state] for each in free]


def _record(
    recorder: Recorder, decision: engine.Decision, actor: Actor, told: Mapping[str, object], reason: str
) -> Event:
    salt = secrets.token_hex(16)
    also = {name: {"value": value} for name, value in told.items()}
    if reason:
        also["reason"] = in_history("reason", reason, {"reason": salt})  # type: ignore[assignment]
    event = recorder.record(decision, actor, also=also)
    if reason:
        Answer.objects.create(
            case=event.case, event=event, name=event.occurrence, value=reason, is_personal=True, salt=salt
        )
    return event


def _write(event: Event, occasion: invitation.Occasion, member: Membership, main: str = "") -> None:
    case = event.case
    addressee = addressee_of(Party.objects.get(case=case, kind=Party.Kind.COMPLAINANT), case)
    written = invitation.write_merged(
        occasion,
        to=addressee.recipient,
        sender=sender_of(case, member),
        reference=case.reference,
        received_on=case.received_at.astimezone(zone_of(procedure_of(case.version))).date(),
        main=main,
    )
    post_beside(event, addressee, invitation.MERGED, written, member)
