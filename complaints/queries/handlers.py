"""Which acts of a procedure give a case to the person who handles it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from procedures.definition import Act, Field, FieldKind, Procedure

HANDLER_FIELD: Final = "handler"
# What may be answered once for many cases. Files, measures and the like belong to one case.
FOR_MANY: Final = frozenset(
    {
        FieldKind.TEXT,
        FieldKind.LONG_TEXT,
        FieldKind.EMAIL,
        FieldKind.PHONE,
        FieldKind.NUMBER,
        FieldKind.DATE,
        FieldKind.MOMENT,
        FieldKind.YES_NO,
        FieldKind.CHOICE,
        FieldKind.CHOICES,
        FieldKind.MEMBER,
        FieldKind.PERSON,
    }
)


def names_handler(procedure: Procedure, field: Field) -> bool:
    """Whether whoever is chosen in this field is the one who handles the case from then on."""
    return procedure.role(field.role).is_handler or field.name == HANDLER_FIELD


def assigning_acts(procedure: Procedure, roles: Collection[str]) -> list[tuple[Act, Field]]:
    """The acts that give a case to one person who handles it, of those that somebody in these roles may do; each with
    the field that names the person. What asks for something of one case only, such as a file, is not among them."""
    return [
        (act, field)
        for act in procedure.acts
        if not (act.opens or act.is_automatic) and set(act.by) & set(roles)
        for field in act.fields
        if field.kind is FieldKind.MEMBER
        and names_handler(procedure, field)
        and all(each.kind in FOR_MANY for each in act.fields)
    ]
