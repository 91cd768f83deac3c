"""Answers to a procedure's fields: from what was typed or stored to a `Fact`, and back."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from procedures.definition import Fact, Field, FieldKind, Measure, Point, Text

TRUE_WORDS = frozenset({"true", "yes", "ja", "1", "on"})
FALSE_WORDS = frozenset({"false", "no", "nee", "0", "off"})


class BadAnswer(ValueError):
    """The answer does not fit the field; `message` says what to do, for whoever typed it."""

    def __init__(self, message: Text) -> None:
        super().__init__(message.nl)
        self.message = message


def parse(field: Field, raw: object, *, zone: ZoneInfo) -> Fact:
    """The fact that `raw` (typed text, JSON or already a fact) stands for. Raises BadAnswer."""
    match field.kind:
        case FieldKind.YES_NO:
            return _yes_no(raw)
        case FieldKind.NUMBER:
            try:
                return int(str(raw))
            except ValueError:
                raise BadAnswer(Text("Vul een getal in.", "Enter a number.")) from None
        case FieldKind.DATE:
            return _day(raw)
        case FieldKind.MOMENT:
            return _moment(raw, zone)
        case FieldKind.CHOICE:
            return _choice(field, str(raw))
        case FieldKind.CHOICES:
            return tuple(_choice(field, value) for value in _many(raw))
        case FieldKind.MEMBERS:
            return _members(field, _many(raw))
        case FieldKind.DOCUMENTS:
            return tuple(_many(raw))
        case FieldKind.MEASURES:
            return _measures(raw)
        case FieldKind.POINTS:
            return _points(field, raw)
        case _:
            return str(raw).strip()


def restore(field: Field, stored: object, *, zone: ZoneInfo) -> Fact:
    """The fact that was kept as JSON. It was judged when it was given, so its choices are not looked at again: two acts
    may ask for the same fact with different choices."""
    if field.kind is FieldKind.CHOICE:
        return str(stored)
    if field.kind in (FieldKind.CHOICES, FieldKind.MEMBERS):
        return tuple(_many(stored))
    if field.kind is FieldKind.POINTS:
        return _points(None, stored)
    return parse(field, stored, zone=zone)


def as_json(fact: Fact) -> object:
    """The fact as JSON can hold it; `parse` gives the same fact back."""
    if isinstance(fact, tuple):
        return [_row_as_json(each) for each in fact]
    if isinstance(fact, date):
        return fact.isoformat()
    return fact


def _row_as_json(each: str | Measure | Point) -> object:
    match each:
        case Measure():
            return {"what": each.what, "owner": each.owner, "due_on": each.due_on.isoformat()}
        case Point():
            return {"what": each.what, "finding": each.finding, "verdict": each.verdict}
        case _:
            return each


def sample(field: Field, *, at: datetime, later: date | None = None) -> Fact:
    """An answer that fits, for trying out a procedure. `later` is used for dates that lie ahead."""
    match field.kind:
        case FieldKind.YES_NO:
            return False
        case FieldKind.NUMBER:
            return 1
        case FieldKind.DATE:
            return later or at.date()
        case FieldKind.MOMENT:
            return at + timedelta(days=1)
        case FieldKind.CHOICE:
            return field.open_choices[0].value
        case FieldKind.CHOICES:
            return (field.open_choices[0].value,)
        case FieldKind.MEMBER:
            return f"{field.role} 1"
        case FieldKind.MEMBERS:
            return tuple(f"{field.role} {number}" for number in range(1, field.count + 1))
        case FieldKind.DOCUMENTS:
            return ("voorbeeld.pdf",)
        case FieldKind.MEASURES:
            return (Measure("voorbeeld", "voorbeeld", at.date() + timedelta(days=30)),)
        case FieldKind.POINTS:
            return (Point("voorbeeld", "voorbeeld", field.open_choices[0].value),)
        case FieldKind.EMAIL:
            return "iemand@voorbeeld.example"
        case FieldKind.PHONE:
            return "06 00000000"
        case _:
            return field.example.nl or "voorbeeld"


def _yes_no(raw: object) -> bool:
    word = str(raw).strip().lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise BadAnswer(Text("Kies ja of nee.", "Choose yes or no."))


def _day(raw: object) -> date:
    if isinstance(raw, datetime):
        return raw.date()
    if isinstance(raw, date):
        return raw
    try:
        return date.fromisoformat(str(raw).strip())
    except ValueError:
        raise BadAnswer(
            Text("Vul een bestaande datum in, bijvoorbeeld 4-11-2026.", "Enter a real date, for example 4-11-2026.")
        ) from None


def _moment(raw: object, zone: ZoneInfo) -> datetime:
    try:
        moment = raw if isinstance(raw, datetime) else datetime.fromisoformat(str(raw).strip())
    except ValueError:
        raise BadAnswer(Text("Vul een datum en een tijd in.", "Enter a date and a time.")) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _choice(field: Field, value: str) -> str:
    chosen = next((each for each in field.choices if each.value == value), None)
    if chosen is None:
        raise BadAnswer(Text("Kies een van de mogelijkheden.", "Choose one of the options."))
    if chosen.referral:
        raise BadAnswer(chosen.referral)
    return value


def _members(field: Field, values: list[str]) -> tuple[str, ...]:
    if len(set(values)) != len(values):
        raise BadAnswer(Text("Kies niet twee keer dezelfde persoon.", "Do not choose the same person twice."))
    if field.count and len(values) != field.count:
        raise BadAnswer(Text(f"Kies precies {field.count} personen.", f"Choose exactly {field.count} people."))
    return tuple(values)


def _many(raw: object) -> list[str]:
    if isinstance(raw, str):
        return [part.strip() for part in raw.split(",") if part.strip()]
    if isinstance(raw, (list, tuple)):
        return [str(part) for part in raw]
    raise BadAnswer(Text("Kies een of meer mogelijkheden.", "Choose one or more."))


def _measures(raw: object) -> tuple[Measure, ...]:
    if isinstance(raw, str):  # "what; owner; 2026-12-31", one a line
        raw = [
            dict(zip(("what", "owner", "due_on"), line.split(";"), strict=False)) for line in raw.splitlines() if line
        ]
    if not isinstance(raw, (list, tuple)):
        raise BadAnswer(Text("Beschrijf elke maatregel.", "Describe each measure."))
    measures = []
    for each in raw:
        if isinstance(each, Measure):
            measures.append(each)
            continue
        if not isinstance(each, dict) or not all(str(each.get(key, "")).strip() for key in ("what", "owner", "due_on")):
            raise BadAnswer(
                Text(
                    "Vul bij elke maatregel in wat er gebeurt, wie het doet en wanneer het klaar is.",
                    "For each measure fill in what will be done, by whom and by when.",
                )
            )
        measures.append(
            Measure(str(each["what"]).strip(), str(each["owner"]).strip(), _day(str(each["due_on"]).strip()))
        )
    return tuple(measures)


def _points(field: Field | None, raw: object) -> tuple[Point, ...]:
    """Points as they were typed, or as JSON keeps them; without a field their verdicts are not judged again."""
    if isinstance(raw, str):  # "what; finding; verdict", one a line
        raw = [
            dict(zip(("what", "finding", "verdict"), (part.strip() for part in line.split(";")), strict=False))
            for line in raw.splitlines()
            if line
        ]
    if not isinstance(raw, (list, tuple)):
        raise BadAnswer(Text("Beschrijf elk punt van de klacht.", "Describe each point of the complaint."))
    points = []
    for each in raw:
        if isinstance(each, Point):
            points.append(each)
            continue
        if not isinstance(each, dict) or not all(
            str(each.get(key, "")).strip() for key in ("what", "finding", "verdict")
        ):
            raise BadAnswer(
                Text(
                    "Vul bij elk punt in wat het punt is, wat u vond en wat het oordeel is.",
                    "For each point fill in what it says, what you found and what the judgement is.",
                )
            )
        verdict = str(each["verdict"])
        points.append(
            Point(
                str(each["what"]).strip(), str(each["finding"]).strip(), _choice(field, verdict) if field else verdict
            )
        )
    return tuple(points)
