"""The choices of cases that a member keeps under a name, above their own list."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from complaints.models import Membership, SavedFilter

MOST = 20  # for each member
LONGEST_NAME, LONGEST_QUERY = 60, 500  # as the columns


class NotKept(Exception):
    """This choice is not kept; the message says why, in words for whoever asked."""


@transaction.atomic
def keep_filter(member: Membership, name: str, query: str) -> SavedFilter:
    """Keeps a choice of cases under a name; `query` as the list itself writes it. Raises NotKept."""
    name = " ".join(name.split())
    if not name or not name.isprintable():
        raise NotKept(_("Geef deze keuze een naam, bijvoorbeeld: Mijn maandaglijst."))
    if len(name) > LONGEST_NAME:
        raise NotKept(_("Deze naam is te lang. Gebruik hoogstens %(n)d tekens.") % {"n": LONGEST_NAME})
    if len(query) > LONGEST_QUERY:
        raise NotKept(_("Deze keuze is te lang om te bewaren. Zoek met minder woorden."))
    Membership.objects.select_for_update(of=("self",)).get(pk=member.pk)  # who presses twice keeps it once
    known = list(SavedFilter.objects.filter(member=member).values_list("name", flat=True))
    if name.casefold() in {each.casefold() for each in known}:
        raise NotKept(_("U hebt al een keuze met deze naam. Kies een andere naam."))
    if len(known) >= MOST:
        raise NotKept(_("U kunt hoogstens %(n)d keuzes bewaren. Haal er eerst een weg.") % {"n": MOST})
    return SavedFilter.objects.create(member=member, name=name, query=query)


def drop_filter(member: Membership, key: int) -> str:
    """Throws a kept choice of this member away; its name, "" when there is none."""
    found = SavedFilter.objects.filter(member=member, pk=key).first()
    if found is None:
        return ""
    found.delete()
    return found.name
