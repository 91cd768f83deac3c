"""Exports the heads of the history, and verifies the history against those that were exported before."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from complaints.operations.chain import NotSettled, Verdict, export_heads, verify


class Command(BaseCommand):
    help = "Proves that nobody changed the history: adds heads to HISTORY_HEADS, or checks it against all of them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--export", action="store_true", help="add the heads of now; do it each hour, say")
        what.add_argument("--verify", action="store_true", help="compare every event with every head")

    def handle(self, **options: Any) -> None:
        if options["export"]:
            try:
                made = export_heads(at=timezone.now())
            except NotSettled:
                raise CommandError("Somebody has been writing for a minute. Try again.") from None
            self.stdout.write(f"{len(made)} heads exported.")
            return
        broken = 0
        for verdict in verify():
            if verdict.broken:
                broken += 1
                self.stderr.write(said(verdict))
            else:
                self.stdout.write(said(verdict))
        if broken:
            raise CommandError(f"The history of {broken} organisations is not what it was.")


def said(verdict: Verdict) -> str:
    who, broken = verdict.organisation, verdict.broken
    if verdict.is_other_key:
        return f"{who}: its heads were made with another HISTORY_KEY."
    if broken is None:
        return f"{who}: {verdict.events} events, {verdict.heads} heads fit, {verdict.uncovered} events since the last."
    since = f"after the head of {verdict.good.at}" if verdict.good else "since the beginning"
    if verdict.events < broken.count:
        return (
            f"{who}: CUT OFF {since}; the head of {broken.at} covers {broken.count} events, {verdict.events} are there."
        )
    return f"{who}: CHANGED {since}, before the head of {broken.at}, among the first {broken.count} events."
