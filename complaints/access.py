"""The one door: who may see a case, and what of it. Every view that loads a case loads it here; else it is a 404."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest
from django.utils.crypto import salted_hmac

from complaints import access_codes
from complaints.actions.actors import THE_COMPLAINANT, Actor, staff
from complaints.models import (
    Assignment,
    Case,
    Event,
    IncomingMail,
    Membership,
    Party,
    Reading,
    User,
    organisations_of,
)
from complaints.queries.committees import is_from_outside, judging_phases, outside_roles
from complaints.queries.deputies import passed_on, sees_all
from complaints.queries.merging import dossiers_of, mail_addresses
from procedures.catalogue import procedure_of, zone_of
from procedures.definition import COMPLAINANT, Procedure
from procedures.models import Organisation

# In the session of staff whom an organisation's own issuer let in: the key of that organisation.
LET_IN_BY = "let_in_by"
LOOK_LASTS = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Entry:
    """A case with the procedure that it follows and the actor that the viewer is in it.

    `main` is the case that it was merged into, where a complainant may know which one that is; `reads_mail` whether
    they proved in this session that they read mail at some address.
    """

    case: Case
    procedure: Procedure
    actor: Actor
    main: Case | None = None
    reads_mail: bool = False


def organisations_for(request: HttpRequest) -> list[Organisation]:
    """Where the viewer may work: where they are an active member. Who was let in by one organisation, only there."""
    if not isinstance(request.user, User):
        return []
    let_in_by = request.session.get(LET_IN_BY)
    return [each for each in organisations_of(request.user) if let_in_by in (None, each.pk)]


def membership_of(user: User) -> Membership | None:
    """The viewer's active membership of the organisation in scope."""
    return Membership.objects.select_related("user").filter(user=user, is_active=True).first()


def cases_for(membership: Membership, procedure: Procedure, *, at: datetime | None = None) -> QuerySet[Case]:
    """The cases that a member may know of, for lists, searches and counts.

    Never one that is about them, unless the procedure let them be assigned all the same (soft, with a written reason:
    KP-05, KC-08). Who only has roles per case, outside ones or ones that see their own sees those that
    they are assigned to or took in; and, with the instant `at`, those of whoever they stand in for then.

    Somebody from outside sees the cases that they are to judge, from when the appeal went to them until it is judged.

    Cases that were merged are one dossier: a part in the main case opens those too, and what is about somebody closes
    all of them.
    """
    if is_from_outside(membership.roles, procedure):
        return _judged_by(membership, procedure)
    assigned = Assignment.objects.filter(membership=membership)
    playing = assigned.exclude(role=Assignment.TAKEN_IN)
    about_them = Party.objects.filter(kind=Party.Kind.RESPONDENT, membership=membership).exclude(
        case_id__in=playing.values("case_id")
    )
    cases = _without(about_them)
    if any(sees_all(role) for role in procedure.roles if role.name in membership.roles):
        return cases
    own = Q(pk__in=assigned.values("case_id")) | Q(merged_into__in=playing.values("case_id"))
    if at is not None:
        today = at.astimezone(zone_of(procedure)).date()
        instead = passed_on(membership, procedure, on=today).values("case_id")
        own |= Q(pk__in=instead) | Q(merged_into__in=instead)
    return cases.filter(own)


def case_for_staff(
    membership: Membership | None, reference: str, procedure: Procedure, *, at: datetime | None = None
) -> Entry:
    """A case by its number, for a member. Http404 when they may not know of it, or when there is none.

    `procedure` is the one in force; the case follows its own version. With the instant `at`, also as a deputy, and
    read-only while a look with a written reason lasts.
    """
    if membership is None:
        raise Http404
    case = (
        cases_for(membership, procedure, at=at)
        .select_related("version", "handler__user")
        .filter(reference=reference)
        .first()
    )
    if case is not None:
        own = procedure_of(case.version)
        return Entry(case, own, staff(membership, own, case, at=at))
    looked_at = case_to_look_into(membership, reference, procedure)
    if looked_at is None or at is None or not _is_looking(membership, looked_at, at=at):
        raise Http404
    return Entry(looked_at, procedure_of(looked_at.version), Actor(Event.By.STAFF, frozenset(), membership))


def may_look(membership: Membership, procedure: Procedure) -> bool:
    """Whether a member may read a case in which they play no part, for a while and with a written reason.

    Colleagues who play roles per case alone may, and whoever may publish the procedure; where their roles see every
    case there is nothing to ask. Nobody from outside may, and no account that is no member, whatever its flags.
    """
    held = [role for role in procedure.roles if role.name in membership.roles]
    return (
        membership.is_active
        and not any(sees_all(role) for role in held)
        and any(not role.is_outside and (role.per_case or role.name == procedure.publisher) for role in held)
    )


