"""A complaint filed in a real browser: by keyboard, without JavaScript, on a phone's width."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.utils import timezone

from complaints.models import Case
from procedures.definition import FieldKind, Procedure
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import SLUGS, definition, publish_all

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="CHROMIUM IS NOT ON THIS MACHINE: the browser tests are left out")


@pytest.fixture
def browsing() -> Iterator[ThreadPoolExecutor]:
    """A thread for the browser: its own event loop must not stand in the thread that asks the database."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        yield thread


def in_browser(site: str, slug: str, procedure: Procedure) -> dict[str, Any]:
    """Files a complaint with the keyboard; what was seen."""
    from playwright.sync_api import sync_playwright

    seen: dict[str, Any] = {"problems": []}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        page = browser.new_context(viewport={"width": 320, "height": 800}, java_script_enabled=False).new_page()
        page.on("console", lambda message: seen["problems"].append(message.text))
        page.goto(f"{site}/{slug}/indienen/")
        seen["wide"] = _is_wide(browser, f"{site}/{slug}/indienen/")
        for field in procedure.intake.fields:
            _answer(page, field.name, field.kind)
        if procedure.intake.exclusions:
            page.locator('[name="exclusion"][value="none"]').check()
        if procedure.intake.confidentiality:
            page.locator('[name="confidentiality"]').first.check()
        page.locator("main form button[type=submit]").focus()
        with page.expect_navigation():
            page.keyboard.press("Enter")
        seen["text"] = page.inner_text("main")
        browser.close()
    return seen


def _answer(page: Any, name: str, kind: FieldKind) -> None:
    if kind in (FieldKind.DOCUMENT, FieldKind.DOCUMENTS):
        return
    if kind in (FieldKind.CHOICE, FieldKind.CHOICES, FieldKind.YES_NO):
        page.locator(f'[name="{name}"]').last.focus()
        page.keyboard.press("Space")
        return
    day = timezone.localdate()
    words = {
        FieldKind.DATE: f"{day.day}-{day.month}-{day.year}",
        FieldKind.EMAIL: "iemand@voorbeeld.example",
        FieldKind.NUMBER: "1",
    }.get(kind, "1234 AB" if name == "postcode" else "Antwoord")
    page.locator(f'[name="{name}"]').focus()
    page.keyboard.type(words)


def _is_wide(browser: Any, address: str) -> bool:
    """Whether the page scrolls sideways at 320 pixels."""
    page = browser.new_page(viewport={"width": 320, "height": 800})
    page.goto(address)
    wide = bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))
    page.close()
    return wide


def test_complaint_is_filed_by_keyboard_without_javascript_at_each_organisation(
    live_site: str, browsing: ThreadPoolExecutor
):
    publish_all()
    for slug in SLUGS:
        procedure = definition(slug)
        seen = browsing.submit(in_browser, live_site, slug, procedure).result(timeout=60)
        assert "Uw klacht is binnen" in seen["text"], (slug, seen["text"])
        assert not seen["wide"], slug
        assert [each for each in seen["problems"] if "Content Security" in each] == []
        reference = re.search(rf"{procedure.prefix}-\d{{4}}-0001", seen["text"])
        assert reference
        with scope(Organisation.objects.get(slug=slug).pk):
            assert Case.objects.get().reference == reference[0]
