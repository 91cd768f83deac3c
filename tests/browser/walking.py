"""Walks through every public page and state of an organisation in a browser, and stops at each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from procedures.definition import FieldKind, Procedure

FORM = "main form[data-form]"
STORY = "Op woensdag zou de training beginnen. Wij zaten klaar met elf leerkrachten. Er kwam niemand."
FILE = {"name": "afspraak.txt", "mimeType": "text/plain", "buffer": b"Wij hadden woensdag afgesproken."}


@dataclass(frozen=True, slots=True)
class Way:
    """The number and the code of a case that stands in a certain phase."""

    phase: str
    reference: str
    code: str


def fill(
    page: Any, procedure: Procedure, *, today: date, happened: date | None = None, only_keys: bool = False
) -> None:
    """Answers every question of the form that can be seen. `only_keys`: as somebody without a mouse."""
    for name in re.findall(r'<div id="div_id_([a-z_]+)"', page.content()):
        if name in ("exclusion", "represented") or not page.locator(f"#div_id_{name}").is_visible():
            continue
        _answer(page, procedure, name, happened or today - timedelta(days=3), only_keys=only_keys)
    if procedure.intake.exclusions:
        _choose(page, 'input[name="exclusion"][value="none"]', only_keys=only_keys)


def send(page: Any, step: str, *, only_keys: bool = False) -> None:
    """Presses the button of the form that takes this step, and waits for the next page."""
    button = page.locator(f'{FORM} button[name="step"][value="{step}"]:not(.visually-hidden)')
    with page.expect_navigation():
        if only_keys:
            button.focus()
            page.keyboard.press("Enter")
        else:
            button.click()


def type_in(page: Any, words: str) -> None:
    """Types with the keyboard where the focus is: a few keys one by one, and the rest as one stroke."""
    page.keyboard.type(words[:4])
    page.keyboard.insert_text(words[4:])


def enter(page: Any, site: str, slug: str, way: Way) -> None:
    """Opens the complainant's page by number and code."""
    page.goto(f"{site}/{slug}/volgen/")
    page.fill('input[name="reference"]', way.reference)
    page.fill('input[name="code"]', way.code)
    with page.expect_navigation():
        page.click("main form button[type=submit]")


def states(
    page: Any, site: str, procedure: Procedure, ways: Mapping[str, Way], *, today: date, is_only_its_own: bool = False
) -> Iterator[str]:
    """Brings the page into one state after another; the name of each.

    `is_only_its_own`: without the pages that look the same at every organisation, but for name and colours.
    """
    slug = procedure.organisation
    shared = {
        "organisations": "/",
        "versions": f"/{slug}/versies/",
        "version": f"/{slug}/versies/{procedure.version}/",
        "not-found": f"/{slug}/bestaat-niet/",
        "enter": f"/{slug}/volgen/",
        "link": f"/{slug}/volgen/link/",
        "resume": f"/{slug}/indienen/verder/",
    }
    own = {"organisation": f"/{slug}/", "privacy": f"/{slug}/privacy/", "form": f"/{slug}/indienen/"}
    for name, address in (own if is_only_its_own else {**shared, **own}).items():
        page.goto(site + address)
        yield name
    yield from _filing(page, procedure, today=today, is_only_its_own=is_only_its_own)
    if not is_only_its_own:
        yield from _wrong(page, site, slug)
    seen: set[str] = set()
    for way in ways.values():
        enter(page, site, slug, way)
        yield f"case-{way.phase}"
        yield from _acts(page, site, way.phase, seen)


def _filing(page: Any, procedure: Procedure, *, today: date, is_only_its_own: bool) -> Iterator[str]:
    send(page, "check")
    yield "form-mistakes"
    if procedure.intake.exclusions:
        page.locator('input[name="exclusion"]').nth(1).check()
        yield "form-elsewhere-chosen"
        send(page, "check")
        yield "form-elsewhere"
    if page.locator('input[name="represented"][value="yes"]').count():
        page.locator('input[name="represented"][value="yes"]').check()
        yield "form-represented"
        page.locator('input[name="represented"][value="no"]').check()
    if procedure.intake.window:
        fill(page, procedure, today=today, happened=today - timedelta(days=900))
        send(page, "check")
        yield "check-late"
        page.go_back()
    fill(page, procedure, today=today)
    if not is_only_its_own:
        send(page, "save")
        yield "put-away"
        page.goto(page.url.split("/indienen/")[0] + "/indienen/")
        yield "form-resumed"
    send(page, "check")
    yield "check"
    send(page, "send")
    yield "receipt"


def _wrong(page: Any, site: str, slug: str) -> Iterator[str]:
    for name, path, typed in (
        ("enter-wrong", "volgen/", {"reference": "XX-2026-0001", "code": "0" * 26}),
        ("resume-wrong", "indienen/verder/", {"code": "0" * 26}),
        ("link-asked", "volgen/link/", {"reference": "XX-2026-0001", "email": "iemand@voorbeeld.example"}),
    ):
        page.goto(f"{site}/{slug}/{path}")
        for key, value in typed.items():
            page.fill(f'input[name="{key}"]', value)
        with page.expect_navigation():
            page.click("main form button[type=submit]")
        yield name


def _acts(page: Any, site: str, phase: str, seen: set[str]) -> Iterator[str]:
    """What may be done on the complainant's page and was not `seen` before, empty and as it is sent empty."""
    addresses = page.eval_on_selector_all(
        "main a[href*='/volgen/']", "links => links.map(link => link.getAttribute('href'))"
    )
    for address in dict.fromkeys(each for each in addresses if not re.search(r"/(brief|stuk|link|kopie)/", each)):
        name = address.rstrip("/").rpartition("/")[2]
        if name in ("zaak", *seen):
            continue
        seen.add(name)
        page.goto(site + address)
        yield f"case-{phase}-{name}"
        button = page.locator("main form button[type=submit]").first
        if name != "gegevens" and page.locator("main form [name]:not([type=hidden])").count() > 1:
            with page.expect_navigation():
                button.click()
            yield f"case-{phase}-{name}-sent"


def _answer(page: Any, procedure: Procedure, name: str, happened: date, *, only_keys: bool) -> None:
    field = next((each for each in procedure.intake.fields if each.name == name), None)
    kind = field.kind if field else FieldKind.CHOICE
    if kind in (FieldKind.DOCUMENT, FieldKind.DOCUMENTS):
        page.set_input_files(f'input[name="{name}"]', files=[FILE])
    elif kind in (FieldKind.CHOICE, FieldKind.CHOICES, FieldKind.YES_NO):
        _choose(page, f'input[name="{name}"]', only_keys=only_keys)
    else:
        words = {
            FieldKind.DATE: f"{happened.day}-{happened.month}-{happened.year}",
            FieldKind.EMAIL: "j.verweij@wilgenroos.example",
            FieldKind.PHONE: "06 12345678",
            FieldKind.NUMBER: "1",
            FieldKind.LONG_TEXT: STORY,
        }.get(kind, {"postcode": "1234 AB", "name": "Jolanda Verweij", "town": "Leiden"}.get(name, "De training"))
        control = page.locator(f'[name="{name}"]')
        if only_keys:
            control.focus()
            page.keyboard.press("Control+A")
            type_in(page, words)
        else:
            control.fill(words)


def _choose(page: Any, selector: str, *, only_keys: bool) -> None:
    control = page.locator(selector).first
    if only_keys:
        control.focus()
        page.keyboard.press("Space")
    else:
        control.check()
