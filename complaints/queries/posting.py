"""Letters on paper that wait to be posted, and the batches that they were printed in.

The functions that ask are given the cases that the viewer may know of (`access.cases_for`) and never widen them.

A batch is opened by who made it alone, and only while every case in it is open to them. Others see nothing of it but
the letters that they may post themselves, and of every batch alike: no size, no count, and nothing that tells whether
there are more. Could a colleague open some batches and not others, then the latter would tell them that a case is kept
from them, so that it is about them.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Q, QuerySet

from complaints.letters import invitation
from complaints.models import Assignment, Batch, BatchedLetter, Case, Letter, Membership, Party
from complaints.queries.deputies import passed_on
from procedures.catalogue import procedure_of, zone_of
from procedures.definition import Channel, Procedure
from procedures.definition import Letter as LetterRule

WAITING = BatchedLetter.Fate.WAITING


def postable(cases: QuerySet[Case], member: Membership, procedure: Procedure, *, at: datetime) -> QuerySet[Case]:
    """The cases in which the member plays a role that is not an outside one; who does, may post letters."""
    inside = [role for role in procedure.roles if not role.is_outside]
    held = [role for role in inside if role.name in member.roles]
    own = Assignment.objects.filter(membership=member, role__in=[role.name for role in held])
    today = at.astimezone(zone_of(procedure)).date()
    deputised = passed_on(member, procedure, on=today).filter(role__in=[role.name for role in inside])
    playing = Q(pk__in=own.values("case_id"))
    about_them = Party.objects.filter(kind=Party.Kind.RESPONDENT, membership=member).values("case_id")
    others = Q(pk__in=deputised.values("case_id"))
    if any(not role.per_case for role in held):
        others |= Q(pk__isnull=False)
    return cases.filter(playing | (others & ~Q(pk__in=about_them)))


def waiting(cases: QuerySet[Case]) -> QuerySet[Letter]:
    """The letters in those cases that wait to be posted and are in no batch, always in the same order."""
    batched = BatchedLetter.objects.filter(fate=WAITING).values("letter_id")
    return _in_order(Letter.objects.filter(state=Letter.State.TO_POST, case__in=cases).exclude(pk__in=batched))


def printed_elsewhere(cases: QuerySet[Case], member: Membership) -> QuerySet[BatchedLetter]:
    """The letters in those cases that wait in a batch which the member cannot open, by batch."""
    found = BatchedLetter.objects.filter(
        fate=WAITING, letter__state=Letter.State.TO_POST, letter__case__in=cases
    ).exclude(batch__in=batches(cases, member).values("pk"))
    rows = found.select_related("letter__case", "batch__made_by__user").prefetch_related("letter__case__version")
    return rows.defer("letter__html", "letter__text").order_by("batch_id", "place")


def batches(cases: QuerySet[Case], member: Membership) -> QuerySet[Batch]:
    """The member's batches of which every letter belongs to one of those cases; `size` is how many letters it has."""
    closed = BatchedLetter.objects.filter(batch__made_by=member).exclude(letter__case__in=cases).values("batch_id")
    mine = Batch.objects.filter(made_by=member).exclude(pk__in=closed).annotate(size=Count("letters"))
    return mine.select_related("made_by__user", "ended_by__user").order_by("-pk")


def letters_of(batch: Batch) -> list[BatchedLetter]:
    """The letters of a batch by place, with their cases and versions. Two queries."""
    found = batch.letters.select_related("letter__case").prefetch_related("letter__case__version")
    return list(found.defer("letter__html", "letter__text").order_by("place"))


def rule_of(letter: Letter) -> LetterRule:
    """The letter as its procedure has it, or as one that goes out beside the procedure."""
    return invitation.rule_of(letter.name) or procedure_of(letter.case.version).letter(letter.name)


def is_sealed(letter: Letter) -> bool:
    """Whether the procedure wants it in a closed envelope, "Vertrouwelijk en Persoonlijk" (O21-16)."""
    return Channel.SEALED in (letter.channel, *rule_of(letter).channels)


def _in_order(letters: QuerySet[Letter]) -> QuerySet[Letter]:
    found = letters.select_related("case").prefetch_related("case__version")
    return found.defer("html", "text").order_by("case__reference", "pk")
