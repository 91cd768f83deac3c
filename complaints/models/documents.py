"""Files in a dossier: what was handed in and what was written."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from complaints.models.cases import Case
from complaints.models.history import Event
from complaints.models.people import Membership
from procedures.scoping import ScopedManager, ScopedModel


class Document(ScopedModel):
    """A file. It is stored under a random name and only ever served as an attachment."""

    class By(models.TextChoices):
        COMPLAINANT = "complainant", _("indiener")
        STAFF = "staff", _("medewerker")
        RESPONDENT = "respondent", _("betrokkene")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="documents")
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="documents", null=True, blank=True)
    field = models.CharField(max_length=60, blank=True)  # the field it answers
    title = models.CharField(_("naam"), max_length=200)
    file = models.FileField(upload_to="documents/", max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField(_("bytes"))
    sha256 = models.CharField(max_length=64)
    by = models.CharField(max_length=20, choices=By)
    member = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    added_at = models.DateTimeField(_("toegevoegd"))

    objects = ScopedManager["Document"]()

    class Meta(ScopedModel.Meta):
        verbose_name = _("document")
        verbose_name_plural = _("documenten")
        ordering: ClassVar = ["pk"]
