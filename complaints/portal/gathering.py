"""Everything that is kept of a complainant in a case, in words, without what is of others (KK-12, GDPR article 15.4).

Left out are the names and addresses of people complained about and of staff, what staff wrote among themselves, and
what letters to others say. What the complainant wrote stays whole, whoever it names: they know it already.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from complaints.access import Entry
from complaints.intake.copying import Said, about_it, about_you, said_at, text_of
from complaints.models import BESIDE, Answer, Document, Event, Measure, Membership, Message, Party
from complaints.portal.files import is_own, letters_of, own_documents
from complaints.portal.story import told
from complaints.queries.state import state_of
from procedures import wording
from procedures.calendars import Calendar
from procedures.catalogue import calendar_of
from procedures.definition import COMPLAINANT, PARTY_FIELDS, FieldKind, Procedure

OTHERS = (FieldKind.PERSON, FieldKind.MEMBER, FieldKind.MEMBERS)
OWN = (Party.Kind.COMPLAINANT, Party.Kind.REPRESENTATIVE)


def gathered(entry: Entry, *, at: datetime) -> dict[str, Any]:
    """What the complainant gets of their case, as it stands at the instant `at`; values that JSON knows."""
    case, procedure = entry.case, entry.procedure
    calendar = calendar_of(procedure, at=at)
    letters, documents = list(letters_of(entry)), list(own_documents(entry))
    events = list(case.events.order_by("number"))
    parties = list(case.parties.all())
    others = Others(entry, parties)
    return {
        "organisation": procedure.name,
        "reference": case.reference,
        "made_at": at.isoformat(),
        "received_at": case.received_at.isoformat(),
        "closed_at": _iso(case.closed_at),
        "language": case.language,
        "standing": _("Wij behandelen uw klacht samen met een andere klacht.")
        if case.merged_into_id
        else text_of(procedure.phase(case.phase).public),
        "handler": _handler(entry),
        "retention": wording.term(procedure.retention.term),
        "person": _person(parties),
        "you": [asdict(each) for each in about_you(case, procedure)],
        "complaint": [asdict(each) for each in _complaint(entry, events[0])],
        "later": _later(procedure, events),
        "story": [
            {"at": each.at.isoformat(), "what": others.left_out(each.what)} for each in told(events, letters, procedure)
        ],
        "deadlines": _deadlines(entry, calendar, others),
        "letters": [
            {
                "sent_at": _iso(each.sent_at),
                "subject": others.left_out(each.subject),
                "way": each.channel,
                "text": others.left_out(each.text),
            }
            for each in letters
        ],
        "messages": [
            {
                "at": each.sent_at.isoformat(),
                "from": _("u") if each.by == Message.By.COMPLAINANT else procedure.name,
                "text": each.text if each.by == Message.By.COMPLAINANT else others.left_out(each.text),
                "files": [others.named(file) for file in documents if file.event_id == each.event_id],
            }
            for each in case.messages.all()
        ],
        "files": [
            {
                "added_at": each.added_at.isoformat(),
                "from": _("u") if is_own(each, entry) else procedure.name,
                "name": others.named(each),
                "bytes": each.size,
                "sha256": each.sha256,
            }
            for each in documents
        ],
    }


class Others:
    """The people in and around a case who are somebody else than the complainant, by name and mail address."""

    def __init__(self, entry: Entry, parties: Sequence[Party]) -> None:
        self._entry = entry
        own = {_plain(each.name) for each in parties if each.kind in OWN}
        members = list(Membership.objects.select_related("user"))
        titles = [text_of(role.title) for role in entry.procedure.roles] + [entry.procedure.name]
        about = {field.name for field in entry.procedure.every_field() if field.kind is FieldKind.PERSON}
        named = [each.name for each in parties if each.kind not in OWN]
        named += [
            str(each) for each in Answer.objects.filter(case=entry.case, name__in=about).values_list("value", flat=True)
        ]
        named += [each.name for each in members]
        named += Measure.objects.filter(case=entry.case).values_list("owner", flat=True)
        known = {_plain(each): each for each in named}
        gone = [each for plain, each in known.items() if len(plain) > 2 and plain not in own | set(map(_plain, titles))]
        gone += [each.user.email for each in members if each.user.email and _plain(each.name) not in own]
        signs = (r"\s+".join(map(re.escape, each.split())) for each in sorted(gone, key=len, reverse=True))
        self._names = re.compile(rf"(?<!\w)(?:{'|'.join(signs) or '(?!)'})(?!\w)", re.IGNORECASE)

    def left_out(self, text: str) -> str:
        """The text with a note in the place of each name."""
        return self._names.sub(lambda _found: _("[weggelaten: gegevens van een ander]"), text)

    def named(self, document: Document) -> str:
        """The name of a file: as they gave it, else without the names of others."""
        return document.title if is_own(document, self._entry) else self.left_out(document.title)


def _complaint(entry: Entry, opening: Event) -> list[Said]:
    """The complaint as it was filed, without the people it is about and without what staff answered besides."""
    procedure = entry.procedure
    act = procedure.act(opening.occurrence)
    besides = set() if COMPLAINANT in act.by else {text_of(each.title) for each in act.fields}
    without = {each.question: each for each in said_at(opening, procedure, without=OTHERS)}
    return [
        without.get(each.question, each) for each in about_it(entry.case, procedure) if each.question not in besides
    ]


def _later(procedure: Procedure, events: Sequence[Event]) -> list[dict[str, Any]]:
    """What the complainant did after filing, also where staff wrote it down for them."""
    theirs = {act.name: act for act in procedure.acts if COMPLAINANT in act.by}
    return [
        {
            "at": event.at.isoformat(),
            "what": text_of(theirs[event.occurrence].title),
            "answers": [asdict(each) for each in said_at(event, procedure, without=OTHERS)],
        }
        for event in events[1:]
        if event.occurrence in theirs and not event.occurrence.startswith(BESIDE)
    ]


def _deadlines(entry: Entry, calendar: Calendar, others: Others) -> list[dict[str, Any]]:
    procedure, found = entry.procedure, []
    for clock in state_of(entry.case, procedure).deadlines:
        rule = procedure.deadline(clock.rule)
        if not rule.public:
            continue
        sentences = wording.counting(clock, rule, procedure=procedure, calendar=calendar, public=True)
        found.append(
            {
                "what": text_of(rule.title),
                "told_as": text_of(rule.public),
                "from": clock.start.isoformat(),
                "by": clock.due.due.isoformat(),
                "status": wording.status(clock.status),
                "met_at": _iso(clock.met_at),
                "counting": [others.left_out(each) for each in sentences],
            }
        )
    return found


def _handler(entry: Entry) -> str:
    """What the handler is; who it is, is theirs."""
    if entry.case.handler is None:
        return ""
    return next((text_of(each.title) for each in entry.procedure.roles if each.is_handler), "")


def _person(parties: Sequence[Party]) -> dict[str, str]:
    person = next(each for each in parties if each.kind == Party.Kind.COMPLAINANT)
    return {name: getattr(person, "organisation_name" if name == "organisation" else name) for name in PARTY_FIELDS}


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
