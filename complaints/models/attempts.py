"""Tries that count against whoever makes them: wrong codes, links asked for, complaints filed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from procedures.scoping import ScopedManager, ScopedModel


class Attempt(ScopedModel):
    """How often one visitor did one thing lately. `visitor` is a keyed hash of a network address, never the address."""

    visitor = models.CharField(max_length=64)
    what = models.CharField(max_length=20)
    count = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField()  # before this instant the visitor is asked to wait
    forget_at = models.DateTimeField()

    objects = ScopedManager["Attempt"]()

    class Meta(ScopedModel.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "visitor", "what"], name="attempt_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["forget_at"], name="attempt_forget")]
