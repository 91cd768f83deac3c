"""Does what the beat and the worker do, without Celery and without a broker."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import close_old_connections
from django.utils import timezone

from complaints.actions.fetching import fetch_mail
from complaints.actions.sweeping import sweep


class Command(BaseCommand):
    help = "Works off everything that is due: moments that came, letters that wait. With --loop, for ever."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--loop", action="store_true", help="go on until stopped")
        parser.add_argument("--every", type=float, default=30.0, metavar="SECONDS", help="with --loop (default 30)")

    def handle(self, **options: Any) -> None:
        stopped = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopped.set())
        while True:
            close_old_connections()
            fetch_mail(at=timezone.now())
            count = sweep(at=timezone.now())
            if count or not options["loop"]:
                self.stdout.write(f"{count} done")
            if not options["loop"] or stopped.wait(options["every"]):
                return
