"""Mail that came in: the message itself as a file, what became of it, and who dealt with it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from complaints.models.cases import Case
from complaints.models.letters import Letter
from complaints.models.messages import Message
from complaints.models.people import Membership
from procedures.scoping import ScopedManager, ScopedModel


class IncomingMail(ScopedModel):
    """One mail as it came, byte for byte. It is kept first (NEW) and read afterwards; no way leads to losing it.

    The file's hash is unique: the same mail, fetched twice, is one. `case` is set once it belongs to a case, and from
    then on it is seen by whoever may know of that case; `suggested` is only where it may belong.
    """

    class State(models.TextChoices):
        NEW = "new", _("wordt gelezen")
        WAITING = "waiting", _("te beoordelen")
        PLACED = "placed", _("bij een zaak")
        ASIDE = "aside", _("weggelegd")

    class Kind(models.TextChoices):
        LETTER = "letter", _("e-mail")
        AUTOMATIC = "automatic", _("automatisch bericht")
        BOUNCE = "bounce", _("bericht van een mailserver")
        UNREADABLE = "unreadable", _("niet goed te lezen")
        TOO_LARGE = "too_large", _("te groot")

    class Why(models.TextChoices):
        """Why it lies where it lies, where the program put it there."""

        SENDER = "sender", _("Dit is een antwoord op onze brief, maar van een ander adres dan wij kennen.")
        SUBJECT = "subject", _("In het onderwerp staat het nummer van deze zaak. Dat is geen bewijs.")
        MANY = "many", _("Van dit adres kwamen vandaag al veel berichten bij deze zaak.")
        NOTICE = "notice", _("Een kort bericht van ons over deze zaak kwam niet aan.")
        UNSURE = "unsure", _("Een mailserver schreef over onze brief, maar niet duidelijk wat.")
        OWN = "own", _("Dit is onze eigen e-mail, die bij ons terugkwam.")
        DOUBLE = "double", _("Deze e-mail was er al.")
        ANSWERED = "answered", _("Een programma antwoordde op onze brief, bijvoorbeeld bij vakantie.")
        DELIVERED = "delivered", _("Een mailserver meldt dat onze brief is afgeleverd of doorgestuurd.")

    file = models.FileField(upload_to="mail/", max_length=200)
    size = models.PositiveIntegerField(_("bytes"))
    sha256 = models.CharField(max_length=64)
    body_sha256 = models.CharField(max_length=64)  # of what stands below the headers
    envelope_from = models.CharField(max_length=320, null=True, blank=True)  # noqa: DJ001  # "" is a mail server's own
    envelope_to: Any = models.JSONField(default=list)
    arrived_at = models.DateTimeField(_("binnengekomen"))  # at the organisation: terms count from it
    kept_at = models.DateTimeField()  # here
    state = models.CharField(max_length=10, choices=State, default=State.NEW)
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.LETTER)
    why = models.CharField(max_length=12, choices=Why, blank=True)
    try_at = models.DateTimeField(null=True, blank=True)  # when it is read (again); empty when nothing is to be done
    attempts = models.PositiveIntegerField(default=0)
    mail_id = models.CharField(max_length=250, blank=True)  # its Message-ID
    sender = models.CharField(_("van"), max_length=254, blank=True)  # only where the mail says it plainly
    sender_name = models.CharField(max_length=200, blank=True)
    subject = models.CharField(_("onderwerp"), max_length=300, blank=True)
    suggested = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="mails", null=True, blank=True)
    message = models.OneToOneField(Message, on_delete=models.PROTECT, related_name="mail", null=True, blank=True)
    letter = models.ForeignKey(Letter, on_delete=models.PROTECT, related_name="bounces", null=True, blank=True)
    refused: Any = models.JSONField(default=list)  # attachments that were not let in: name, and what was said

    objects = ScopedManager["IncomingMail"]()

    class Meta(ScopedModel.Meta):
        verbose_name = _("e-mail")
        verbose_name_plural = _("e-mails")
        ordering: ClassVar = ["-arrived_at", "-pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["organisation", "sha256"], name="mail_once")]
        indexes: ClassVar = [
            models.Index(fields=["try_at"], name="mail_try", condition=models.Q(try_at__isnull=False)),
            models.Index(fields=["organisation", "state", "-arrived_at"], name="mail_list"),
            models.Index(fields=["organisation", "mail_id"], name="mail_by_id"),
        ]


class MailDealing(ScopedModel):
    """That a member read a mail, or decided what becomes of it. Rows are only ever added."""

    class What(models.TextChoices):
        READ = "read", _("las de e-mail")
        FILE = "file", _("bekeek een bijlage")
        TAKEN = "taken", _("maakte er een klacht van")
        PUT = "put", _("zette de e-mail bij een zaak")
        ASIDE = "aside", _("legde de e-mail weg")
        BACK = "back", _("haalde de e-mail terug")

    mail = models.ForeignKey(IncomingMail, on_delete=models.PROTECT, related_name="dealings")
    member = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    what = models.CharField(max_length=10, choices=What)
    reason = models.TextField(blank=True)
    at = models.DateTimeField()

    objects = ScopedManager["MailDealing"]()

    class Meta(ScopedModel.Meta):
        ordering: ClassVar = ["pk"]
