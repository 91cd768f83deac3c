"""Answers in words, as people at the desk read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from complaints.desk.standing import Standing
from complaints.models import BESIDE, IMPORTED, Answer, Event
from complaints.said import EARLIER, earlier_texts, in_words, spoken
from procedures import answers as stored
from procedures import wording
from procedures.definition import Field, Procedure
from procedures.engine import FILED_LATE, INDEPENDENCE_REASON

CONFIDENTIALITY = "confidentiality"
HIDDEN = frozenset({"channel", "subject"})  # the head of the page shows them


@dataclass(frozen=True, slots=True)
class Given:
    """What was answered at one occasion."""

    event: Event
    title: str
    answers: list[tuple[str, str]]


def given_answers(
    standing: Standing, events: Sequence[Event], rows: Sequence[Answer], names: Mapping[str, str]
) -> list[Given]:
    """Everything that was answered, by occasion and in order; `names` gives the members' names by key."""
    everything = {field.name: field for field in standing.procedure.every_field()}
    asked = {event.pk: _asked_at(event, standing.procedure) for event in events}
    by_event: dict[int, list[tuple[str, str]]] = {}
    for row in rows:
        if row.name == IMPORTED:
            by_event.setdefault(row.event_id, []).extend(earlier_texts(row.value))
            continue
        if row.name in HIDDEN or row.name.startswith(BESIDE):  # reasons stand where they belong
            continue
        field = asked.get(row.event_id, {}).get(row.name) or everything.get(row.name)
        fact = stored.restore(field, row.value, zone=standing.zone) if field else row.value
        said = in_words(field, fact, names=names, zone=standing.zone)
        if row.name == CONFIDENTIALITY:
            said = _confidentiality(standing, said)
        if said:
            by_event.setdefault(row.event_id, []).append((_title(row.name, field), said))
    return [Given(event, event_title(event, standing), by_event[event.pk]) for event in events if event.pk in by_event]


def _asked_at(event: Event, procedure: Procedure) -> dict[str, Field]:
    """What was asked then: two acts may ask for the same fact in other words."""
    try:
        return {field.name: field for field in procedure.fields_of(procedure.act(event.occurrence))}
    except KeyError:
        return {}


def event_title(event: Event, standing: Standing) -> str:
    """What happened, as a title: the act's, or that of the point of the checklist."""
    language = spoken()
    if event.occurrence in EARLIER:
        return str(EARLIER[event.occurrence])
    try:
        return standing.procedure.act(event.occurrence).title.in_language(language)
    except KeyError:
        return wording.occurrence(event.occurrence, procedure=standing.procedure)


def _title(name: str, field: Field | None) -> str:
    if field:
        return field.title.in_language(spoken())
    return {
        FILED_LATE: _("Te laat ingediend"),
        INDEPENDENCE_REASON: _("Waarom het niet anders kon"),
        CONFIDENTIALITY: _("Wie ervan mag weten"),
        "represented": _("Met een gemachtigde"),
        "meant_as_complaint": _("Bedoeld als klacht"),
    }.get(name, name)


def _confidentiality(standing: Standing, chosen: str) -> str:
    found = next((each.title for each in standing.procedure.intake.confidentiality if each.name == chosen), None)
    return found.in_language(spoken()) if found else chosen
