"""Every public page in every state: usable by everyone (WCAG 2.2 AA), sound HTML, on a phone, in both languages.

Axe judges each page of the first organisation in Dutch. The English pages are those with other words, and those of
other organisations the same with other colours and questions: of both it judges JUDGED_ELSEWHERE, which hold all of
these. `--every` has it judge every page; `--screens FOLDER` keeps a picture of each as well, on a phone and on a desk.
"""

from __future__ import annotations

import re
import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from complaints.actions import opened_with
from complaints.demo.paths import ways
from complaints.demo.playing import HERE, Cast, play
from procedures.definition import COMPLAINANT, Procedure
from procedures.models import Organisation
from procedures.scoping import scope
from tests.browser.conftest import Browsing
from tests.browser.judging import DESK, PHONE, Judge, faults
from tests.browser.walking import STORY, Way, states
from tests.complaints.factories import SLUGS, definition, published, staffed
from tests.conftest import MailServer

DUTCH = re.compile(r"\b(?:uw|wij|het|een|niet|wordt|naar|voor|klacht|werkdagen)\b", re.IGNORECASE)
JUDGED_ELSEWHERE = ("organisation", "form-mistakes", "form-represented", "check", "receipt", "enter-wrong")


@pytest.fixture(params=SLUGS)
def stage(
    request: pytest.FixtureRequest, own_database: object, smtp_server: MailServer, media_folder: Path
) -> tuple[Organisation, dict[str, Way]]:
    """An organisation with a case in each phase in which the complainant has something to do, and in the first."""
    organisation = published(request.param)
    # The same templates make the pages of a case everywhere: one organisation shows them, and `make screens` all five.
    has_cases = request.param == SLUGS[0] or bool(request.config.getoption("--screens"))
    return organisation, _cases(organisation, definition(organisation.slug)) if has_cases else {}


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
    every: bool,
):
    organisation, cases = stage
    screens = request.config.getoption("--screens")
    folder = Path(screens) if screens else None
    procedure, today = definition(organisation.slug), timezone.localdate()
    for language in procedure.languages if cases else ("nl",):
        # The English page is the Dutch one with other words: two cases are enough to show it.
        with_cases = len(cases) if language == "nl" else 2
        found = dict(list(cases.items())[:with_cases])
        visit = Visit(live_site, procedure, found, language, tmp_path, folder, today, every)
        assert browsing.run(visit, timeout=280) == []
        assert visit.count >= (10 if cases else 6)
    assert faults(tmp_path) == []


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
        every: bool,
    ) -> None:
        self.site, self.procedure, self.cases, self.language = site, procedure, cases, language
        self.sources, self.screens, self.today = sources, screens, today
        self.is_first = language == "nl" and procedure.organisation == SLUGS[0]
        self.every = every and (language == "nl" or procedure.organisation == SLUGS[0])
        self.count = 0

    def __call__(self, browser: Any) -> list[str]:
        folder = self.screens / self.procedure.organisation / self.language if self.screens else None
        size = PHONE if self.language == "nl" else DESK
        judge = Judge(
            browser, self.site, self.sources, language=self.language, size=size, screens=folder, every=self.every
        )
        is_only_its_own = self.procedure.organisation != SLUGS[0] and self.screens is None
        for name in states(
            judge.page, self.site, self.procedure, self.cases, today=self.today, is_only_its_own=is_only_its_own
        ):
            judge.look(name, is_judged=self.every or self.is_first or name in JUDGED_ELSEWHERE)
            if self.language == "en" and not name.startswith("case"):  # a case holds what people typed, in Dutch
                judge.wrong += [f"{name}: says {each!r} in Dutch" for each in DUTCH.findall(self._words(judge.page))]
        judge.close()
        self.count = judge.count
        return judge.wrong

    def _words(self, page: Any) -> str:
        """What the page says, without what was typed in the form."""
        words = str(page.inner_text("body"))
        for typed in (STORY, *(line for channel in self.procedure.intake.channels for line in channel.address)):
            words = words.replace(typed, "")
        return words
