"""Letters beside the procedure: invitations to a talk, with an entry for calendars, what is asked, what is put to
somebody, and that complaints are handled together.

They are no letters of the procedure: no document writes them, and no clock hangs on their leaving. They go out as
letters do all the same, so that they are kept, tried again, printed, and seen by a person when they cannot go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email.mime.text import MIMEText
from enum import StrEnum
from zoneinfo import ZoneInfo

import icalendar
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import linebreaks
from django.utils.translation import gettext as _

from complaints.letters.occasion import Recipient, Written
from complaints.letters.writing import salutation
from procedures import wording
from procedures.definition import EMPTY, Letter

# Names that no letter of a procedure can have: those have no hyphen.
INVITATION, REQUEST = "beside-invitation", "beside-request"
DISCLOSURE, MERGED = "beside-disclosure", "beside-merged"
# A "word" of thousands of characters would keep the layout busy for minutes; it may break here, in print alone.
_ENDLESS = re.compile(r"\S{70}(?=\S)")
_MAY_BREAK = "\u200b"  # zero width space


class Occasion(StrEnum):
    """What such a letter is written for."""

    INVITED = "invited"
    MOVED = "moved"
    CANCELLED = "cancelled"
    ASKED = "asked"
    REMINDED = "reminded"
    PUT = "put"
    MERGED = "merged"
    PARTED = "parted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A talk, at an aware instant."""

    starts_at: datetime
    minutes: int
    place: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who writes, for which organisation; `url` is the complainant's page."""

    name: str
    organisation: str
    zone: ZoneInfo
    email: str = ""
    phone: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A talk as calendars take it in: the same `uid` for good, a higher `sequence` when it was moved.

    `place` is empty when the talk has been moved to another one since.
    """

    uid: str
    sequence: int
    reference: str
    starts_at: datetime
    minutes: int
    place: str
    written_at: datetime
    is_cancelled: bool


def rule_of(name: str) -> Letter | None:
    """Such a letter as if a procedure had it; None when `name` is a letter of a procedure."""
    if name not in (INVITATION, REQUEST, DISCLOSURE, MERGED):
        return None
    return Letter(name=name, title=EMPTY, on=(), to=(), subject=EMPTY, body=EMPTY)


def write_invitation(
    talk: Talk,
    occasion: Occasion,
    *,
    to: Recipient,
    sender: Sender,
    reference: str,
    guests: str,
    are_both_invited: bool,
) -> Written:
    """An invitation in the recipient's language; `guests` are those of the recipient's side who are asked to come."""
    with translation.override(to.language):
        subject = {
            Occasion.INVITED: _("Uitnodiging voor een gesprek"),
            Occasion.MOVED: _("Het gesprek is verplaatst"),
            Occasion.CANCELLED: _("Het gesprek gaat niet door"),
        }[occasion]
        context = {
            "talk": talk,
            "when": wording.moment(talk.starts_at, zone=sender.zone),
            "guests": guests,
            "are_both_invited": are_both_invited,
        }
        return _written(subject, "letters/invitation.txt", context, occasion, to, sender, reference)


def write_request(
    what: str, due_on: date, occasion: Occasion, *, to: Recipient, sender: Sender, reference: str
) -> Written:
    """What is asked of somebody, or a reminder of it, in the recipient's language."""
    with translation.override(to.language):
        subject = _("Wij vragen u iets") if occasion is Occasion.ASKED else _("Wij vroegen u iets")
        context = {"what": what, "due_on": wording.day(due_on)}
        return _written(subject, "letters/request.txt", context, occasion, to, sender, reference)


def write_disclosure(*, is_copy: bool, to: Recipient, sender: Sender, reference: str) -> Written:
    """That a document is put to somebody, in the recipient's language. It waits on the complainant's page; to others it
    goes with this letter. What it is called is not said: the whole may be called what was taken out of the copy."""
    with translation.override(to.language):
        is_complainant = to.kind == "complainant"
        subject = _("Er staat een stuk voor u klaar") if is_complainant else _("Wij leggen u een stuk voor")
        context = {"is_copy": is_copy}
        return _written(subject, "letters/disclosure.txt", context, Occasion.PUT, to, sender, reference)


