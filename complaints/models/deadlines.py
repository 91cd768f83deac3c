"""A clock of a case with its explanation, as the engine counted it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from complaints.models.cases import Case
from procedures.scoping import ScopedManager, ScopedModel


class Deadline(ScopedModel):
    """One clock. Day terms fill the `_on` columns with local dates, hour terms the `_at` columns with instants."""

    class Status(models.TextChoices):
        OPEN = "open", _("loopt")
        MET = "met", _("gehaald")
        MISSED = "missed", _("voorbij")
        DROPPED = "dropped", _("vervallen")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="deadlines")
    rule = models.CharField(max_length=60)
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=10)  # limit or target
    owed_by = models.CharField(max_length=20)
    starts_at = models.DateTimeField()
    start_on = models.DateField(null=True, blank=True)  # where it counts from a day in a fact
    raw_due_on = models.DateField(null=True, blank=True)
    raw_due_at = models.DateTimeField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    overdue_at = models.DateTimeField()
    skipped = models.JSONField(default=list)  # [{"on": …, "name": …}]
    rolled = models.BooleanField(default=False)
    history = models.JSONField(default=list)  # extensions and pauses, in order
    reminded = models.JSONField(default=list)
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    met_at = models.DateTimeField(null=True, blank=True)
    wake_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager["Deadline"]()

    class Meta(ScopedModel.Meta):
        verbose_name = _("termijn")
        verbose_name_plural = _("termijnen")
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "rule", "number"], name="deadline_once"),
            models.CheckConstraint(
                condition=models.Q(due_on__isnull=False) ^ models.Q(due_at__isnull=False),
                name="deadline_day_or_instant",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["organisation", "case"],
                name="deadline_missed",
                condition=models.Q(status="missed", met_at=None),
            ),
        ]
