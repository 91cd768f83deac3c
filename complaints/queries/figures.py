"""The bare numbers of a yearly report, by few grouped questions over the organisation in scope.

They are not for showing: `complaints.reports` decides what may be seen of them. A complaint counts as received in the
local year in which it was received, and as dealt with in that of its first decision or, without one, of its closing.
Any other number counts in the local year in which the thing itself happened. Cases merged into another do not count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import (
    BooleanField,
    CharField,
    Count,
    DateField,
    Exists,
    F,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models import Case as Switch
from django.db.models.functions import ExtractQuarter, ExtractYear, TruncMonth

from complaints.models import Answer, Case, Deadline, Event, Measure
from procedures.definition import EFFECTS, VERDICTS, Act, Field, FieldKind, Meaning, OwedBy, Procedure

APPEALED: Final = "appealed"  # the outcome of an end phase that is reached by way of an appeal
OTHERWISE: Final = "otherwise"
# How long it took from receipt until it was dealt with: name, and less than so many days; the last one has no end.
SPANS: Final = (("week", 8), ("two_weeks", 15), ("four_weeks", 29), ("eight_weeks", 57), ("longer", 0))

Key = tuple[int, str]  # year, name


@dataclass(frozen=True, slots=True)
class Asked:
    """What the versions of a procedure record that a report can count, by the names that they give it."""

    nature: tuple[str, ...]  # fields of the intake
    verdicts: Mapping[str, Mapping[str, str]]  # field → value → how it counts
    repeats: Mapping[str, frozenset[str]]  # field → the values that mean it
    effects: Mapping[str, Mapping[str, str]]  # field → value → how it counts
    extending: Mapping[str, str]  # act → the deadline that it moves
    appealing: frozenset[str]  # acts with which somebody turns to an appeal body
    judging: frozenset[str]  # acts with which an appeal body judges
    judgements: frozenset[str]  # the fields that say how

    @classmethod
    def of(cls, procedures: Iterable[Procedure]) -> Asked:
        """Of all the versions that cases may follow, the newest last."""
        known = list(procedures)
        judging: dict[str, Field] = {}
        appealing: set[str] = set()
        extending: dict[str, str] = {}
        for procedure in known:
            beyond = _appeal_phases(procedure)
            extending |= {act.name: act.extends for act in procedure.acts if act.extends}
            appealing |= {a.name for a in procedure.acts if a.to in beyond and not set(a.phases) <= beyond}
            judging |= {a.name: f for a in procedure.acts if set(a.phases) <= beyond and (f := _how_judged(a))}
        verdicts: dict[str, dict[str, str]] = {}
        repeats: dict[str, set[str]] = {}
        effects: dict[str, dict[str, str]] = {}
        for act in (act for procedure in known for act in procedure.acts if act.name not in judging):
            for field in (each for each in act.fields if each.kind is FieldKind.CHOICE):
                meant = {each.means for each in field.choices}
                counted = {each.value: each.means.value if each.means else each.value for each in field.choices}
                if meant & VERDICTS:
                    verdicts.setdefault(field.name, {}).update(counted)
                if meant & EFFECTS:
                    effects.setdefault(field.name, {}).update(counted)
                said = {each.value for each in field.choices if each.means is Meaning.REPEAT}
                if said:
                    repeats.setdefault(field.name, set()).update(said)
        return cls(
            nature=tuple(dict.fromkeys(name for each in known for name in each.report.nature)),
            verdicts=verdicts,
            repeats={name: frozenset(values) for name, values in repeats.items()},
            effects=effects,
            extending=extending,
            appealing=frozenset(appealing),
            judging=frozenset(judging),
            judgements=frozenset(field.name for field in judging.values()),
        )


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers by year and name; a name that is not there counts none."""

    received: Counter[int]
    handled: Counter[int]
    quarters: Counter[Key]
    nature: Mapping[str, Counter[Key]]  # by field
    channels: Counter[Key]
    tracks: Counter[Key]
    outcomes: Counter[Key]  # a verdict, or else the outcome with which it ended
    spans: Counter[Key]
    repeated: Counter[int]
    returned: Counter[int]  # dealt with that year, and the same person complained again since
    terms: Mapping[tuple[str, str, str], Counter[Key]]  # (rule, track, outcome) → kept or missed
    extended: Counter[Key]  # cases, by deadline
    appeals: Counter[int]
    judgements: Counter[Key]
    effects: Counter[Key]
    measures: Counter[Key]  # agreed that year, by kind
    carried_out: Counter[int]
    judged: Counter[Key]  # whether they worked

    def open_at_end(self, year: int) -> int:
        """How many complaints were received by then and not dealt with."""
        came = sum(number for each, number in self.received.items() if each <= year)
        return came - sum(number for each, number in self.handled.items() if each <= year)

    @property
    def first_year(self) -> int | None:
        return min(self.received, default=None)


