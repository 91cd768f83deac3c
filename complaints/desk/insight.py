"""The running year so far, for whom the reports are: of each organisation that they work in, by itself."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from complaints.access import may_read_reports, membership_of, organisations_for
from complaints.actions.reporting import figures_of
from complaints.desk.reports import for_readers
from complaints.desk.seats import Seat, page
from complaints.models import User
from complaints.reports import contents
from complaints.reports.contents import Part, Score
from complaints.reports.figures import Figures, last_day
from procedures.catalogue import NotInForce, procedure_of, version_in_force, zone_of
from procedures.models import Organisation
from procedures.scoping import scope


@dataclass(frozen=True, slots=True)
class View:
    """What somebody sees of one organisation; without figures while no month of the year is over."""

    slug: str
    name: str
    year: int
    figures: Figures | None
    scores: list[Score]
    parts: list[Part]
    counted: list[str]


@require_GET
@for_readers
def insight(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Each organisation is counted in its own scope and shown by itself. Nothing is added up over them: from such a sum
    and the rest somebody could compute what one of them hides."""
    organisations = sorted(organisations_for(request), key=lambda each: each.pk != seat.organisation.pk)
    views = [view for each in organisations if (view := _view(request, seat, each))]
    return page(request, "desk/insight.html", {"title": _("Inzicht"), "views": views, "is_several": len(views) > 1})


def _view(request: HttpRequest, seat: Seat, organisation: Organisation) -> View | None:
    """None where the viewer may not read the reports, or nothing is in force."""
    with scope(organisation.pk):
        membership = membership_of(request.user) if isinstance(request.user, User) else None
        try:
            procedure = procedure_of(version_in_force(seat.today))
        except NotInForce:
            return None
        if membership is None or not may_read_reports(membership, procedure):
            return None
        today = seat.now.astimezone(zone_of(procedure)).date()
        until = last_day(today.year, today=today)
        figures = figures_of(procedure, today.year, until=until, report=None) if until else None
        return View(
            organisation.slug,
            procedure.name,
            today.year,
            figures,
            contents.scores(figures, procedure) if figures else [],
            contents.parts(figures, procedure, {}) if figures else [],
            contents.counted(figures) if figures else [],
        )
