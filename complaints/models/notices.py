"""Short mails of Gehoor's own, beside the letters of a procedure: a link to open a case, word of a new message."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from complaints.models.cases import Case
from complaints.models.measures import Measure
from complaints.models.people import Membership
from procedures.scoping import ScopedManager, ScopedModel


class Notice(ScopedModel):
    """One mail, sent as letters are: claimed by a lease with a token, retried by the times in the row.

    A LINK opens the case once, by POST, until `expires_at`; its secret is derived from the row and our key, not kept.
    So does an INVITE, which lets somebody from outside make a password and enter the room of an appeal.
    Most are about a case; those about a yearly duty are written once for each member, kind, duty and year.
    """

    class Kind(models.TextChoices):
        LINK = "link"
        MESSAGE = "message"  # somebody wrote you a message; what it says stands on the page alone
        INVITE = "invite"
        LETTER = "letter"  # a letter waits for you: to be looked at, or to be changed
        MEASURE = "measure"  # a measure that is yours has to be done, or is late
        DUTY_SOON = "duty_soon"  # a yearly duty of your role has to be done within two weeks
        DUTY_LATE = "duty_late"
        WEBHOOK = "webhook"  # another system does not take what it is told
        REPORT = "report"  # the adopted yearly report, for whom the procedure wants to have it

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="notices", null=True, blank=True)
    kind = models.CharField(max_length=10, choices=Kind)
    member = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    measure = models.ForeignKey(
        Measure, on_delete=models.PROTECT, related_name="+", null=True, blank=True, db_index=False
    )
    to_email = models.EmailField()
    language = models.CharField(max_length=5, default="nl")
    made_at = models.DateTimeField()
    try_at = models.DateTimeField(null=True, blank=True)  # when it is tried (again); empty when nothing is to be done
    lease_until = models.DateTimeField(null=True, blank=True)
    token = models.UUIDField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    message_id = models.CharField(max_length=200)
    sent_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)  # of a link
    used_at = models.DateTimeField(null=True, blank=True)  # of a link
    duty = models.CharField(max_length=60, blank=True, db_default="")  # of kinds that are about no case
    year = models.PositiveIntegerField(null=True, blank=True)  # that the duty is about

    objects = ScopedManager["Notice"]()

    class Meta(ScopedModel.Meta):
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["member", "kind", "duty", "year"], name="notice_of_duty_once", condition=~models.Q(duty="")
            ),
            models.CheckConstraint(
                condition=models.Q(case__isnull=False, duty="") | (models.Q(case=None) & ~models.Q(duty="")),
                name="notice_of_case_or_duty",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["try_at"], name="notice_try", condition=models.Q(try_at__isnull=False)),
            models.Index(fields=["organisation", "message_id"], name="notice_by_message_id"),
        ]
