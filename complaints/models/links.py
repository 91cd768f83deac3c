"""Cases that belong together."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from complaints.models.cases import Case
from complaints.models.people import Membership
from procedures.scoping import ScopedManager, ScopedModel


class CaseLink(ScopedModel):
    """Two cases that a person put beside each other, with what they are to each other. `case` is the younger one."""

    class Kind(models.TextChoices):
        REPEAT = "repeat", _("is er weer een")
        RELATED = "related", _("hangt samen met")
        DUPLICATE = "duplicate", _("is dezelfde klacht als")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="links")
    other = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="linked_from")
    kind = models.CharField(_("verband"), max_length=10, choices=Kind)
    member = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    linked_at = models.DateTimeField(_("gelegd"))

    objects = ScopedManager["CaseLink"]()

    class Meta(ScopedModel.Meta):
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "other"], name="link_once"),
            models.CheckConstraint(condition=~models.Q(case=models.F("other")), name="link_to_another"),
        ]
