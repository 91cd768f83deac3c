"""Who read what of a dossier, and when."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from complaints.models.api import ApiKey
from complaints.models.cases import Case
from complaints.models.people import Membership
from procedures.scoping import ScopedManager, ScopedModel


class Reading(ScopedModel):
    """One member who opened one thing of a dossier, at an instant; or another system with their key. Rows are only ever
    added."""

    class What(models.TextChoices):
        PAGE = "page", _("de zaak")
        LETTER = "letter", _("een brief")
        DOCUMENT = "document", _("een stuk")
        EXPORT = "export", _("een uitvoer")
        API = "api", _("de regel in het register, met een sleutel")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="readings")
    member = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    what = models.CharField(_("wat"), max_length=10, choices=What)
    at = models.DateTimeField(_("wanneer"))
    key = models.ForeignKey(  # with which one; nobody asks what a key read, so without an index
        ApiKey, on_delete=models.PROTECT, related_name="+", null=True, blank=True, db_index=False
    )
    # Why somebody who plays no part in the case read it all the same (break-glass); empty for the others.
    reason = models.TextField(_("waarom"), blank=True)

    objects = ScopedManager["Reading"]()

    class Meta(ScopedModel.Meta):
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [models.Index(fields=["case", "-at"], name="reading_of_case")]
