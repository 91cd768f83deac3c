"""A complaint filed in a real browser: by keyboard alone, without JavaScript, on a narrow phone, in both languages."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from complaints.models import Case, Document, Draft
from procedures.definition import FieldKind, Procedure
from procedures.scoping import scope
from tests.browser.conftest import Browsing
from tests.browser.judging import CALM, LOCALES, NARROW
from tests.browser.walking import FORM, fill, send
from tests.complaints.factories import SLUGS, definition, publish_all, published

FILED = {"nl": "Uw klacht is binnen", "en": "We have your complaint"}
BAD = {FieldKind.DATE: "31-11-2026", FieldKind.EMAIL: "geen adres", FieldKind.NUMBER: "veel"}


def opened(browser: Any, site: str, slug: str, language: str = "nl", *, scripts: bool = True) -> Any:
    context = browser.new_context(**CALM, viewport=NARROW, locale=LOCALES[language], java_script_enabled=scripts)
    page = context.new_page()
    page.goto(f"{site}/{slug}/indienen/")
    return page


def filed_by_keyboard(browser: Any, site: str, procedure: Procedure, language: str, today: date) -> str:
    page = opened(browser, site, procedure.organisation, language, scripts=False)
    fill(page, procedure, today=today, only_keys=True)
    send(page, "check", only_keys=True)
    send(page, "send", only_keys=True)
    words = str(page.inner_text("main"))
    page.context.close()
    return words


def test_complaint_is_filed_by_keyboard_without_javascript_in_both_languages(live_site: str, browsing: Browsing):
    publish_all()
    for slug in SLUGS:
        procedure = definition(slug)
        # The English form is the Dutch one with other words: one organisation is enough to show it.
        for number, language in enumerate(procedure.languages if slug == SLUGS[0] else ["nl"], start=1):
            words = browsing.run(filed_by_keyboard, live_site, procedure, language, timezone.localdate())
            assert FILED[language] in words, (slug, language, words)
            assert re.search(rf"{procedure.prefix}-\d{{4}}-000{number}", words)


def test_bad_input_at_every_field_is_explained_beside_it_and_stays(live_site: str, browsing: Browsing):
    organisation = published("klik-onderwijs")
    procedure = definition("klik-onderwijs")

    def visit(browser: Any) -> list[str]:
        page = opened(browser, live_site, organisation.slug)
        wrong = {each.name: BAD[each.kind] for each in procedure.intake.fields if each.kind in BAD}
        assert wrong
        for name, typed in wrong.items():
            page.fill(f'[name="{name}"]', typed)
        send(page, "check")
        missing = []
        for field in procedure.intake.fields:
            if field.name in wrong or (field.required and not field.when):
                link = page.locator(f'.error-summary a[href="#div_id_{field.name}"]')
                if link.count() != 1 or not page.locator(f"#div_id_{field.name} .invalid-feedback").count():
                    missing.append(field.name)
        kept = [name for name, typed in wrong.items() if page.input_value(f'[name="{name}"]') != typed]
        page.locator(".error-summary a").first.click()
        assert "#div_id_" in page.url
        return missing + kept

    assert browsing.run(visit) == []
    with scope(organisation.pk):
        assert not Case.objects.exists()


def test_back_button_double_click_and_lost_session_lose_nothing_and_file_once(live_site: str, browsing: Browsing):
    organisation = published("klassepro")
    procedure = definition("klassepro")
    today = timezone.localdate()

    def visit(browser: Any) -> list[str]:
        page = opened(browser, live_site, organisation.slug)
        fill(page, procedure, today=today)
        send(page, "check")
        page.go_back()
        seen = [page.input_value('[name="description"]')]
        send(page, "check")
        page.context.clear_cookies(name="session")  # as if the half hour was over
        with page.expect_navigation():
            page.locator(f'{FORM} button[value="send"]:not(.visually-hidden)').dblclick(no_wait_after=True)
        page.wait_for_load_state()
        return [*seen, page.inner_text("main")]

    described, receipt = browsing.run(visit)
    assert described.startswith("Op woensdag")
    assert FILED["nl"] in receipt
    with scope(organisation.pk):
        assert Case.objects.count() == 1
        assert Document.objects.count() == 1
        assert not Draft.objects.exists()


def test_questions_and_referrals_appear_when_they_are_asked(live_site: str, browsing: Browsing):
    published("o21")

    def visit(browser: Any) -> list[bool]:
        page = opened(browser, live_site, "o21")
        name = page.locator("#div_id_representative_name")
        before = name.is_visible()
        page.check('input[name="represented"][value="yes"]')
        referral = page.locator(".referral").first
        hidden = referral.is_visible()
        page.locator('input[name="exclusion"]').nth(1).check()
        return [before, name.is_visible(), hidden, referral.is_visible()]

    assert browsing.run(visit) == [False, True, False, True]


def test_file_is_dropped_on_the_form(live_site: str, browsing: Browsing):
    published("klikklaar")

    def visit(browser: Any) -> list[str]:
        page = opened(browser, live_site, "klikklaar")
        page.evaluate("""() => {
            const files = new DataTransfer();
            files.items.add(new File(["Zo ging het."], "gesleept.txt", {type: "text/plain"}));
            const place = document.querySelector("#div_id_files [data-drop]");
            place.dispatchEvent(new DragEvent("drop", {dataTransfer: files, bubbles: true, cancelable: true}));
        }""")
        return list(page.evaluate("Array.from(document.querySelector('#id_files').files).map(each => each.name)"))

    assert browsing.run(visit) == ["gesleept.txt"]


@pytest.mark.parametrize("path", ["/klassepro/", "/klassepro/indienen/", "/klassepro/volgen/"])
def test_page_is_light_and_asks_nothing_outside(live_site: str, browsing: Browsing, path: str):
    published("klassepro")

    def visit(browser: Any) -> tuple[set[str], int]:
        page = browser.new_context(**CALM, viewport=NARROW, locale="nl-NL").new_page()
        answers: list[Any] = []
        page.on("response", lambda answer: answers.append(answer))
        page.goto(live_site + path, wait_until="networkidle")
        return {each.url.split("/")[2] for each in answers}, sum(len(each.body()) for each in answers)

    hosts, size = browsing.run(visit)
    assert hosts == {live_site.removeprefix("http://")}
    assert size < 150_000
