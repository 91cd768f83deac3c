"""The next version of an organisation's own procedure: begun, kept as typed, thrown away, or published.

An organisation has one draft at a time. It stands under number 0, which no published version has, so that the database
itself refuses a second one, and a version that is published meanwhile finds its own number free.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from complaints.models import Membership
from procedures import catalogue, editing, wording
from procedures.catalogue import procedure_of, published_versions, version_in_force, zone_of
from procedures.definition import Procedure
from procedures.loading import load
from procedures.models import Organisation, ProcedureVersion
from procedures.scoping import current

DRAFT_NUMBER = 0
LONGEST_TEXT = 400_000  # characters; the longest of the five is a quarter of this


class NotYours(Exception):
    """The member does not have the role that may publish."""


class DraftMovedOn(Exception):
    """The draft changed, came or went after the page was made; what was typed has to be looked at again."""


class NotReady(Exception):
    """The draft cannot be published as it is; `reasons` says why, for the person who wants to."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


def may_publish(member: Membership, procedure: Procedure) -> bool:
    """Whether the member has the role that `procedure`, the one in force, names as its publisher (KC-02)."""
    return member.is_active and procedure.publisher in member.roles


def draft_version() -> ProcedureVersion | None:
    """The draft of the organisation in scope."""
    return ProcedureVersion.objects.defer(None).filter(state=ProcedureVersion.State.DRAFT).first()


@transaction.atomic
def begin_version(*, member: Membership, at: datetime) -> ProcedureVersion:
    """Begins a draft from the version in force, with the next number, to hold from the next local day on.

    Raises NotYours, or DraftMovedOn when there is a draft already.
    """
    organisation, in_force, today = _locked(member, at)
    if draft_version():
        raise DraftMovedOn
    since = today + timedelta(days=1)
    text = editing.next_version(in_force.source, number=_newest() + 1, in_force_from=since)
    return ProcedureVersion.objects.create(
        organisation=organisation,
        number=DRAFT_NUMBER,
        source=text,
        sha256=_hash(text),
        in_force_from=since,
        created_at=at,
    )


@transaction.atomic
def keep_version(text: str, *, member: Membership, seen: str, at: datetime) -> ProcedureVersion:
    """Keeps the draft's text as it was typed, sound or not. `seen` is the hash of the text that was changed.

    Raises NotYours, or DraftMovedOn when somebody else changed it meanwhile, or it is gone.
    """
    _locked(member, at)
    draft = _seen_draft(seen)
    draft.source, draft.sha256 = text, _hash(text)
    draft.save(update_fields=["source", "sha256"])
    return draft


@transaction.atomic
def discard_version(*, member: Membership, seen: str, at: datetime) -> None:
    """Throws the draft away. Raises NotYours or DraftMovedOn."""
    _locked(member, at)
    _seen_draft(seen).delete()


@transaction.atomic
def publish_version(*, member: Membership, seen: str, at: datetime) -> ProcedureVersion:
    """Publishes the draft. Open cases keep the version that they were opened under.

    Raises NotYours, DraftMovedOn, or NotReady with what is to be mended first. Side effects: the draft goes, and the
    version stands in the catalogue.
    """
    organisation, _in_force, today = _locked(member, at)
    draft = _seen_draft(seen)
    reasons = list(reasons_against(draft.source, organisation, roles=member.roles, today=today))
    if reasons:
        raise NotReady(reasons)
    draft.delete()
    return catalogue.publish(draft.source, by=member.name, roles=member.roles, at=at)


def reasons_against(text: str, organisation: Organisation, *, roles: Collection[str], today: date) -> Iterator[str]:
    """Why somebody with these roles cannot publish a text as the organisation's next version on the local day `today`;
    nothing when they can.

    The organisation and its prefix are compared here because a text could name another one's.
    """
    if editing.problems_of(text):
        yield _("De tekst is nog niet in orde.")
        return
    procedure = load(text)
    if procedure.organisation != organisation.slug:
        yield _("Bij “organisation” staat een andere organisatie. Schrijf daar: %(slug)s.") % {
            "slug": organisation.slug
        }
    if procedure.prefix != organisation.prefix:
        yield _("Bij “prefix” staan andere letters. De nummers van zaken beginnen met %(prefix)s.") % {
            "prefix": organisation.prefix
        }
    if procedure.version <= _newest():
        yield _("Versie %(number)d is niet nieuw. Schrijf bij “version” minstens %(next)d.") % {
            "number": procedure.version,
            "next": _newest() + 1,
        }
    if procedure.in_force_from < today:
        yield _("De versie kan niet gelden vanaf %(day)s: die dag is voorbij. Kies vandaag of later.") % {
            "day": wording.day(procedure.in_force_from)
        }
    newest = published_versions()[0]
    if procedure_of(newest).publisher not in roles:
        yield _("Versie %(number)d is al gepubliceerd. Volgens die versie mag u de volgende niet publiceren.") % {
            "number": newest.number
        }


def _locked(member: Membership, at: datetime) -> tuple[Organisation, ProcedureVersion, date]:
    """The organisation, whose versions nobody else changes meanwhile, with the version in force. Raises NotYours."""
    organisation = Organisation.objects.select_for_update(no_key=True).get(pk=current())
    today = at.astimezone(zone_of(procedure_of(published_versions()[0]))).date()
    in_force = version_in_force(today)
    if not may_publish(member, procedure_of(in_force)):
        raise NotYours
    return organisation, in_force, today


def _seen_draft(seen: str) -> ProcedureVersion:
    draft = draft_version()
    if draft is None or draft.sha256 != seen:
        raise DraftMovedOn
    return draft


def _newest() -> int:
    return published_versions()[0].number


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
