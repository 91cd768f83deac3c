"""The organisation's own procedure at the desk: the version in force, its versions, and publishing the next one.

Whoever has the role that the version in force names as its publisher may begin, edit, try and publish (KC-02: at one
organisation that is the director alone). An administrator who lacks that role reads, like every other member.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from complaints.actions import publishing
from complaints.desk.confirming import confirmed_to_change
from complaints.desk.seats import Seat, page, seated
from complaints.intake.pages import versions
from complaints.models import Membership
from complaints.said import spoken
from procedures import comparing, editing, wording
from procedures.catalogue import published_versions, version_in_force
from procedures.definition import Procedure
from procedures.loading import load
from procedures.models import ProcedureVersion

PARTS = {
    "organisation": gettext_lazy("adres van de organisatie"),
    "name": gettext_lazy("naam van de organisatie"),
    "prefix": gettext_lazy("letters van de nummers"),
    "publisher": gettext_lazy("wie mag publiceren"),
    "zone": gettext_lazy("tijdzone"),
    "calendar": gettext_lazy("feestdagen"),
    "contact": gettext_lazy("contactgegevens"),
    "theme": gettext_lazy("kleuren en beeldmerk"),
    "roles": gettext_lazy("rol"),
    "tracks": gettext_lazy("spoor"),
    "phases": gettext_lazy("fase"),
    "acts": gettext_lazy("handeling"),
    "checks": gettext_lazy("punt van de lijst"),
    "deadlines": gettext_lazy("termijn"),
    "letters": gettext_lazy("brief"),
    "intake": gettext_lazy("formulier voor een klacht"),
    "appeals": gettext_lazy("bezwaar of beroep"),
    "retention": gettext_lazy("hoe lang een zaak wordt bewaard"),
    "duties": gettext_lazy("taak van elk jaar"),
    "report": gettext_lazy("jaarverslag"),
    "register": gettext_lazy("register"),
    "public": gettext_lazy("uitleg op de website"),
    "open_points": gettext_lazy("open punten"),
    "languages": gettext_lazy("talen"),
    "rules": gettext_lazy("regels waar het bij hoort"),
}
KINDS = {"added": gettext_lazy("erbij"), "removed": gettext_lazy("weg"), "changed": gettext_lazy("anders")}


@dataclass(frozen=True, slots=True)
class Fault:
    """What the checker says of a line, with the line itself."""

    line: int
    key: str
    message: str
    quoted: str


@dataclass(frozen=True, slots=True)
class Named:
    """A change in words."""

    kind: str
    words: str
    what: str
    title: str
    terms: str


def for_publishers(view: Callable[[HttpRequest, Seat], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A view for whoever may publish. Other members read whose work it is."""

    @wraps(view)
    def wrapper(request: HttpRequest, seat: Seat) -> HttpResponseBase:
        if publishing.may_publish(seat.membership, seat.procedure):
            return view(request, seat)
        reason = _("Dat hoort niet bij uw rol. Een nieuwe versie van de procedure maakt: %(role)s.")
        return refused(request, reason % {"role": publisher(seat.procedure)}, status=403)

    return seated(wrapper)


@require_GET
@seated
def procedure(request: HttpRequest, seat: Seat) -> HttpResponse:
    today = seat.now.astimezone(seat.zone).date()
    found = published_versions()
    rows = {row.number: row for row in versions(found, on=today)}
    may_publish = publishing.may_publish(seat.membership, seat.procedure)
    draft = publishing.draft_version() if may_publish else None
    return page(
        request,
        "desk/procedure.html",
        {
            "title": _("Procedure"),
            "versions": [(version, rows[version.number]) for version in found],
            "terms": seat.procedure.deadlines,
            "publisher": publisher(seat.procedure),
            "may_publish": may_publish,
            "draft": draft,
            "faults": faults(draft.source) if draft else [],
            "is_newest": found[0].number == seat.procedure.version,
            "newest": found[0].number,
        },
    )


