"""The mailboxes of the demo, and mails that people wrote to them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def mailboxes() -> dict[str, dict[str, str]]:
    """The setting MAILBOXES for the demo."""
    return {slug: {"address": told["mailbox"]["address"]} for slug, told in _told()}


def mails() -> Iterator[tuple[str, str, bytes]]:
    """Sender, recipient and bytes of each mail: the same ones each time, so that delivering them again adds none."""
    for slug, told in _told():
        for number, mail in enumerate(told["mailbox"]["mail"], start=1):
            message = EmailMessage()
            message["From"] = mail["from"]
            message["To"] = told["mailbox"]["address"]
            message["Subject"] = mail["subject"]
            message["Message-ID"] = f"<demo-{number}.{slug}@post.example>"
            message.set_content(mail["text"])
            sender = mail["from"].rpartition("<")[2].rstrip(">")
            yield sender, told["mailbox"]["address"], message.as_bytes()


def _told() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(HERE.glob("*.toml")):
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        if "mailbox" in told:
            yield path.stem, told
