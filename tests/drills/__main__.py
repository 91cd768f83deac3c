"""`make drill`: runs the drills one after the other, each in a process and on servers of its own; fails when one does.

`make drill only=g2 SIZE=0.02` runs one of them, at a fiftieth of its size; with DRILL_ALL_KILLS=1 it kills as often as
at full size all the same. What was measured is printed as a table and kept as JSON in var/drills/.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

from tests.drills.figures import Report

# By the number of the promise that each is to prove, in the order in which they run: the longest last.
DRILLS = {
    "g13": "tampering",
    "tests": "tested",
    "g4": "schedulers",
    "g17": "frozen_broker",
    "speed": "sender_speed",
    "g8": "one_scope",
    "g1": "filings",
    "backlog": "backlog",
    "g2": "letters",
}
RESULTS = Path("var/drills")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help=f"one of {', '.join(DRILLS)} (g3 is measured by g2)")
    parser.add_argument("--size", type=float, default=1.0, help="1 is full size")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)  # in this process; needs --only
    options = parser.parse_args()
    only = {"g3": "g2"}.get(options.only.lower(), options.only.lower())
    if only and only not in DRILLS:
        parser.error(f"there is no drill {only}; there are {', '.join(DRILLS)}")
    if options.here:
        return _drill(only, options.size)
    broken = [
        name
        for name in ([only] if only else DRILLS)
        if subprocess.run(
            [sys.executable, "-m", "tests.drills", "--here", "--only", name, "--size", str(options.size)], check=False
        ).returncode
    ]
    print(f"\nBroken: {', '.join(broken)}" if broken else "\nEvery promise that was drilled held.")
    return 1 if broken else 0


def _drill(name: str, size: float) -> int:
    from tests.drills.stack import Stack

    with Stack() as stack:
        os.environ.update(stack.environment, LOG_LEVEL="ERROR")
        import django

        django.setup()
        module = importlib.import_module(f"tests.drills.{DRILLS[name]}")
        report: Report = module.drill(stack, size)
    print(report.table(), flush=True)
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(report.as_json(), indent=2, ensure_ascii=False) + "\n")
    return 0 if report.holds else 1


if __name__ == "__main__":
    sys.exit(main())