def write_merged(
    occasion: Occasion, *, to: Recipient, sender: Sender, reference: str, received_on: date, main: str = ""
) -> Written:
    """That a complaint is handled together with another, or by itself again, in the recipient's language.

    It says that the complaint was received, because letters that said so may have been stopped. `main` is the number of
    the other case; without it the letter says nothing of that case.
    """
    with translation.override(to.language):
        subject = {
            Occasion.MERGED: _("Wij behandelen uw klacht samen met een andere klacht"),
            Occasion.PARTED: _("Wij behandelen uw klacht weer apart"),
        }[occasion]
        context = {"received_on": wording.day(received_on), "main": main}
        return _written(subject, "letters/merged.txt", context, occasion, to, sender, reference)


def calendar_of(entry: Entry, *, to: Recipient, sender: Sender, from_email: str) -> bytes:
    """The entry as iCalendar (RFC 5545 and 5546), for this recipient alone: who else comes is not theirs to pass on."""
    with translation.override(to.language):
        summary = _("Gesprek over klacht %(reference)s") % {"reference": entry.reference}
        description = _("Lees ook de brief die u hierover kreeg.")
    event = icalendar.Event()
    event.add("uid", entry.uid)
    event.add("dtstamp", entry.written_at)
    event.add("sequence", entry.sequence)
    event.add("dtstart", entry.starts_at.astimezone(ZoneInfo("UTC")))
    event.add("dtend", (entry.starts_at + timedelta(minutes=entry.minutes)).astimezone(ZoneInfo("UTC")))
    event.add("summary", summary)
    event.add("description", description)
    if entry.place:
        event.add("location", entry.place)
    event.add("status", "CANCELLED" if entry.is_cancelled else "CONFIRMED")
    event.add("class", "PRIVATE")
    organizer = icalendar.vCalAddress(f"mailto:{sender.email or from_email}")
    organizer.params["CN"] = icalendar.vText(sender.organisation)
    event.add("organizer", organizer)
    attendee = icalendar.vCalAddress(f"mailto:{to.email}")
    attendee.params["CN"] = icalendar.vText(to.name)
    attendee.params["ROLE"] = icalendar.vText("REQ-PARTICIPANT")
    attendee.params["PARTSTAT"] = icalendar.vText("NEEDS-ACTION")
    attendee.params["RSVP"] = icalendar.vText("TRUE" if sender.email else "FALSE")
    event.add("attendee", attendee)
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Gehoor//Gesprek//NL")
    calendar.add("version", "2.0")
    calendar.add("method", _method(entry))
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def attach(mail: EmailMultiAlternatives, calendar: bytes, entry: Entry) -> None:
    """Puts the entry with the mail: once for programs that offer it at once, and once as a file for the others."""
    part = MIMEText(calendar.decode(), "calendar", "utf-8")
    part.set_param("method", _method(entry))
    mail.attach_alternative(calendar.decode(), f"text/calendar; method={_method(entry)}")
    part.add_header("Content-Disposition", "attachment", filename=f"{entry.reference}.ics")
    mail.attach(part)


def _method(entry: Entry) -> str:
    return "CANCEL" if entry.is_cancelled else "REQUEST"


def _written(
    subject: str,
    template: str,
    context: Mapping[str, object],
    occasion: Occasion,
    to: Recipient,
    sender: Sender,
    reference: str,
) -> Written:
    is_complainant = to.kind == "complainant"
    body = render_to_string(
        template,
        {
            **context,
            "occasion": occasion.value,
            "is_complainant": is_complainant,
            "url": sender.url if is_complainant else "",
            "reference": reference,
            "sender": sender,
        },
    )
    paragraphs = [part.strip() for part in body.split("\n\n") if part.strip()]
    closing = [_("Met vriendelijke groet,"), "\n".join(each for each in (sender.name, sender.organisation) if each)]
    return Written(
        subject=subject,
        html="\n".join(linebreaks(_ENDLESS.sub(rf"\g<0>{_MAY_BREAK}", each), autoescape=True) for each in paragraphs),
        text="\n\n".join([salutation(to), *paragraphs, *closing]) + "\n",
        language=to.language,
        depends_on_sending=False,
    )
