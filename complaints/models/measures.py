"""Measures that follow from a case: what was promised, whether it was done, and whether it worked."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from complaints.models.cases import Case
from complaints.models.documents import Document
from complaints.models.history import Event
from complaints.models.people import Membership
from procedures.scoping import ScopedManager, ScopedModel


class Measure(ScopedModel):
    """What was promised, by whom and for which local day.

    `owner` is how the owner is called; `member` is the colleague whom that is, where it is one. It has no `kind` until
    somebody said. It is open until it was done or dropped; `evidence` says what shows that it was done, or why it need
    not be done any more. Afterwards a person judges whether it worked, having seen how many new complaints on the same
    subject there were (`repeats`).
    """

    class Kind(models.TextChoices):
        CORRECTIVE = "corrective", _("herstellen")
        PREVENTIVE = "preventive", _("voorkomen")

    class Effect(models.TextChoices):
        WORKED = "worked", _("werkte")
        FAILED = "failed", _("werkte niet")
        TOO_EARLY = "too_early", _("te vroeg om te zeggen")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="measures")
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="measures")
    what = models.TextField(_("maatregel"))
    kind = models.CharField(_("soort"), max_length=10, choices=Kind, blank=True, default="", db_default="")
    owner = models.CharField(_("wie"), max_length=200)
    member = models.ForeignKey(
        Membership, on_delete=models.PROTECT, related_name="+", null=True, blank=True, db_index=False
    )
    due_on = models.DateField(_("wanneer klaar"))
    remind_at = models.DateTimeField(null=True, blank=True)  # the next reminder; empty when there is none to come
    evidence = models.TextField(_("waaruit dat blijkt"), blank=True, default="", db_default="")
    document = models.ForeignKey(
        Document, on_delete=models.PROTECT, related_name="+", null=True, blank=True, db_index=False
    )
    done_on = models.DateField(_("gedaan op"), null=True, blank=True)
    dropped_on = models.DateField(_("vervallen op"), null=True, blank=True)
    effect = models.CharField(_("werkte het?"), max_length=10, choices=Effect, blank=True, default="", db_default="")
    effect_reason = models.TextField(_("waarom"), blank=True, default="", db_default="")
    repeats = models.PositiveIntegerField(null=True, blank=True)
    judged_on = models.DateField(_("beoordeeld op"), null=True, blank=True)

    objects = ScopedManager["Measure"]()

    class Meta(ScopedModel.Meta):
        verbose_name = _("maatregel")
        verbose_name_plural = _("maatregelen")
        ordering: ClassVar = ["due_on", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(done_on=None) | models.Q(dropped_on=None), name="measure_done_or_dropped"
            ),
            models.CheckConstraint(
                condition=models.Q(effect="") | models.Q(done_on__isnull=False, judged_on__isnull=False),
                name="measure_judged_once_done",
            ),
            models.CheckConstraint(
                condition=models.Q(remind_at=None) | models.Q(done_on=None, dropped_on=None),
                name="measure_reminded_while_open",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["remind_at"], name="measure_remind", condition=models.Q(remind_at__isnull=False)),
        ]

    @property
    def is_open(self) -> bool:
        return self.done_on is None and self.dropped_on is None

    @property
    def is_to_be_judged(self) -> bool:
        return self.done_on is not None and self.effect in ("", self.Effect.TOO_EARLY)
