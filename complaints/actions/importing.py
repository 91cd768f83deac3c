"""Taking over the register that an organisation kept before: trying a file, keeping it until somebody confirms, and
writing down its cases.

Those cases had ended. They come with three events at most, each on its own day: receipt, decision and end. Nothing
follows from them: no clock, no letter, no mail, and no way in for who complained.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from django.core.files.base import ContentFile
from django.db import transaction

from complaints.actions.actors import Actor
from complaints.actions.cases import held_counter
from complaints.actions.drafts import discard
from complaints.actions.recording import in_history
from complaints.earlier.columns import CHANNEL, SUBJECT, columns_of
from complaints.earlier.judging import Entry, Trial, judge, same
from complaints.earlier.reading import MOST_ROWS, rows_of
from complaints.models import (
    IMPORTED,
    IMPORTED_DECISION,
    IMPORTED_END,
    Answer,
    Case,
    Draft,
    DraftFile,
    EarlierNumber,
    Event,
    Membership,
)
from complaints.queries.earlier import adopted_among, numbers_taken_over
from complaints.queries.search import words_of_earlier
from procedures import answers, engine
from procedures.catalogue import procedure_of, version_at, zone_of
from procedures.definition import Fact, Procedure
from procedures.models import Organisation, ProcedureVersion
from procedures.scoping import current

KEPT_FOR: Final = timedelta(hours=2)  # a file that was tried and not confirmed
_AT_ONCE: Final = 500  # rows of a table that are written together
_FIELD: Final = "earlier_register"


class NotTaken(Exception):
    """Nothing was taken over, because rows of the file are faulty."""

    def __init__(self, trial: Trial) -> None:
        super().__init__(f"{len(trial.faults)} faults")
        self.trial = trial


def try_out(content: bytes, *, at: datetime, most: int = MOST_ROWS) -> Trial:
    """What taking over this file of `most` rows would do, at the instant `at`; writes nothing. Raises reading.NotRead.

    Cases follow the version of the procedure that is in force then: the ones from before have none of their own.
    """
    procedure = procedure_of(version_at(at))
    rows = rows_of(content, columns_of(procedure), most=most)
    names = [each.name for each in Membership.objects.select_related("user")]
    known = frozenset(same(each) for each in numbers_taken_over())
    trial = judge(rows, procedure, known=known, names=names, at=at)
    zone = zone_of(procedure)
    years = {
        moment.astimezone(zone).year
        for each in trial.entries
        for moment in (each.received_at, each.decided_at or each.closed_at)
    }
    sha256 = hashlib.sha256(content).hexdigest()
    return replace(trial, years=tuple(adopted_among(years)) if years else (), sha256=sha256)


@transaction.atomic
def take_over(content: bytes, *, actor: Actor, at: datetime) -> Trial:
    """Takes over the cases of a file at the instant `at`: all of them or, where one row is faulty, none.

    Rows that are here already are passed by, so that doing it again does no harm. Raises reading.NotRead or NotTaken.
    Two at the same time take turns. Side effects, in order: the file is judged again; numbers; and for each lot of
    cases their rows, old numbers, events and answers.
    """
    Organisation.objects.select_for_update(no_key=True).get(pk=current())
    trial = try_out(content, at=at)
    if trial.faults:
        raise NotTaken(trial)
    version = version_at(at)
    writer = _Writer(version, procedure_of(version), actor, at, trial.sha256)
    writer.write_all(trial.entries)
    return trial


@transaction.atomic
def keep_file(content: bytes, *, member: Membership, at: datetime) -> str:
    """Keeps a file that was tried until the same member confirms it; what it is found by. It goes by itself."""
    nonce = secrets.token_urlsafe(32)
    draft = Draft.objects.create(nonce=nonce, answers={"member": member.pk}, expires_at=at + KEPT_FOR)
    kept = DraftFile(draft=draft, field=_FIELD, title="register.csv", content_type="text/csv", size=len(content))
    kept.file.save(f"{uuid.uuid4()}.csv", ContentFile(content), save=False)
    kept.save()
    return nonce


def kept_file(nonce: str, sha256: str, *, member: Membership, at: datetime) -> bytes | None:
    """The file that this member tried, while it is kept and is the very same; else None."""
    files = DraftFile.objects.select_related("draft").filter(field=_FIELD, draft__nonce=nonce)
    kept = files.filter(draft__expires_at__gt=at).first()
    if kept is None or kept.draft.answers != {"member": member.pk}:
        return None
    with kept.file.open("rb") as stored:
        content: bytes = stored.read()
    return content if hmac.compare_digest(hashlib.sha256(content).hexdigest(), sha256) else None


def forget_file(nonce: str) -> None:
    """Throws away a file that was confirmed, or that nobody wants to confirm any more."""
    kept = Draft.objects.filter(nonce=nonce, files__field=_FIELD).first()
    if kept is not None:
        discard(kept)


class _Writer:
    """Writes the rows of cases that were over, a lot at a time."""

    def __init__(
        self, version: ProcedureVersion, procedure: Procedure, actor: Actor, at: datetime, sha256: str
    ) -> None:
        self.version = version
        self.procedure = procedure
        self.actor = actor
        self.at = at
        self.sha256 = sha256

    def write_all(self, entries: Iterable[Entry]) -> None:
        """Writes the entries by local year, with numbers in the order in which they came in. The running year is last:
        who files a complaint waits for its counter until the transaction ends."""
        zone = zone_of(self.procedure)
        by_year: dict[int, list[Entry]] = defaultdict(list)
        for each in entries:
            by_year[each.received_at.astimezone(zone).year].append(each)
        for year in sorted(by_year):
            came = sorted(by_year[year], key=lambda entry: (entry.received_at, entry.row))
            counter = held_counter(year)
            first = counter.last + 1
            counter.last += len(came)
            counter.save(update_fields=["last"])
            numbered = [
                (f"{self.procedure.prefix}-{year}-{number:04d}", each) for number, each in enumerate(came, start=first)
            ]
            for start in range(0, len(numbered), _AT_ONCE):
                self._write(numbered[start : start + _AT_ONCE])

    def _write(self, numbered: Sequence[tuple[str, Entry]]) -> None:
        cases = Case.objects.bulk_create(self._case(reference, each) for reference, each in numbered)
        EarlierNumber.objects.bulk_create(
            EarlierNumber(case=case, number=each.number)
            for case, (_reference, each) in zip(cases, numbered, strict=True)
        )
        events: list[Event] = []
        rows: list[Answer] = []
        for case, (_reference, each) in zip(cases, numbered, strict=True):
            for event, told in self._events(case, each):
                events.append(event)
                rows += told
        Event.objects.bulk_create(events)
        for row in rows:
            row.event_id = row.event.pk  # which it has since a moment
        Answer.objects.bulk_create(rows)

    def _case(self, reference: str, each: Entry) -> Case:
        phase = self.procedure.phase(each.phase)
        case = Case(
            reference=reference,
            version=self.version,
            subject=each.texts.get(SUBJECT, ""),
            track=phase.track,
            phase=phase.name,
            outcome=phase.outcome,
            channel=str(each.received.get(CHANNEL, "")),
            received_at=each.received_at,
            closed_at=each.closed_at,
            revision=2 + (each.decided_at is not None),
            imported_at=self.at,
        )
        told = {IMPORTED: dict(each.texts), **each.later, **each.received}
        case.words = words_of_earlier(case, each.number, told, self.procedure)
        return case

    def _events(self, case: Case, each: Entry) -> Iterator[tuple[Event, list[Answer]]]:
        """The events with their answers. What somebody wrote is an answer of its own; the event has its salted hash."""
        texts = {"texts": dict(each.texts)} if each.texts else {}
        yield self._event(case, 1, IMPORTED, each.received_at, each.received, texts=texts)
        number = 2
        later = each.later
        if each.decided_at is not None:
            yield self._event(case, number, IMPORTED_DECISION, each.decided_at, later)
            number, later = number + 1, {}
        yield self._event(case, number, IMPORTED_END, each.closed_at, later, phase=each.phase)

    def _event(
        self,
        case: Case,
        number: int,
        occurrence: str,
        moment: datetime,
        facts: Mapping[str, Fact],
        *,
        texts: Mapping[str, dict[str, str]] | None = None,
        phase: str = "",
    ) -> tuple[Event, list[Answer]]:
        kept: dict[str, object] = {name: in_history(name, fact, {}) for name, fact in facts.items()}
        if phase:
            kept[engine.PHASE] = {"value": phase}
        event = Event(
            case=case,
            number=number,
            occurrence=occurrence,
            at=moment,
            recorded_at=self.at,
            by=self.actor.by,
            member=self.actor.membership,
            roles=sorted(self.actor.roles),
            facts=kept,
            decision={"phase": phase, "file": self.sha256, **self.actor.in_history},
        )
        rows = [
            Answer(case=case, event=event, name=name, value=answers.as_json(fact), is_personal=False)
            for name, fact in facts.items()
        ]
        for name, told in (texts or {}).items():
            salt = secrets.token_hex(16)
            kept[name] = in_history(name, told, {name: salt})  # type: ignore[arg-type]  # JSON as it is
            rows.append(Answer(case=case, event=event, name=IMPORTED, value=told, is_personal=True, salt=salt))
        return event, rows
