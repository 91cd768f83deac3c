"""The rule book in the database: organisations, versions of their procedures, and their own closing days."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from procedures.scoping import ScopedManager, ScopedModel


class Organisation(models.Model):
    """A tenant. What it is called and how it looks stands in its procedure; this row is what everything hangs on."""

    slug = models.SlugField(_("adres"), max_length=60, unique=True)
    name = models.CharField(_("naam"), max_length=200)
    prefix = models.CharField(_("voorvoegsel van nummers"), max_length=6, unique=True)
    domain = models.CharField(_("eigen hostnaam"), max_length=253, unique=True, null=True, blank=True)
    created_at = models.DateTimeField(_("sinds"))
    is_open = models.BooleanField(_("heeft een procedure"), default=False)  # from its first published version on

    class Meta:
        verbose_name = _("organisatie")
        verbose_name_plural = _("organisaties")
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class ProcedureVersion(ScopedModel):
    """One version of a procedure's text. Once published it is never changed again; the database refuses it."""

    class State(models.TextChoices):
        DRAFT = "draft", _("concept")
        PUBLISHED = "published", _("gepubliceerd")

    number = models.PositiveIntegerField(_("versie"))
    source = models.TextField(_("tekst"))
    sha256 = models.CharField(_("vingerafdruk"), max_length=64)
    state = models.CharField(_("stand"), max_length=10, choices=State, default=State.DRAFT)
    in_force_from = models.DateField(_("geldt vanaf"))
    created_at = models.DateTimeField(_("gemaakt"))
    published_at = models.DateTimeField(_("gepubliceerd op"), null=True, blank=True)
    published_by = models.CharField(_("gepubliceerd door"), max_length=200, blank=True)  # a name: it outlives accounts
    published_as = ArrayField(models.CharField(max_length=60), verbose_name=_("in de rol"), default=list, blank=True)

    seldom_read = ("source",)  # tens of kilobytes, and what it says is kept in the process (catalogue.procedure_of)

    objects = ScopedManager["ProcedureVersion"]()

    class Meta(ScopedModel.Meta):
        verbose_name = _("versie van de procedure")
        verbose_name_plural = _("versies van de procedure")
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "number"], name="version_number_once"),
        ]

    def __str__(self) -> str:
        return f"{self.number}"


class ClosingDay(ScopedModel):
    """A day on which the organisation is closed and that does not count as a working day.

    Never deleted: `removed_at` ends it, so that what was counted at any moment can be counted again.
    """

    on = models.DateField(_("dag"))
    name = models.CharField(_("naam"), max_length=100)
    added_at = models.DateTimeField(_("toegevoegd"))
    removed_at = models.DateTimeField(_("vervallen"), null=True, blank=True)

    objects = ScopedManager["ClosingDay"]()

    class Meta(ScopedModel.Meta):
        verbose_name = _("sluitingsdag")
        verbose_name_plural = _("sluitingsdagen")
        ordering: ClassVar = ["on"]

    def __str__(self) -> str:
        return f"{self.on} {self.name}"
