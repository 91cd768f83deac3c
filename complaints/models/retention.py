"""Keeping and erasing: what holds a case, the lists of cases to be erased, and files that still have to go."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from complaints.models.cases import Case
from complaints.models.people import Membership
from procedures.scoping import ScopedManager, ScopedModel


class RetentionHold(ScopedModel):
    """That a case is kept beyond its term, by a person and with a reason, until a person lifts it with a reason."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="holds")
    reason = models.TextField(_("waarom"))
    member = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("sinds"))
    lifted_reason = models.TextField(_("waarom niet meer"), blank=True)
    lifted_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    lifted_at = models.DateTimeField(_("opgeheven"), null=True, blank=True)

    objects = ScopedManager["RetentionHold"]()

    class Meta(ScopedModel.Meta):
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case"], name="one_hold_at_a_time", condition=models.Q(lifted_at__isnull=True)
            ),
        ]


class ErasureList(ScopedModel):
    """Cases that somebody proposes to erase and somebody else approves. It is done when its certificate is made."""

    proposed_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(_("voorgesteld"))
    approved_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    approved_at = models.DateTimeField(_("goedgekeurd"), null=True, blank=True)
    withdrawn_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("ingetrokken"), null=True, blank=True)
    done_at = models.DateTimeField(_("klaar"), null=True, blank=True)
    certificate = models.FileField(upload_to="certificates/", max_length=200, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)

    objects = ScopedManager["ErasureList"]()

    class Meta(ScopedModel.Meta):
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(approved_by=None) | ~models.Q(approved_by=models.F("proposed_by")),
                name="approved_by_another",
            ),
        ]


class ListedCase(ScopedModel):
    """A case on such a list, with the cases that were merged into it. `last_on` is the last local day that it is kept.

    `reference` is its number, which stands nowhere else once it is erased. `result` says what went, by table and of how
    many files; `problem` where something was found that should have gone: then nothing went, and a person has to look.
    """

    erasure = models.ForeignKey(ErasureList, on_delete=models.PROTECT, related_name="cases")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="listed")
    reference = models.CharField(max_length=20)
    also: Any = models.JSONField(default=list)  # the numbers of the cases that were merged into it
    last_on = models.DateField()
    taken_out_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    taken_out_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(_("waarom"), blank=True)  # why it was taken out
    erased_at = models.DateTimeField(null=True, blank=True)
    result: Any = models.JSONField(default=dict)
    problem: Any = models.JSONField(default=dict)
    try_at = models.DateTimeField(null=True, blank=True)  # after a problem: when it is tried again

    objects = ScopedManager["ListedCase"]()

    class Meta(ScopedModel.Meta):
        ordering: ClassVar = ["last_on", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case"], name="on_one_list_at_a_time", condition=models.Q(taken_out_at__isnull=True)
            ),
        ]


class DoomedFile(ScopedModel):
    """A file of an erased case that is still on disk. It is removed, and then this row too."""

    listed = models.ForeignKey(ListedCase, on_delete=models.PROTECT, related_name="doomed", null=True, blank=True)
    name = models.CharField(max_length=200)  # as the storage knows it: random, never what it was called

    objects = ScopedManager["DoomedFile"]()

    class Meta(ScopedModel.Meta):
        ordering: ClassVar = ["pk"]


class RetentionWatch(ScopedModel):
    """The last local day on which the organisation was looked at for what is due, so that its mail goes out once."""

    looked_on = models.DateField()
    waits_since = models.DateField(null=True, blank=True)  # since when something waits for a person

    objects = ScopedManager["RetentionWatch"]()

    class Meta(ScopedModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["organisation"], name="watched_once")]
