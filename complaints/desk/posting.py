"""Letters on paper at the desk: what waits to be posted, printing it in one go, and saying that it was posted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseForbidden
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from complaints.access import cases_for
from complaints.actions.batches import (
    BatchMovedOn,
    Confirmed,
    LettersTaken,
    NothingToPrint,
    confirm_batch,
    make_batch,
    take_back,
    take_out,
)
from complaints.actions.reading import note_export
from complaints.controls import whole_number
from complaints.desk.files import served
from complaints.desk.seats import Seat, page, seated
from complaints.forms import DayField
from complaints.models import Batch, BatchedLetter, Case, Letter, Reading
from complaints.queries import posting as query
from complaints.said import spoken
from procedures import wording

MOST = 100  # letters in one batch: as many as are printed within a few seconds
ENDED_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Row:
    letter: Letter
    title: str
    to: str
    is_sealed: bool
    needs_address: bool


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A letter in a batch, and whether it is ticked as posted."""

    entry: BatchedLetter
    row: Row
    is_waiting: bool
    is_ticked: bool

    @property
    def what_became(self) -> str:
        """What became of a letter that does not wait any more."""
        is_known = self.entry.fate != BatchedLetter.Fate.WAITING
        return str(BatchedLetter.Fate(self.entry.fate if is_known else BatchedLetter.Fate.ELSEWHERE).label)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The letters in a batch that the viewer cannot open, as far as they are theirs to post."""

    batch: Batch
    rows: list[Row]


@require_GET
@seated
def to_post(request: HttpRequest, seat: Seat) -> HttpResponse:
    """What waits to be posted, and the batches that were made."""
    return _listed(request, seat)


@require_POST
@seated
def make(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Prints the letters that were shown in one file."""
    if not seat.is_colleague:
        return _not_yours()
    asked = _ticked(request)
    known = set(query.waiting(_cases(seat)).filter(pk__in=asked).values_list("pk", flat=True)[:MOST])
    if not asked:
        messages.warning(request, _("Er zijn geen brieven om af te drukken."))
        return _listed(request, seat, status=422)
    try:
        if known != asked:
            raise LettersTaken
        made = make_batch(known, member=seat.membership, procedure=seat.procedure, at=seat.now)
    except LettersTaken:
        messages.warning(request, _("Iemand was u net voor. Kijk wat hier nog ligt en probeer het opnieuw."))
        return _listed(request, seat, status=409)
    except NothingToPrint:
        messages.error(request, _("Deze brieven kunnen niet worden afgedrukt. Vraag de beheerder om hulp."))
        return _listed(request, seat, status=409)
    if made.unreadable:
        words = ngettext(
            "%(n)d brief kan niet worden afgedrukt en blijft liggen.",
            "%(n)d brieven kunnen niet worden afgedrukt en blijven liggen.",
            made.unreadable,
        )
        messages.warning(request, words % {"n": made.unreadable})
    messages.success(request, _("De stapel is klaar. Druk hem af en doe de brieven op de post."))
    return redirect("desk:batch", made.batch.pk)


@require_http_methods(["GET", "POST"])
@seated
def batch(request: HttpRequest, seat: Seat, pk: int) -> HttpResponse:
    """One batch: its letters, and the form that says on which day they were posted."""
    if not seat.is_colleague:
        return _not_yours()
    found = _batch(seat, pk)
    if request.method == "GET":
        today = seat.now.astimezone(seat.zone).date()
        return _shown(request, seat, found, typed=f"{today.day}-{today.month}-{today.year}")
    typed = request.POST.get("posted_on", "")
    ticked = _ticked(request)
    on, problem = _day(seat, found, typed)
    if found.ended_at is None and (on is None or not ticked):
        missing = "" if ticked else _("Zet een vinkje bij wat gepost is. Is niets gepost? Haal de stapel dan terug.")
        return _shown(request, seat, found, typed=typed, ticked=ticked, problem=problem, missing=missing)
    try:
        if on is None:
            raise BatchMovedOn
        done = confirm_batch(found, ticked, on=on, member=seat.membership, at=seat.now)
    except BatchMovedOn:
        return _moved_on(request, seat, pk, typed=typed)
    messages.success(request, _said(done, on))
    return redirect("desk:to_post")


