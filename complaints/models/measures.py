"""Improvement actions that follow from a case."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from complaints.models.cases import Case
from complaints.models.history import Event
from procedures.scoping import ScopedManager, ScopedModel


class Measure(ScopedModel):
    """What was promised, by whom and for which local day."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="measures")
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="measures")
    what = models.TextField(_("maatregel"))
    owner = models.CharField(_("wie"), max_length=200)
    due_on = models.DateField(_("wanneer klaar"))

    objects = ScopedManager["Measure"]()

    class Meta(ScopedModel.Meta):
        verbose_name = _("maatregel")
        verbose_name_plural = _("maatregelen")
        ordering: ClassVar = ["due_on", "pk"]
