"""Who sits at the desk: the member of staff, the organisation that they work in now, and its procedure in force."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeAlias
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone

from complaints.access import mails_for, may_look, may_read_reports, membership_of, organisations_for, takes_in
from complaints.actions.memberships import may_manage
from complaints.inbox.boxes import box_of
from complaints.models import IncomingMail, Membership, User
from complaints.queries.committees import is_from_outside
from procedures.calendars import Calendar
from procedures.catalogue import NotInForce, calendar_of, procedure_of, version_at, zone_of
from procedures.definition import Procedure, Text
from procedures.models import Organisation

P = ParamSpec("P")
View: TypeAlias = "Callable[Concatenate[HttpRequest, Seat, P], HttpResponseBase]"


@dataclass(frozen=True, slots=True)
class Seat:
    """A member at work, at the instant `now`, with what is the same for every page of one request."""

    organisation: Organisation
    membership: Membership
    procedure: Procedure  # the one in force; a case follows its own version
    calendar: Calendar
    now: datetime

    @property
    def zone(self) -> ZoneInfo:
        return zone_of(self.procedure)

    @property
    def is_colleague(self) -> bool:
        """Whether the member works in the house: plays a role that is not an outside one."""
        return any(role.name in self.membership.roles and not role.is_outside for role in self.procedure.roles)

    @property
    def is_from_outside(self) -> bool:
        """Whether the member comes from outside alone, to judge appeals: then only what they judge is open to them."""
        return is_from_outside(self.membership.roles, self.procedure)

    @property
    def may_look(self) -> bool:
        """Whether the member may read a case in which they play no part, with a written reason."""
        return may_look(self.membership, self.procedure)

    @property
    def gets_mail(self) -> bool:
        """Whether the organisation's mail comes in here, and is for this member to look through."""
        return box_of(self.organisation.slug) is not None and takes_in(self.membership, self.procedure)

    @property
    def waiting_mail(self) -> int:
        """How many mails wait to be looked through. One query."""
        return mails_for(self.membership, self.procedure, at=self.now).filter(state=IncomingMail.State.WAITING).count()

    @property
    def may_manage(self) -> bool:
        """Whether the member administers the organisation, or may publish its procedure."""
        return may_manage(self.membership, self.procedure)

    @property
    def may_read_reports(self) -> bool:
        """Whether the yearly reports are for this member."""
        return may_read_reports(self.membership, self.procedure)

    @property
    def today(self) -> date:
        """The organisation's local day."""
        return self.now.astimezone(self.zone).date()

    @property
    def role_titles(self) -> list[Text]:
        return [role.title for role in self.procedure.roles if role.name in self.membership.roles]


def seat_of(request: HttpRequest) -> Seat | None:
    """The viewer's seat in the organisation in scope; None for a stranger. Found once in a request."""
    if not hasattr(request, "seat"):
        request.seat = _find(request)  # type: ignore[attr-defined]
    found: Seat | None = request.seat  # type: ignore[attr-defined]
    return found


def seated(view: View[P]) -> Callable[..., HttpResponseBase]:
    """A view for colleagues only. Others get a page that says so, and no data; of a thing in it, that there is none."""

    @wraps(view)
    def inside(request: HttpRequest, seat: Seat, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if seat.is_from_outside and kwargs:
            raise Http404
        if seat.is_from_outside:
            return page(request, "desk/no_access.html", {}, status=403)
        return view(request, seat, *args, **kwargs)

    return seated_also_from_outside(inside)


def seated_also_from_outside(view: View[P]) -> Callable[..., HttpResponseBase]:
    """A view for members, also for who comes from outside to judge an appeal. Others get a page that says so."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        seat = seat_of(request)
        if seat is None:
            return page(request, "desk/no_access.html", {}, status=403)
        return view(request, seat, *args, **kwargs)

    return wrapper


def page(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """A page of the desk in its frame."""
    request.current_app = "desk"
    return TemplateResponse(request, template, {**frame(request), **context}, status=status)


def frame(request: HttpRequest) -> dict[str, Any]:
    """What the frame around every page shows: Django's own names, and who works where."""
    seat = seat_of(request)
    return {
        "site_title": "Gehoor",
        "site_header": "Gehoor",
        "site_url": None,
        "has_permission": request.user.is_authenticated and request.user.is_active,
        "available_apps": [],
        "is_popup": False,
        "is_nav_sidebar_enabled": False,
        "log_entries": [],
        "seat": seat,
        "organisations": organisations_for(request) if seat else [],
    }


def _find(request: HttpRequest) -> Seat | None:
    organisation: Organisation | None = getattr(request, "organisation", None)
    if organisation is None or not isinstance(request.user, User):
        return None
    membership = membership_of(request.user)
    if membership is None:
        return None
    now = timezone.now()
    try:
        procedure = procedure_of(version_at(now))
    except NotInForce:
        return None
    return Seat(organisation, membership, procedure, calendar_of(procedure, at=now), now)