def count(asked: Asked, *, zone: ZoneInfo, until: datetime) -> Counts:
    """What happened before the instant `until`, for every local year. The number of queries hangs on what the documents
    ask, not on how many cases there are; and what is read are groups, not cases."""
    cases = Case.objects.filter(merged_into=None, received_at__lt=until).order_by()
    verdicts = _verdicts(asked, until)
    undecided = cases.filter(closed_at__lt=until).exclude(pk__in=verdicts.values("case"))

    received, quarters, channels, tracks = Counter[int](), Counter[Key](), Counter[Key](), Counter[Key]()
    for row in _grouped(
        cases, "received_at", zone, "channel", "track", quarter=ExtractQuarter("received_at", tzinfo=zone)
    ):
        year, number = row["year"], row["n"]
        received[year] += number
        quarters[year, str(row["quarter"])] += number
        channels[year, row["channel"]] += number
        tracks[year, row["track"]] += number

    handled, outcomes, spans, returned = Counter[int](), Counter[Key](), Counter[Key](), Counter[int]()
    for row in _grouped(
        _first(verdicts),
        "event__at",
        zone,
        "name",
        "value",
        span=_span("event__at", "case__received_at"),
        came_back=_came_back("case__came_back_on", "event__at", zone, until),
    ):
        value = _as_name(row["value"])
        row["outcome"] = asked.verdicts[row["name"]].get(value, value)
        _add(row, handled, outcomes, spans, returned)
    for row in _grouped(
        undecided,
        "closed_at",
        zone,
        "outcome",
        span=_span("closed_at", "received_at"),
        came_back=_came_back("came_back_on", "closed_at", zone, until),
    ):
        _add(row, handled, outcomes, spans, returned)

    return Counts(
        received=received,
        handled=handled,
        quarters=quarters,
        nature={name: _answered(cases, name, zone, until) for name in asked.nature},
        channels=channels,
        tracks=tracks,
        outcomes=outcomes,
        spans=spans,
        repeated=_repeated(cases, asked, zone, until),
        returned=returned,
        terms=_terms(zone, until),
        extended=_extended(asked, zone, until),
        appeals=_years(_events(asked.appealing, until), "at", zone, distinct="case"),
        judgements=_judgements(asked, zone, until),
        effects=_effects(asked, zone, until),
        measures=_agreed(zone, until),
        carried_out=_years(_measures().filter(done_on__lt=until.astimezone(zone).date()), "done_on", None),
        judged=_judged(zone, until),
    )


def _grouped(
    rows: QuerySet[Any], moment: str, zone: ZoneInfo | None, *by: str, **more: Any
) -> Iterable[dict[str, Any]]:
    """How many rows there are in each local year, for each combination of `by` and `more`. Days have no zone."""
    year = ExtractYear(moment, tzinfo=zone)
    found: Iterable[dict[str, Any]] = (
        rows.annotate(year=year, **more).values("year", *by, *more).annotate(n=Count("pk"))
    )
    return found


def _years(rows: QuerySet[Any], moment: str, zone: ZoneInfo | None, *, distinct: str = "pk") -> Counter[int]:
    year = ExtractYear(moment, tzinfo=zone)
    found = rows.annotate(year=year).values("year").annotate(n=Count(distinct, distinct=distinct != "pk"))
    return Counter({row["year"]: row["n"] for row in found})


def _verdicts(asked: Asked, until: datetime) -> QuerySet[Answer]:
    """Every verdict on a case; what an appeal body says is none."""
    given = Answer.objects.filter(name__in=list(asked.verdicts), event__at__lt=until, case__received_at__lt=until)
    return given.filter(case__merged_into=None).exclude(event__occurrence__in=list(asked.judging)).order_by()


def _first(verdicts: QuerySet[Answer]) -> QuerySet[Answer]:
    """The first one on each case."""
    return Answer.objects.filter(pk__in=verdicts.values("case").annotate(first=Min("pk")).values("first")).order_by()


def _span(until: str, since: str) -> Switch:
    """The name of the span between two moments."""
    known = [
        When(**{f"{until}__lt": F(since) + timedelta(days=days)}, then=Value(name)) for name, days in SPANS if days
    ]
    return Switch(*known, default=Value(SPANS[-1][0]), output_field=CharField())


def _came_back(month: str, handled_at: str, zone: ZoneInfo, until: datetime) -> Switch:
    """Whether the same person complained again after a moment and before `until`, which ends a month."""
    since = TruncMonth(handled_at, tzinfo=zone, output_field=DateField())
    back = When(**{f"{month}__gte": since, f"{month}__lt": until.astimezone(zone).date()}, then=Value(value=True))
    return Switch(back, default=Value(value=False), output_field=BooleanField())


def _add(
    row: Mapping[str, Any],
    handled: Counter[int],
    outcomes: Counter[Key],
    spans: Counter[Key],
    returned: Counter[int],
) -> None:
    year, number = row["year"], row["n"]
    handled[year] += number
    returned[year] += number if row["came_back"] else 0
    spans[year, row["span"]] += number
    outcomes[year, row["outcome"] or OTHERWISE] += number


