"""What tests of hearing both sides ask of a case and of its pages."""

from __future__ import annotations

from complaints.models import Case, Event, Party
from complaints.queries import sides as query
from procedures.catalogue import procedure_of

SLUG = "klik-onderwijs"
EMAIL = "j.verweij@wilgenroos.example"


def party(case: Case, kind: str) -> Party:
    return Party.objects.get(case=case, kind=kind)


def address(case: Case, rest: str = "") -> str:
    return f"/beheer/zaken/{case.reference}/{rest}"


def revision(case: Case) -> int:
    return Case.objects.get(pk=case.pk).revision


def event(case: Case, occurrence: str) -> Event:
    return Event.objects.get(case=case, occurrence=occurrence)


def lines(case: Case) -> list[query.Line]:
    return query.matrix(case, procedure_of(case.version))
