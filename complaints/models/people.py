"""People who work with cases: an account, and what someone is in an organisation."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models, transaction
from django.utils.translation import gettext_lazy as _

from procedures.models import Organisation
from procedures.scoping import ScopedManager, ScopedModel, scope


class User(AbstractUser):
    """An account. It belongs to no organisation; memberships do. Being a superuser opens no case."""

    email = models.EmailField(_("e-mailadres"), unique=True)

    class Meta(AbstractUser.Meta):
        verbose_name = _("account")  # type: ignore[assignment]
        verbose_name_plural = _("accounts")  # type: ignore[assignment]

    @property
    def full_name(self) -> str:
        return self.get_full_name() or self.get_username()

    def roles_at(self, organisation: Organisation) -> frozenset[str]:
        """The roles that this person has in an organisation, as its procedure names them; empty for a stranger."""
        with scope(organisation.pk):
            membership = Membership.objects.filter(user=self, is_active=True).first()
            return frozenset(membership.roles) if membership else frozenset()


class Membership(ScopedModel):
    """What someone is in one organisation: the roles of its procedure that they play."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("account"))
    roles = ArrayField(models.CharField(max_length=60), verbose_name=_("rollen"), default=list, blank=True)
    function = models.CharField(_("functie"), max_length=100, blank=True)
    is_active = models.BooleanField(_("actief"), default=True)
    since = models.DateTimeField(_("sinds"))

    objects = ScopedManager["Membership"]()

    class Meta(ScopedModel.Meta):
        verbose_name = _("lidmaatschap")
        verbose_name_plural = _("lidmaatschappen")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "user"], name="member_once"),
        ]

    @property
    def name(self) -> str:
        return self.user.full_name


def organisations_of(user: User) -> list[Organisation]:
    """The organisations that someone is an active member of, by name.

    The one question across organisations: the database shows a person their own memberships (policy `own`).
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.user', %s, true)", [str(user.pk)])
        cursor.execute("SELECT organisation_id FROM complaints_membership WHERE user_id = %s AND is_active", [user.pk])
        keys = [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT set_config('app.user', '', true)")
    return list(Organisation.objects.filter(pk__in=keys).order_by("name"))