def _answered(cases: QuerySet[Case], name: str, zone: ZoneInfo, until: datetime) -> Counter[Key]:
    """The newest answer to a question of the form, by year of receipt."""
    newest = Answer.objects.filter(case=OuterRef("pk"), name=name, event__at__lt=until).order_by("-pk")
    found: Counter[Key] = Counter()
    for row in _grouped(cases, "received_at", zone, answer=Subquery(newest.values("value")[:1])):
        value = row["answer"]
        found[row["year"], _as_name(value)] += row["n"]
    return found


def _as_name(value: object) -> str:
    """An answer as the name of a row; a case in which it was not asked counts under an empty one."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else ""


def _repeated(cases: QuerySet[Case], asked: Asked, zone: ZoneInfo, until: datetime) -> Counter[int]:
    said = Q()
    for name, values in asked.repeats.items():
        said |= Q(name=name, value__in=sorted(values))
    if not said:
        return Counter()
    answers = Answer.objects.filter(said, case=OuterRef("pk"), event__at__lt=until)
    return _years(cases.filter(Exists(answers)), "received_at", zone)


def _terms(zone: ZoneInfo, until: datetime) -> dict[tuple[str, str, str], Counter[Key]]:
    """What the organisation owed and is over, in the year in which it was met or passed."""
    over = (Deadline.Status.MET, Deadline.Status.MISSED)
    rows = (
        Deadline.objects.filter(case__merged_into=None, owed_by=OwedBy.ORGANISATION.value, status__in=over)
        .annotate(ended_at=Switch(When(status=Deadline.Status.MET, then=F("met_at")), default=F("overdue_at")))
        .filter(ended_at__lt=until)
        .order_by()
    )
    found: dict[tuple[str, str, str], Counter[Key]] = {}
    for row in _grouped(rows, "ended_at", zone, "rule", "case__track", "case__outcome", "status"):
        for track in {"", row["case__track"]}:
            for outcome in {"", row["case__outcome"]}:
                counter = found.setdefault((row["rule"], track, outcome), Counter())
                counter[row["year"], row["status"]] += row["n"]
    return found


def _extended(asked: Asked, zone: ZoneInfo, until: datetime) -> Counter[Key]:
    found: Counter[Key] = Counter()
    rows = _events(asked.extending, until).annotate(
        year=ExtractYear("at", tzinfo=zone),
        moved=Switch(
            *(When(occurrence=act, then=Value(rule)) for act, rule in asked.extending.items()),
            default=Value(""),
            output_field=CharField(),
        ),
    )
    for row in rows.values("year", "moved").annotate(n=Count("case", distinct=True)) if asked.extending else ():
        found[row["year"], row["moved"]] += row["n"]
    return found


def _judgements(asked: Asked, zone: ZoneInfo, until: datetime) -> Counter[Key]:
    found: Counter[Key] = Counter()
    rows = Answer.objects.filter(
        case__merged_into=None,
        name__in=list(asked.judgements),
        event__occurrence__in=list(asked.judging),
        event__at__lt=until,
    ).order_by()
    for row in _grouped(rows, "event__at", zone, "value"):
        found[row["year"], _as_name(row["value"])] += row["n"]
    return found


def _effects(asked: Asked, zone: ZoneInfo, until: datetime) -> Counter[Key]:
    """The newest that is known of each client, in the year in which it was written down."""
    known = Answer.objects.filter(name__in=list(asked.effects), event__at__lt=until, case__merged_into=None)
    newest = known.filter(case=OuterRef("case")).order_by("-pk").values("pk")[:1]
    found: Counter[Key] = Counter()
    for row in _grouped(known.filter(pk=Subquery(newest)).order_by(), "event__at", zone, "name", "value"):
        found[row["year"], asked.effects[row["name"]].get(row["value"], _as_name(row["value"]))] += row["n"]
    return found


def _measures() -> QuerySet[Measure]:
    return Measure.objects.filter(case__merged_into=None).order_by()


def _agreed(zone: ZoneInfo, until: datetime) -> Counter[Key]:
    rows = _grouped(_measures().filter(event__at__lt=until), "event__at", zone, "kind")
    return Counter({(row["year"], row["kind"]): row["n"] for row in rows})


def _judged(zone: ZoneInfo, until: datetime) -> Counter[Key]:
    rows = _measures().filter(judged_on__lt=until.astimezone(zone).date()).exclude(effect="")
    return Counter({(row["year"], row["effect"]): row["n"] for row in _grouped(rows, "judged_on", None, "effect")})


def _events(occurrences: Collection[str], until: datetime) -> QuerySet[Event]:
    return Event.objects.filter(case__merged_into=None, occurrence__in=list(occurrences), at__lt=until).order_by()


def _appeal_phases(procedure: Procedure) -> set[str]:
    """The phases on the tracks that end as appealed."""
    tracks = {each.track for each in procedure.phases if each.outcome == APPEALED}
    return {each.name for each in procedure.phases if each.track in tracks}


def _how_judged(act: Act) -> Field | None:
    """The question of how an appeal ended; None when the act asks none."""
    found = (each for each in act.fields if each.kind is FieldKind.CHOICE)
    return next(found, None) if act.phases else None
