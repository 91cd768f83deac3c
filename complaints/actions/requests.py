"""Asking a party for something: with a last day, a reminder before it, and that it came or need not come any more.

It stands in the history beside the procedure. Its payloads hold keys, days and hashes; why something need not come any
more is kept as an answer of its event, with the salt of its hash.
"""

from __future__ import annotations

from datetime import date, datetime, time

from django.db import transaction

from complaints.actions.actors import THE_CLOCK, Actor
from complaints.actions.beside import record_beside, record_reason
from complaints.actions.cases import TooLate, held
from complaints.actions.correspondence import addressee_of, post_beside
from complaints.letters.invitation import REQUEST, Occasion, write_request
from complaints.models import BESIDE, Event, Party, Request
from complaints.queries import sides
from procedures.catalogue import calendar_of, procedure_of, zone_of
from procedures.scoping import scope

ASKED, REMINDED, MET = f"{BESIDE}request", f"{BESIDE}reminder", f"{BESIDE}request_met"
WITHDRAWN = sides.WITHDRAWN_BECAUSE
REMIND_AHEAD = 2  # working days before the last one
REMIND_FROM = time(8)  # local: nobody is reminded at midnight


@transaction.atomic
def ask(party: Party, what: str, *, due_on: date, actor: Actor, at: datetime, revision: int | None = None) -> Request:
    """Asks a party for something, by the local day `due_on` at the latest. Raises CaseMovedOn.

    The complainant is reminded two working days before, where a mail can reach them and that day is still to come.
    """
    case = party.case
    held(case, revision)
    request = Request.objects.create(
        case=case,
        party=party,
        what=what,
        due_on=due_on,
        asked_by=actor.member,
        asked_at=at,
        remind_at=_remind_at(party, due_on, at=at),
    )
    facts = {"request": {"value": request.pk}, "due_on": {"value": due_on.isoformat()}}
    event = record_beside(case, ASKED, actor=actor, at=at, facts=facts)
    _write_request(request, event, Occasion.ASKED)
    return request


@transaction.atomic
def meet_request(request: Request, *, actor: Actor, at: datetime) -> None:
    """Says that what was asked has come. Raises TooLate."""
    held(request.case)
    fresh = _open_request(request)
    fresh.met_at, fresh.remind_at = at, None
    fresh.save(update_fields=["met_at", "remind_at"])
    record_beside(request.case, MET, actor=actor, at=at, facts={"request": {"value": request.pk}})


@transaction.atomic
def withdraw_request(request: Request, reason: str, *, actor: Actor, at: datetime) -> None:
    """Says that it need not come any more, and why. Raises TooLate."""
    held(request.case)
    fresh = _open_request(request)
    fresh.withdrawn_at, fresh.remind_at = at, None
    fresh.save(update_fields=["withdrawn_at", "remind_at"])
    record_reason(request.case, WITHDRAWN, reason, actor=actor, at=at, facts={"request": {"value": request.pk}})


def send_reminders(organisation: int, *, at: datetime, limit: int = 100) -> int:
    """Writes the reminders of one organisation that are due by `at`; how many there were."""
    with scope(organisation):
        return remind_due(at=at, limit=limit)


@transaction.atomic
def remind_due(*, at: datetime, limit: int = 100) -> int:
    """Writes the reminders that are due by `at` in the organisation in scope; how many there were.

    Requests that somebody else holds are left to the next sweep.
    """
    due = Request.objects.select_for_update(skip_locked=True, of=("self",)).filter(remind_at__lte=at)
    requests = list(due.select_related("party", "case").order_by("remind_at", "pk")[:limit])
    for request in requests:
        request.reminded_at, request.remind_at = at, None
        request.save(update_fields=["reminded_at", "remind_at"])
        facts = {"request": {"value": request.pk}}
        event = record_beside(request.case, REMINDED, actor=THE_CLOCK, at=at, facts=facts)
        _write_request(request, event, Occasion.REMINDED)
    return len(requests)


def _open_request(request: Request) -> Request:
    fresh = Request.objects.select_for_update(of=("self",)).get(pk=request.pk)
    if fresh.met_at or fresh.withdrawn_at:
        raise TooLate
    return fresh


def _remind_at(party: Party, due_on: date, *, at: datetime) -> datetime | None:
    if party.kind == Party.Kind.RESPONDENT or not addressee_of(party, party.case).recipient.email:
        return None
    procedure = procedure_of(party.case.version)
    day = calendar_of(procedure, at=at).working_days_before(due_on, REMIND_AHEAD)
    remind_at = datetime.combine(day, REMIND_FROM, zone_of(procedure))
    return remind_at if remind_at > at else None


def _write_request(request: Request, event: Event, occasion: Occasion) -> None:
    addressee = addressee_of(request.party, event.case)
    written = write_request(
        request.what,
        request.due_on,
        occasion,
        to=addressee.recipient,
        sender=sides.sender_of(event.case, request.asked_by),
        reference=event.case.reference,
    )
    post_beside(event, addressee, REQUEST, written, request.asked_by)
