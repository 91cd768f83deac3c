"""Keeping cases longer, and the lists of cases to erase: proposed by one person, approved by another, carried out here.

A list may hold cases that become due within a month. Each goes on its own day, once the list is approved, and whatever
keeps it longer by then takes it off the list.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

import structlog
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from complaints import nudge
from complaints.access import cases_to_keep
from complaints.actions.actors import Actor
from complaints.actions.beside import record_reason
from complaints.actions.erasing import erase, remove_files
from complaints.actions.memberships import may_manage
from complaints.models import (
    BESIDE,
    Case,
    DoomedFile,
    ErasureList,
    Event,
    Letter,
    ListedCase,
    Membership,
    RetentionHold,
)
from complaints.queries.retention import lists_for, on_a_list, running
from complaints.retention.certificate import certified
from complaints.retention.searching import LeftOver, stray_files
from complaints.retention.terms import LISTED_AHEAD, kept
from procedures.catalogue import local_day, procedure_of, published_versions
from procedures.definition import Procedure
from procedures.models import Organisation
from procedures.scoping import current, scope

log = structlog.get_logger(__name__)

HELD, LET_GO = f"{BESIDE}kept_longer", f"{BESIDE}kept_no_longer"
RETRY = timedelta(hours=1)  # after something was found that should have been gone
AT_ONCE = 20  # cases of one organisation in one sweep, so that it does not hold up the rest


class NotErased(Exception):
    """Why this cannot be proposed, approved, taken out, held or lifted, in words."""


@transaction.atomic
def hold(case: Case, reason: str, *, member: Membership, at: datetime) -> RetentionHold:
    """Keeps a case, and what was merged into it, until somebody lifts that. Raises NotErased.

    Side effects: the hold, an event that holds a hash of the reason, and the case is off the list that it was on.
    """
    fresh = Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
    if fresh.erased_at or fresh.merged_into_id:
        raise NotErased(_("Deze zaak staat hier niet meer."))
    if RetentionHold.objects.filter(case=fresh, lifted_at=None).exists():
        raise NotErased(_("Deze zaak wordt al vastgehouden."))
    made = RetentionHold.objects.create(case=fresh, reason=reason, member=member, made_at=at)
    record_reason(fresh, HELD, reason, actor=_staff(member), at=at, facts={"hold": {"value": made.pk}})
    _off_the_list(ListedCase.objects.filter(case=fresh), _("De zaak wordt langer bewaard."), member=member, at=at)
    return made


@transaction.atomic
def lift(held: RetentionHold, reason: str, *, member: Membership, at: datetime) -> None:
    """Lets a case go by its term again. Raises NotErased when it was lifted before."""
    fresh = RetentionHold.objects.select_for_update(of=("self",)).get(pk=held.pk)
    if fresh.lifted_at:
        raise NotErased(_("Dit is al opgeheven."))
    fresh.lifted_reason, fresh.lifted_by, fresh.lifted_at = reason, member, at
    fresh.save(update_fields=["lifted_reason", "lifted_by", "lifted_at"])
    record_reason(fresh.case, LET_GO, reason, actor=_staff(member), at=at, facts={"hold": {"value": fresh.pk}})


@transaction.atomic
def propose(*, member: Membership, procedure: Procedure, at: datetime) -> ErasureList:
    """Makes a list of what is due, and of what becomes due within LISTED_AHEAD. Raises NotErased.

    It holds the cases that the member may know of, and that are on no other list.
    """
    _refuse_others(member, procedure)
    Organisation.objects.select_for_update(no_key=True).get(pk=current())  # so that nobody makes another meanwhile
    listed = set(on_a_list())
    found = [
        each
        for each in kept(cases_to_keep(member), at=at)
        if each.may_go(at=at + LISTED_AHEAD) and each.case.pk not in listed
    ]
    if not found:
        raise NotErased(_("Er is nu niets dat op een lijst kan."))
    made = ErasureList.objects.create(proposed_by=member, proposed_at=at)
    ListedCase.objects.bulk_create(
        ListedCase(
            erasure=made,
            case=each.case,
            reference=each.case.reference,
            also=[other.reference for other in each.joined],
            last_on=each.last_on,
        )
        for each in found
    )
    return made


@transaction.atomic
def take_out(listed: ListedCase, reason: str, *, member: Membership, procedure: Procedure, at: datetime) -> None:
    """Takes a case off a list, with a reason, as long as it is not erased. Raises NotErased."""
    _refuse_others(member, procedure)
    if not _off_the_list(ListedCase.objects.filter(pk=listed.pk), reason, member=member, at=at):
        raise NotErased(_("Deze zaak staat niet meer op de lijst, of is al gewist."))


@transaction.atomic
def withdraw(erasure: ErasureList, *, member: Membership, procedure: Procedure, at: datetime) -> None:
    """Withdraws a list that nobody has approved yet. Raises NotErased."""
    _refuse_others(member, procedure)
    fresh = _waiting(erasure)
    fresh.withdrawn_by, fresh.withdrawn_at = member, at
    fresh.save(update_fields=["withdrawn_by", "withdrawn_at"])
    _off_the_list(fresh.cases.all(), _("De lijst is ingetrokken."), member=member, at=at)


@transaction.atomic
def approve(
    erasure: ErasureList, seen: Collection[int], *, member: Membership, procedure: Procedure, at: datetime
) -> None:
    """Approves a list; from now on each case on it goes on its day. Raises NotErased.

    `seen` are the keys of the listed cases that the member was shown: when one was taken out since, they look again.
    Only another account than the one that proposed it may, and only who may know of every case on it.
    """
    _refuse_others(member, procedure)
    fresh = _waiting(erasure)
    if fresh.proposed_by.user_id == member.user_id:
        raise NotErased(_("U hebt deze lijst zelf gemaakt. Iemand anders moet hem goedkeuren."))
    if not lists_for(member).filter(pk=fresh.pk).exists():
        raise NotErased(_("Deze lijst is er niet meer."))
    remaining = set(fresh.cases.filter(taken_out_at=None).values_list("pk", flat=True))
    if remaining != set(seen):
        raise NotErased(_("De lijst is intussen veranderd. Kijk hem nog een keer na."))
    if not remaining:
        raise NotErased(_("Er staat geen zaak meer op de lijst."))
    fresh.approved_by, fresh.approved_at = member, at
    fresh.save(update_fields=["approved_by", "approved_at"])
    transaction.on_commit(nudge.workers)


def carry_out(organisation: int, *, at: datetime) -> int:
    """Erases what is on approved lists of one organisation and due by `at`, removes files, and writes certificates; how
    many cases and files went. Two queries where there is nothing to do.

    Must be called outside a transaction: each case is one of its own, and files go when that is committed.
    """
    with scope(organisation):
        if not (running().exists() or DoomedFile.objects.exists()):
            return 0
        due = ListedCase.objects.filter(erasure__in=running(), erased_at=None, taken_out_at=None)
        due = due.filter(last_on__lte=local_day(at)).filter(Q(try_at=None) | Q(try_at__lte=at))
        keys = list(due.order_by("last_on", "pk").values_list("pk", flat=True)[:AT_ONCE])
    strays = stray_files() if keys else set()
    done = 0
    for key in keys:
        with scope(organisation):
            done += _carry_out_one(key, strays, at=at)
        done += _remove(organisation)
    done += _remove(organisation)
    with scope(organisation):
        for erasure in running():
            _finish(erasure, at=at)
    return done


def _carry_out_one(key: int, strays: Collection[str], *, at: datetime) -> int:
    rows = ListedCase.objects.select_for_update(of=("self",), skip_locked=True)
    listed = rows.filter(pk=key, erased_at=None, taken_out_at=None).first()
    if listed is None:
        return 0  # another sweep has it, or somebody took it out
    dossier = Case.objects.select_for_update(of=("self",)).filter(Q(pk=listed.case_id) | Q(merged_into=listed.case_id))
    cases = list(dossier.select_related("version").order_by("pk"))
    found = kept(Case.objects.filter(pk=listed.case_id), at=at)
    if not found or found[0].held_by:
        why = _("De zaak wordt langer bewaard.") if found else _("De zaak is weer open.")
        _off_the_list(ListedCase.objects.filter(pk=key), why, member=None, at=at)
        return 0
    if found[0].gone_from > at:
        ListedCase.objects.filter(pk=key).update(last_on=found[0].last_on)
        return 0
    if Letter.objects.filter(case__in=cases, lease_until__gt=at).exists():
        return 0  # a sender has one in hand; the next sweep comes back
    try:
        went = erase(cases, at=at, strays=strays, listed=listed)
    except LeftOver as problem:
        log.error("erasure_found_leftovers", listed=key, where=sorted(problem.found))
        ListedCase.objects.filter(pk=key).update(problem=problem.found, try_at=at + RETRY)
        return 0
    listed.erased_at, listed.problem, listed.try_at = at, {}, None
    listed.result = {"rows": went.rows, "files": went.files}
    listed.save(update_fields=["erased_at", "problem", "try_at", "result"])
    return 1


def _remove(organisation: int) -> int:
    with scope(organisation):
        return remove_files()


def _finish(erasure: ErasureList, *, at: datetime) -> None:
    """Writes the certificate once every case and every file of a list is gone."""
    fresh = ErasureList.objects.select_for_update(of=("self",), skip_locked=True).filter(pk=erasure.pk, done_at=None)
    locked = fresh.select_related("proposed_by__user", "approved_by__user").first()
    if locked is None or locked.cases.filter(erased_at=None, taken_out_at=None).exists():
        return
    if DoomedFile.objects.filter(listed__erasure=locked).exists():
        return
    erased = list(locked.cases.filter(erased_at__isnull=False))
    locked.done_at = at
    if erased:
        content = certified(locked, erased, procedure=procedure_of(published_versions()[0]), at=at)
        locked.sha256 = hashlib.sha256(content).hexdigest()
        locked.certificate.save(f"{current()}/{uuid.uuid4()}.pdf", ContentFile(content), save=False)
    locked.save(update_fields=["done_at", "certificate", "sha256"])


def _off_the_list(rows: object, reason: str, *, member: Membership | None, at: datetime) -> int:
    found = ListedCase.objects.filter(pk__in=rows, taken_out_at=None, erased_at=None)  # type: ignore[misc]
    return found.update(taken_out_at=at, taken_out_by=member, reason=reason)


def _waiting(erasure: ErasureList) -> ErasureList:
    """The list, held, while nobody has approved or withdrawn it. Raises NotErased."""
    waiting = ErasureList.objects.select_for_update(of=("self",)).select_related("proposed_by")
    found = waiting.filter(pk=erasure.pk, approved_at=None, withdrawn_at=None).first()
    if found is None:
        raise NotErased(_("Met deze lijst is intussen al iets gedaan."))
    return found


def _refuse_others(member: Membership, procedure: Procedure) -> None:
    if not may_manage(member, procedure):
        raise NotErased(_("Dat hoort niet bij uw rol."))


def _staff(member: Membership) -> Actor:
    return Actor(Event.By.STAFF, frozenset(member.roles), member)
