"""Messages between the complainant and the organisation, beside what the procedure itself asks."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from complaints.models.cases import Case
from complaints.models.history import Event
from complaints.models.people import Membership
from procedures.scoping import ScopedManager, ScopedModel


class Message(ScopedModel):
    """What one side wrote to the other; files that came with it are the documents of the same event.

    The event holds a hash of the text; `salt` makes it opaque, so that it says nothing once this row is erased.
    """

    class By(models.TextChoices):
        COMPLAINANT = "complainant", _("indiener")
        STAFF = "staff", _("medewerker")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="messages")
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="messages")
    by = models.CharField(max_length=20, choices=By)
    member = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    text = models.TextField(_("bericht"))
    salt = models.CharField(max_length=32, blank=True)
    sent_at = models.DateTimeField(_("verstuurd"))
    read_at = models.DateTimeField(_("gelezen"), null=True, blank=True)  # first opened by the other side

    objects = ScopedManager["Message"]()

    class Meta(ScopedModel.Meta):
        verbose_name = _("bericht")
        verbose_name_plural = _("berichten")
        ordering: ClassVar = ["pk"]
