"""G5, G6, G7, G9 to G12, G14 to G16: the promises that the tests keep at full size each time; here with a figure for
each."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.drills.figures import Report
from tests.drills.stack import ROOT, Stack

PROVED_BY = {
    "G5 dates are right": ("procedures/test_calendars.py", "procedures/test_deadlines.py"),
    "G6 no organisation sees another over HTTP": (
        "complaints/test_every_address.py",
        "complaints/desk/test_isolation.py",
        "complaints/desk/test_permissions.py",
    ),
    "G7 nor in the database": ("complaints/test_isolation.py", "config/test_embedded.py"),
    "G9 codes cannot be guessed": ("complaints/portal/test_entering.py", "complaints/test_throttling.py"),
    "G10 uploads are safe": ("complaints/test_uploads.py",),
    "G11 mail in is safe": ("complaints/inbox",),
    "G12 exports are inert and whole": ("complaints/desk/test_register.py",),
    "G14 retention is kept to the day": ("complaints/retention", "complaints/test_whole_life.py"),
    "G15 a backup restores": ("complaints/operations/test_backup.py",),
    "G16 no personal data on the side": ("config/test_logs.py", "complaints/test_notices.py"),
}


def drill(stack: Stack, size: float) -> Report:  # the same tests, whatever the size
    report = Report("G5 to G7, G9 to G12, G14 to G16 · What the tests prove at full size")
    # These bring their own servers.
    environment = {name: value for name, value in os.environ.items() if name not in stack.environment}
    for promise, files in PROVED_BY.items():
        found = stack.folder / "tests.xml"
        command = [sys.executable, "-m", "pytest", "-q", "--every", f"--junitxml={found}", *paths(files)]
        subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)
        suite = next(ET.parse(found).getroot().iter("testsuite"))  # noqa: S314  # written just now, by pytest
        tests, skipped = int(suite.attrib["tests"]), int(suite.attrib["skipped"])
        report.say(f"{promise}: {tests} tests, of which {skipped} did not run here")
        report.exactly(
            f"{promise}, tests that failed", sum(int(suite.attrib[kind]) for kind in ("failures", "errors")), 0
        )
        report.at_least(f"{promise}, tests that passed", tests - skipped, 1)
        found.unlink()
    return report


def paths(files: tuple[str, ...]) -> list[str]:
    """The files as the suite names them."""
    return [str(Path("tests") / each) for each in files]
