"""The outbox: each letter is a row from the moment its act was done until it has left."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from complaints.models.cases import Case, Party
from complaints.models.history import Event
from complaints.models.people import Membership
from procedures.scoping import ScopedManager, ScopedModel


class Letter(ScopedModel):
    """One letter to one recipient. `key` is unique, so that no act writes it twice; `message_id` never changes.

    A sender claims a waiting row by a lease with a token, renders and stores it once, and marks it sent only while the
    token is still its own. Retries and their times stand in the row.
    """

    class State(models.TextChoices):
        HELD = "held", _("wacht op controle")
        WAITING = "waiting", _("wordt verstuurd")
        TO_POST = "to_post", _("te posten")
        SENT = "sent", _("verstuurd")
        FAILED = "failed", _("niet gelukt")
        STOPPED = (
            "stopped",
            _("tegengehouden"),
        )  # before it left: its case was merged, or it is a reminder of what is past

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="letters")
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="letters")
    key = models.CharField(max_length=160)
    name = models.CharField(max_length=60)  # of the letter in the procedure
    deadline = models.CharField(max_length=60, blank=True)  # the rule it is about, for reminders and escalations
    recipient = models.CharField(max_length=60)  # complainant, respondent, handler, a role, appeal:NAME
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    member = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    sender = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    to_name = models.CharField(max_length=200, blank=True)
    to_organisation = models.CharField(max_length=200, blank=True)
    to_address = models.JSONField(default=list)
    to_email = models.EmailField(blank=True)
    language = models.CharField(max_length=5, default="nl")
    channel = models.CharField(max_length=10)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    due_at = models.DateTimeField()  # when it has to leave: at once, so the moment it was written
    try_at = models.DateTimeField(null=True, blank=True)  # when it is tried (again); empty when nothing is to be done
    lease_until = models.DateTimeField(null=True, blank=True)
    token = models.UUIDField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=200, blank=True)
    message_id = models.CharField(max_length=200)
    written_on = models.DateField()  # the local day that the text was written for
    subject = models.CharField(max_length=200)
    html = models.TextField()
    text = models.TextField()
    wording = models.TextField(blank=True)  # its body in a person's own mark-up; empty: as the procedure has it
    salt = models.CharField(max_length=32, blank=True)  # of the hashes of its text in the history
    returned_at = models.DateTimeField(null=True, blank=True)  # a second reader sent it back to who writes it
    depends_on_sending = models.BooleanField(default=False)  # holds a date that counts from the day it leaves
    pdf = models.FileField(upload_to="letters/", max_length=200, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    # What a mail server answered later, such as 5.1.1; that it was sent, and when, stays as it is.
    bounced_at = models.DateTimeField(null=True, blank=True)
    bounce_status = models.CharField(max_length=12, blank=True)

    objects = ScopedManager["Letter"]()

    class Meta(ScopedModel.Meta):
        verbose_name = _("brief")
        verbose_name_plural = _("brieven")
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["organisation", "key"], name="letter_once")]
        indexes: ClassVar = [
            models.Index(fields=["try_at"], name="letter_try", condition=models.Q(try_at__isnull=False)),
            models.Index(fields=["organisation", "message_id"], name="letter_by_message_id"),
            models.Index(  # that a person has to do something about
                fields=["organisation", "case"],
                name="letter_stuck",
                condition=models.Q(state__in=("failed", "held", "to_post")),
            ),
        ]
