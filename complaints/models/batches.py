"""Letters on paper that are printed in one go: the file, and what became of each letter in it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from complaints.models.letters import Letter
from complaints.models.people import Membership
from procedures.scoping import ScopedManager, ScopedModel


class Batch(ScopedModel):
    """One file to print, and its letters. It waits until a person says that they were posted, or takes it back.

    `posted_on` is the local day of posting; a batch that ended without one was taken back.
    """

    made_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("gemaakt"))
    sheets = models.PositiveIntegerField(_("vellen papier"))
    pdf = models.FileField(upload_to="batches/", max_length=200)
    sha256 = models.CharField(max_length=64)
    posted_on = models.DateField(_("gepost op"), null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True, blank=True)

    objects = ScopedManager["Batch"]()

    class Meta(ScopedModel.Meta):
        verbose_name = _("stapel")
        verbose_name_plural = _("stapels")
        ordering: ClassVar = ["-pk"]


class BatchedLetter(ScopedModel):
    """A letter in a batch, at its place. While it waits there it is in no other; the database sees to that."""

    class Fate(models.TextChoices):
        WAITING = "waiting", _("in de stapel")
        POSTED = "posted", _("gepost")
        HELD_BACK = "held_back", _("achtergehouden")
        ELSEWHERE = "elsewhere", _("al eerder gepost")
        TAKEN_BACK = "taken_back", _("teruggehaald")

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="letters")
    letter = models.ForeignKey(Letter, on_delete=models.PROTECT, related_name="batched")
    place = models.PositiveIntegerField()
    sheets = models.PositiveIntegerField(_("vellen papier"))
    fate = models.CharField(max_length=10, choices=Fate, default=Fate.WAITING)

    objects = ScopedManager["BatchedLetter"]()

    class Meta(ScopedModel.Meta):
        ordering: ClassVar = ["place"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["letter"], name="letter_waits_in_one_batch", condition=models.Q(fate="waiting")
            ),
            models.UniqueConstraint(fields=["batch", "letter"], name="letter_once_in_a_batch"),
        ]
