"""The room of whoever judges an appeal: the sealed dossier, their notes and votes; for staff, who sits there.

What they write and vote is for those in the room alone: for anybody else of the organisation those addresses are not
there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from complaints.actions import committees as action
from complaints.actions import note_reading
from complaints.desk.deadlines import deadline_rows
from complaints.desk.files import served
from complaints.desk.seats import Seat, page, seated, seated_also_from_outside
from complaints.desk.standing import Standing, standing
from complaints.forms import LONGEST
from complaints.models import Document, Membership, Opinion, Reading, Room, RoomMember, RoomNote
from complaints.queries import committees as query
from complaints.queries.merging import together
from complaints.said import spoken
from procedures.definition import Act, OwedBy

TOO_LONG = {"max_length": gettext_lazy("Dit is te lang. Bewaar het in delen.")}


class NoteForm(forms.Form):
    note = forms.CharField(
        label=gettext_lazy("Nieuwe notitie"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages=TOO_LONG | {"required": gettext_lazy("Schrijf eerst een notitie.")},
    )


class TextForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("Wat is het oordeel, en waarom?"),
        help_text=gettext_lazy("Dit staat straks in het formulier waarmee het oordeel wordt gegeven."),
        max_length=LONGEST,
        required=False,
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages=TOO_LONG,
    )


class OpinionForm(forms.Form):
    """What somebody thinks. A draft may be half done; a vote is whole."""

    verdict = forms.ChoiceField(label=gettext_lazy("Uw oordeel"), required=False, widget=forms.RadioSelect)
    reasons = forms.CharField(
        label=gettext_lazy("Waarom vindt u dat?"),
        max_length=LONGEST,
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages=TOO_LONG,
    )

    def __init__(self, verdicts: Mapping[str, str], data: Any = None, *, initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        self.fields["verdict"].choices = list(verdicts.items())  # type: ignore[attr-defined]
        self.is_vote = data is not None and "vote" in data

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.is_vote and not cleaned.get("verdict") and "verdict" not in self.errors:
            self.add_error("verdict", _("Kies een oordeel."))
        if self.is_vote and not cleaned.get("reasons") and "reasons" not in self.errors:
            self.add_error("reasons", _("Schrijf op waarom."))
        return cleaned


def for_those_inside(
    view: Callable[[HttpRequest, Standing, Room, RoomMember], HttpResponse],
) -> Callable[..., HttpResponseBase]:
    """A form for those who sit in the room. For anybody else there is none."""

    @require_POST
    @seated_also_from_outside
    @wraps(view)
    def guarded(request: HttpRequest, seat: Seat, /, **kwargs: str) -> HttpResponse:
        here = standing(seat, kwargs["reference"])
        room = _room(here)
        place = _place(room, seat.membership)
        if place is None:
            raise Http404
        try:
            return view(request, here, room, place)
        except action.NotYours:
            raise Http404 from None

    return guarded


@require_GET
@seated_also_from_outside
def room(request: HttpRequest, seat: Seat, reference: str) -> HttpResponse:
    """The room, or for staff who sits in it."""
    here = standing(seat, reference)
    found = _room(here)
    note_reading(here.case, Reading.What.PAGE, member=seat.membership, at=seat.now)
    place = _place(found, seat.membership)
    if place is not None:
        action.enter(found, member=seat.membership, actor=here.actor, at=seat.now)
    return _page(request, here, found, place)


@require_GET
@seated_also_from_outside
def sealed(request: HttpRequest, seat: Seat, reference: str) -> FileResponse:  # noqa: ARG001
    """The dossier as it was sealed."""
    here = standing(seat, reference)
    found = _room(here)
    response = served(found.file, f"{here.case.reference}.pdf", content_type="application/pdf", as_attachment=False)
    note_reading(here.case, Reading.What.DOCUMENT, member=seat.membership, at=seat.now)
    return response


@require_GET
@seated_also_from_outside
def document(request: HttpRequest, seat: Seat, reference: str, pk: int) -> FileResponse:  # noqa: ARG001
    """A document of the sealed dossier, or one that was added to it."""
    here = standing(seat, reference)
    given = _room(here).documents.select_related("document").filter(document=pk).first()
    if given is None:
        raise Http404
    kept = given.document
    response = served(kept.file, kept.title, content_type=kept.content_type, as_attachment=True)
    note_reading(here.case, Reading.What.DOCUMENT, member=seat.membership, at=seat.now)
    return response


@for_those_inside
def note(request: HttpRequest, here: Standing, room: Room, place: RoomMember) -> HttpResponse:
    form = NoteForm(request.POST, auto_id="notitie_%s")
    if not form.is_valid():
        return _page(request, here, room, place, note_form=form)
    action.write_room_note(room, form.cleaned_data["note"], member=place.membership, at=here.now)
    messages.success(request, _("De notitie is bewaard. Alleen wie in deze kamer zit, leest haar."))
    return _back(here)


@for_those_inside
def opinion(request: HttpRequest, here: Standing, room: Room, place: RoomMember) -> HttpResponse:
    """Keeps a draft, or votes."""
    if room.places < 2:  # who judges alone has nobody to outvote
        raise Http404
    form = OpinionForm(_verdicts(here, room), request.POST)
    if not form.is_valid():
        return _page(request, here, room, place, opinion_form=form)
    given = form.cleaned_data
    try:
        action.give_opinion(
            room,
            given["verdict"],
            given["reasons"],
            is_vote=form.is_vote,
            member=place.membership,
            actor=here.actor,
            at=here.now,
        )
    except action.NotNow as refused:
        form.add_error(None, refused.text.in_language(spoken()))
        return _page(request, here, room, place, opinion_form=form, status=409)
    said = _("Uw stem is geteld.") if form.is_vote else _("Uw concept is bewaard. U hebt nog niet gestemd.")
    messages.success(request, said)
    return _back(here)


@for_those_inside
def text(request: HttpRequest, here: Standing, room: Room, place: RoomMember) -> HttpResponse:
    form = TextForm(request.POST, auto_id="tekst_%s")
    if not form.is_valid():
        return _page(request, here, room, place, text_form=form)
    action.write_judgement(room, form.cleaned_data["text"], member=place.membership)
    messages.success(request, _("De tekst is bewaard. Het oordeel is nog niet gegeven."))
    return _back(here)


@for_those_inside
def close(request: HttpRequest, here: Standing, room: Room, place: RoomMember) -> HttpResponse:
    try:
        action.close_voting(room, member=place.membership, actor=here.actor, at=here.now)
    except action.NotNow as refused:
        messages.error(request, refused.text.in_language(spoken()))
    else:
        messages.success(request, _("De stemming is gesloten."))
    return _back(here)


@for_those_inside
def hindered(request: HttpRequest, here: Standing, room: Room, place: RoomMember) -> HttpResponse:
    """Somebody cannot judge this case. From now on it is closed to them."""
    action.hinder(room, member=place.membership, actor=here.actor, at=here.now)
    messages.success(request, _("Dank u wel. Wij vragen iemand anders. Deze zaak is nu voor u gesloten."))
    return redirect("desk:worklist")


@require_POST
@seated
def invite(request: HttpRequest, seat: Seat, reference: str, pk: int) -> HttpResponse:
    """Mails somebody a new link."""
    here = standing(seat, reference)
    place = RoomMember.objects.select_related("membership__user", "room__case__version")
    found = place.filter(room=_to_compose(here), pk=pk, left_at=None).first()
    if found is None:
        raise Http404
    if action.invite_again(found, actor=here.actor, at=here.now):
        messages.success(request, _("Er gaat een nieuwe link naar %(name)s.") % {"name": found.membership.name})
    else:
        messages.warning(request, _("%(name)s heeft al een wachtwoord.") % {"name": found.membership.name})
    return _back(here)


@require_POST
@seated
def appoint(request: HttpRequest, seat: Seat, reference: str) -> HttpResponse:
    """Puts somebody in the room, in the place of another."""
    here = standing(seat, reference)
    found = _to_compose(here)
    member = next((each for each in _fit(here, found) if str(each.pk) == request.POST.get("member")), None)
    leaving = request.POST.get("instead_of", "")
    out = next((each for each in found.members.filter(left_at=None) if str(each.pk) == leaving), None)
    if member is None or (leaving and out is None):
        messages.error(request, _("Kies wie er komt."))
        return _back(here)
    try:
        action.appoint(found, member, instead_of=out, actor=here.actor, at=here.now)
    except action.NotNow as refused:
        messages.error(request, refused.text.in_language(spoken()))
    else:
        messages.success(request, _("%(name)s zit nu in de kamer.") % {"name": member.name})
    return _back(here)


@require_POST
@seated
def add(request: HttpRequest, seat: Seat, reference: str) -> HttpResponse:
    """Gives a document from after the sealing to those who judge."""
    here = standing(seat, reference)
    found = _to_compose(here)
    chosen = next((each for each in _later(here, found) if str(each.pk) == request.POST.get("document")), None)
    if chosen is None:
        messages.error(request, _("Kies een stuk."))
    elif action.add_document(found, chosen, actor=here.actor, at=here.now):
        messages.success(request, _("Het stuk staat nu in de kamer, met de datum van vandaag."))
    return _back(here)


def has_room(here: Standing) -> bool:
    """Whether an appeal in the case went to who judges it."""
    return any(query.composing_field(here.procedure, act) for act in here.state.done)


def suggested(here: Standing, act: Act) -> dict[str, object]:
    """What the form of the judgement begins with, for who sits in the room: what most voted, and the text."""
    if not set(act.by) & query.outside_roles(here.procedure):
        return {}
    found = query.room_of(here.case)
    if found is None or found.role not in here.actor.roles:
        return {}
    judging, verdict, reasons = (
        query.judging_act(here.procedure, found.role),
        query.verdict_of(act),
        query.reasons_of(act),
    )
    if judging is not act or verdict is None or reasons is None:
        return {}
    majority = query.count_of(found).majority if found.places > 1 else ""
    return {verdict.name: majority, reasons.name: found.text}


def _room(here: Standing) -> Room:
    """The room of the case; made now where nothing has. Http404 when no appeal went to anybody."""
    composed = query.composed_in(here.case, here.procedure)
    if composed is None:
        raise Http404
    found = Room.objects.select_related("case__version").filter(event=composed).first()
    if found is None and here.case.closed_at is None:
        found = action.seal(here.case, at=here.now)
    if found is None:
        raise Http404
    return found


def _place(room: Room, member: Membership) -> RoomMember | None:
    """Where somebody sits in a room, while the appeal waits for them."""
    if not action.is_at_work(room):
        return None
    return room.members.select_related("membership__user").filter(membership=member, left_at=None).first()


def _may_compose(here: Standing) -> bool:
    by = {role for act in here.procedure.acts if query.composing_field(here.procedure, act.name) for role in act.by}
    return bool(by & here.actor.roles)


def _to_compose(here: Standing) -> Room:
    """The room, for who may say who sits in it, while the appeal waits for a judgement. Http404 for others."""
    found = _room(here)
    if not _may_compose(here) or not action.is_at_work(found):
        raise Http404
    return found


def _fit(here: Standing, room: Room) -> list[Membership]:
    """Who may still be asked to judge: they have the role, no part in the case, and were not here before."""
    known = set(room.members.values_list("membership_id", flat=True)) | query.involved(here.case, here.procedure)
    members = Membership.objects.select_related("user").filter(is_active=True, roles__contains=[room.role])
    found = [each for each in members.exclude(pk__in=known) if query.is_from_outside(each.roles, here.procedure)]
    return sorted(found, key=lambda each: each.name)


def _later(here: Standing, room: Room) -> list[Document]:
    """The documents of the case that are not in the room yet."""
    known = room.documents.values("document_id")
    return list(Document.objects.filter(together(here.case), added_at__gte=room.sealed_at).exclude(pk__in=known))


def _verdicts(here: Standing, room: Room) -> dict[str, str]:
    judging = query.judging_act(here.procedure, room.role)
    verdict = query.verdict_of(judging) if judging else None
    return {each.value: each.title.in_language(spoken()) for each in verdict.choices} if verdict else {}


def _page(
    request: HttpRequest,
    here: Standing,
    room: Room,
    place: RoomMember | None,
    *,
    note_form: NoteForm | None = None,
    opinion_form: OpinionForm | None = None,
    text_form: TextForm | None = None,
    status: int = 422,
) -> HttpResponse:
    language = spoken()
    windows = {
        each.title.in_language(language) for each in here.procedure.deadlines if each.owed_by is OwedBy.COMPLAINANT
    }
    rows = deadline_rows(here, list(here.case.events.all()))
    wrong = next((each for each in (note_form, opinion_form, text_form) if each is not None), None)
    shown: dict[str, Any] = {
        "title": _("Commissie")
        if room.places > 1
        else here.procedure.role(room.role).title.in_language(language).capitalize(),
        "case": here.case,
        "procedure": here.procedure,
        "room": room,
        "place": place,
        "is_alone": room.places == 1,
        "is_binding": query.is_binding(here.procedure),
        "is_at_work": action.is_at_work(room),
        "members": list(room.members.select_related("membership__user")),
        "documents": list(room.documents.select_related("document")),
        "deadlines": [row for row in rows if row.is_waiting or row.title in windows],
        "wrong": wrong,
    }
    if place is None:
        may_compose = _may_compose(here) and action.is_at_work(room)
        shown |= {"may_compose": may_compose}
        if may_compose:
            shown |= {"fit": _fit(here, room), "later": _later(here, room)}
    else:
        shown |= _inside(here, room, place, note_form, opinion_form, text_form)
    return page(request, "desk/committee.html", shown, status=status if wrong is not None else 200)


def _inside(
    here: Standing,
    room: Room,
    place: RoomMember,
    note_form: NoteForm | None,
    opinion_form: OpinionForm | None,
    text_form: TextForm | None,
) -> dict[str, Any]:
    """What only those in the room see. The opinions of others, once everybody voted."""
    verdicts, count = _verdicts(here, room), query.count_of(room)
    opinions = list(Opinion.objects.filter(room=room).select_related("member__user"))
    own = next((each for each in opinions if each.member_id == place.membership_id), None)
    initial = {"verdict": own.verdict, "reasons": own.text} if own else {}
    offers = [each.act for each in here.offers() if each.refusal is None]
    return {
        "count": count,
        "majority": verdicts.get(count.majority, ""),
        "votes": [(verdicts.get(name, name), number) for name, number in count.by_verdict.items()],
        "opinions": [(each, verdicts.get(each.verdict, "")) for each in opinions if each.voted_at]
        if count.is_open
        else [],
        "own": own,
        "notes": list(RoomNote.objects.filter(room=room).select_related("member__user")),
        "acts": offers,
        "note_form": note_form or NoteForm(auto_id="notitie_%s"),
        "opinion_form": opinion_form or OpinionForm(verdicts, initial=initial),
        "text_form": text_form or TextForm(initial={"text": room.text}, auto_id="tekst_%s"),
    }


def _back(here: Standing) -> HttpResponse:
    return redirect("desk:committee", here.case.reference)
