"""Whether two cases may be merged, and whether that may be undone: who may, and what stands in the way, in words."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.utils.translation import gettext as _

from complaints.models import Assignment, Case, Hearing, Membership, Party, Request
from complaints.queries.handlers import assigning_acts
from complaints.queries.merging import Merge
from complaints.queries.sides import is_decision
from procedures.catalogue import procedure_of
from procedures.definition import Procedure


def merging_roles(procedure: Procedure) -> frozenset[str]:
    """The roles of colleagues who sort out what came in, or handle it: those may merge cases."""
    assigning = assigning_acts(procedure, [role.name for role in procedure.roles])
    by = {name for act, _field in assigning for name in act.by}
    return frozenset(
        role.name
        for role in procedure.roles
        if not role.is_outside and (role.is_handler or role.is_administrator or role.name in by)
    )


def may_merge(procedure: Procedure, roles: Collection[str]) -> bool:
    """Whether who plays these roles in a case may merge it."""
    return bool(merging_roles(procedure) & set(roles))


def in_order(case: Case, other: Case) -> tuple[Case, Case]:
    """The younger one and the older one, which goes on: so the earliest day of receipt keeps counting."""
    older, younger = sorted((case, other), key=lambda each: (each.received_at, each.pk))
    return younger, older


def hindrance(younger: Case, main: Case, *, at: datetime) -> str:
    """Why these two cannot be merged at the instant `at`; empty when they can. At most five queries."""
    for each in (younger, main):
        number = {"number": each.reference}
        if each.merged_into_id:
            return _("%(number)s is al samengevoegd met een andere zaak.") % number
        if each.is_closed:
            return _("%(number)s is afgesloten. Alleen open zaken kunnen worden samengevoegd.") % number
        if is_decided(each):
            return _("In %(number)s is al besloten. Voeg deze zaken niet samen, maar zet ze bij elkaar.") % number
    number = {"number": younger.reference}
    if Case.objects.filter(merged_into=younger).exists():
        return _("In %(number)s is zelf al een zaak samengevoegd. Draai dat eerst terug.") % number
    if Hearing.objects.filter(case=younger, cancelled_at=None, starts_at__gte=at).exists():
        return _("In %(number)s staat nog een gesprek gepland. Zeg het eerst af.") % number
    if Request.objects.filter(case=younger, met_at=None, withdrawn_at=None).exists():
        return _("In %(number)s is nog iets gevraagd. Schrijf eerst op dat het er is, of niet meer nodig is.") % number
    if _handles_a_complaint_about_them(younger, main):
        return _("Wie %(main)s behandelt, is betrokkene in %(number)s. Wijs eerst iemand anders aan.") % {
            "main": main.reference,
            **number,
        }
    return ""


def hindrance_to_parting(case: Case, merge: Merge, member: Membership) -> str:
    """Why this merged case cannot go on by itself again; empty when it can."""
    main = case.merged_into
    if main is None:
        return _("Deze zaak is niet samengevoegd.")
    if merge.event.member_id != member.pk:
        return _("Alleen wie de zaken samenvoegde, kan dat terugdraaien.")
    if main.is_closed or is_decided(main):
        return _("In de andere zaak is al besloten. Daarom kan dit niet meer.")
    return ""


def is_decided(case: Case) -> bool:
    procedure = procedure_of(case.version)
    return any(is_decision(procedure, procedure.act(name)) for name in set(case.done))


def _handles_a_complaint_about_them(younger: Case, main: Case) -> bool:
    """Whether somebody who plays a part in the one is who the other is about."""
    playing = Assignment.objects.filter(case=main).exclude(role=Assignment.TAKEN_IN).values("membership_id")
    about = Party.objects.filter(case=younger, kind=Party.Kind.RESPONDENT, membership__isnull=False)
    return about.filter(membership__in=playing).exists() or (
        main.handler_id is not None and about.filter(membership=main.handler_id).exists()
    )