def may_read_reports(membership: Membership, procedure: Procedure) -> bool:
    """Whether a member may read the yearly reports and write in them: who has a yearly duty, who may publish, and who
    administers. Nobody from outside."""
    reading = {duty.by for duty in procedure.duties} | {procedure.publisher}
    return membership.is_active and any(
        role.name in membership.roles and not role.is_outside and (role.is_administrator or role.name in reading)
        for role in procedure.roles
    )


def case_to_look_into(membership: Membership, reference: str, procedure: Procedure) -> Case | None:
    """The case that a member may read with a written reason. Never one that is about them; None as if there is none."""
    if not may_look(membership, procedure):
        return None
    about_them = Party.objects.filter(kind=Party.Kind.RESPONDENT, membership=membership)
    return _without(about_them).select_related("version", "handler__user").filter(reference=reference).first()


def case_for_complainant(reference: str, code: str) -> Entry:
    """A case by its number and access code. Http404 when they do not belong together, after the same time of work."""
    known = Case.objects.filter(reference=reference.strip().upper(), erased_at=None)
    found = known.values_list("pk", "access_hash").first()
    key, stored = found or (0, "")
    if not access_codes.matches(code, stored):
        raise Http404
    return case_of_session(key)


def case_of_session(key: int, *, proof: str = "") -> Entry:
    """The case that a complainant opened with its code earlier in this session. Http404 when it is gone.

    `proof` is of the mail address at which they read the link that let them in (`proof_of`); empty when a code did.
    Which case theirs was merged into is told by that alone, and only where the letters of that case go to the same
    address: anybody can type somebody else's address into a form.
    """
    known = Case.objects.filter(pk=key, erased_at=None)
    case = known.select_related("version", "handler__user", "merged_into").first()
    if case is None:
        raise Http404
    main = case.merged_into if proof else None
    if main is not None and proof not in {proof_of(each) for each in mail_addresses(main)}:
        main = None
    return Entry(case, procedure_of(case.version), THE_COMPLAINANT, main, reads_mail=bool(proof))


def proof_of(address: str) -> str:
    """What a session keeps of a mail address that somebody proved to read: not the address."""
    return salted_hmac("complaints.access.proof", address.casefold()).hexdigest()


def cases_to_keep(membership: Membership) -> QuerySet[Case]:
    """The cases of which a member may know how long they are kept, by number and day alone; whether they watch over
    that is for who asks. All but those that are about them, whoever handles them."""
    return _without(Party.objects.filter(kind=Party.Kind.RESPONDENT, membership=membership))


def _judged_by(membership: Membership, procedure: Procedure) -> QuerySet[Case]:
    """The cases that wait for the judgement of somebody from outside; never one that is about them."""
    roles = outside_roles(procedure) & set(membership.roles)
    assigned = Assignment.objects.filter(membership=membership, role__in=roles)
    phases = judging_phases(procedure, roles)
    cases = _without(Party.objects.filter(kind=Party.Kind.RESPONDENT, membership=membership))
    return cases.filter(pk__in=assigned.values("case_id"), phase__in=phases, closed_at=None)


def _without(about: QuerySet[Party]) -> QuerySet[Case]:
    """The cases of the dossiers that these parties are not in. What was erased is found by nobody."""
    closed = dossiers_of(about)
    return Case.objects.filter(erased_at=None).exclude(pk__in=closed).exclude(merged_into__in=closed)


def _is_looking(membership: Membership, case: Case, *, at: datetime) -> bool:
    """Whether a look that began with a written reason still lasts."""
    begun = Reading.objects.filter(case=case, member=membership, at__gt=at - LOOK_LASTS, at__lte=at)
    return begun.exclude(reason="").exists()


def takes_in(membership: Membership, procedure: Procedure) -> bool:
    """Whether a member takes in complaints: plays a role that may do what the web form does, or, where none of the
    organisation may, any other act that opens a case."""
    by = set(procedure.act(procedure.intake.act).by) - {COMPLAINANT}
    by = by or {role for act in procedure.opening_acts for role in act.by}
    return bool(staff(membership, procedure).roles & by)


def mails_for(membership: Membership, procedure: Procedure, *, at: datetime) -> QuerySet[IncomingMail]:
    """The mail that came in that a member may read.

    What lies with a case is for whoever may know of that case. The rest is for whoever takes in complaints; never what
    looks as if it belongs to a case about them.
    """
    found = Q(case__in=cases_for(membership, procedure, at=at).order_by().values("pk"))
    if takes_in(membership, procedure):
        about_them = Party.objects.filter(kind=Party.Kind.RESPONDENT, membership=membership).values("case_id")
        found |= Q(case=None) & (Q(suggested=None) | ~Q(suggested__in=about_them))
    return IncomingMail.objects.filter(found).exclude(state=IncomingMail.State.NEW)
