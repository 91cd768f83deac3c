"""A letter before it leaves, in a real browser: looked at from the act's form, changed, sent back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from complaints.actions import perform, tick_check
from procedures.scoping import scope
from tests.browser.conftest import Browsing
from tests.browser.judging import DESK, Judge, faults
from tests.browser.test_every_desk_page import sign_in
from tests.complaints.desk.test_held_letters import House, document, house_of
from tests.complaints.factories import actor_of


@pytest.fixture
def house(own_database: object, media_folder: Path) -> House:
    house, now = house_of(document(), at=timezone.now()), timezone.now()
    with scope(house.organisation.pk):
        chosen = {"handler": str(house.handler.pk)}
        perform(house.case, "assign", answers=chosen, actor=actor_of(house.director, house.case), at=now)
        tick_check(house.case, "dossier_read", actor=actor_of(house.handler, house.case), at=now)
    return house


def test_pages_about_a_letter_that_waits_are_usable_by_everyone(
    house: House, live_site: str, browsing: Browsing, tmp_path: Path, request: pytest.FixtureRequest, every: bool
):
    writer, reader, reference = house.handler.user.email, house.director.user.email, house.case.reference
    screens = request.config.getoption("--screens")

    def visit(browser: Any) -> list[str]:
        folder = Path(screens) / "held-letter" if screens else None
        judge = Judge(browser, live_site, tmp_path, size=DESK, screens=folder, every=every)
        page = judge.page
        sign_in(page, live_site, writer)
        page.goto(f"{live_site}/beheer/zaken/{reference}/handeling/decide/")
        page.get_by_label("Ongegrond").check()
        page.get_by_role("button", name="Bekijk de brief").click()
        page.wait_for_selector("#voorbeeld")
        judge.look("act-preview")
        assert page.get_by_label("Ongegrond").is_checked()
        with page.context.expect_page():  # the letter itself opens beside the form
            page.get_by_role("button", name="Bekijk de brief (pdf)").click()
        page.locator("#handeling button.button").first.click()
        page.get_by_role("link", name="Bekijk hoe de brief weggaat").click()
        judge.look("letter-own")
        page.get_by_role("link", name="Verander de tekst").click()
        judge.look("letter-words")
        page.fill("#id_words", "Wij vinden van niet. {naam}")
        page.get_by_role("button", name="Bewaar").click()
        judge.look("letter-words-mistakes")
        page.context.clear_cookies()
        sign_in(page, live_site, reader)
        page.goto(f"{live_site}/beheer/zaken/{reference}/")
        page.get_by_role("link", name="Bekijk hoe de brief weggaat").click()
        page.get_by_text("Stuur de brief terug naar wie hem schreef").click()
        page.get_by_role("button", name="Stuur terug").click()
        judge.look("letter-back-mistakes")
        page.fill("#opmerking", "Leg het oordeel beter uit.")
        page.get_by_role("button", name="Stuur terug").click()
        judge.look("case-letter-back")
        judge.close()
        return judge.wrong

    assert browsing.run(visit) == []
    assert faults(tmp_path) == []
