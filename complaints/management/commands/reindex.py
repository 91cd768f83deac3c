"""Sets the words that cases are found by, and who came back, for cases from before those were kept."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from complaints.actions.indexing import index_cases
from complaints.actions.returning import note_returns
from procedures.catalogue import procedure_of, published_versions, zone_of
from procedures.models import Organisation
from procedures.scoping import scope


class Command(BaseCommand):
    help = "Makes the search of the desk anew, for every case of every organisation. It may be done while people work."

    def handle(self, **_options: Any) -> None:
        for organisation in Organisation.objects.order_by("pk"):
            last = -1
            while last:
                with scope(organisation.pk):  # a transaction for each lot, so that nobody waits long
                    last = index_cases(max(last, 0))
            with scope(organisation.pk):
                newest = published_versions()
                if newest:
                    note_returns(None, zone=zone_of(procedure_of(newest[0])))
            self.stdout.write(f"{organisation.slug} done")
