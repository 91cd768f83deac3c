"""Does what the beat and the worker do, without Celery and without a broker."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from typing import Any

import structlog
from django.core.management.base import BaseCommand
from django.db import DatabaseError, InterfaceError, close_old_connections

from complaints.actions.fetching import fetch_mail
from complaints.actions.sweeping import sweep_by
from complaints.queries.due import now

log = structlog.get_logger(__name__)


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
            count = 0
            try:
                fetch_mail(at=now())
                count = sweep_by(now)
            except (DatabaseError, InterfaceError) as problem:  # it may be back the next time
                if not options["loop"]:
                    raise
                log.warning("sweep_without_database", problem=type(problem).__name__)
            if count or not options["loop"]:
                self.stdout.write(f"{count} done")
            if not options["loop"] or stopped.wait(options["every"]):
                return
