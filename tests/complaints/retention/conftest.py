"""What tests of keeping and erasing start from."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from complaints.models import Membership
from procedures.models import Organisation
from tests.complaints.factories import published, staffed
from tests.complaints.retention.filled import SLUG


@pytest.fixture
def ledger_file(settings: Settings, tmp_path: Path) -> Path:
    """A ledger of erasures for this test alone."""
    settings.ERASURE_LEDGER = tmp_path / "kept" / "erasures.jsonl"
    return tmp_path / "kept" / "erasures.jsonl"


@pytest.fixture
def organisation() -> Organisation:
    return published(SLUG)


@pytest.fixture
def people(organisation: Organisation) -> dict[str, Membership]:
    return staffed(organisation)
