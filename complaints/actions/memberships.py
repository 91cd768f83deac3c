"""Who works in the organisation: letting somebody in, changing what they do, letting them go."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from complaints.actions.actors import Actor
from complaints.actions.beside import record_beside
from complaints.actions.notices import LEFT, write_notice
from complaints.models import Assignment, Case, Event, Membership, Notice, Substitution, User
from complaints.queries.people import People
from complaints.said import spoken
from procedures.catalogue import procedure_of
from procedures.definition import Procedure

log = structlog.get_logger(__name__)


class NotChanged(Exception):
    """Why somebody cannot be let in, changed or let go; `field` is what has to be mended, "" for the whole."""

    def __init__(self, reason: str, *, field: str = "") -> None:
        super().__init__(reason)
        self.field = field


@dataclass(frozen=True, slots=True)
class Invited:
    """Who was let in. `is_new`: the account is new as well, and has no password yet."""

    membership: Membership
    is_new: bool


def managing_roles(procedure: Procedure) -> frozenset[str]:
    """The roles that manage people: those that the document calls administrator, and the one that publishes."""
    return frozenset({procedure.publisher, *(role.name for role in procedure.roles if role.is_administrator)})


def may_manage(membership: Membership, procedure: Procedure) -> bool:
    return membership.is_active and bool(managing_roles(procedure) & set(membership.roles))


@transaction.atomic
def invite(
    *,
    email: str,
    first_name: str,
    last_name: str,
    function: str,
    roles: Collection[str],
    by: Membership,
    procedure: Procedure,
    at: datetime,
) -> Invited:
    """Lets somebody in, in these roles. Raises NotChanged.

    Who has an account already, perhaps of another organisation, keeps it as it is. A new account has no password: with
    the mail of "forgot your password" they choose one themselves, so that nobody else ever knows it.
    """
    _refuse_roles(set(), set(roles), by, procedure)
    user = User.objects.filter(email__iexact=email).first()
    if user is None and User.objects.filter(username__iexact=email).exists():
        raise NotChanged(_("Met dit e-mailadres kan geen account worden gemaakt."), field="email")
    if user and Membership.objects.filter(user=user).exists():
        raise NotChanged(_("Deze collega staat al in de lijst."), field="email")
    is_new = user is None
    if user is None:
        user = User(username=email.lower(), email=email.lower(), first_name=first_name, last_name=last_name)
        user.set_unusable_password()
        user.save()
    membership = Membership.objects.create(user=user, roles=sorted(roles), function=function, since=at)
    log.info("member_invited", member=membership.pk, by=by.pk, roles=sorted(roles))
    return Invited(membership, is_new)


@transaction.atomic
def change_member(
    member: Membership,
    *,
    roles: Collection[str],
    function: str,
    by: Membership,
    procedure: Procedure,
    open_cases: Iterable[Case] = (),
) -> None:
    """Changes what somebody does here. Raises NotChanged.

    Roles that the procedure in force no longer has are kept: old cases may still follow it. `open_cases` are theirs, as
    far as `by` may know of them: a role that they play in one of those is handed over first.
    """
    fresh = _locked(member)
    known = {role.name for role in procedure.roles}
    before = set(fresh.roles)
    after = set(roles) | (before - known)
    _refuse_roles(before & known, set(roles), by, procedure)
    _refuse_own(fresh, after, by, procedure)
    _refuse_nobody_left(fresh, after, procedure)
    playing = Assignment.objects.filter(membership=fresh, case__in=[each.pk for each in open_cases])
    for role in procedure.roles:
        if role.name in before - after and role.per_case and playing.filter(role=role.name).exists():
            raise NotChanged(
                _("%(name)s heeft nog open zaken als %(role)s. Draag die eerst over.")
                % {"name": fresh.name, "role": role.title.in_language(spoken())},
                field="roles",
            )
    Membership.objects.filter(pk=fresh.pk).update(roles=sorted(after), function=function)
    log.info("member_changed", member=fresh.pk, by=by.pk, roles=sorted(after))


@transaction.atomic
def deactivate(member: Membership, *, by: Membership, procedure: Procedure, at: datetime) -> None:
    """Lets somebody go: from now on they see nothing here. Raises NotChanged.

    Side effects: who stood in for them, or they for others, does so no longer; in each open case that they still
    played a part in, the history says that they left, and whoever manages people gets a mail. So no case is lost, also
    not one that `by` may not know of and could not hand over.
    """
    fresh = _locked(member)
    if fresh.pk == by.pk:
        raise NotChanged(_("U kunt uzelf niet uitzetten. Vraag het een andere beheerder."))
    _refuse_roles(set(fresh.roles) & {procedure.publisher}, set(), by, procedure)
    _refuse_nobody_left(fresh, set(), procedure)
    Membership.objects.filter(pk=fresh.pk).update(is_active=False)
    Substitution.objects.filter(Q(member=fresh) | Q(deputy=fresh), ended_at=None).update(ended_at=at)
    played = Assignment.objects.filter(membership=fresh).exclude(role=Assignment.TAKEN_IN)
    for case in Case.objects.filter(Q(handler=fresh) | Q(pk__in=played.values("case_id")), closed_at=None):
        _note_left(case, fresh, by, at=at)
    log.info("member_deactivated", member=fresh.pk, by=by.pk)


@transaction.atomic
def reactivate(member: Membership, *, by: Membership, procedure: Procedure) -> None:
    """Lets somebody in again, in the roles that they had. Raises NotChanged."""
    fresh = _locked(member)
    _refuse_roles(set(), set(fresh.roles) & {role.name for role in procedure.roles}, by, procedure)
    Membership.objects.filter(pk=fresh.pk).update(is_active=True)
    log.info("member_reactivated", member=fresh.pk, by=by.pk)


def _locked(member: Membership) -> Membership:
    """The member as they are now; changes take turns, so that the last administrator is counted right."""
    list(Membership.objects.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
    return Membership.objects.select_related("user").get(pk=member.pk)


def _refuse_roles(before: Collection[str], after: Collection[str], by: Membership, procedure: Procedure) -> None:
    known = {role.name for role in procedure.roles}
    if not set(after) <= known:
        raise NotChanged(_("Deze rol staat niet in de procedure."), field="roles")
    changed = set(before) ^ set(after)
    if procedure.publisher in changed and procedure.publisher not in by.roles:
        title = procedure.role(procedure.publisher).title.in_language(spoken())
        raise NotChanged(
            _("De rol “%(role)s” geeft of neemt alleen iemand die haar zelf heeft.") % {"role": title}, field="roles"
        )


def _refuse_own(member: Membership, after: Collection[str], by: Membership, procedure: Procedure) -> None:
    if member.pk == by.pk and not managing_roles(procedure) & set(after):
        raise NotChanged(_("Dit is uw laatste rol als beheerder. Die kunt u niet zelf wegnemen."), field="roles")


def _refuse_nobody_left(member: Membership, after: Collection[str], procedure: Procedure) -> None:
    """Somebody has to be able to publish the procedure, and somebody to manage people."""
    others = Membership.objects.filter(is_active=True).exclude(pk=member.pk)
    administering = {role.name for role in procedure.roles if role.is_administrator}
    for needed in ({procedure.publisher}, administering):
        had = member.is_active and needed & set(member.roles)
        if had and not needed & set(after) and not others.filter(roles__overlap=sorted(needed)).exists():
            titles = [role.title.in_language(spoken()) for role in procedure.roles if role.name in needed]
            raise NotChanged(
                _("%(name)s is de laatste met de rol “%(role)s”. Geef die rol eerst aan iemand anders.")
                % {"name": member.name, "role": " / ".join(titles)},
                field="roles",
            )


def _note_left(case: Case, member: Membership, by: Membership, *, at: datetime) -> None:
    record_beside(case, LEFT, actor=Actor(Event.By.SYSTEM, frozenset()), at=at, facts={"member": {"value": member.pk}})
    procedure = procedure_of(case.version)
    telling = managing_roles(procedure)
    people = People.on(case)
    told = {each.pk: each for role in procedure.roles if role.name in telling for each in people.holders(role)}
    for each in told.values():
        if each.pk != by.pk:
            write_notice(case, Notice.Kind.MESSAGE, at=at, member=each)
