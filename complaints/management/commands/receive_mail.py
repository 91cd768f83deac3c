"""Takes mail in from a mail server, by LMTP or SMTP, until stopped."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import close_old_connections
from django.utils import timezone

from complaints.actions.receiving import keep_mail
from complaints.inbox.boxes import Box, boxes
from complaints.inbox.listening import Listener
from procedures.models import Organisation


class Command(BaseCommand):
    help = "Takes in the mail of the organisations in MAILBOXES, as the mail server hands it over. For ever."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="where it listens (default: this machine alone)")
        parser.add_argument("--port", type=int, default=8024)
        parser.add_argument("--smtp", action="store_true", help="speak SMTP instead of LMTP")

    def handle(self, **options: Any) -> None:
        stopped = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopped.set())
        if not boxes():
            self.stdout.write("MAILBOXES names no organisation, so every recipient is refused.")
        listener = Listener(keep, host=options["host"], port=options["port"], is_lmtp=not options["smtp"])
        try:
            listener.start()
        except OSError as problem:
            raise CommandError(f"Cannot listen on {options['host']}:{options['port']}: {problem.strerror}.") from None
        self.stdout.write(f"Listening on {options['host']}:{options['port']}")
        stopped.wait()
        listener.stop()


def keep(box: Box, raw: bytes, sender: str, recipient: str) -> None:
    """Keeps one mail for the organisation that the recipient belongs to. Raises whatever keeps it from being kept."""
    close_old_connections()
    try:
        organisation = Organisation.objects.get(slug=box.slug)
        keep_mail(
            organisation.pk,
            raw,
            arrived_at=None,
            at=timezone.now(),
            envelope_from=sender,
            envelope_to=[recipient],
        )
    finally:
        close_old_connections()
