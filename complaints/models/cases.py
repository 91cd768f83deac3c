"""A case, the people in it, and the answers that were given."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils.translation import gettext_lazy as _

from complaints.models.people import Membership
from procedures.models import ProcedureVersion
from procedures.scoping import ScopedManager, ScopedModel


class ReferenceCounter(ScopedModel):
    """The last number given out in a year; references run without gaps because it is counted in the filing's own
    transaction."""

    year = models.PositiveIntegerField()
    last = models.PositiveIntegerField(default=0)

    objects = ScopedManager["ReferenceCounter"]()

    class Meta(ScopedModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["organisation", "year"], name="counter_once_a_year")]


class Case(ScopedModel):
    """A complaint on its way through a procedure, under the version in which it was opened.

    The engine's own picture of it is these columns, the answers and the deadlines; the events are where it comes from.
    """

    reference = models.CharField(_("nummer"), max_length=20)
    version = models.ForeignKey(ProcedureVersion, on_delete=models.PROTECT, related_name="+")
    subject = models.CharField(_("onderwerp"), max_length=200, blank=True)
    track = models.CharField(_("spoor"), max_length=60)
    phase = models.CharField(_("fase"), max_length=60)
    outcome = models.CharField(_("afloop"), max_length=30, blank=True)
    channel = models.CharField(_("kanaal"), max_length=30)
    language = models.CharField(_("taal"), max_length=5, default="nl")
    received_at = models.DateTimeField(_("ontvangen"))
    closed_at = models.DateTimeField(_("afgesloten"), null=True, blank=True)
    handler = models.ForeignKey(
        Membership, on_delete=models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("behandelaar")
    )
    done = ArrayField(models.CharField(max_length=60), default=list, blank=True)  # every act, in order
    checks = models.JSONField(default=dict, blank=True)  # ticked: name → why it does not apply, or ""
    revision = models.PositiveIntegerField(default=0)  # the number of the last event: what a form was made from
    wake_at = models.DateTimeField(null=True, blank=True)  # the next instant at which time makes something happen
    next_due_at = models.DateTimeField(_("eerstvolgende termijn"), null=True, blank=True)  # when the first is overdue
    # The older case that this one is handled together with. Reports count a complaint once: where this is empty.
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        related_name="merged",
        null=True,
        blank=True,
        verbose_name=_("samengevoegd met"),
    )
    nonce = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001  # of the form: a replay opens nothing
    access_hash = models.CharField(max_length=200, blank=True)
    # What the desk's search looks in: number, subject, names, answers, messages, as Dutch words; `queries.search`.
    words = SearchVectorField(null=True, editable=False)
    seldom_read = ("words",)  # PostgreSQL looks in it; nobody reads it
    # The first day of the local month in which the same person first complained again after this was dealt with. The
    # month says enough for a report, and does not say which complaint that was: this stays when the case is erased.
    came_back_on = models.DateField(null=True, blank=True)
    # Since when it is here, of a case that had ended in an earlier register and was taken over from there.
    imported_at = models.DateTimeField(null=True, blank=True)
    # Since when this row is all that is left of the case, for the figures: nobody finds it any more.
    erased_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager["Case"]()

    class Meta(ScopedModel.Meta):
        verbose_name = _("zaak")
        verbose_name_plural = _("zaken")
        ordering: ClassVar = [models.F("next_due_at").asc(nulls_last=True), "-received_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "reference"], name="case_reference_once"),
            models.UniqueConstraint(fields=["organisation", "nonce"], name="case_nonce_once"),
            models.CheckConstraint(
                condition=models.Q(merged_into=None)
                | (models.Q(closed_at__isnull=False) & ~models.Q(merged_into=models.F("pk"))),
                name="case_merged_is_closed",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["wake_at"], name="case_wake", condition=models.Q(wake_at__isnull=False)),
            models.Index(fields=["organisation", "closed_at", "next_due_at"], name="case_worklist"),
            models.Index(fields=["organisation", "phase"], name="case_phase"),
            models.Index(  # the register's order, and what it takes to count cases without reading them
                fields=["organisation", "received_at", "id"],
                include=["closed_at", "merged_into"],
                name="case_register",
                condition=models.Q(erased_at=None),
            ),
            GinIndex(fields=["words"], name="case_words"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_closed(self) -> bool:
        return self.closed_at is not None


class EarlierNumber(ScopedModel):
    """The number that a case had in the register that the organisation kept before; what is taken over once."""

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="earlier")
    number = models.CharField(_("oud nummer"), max_length=60)

    objects = ScopedManager["EarlierNumber"]()

    class Meta(ScopedModel.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "number"], name="earlier_number_once"),
        ]


class Party(ScopedModel):
    """Someone in a case who does not work on it: who complains, on whose behalf, about whom."""

    class Kind(models.TextChoices):
        COMPLAINANT = "complainant", _("indiener")
        REPRESENTATIVE = "representative", _("gemachtigde")
        RESPONDENT = "respondent", _("betrokkene")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="parties")
    kind = models.CharField(_("rol in de zaak"), max_length=20, choices=Kind)
    name = models.CharField(_("naam"), max_length=200)
    organisation_name = models.CharField(_("organisatie"), max_length=200, blank=True)
    email = models.EmailField(_("e-mailadres"), blank=True)
    email_failed_at = models.DateTimeField(null=True, blank=True)  # a mail server said for good that it does not exist
    phone = models.CharField(_("telefoon"), max_length=40, blank=True)
    address = models.CharField(_("adres"), max_length=200, blank=True)
    postcode = models.CharField(_("postcode"), max_length=12, blank=True)
    town = models.CharField(_("woonplaats"), max_length=100, blank=True)
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True, blank=True)

    objects = ScopedManager["Party"]()

    class Meta(ScopedModel.Meta):
        verbose_name = _("partij")
        verbose_name_plural = _("partijen")
        ordering: ClassVar = ["pk"]
        indexes: ClassVar = [models.Index(fields=["organisation", "membership"], name="party_membership")]

    @property
    def mail_address(self) -> str:
        """Where mail reaches them: the address that they gave, or that of their account; empty when there is none."""
        return self.email or (self.membership.user.email if self.membership else "")

    @property
    def address_lines(self) -> tuple[str, ...]:
        return tuple(line for line in (self.address, f"{self.postcode} {self.town}".strip()) if line)


class Assignment(ScopedModel):
    """Who plays a per-case role in a case now, by the newest answer; and, as `TAKEN_IN`, who took the complaint in."""

    TAKEN_IN = "taken_in"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="assignments")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=60)

    objects = ScopedManager["Assignment"]()

    class Meta(ScopedModel.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "membership", "role"], name="assignment_once"),
        ]


class Answer(ScopedModel):
    """An answer to a field of the procedure. The newest per name counts; `salt` makes its hash in the event opaque."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="answers")
    event = models.ForeignKey("complaints.Event", on_delete=models.PROTECT, related_name="answers")
    name = models.CharField(max_length=60)
    value: Any = models.JSONField()
    is_personal = models.BooleanField()
    salt = models.CharField(max_length=32, blank=True)

    objects = ScopedManager["Answer"]()

    class Meta(ScopedModel.Meta):
        ordering: ClassVar = ["pk"]
