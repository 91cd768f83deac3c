"""Every page of the desk: usable by everyone (WCAG 2.2 AA), sound HTML, nothing wider than a narrow phone.

The pages are those that links lead to, so a new one is judged the day that something leads there; and each form is sent
empty, to judge how it says what is wrong. `--screens FOLDER` keeps a picture of each, on a phone and on a desk.
"""

from __future__ import annotations

import tomllib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.urls import resolve
from django.utils import timezone

from complaints.actions import staff, tick_check
from complaints.actions.batches import make_batch
from complaints.demo.paths import ways
from complaints.demo.playing import HERE, Cast, play
from complaints.models import Letter
from procedures.scoping import scope
from tests.browser.conftest import Browsing
from tests.browser.judging import DESK, Judge, faults
from tests.complaints.factories import SLUGS, account, definition, member, published, staffed

SLUG, PHASES = "klassepro", ("received", "handling", "closed")
OF_A_PROCEDURE = ("case", "act", "take_in", "sides")  # pages that differ from one organisation to another
PASSWORD = "een lang wachtwoord"
SENT_BY = "button[type=submit]:visible"
FORMS = f"#content form[method=post]:has(:is(input:not([type=hidden]), select, textarea):visible):has({SENT_BY})"
LINKS = "links => links.map(link => link.href.split('#')[0])"


