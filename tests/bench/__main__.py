"""`make bench`: measures one thing after the other, each in a process and on servers of its own; nothing is refused.

`make bench only=days SIZE=0.02` measures one of them, at a fiftieth of its size. Goals are ratios within one run,
because no two machines are alike; figures without a goal are told for what they are. What was measured is printed as a
table and kept as JSON in var/bench/. A goal that was missed is named, and breaks nothing: a busy machine misses goals.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

from tests.drills.figures import Report
from tests.drills.stack import Stack

# By name, in the order in which they run: the longest last. Each is a module here with `bench(stack, size)`; where it
# needs no servers, with `bench(size)`.
ALONE = {"days": "working_days", "engine": "deciding"}
ON_SERVERS = {
    "letters": "letters",
    "processes": "processes",
    "filing": "filing",
    "report": "yearly_report",
    "sweep": "deadline_sweep",
    "pages": "desk_pages",
}
BENCHES = {**ALONE, **ON_SERVERS}
RESULTS = Path("var/bench")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help=f"one of {', '.join(BENCHES)}")
    parser.add_argument("--size", type=float, default=1.0, help="1 is full size")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)  # in this process; needs --only
    options = parser.parse_args()
    if options.only and options.only not in BENCHES:
        parser.error(f"there is no benchmark {options.only}; there are {', '.join(BENCHES)}")
    if options.here:
        return _measure(options.only, options.size)
    failed = [
        name
        for name in ([options.only] if options.only else BENCHES)
        if subprocess.run(
            [sys.executable, "-m", "tests.bench", "--here", "--only", name, "--size", str(options.size)], check=False
        ).returncode
    ]
    if failed:
        print(f"\nNot measured, because it failed: {', '.join(failed)}")
    return 1 if failed else 0


def _measure(name: str, size: float) -> int:
    module = importlib.import_module(f"tests.bench.{BENCHES[name]}") if name in ALONE else None
    report: Report
    with contextlib.ExitStack() as open_servers:
        if module is not None:
            report = module.bench(size)
        else:
            stack = open_servers.enter_context(Stack())
            os.environ.update(stack.environment, LOG_LEVEL="ERROR")
            import django

            django.setup()
            report = importlib.import_module(f"tests.bench.{BENCHES[name]}").bench(stack, size)
    print(report.table(missed="missed"), flush=True)
    RESULTS.mkdir(parents=True, exist_ok=True)
    kept = {"size": size, **report.as_json()}
    (RESULTS / f"{name}.json").write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
