"""Makes an organisation from its procedure document, with the person who may publish it."""

from __future__ import annotations

import re
import secrets
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from complaints.models import Membership, User
from procedures.catalogue import establish
from procedures.loading import Unsound, load
from procedures.models import Organisation
from procedures.scoping import scope

HOST = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


class Command(BaseCommand):
    help = "Makes the organisation that a procedure document is about, and the account that may publish the document."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the procedure, as TOML")
        parser.add_argument("--publisher", required=True, metavar="EMAIL", help="who gets the role that may publish")
        parser.add_argument("--name", default="", metavar="NAME", help="their name, for a new account")
        parser.add_argument("--domain", metavar="HOST", help='the organisation\'s own host name; "" takes it away')

    def handle(self, **options: Any) -> None:
        try:
            source = options["file"].read_text(encoding="utf-8")
            procedure = load(source, source=str(options["file"]))
        except OSError as problem:
            raise CommandError(f"{options['file']} cannot be read: {problem.strerror}.") from None
        except Unsound as unsound:
            raise CommandError("\n".join(str(each) for each in unsound.problems)) from None
        now = timezone.now()
        organisation = establish(source, at=now)
        if options["domain"] is not None:
            _set_domain(organisation, options["domain"])
        user, password = _account(options["publisher"], options["name"])
        roles = {procedure.publisher, *(role.name for role in procedure.roles if role.is_administrator)}
        with scope(organisation.pk):
            membership, _ = Membership.objects.get_or_create(user=user, defaults={"since": now})
            membership.roles = sorted({*membership.roles, *roles})
            membership.save()
        self.stdout.write(f"{organisation.name} is there, at /{organisation.slug}/ once its procedure is published.")
        self.stdout.write(f"{user.email} has the roles {', '.join(sorted(roles))}.")
        if password:
            self.stdout.write(f"Its password, shown once: {password}")
        self.stdout.write(f"Next: manage.py procedure publish {options['file']} --by {user.get_username()}")


def _account(email: str, name: str) -> tuple[User, str]:
    """The account with this address, made when there is none; and the password of a new one."""
    user = User.objects.filter(email__iexact=email).first()
    if user:
        return user, ""
    first, _, last = name.partition(" ")
    password = secrets.token_urlsafe(12)
    user = User(username=email.lower(), email=email.lower(), first_name=first, last_name=last)
    user.set_password(password)
    user.save()
    return user, password


def _set_domain(organisation: Organisation, domain: str) -> None:
    host = domain.strip().lower().rstrip(".")
    if host and not HOST.fullmatch(host):
        raise CommandError(f'"{domain}" is no host name; write it like klachten.voorbeeld.nl.')
    if host and Organisation.objects.filter(domain=host).exclude(pk=organisation.pk).exists():
        raise CommandError(f"{host} belongs to another organisation.")
    Organisation.objects.filter(pk=organisation.pk).update(domain=host or None)
