"""Whatever is done to the history behind the application's back is found against a head from before (G13)."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from pytest_django import Settings

from complaints.models import Event
from complaints.operations import chain
from complaints.operations.chain import export_heads, verify
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import filed_case, published, staffed
from tests.conftest import OwnDatabase
from tests.drills.tampering import KINDS, tamper

AT = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def heads(settings: Settings, tmp_path: Path) -> Path:
    settings.HISTORY_HEADS = tmp_path / "kept" / "heads.jsonl"
    return tmp_path / "kept" / "heads.jsonl"


@contextlib.contextmanager
def history() -> Iterator[tuple[Organisation, Organisation]]:
    """Two organisations with cases; of the first heads were exported twice, of the other once."""
    organisation, other = published("klik-onderwijs"), published("klassepro")
    for each in (organisation, other):
        staffed(each)
    filed_case(organisation, at=AT)
    filed_case(other, at=AT)
    assert len(export_heads(at=AT)) == 2
    for _ in range(4):
        filed_case(organisation, at=AT + DAY)
    assert len(export_heads(at=AT + DAY)) == 1, "nothing happened at the other"
    yield organisation, other


def test_history_that_nobody_touched_fits(own_database: OwnDatabase, capsys: pytest.CaptureFixture[str]):
    with history() as (organisation, _):
        filed_case(organisation, at=AT + 2 * DAY)
        told = {each.organisation: each for each in verify()}
        ours = told["klik-onderwijs"]
        assert (ours.broken, ours.heads, ours.uncovered > 0) == (None, 2, True)
        with scope(organisation.pk):
            assert ours.events == Event.objects.count()
        assert told["klassepro"].uncovered == 0
        call_command("history", "--verify")
        assert "klik-onderwijs: 6 events, 2 heads fit, 1 events since the last." in capsys.readouterr().out


@pytest.mark.parametrize("kind", KINDS)
def test_tampering_is_found_and_placed(own_database: OwnDatabase, kind: str):
    with history() as (organisation, _), own_database.connect("admin") as admin:
        assert tamper(admin, kind, organisation=organisation.pk, seed=7)
        told = {each.organisation: each for each in verify()}
        assert told["klik-onderwijs"].broken
        assert told["klassepro"].broken is None
        with pytest.raises(CommandError, match="of 1 organisations is not what it was"):
            call_command("history", "--verify")


def test_head_that_was_made_up_does_not_fit(own_database: OwnDatabase, heads: Path):
    with history():
        lines = heads.read_text().splitlines()
        heads.write_text("\n".join(line.replace('"count": ', '"count": 1') for line in lines))
        assert all(each.broken for each in verify())


def test_organisation_that_is_gone_is_missed(own_database: OwnDatabase, heads: Path):
    with history():
        heads.write_text(heads.read_text().replace("klassepro", "verdwenen"))
        told = {each.organisation: each.broken for each in verify()}
        assert told["verdwenen"]


def test_other_key_is_said_and_begins_anew(own_database: OwnDatabase, settings: Settings):
    with history():
        settings.HISTORY_KEY = "another"
        assert all(each.is_other_key for each in verify())
        assert len(export_heads(at=AT + 2 * DAY)) == 2
        assert [each.broken for each in verify()] == [None, None]


def test_line_that_a_crash_cut_off_spoils_no_other(own_database: OwnDatabase, heads: Path):
    with history() as (_, other):
        with heads.open("a") as file:
            file.write('{"organisation": "klik')
        filed_case(other, at=AT + 2 * DAY)
        assert len(export_heads(at=AT + 2 * DAY)) == 1
        assert [each.broken for each in verify()] == [None, None]
        assert sum(map(len, chain.heads_by_organisation().values())) == 4


def test_event_that_is_committed_late_is_waited_for(own_database: OwnDatabase):
    """Its key may be lower than that of one that was there before: a head that left it out would never fit again."""
    with history() as (organisation, _):
        inside, go = threading.Event(), threading.Event()

        def file_slowly() -> None:
            with scope(organisation.pk):
                filed_case(organisation, at=AT + 2 * DAY)
                inside.set()
                go.wait(10)
            connections.close_all()

        slow = threading.Thread(target=file_slowly)
        slow.start()
        assert inside.wait(10)
        timer = threading.Timer(0.3, go.set)
        timer.start()
        export_heads(at=AT + 2 * DAY)
        assert go.is_set(), "it waited"
        slow.join()
        assert [(each.broken, each.uncovered) for each in verify()] == [(None, 0), (None, 0)]
