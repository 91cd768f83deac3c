"""Other systems: the keys with which they ask and file."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from complaints.models.people import Membership
from procedures.scoping import ScopedManager, ScopedModel


class ApiKey(ScopedModel):
    """What another system gets in with, in the name of the member who made it. Only the hash of its secret is kept.

    It works through the local day `expires_on`. Of what it reads, it reads no more than that member may know of.
    """

    class Scope(models.TextChoices):
        READ = "read_register", _("het register lezen")
        FILE = "file_complaint", _("klachten indienen")
        PERSONAL = "personal", _("ook gegevens van personen lezen")

    name = models.CharField(_("naam"), max_length=60)
    hint = models.CharField(max_length=8)  # how its secret begins, to tell one key from another
    secret_hash = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope), verbose_name=_("mag"))
    made_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("gemaakt"))
    expires_on = models.DateField(_("werkt tot en met"))
    last_used_at = models.DateTimeField(_("laatst gebruikt"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("ingetrokken"), null=True, blank=True)
    revoked_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True, blank=True)

    objects = ScopedManager["ApiKey"]()

    class Meta(ScopedModel.Meta):
        verbose_name = _("sleutel")
        verbose_name_plural = _("sleutels")
        ordering: ClassVar = ["-pk"]

    @property
    def what_it_may(self) -> list[str]:
        """In words."""
        return [str(each.label) for each in self.Scope if each in self.scopes]

    def may(self, scope: ApiKey.Scope) -> bool:
        return scope in self.scopes
