"""The register for other systems: the lines that the member who made the key would see, each noted as read."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema

from complaints.access import cases_for
from complaints.actions.reading import note_export
from complaints.api.entering import Bearer, refuse_former
from complaints.intake.views import in_force_now
from complaints.models import ApiKey, Case, Reading
from complaints.queries import register as query
from complaints.register import REFERENCE, columns, is_personal, line, member_names, titles
from procedures.catalogue import procedure_of, zone_of
from procedures.definition import Procedure

router = Router()


class Column(Schema):
    """A column of the register, as the procedure calls it."""

    name: str
    title: str
    is_personal: bool


class RegisterPage(Schema):
    """A page of the register, the newest first. Of each line, what stands in the columns, by name."""

    columns: list[Column]
    lines: list[dict[str, str | date | None]]
    page: int
    pages: int
    total: int


@router.get(
    "/register",
    auth=Bearer(ApiKey.Scope.READ),
    response=RegisterPage,
    operation_id="readRegister",
    summary="Het klachtenregister, per bladzijde",
    description="Wat het register van de organisatie toont aan de beheerder die de sleutel maakte. Zonder het recht om "
    "gegevens van personen te lezen, ontbreken de kolommen waarin iets over een persoon kan staan. Wat gelezen is, "
    "staat in de zaak.",
)
def register(
    request: HttpRequest,
    year: Annotated[int | None, Query(ge=1900, le=9998, description="Jaar van ontvangst.")] = None,
    state: Annotated[Literal["all", "open", "closed"], Query(description="Welke zaken.")] = "all",
    page: Annotated[int, Query(ge=1, le=1_000_000, description="Welke bladzijde.")] = 1,
) -> RegisterPage:
    """The lines of one page. Without the right to personal data those columns are not there."""
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    refuse_former(key)
    now = timezone.now()
    _version, procedure = in_force_now()
    may_all = key.may(ApiKey.Scope.PERSONAL)
    named = [each for each in columns(procedure) if may_all or not is_personal(each, procedure)]
    shown = [REFERENCE, *(each for each in named if each != REFERENCE)]
    mine = cases_for(key.made_by, procedure, at=now)
    found = query.chosen(mine, query.Filters(year, state), zone_of(procedure))
    total = found.count()
    start = (page - 1) * query.PER_PAGE
    cases = list(query.with_parts(found, shown)[start : start + query.PER_PAGE])
    note_export(cases, member=key.made_by, at=now, what=Reading.What.API, key=key)
    names = member_names()
    return RegisterPage(
        columns=[
            Column(name=name, title=title, is_personal=is_personal(name, procedure))
            for name, title in zip(shown, titles(shown, procedure), strict=True)
        ],
        lines=[_line(case, shown, names, may_all=may_all) for case in cases],
        page=page,
        pages=-(-total // query.PER_PAGE),
        total=total,
    )


def _line(case: Case, shown: list[str], names: dict[str, str], *, may_all: bool) -> dict[str, str | date | None]:
    """The cells by name. What the case's own version of the procedure calls personal is that too."""
    own: Procedure = procedure_of(case.version)
    cells = zip(shown, line(case, shown, names), strict=True)
    return {name: (cell or None) if may_all or not is_personal(name, own) else None for name, cell in cells}
