"""The dates in a letter: when its clocks end, in words, and the table of them with how each was counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from complaints.letters.occasion import Occasion, Recipient
from procedures import deadlines as counting
from procedures import engine, wording
from procedures.deadlines import Skipped
from procedures.definition import (
    COMPLAINANT,
    DeadlineKind,
    DeadlineRule,
    Letter,
    Occurrence,
    OccurrenceKind,
    OwedBy,
    Unit,
)

UNKNOWN = "–"
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class DateRow:
    """A row of the table of dates: "uiterlijk", "vrijdag 18 december 2026", what happens, how it was counted.

    `by` is empty where what happens is a sentence to the complainant, which says that itself.
    """

    by: str
    when: str
    what: str
    count: str = ""
    time: str = ""  # "om 8.30 uur", for terms in hours


class Dates:
    """The dates of one letter to one recipient, said in the active language.

    `depends_on_sending` becomes true once one of them counts from the day on which the letter leaves.
    """

    def __init__(self, letter: Letter, to: Recipient, occasion: Occasion, language: str) -> None:
        self.letter = letter
        self.to = to
        self.occasion = occasion
        self.procedure = occasion.procedure
        self.language = language
        self.depends_on_sending = False

    def rows(self) -> list[DateRow]:
        """The table of the letter's deadlines, in the order of the document."""
        return [row for name in self.letter.deadlines for row in self._rows(self.procedure.deadline(name))]

    def previous(self) -> str:
        """The end before the clock was moved that this letter is about; the dash when none was."""
        for old in self.occasion.before.deadlines:
            new = next((each for each in self.occasion.case.deadlines if each.key == old.key), old)
            if new.due.due != old.due.due:
                return wording.end(old.due.due, zone=self.occasion.zone)
        moved = [each for each in self.occasion.case.deadlines if each.extensions]
        last = max(moved, key=lambda each: each.extensions[-1].at, default=None)
        return wording.end(self._before_extension(last), zone=self.occasion.zone) if last else UNKNOWN

    def _before_extension(self, clock: engine.Deadline) -> date | datetime:
        """Where the clock ended before it was moved last."""
        rule = self.procedure.deadline(clock.rule)
        return counting.recompute(
            clock.start,
            rule.term,
            [part for part in clock.history if part is not clock.extensions[-1]],
            calendar=self.occasion.calendar,
            zone=self.occasion.zone,
            roll=rule.roll,
        ).due

    def end(self, rule_name: str) -> str:
        """The last day or instant of a rule's clock in words; its term when the clock does not run yet."""
        rule = self.procedure.deadline(rule_name)
        clock = self._clock(rule)
        if clock is None:
            return _("%(term)s daarna") % {"term": wording.term(rule.term)}
        return wording.end(clock.due.due, zone=self.occasion.zone)

    def _clock(self, rule: DeadlineRule) -> engine.Deadline | None:
        """The rule's clock, as if the letter left now where its leaving starts it; None when it does not run yet."""
        running = self.occasion.case.deadline(rule.name)
        if (running and running.status is engine.Status.OPEN) or not self._starts_by_leaving(rule):
            return running
        done = frozenset(self.occasion.case.done)
        if not all(condition.holds(self.occasion.case.facts, done) for condition in rule.when):
            return running
        self.depends_on_sending = True
        at, calendar = self.occasion.at, self.occasion.calendar
        due = counting.compute(at, rule.term, calendar=calendar, zone=self.occasion.zone, roll=rule.roll)
        return engine.Deadline(rule=rule.name, number=0, starts_at=at, start=at, due=due)

    def _starts_by_leaving(self, rule: DeadlineRule) -> bool:
        return Occurrence(OccurrenceKind.SENT, self.letter.name) in rule.starts and not rule.from_fact

    def _rows(self, rule: DeadlineRule) -> Iterator[DateRow]:
        """The rule's row; none for what has been done already, or what this letter starts only in other cases."""
        is_told = self.to.kind == COMPLAINANT and bool(rule.public)
        what = (rule.public if is_told else rule.title).in_language(self.language)
        clock = self._clock(rule)
        if clock is None:
            if not self._starts_by_leaving(rule):
                by, when = pgettext("letter", "daarna"), wording.term(rule.term)
                yield DateRow(by=by, when=when, what=what, count=self._where_it_will_stand(rule))
        elif clock.status not in (engine.Status.MET, engine.Status.DROPPED):
            if is_told:
                by = ""
            elif rule.owed_by is OwedBy.COMPLAINANT:
                by = pgettext("letter", "tot en met")
            elif rule.kind is DeadlineKind.TARGET:
                by = pgettext("letter", "ons doel")
            else:
                by = pgettext("letter", "uiterlijk")
            end, zone = clock.due.due, self.occasion.zone
            yield DateRow(
                by=by,
                when=wording.day(self._day(end)),
                what=what,
                count=" ".join(self._counted(clock, rule)),
                time=_("om %(clock)s") % {"clock": wording.clock(end, zone=zone)} if isinstance(end, datetime) else "",
            )

    def _where_it_will_stand(self, rule: DeadlineRule) -> str:
        if self.to.is_inside:
            return ""
        for start in rule.starts:
            if start.kind is OccurrenceKind.SENT:
                later = self.procedure.letter(start.name)
                if COMPLAINANT in later.to and rule.name in later.deadlines:
                    return _("De datum staat in de brief “%(title)s”.") % {
                        "title": later.title.in_language(self.language)
                    }
        return _("De datum krijgt u later van ons.")

    def _counted(self, clock: engine.Deadline, rule: DeadlineRule) -> Iterator[str]:
        """How the date was counted: from when, which days did not count, what moved it."""
        if clock.is_paused:
            yield _("De klok staat nu stil. De datum schuift op.")
        elif clock.extensions:
            yield _("Dit is de nieuwe datum.")
        elif rule.term.amount:
            yield _("%(term)s na %(day)s.") % {"term": wording.term(rule.term), "day": self._start_of(clock, rule)}
            last = self._day(clock.due.raw)
            if names := self._names([each for each in clock.due.skipped if each.on < last]):
                words = {"days": capital(wording.joined(names))}
                yield ngettext("%(days)s telt niet mee.", "%(days)s tellen niet mee.", len(names)) % words
            if clock.history:
                yield _("De klok stond een tijd stil. Daarom is het later.")
            if clock.due.rolled:
                yield self._rolled(clock, last)

    def _rolled(self, clock: engine.Deadline, last: date) -> str:
        words = {"day": capital(wording.day(last, year=False))}
        for each in clock.due.skipped:
            if each.on == last and last.weekday() < _SATURDAY:
                return _("%(day)s is %(name)s. Daarom is het later.") % {**words, "name": self._name(each)}
            if each.on == last:
                return _("%(day)s is geen werkdag. Daarom is het later.") % words
        return _("In de tijd horen minstens twee werkdagen te zitten. Daarom is het later.")

    def _start_of(self, clock: engine.Deadline, rule: DeadlineRule) -> str:
        """ "20 november": the weekday would be too much beside the end, and the year where that has the same."""
        day = self._day(clock.start)
        year = day.year != self._day(clock.due.due).year
        said = f"{day.day} {wording.month(day)}" + (f" {day.year}" if year else "")
        if rule.term.unit is Unit.HOURS and isinstance(clock.start, datetime):
            return _("%(day)s om %(clock)s") % {
                "day": said,
                "clock": wording.clock(clock.start, zone=self.occasion.zone),
            }
        return said

    def _names(self, skipped: list[Skipped]) -> list[str]:
        """ "zaterdag", "zondag", "Eerste Kerstdag": each name once, the weekend first, the others as they come."""
        weekend = {each.on.weekday(): each for each in skipped if each.on.weekday() >= _SATURDAY}
        others = [each for each in skipped if each.on.weekday() < _SATURDAY]
        return list(dict.fromkeys(self._name(each) for each in (*(weekend[day] for day in sorted(weekend)), *others)))

    def _name(self, skipped: Skipped) -> str:
        """As it was when it was counted; holidays also in English."""
        calendar = self.occasion.calendar
        if self.language == "nl" or calendar.is_working(skipped.on):
            return skipped.name
        return calendar.name_of(skipped.on, self.language)

    def _day(self, moment: date | datetime) -> date:
        return moment.astimezone(self.occasion.zone).date() if isinstance(moment, datetime) else moment


def capital(text: str) -> str:
    """With its first letter large, the others as they are."""
    return text[:1].upper() + text[1:]
