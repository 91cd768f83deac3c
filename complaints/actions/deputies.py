"""Arranging who stands in for whom, and handing cases over to somebody else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from complaints.actions.actors import staff
from complaints.actions.cases import perform
from complaints.models import Assignment, Case, Membership, Substitution
from complaints.queries.sides import is_decision
from complaints.queries.state import state_of
from procedures import engine, wording
from procedures.catalogue import calendar_of, procedure_of
from procedures.definition import Act, Field, FieldKind, Procedure

LONGEST_ABSENCE = timedelta(days=366)
WRITTEN = (FieldKind.TEXT, FieldKind.LONG_TEXT)


class NotArranged(Exception):
    """Why somebody cannot stand in like this; `field` is what has to be mended: deputy, first_on or last_on."""

    def __init__(self, reason: str, *, field: str) -> None:
        super().__init__(reason)
        self.field = field


@transaction.atomic
def arrange_deputy(
    member: Membership,
    deputy: Membership,
    *,
    first_on: date,
    last_on: date,
    by: Membership,
    procedure: Procedure,
    today: date,
    at: datetime,
) -> Substitution:
    """Lets somebody stand in for a member on the local days `first_on` through `last_on`. Raises NotArranged.

    A deputy who is away themselves, or a member who stands in for another, would leave cases with nobody: refused.
    """
    list(Membership.objects.select_for_update().filter(pk__in=(member.pk, deputy.pk)).order_by("pk"))
    if deputy.pk == member.pk:
        raise NotArranged(_("Kies iemand anders: niemand vervangt zichzelf."), field="deputy")
    if not deputy.is_active or all(role.is_outside for role in procedure.roles if role.name in deputy.roles):
        raise NotArranged(_("%(name)s kan geen zaken overnemen.") % {"name": deputy.name}, field="deputy")
    if first_on < today:
        raise NotArranged(_("Kies vandaag of een dag die nog komt."), field="first_on")
    if last_on < first_on:
        raise NotArranged(_("De laatste dag ligt voor de eerste."), field="last_on")
    if last_on - first_on > LONGEST_ABSENCE:
        raise NotArranged(_("Kies hoogstens een jaar. Is iemand langer weg? Draag de zaken dan over."), field="last_on")
    same_days = Substitution.objects.filter(ended_at=None, first_on__lte=last_on, last_on__gte=first_on)
    for taken in same_days.filter(Q(member=member) | Q(deputy=member) | Q(member=deputy)).select_related(
        "member__user", "deputy__user"
    ):
        raise NotArranged(_clash(taken, member), field="deputy" if taken.member_id == deputy.pk else "first_on")
    return Substitution.objects.create(
        member=member, deputy=deputy, first_on=first_on, last_on=last_on, made_by=by, made_at=at
    )


def withdraw_deputy(substitution: Substitution, *, at: datetime) -> None:
    """Ends a substitution at once; one that has ended stays as it was."""
    Substitution.objects.filter(pk=substitution.pk, ended_at=None).update(ended_at=at)


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What came of handing cases over: those that went, and those that stayed, each with why."""

    moved: list[Case]
    left: list[tuple[Case, str]]


@transaction.atomic
def hand_over(
    cases: Iterable[Case],
    *,
    member: Membership,
    to: Membership,
    by: Membership,
    reason: str,
    at: datetime,
    language: str,
) -> HandedOver:
    """Lets somebody else play a member's part in these cases, each by the act of its procedure that assigns.

    One that the procedure does not let `by` move stays, with why: another phase, another role, a complaint about `to`.
    """
    moved: list[Case] = []
    left: list[tuple[Case, str]] = []
    for case in cases:
        problem = _hand_one_over(case, member, to, by, reason, at=at, language=language)
        if problem:
            left.append((case, problem))
        else:
            moved.append(case)
    return HandedOver(moved, left)


def _hand_one_over(
    case: Case, member: Membership, to: Membership, by: Membership, reason: str, *, at: datetime, language: str
) -> str:
    """Does it; why not, when it cannot be done."""
    procedure = procedure_of(case.version)
    actor = staff(by, procedure, case, at=at)
    roles = set(
        Assignment.objects.filter(case=case, membership=member)
        .exclude(role=Assignment.TAKEN_IN)
        .values_list("role", flat=True)
    )
    offered = engine.offers(procedure, _now(case, procedure, at), at=at, by=actor.roles)
    acts = [(each, _chosen_in(each.act, roles)) for each in offered]
    known = [
        (each, field)
        for each, field in acts
        if field and not (each.act.to and each.act.to != case.phase) and not is_decision(procedure, each.act)
    ]
    if not known:
        return _("In deze fase wijst de procedure niemand anders aan.")
    offer, field = next(((each, field) for each, field in known if each.refusal is None), known[0])
    if offer.refusal is not None:
        return _refusal(procedure, offer.act, offer.refusal, language)
    if field.role not in to.roles or not to.is_active:
        title = procedure.role(field.role).title.in_language(language)
        return _("%(name)s is geen %(role)s.") % {"name": to.name, "role": title}
    answers = {field.name: str(to.pk)} | dict.fromkeys(_reasons(offer.act), reason)
    try:
        perform(case, offer.act.name, answers=answers, actor=actor, at=at)
    except engine.ActRefused as refusal:
        return _refusal(procedure, offer.act, refusal, language)
    return ""


def _now(case: Case, procedure: Procedure, at: datetime) -> engine.Case:
    state = state_of(case, procedure)
    passed = engine.pass_time(procedure, state, at=at, calendar=calendar_of(procedure, at=at))
    return passed[-1].case if passed else state


def _chosen_in(act: Act, roles: set[str]) -> Field | None:
    """The field by which an act chooses the one person who plays one of these roles."""
    return next((each for each in act.fields if each.kind is FieldKind.MEMBER and each.role in roles), None)


def _reasons(act: Act) -> Sequence[str]:
    """The question why, where the act asks that and no other words. What asks for more is done in the case itself."""
    words = [each.name for each in act.fields if each.kind in WRITTEN and each.required and not each.when]
    return words if len(words) == 1 else ()


def _refusal(procedure: Procedure, act: Act, refusal: engine.ActRefused, language: str) -> str:
    if refusal.code == "role":
        titles = [each.title.in_language(language).lower() for each in procedure.roles if each.name in act.by]
        return _("Dat doet: %(roles)s.") % {"roles": wording.joined(titles)}
    if refusal.code == "answers":
        title = act.title.in_language(language)
        return _("Hier is meer voor nodig. Doe het in de zaak zelf: “%(act)s”.") % {"act": title}
    return refusal.reason.in_language(language)


def _clash(taken: Substitution, member: Membership) -> str:
    days = {"first": wording.day(taken.first_on), "last": wording.day(taken.last_on)}
    if taken.deputy_id == member.pk:
        text = _("%(name)s vervangt %(away)s van %(first)s tot en met %(last)s. Regel dat eerst anders.")
        return text % {"name": member.name, "away": taken.member.name, **days}
    text = _("%(away)s is al afwezig van %(first)s tot en met %(last)s.")
    return text % {"away": taken.member.name, **days}