@require_POST
@seated
def take_letters_out(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Takes letters that the viewer may post out of a batch that somebody else made."""
    if not seat.is_colleague:
        return _not_yours()
    rows = query.printed_elsewhere(_cases(seat), seat.membership).filter(letter__in=_ticked(request))
    count = take_out([row.letter_id for row in rows], member=seat.membership, at=seat.now)
    if not count:
        messages.warning(request, _("Iemand was u net voor. Kijk wat hier nog ligt en probeer het opnieuw."))
        return _listed(request, seat, status=409)
    words = ngettext("%(n)d brief ligt weer klaar.", "%(n)d brieven liggen weer klaar.", count)
    messages.success(request, words % {"n": count})
    return redirect("desk:to_post")


@require_POST
@seated
def cancel(request: HttpRequest, seat: Seat, pk: int) -> HttpResponse:
    """Takes a batch back."""
    if not seat.is_colleague:
        return _not_yours()
    try:
        take_back(_batch(seat, pk), member=seat.membership, at=seat.now)
    except BatchMovedOn:
        return _moved_on(request, seat, pk)
    messages.success(request, _("De stapel is teruggehaald. De brieven liggen weer bij Te posten."))
    return redirect("desk:to_post")


@require_GET
@seated
def batch_file(request: HttpRequest, seat: Seat, pk: int) -> FileResponse | HttpResponse:  # noqa: ARG001
    """The file to print: always the same bytes. Each case in it was read."""
    if not seat.is_colleague:
        return _not_yours()
    found = _batch(seat, pk)
    made_on = found.made_at.astimezone(seat.zone).date()
    name = f"te-posten-{made_on.isoformat()}-{found.pk}.pdf"
    response = served(found.pdf, name, content_type="application/pdf", as_attachment=False)
    cases = Case.objects.filter(letters__batched__batch=found).distinct()
    note_export(cases, member=seat.membership, at=seat.now, what=Reading.What.LETTER)
    return response


def _cases(seat: Seat) -> QuerySet[Case]:
    """The cases whose letters the viewer may post. No query of its own."""
    known = cases_for(seat.membership, seat.procedure, at=seat.now)
    return query.postable(known, seat.membership, seat.procedure, at=seat.now)


def _ticked(request: HttpRequest) -> set[int]:
    return {key for sent in request.POST.getlist("letter") if (key := whole_number(sent, digits=17)) is not None}


def _batch(seat: Seat, pk: int) -> Batch:
    """The viewer's own batch; Http404 when it is none, or when it holds a letter that is closed to them by now."""
    found = query.batches(_cases(seat), seat.membership).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _listed(request: HttpRequest, seat: Seat, *, status: int = 200) -> HttpResponse:
    if not seat.is_colleague:
        return _not_yours()
    cases = _cases(seat)
    letters = query.waiting(cases)
    count = letters.count()
    batches = query.batches(cases, seat.membership)
    return page(
        request,
        "desk/to_post.html",
        {
            "title": _("Te posten"),
            "rows": [_row(letter) for letter in letters[:MOST]],
            "count": count,
            "stays": max(0, count - MOST),
            "batches": batches.filter(ended_at=None),
            "ended": batches.exclude(ended_at=None)[:ENDED_SHOWN],
            "elsewhere": _elsewhere(query.printed_elsewhere(cases, seat.membership)),
        },
        status=status,
    )


def _shown(
    request: HttpRequest,
    seat: Seat,
    found: Batch,
    *,
    typed: str,
    ticked: set[int] | None = None,
    problem: str = "",
    missing: str = "",
    status: int = 200,
) -> HttpResponse:
    """The page of a batch; with what was ticked when something about that is wrong."""
    rows = [
        BatchRow(
            entry,
            _row(entry.letter),
            is_waiting=entry.fate == BatchedLetter.Fate.WAITING and entry.letter.state == Letter.State.TO_POST,
            is_ticked=ticked is None or entry.letter_id in ticked,
        )
        for entry in query.letters_of(found)
    ]
    return page(
        request,
        "desk/batch.html",
        {
            "title": _("Stapel van %(moment)s") % {"moment": wording.moment(found.made_at, zone=seat.zone)},
            "batch": found,
            "rows": rows,
            "typed": typed,
            "problem": problem,
            "missing": missing,
        },
        status=422 if problem or missing else status,
    )


def _elsewhere(entries: Iterable[BatchedLetter]) -> list[Elsewhere]:
    return [
        Elsewhere(found, [_row(each.letter) for each in rows])
        for found, rows in groupby(entries, key=lambda each: each.batch)
    ]


def _row(letter: Letter) -> Row:
    return Row(
        letter=letter,
        title=query.rule_of(letter).title.in_language(spoken()) or letter.subject,
        to=letter.to_name or letter.to_organisation,
        is_sealed=query.is_sealed(letter),
        needs_address=not letter.to_address,
    )


def _day(seat: Seat, found: Batch, typed: str) -> tuple[date | None, str]:
    """The day on which the letters were posted, or what is wrong with it."""
    required = {"required": _("Vul in op welke dag de brieven zijn gepost.")}
    try:
        on = DayField(error_messages=required).clean(typed)
    except ValidationError as wrong:
        return None, " ".join(wrong.messages)
    made_on = found.made_at.astimezone(seat.zone).date()
    if on > seat.now.astimezone(seat.zone).date():
        return None, _("Deze dag moet nog komen. Vul in wanneer de brieven echt zijn gepost.")
    if on < made_on:
        return None, _("De stapel is pas op %(day)s gemaakt.") % {"day": wording.day(made_on)}
    return on, ""


def _said(done: Confirmed, on: date) -> str:
    posted = ngettext("%(n)d brief gepost op %(day)s.", "%(n)d brieven gepost op %(day)s.", done.posted)
    said = [posted % {"n": done.posted, "day": wording.day(on)}]
    if done.held_back:
        held_back = ngettext("%(n)d brief blijft liggen.", "%(n)d brieven blijven liggen.", done.held_back)
        said.append(held_back % {"n": done.held_back})
    if done.elsewhere:
        elsewhere = ngettext("%(n)d brief was al gepost.", "%(n)d brieven waren al gepost.", done.elsewhere)
        said.append(elsewhere % {"n": done.elsewhere})
    return " ".join(said)


def _moved_on(request: HttpRequest, seat: Seat, pk: int, *, typed: str = "") -> HttpResponse:
    messages.warning(request, _("Met deze stapel is intussen al iets gedaan. Kijk of dit nog klopt."))
    return _shown(request, seat, _batch(seat, pk), typed=typed, status=409)


def _not_yours() -> HttpResponseForbidden:
    return HttpResponseForbidden(_("Dat hoort niet bij uw rol."))
