"""What `manage.py check --database default` says of a database that an old backup was restored to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps.config import AppConfig
from django.core import checks
from django.db import DatabaseError

from complaints.retention import ledger


@checks.register(checks.Tags.database)
def erasures_are_applied(
    app_configs: Sequence[AppConfig] | None,  # noqa: ARG001  # Django's own signature
    databases: Sequence[str] | None = None,
    **_: Any,
) -> list[checks.CheckMessage]:
    """Whether what was erased is back; nothing where the tables are not made yet."""
    try:
        behind = len(ledger.unapplied()) if databases else 0
    except DatabaseError:
        behind = 0
    if not behind:
        return []
    return [
        checks.Warning(
            f"{behind} cases are back that were erased, with an old backup. Nothing is sent until they are gone.",
            hint="Run: manage.py apply_erasures",
            id="complaints.W001",
        )
    ]
