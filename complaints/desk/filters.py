"""The filters beside the worklist, each choice with how many cases it would leave; and those that a member keeps."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from complaints.desk.seats import Seat
from complaints.models import Case, Membership, SavedFilter
from complaints.queries import worklist as query
from complaints.said import spoken
from procedures.definition import FieldKind, Procedure


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of a filter, with how many cases it would leave."""

    title: str
    address: str
    count: int | None
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A filter with its choices; the first is no choice."""

    title: str
    choices: list[Choice]
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """A choice of cases that a member keeps by name."""

    key: int
    choice: Choice


@dataclass(frozen=True, slots=True)
class Listing:
    """The cases that a viewer may know of, and what they narrowed them to."""

    seat: Seat
    cases: QuerySet[Case]
    filters: query.Filters
    when: query.Marks
    viewer: query.Viewer

    def found(self) -> QuerySet[Case]:
        return query.chosen(self.cases, self.filters, self.when, self.viewer)

    def without(self, column: str) -> QuerySet[Case]:
        """The cases that the other filters leave."""
        return query.chosen(self.cases, replace(self.filters, **{column: ""}), self.when, self.viewer)

    def sizes(self, column: str, values: tuple[str, ...]) -> dict[str, int]:
        """How many cases each choice of one filter leaves."""
        many = {value: replace(self.filters, **{column: value}) for value in values}
        return query.sizes(self.cases, many, self.when, self.viewer)


def groups(listing: Listing, members: dict[int, Membership]) -> list[Group]:
    """The filters, each choice counted among the cases that the other filters leave. One query for each filter."""
    procedure, language = listing.seat.procedure, spoken()
    needs, due = listing.sizes("need", query.NEEDS), listing.sizes("due", query.DUE)
    phases = query.counted(listing.without("phase"), "phase")
    tracks = query.counted(listing.without("track"), "track")
    order = {each.name: number for number, each in enumerate(procedure.phases)}
    track_titles = {each.name: each.title.in_language(language) for each in procedure.tracks}
    found = [
        _group(
            listing,
            "need",
            _("Wat op u wacht"),
            [
                ("message", _("bericht zonder antwoord"), needs["message"]),
                ("letter", _("brief die wacht"), needs["letter"]),
                ("target", _("streefdatum voorbij"), needs["target"]),
            ],
        ),
        _group(
            listing,
            "due",
            _("Eerstvolgende termijn"),
            [
                ("late", _("te laat"), due["late"]),
                ("today", _("vandaag"), due["today"]),
                ("week", _("deze week"), due["week"]),
                ("later", _("na deze week"), due["later"]),
            ],
        ),
        _group(listing, "handler", _("Behandelaar"), _people(listing, members), everything=_("Iedereen")),
        _group(
            listing,
            "phase",
            _("Fase"),
            [
                (str(name), phase_title(procedure, str(name)), phases[name])
                for name in sorted(phases, key=lambda each: order.get(str(each), len(order)))
            ],
        ),
        _group(
            listing,
            "track",
            _("Spoor"),
            [(str(name), track_titles.get(str(name), str(name)), number) for name, number in tracks.items()],
        ),
    ]
    asked = next(
        (each for each in procedure.intake.fields if each.name == query.NATURE and each.kind is FieldKind.CHOICE), None
    )
    if asked:
        natures = query.counted(listing.without("nature"), query.NATURE)
        options = [
            (each.value, each.title.in_language(language), natures[each.value])
            for each in asked.choices
            if each.value in natures
        ]
        found.append(_group(listing, "nature", asked.title.in_language(language), options))
    return found


def kept(listing: Listing) -> list[Kept]:
    """What the viewer keeps, each with how many cases it holds now. Two queries; one when there is nothing."""
    rows = list(SavedFilter.objects.filter(member=listing.seat.membership))
    filters = {str(row.pk): query.Filters.read(row.query) for row in rows}
    sizes = query.sizes(listing.cases, {f"n{key}": each for key, each in filters.items()}, listing.when, listing.viewer)
    return [
        Kept(row.pk, Choice(row.name, each.query(), sizes[f"n{row.pk}"], each == listing.filters))
        for row, each in ((row, filters[str(row.pk)]) for row in rows)
    ]


def phase_title(procedure: Procedure, name: str) -> str:
    found = next((each for each in procedure.phases if each.name == name), None)
    return found.title.in_language(spoken()) if found else name


def _people(listing: Listing, members: dict[int, Membership]) -> list[tuple[str, str, int]]:
    handlers = query.counted(listing.without("handler"), "handler")
    others = sorted(
        (each.name, key) for key, each in members.items() if key in handlers and key != listing.viewer.member.pk
    )
    return [
        (query.ME, _("Ik"), sum(handlers.get(key, 0) for key in listing.viewer.keys)),
        *((str(key), name, handlers[key]) for name, key in others),
        (query.NOBODY, _("Niemand"), handlers.get(None, 0)),
    ]


def _group(
    listing: Listing, column: str, title: str, options: list[tuple[str, str, int]], *, everything: str = ""
) -> Group:
    filters = listing.filters
    now = getattr(filters, column)
    return Group(
        title,
        [
            Choice(everything or _("Alle"), filters.query(**{column: ""}), None, not now),
            *(
                Choice(words, filters.query(**{column: value}), number, now == value)
                for value, words, number in options
            ),
        ],
        bool(now),
    )
