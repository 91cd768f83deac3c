"""Takes a lost second factor away, for who works in several organisations or is the only administrator of theirs."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from complaints.actions.second_factors import has_second_factor, take_second_factor_of_account
from complaints.models import User


class Command(BaseCommand):
    help = "Takes the second factor of an account away. Make sure first, face to face or by telephone, who is asking."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="the mail address of the account")
        parser.add_argument("--reason", required=True, help="why; the owner of the account reads it in a mail")

    def handle(self, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["email"]).first()
        if user is None:
            raise CommandError("There is no account with this address.")
        if not has_second_factor(user):
            raise CommandError("This account has no second factor.")
        if not options["reason"].strip():
            raise CommandError("Say why.")
        take_second_factor_of_account(user, reason=options["reason"].strip(), at=timezone.now())
        self.stdout.write("It is gone. Whoever signs in to this account next sets up another one.")
