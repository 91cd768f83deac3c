"""Hearing both sides: invitations to talk, what was asked of somebody, and what has been put to whom."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from complaints.models.cases import Case, Party
from complaints.models.documents import Document
from complaints.models.people import Membership
from procedures.scoping import ScopedManager, ScopedModel


class Hearing(ScopedModel):
    """A talk to which one or more parties are invited, at an instant and a place; `report` says what was said."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="hearings")
    parties = models.ManyToManyField(Party, through="HearingParty", related_name="hearings")
    starts_at = models.DateTimeField(_("begint"))
    minutes = models.PositiveIntegerField(_("duurt (minuten)"), default=60)
    place = models.CharField(_("waar"), max_length=300)
    note = models.TextField(_("toelichting"), blank=True)
    invited_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField(_("uitgenodigd"))
    sequence = models.PositiveIntegerField(default=0)  # of the invitation in calendars: grows when it is moved
    cancelled_at = models.DateTimeField(_("afgezegd"), null=True, blank=True)
    report = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+", null=True, blank=True)

    objects = ScopedManager["Hearing"]()

    class Meta(ScopedModel.Meta):
        verbose_name = _("gesprek")
        verbose_name_plural = _("gesprekken")
        ordering: ClassVar = ["starts_at", "pk"]


class HearingParty(ScopedModel):
    """That a party is invited to a hearing."""

    hearing = models.ForeignKey(Hearing, on_delete=models.CASCADE, related_name="invitations")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")

    objects = ScopedManager["HearingParty"]()

    class Meta(ScopedModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["hearing", "party"], name="invited_once")]


class Request(ScopedModel):
    """Something that a party is asked for, with its own last local day; `reminded_at` and `met_at` are instants."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="requests")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="requests")
    what = models.TextField(_("wat wij vragen"))
    due_on = models.DateField(_("uiterlijk"))
    asked_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(_("gevraagd"))
    reminded_at = models.DateTimeField(_("herinnerd"), null=True, blank=True)
    remind_at = models.DateTimeField(
        null=True, blank=True
    )  # when the reminder is due; empty when there is none to send
    met_at = models.DateTimeField(_("gekregen"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("niet meer nodig"), null=True, blank=True)

    objects = ScopedManager["Request"]()

    class Meta(ScopedModel.Meta):
        verbose_name = _("verzoek")
        verbose_name_plural = _("verzoeken")
        ordering: ClassVar = ["due_on", "pk"]
        indexes: ClassVar = [
            models.Index(fields=["remind_at"], name="request_remind", condition=models.Q(remind_at__isnull=False)),
        ]


class Disclosure(ScopedModel):
    """That a document was put to a party, so that they could answer it; or why it was not.

    `copy` is what they were given when parts of it were taken out. `withheld` is the written reason when they were
    not given it at all.
    """

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="disclosures")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="disclosures")
    copy = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    withheld = models.TextField(_("waarom niet"), blank=True)
    member = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("wanneer"))

    objects = ScopedManager["Disclosure"]()

    class Meta(ScopedModel.Meta):
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["document", "party"], name="put_to_once")]
