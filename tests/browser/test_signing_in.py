"""The pages of signing in, in a browser: usable by everyone (WCAG 2.2 AA), sound HTML, no script, on a phone too."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from pytest_django import Settings

from complaints.models import User
from tests.browser.conftest import Browsing
from tests.browser.judging import DESK, Judge, faults
from tests.complaints.factories import published, staffed
from tests.conftest import OwnDatabase

PASSWORD = "een lang wachtwoord"


def test_signing_in_is_usable_by_everyone(
    own_database: OwnDatabase, live_site: str, browsing: Browsing, settings: Settings, tmp_path: Path
):
    settings.STAFF_SECOND_FACTOR = True
    organisation = published("klik-onderwijs")
    user = staffed(organisation)["csm"].user
    settings.OIDC_PROVIDERS = {organisation.slug: {"issuer": "http://127.0.0.1:9", "client_id": "x", "secret": "x"}}
    assert browsing.run(_visit, live_site, user, tmp_path) == []
    assert faults(tmp_path) == []


def _visit(browser: Any, site: str, user: User, sources: Path) -> list[str]:
    judge = Judge(browser, site, sources, size=DESK)
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
