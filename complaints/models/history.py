"""What happened in a case, in order and for good: the database refuses to change or delete an event."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from complaints.models.cases import Case
from complaints.models.people import Membership
from procedures.scoping import ScopedManager, ScopedModel

BESIDE = "beside:"  # begins the occurrences that are no step of the procedure: a message, a new address
# Of a case that was taken over from an earlier register, having ended: its receipt, decision and end there.
IMPORTED, IMPORTED_DECISION, IMPORTED_END = f"{BESIDE}imported", f"{BESIDE}imported_decision", f"{BESIDE}imported_end"
IMPORTING = (IMPORTED, IMPORTED_DECISION, IMPORTED_END)


class Event(ScopedModel):
    """One occurrence in a case: an act, a tick, a letter that left, a moment that came; or something beside those.

    `facts` holds the answers that say nothing about a person as they are, and of the others a salted hash, so that
    erasing a person leaves the history whole. Replaying the events gives the stored state.
    """

    class By(models.TextChoices):
        COMPLAINANT = "complainant", _("indiener")
        STAFF = "staff", _("medewerker")
        SYSTEM = "system", _("Gehoor")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="events")
    number = models.PositiveIntegerField()
    occurrence = models.CharField(max_length=120)  # as the engine writes it
    at = models.DateTimeField()  # when it happened
    recorded_at = models.DateTimeField()  # when it was written down
    by = models.CharField(max_length=20, choices=By)
    member = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    roles = models.JSONField(default=list)  # that the actor played on this case
    facts = models.JSONField(default=dict)
    decision = models.JSONField(default=dict)  # what followed: phase, deadlines, letters, acts

    objects = ScopedManager["Event"]()

    class Meta(ScopedModel.Meta):
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "number"], name="event_number_once"),
        ]
