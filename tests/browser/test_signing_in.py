"""The pages of signing in, in a browser: usable by everyone (WCAG 2.2 AA), sound HTML, on a phone too; and passkeys."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from pytest_django import Settings

from complaints.desk import confirming
from complaints.models import User
from tests.browser.conftest import Browsing
from tests.browser.judging import DESK, Judge, faults
from tests.complaints.factories import published, staffed
from tests.conftest import OwnDatabase

PASSWORD = "een lang wachtwoord"


def test_signing_in_is_usable_by_everyone(
    own_database: OwnDatabase, live_site: str, browsing: Browsing, settings: Settings, tmp_path: Path, every: bool
):
    settings.STAFF_SECOND_FACTOR = True
    organisation = published("klik-onderwijs")
    user = staffed(organisation)["csm"].user
    settings.OIDC_PROVIDERS = {organisation.slug: {"issuer": "http://127.0.0.1:9", "client_id": "x", "secret": "x"}}
    assert browsing.run(_visit, live_site, user, tmp_path, every) == []
    assert faults(tmp_path) == []


def _visit(browser: Any, site: str, user: User, sources: Path, every: bool) -> list[str]:
    judge = Judge(browser, site, sources, size=DESK, every=every)
    page = judge.page

    def press(name: str) -> None:
        page.get_by_role("button", name=name, exact=True).click()

    page.goto(f"{site}/beheer/login/")
    judge.look("sign-in")
    page.get_by_label("E-mailadres").fill(user.email)
    page.get_by_label("Wachtwoord").fill("anders")
    press("Inloggen")
    judge.look("sign-in-wrong")
    page.goto(f"{site}/beheer/login/bij/klik-onderwijs/")
    judge.look("issuer-refused")
    page.goto(f"{site}/beheer/wachtwoord-vergeten/")
    judge.look("forgotten")
    page.goto(f"{site}/beheer/wachtwoord-vergeten/verstuurd/")
    judge.look("forgotten-sent")
    page.goto(f"{site}/beheer/wachtwoord-vergeten/link/cs4abc-0123abc/1/")
    judge.look("link-gone")
    page.goto(f"{site}/beheer/login/")
    page.get_by_label("E-mailadres").fill(user.email)
    page.get_by_label("Wachtwoord").fill(PASSWORD)
    press("Inloggen")
    judge.look("set-up")
    page.get_by_label("De code die uw app nu toont").fill("000000")
    press("Zet de tweede stap aan")
    judge.look("set-up-wrong")
    secret = page.locator("code.code").inner_text()
    if time.time() % 30 > 24:  # a code that is about to end would end before it is typed
        time.sleep(6)
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    page.get_by_label("De code die uw app nu toont").fill(code)
    press("Zet de tweede stap aan")
    judge.look("codes")
    codes = page.locator("code.code").all_inner_texts()
    for name, path in (("overview", ""), ("new-codes", "reservecodes/nieuw/"), ("take-away", "weghalen/")):
        page.goto(f"{site}/beheer/tweede-stap/{path}")
        judge.look(name)
    page.goto(f"{site}/beheer/password_change/")
    judge.look("password")
    press("Uitloggen")
    page.goto(f"{site}/beheer/login/")
    page.get_by_label("E-mailadres").fill(user.email)
    page.get_by_label("Wachtwoord").fill(PASSWORD)
    press("Inloggen")
    judge.look("second-step")
    page.get_by_label("Code uit uw app, of een reservecode").fill(codes[0])
    press("Inloggen")
    if not page.url.endswith("/beheer/zaken/"):
        judge.wrong.append(f"signed in, and came to {page.url}")
    judge.close()
    return judge.wrong


def test_passkey_is_made_and_signs_in(
    own_database: OwnDatabase,
    live_site: str,
    browsing: Browsing,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    every: bool,
):
    settings.STAFF_SECOND_FACTOR = True
    user = staffed(published("klik-onderwijs"))["handler"].user
    judge = browsing.run(lambda browser: Judge(browser, live_site, tmp_path, size=DESK, every=every))
    browsing.run(lambda _browser: _with_passkey(judge, user))
    monkeypatch.setattr(confirming, "LATELY", 0)  # from here on every grave page asks once more
    browsing.run(lambda _browser: _step_up_with_passkey(judge))
    assert judge.wrong == []
    assert faults(tmp_path) == []


def _with_passkey(judge: Judge, user: User) -> None:
    """Makes a passkey in Chromium's own virtual authenticator, and signs in with it."""
    page = judge.page
    authenticator = page.context.new_cdp_session(page)
    authenticator.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "automaticPresenceSimulation": True}
    able = {"hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
    made = authenticator.send("WebAuthn.addVirtualAuthenticator", {"options": options | able})
    which = {"authenticatorId": made["authenticatorId"]}
    _password(judge, user)
    page.get_by_role("link", name="maak een passkey").click()
    judge.look("passkey")
    page.get_by_label("Hoe noemt u deze passkey?").fill("Laptop van het werk")
    page.keyboard.press("Enter")
    page.wait_for_url("**/reservecodes/")
    judge.look("passkey-codes")
    page.goto(f"{judge.site}/beheer/tweede-stap/")
    judge.look("passkey-overview")
    if "Laptop van het werk" not in page.content():
        judge.wrong.append("the passkey is not in the list")
    page.get_by_role("link", name="Haal weg").click()
    judge.look("passkey-remove")
    _press(page, "Uitloggen")
    _password(judge, user)
    judge.look("passkey-step")
    [known] = authenticator.send("WebAuthn.getCredentials", which)["credentials"]
    authenticator.send("WebAuthn.clearCredentials", which)
    _press(page, "Gebruik uw passkey")
    page.get_by_text("Dit lukte niet met uw passkey.").wait_for()
    judge.look("passkey-failed")
    authenticator.send("WebAuthn.addCredential", which | {"credential": known})
    _press(page, "Gebruik uw passkey")
    page.wait_for_url("**/beheer/zaken/")


def _step_up_with_passkey(judge: Judge) -> None:
    page = judge.page
    page.goto(f"{judge.site}/beheer/inzien/")
    page.get_by_label("Nummer van de zaak").fill("KO-2026-9999")
    page.get_by_label("Waarom moet u deze zaak lezen?").fill("De directie vroeg erom.")
    _press(page, "Lees deze zaak")
    judge.look("passkey-again")
    with page.expect_navigation():
        _press(page, "Gebruik uw passkey")
    if "Er is geen zaak met dit nummer" not in page.content():
        judge.wrong.append("the step-up with a passkey did not go on")
    judge.close()


def _password(judge: Judge, user: User) -> None:
    judge.page.goto(f"{judge.site}/beheer/login/")
    judge.page.get_by_label("E-mailadres").fill(user.email)
    judge.page.get_by_label("Wachtwoord").fill(PASSWORD)
    _press(judge.page, "Inloggen")


def _press(page: Any, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()
