"""The yearly reports of an organisation, and its yearly duties that were done."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from complaints.models.people import Membership
from procedures.scoping import ScopedManager, ScopedModel


class YearReport(ScopedModel):
    """The report of one local year: the words of whoever wrote it, and once it is adopted its figures and its PDF.

    `figures` are those that may be seen (`complaints.reports.figures`), never bare numbers. The database refuses to
    change an adopted report.
    """

    year = models.PositiveIntegerField(_("jaar"))
    words = models.JSONField(default=dict)  # part of the report → plain text
    revision = models.PositiveIntegerField(default=0)  # grows with each change: what a form was made from
    changed_at = models.DateTimeField(_("gewijzigd"))
    changed_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    figures = models.JSONField(null=True, blank=True)
    figures_sha256 = models.CharField(max_length=64, blank=True)
    pdf = models.FileField(upload_to="reports/", max_length=200, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)  # of the PDF
    adopted_at = models.DateTimeField(_("vastgesteld"), null=True, blank=True)
    adopted_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    adopted_as = models.CharField(max_length=60, blank=True)  # the role

    objects = ScopedManager["YearReport"]()

    class Meta(ScopedModel.Meta):
        verbose_name = _("jaarverslag")
        verbose_name_plural = _("jaarverslagen")
        ordering: ClassVar = ["-year"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "year"], name="report_once_a_year"),
            models.CheckConstraint(
                condition=models.Q(adopted_at=None)
                | (models.Q(figures__isnull=False) & ~models.Q(sha256="") & models.Q(adopted_by__isnull=False)),
                name="adopted_report_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year}"


class DutyDone(ScopedModel):
    """That somebody did a yearly duty of the procedure, on a local day. `year` is the one that it is about."""

    duty = models.CharField(max_length=60)
    year = models.PositiveIntegerField()
    done_on = models.DateField(_("gedaan op"))
    note = models.TextField(_("toelichting"), blank=True)
    member = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("vastgelegd"))

    objects = ScopedManager["DutyDone"]()

    class Meta(ScopedModel.Meta):
        ordering: ClassVar = ["-year", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "duty", "year"], name="duty_done_once"),
        ]
