"""Letters as rows of the outbox: to whom each goes, by which way, and what it says."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import override

from complaints import nudge
from complaints.actions.actors import Actor
from complaints.actions.notices import write_notice
from complaints.letters.mailing import new_message_id
from complaints.letters.writing import Recipient, Written, write
from complaints.models import Case, Event, Letter, Membership, Notice, Party
from complaints.queries.deputies import deputies
from complaints.queries.dossier import occasion_of
from complaints.queries.people import People
from procedures import engine
from procedures.calendars import Calendar
from procedures.catalogue import procedure_of, zone_of
from procedures.definition import Channel, OccurrenceKind, Procedure, Role
from procedures.definition import Letter as LetterRule

NO_RECIPIENT = "no_recipient"


@dataclass(frozen=True, slots=True)
class Addressee:
    """A recipient, and the row that it comes from."""

    recipient: Recipient
    key: str
    party: Party | None = None
    member: Membership | None = None
    may_be_mailed: bool = True  # no mail server has said for good that the address does not exist


def write_letters(
    event: Event, decision: engine.Decision, actor: Actor, procedure: Procedure, calendar: Calendar, *, at: datetime
) -> bool:
    """Writes a row for each letter that the decision calls for and each of its recipients; whether there was any.

    Nobody is skipped in silence: a role that nobody plays is written to the administrators instead, and a letter that
    has no recipient at all becomes a failed one, for a person to see.
    """
    case = event.case
    zone = ZoneInfo(procedure.zone)
    if not decision.letters:
        return False
    rows = []
    people = People.on(case)
    for due in decision.letters:
        rule = procedure.letter(due.letter)
        sender = _sender(people, procedure, rule, actor)
        occasion = occasion_of(
            case,
            procedure,
            calendar,
            at=at,
            state=decision.case,
            before=decision.before,
            sender=sender,
            sender_role=signing_role(procedure, rule),
            deadline=due.deadline,
            people=people,
        )
        for addressee in _addressees(people, procedure, rule, on=at.astimezone(zone).date()):
            written = write(rule, to=addressee.recipient, occasion=occasion)
            channel = _channel(rule, addressee)
            is_held = rule.is_held
            is_lost = addressee.key == NO_RECIPIENT
            state = Letter.State.FAILED if is_lost else Letter.State.HELD if is_held else Letter.State.WAITING
            rows.append(
                Letter(
                    case=case,
                    event=event,
                    key=f"{case.pk}:{event.number}:{rule.name}:{addressee.key}",
                    name=rule.name,
                    deadline=due.deadline,
                    recipient=addressee.recipient.kind,
                    party=addressee.party,
                    member=addressee.member,
                    sender=sender,
                    to_name=addressee.recipient.name,
                    to_organisation=addressee.recipient.organisation,
                    to_address=list(addressee.recipient.address),
                    to_email=addressee.recipient.email,
                    language=addressee.recipient.language,
                    channel=channel.value,
                    state=state,
                    error=NO_RECIPIENT if is_lost else "",
                    due_at=at,
                    try_at=at if state == Letter.State.WAITING else None,
                    message_id=new_message_id(),
                    written_on=at.astimezone(zone).date(),
                    subject=written.subject[:200],
                    html=written.html,
                    text=written.text,
                    depends_on_sending=written.depends_on_sending,
                )
            )
    Letter.objects.bulk_create(rows)
    for rule in {row.name: procedure.letter(row.name) for row in rows if row.state == Letter.State.HELD}.values():
        tell_lookers(people, rule, procedure, besides={actor.membership.pk} if actor.membership else (), at=at)
    return bool(rows)


def tell_lookers(
    people: People, rule: LetterRule, procedure: Procedure, *, besides: Collection[int], at: datetime
) -> None:
    """Mails those who may let a held letter go that it waits; not the members `besides`, who know of it."""
    roles = procedure.roles_called(rule.looked_at_by)
    lookers = {each.pk: each for role in procedure.roles if role.name in roles for each in people.holders(role)}
    if rule.second_reader or not lookers.keys() & set(besides):  # who may let go what they wrote, needs no mail
        for key, member in lookers.items():
            if key not in besides:
                write_notice(people.case, Notice.Kind.LETTER, at=at, member=member)


def stop_overtaken(event: Event, decision: engine.Decision, *, at: datetime) -> None:
    """Stops what was to be said of a clock and has not left, once that clock says something else.

    A reminder does not leave when the next one is there, when the end moved or passed, or when nothing is owed any
    more; what colleagues were to hear of a missed deadline not once the case is over. A letter that a sender has in
    hand is left to them: they would wait for the case.
    """
    before = {each.key: each for each in decision.before.deadlines}
    changed = {each.rule for each in decision.changed if each.key in before and _says_else(each, before[each.key])}
    overtaken = Q(deadline__in=changed, event__occurrence__startswith=f"{OccurrenceKind.BEFORE}:")
    if event.case.closed_at:
        overtaken |= Q(member__isnull=False, event__occurrence__startswith=f"{OccurrenceKind.PASSED}:")
    if changed or event.case.closed_at:
        waiting = Letter.objects.filter(overtaken, case=event.case, state__in=(Letter.State.HELD, Letter.State.WAITING))
        free = waiting.filter(Q(lease_until=None) | Q(lease_until__lte=at)).exclude(event=event)
        keys = list(free.select_for_update(of=("self",), skip_locked=True).values_list("pk", flat=True))
        if keys:
            Letter.objects.filter(pk__in=keys).update(state=Letter.State.STOPPED, try_at=None)


def _says_else(clock: engine.Deadline, before: engine.Deadline) -> bool:
    """Whether a reminder that was right before this would be wrong, or said twice, now."""
    if clock.is_paused or clock.status is not engine.Status.OPEN:
        return True
    return (clock.due.due, clock.reminded) != (before.due.due, before.reminded)


def post_beside(event: Event, addressee: Addressee, name: str, written: Written, sender: Membership) -> Letter:
    """Puts a letter that no procedure names in the outbox."""
    to, case = addressee.recipient, event.case
    procedure = procedure_of(case.version)
    letter = Letter.objects.create(
        case=case,
        event=event,
        key=f"{event.case_id}:{event.number}:{name}:{addressee.key}",
        name=name,
        recipient=to.kind,
        party=addressee.party,
        sender=sender,
        to_name=to.name,
        to_organisation=to.organisation,
        to_address=list(to.address),
        to_email=to.email,
        language=to.language,
        channel=way_beside(procedure, to).value,
        due_at=event.at,
        try_at=event.at,
        message_id=new_message_id(),
        written_on=event.at.astimezone(zone_of(procedure)).date(),
        subject=written.subject,
        html=written.html,
        text=written.text,
    )
    transaction.on_commit(nudge.workers)
    return letter


def way_beside(procedure: Procedure, to: Recipient) -> Channel:
    """How a letter that no procedure names goes: in a closed envelope to whom the procedure itself writes in no other
    way, else by mail, or on paper for who has no address for that."""
    own = [rule.channels for rule in procedure.letters if to.kind in rule.to]
    if own and all(channels == (Channel.SEALED,) for channels in own):
        return Channel.SEALED
    return Channel.EMAIL if to.email else Channel.POST


def recipient_of(letter: Letter) -> Recipient:
    """The recipient as they were when the letter was written."""
    return Recipient(
        kind=letter.recipient,
        name=letter.to_name,
        organisation=letter.to_organisation,
        address=tuple(letter.to_address),
        email=letter.to_email,
        language=letter.language,
    )


def is_colleague(recipient: Recipient, procedure: Procedure) -> bool:
    """Whether they work for the organisation: a mail of words with a link to the case is enough for them."""
    return recipient.is_inside and not any(role.is_outside for role in procedure.roles if role.name == recipient.kind)


def addressee_of(party: Party, case: Case) -> Addressee:
    """A party as letters reach them; the complainant and who speaks for them are one (KK-02)."""
    if party.kind == Party.Kind.RESPONDENT:
        return _party(party, case)
    return next(_of_kind(People.on(case), procedure_of(case.version), Party.Kind.COMPLAINANT))


def _addressees(people: People, procedure: Procedure, rule: LetterRule, *, on: date) -> Iterator[Addressee]:
    seen: set[str] = set()
    for kind in rule.to:
        found = list(_in_place(people, procedure, list(_of_kind(people, procedure, kind)), on=on))
        for addressee in found or [Addressee(Recipient(kind=kind, name=""), NO_RECIPIENT)]:
            if addressee.key not in seen and not (addressee.key == NO_RECIPIENT and seen):
                seen.add(addressee.key)
                yield addressee


def _in_place(people: People, procedure: Procedure, found: Sequence[Addressee], *, on: date) -> Iterator[Addressee]:
    """The same, with deputies in the place of who is away on the local day.

    Where the deputy may not know of the case, who is away is written to all the same, and the administrators too.
    """
    away = deputies(people.case, procedure, [each.member for each in found if each.member], on=on)
    for each in found:
        deputy = away.get(each.member.pk) if each.member else None
        if each.member and deputy:
            yield _member(deputy, each.recipient.kind, instead_of=each.member)
        else:
            yield each
        if each.member and not deputy and each.member.pk in away:
            yield from _administrators(people, procedure)


def _of_kind(people: People, procedure: Procedure, kind: str) -> Iterator[Addressee]:
    if kind in (Party.Kind.COMPLAINANT, Party.Kind.RESPONDENT):
        speaking = people.of_kind(Party.Kind.REPRESENTATIVE) if kind == Party.Kind.COMPLAINANT else []
        parties = people.of_kind(kind)
        for party in parties:
            yield _represented(party, speaking[0], people.case) if speaking else _party(party, people.case)
        if kind == Party.Kind.RESPONDENT and not parties:  # a complaint need not be about anyone
            yield from _administrators(people, procedure)
    elif kind.startswith("appeal:"):
        body = procedure.appeal(kind.removeprefix("appeal:"))
        name = body.person or body.title.nl
        yield Addressee(
            Recipient(
                kind=kind,
                name=name,
                organisation=body.title.nl if body.person else "",
                address=body.address,
                email=body.email,
            ),
            kind,
        )
    else:
        roles = [role for role in procedure.roles if role.is_handler] if kind == "handler" else [procedure.role(kind)]
        members = [member for role in roles for member in people.holders(role)]
        if members:
            for member in members:
                yield _member(member, kind)
        else:
            yield from _administrators(people, procedure)


def _administrators(people: People, procedure: Procedure) -> Iterator[Addressee]:
    for role in (role for role in procedure.roles if role.is_administrator):
        for member in people.holders(role):
            yield _member(member, role.name)


def _party(party: Party, case: Case) -> Addressee:
    email = party.email or (party.membership.user.email if party.membership else "")
    return Addressee(
        Recipient(
            kind=party.kind,
            name=party.name,
            organisation=party.organisation_name,
            address=party.address_lines,
            email=email,
            language=case.language if party.kind == Party.Kind.COMPLAINANT else "nl",
        ),
        f"party{party.pk}",
        party=party,
        may_be_mailed=party.email_failed_at is None,
    )


def _represented(party: Party, speaks: Party, case: Case) -> Addressee:
    """The complainant by way of who speaks for them: what is for the one is sent to the other (KK-02)."""
    own = _party(party, case)
    with override(case.language):
        capacity = _("gemachtigde van %(name)s") % {"name": party.name}
    address = speaks.address_lines or own.recipient.address
    recipient = replace(
        own.recipient,
        name=speaks.name,
        organisation="",
        address=(capacity, *address) if address else (),
        email=speaks.email or own.recipient.email,
    )
    reached = speaks if speaks.email else party
    return replace(own, recipient=recipient, may_be_mailed=reached.email_failed_at is None)


def _member(member: Membership, kind: str, *, instead_of: Membership | None = None) -> Addressee:
    with override("nl"):
        capacity = _("vervangt %(name)s") % {"name": instead_of.name} if instead_of else ""
    return Addressee(
        Recipient(kind=kind, name=member.name, organisation=capacity, email=member.user.email),
        f"member{member.pk}",
        member=member,
    )


def _channel(rule: LetterRule, addressee: Addressee) -> Channel:
    """The first way that the recipient can be reached by; else on paper, which a person sees to."""
    for channel in rule.channels:
        if channel is Channel.EMAIL and not (addressee.recipient.email and addressee.may_be_mailed):
            continue
        if channel is Channel.POST and not addressee.recipient.address:
            continue
        return channel
    return Channel.SEALED if Channel.SEALED in rule.channels else Channel.POST


def _sender(people: People, procedure: Procedure, rule: LetterRule, actor: Actor) -> Membership | None:
    """Who signs: the actor where they play the role that signs, else whoever does."""
    if not rule.signed_by:
        return None
    if actor.membership and rule.signed_by in actor.roles:
        return actor.membership
    role = signing_role(procedure, rule)
    if people.case.handler and role and role.is_handler:
        return people.case.handler
    found = people.holders(role) if role else []
    return found[0] if found else None


def signing_role(procedure: Procedure, rule: LetterRule) -> Role | None:
    """The role that signs a letter; "handler" is whichever role handles."""
    by_name = {role.name: role for role in procedure.roles}
    handling = next((role for role in procedure.roles if role.is_handler), None)
    return by_name.get(rule.signed_by) or (handling if rule.signed_by == "handler" else None)
