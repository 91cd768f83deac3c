"""A real browser for tests: Debian's Chromium, driven from a thread of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_T = TypeVar("_T")


class Browsing:
    """Chromium in a thread: its event loop must not stand in a thread that asks the database."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._playwright: Any = None
        self._browser: Any = None

    def run(self, visit: Callable[..., _T], *arguments: object, timeout: float = 120) -> _T:
        """What `visit(browser, …)` gives, run where the browser is. `timeout` in seconds."""
        return self._thread.submit(lambda: visit(self._started(), *arguments)).result(timeout=timeout)

    def close(self) -> None:
        self._thread.submit(self._stop).result(timeout=20)
        self._thread.shutdown()

    def _started(self) -> Any:
        from playwright.sync_api import sync_playwright

        if self._browser is None:
            self._playwright = sync_playwright().start()
            self._browser = self._playwright.chromium.launch(
                executable_path=CHROMIUM,
                args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
            )
        return self._browser

    def _stop(self) -> None:
        if self._browser is not None:
            self._browser.close()
            self._playwright.stop()


@pytest.fixture(scope="session")
def browsing() -> Iterator[Browsing]:
    if not CHROMIUM:
        pytest.skip("CHROMIUM IS NOT ON THIS MACHINE: the browser tests are left out")
    browser = Browsing()
    yield browser
    browser.close()
