"""Dates, terms and countings in words, in the active language: for letters, pages, the desk and the command.

`language` ("nl", "en") speaks another than the active one. Days are local dates; instants are aware, and told in the
zone that is given. Dutch is the language of the code, English comes from locale/en.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from django.utils.translation import get_language, ngettext, override, pgettext, pgettext_lazy
from django.utils.translation import gettext as _

from procedures import deadlines
from procedures.calendars import STATUTORY, Calendar
from procedures.deadlines import Due, Extended, Pause, Skipped
from procedures.definition import (
    Channel,
    DeadlineKind,
    DeadlineRule,
    Occurrence,
    OccurrenceKind,
    OwedBy,
    Procedure,
    Roll,
    Term,
    Text,
    Unit,
)
from procedures.engine import Deadline, Status, is_over

Level = Literal["late", "today", "soon", "plain", "met", "target"]

SOON: Final = 3  # working days: from here on a deadline is near
_IN_HOURS: Final = timedelta(hours=72)  # an hour term is told in hours when less than this is left

_WEEKDAYS: Final = (
    pgettext_lazy("weekday", "maandag"),
    pgettext_lazy("weekday", "dinsdag"),
    pgettext_lazy("weekday", "woensdag"),
    pgettext_lazy("weekday", "donderdag"),
    pgettext_lazy("weekday", "vrijdag"),
    pgettext_lazy("weekday", "zaterdag"),
    pgettext_lazy("weekday", "zondag"),
)
_SHORT_WEEKDAYS: Final = (
    pgettext_lazy("weekday", "ma"),
    pgettext_lazy("weekday", "di"),
    pgettext_lazy("weekday", "wo"),
    pgettext_lazy("weekday", "do"),
    pgettext_lazy("weekday", "vr"),
    pgettext_lazy("weekday", "za"),
    pgettext_lazy("weekday", "zo"),
)
_MONTHS: Final = (
    pgettext_lazy("month", "januari"),
    pgettext_lazy("month", "februari"),
    pgettext_lazy("month", "maart"),
    pgettext_lazy("month", "april"),
    pgettext_lazy("month", "mei"),
    pgettext_lazy("month", "juni"),
    pgettext_lazy("month", "juli"),
    pgettext_lazy("month", "augustus"),
    pgettext_lazy("month", "september"),
    pgettext_lazy("month", "oktober"),
    pgettext_lazy("month", "november"),
    pgettext_lazy("month", "december"),
)
_SHORT_MONTHS: Final = (
    pgettext_lazy("short month", "jan"),
    pgettext_lazy("short month", "feb"),
    pgettext_lazy("short month", "mrt"),
    pgettext_lazy("short month", "apr"),
    pgettext_lazy("short month", "mei"),
    pgettext_lazy("short month", "jun"),
    pgettext_lazy("short month", "jul"),
    pgettext_lazy("short month", "aug"),
    pgettext_lazy("short month", "sep"),
    pgettext_lazy("short month", "okt"),
    pgettext_lazy("short month", "nov"),
    pgettext_lazy("short month", "dec"),
)


@dataclass(frozen=True, slots=True)
class Left:
    """How much time is left, and the chip of the house style that shows it."""

    text: str
    level: Level


# ---------------------------------------------------------------------------------------------- days and instants


def day(on: date, *, year: bool = True, language: str = "") -> str:
    """ "woensdag 25 november 2026"."""
    with speaking(language):
        return f"{_WEEKDAYS[on.weekday()]} {on.day} {_MONTHS[on.month - 1]}" + (f" {on.year}" if year else "")


def short_day(on: date, *, year: bool = False, language: str = "") -> str:
    """ "wo 25 nov"."""
    with speaking(language):
        return f"{_SHORT_WEEKDAYS[on.weekday()]} {on.day} {_SHORT_MONTHS[on.month - 1]}" + (
            f" {on.year}" if year else ""
        )


def weekday(on: date, *, language: str = "") -> str:
    """ "woensdag"."""
    with speaking(language):
        return str(_WEEKDAYS[on.weekday()])


def month(on: date, *, language: str = "") -> str:
    """ "november"."""
    with speaking(language):
        return str(_MONTHS[on.month - 1])


def clock(at: datetime, *, zone: ZoneInfo, language: str = "") -> str:
    """ "14.32 uur"."""
    local = at.astimezone(zone)
    with speaking(language):
        return _("%(hour)d.%(minute)02d uur") % {"hour": local.hour, "minute": local.minute}


def moment(at: datetime, *, zone: ZoneInfo, year: bool = True, language: str = "") -> str:
    """ "vrijdag 20 november 2026 om 14.32 uur"."""
    with speaking(language):
        return _("%(day)s om %(clock)s") % {
            "day": day(at.astimezone(zone).date(), year=year),
            "clock": clock(at, zone=zone),
        }


def end(due: date | datetime, *, zone: ZoneInfo, year: bool = True, language: str = "") -> str:
    """The end of a deadline: a last day, or an instant with its time."""
    with speaking(language):
        return moment(due, zone=zone, year=year) if isinstance(due, datetime) else day(due, year=year)


def short_end(due: date | datetime, *, zone: ZoneInfo, language: str = "") -> str:
    """The end of a deadline for a narrow column: "wo 25 nov", "zo 29 mrt 17.00 uur"."""
    with speaking(language):
        if isinstance(due, datetime):
            return f"{short_day(due.astimezone(zone).date())} {clock(due, zone=zone)}"
        return short_day(due)


# ---------------------------------------------------------------------------------------------- terms


def term(length: Term, *, language: str = "") -> str:
    """ "20 werkdagen", "1 maand", "48 uur"."""
    n = length.amount
    with speaking(language):
        match length.unit:
            case Unit.HOURS:
                words = ngettext("%(n)d uur", "%(n)d uur", n)
            case Unit.DAYS:
                words = ngettext("%(n)d dag", "%(n)d dagen", n)
            case Unit.WEEKS:
                words = ngettext("%(n)d week", "%(n)d weken", n)
            case Unit.MONTHS:
                words = ngettext("%(n)d maand", "%(n)d maanden", n)
            case Unit.YEARS:
                words = ngettext("%(n)d jaar", "%(n)d jaar", n)
            case Unit.WORKING_DAYS:
                words = ngettext("%(n)d werkdag", "%(n)d werkdagen", n)
            case Unit.WORKING_WEEKS:
                words = ngettext("%(n)d werkweek", "%(n)d werkweken", n)
        return words % {"n": n}


def left(
    subject: Deadline | Due,
    *,
    at: datetime,
    calendar: Calendar,
    zone: ZoneInfo,
    kind: DeadlineKind = DeadlineKind.LIMIT,
    language: str = "",
) -> Left:
    """What the chip beside a deadline says at the instant `at`: "nog 3 werkdagen", "vandaag", "4 werkdagen te laat".

    Working days are told, also for terms in other units: they are what people at a desk have left. The days between
    a last day in the weekend and the Friday before are told as days.
    """
    is_target = kind is DeadlineKind.TARGET
    with speaking(language):
        if isinstance(subject, Deadline):
            if subject.met_at is not None:
                met_on = short_day(subject.met_at.astimezone(zone).date())
                if subject.status is Status.MET:
                    return Left(_("gehaald op %(day)s") % {"day": met_on}, "met")
                return Left(_("te laat, op %(day)s") % {"day": met_on}, "target" if is_target else "late")
            if subject.status is Status.DROPPED:
                return Left(_("vervallen"), "plain")
            if subject.is_paused and not is_over(subject, at=at, zone=zone):
                return Left(_("staat stil"), "plain")
            subject = subject.due
        if deadlines.is_overdue(subject, at=at, zone=zone):
            amount = _between(subject.due, at, calendar=calendar, zone=zone)
            if is_target:
                return Left(_("streefdatum %(amount)s voorbij") % {"amount": amount}, "target")
            return Left(_("%(amount)s te laat") % {"amount": amount}, "late")
        today, last = at.astimezone(zone).date(), _day_of(subject.due, zone)
        level: Level = "plain"
        if last == today:
            level = "today"
        elif calendar.working_days_between(today, last) <= SOON:
            level = "soon"
        if is_target:
            level = "target"
        if last == today and not isinstance(subject.due, datetime):
            return Left(_("vandaag"), level)
        return Left(_("nog %(amount)s") % {"amount": _between(at, subject.due, calendar=calendar, zone=zone)}, level)


def _between(earlier: date | datetime, later: date | datetime, *, calendar: Calendar, zone: ZoneInfo) -> str:
    """From the one to the other, of which one is now: in hours when an hour term is near, else in (working) days."""
    if isinstance(earlier, datetime) and isinstance(later, datetime):
        span = later.astimezone(UTC) - earlier.astimezone(UTC)  # elapsed time, also over a clock change
        if span < timedelta(hours=1):
            minutes = max(1, int(span / timedelta(minutes=1)))
            return ngettext("%(n)d minuut", "%(n)d minuten", minutes) % {"n": minutes}
        if span < _IN_HOURS:
            return term(Term(int(span / timedelta(hours=1)), Unit.HOURS))
    first, last = _day_of(earlier, zone), _day_of(later, zone)
    working = calendar.working_days_between(first, last)
    if working:
        return term(Term(working, Unit.WORKING_DAYS))
    return term(Term((last - first).days, Unit.DAYS))


# ---------------------------------------------------------------------------------------------- countings


def counting(
    deadline: Deadline,
    rule: DeadlineRule,
    *,
    procedure: Procedure,
    calendar: Calendar,
    because: str = "",
    public: bool = False,
    language: str = "",
) -> list[str]:
    """Sentences that explain a deadline's end, from its start to everything that moved it.

    `because` is the occurrence that started it; without it, it is told only where the document leaves no choice.
    `calendar` is the one that it was counted with. `public` is for complainants: no rule ids, and said more simply.
    """
    with speaking(language):
        return list(_Counting(deadline, rule, procedure, calendar, because, public=public).sentences())


class _Counting:
    """Writes the explanation of one deadline in the active language. Years are told where they change."""

    def __init__(
        self,
        deadline: Deadline,
        rule: DeadlineRule,
        procedure: Procedure,
        calendar: Calendar,
        because: str,
        *,
        public: bool,
    ) -> None:
        self.deadline = deadline
        self.rule = rule
        self.procedure = procedure
        self.calendar = calendar
        self.public = public
        self.zone = ZoneInfo(procedure.zone)
        self.language = get_language() or "nl"
        self.because = Occurrence.parse(because) if because else rule.starts[0] if len(rule.starts) == 1 else None
        self.year = 0  # the one told last

    def sentences(self) -> list[str]:
        parts = sorted(
            self.deadline.history,
            key=lambda part: part.at if isinstance(part, Extended) else part.end or part.start,
        )
        original = self.deadline.due if not parts else self._count(())
        return [
            self._begin(),
            *self._term(original),
            *self._skipped(),
            *self._moves(parts, original),
            *self._roll(),
            *self._source(),
        ]

    def _begin(self) -> str:
        in_hours = self.rule.term.unit is Unit.HOURS
        start = self._said(self.deadline.start if in_hours else _day_of(self.deadline.start, self.zone))
        if self.rule.from_fact:
            title = next((f.title for f in self.procedure.every_field() if f.name == self.rule.from_fact), Text(""))
            return _("Geteld vanaf %(start)s, de dag die bij “%(title)s” is ingevuld.") % {
                "start": start,
                "title": title.in_language(self.language),
            }
        if self.because is None:
            return _("Geteld vanaf %(start)s.") % {"start": start}
        title = _title_of(self.because, self.procedure)
        said = title.in_language(self.language)
        match self.because.kind:
            case OccurrenceKind.SENT:
                return _("Geteld vanaf %(start)s: toen ging de brief “%(title)s” weg.") % {
                    "start": start,
                    "title": said,
                }
            case OccurrenceKind.PASSED:
                return _("Geteld vanaf %(start)s: toen was de termijn “%(title)s” voorbij.") % {
                    "start": start,
                    "title": said,
                }
        return _("Geteld vanaf %(start)s: “%(title)s”.") % {"start": start, "title": said}

    def _term(self, original: Due) -> list[str]:
        length, begin = self.rule.term, _day_of(self.deadline.start, self.zone)
        if not length.amount:
            return []
        if length.unit is Unit.HOURS:
            later = _("%(term)s later is %(last)s.") % {"term": term(length), "last": self._said(original.raw)}
            return [later, *self._clock_change(original)]
        if length.is_working:
            return self._working(original, begin)
        raw = _day_of(original.raw, self.zone)
        words = {"term": term(length), "start": self._said(begin), "last": self._said(raw)}
        found = [_("%(term)s na %(start)s is %(last)s.") % words]
        if length.unit in (Unit.MONTHS, Unit.YEARS) and raw.day != begin.day:
            found.append(
                _("Die maand heeft geen dag %(day)d. Daarom is het de laatste dag van de maand.") % {"day": begin.day}
            )
        found.append(_("Alle dagen tellen mee, ook het weekend en feestdagen."))
        return found

    def _working(self, original: Due, begin: date) -> list[str]:
        length = self.rule.term
        n = length.amount
        said = term(length)
        if length.unit is Unit.WORKING_WEEKS:
            n *= 5
            said = _("%(weeks)s is %(days)s") % {"weeks": said, "days": term(Term(n, Unit.WORKING_DAYS))}
        found = [_("Wij tellen werkdagen: maandag tot en met vrijdag.")] if self.public else []
        if n == 1:
            return [*found, _("%(term)s: dat is %(last)s.") % {"term": said, "last": self._said(original.raw)}]
        words = {
            "term": said,
            "first": self._said(self.calendar.add_working_days(begin, 1)),
            "n": n,
            "last": self._said(original.raw),
        }
        return [*found, _("%(term)s: dag 1 is %(first)s, dag %(n)d is %(last)s.") % words]

    def _clock_change(self, original: Due) -> list[str]:
        if not isinstance(original.raw, datetime) or not isinstance(self.deadline.start, datetime):
            return []
        before = self.deadline.start.astimezone(self.zone).utcoffset() or timedelta()
        after = original.raw.astimezone(self.zone).utcoffset() or timedelta()
        if before == after:
            return []
        hours = {"term": term(self.rule.term)}
        if after > before:
            return [_("In die tijd ging de klok vooruit. De termijn duurt echt %(term)s.") % hours]
        return [_("In die tijd ging de klok terug. De termijn duurt echt %(term)s.") % hours]

    def _skipped(self) -> list[str]:
        last = _day_of(self.deadline.due.raw, self.zone)
        skipped = [each for each in self.deadline.due.skipped if each.on < last]
        if not skipped:
            return []
        named = [self._with_day(each) for each in skipped if each.on.weekday() < 5]
        weekend = [_("zaterdagen en zondagen")] if len(named) < len(skipped) else []
        found = [_("Niet geteld: %(days)s.") % {"days": joined([*weekend, *named])}]
        if not named and not self.public:
            found.append(_("Er waren geen feestdagen of sluitingsdagen."))
        return found

    def _moves(self, parts: Sequence[Extended | Pause], original: Due) -> list[str]:
        found = []
        before = original
        for n, part in enumerate(parts, start=1):
            after = self.deadline.due if n == len(parts) else self._count(parts[:n])
            found += self._paused(part, before, after) if isinstance(part, Pause) else self._extended(part)
            before = after
        return found

    def _extended(self, part: Extended) -> list[str]:
        found = [
            _("Verlengd op %(on)s: van %(old)s naar %(new)s.")
            % {
                "on": self._said(_day_of(part.at, self.zone)),
                "old": self._said(part.raw_due_before),
                "new": self._said(part.raw_due),
            }
        ]
        if not part.in_time:
            found.append(_("Dat gebeurde pas na de laatste dag."))
        return found

    def _paused(self, part: Pause, before: Due, after: Due) -> list[str]:
        hours = isinstance(before.raw, datetime)
        start: date | datetime = part.start if hours else _day_of(part.start, self.zone)
        if part.end is None:
            return [
                _("De klok staat stil sinds %(start)s. Het einde schuift op zodra de klok weer loopt.")
                % {"start": self._said(start)}
            ]
        stop: date | datetime = part.end if hours else _day_of(part.end, self.zone)
        times = {"start": self._said(start), "stop": self._said(stop)}
        if before.raw == after.raw:
            return [_("De klok stond stil van %(start)s tot %(stop)s. Het einde veranderde daardoor niet.") % times]
        return [
            _("De klok stond stil van %(start)s tot %(stop)s. Het einde ging daardoor van %(old)s naar %(new)s.")
            % {**times, "old": self._said(before.raw), "new": self._said(after.raw)}
        ]

    def _roll(self) -> list[str]:
        due = self.deadline.due
        if not due.rolled:
            return []
        raw = _day_of(due.raw, self.zone)
        passed = [each for each in due.skipped if each.on >= raw]
        by_law = self.rule.roll is Roll.STATUTORY
        found = []
        if any(each.on == raw for each in passed):
            found.append(
                _("De termijn eindigt op %(raw)s. Geen werkdag: %(days)s. De laatste dag is daarom %(due)s.")
                % {
                    "raw": self._said(due.raw),
                    "days": joined([self._with_day(each) for each in passed]),
                    "due": self._said(due.due),
                }
            )
        else:
            found.append(
                _("In de termijn horen minstens twee werkdagen te zitten. De laatste dag is daarom %(due)s.")
                % {"due": self._said(due.due)}
            )
        if by_law:
            found.append(_("Zo staat het in de Algemene termijnenwet."))
        return found

    def _source(self) -> list[str]:
        if self.public:
            return []
        version = {"version": self.procedure.version}
        if not self.rule.rules:
            return [_("Procedure versie %(version)d.") % version]
        rules = {"rules": joined(list(self.rule.rules))}
        return [
            ngettext(
                "Regel %(rules)s, procedure versie %(version)d.",
                "Regels %(rules)s, procedure versie %(version)d.",
                len(self.rule.rules),
            )
            % {**rules, **version}
        ]

    def _count(self, parts: Sequence[Extended | Pause]) -> Due:
        return deadlines.recompute(
            self.deadline.start,
            self.rule.term,
            parts,
            calendar=self.calendar,
            zone=self.zone,
            roll=self.rule.roll,
        )

    def _said(self, on: date | datetime) -> str:
        """A day or instant, with its year when that is another than the one told last."""
        year = _day_of(on, self.zone).year
        is_new, self.year = year != self.year, year
        return end(on, zone=self.zone, year=is_new)

    def _with_day(self, each: Skipped) -> str:
        if each.on.weekday() >= 5:
            return self._said(each.on)
        name = each.name
        if self.language.startswith("en"):
            name = self._english(each)
        words = {"name": name, "day": self._said(each.on)}
        if self.calendar.closed.get(each.on) == each.name:
            return _("sluitingsdag “%(name)s” (%(day)s)") % words
        return f"{name} ({words['day']})"

    def _english(self, each: Skipped) -> str:
        for calendar in (self.calendar, STATUTORY):
            if not calendar.is_working(each.on):
                return calendar.name_of(each.on, "en")
        return each.name


# ---------------------------------------------------------------------------------------------- single words


def joined(parts: Sequence[str], *, language: str = "") -> str:
    """ "a, b en c"."""
    if len(parts) < 2:
        return "".join(parts)
    with speaking(language):
        return _("%(some)s en %(last)s") % {"some": ", ".join(parts[:-1]), "last": parts[-1]}


def kind(of: DeadlineKind, *, language: str = "") -> str:
    with speaking(language):
        return _("streefdatum") if of is DeadlineKind.TARGET else _("uiterste datum")


def owed_by(whom: OwedBy, *, language: str = "") -> str:
    with speaking(language):
        return _("de indiener") if whom is OwedBy.COMPLAINANT else _("de organisatie")


def channel(way: Channel, *, language: str = "") -> str:
    with speaking(language):
        match way:
            case Channel.EMAIL:
                return pgettext("channel", "e-mail")
            case Channel.POST:
                return pgettext("channel", "post")
            case Channel.SEALED:
                return pgettext("channel", "gesloten envelop, vertrouwelijk en persoonlijk")


def status(of: Status, *, language: str = "") -> str:
    with speaking(language):
        match of:
            case Status.OPEN:
                return pgettext("deadline", "loopt")
            case Status.MET:
                return pgettext("deadline", "gehaald")
            case Status.MISSED:
                return pgettext("deadline", "niet gehaald")
            case Status.DROPPED:
                return pgettext("deadline", "vervallen")


def occurrence(what: Occurrence | str, *, procedure: Procedure, language: str = "") -> str:
    """ "“Klacht indienen”", "de brief “Besluit” is verstuurd", "3 werkdagen voor het einde van “Besluit”"."""
    parsed = Occurrence.parse(what) if isinstance(what, str) else what
    with speaking(language):
        said = _title_of(parsed, procedure).in_language(get_language() or "nl")
        title = {"title": said}
        match parsed.kind:
            case OccurrenceKind.ACT:
                return f"“{said}”"
            case OccurrenceKind.SENT:
                return _("de brief “%(title)s” is verstuurd") % title
            case OccurrenceKind.PASSED:
                return _("de termijn “%(title)s” is voorbij") % title
            case OccurrenceKind.BEFORE:
                ahead = term(parsed.ahead) if parsed.ahead else ""
                return _("%(ahead)s voor het einde van “%(title)s”") % {**title, "ahead": ahead}


def _title_of(what: Occurrence, procedure: Procedure) -> Text:
    try:
        match what.kind:
            case OccurrenceKind.ACT:
                return procedure.act(what.name).title
            case OccurrenceKind.SENT:
                return procedure.letter(what.name).title
            case _:
                return procedure.deadline(what.name).title
    except KeyError:
        return Text(what.name)


def _day_of(moment: date | datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date() if isinstance(moment, datetime) else moment


def speaking(language: str) -> AbstractContextManager[object]:
    """Everything within is said in this language; in the active one when it is empty."""
    return override(language) if language else nullcontext()
