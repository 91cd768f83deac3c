"""Other systems: the keys with which they ask and file, and the addresses where they are told what happens."""

from __future__ import annotations

import uuid
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


class Webhook(ScopedModel):
    """An address of another system that is told what happens, in the name of the member who registered it.

    `secret` is what each message is signed with; it is encrypted here, because signing needs it as it is.
    """

    url = models.URLField(_("adres"), max_length=500)
    secret = models.TextField()
    made_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("gemaakt"))
    ended_at = models.DateTimeField(_("gestopt"), null=True, blank=True)
    ended_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True, blank=True)

    objects = ScopedManager["Webhook"]()

    class Meta(ScopedModel.Meta):
        verbose_name = _("adres voor meldingen")
        verbose_name_plural = _("adressen voor meldingen")
        ordering: ClassVar = ["-pk"]


class Delivery(ScopedModel):
    """One thing that happened, for one such address; sent as notices are: claimed by a lease with a token, retried by
    the times in the row. `given_up_at`: nobody took it, and a person has to look."""

    webhook = models.ForeignKey(Webhook, on_delete=models.PROTECT, related_name="deliveries")
    event = models.ForeignKey("complaints.Event", on_delete=models.PROTECT, related_name="+")
    case = models.ForeignKey("complaints.Case", on_delete=models.PROTECT, related_name="+")
    number = models.UUIDField(default=uuid.uuid4, editable=False)  # the same at each try, so that one is kept once
    try_at = models.DateTimeField(null=True, blank=True)  # when it is tried (again); empty when nothing is to be done
    lease_until = models.DateTimeField(null=True, blank=True)
    token = models.UUIDField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=60, blank=True)  # in a word of ours, never what a server said
    sent_at = models.DateTimeField(null=True, blank=True)
    given_up_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager["Delivery"]()

    class Meta(ScopedModel.Meta):
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["webhook", "event"], name="delivery_once")]
        indexes: ClassVar = [
            models.Index(fields=["try_at"], name="delivery_try", condition=models.Q(try_at__isnull=False)),
        ]