@require_POST
@for_publishers
def begin(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Begins a draft from the version in force."""
    try:
        publishing.begin_version(member=seat.membership, at=seat.now)
    except publishing.DraftMovedOn:
        return refused(request, _("Er is al een concept. Werk daar aan verder."), status=409)
    messages.success(request, _("Het concept is gemaakt. Het begint met de tekst die nu geldt."))
    return redirect("desk:procedure_form")


@require_POST
@for_publishers
def discard(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Throws the draft away."""
    try:
        publishing.discard_version(member=seat.membership, seen=request.POST.get("seen", ""), at=seat.now)
    except publishing.DraftMovedOn:
        return refused(request, _("Het concept is intussen veranderd. Er is niets weggegooid."), status=409)
    messages.success(request, _("Het concept is weggegooid."))
    return redirect("desk:procedure")


@require_GET
@for_publishers
def difference(request: HttpRequest, seat: Seat) -> HttpResponse:
    """What the draft adds to the version in force, and takes from it, line by line."""
    draft = publishing.draft_version()
    if draft is None:
        return no_draft(request)
    in_force = version_in_force(seat.now.astimezone(seat.zone).date())
    lines = comparing.differences(in_force.source, draft.source)
    return page(
        request,
        "desk/procedure_difference.html",
        {
            "title": _("Wat is er anders"),
            "lines": lines,
            "added": sum(line.kind == "added" for line in lines),
            "removed": sum(line.kind == "removed" for line in lines),
            "in_force": in_force,
            "changes": changes(seat.procedure, draft),
        },
    )


@confirmed_to_change
@require_http_methods(["GET", "POST"])
@for_publishers
def publish(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Asks whether the draft may be published, naming what changes; and publishes it."""
    draft = publishing.draft_version()
    if draft is None:
        return no_draft(request)
    if request.method != "POST":
        return _publish_page(request, seat, draft)
    try:
        version = publishing.publish_version(member=seat.membership, seen=request.POST.get("seen", ""), at=seat.now)
    except publishing.DraftMovedOn:
        return _publish_page(request, seat, draft, has_moved_on=True, status=409)
    except publishing.NotReady:
        return _publish_page(request, seat, draft, status=422)
    messages.success(
        request,
        _("Versie %(number)d is gepubliceerd. Zij geldt vanaf %(day)s.")
        % {"number": version.number, "day": wording.day(version.in_force_from)},
    )
    return redirect("desk:procedure")


def _publish_page(
    request: HttpRequest, seat: Seat, draft: ProcedureVersion, *, has_moved_on: bool = False, status: int = 200
) -> HttpResponse:
    today = seat.now.astimezone(seat.zone).date()
    reasons = list(
        publishing.reasons_against(draft.source, seat.organisation, roles=seat.membership.roles, today=today)
    )
    found = changes(seat.procedure, draft)
    after = None if editing.problems_of(draft.source) else load(draft.source)
    return page(
        request,
        "desk/procedure_publish.html",
        {
            "title": _("Publiceer de nieuwe versie"),
            "draft": draft,
            "after": after,
            "reasons": reasons,
            "faults": faults(draft.source),
            "changes": found,
            "has_moved_on": has_moved_on,
            "nobody": after is not None and not _is_played(after.publisher) and publisher(after),
        },
        status=status,
    )


def _is_played(role: str) -> bool:
    return Membership.objects.filter(is_active=True, roles__contains=[role]).exists()


def faults(text: str) -> list[Fault]:
    """What the checker says of a text."""
    return [Fault(each.line, each.key, each.message, editing.quoted(text, each)) for each in editing.problems_of(text)]


def changes(before: Procedure, draft: ProcedureVersion) -> list[Named]:
    """What a sound draft changes, in words; nothing of an unsound one."""
    if editing.problems_of(draft.source):
        return []
    language = spoken()
    return [
        Named(
            kind=each.kind,
            words=str(KINDS[each.kind]),
            what=str(PARTS.get(each.what, each.what)),
            title=each.title.in_language(language),
            terms=_("van %(before)s naar %(after)s")
            % {"before": wording.term(each.before), "after": wording.term(each.after)}
            if each.before and each.after
            else "",
        )
        for each in comparing.changes(before, load(draft.source))
    ]


def publisher(procedure: Procedure) -> str:
    """The title of the role that may publish."""
    return procedure.role(procedure.publisher).title.in_language(spoken()).lower()


def no_draft(request: HttpRequest) -> HttpResponse:
    return refused(request, _("Er is geen concept. Begin eerst een nieuwe versie."), status=409)


def refused(request: HttpRequest, reason: str, *, status: int) -> HttpResponse:
    return page(request, "desk/procedure_refused.html", {"title": _("Procedure"), "reason": reason}, status=status)
