"""What a member arranges at the desk: kept filters, a deputy while away, a calendar to subscribe to."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from complaints.models.people import Membership
from procedures.scoping import ScopedManager, ScopedModel


class SavedFilter(ScopedModel):
    """A choice of cases that a member keeps by name; `query` is the address's own, such as `phase=received`."""

    member = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="filters")
    name = models.CharField(_("naam"), max_length=60)
    query = models.CharField(max_length=500)

    objects = ScopedManager["SavedFilter"]()

    class Meta(ScopedModel.Meta):
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["member", "name"], name="filter_name_once")]


class Substitution(ScopedModel):
    """That somebody stands in for a member, on the local days from `first_on` through `last_on`."""

    member = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="absences")
    deputy = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    first_on = models.DateField(_("vanaf"))
    last_on = models.DateField(_("tot en met"))
    made_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("gemaakt"))
    ended_at = models.DateTimeField(_("ingetrokken"), null=True, blank=True)

    objects = ScopedManager["Substitution"]()

    class Meta(ScopedModel.Meta):
        verbose_name = _("vervanging")
        verbose_name_plural = _("vervangingen")
        ordering: ClassVar = ["first_on", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~models.Q(member=models.F("deputy")), name="deputy_is_another"),
            models.CheckConstraint(condition=models.Q(last_on__gte=models.F("first_on")), name="absence_runs_forward"),
        ]


class Subscription(ScopedModel):
    """A member's private calendar address. Only the hash of its secret is kept; a new one ends the old one."""

    member = models.OneToOneField(Membership, on_delete=models.PROTECT, related_name="subscription")
    secret_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(_("gemaakt"))
    fetched_at = models.DateTimeField(_("laatst opgehaald"), null=True, blank=True)
    wants_digest = models.BooleanField(_("elke werkdag een mail"), default=False)
    digest_on = models.DateField(null=True, blank=True)  # the last local day that a digest was made for

    objects = ScopedManager["Subscription"]()
