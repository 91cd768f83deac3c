"""Fills one organisation of the demo with years of cases, and adopts the reports of the years that are over."""

from __future__ import annotations

import tomllib
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from complaints.actions.reporting import adopt, keep_words
from complaints.demo.playing import HERE
from complaints.demo.years import fill
from complaints.models import Case, Membership, YearReport
from complaints.reports.words import INTRODUCTION, PARTS
from procedures.catalogue import procedure_of, version_at, zone_of
from procedures.definition import Procedure
from procedures.models import Organisation
from procedures.scoping import scope

YEARS = 3  # the last one is running


class Command(BaseCommand):
    help = "Fills an organisation of the demo with a few thousand cases over three years. Not in production."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("organisation", help="its name in addresses")
        parser.add_argument("--cases", type=int, default=3000)

    def handle(self, *, organisation: str, cases: int, **_options: Any) -> None:
        if settings.IS_PRODUCTION:
            raise CommandError("The demo is not for production.")
        if not Organisation.objects.filter(slug=organisation, is_open=True).exists():
            call_command("demo", organisation, stdout=self.stdout)
        found = Organisation.objects.get(slug=organisation)
        now = timezone.now()
        with scope(found.pk):
            procedure = procedure_of(version_at(now))
            today = now.astimezone(zone_of(procedure))
            years = range(today.year - YEARS + 1, today.year + 1)
            if Case.objects.filter(received_at__year=years[0]).exists():
                self.stdout.write(f"{procedure.name} has its years of cases: nothing to do")
            else:
                erased = fill(procedure, count=cases, years=years, now=now)
                self.stdout.write(
                    f"{procedure.name}: {cases} cases since {years[0]}, of which {erased} are erased by now"
                )
        for year in years[:-1]:
            with scope(found.pk):
                self._adopt(procedure, year)
        director = f"{procedure.publisher.replace('_', '-')}@{organisation}.example"
        self.stdout.write(f"Sign in as {director}, and look at")
        for what, path in (
            ("the reports", "verslag/"),
            (f"the one of {years[-2]}", f"verslag/{years[-2]}/"),
            ("on paper", f"verslag/{years[-2]}/pdf/"),
            ("as a spreadsheet", f"verslag/{years[-2]}/xlsx/"),
            ("the running year", "inzicht/"),
        ):
            self.stdout.write(f"  {what + ':':20} {settings.SITE_URL}/beheer/{path}")

    def _adopt(self, procedure: Procedure, year: int) -> None:
        """The report of a year, adopted in the January after it, with words."""
        if YearReport.objects.filter(year=year).exists():
            return
        told = tomllib.loads((HERE / "people.toml").read_text(encoding="utf-8"))["report"]
        member = Membership.objects.filter(roles__contains=[procedure.publisher]).order_by("pk")[0]
        at = datetime(year + 1, 1, 20, 10, tzinfo=zone_of(procedure))
        words = {name: told[name] for name in (INTRODUCTION, *PARTS) if name in told}
        kept = keep_words(year, words, revision=0, member=member, at=at)
        adopt(year, revision=kept.revision, member=member, procedure=procedure, at=at)
        self.stdout.write(f"The report of {year} is adopted")
