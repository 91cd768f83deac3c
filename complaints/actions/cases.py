"""Opening a case, doing an act in it, ticking its checklist, and letting time pass: each one transaction."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TypeAlias

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from complaints import access_codes
from complaints.actions.actors import THE_CLOCK, Actor
from complaints.actions.beside import QUIET, record_beside
from complaints.actions.documents import keep_documents
from complaints.actions.indexing import index_case
from complaints.actions.recording import Recorder, member_called
from complaints.actions.returning import note_returns
from complaints.models import BESIDE, Assignment, Case, Event, Membership, Party, ReferenceCounter
from complaints.queries.merging import together
from complaints.queries.state import state_of
from procedures import engine
from procedures.catalogue import calendar_of, local_day, procedure_of, version_in_force, zone_of
from procedures.definition import PARTY_FIELDS, Act, FieldKind, Procedure
from procedures.scoping import current

RESPONDENT = f"{BESIDE}respondent"
Files: TypeAlias = "Mapping[str, Sequence[UploadedFile[bytes]]]"


class CaseMovedOn(Exception):
    """The case changed after the form was made; what was typed has to be looked at again."""


class TooLate(Exception):
    """This was done or undone before: the talk is off, the request is met, the document was put to them."""


@dataclass(frozen=True, slots=True)
class Representative:
    """Who files for somebody else (KK-02). Letters for the complainant go to them."""

    name: str
    email: str = ""
    phone: str = ""
    address: str = ""
    postcode: str = ""
    town: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """A case that was opened, and the engine's picture of it. `access_code` is shown once; `is_replay` when the same
    form had opened it before."""

    case: Case
    access_code: str
    state: engine.Case
    is_replay: bool = False


@transaction.atomic
def open_case(
    *,
    answers: Mapping[str, object],
    actor: Actor,
    received_at: datetime,
    recorded_at: datetime,
    act: str = "",
    nonce: str = "",
    language: str = "nl",
    files: Files | None = None,
    representative: Representative | None = None,
) -> Opened:
    """Opens a case of the organisation in scope, under the procedure in force on the day it was received.

    `received_at` is when the complaint reached the organisation: terms count from it. `recorded_at` is now. `act` is an
    opening act of the procedure; without one, what the web form does. `nonce` makes a replay of the same form harmless.
    Raises engine.ActRefused, catalogue.NotInForce, uploads.UploadRefused.

    Side effects, in order: reference, case, parties, event (with answers, clocks, letters), documents, whatever
    time has already brought since `received_at`, the words that the case is found by, and on earlier cases of the same
    person that they came back.
    """
    nonce = nonce or secrets.token_urlsafe(32)
    code = _code_for(nonce)
    access_hash = access_codes.hashed(code)  # which takes its time, so before the others have to wait for us
    received_on = local_day(received_at)
    counter = held_counter(received_on.year)  # filings of one organisation take turns from here
    known = opened_with(nonce)
    if known:
        return known
    version = version_in_force(received_on)
    procedure = procedure_of(version)
    calendar = calendar_of(procedure, at=recorded_at)
    definition = procedure.act(act or procedure.intake.act)
    decision = engine.decide(
        procedure,
        engine.Case(),
        definition.name,
        at=received_at,
        by=actor.roles,
        facts=_with_file_names(procedure, definition, answers, files),
        calendar=calendar,
    )
    case = Case.objects.create(
        reference=_next_reference(procedure, counter),
        version=version,
        phase=decision.case.phase,
        track=procedure.phase(decision.case.phase).track,
        channel=str(decision.facts.get("channel", "")),
        language=language,
        received_at=received_at,
        nonce=nonce,
        access_hash=access_hash,
    )
    _add_complainant(case, answers)
    if representative:
        Party.objects.create(case=case, kind=Party.Kind.REPRESENTATIVE, **asdict(representative))
    if actor.membership:
        Assignment.objects.create(case=case, membership=actor.membership, role=Assignment.TAKEN_IN)
    recorder = Recorder(case, procedure, calendar, recorded_at)
    event = recorder.record(decision, actor)
    keep_documents(event, procedure, definition, files or {}, actor, at=recorded_at)
    state = let_time_pass(recorder, decision.case, recorded_at)
    index_case(case)
    email = str(answers.get("email") or "").strip()
    if email:
        note_returns([email], zone=zone_of(procedure))
    return Opened(case, code, state)


def opened_with(nonce: str) -> Opened | None:
    """What the form with this nonce opened before, with the code that it showed; None when it was not sent yet."""
    known = Case.objects.filter(nonce=nonce).first()
    if known is None:
        return None
    return Opened(known, _code_for(nonce), state_of(known, procedure_of(known.version)), is_replay=True)


@transaction.atomic
def perform(
    case: Case,
    act: str,
    *,
    answers: Mapping[str, object],
    actor: Actor,
    at: datetime,
    revision: int | None = None,
    files: Files | None = None,
) -> Event:
    """Does an act in a case at the instant `at`, as the procedure allows.

    `revision` is the one that the form was made from: CaseMovedOn when the case has changed since. Raises
    engine.ActRefused with the reason, or uploads.UploadRefused. Side effects: what time brought first, then the act.
    """
    recorder, state = _locked(case, at)
    if revision is not None and has_moved_on(recorder.case, revision):
        raise CaseMovedOn
    state = let_time_pass(recorder, state, at)
    procedure = recorder.procedure
    try:
        definition: Act | None = procedure.act(act)
    except KeyError:
        definition = None  # the engine says so
    decision = engine.decide(
        procedure,
        state,
        act,
        at=at,
        by=actor.roles,
        facts=_with_file_names(procedure, definition, answers, files) if definition else answers,
        calendar=recorder.calendar,
        respondents=respondents_of(recorder.case),
    )
    event = recorder.record(decision, actor)
    if definition and files:
        keep_documents(event, procedure, definition, files, actor, at=at)
    index_case(recorder.case)
    return event


@contextmanager
def rehearsed(case: Case, act: str, *, answers: Mapping[str, object], actor: Actor, at: datetime) -> Iterator[Event]:
    """The event that an act would be with the answers so far, and all that comes of it, to be looked at in the block.

    Nothing of it stays: at the end everything is rolled back, and nobody is nudged. What the answers lack is left open;
    files are passed by. Whether the act may be done is not asked.
    """
    with transaction.atomic():
        recorder, state = _locked(case, at)
        state = let_time_pass(recorder, state, at)
        decision = engine.foresee(recorder.procedure, state, act, at=at, facts=answers, calendar=recorder.calendar)
        try:
            yield recorder.record(decision, actor)
        finally:
            transaction.set_rollback(True)


@transaction.atomic
def tick_check(case: Case, check: str, *, actor: Actor, at: datetime, not_applicable: str = "") -> Event:
    """Ticks a point of the checklist; `not_applicable` says why it need not be done. Raises engine.ActRefused."""
    recorder, state = _locked(case, at)
    state = let_time_pass(recorder, state, at)
    decision = engine.tick(
        recorder.procedure,
        state,
        check,
        at=at,
        by=actor.roles,
        calendar=recorder.calendar,
        not_applicable=not_applicable,
    )
    return recorder.record(decision, actor)


@transaction.atomic
def note_sent(case: Case, letter: str, *, at: datetime, recorded_at: datetime, actor: Actor = THE_CLOCK) -> Event:
    """Records that a letter left at the instant `at`, with what the procedure hangs on that."""
    recorder, state = _locked(case, recorded_at)
    decision = engine.happen(recorder.procedure, state, f"sent:{letter}", at=at, facts={}, calendar=recorder.calendar)
    return recorder.record(decision, actor)


@transaction.atomic
def expire_due(*, at: datetime, limit: int = 100) -> int:
    """Lets time pass in the cases of the organisation in scope for which something is due by `at`; how many there were.

    Cases that somebody else holds are left to the next sweep.
    """
    due = Case.objects.select_for_update(skip_locked=True, of=("self",)).filter(wake_at__lte=at).order_by("wake_at")
    count = 0
    for case in due[:limit]:
        recorder = recorder_of(case, at)
        let_time_pass(recorder, state_of(case, recorder.procedure), at)
        count += 1
    return count


def respondents_of(case: Case) -> Collection[str]:
    """The people complained about, as member keys and as names; those of cases that were merged into this one too."""
    parties = Party.objects.filter(together(case), kind=Party.Kind.RESPONDENT).values_list("membership_id", "name")
    return {str(key) for key, _ in parties if key} | {name for _, name in parties}


@transaction.atomic
def link_respondent(case: Case, party: Party, member: Membership | None, *, actor: Actor, at: datetime) -> None:
    """Says which colleague a respondent is, so that the case is kept from them; None when they are no colleague."""
    changed = (
        Party.objects.filter(pk=party.pk, case=case, kind=Party.Kind.RESPONDENT)
        .exclude(membership=member)
        .update(membership=member)
    )
    if changed:
        facts = {"party": {"value": party.pk}, "member": {"value": member.pk if member else None}}
        record_beside(case, RESPONDENT, actor=actor, at=at, facts=facts)


def held(case: Case, revision: int | None = None) -> Case:
    """The case, held until the transaction ends. Raises CaseMovedOn when it is not as the form was made from."""
    fresh = Case.objects.select_for_update(of=("self",)).select_related("version").get(pk=case.pk)
    if revision is not None and has_moved_on(fresh, revision):
        raise CaseMovedOn
    return fresh


def has_moved_on(case: Case, revision: int) -> bool:
    """Whether more happened since the form was made than that the complainant took a copy along."""
    if case.revision == revision:
        return False
    return revision > case.revision or case.events.filter(number__gt=revision).exclude(occurrence__in=QUIET).exists()


def _code_for(nonce: str) -> str:
    return access_codes.code_for(f"{current()}:{nonce}")


def _locked(case: Case, at: datetime) -> tuple[Recorder, engine.Case]:
    fresh = Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
    recorder = recorder_of(fresh, at)
    return recorder, state_of(fresh, recorder.procedure)


def recorder_of(case: Case, at: datetime) -> Recorder:
    """What writes down at the instant `at` what happens in the case."""
    procedure = procedure_of(case.version)
    return Recorder(case, procedure, calendar_of(procedure, at=at), at)


def let_time_pass(recorder: Recorder, state: engine.Case, at: datetime) -> engine.Case:
    """Writes down what time brought to a case that is held; the case as it is then."""
    for decision in engine.pass_time(recorder.procedure, state, at=at, calendar=recorder.calendar):
        recorder.record(decision, THE_CLOCK)
        state = decision.case
    return state


def _next_reference(procedure: Procedure, counter: ReferenceCounter) -> str:
    counter.last += 1
    counter.save(update_fields=["last"])
    return f"{procedure.prefix}-{counter.year}-{counter.last:04d}"


def held_counter(year: int) -> ReferenceCounter:
    """The counter of a year, held until the transaction ends."""
    waiting = ReferenceCounter.objects.select_for_update()
    counter = waiting.filter(year=year).first()
    if counter is None:
        counter = waiting.get(pk=ReferenceCounter.objects.get_or_create(year=year)[0].pk)
    return counter


def _add_complainant(case: Case, answers: Mapping[str, object]) -> None:
    given = {name: str(answers.get(name) or "").strip() for name in PARTY_FIELDS}
    given["organisation_name"] = given.pop("organisation")
    Party.objects.create(
        case=case,
        kind=Party.Kind.COMPLAINANT,
        membership=member_called(given["name"]) if given["name"] else None,
        **given,
    )


def _with_file_names(
    procedure: Procedure, act: Act, answers: Mapping[str, object], files: Files | None
) -> dict[str, object]:
    """The answers, with the names of the files that were sent along as the answers to the fields that ask for them."""
    merged = dict(answers)
    for field in procedure.fields_of(act):
        sent = (files or {}).get(field.name)
        if sent and field.kind is FieldKind.DOCUMENTS:
            merged[field.name] = tuple(str(each.name) for each in sent)
        elif sent and field.kind is FieldKind.DOCUMENT:
            merged[field.name] = str(sent[0].name)
    return merged