@dataclass(frozen=True, slots=True)
class Stage:
    """A case in each of some phases, and the addresses that people sign in with."""

    slug: str

    phases: dict[str, str]  # reference → phase
    whole: str  # who has every role, and handles every case
    stranger: str  # who has none


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One organisation in three phases is enough to judge all templates; pictures are of everything."""
    metafunc.parametrize("slug", SLUGS if metafunc.config.getoption("--screens") else [SLUG])


@pytest.fixture
def stage(slug: str, own_database: object, media_folder: Path, request: pytest.FixtureRequest) -> Stage:
    organisation, procedure = published(slug), definition(slug)
    found = ways(procedure)
    wanted = list(found) if request.config.getoption("--screens") else PHASES
    whole = member(organisation, "Mirjam de Wit", *(each.name for each in procedure.roles))
    others = {name: [each] for name, each in staffed(organisation).items()}
    for each in procedure.every_field():
        for number in range(1, each.count):
            others[each.role].append(member(organisation, f"Beoordelaar {number}", each.role))
    people = tomllib.loads((HERE / "people.toml").read_text(encoding="utf-8"))
    handling = {role.name: [whole] for role in procedure.roles if role.is_handler}
    cast, now = Cast(people["complainants"], people["phrases"], others | handling), timezone.now()
    phases = {}
    for number, phase in enumerate(wanted):
        # The first is new and was left lying.
        ends_at = now - timedelta(days=0 if number else 9, hours=3)
        with scope(organisation.pk):
            case = play(
                procedure, found[phase], cast, number=number, ends_at=ends_at, until=now, is_diligent=bool(number)
            )
            for check in procedure.checks:
                if (slug, phase) == (SLUG, "handling") and "decide" in check.before:
                    tick_check(case, check.name, actor=staff(whole, procedure, case), at=now)
        phases[case.reference] = phase
    with scope(organisation.pk):
        letters = Letter.objects.exclude(pdf="").order_by("pk").values_list("pk", flat=True)[:3]
        Letter.objects.filter(pk__in=list(letters)).update(state=Letter.State.TO_POST, to_address=[], sent_at=None)
        for by, key in zip((whole, next(iter(others.values()))[0]), letters, strict=False):
            make_batch([key], member=by, procedure=procedure, at=now)
    return Stage(slug, phases, whole.user.email, account("Frank Zonderrol").email)


def test_every_page_of_the_desk_is_usable_by_everyone(
    stage: Stage,
    live_site: str,
    browsing: Browsing,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    every: bool,
):
    screens = request.config.getoption("--screens")

    def visit(browser: Any) -> tuple[list[str], list[str]]:
        folder = Path(screens) / stage.slug / "desk" if screens else None
        judge, seen = Judge(browser, live_site, tmp_path, size=DESK, screens=folder, every=every), []
        for name in everything(judge, stage):
            judge.look(name)
            seen.append(name)
        judge.close()
        return judge.wrong, seen

    wrong, seen = browsing.run(visit, timeout=900)
    assert wrong == []
    assert faults(tmp_path) == []
    assert {f"case-{phase}" for phase in stage.phases.values()} <= set(seen)
    if stage.slug != SLUG:
        return
    forms = {"account_login", "act-decide", "batch", "act-dismiss", "take_in-file", "invite", "member_new"}
    lists = {"worklist", "worklist-chosen", "register", "agenda", "members", "deputies", "procedure", "closing_days"}
    assert {*forms, *(f"{each}-mistakes" for each in forms), *lists, "sides", "member", "to_post"} <= set(seen)


def everything(judge: Judge, stage: Stage) -> Iterator[str]:
    """Brings the page into one state after another; the name of each."""
    page = judge.page
    if stage.slug != SLUG:
        sign_in(page, judge.site, stage.whole)
        tour = Tour(judge, stage.phases, first="/beheer/zaken/", only=OF_A_PROCEDURE)
        tour.queue.extend(f"/beheer/zaken/{reference}/" for reference in stage.phases)
        yield from tour.pages()
        yield from tour.mistakes()
        return
    entrance = Tour(judge, stage.phases, first="/beheer/login/")
    yield from entrance.pages()
    yield from entrance.mistakes()
    sign_in(page, judge.site, stage.stranger)
    yield "no-access"
    page.context.clear_cookies()
    sign_in(page, judge.site, stage.whole)
    tour = Tour(judge, stage.phases, first="/beheer/zaken/")
    tour.queue.extend(f"/beheer/zaken/{reference}/" for reference in stage.phases)
    yield from tour.pages()
    page.goto(judge.site + tour.found["batch"])
    page.fill("#gepost-op", "31-11-2026")
    page.uncheck("#welke input")
    with page.expect_navigation():
        page.get_by_role("button", name="Deze brieven zijn gepost").click()
    yield "batch-mistakes"
    yield from tour.mistakes()
    page.goto(f"{judge.site}/beheer/zaken/?q=nietbestaand")
    yield "worklist-nothing"
    page.goto(f"{judge.site}/beheer/zaken/{next(iter(stage.phases))}/handeling/reassign/")
    yield "act-refused"
    with page.expect_navigation():
        page.locator("#logout-form button").click()
    yield "logged-out"


def sign_in(page: Any, site: str, email: str) -> None:
    page.goto(f"{site}/beheer/login/")
    page.fill("#id_login", email)
    page.fill("#id_password", PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")


class Tour:
    """A walk along the links of the desk, from page to page: each kind of page once, each case, each act.

    A link that leads to a file is followed once for each kind of file: there is nothing to judge behind it.

    `only`: beginnings of the names of the pages that are shown, where not all are.
    """

    def __init__(self, judge: Judge, phases: dict[str, str], *, first: str, only: tuple[str, ...] = ("",)) -> None:
        self.page, self.site, self.phases, self.only = judge.page, judge.site, phases, only
        self.queue = deque([first])
        self.found: dict[str, str] = {}  # name → address
        self.files: set[str] = set()  # the names of those that lead to a file, and to no page
        self.asking: list[str] = []  # the names of those with one form to send empty

    def pages(self) -> Iterator[str]:
        while self.queue:
            address = self.queue.popleft()
            if self._name(address) in self.found or self._name(address) in self.files:
                continue
            name = self._visited(address)
            if name == "":
                self.files.add(self._name(address))
            if name == "" or name in self.found:
                continue
            self.found[name] = address
            if name.startswith(self.only):
                yield name
                if "?" not in address and self.page.locator(FORMS).count() == 1:
                    self.asking.append(name)
            links = self.page.eval_on_selector_all("a[href]", LINKS)
            found = (each.removeprefix(self.site) for each in links)
            # Choices in a list are followed from the list as it is, not from other choices.
            self.queue.extend(
                each for each in found if each.startswith("/beheer/") and not ("?" in address and "?" in each)
            )

    def mistakes(self) -> Iterator[str]:
        """Each page with one form again, after that form was sent empty, where something is wrong with that."""
        for name in self.asking:
            self.page.goto(self.site + self.found[name])
            form = self.page.locator(FORMS)
            if form.count() != 1:  # what was sent before took it away
                continue
            form.evaluate("form => form.noValidate = true")
            with self.page.expect_response(lambda answer: answer.request.method == "POST") as sent:
                form.locator(SENT_BY).first.click()
            self.page.wait_for_load_state()
            if sent.value.status == 422:
                yield f"{name}-mistakes"

    def _visited(self, address: str) -> str:
        """Goes there; the name of the page that it leads to, none for a file."""
        from playwright.sync_api import Error

        try:
            answer = self.page.goto(self.site + address)
        except Error as problem:
            if "Download is starting" in str(problem):
                return ""
            raise
        is_page = str(answer.headers.get("content-type", "")).startswith("text/html")
        return self._name(self.page.url.removeprefix(self.site)) if is_page else ""

    def _name(self, address: str) -> str:
        """The kind of page, with the act or the phase that it shows, and whether a choice was made on it."""
        parts = urlsplit(address)
        match = resolve(parts.path)
        which = match.kwargs.get("act") or (self.phases[match.kwargs["reference"]] if match.url_name == "case" else "")
        words = [match.url_name or "", str(which), "chosen" if parts.query else ""]
        return "-".join(each for each in words if each)
