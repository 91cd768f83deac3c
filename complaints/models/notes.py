"""What colleagues write for each other in a case: never shown to the complainant, and in no register."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from complaints.models.cases import Case
from complaints.models.people import Membership
from procedures.scoping import ScopedManager, ScopedModel


class Note(ScopedModel):
    """An internal note. It is written once and not changed: who corrects something writes another."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="notes")
    member = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(_("notitie"))
    written_at = models.DateTimeField(_("geschreven"))

    objects = ScopedManager["Note"]()

    class Meta(ScopedModel.Meta):
        verbose_name = _("notitie")
        verbose_name_plural = _("notities")
        ordering: ClassVar = ["pk"]
