"""A second factor that is lost: who may take it away from whom, what ends with it, and who hears of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from complaints.models import Membership, User
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import member, published

pytestmark = pytest.mark.django_db

SignedIn = Callable[[Membership], Client]
Told = Callable[[], AbstractContextManager[list[str]]]
WHY = "Haar telefoon is gestolen, ik heb haar teruggebeld."


def protect(user: User) -> None:
    """Gives somebody an app and recovery codes."""
    TOTP.activate(user, generate_totp_secret())
    RecoveryCodes.activate(user)


def is_protected(who: Membership) -> bool:
    return bool(Authenticator.objects.filter(user=who.user).exists())


def address(who: Membership) -> str:
    return f"/beheer/medewerkers/{who.pk}/tweede-stap/"


def page_of(client: Client, who: Membership) -> str:
    return client.get(f"/beheer/medewerkers/{who.pk}/").content.decode()


def test_lost_factor_is_taken_away_with_a_reason(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn, told: Told, settings: Settings
):
    csm, handler = people["csm"], people["handler"]
    protect(handler.user)
    protect(csm.user)
    admin, phone, laptop = signed_in(csm), signed_in(handler), signed_in(handler)
    assert "Haal de tweede stap weg" in page_of(admin, handler)
    with told() as mails:
        done = admin.post(address(handler), {"reason": WHY}, follow=True)
    assert f"De tweede stap van {handler.name} is weg." in done.content.decode()
    assert (is_protected(handler), is_protected(csm)) == (False, True)
    for browser in (phone, laptop):
        assert browser.get("/beheer/zaken/").status_code == 302  # signed out everywhere
    assert admin.get("/beheer/zaken/").status_code == 200
    shown = page_of(admin, handler)
    assert f"{csm.name} haalde de tweede stap weg op" in shown
    assert WHY in shown
    assert "heeft geen tweede stap ingesteld" in shown
    assert f"{csm.name} deed dit. De reden: {WHY}" in mails[0]
    assert mail.outbox[-1].to == [handler.user.email]
    assert mail.outbox[-1].subject == "Er is iets veranderd aan uw account bij Gehoor"
    settings.STAFF_SECOND_FACTOR = True
    again = Client()
    again.post("/beheer/login/", {"login": handler.user.email, "password": "een lang wachtwoord"})
    assert again.get("/beheer/zaken/")["Location"].startswith("/beheer/tweede-stap/instellen/")


def test_reason_is_needed_and_kept(people: dict[str, Membership], signed_in: SignedIn):
    protect(people["handler"].user)
    for reason in ("", "kwijt"):
        answer = signed_in(people["csm"]).post(address(people["handler"]), {"reason": reason})
        assert answer.status_code == 422
        assert f"{reason}</textarea>" in answer.content.decode()
    assert is_protected(people["handler"])


def test_nobody_takes_their_own_away(people: dict[str, Membership], signed_in: SignedIn):
    protect(people["csm"].user)
    answer = signed_in(people["csm"]).post(address(people["csm"]), {"reason": WHY})
    assert (answer.status_code, "Vraag het een andere beheerder" in answer.content.decode()) == (422, True)
    assert is_protected(people["csm"])


def test_who_does_not_manage_people_takes_nothing_away(people: dict[str, Membership], signed_in: SignedIn):
    protect(people["csm"].user)
    stranger = member(published("o21"), "Ander Mens", "secretariaat", "directie")
    assert signed_in(people["handler"]).post(address(people["csm"]), {"reason": WHY}).status_code == 403
    assert signed_in(stranger).post(address(people["csm"]), {"reason": WHY}).status_code == 404
    assert is_protected(people["csm"])


def test_publisher_is_only_helped_by_another_publisher(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    director = people["general_director"]
    protect(director.user)
    refused = signed_in(people["csm"]).post(address(director), {"reason": WHY})
    assert "Alleen iemand met diezelfde rol haalt de tweede stap weg" in refused.content.decode()
    assert is_protected(director)
    other = member(organisation, "Tweede Directeur", "general_director")
    assert signed_in(other).post(address(director), {"reason": WHY}).status_code == 302
    assert not is_protected(director)


def test_account_of_two_organisations_is_left_to_who_runs_gehoor(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn, told: Told
):
    handler = people["handler"]
    elsewhere = member(published("o21"), "", "employee", user=handler.user)
    protect(handler.user)
    csm, phone = signed_in(people["csm"]), signed_in(handler)
    refused = csm.post(address(handler), {"reason": WHY})
    assert (refused.status_code, "technisch beheert" in refused.content.decode()) == (422, True)
    assert "Haal de tweede stap weg</button>" not in page_of(csm, handler)
    assert is_protected(handler)
    with told() as mails:
        call_command("second_factor", handler.user.email.upper(), "--reason", WHY, stdout=StringIO())
    assert not is_protected(handler)
    assert phone.get("/beheer/zaken/").status_code == 302
    assert f"De technisch beheerder van Gehoor deed dit. De reden: {WHY}" in mails[0]
    with scope(elsewhere.organisation_id):
        Membership.objects.filter(pk=elsewhere.pk).update(is_active=False)
    protect(handler.user)
    assert csm.post(address(handler), {"reason": WHY}).status_code == 302


def test_command_refuses_what_it_cannot_do(people: dict[str, Membership]):
    user = people["handler"].user
    with pytest.raises(CommandError, match="no account"):
        call_command("second_factor", "niemand@nergens.example", "--reason", WHY)
    with pytest.raises(CommandError, match="no second factor"):
        call_command("second_factor", user.email, "--reason", WHY)
    protect(user)
    with pytest.raises(CommandError, match="Say why"):
        call_command("second_factor", user.email, "--reason", " ")
    assert is_protected(people["handler"])
