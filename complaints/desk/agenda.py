"""A member's deadlines in their own calendar and in their mail: the page that arranges it, and the feed itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import icalendar
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from complaints import throttling
from complaints.access import cases_for
from complaints.actions.subscriptions import (
    FROM,
    RenewedMeanwhile,
    choose_digest,
    end_address,
    fetch,
    fingerprint,
    has_address,
    renew_address,
)
from complaints.desk.confirming import confirmed
from complaints.desk.seats import Seat, page, seated
from complaints.letters.digest import LANGUAGE, note
from complaints.models import Subscription
from complaints.queries.agenda import Owed, owed
from complaints.queries.duties import Task, tasks
from procedures.catalogue import NotInForce, procedure_of, version_at, zone_of
from procedures.definition import Procedure
from procedures.models import Organisation

_R = TypeVar("_R", bound=HttpResponseBase)
REFRESHED = timedelta(hours=1)  # how often a calendar is asked to look again


# --- The page ---------------------------------------------------------------------------------------------------------


@require_GET
@seated
def agenda(request: HttpRequest, seat: Seat) -> HttpResponse:
    return _page(request, seat)


@confirmed
@require_POST
@seated
def address(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Makes or renews the address. It is shown in the answer itself and nowhere else, so it is kept nowhere else."""
    try:
        secret = renew_address(seat.membership, at=seat.now, known=request.POST.get("known", ""))
    except RenewedMeanwhile:
        return _page(request, seat, is_renewed_meanwhile=True, status=409)
    return _page(request, seat, new_address=f"{settings.SITE_URL}/{seat.organisation.slug}/agenda/{secret}.ics")


@require_POST
@seated
def stop(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Ends the address."""
    end_address(seat.membership, at=seat.now)
    messages.success(request, _("Uw agenda-adres werkt niet meer."))
    return redirect("desk:agenda")


@require_POST
@seated
def digest(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Turns the daily mail on or off."""
    wanted = request.POST.get("wanted") == "yes"
    choose_digest(seat.membership, seat.procedure, wanted=wanted, at=seat.now)
    messages.success(request, _("De mail staat aan.") if wanted else _("De mail staat uit."))
    return redirect("desk:agenda")


def _page(
    request: HttpRequest, seat: Seat, *, new_address: str = "", is_renewed_meanwhile: bool = False, status: int = 200
) -> HttpResponse:
    subscription = Subscription.objects.filter(member=seat.membership).first()
    cases = cases_for(seat.membership, seat.procedure, at=seat.now)
    return page(
        request,
        "desk/agenda.html",
        {
            "title": _("Mijn agenda"),
            "subscription": subscription,
            "has_address": has_address(subscription),
            "known": fingerprint(subscription),
            "new_address": new_address,
            "is_renewed_meanwhile": is_renewed_meanwhile,
            "count": len(owed(cases, seat.membership, seat.procedure, at=seat.now)),
            "hour": FROM.hour,
        },
        status=status,
    )


# --- The feed ---------------------------------------------------------------------------------------------------------


@require_safe
def feed(request: HttpRequest, secret: str) -> HttpResponseBase:
    """The calendar that the secret belongs to, without signing in. Any other secret is a 404, and later a 429.

    Who knows the secret is never slowed down by others from the same network: it is looked up first.
    """
    organisation: Organisation = request.organisation  # type: ignore[attr-defined]
    now = timezone.now()
    member = fetch(secret, at=now)
    if member is None:
        return _unknown(request, at=now)
    try:
        procedure = procedure_of(version_at(now))
    except NotInForce:
        raise Http404 from None
    deadlines = owed(cases_for(member, procedure, at=now), member, procedure, at=now)
    yearly = tasks(procedure, member.roles, today=now.astimezone(zone_of(procedure)).date())
    content = calendar(organisation, procedure, deadlines, yearly)
    etag = f'"{sha256(content).hexdigest()}"'
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="termijnen.ics"'
    answer = get_conditional_response(request, etag=etag, response=response) or response
    answer["ETag"] = etag
    answer["Cache-Control"] = "private, no-cache"  # kept, but asked about each time
    return _unlisted(answer)


def calendar(
    organisation: Organisation, procedure: Procedure, deadlines: list[Owed], yearly: Sequence[Task] = ()
) -> bytes:
    """The deadlines as iCalendar (RFC 5545): the case's number and what has to be done, and nothing about anybody.

    The same deadlines give the same bytes. A day term is an event of that whole day, an hour term one at its instant;
    neither makes anybody look busy.
    """
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    made = icalendar.Calendar()
    made.add("prodid", f"-//Gehoor//{host}//NL")
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("method", "PUBLISH")
    with translation.override(LANGUAGE):
        made.add("x-wr-calname", _("Termijnen %(name)s") % {"name": procedure.name})
        made.add("x-wr-timezone", procedure.zone)
        made.add("refresh-interval", REFRESHED, parameters={"VALUE": "DURATION"})
        made.add("x-published-ttl", "PT1H")
        for each in deadlines:
            made.add_component(_event(each, organisation, host))
        for task in yearly:
            made.add_component(_yearly(task, organisation, host))
    return bytes(made.to_ical())


def _event(deadline: Owed, organisation: Organisation, host: str) -> icalendar.Event:
    event = icalendar.Event()
    event.add("uid", f"{organisation.slug}-{deadline.reference}-{deadline.rule}-{deadline.number}@{host}".lower())
    event.add("dtstamp", deadline.starts_at.astimezone(ZoneInfo("UTC")))
    event.add("sequence", deadline.changes)
    event.add(
        "summary", f"{deadline.reference} {deadline.title.in_language(LANGUAGE)}{note(deadline.kind, deadline.owed_by)}"
    )
    if isinstance(deadline.due, datetime):
        event.add("dtstart", deadline.due.astimezone(ZoneInfo("UTC")))
    else:
        day: date = deadline.due
        event.add("dtstart", day)
        event.add("dtend", day + timedelta(days=1))
    event.add("transp", "TRANSPARENT")
    event.add("url", f"{settings.SITE_URL}/beheer/zaken/{deadline.reference}/")
    return event


def _yearly(task: Task, organisation: Organisation, host: str) -> icalendar.Event:
    """A yearly duty on its last day."""
    event = icalendar.Event()
    event.add("uid", f"{organisation.slug}-{task.duty.name}-{task.year}@{host}".lower())
    event.add("dtstamp", datetime(task.year + 1, 1, 1, tzinfo=ZoneInfo("UTC")))
    event.add("summary", f"{task.duty.title.in_language(LANGUAGE)} ({task.year})")
    event.add("dtstart", task.due_on)
    event.add("dtend", task.due_on + timedelta(days=1))
    event.add("transp", "TRANSPARENT")
    event.add("url", f"{settings.SITE_URL}/beheer/verslag/taken/{task.duty.name}/{task.year}/")
    return event


def _unknown(request: HttpRequest, *, at: datetime) -> HttpResponse:
    """The same for a secret that never was, was replaced, or is of somebody who left; guessing goes ever slower."""
    seconds = throttling.wait_for(request, "feed", at=at)
    if seconds:
        response = HttpResponse(status=429)
        response["Retry-After"] = str(seconds)
    else:
        throttling.count(request, "feed", at=at)
        response = HttpResponse(status=404)
    return _unlisted(response)


def _unlisted(response: _R) -> _R:
    response["X-Robots-Tag"] = "noindex"
    return response
