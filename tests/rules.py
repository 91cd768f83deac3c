"""Which test proves which rule: `python -m tests.rules`.

A test proves a rule by naming it: `@pytest.mark.rule("KO-08")`; a story names its rules itself. Rules whose proof comes
with a later part of the work stand in rules_later.toml, with the reason. Exit 1 when a rule is neither proved nor
listed, when one is both, and when a name is no rule.
"""

from __future__ import annotations

import contextlib
import io
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent


class _Collected:
    """A pytest plugin that keeps the tests that were found."""

    def __init__(self) -> None:
        self.items: list[pytest.Item] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.items = list(session.items)


def rules() -> dict[str, str]:
    """The id of every rule → what it says."""
    document = tomllib.loads((FOLDER / "rules.toml").read_text(encoding="utf-8"))
    return {each["id"]: each["rule"] for each in document["rule"]}


def later() -> dict[str, str]:
    """The id of every rule that is proved later → the reason."""
    document = tomllib.loads((FOLDER / "rules_later.toml").read_text(encoding="utf-8"))
    return dict(document["later"])


def proofs() -> dict[str, list[str]]:
    """The id of every rule that tests name → those tests. Collects the whole suite; RuntimeError when that fails."""
    collected, output = _Collected(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        code = pytest.main(["--collect-only", "-q", "-n0", str(FOLDER)], plugins=[collected])
    if code != pytest.ExitCode.OK:
        raise RuntimeError(f"the tests cannot be collected:\n{output.getvalue().partition('= ERRORS =')[2]}")
    return proofs_in(collected.items)


def proofs_in(items: Iterable[pytest.Item]) -> dict[str, list[str]]:
    """The id of every rule that these tests name → those tests."""
    found: dict[str, list[str]] = {}
    for item in items:
        for mark in item.iter_markers("rule"):
            for rule in mark.args:
                tests = found.setdefault(rule, [])
                if item.nodeid not in tests:
                    tests.append(item.nodeid)
    return found


def problems(known: Mapping[str, str], proved: Mapping[str, list[str]], postponed: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with the proof of the rules."""
    for rule in known:
        if rule not in proved and rule not in postponed:
            yield f"{rule} is not proved by any test, and rules_later.toml does not say why"
        if rule in proved and rule in postponed:
            yield f"{rule} is proved by {proved[rule][0]}; take it out of rules_later.toml"
    for rule in sorted({*proved, *postponed} - set(known)):
        where = proved[rule][0] if rule in proved else "rules_later.toml"
        yield f"{rule}, named in {where}, is no rule of rules.toml"
    for rule, reason in postponed.items():
        if not reason.strip():
            yield f"{rule} stands in rules_later.toml without a reason"


def main() -> int:
    known, postponed, proved = rules(), later(), proofs()
    for rule in known:
        tests = proved.get(rule, [])
        print(f"{rule}  {len(tests):3}  {postponed.get(rule, '') if not tests else ''}".rstrip())
        for test in tests:
            print(f"            {test}")
    wrong = list(problems(known, proved, postponed))
    in_all = len(set(known) & set(proved))
    print(f"\n{len(known)} rules: {in_all} proved, {len(set(known) & set(postponed) - set(proved))} later.")
    for each in wrong:
        print(each, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
