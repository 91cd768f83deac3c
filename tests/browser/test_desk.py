"""A day at the desk in a real browser: from the worklist to the decision by keyboard alone, and two people at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from complaints.models import Case, Event
from procedures.definition import FieldKind, Procedure
from procedures.scoping import scope
from tests.browser.conftest import Browsing
from tests.browser.judging import CALM, DESK, LOCALES
from tests.browser.walking import type_in
from tests.complaints.factories import definition, filed_case, member, published, staffed

PASSWORD = "een lang wachtwoord"
REASON = "Dat is in dit geval niet nodig."
REASONS = "De trainer kwam twee keer te laat. Dat mag niet. U krijgt een nieuwe training."
SEND = "#content form .button-row button"
TABS = 150  # more than any page of the desk has places to stop at
HAS_FOCUS = "part => part === document.activeElement"

# Who sends a case on, and the acts between filing and handling, each with the role whose act it is.
ROADS = {
    "klik-onderwijs": ("csm", [("acknowledge", "csm"), ("assign", "csm")], True),
    "klassepro": ("coordinator", [("assign", "coordinator"), ("acknowledge", "handler")], False),
}


def at_work(browser: Any, site: str, email: str, *, scripts: bool = True) -> Any:
    """The worklist of this member, who signed in by keyboard."""
    page = browser.new_context(**CALM, viewport=DESK, locale=LOCALES["nl"], java_script_enabled=scripts).new_page()
    page.goto(f"{site}/beheer/")
    for name, typed in (("login", email), ("password", PASSWORD)):
        reach(page, page.locator(f"input[name={name}]"))
        type_in(page, typed)
    press(page, "Enter")
    return page


def reach(page: Any, part: Any) -> None:
    """Moves the focus on from where it is, key by key, until it is on this part of the page."""
    there = part.element_handle()
    for _ in range(TABS):
        if there.evaluate(HAS_FOCUS):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no Tab leads to {part} on {page.url}")


def press(page: Any, key: str) -> None:
    """Presses a key that leads to another page."""
    with page.expect_navigation():
        page.keyboard.press(key)


def follow(page: Any, selector: str) -> None:
    reach(page, page.locator(selector).first)
    press(page, "Enter")


def choose(page: Any, selector: str) -> None:
    """Chooses the first of a group of radio buttons: the group is one stop, and Space marks."""
    reach(page, page.locator(selector).first)
    page.keyboard.press("Space")


def do(page: Any, procedure: Procedure, name: str, *, handler: str) -> None:
    """Does an act from the page of the case: button, form, send."""
    follow(page, f'.acts a[href$="/handeling/{name}/"]')
    for field in procedure.act(name).fields:
        if not field.required:
            continue
        control = f'#content [name="{field.name}"]'
        if field.kind is FieldKind.CHOICE:
            choose(page, control)
            continue
        reach(page, page.locator(control))
        type_in(page, handler if field.kind is FieldKind.MEMBER else REASONS)
    follow(page, SEND)


def tick_everything(page: Any) -> int:
    """Ticks the checklist, point by point; the first that may be left out is left out, with the reason."""
    left_out = 0
    while page.locator("form.tick").count():
        skip = page.locator("form.tick details")
        if skip.count() and not left_out:
            left_out += 1
            reach(page, skip.first.locator("summary"))
            page.keyboard.press("Enter")
            reach(page, skip.first.locator("input[name=not_applicable]"))
            type_in(page, REASON)
            follow(page, "form.tick details button")
        else:
            follow(page, "form.tick > button")
    return left_out


@pytest.mark.parametrize("slug", ROADS)
def test_case_goes_from_the_worklist_to_its_decision_by_keyboard(slug: str, live_site: str, browsing: Browsing):
    """At one of the two without JavaScript."""
    first, road, scripts = ROADS[slug]
    organisation, procedure = published(slug), definition(slug)
    people = staffed(organisation)
    emails = {role: each.user.email for role, each in people.items()}
    case = filed_case(organisation, at=timezone.now() - timedelta(days=1))

    def visit(browser: Any) -> tuple[int, str]:
        pages = {first: at_work(browser, live_site, emails[first], scripts=scripts)}
        follow(pages[first], f'#result_list a[href$="/{case.reference}/"]')
        for act, role in road:
            if role not in pages:
                pages[role] = at_work(browser, live_site, emails[role], scripts=scripts)
                follow(pages[role], f'#result_list a[href$="/{case.reference}/"]')
            do(pages[role], procedure, act, handler=people["handler"].name)
        page = pages.get("handler") or at_work(browser, live_site, emails["handler"], scripts=scripts)
        page.goto(f"{live_site}/beheer/zaken/")
        follow(page, f'#result_list a[href$="/{case.reference}/"]')
        left_out = tick_everything(page)
        do(page, procedure, "decide", handler="")
        words = str(page.inner_text("#container"))
        for each in pages.values():
            each.context.close()
        return left_out, words

    left_out, words = browsing.run(visit, timeout=200)
    assert left_out == 1
    assert f"Gedaan: {procedure.act('decide').title.nl}" in words
    with scope(organisation.pk):
        now = Case.objects.get(pk=case.pk)
        assert (now.phase, now.handler) == ("decided", people["handler"])
        assert set(now.checks) >= {each.name for each in procedure.checks if "decide" in each.before}
        assert REASON in now.checks.values()
        assert now.answers.get(name="reasons").value == REASONS
        done = Event.objects.filter(case=case, occurrence__in=[act for act, _ in road]).select_related("member")
        assert {each.occurrence: each.member for each in done} == {act: people[role] for act, role in road}


def test_of_two_people_at_once_one_wins_and_the_other_keeps_their_text(live_site: str, browsing: Browsing):
    organisation = published("klik-onderwijs")
    one, other = (member(organisation, name, "csm").user.email for name in ("Anja Smit", "Bram Mulder"))
    case = filed_case(organisation, at=timezone.now() - timedelta(days=1))
    form = f"{live_site}/beheer/zaken/{case.reference}/handeling"

    def visit(browser: Any) -> tuple[int, str, str, str]:
        first, second = (at_work(browser, live_site, each) for each in (one, other))
        first.goto(f"{form}/acknowledge/")
        second.goto(f"{form}/dismiss/")
        second.fill("textarea[name=dismissal_reason]", REASONS)
        follow(first, SEND)
        with second.expect_response(lambda answer: answer.request.method == "POST") as sent:
            follow(second, SEND)
        said, kept = second.inner_text("#fouten"), second.input_value("textarea[name=dismissal_reason]")
        follow(second, SEND)  # looked at once more, and sent again
        words = str(second.inner_text("#container"))
        for each in (first, second):
            each.context.close()
        return sent.value.status, said, kept, words

    status, said, kept, words = browsing.run(visit)
    assert (status, kept) == (409, REASONS)
    assert "Deze zaak is intussen veranderd." in said
    assert f"Gedaan: {definition('klik-onderwijs').act('dismiss').title.nl}" in words
    with scope(organisation.pk):
        done = Event.objects.filter(case=case, occurrence__in=("acknowledge", "dismiss")).select_related("member__user")
        assert [(each.occurrence, each.member.user.email) for each in done.order_by("number") if each.member] == [
            ("acknowledge", one),
            ("dismiss", other),
        ]
