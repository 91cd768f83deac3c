"""An old backup that is restored brings nobody back: the ledger is applied again."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from complaints.actions.retaining import carry_out
from complaints.actions.sweeping import sweep
from complaints.models import Case, Letter, Party
from complaints.retention import checks
from config import embedded
from procedures.management.commands.database_roles import OWNER, set_up_roles
from procedures.scoping import scope
from tests.complaints.factories import filed_case, published, staffed
from tests.complaints.retention.filled import NAME, SLUG, approved, closed, filled_case, gone_from
from tests.conftest import OwnDatabase

FILED = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
CLOSED = datetime(2026, 12, 1, 10, tzinfo=UTC)


class Backup:
    """A copy of the database and the media folder, as they were when it was made."""

    def __init__(self, database: OwnDatabase, media: Path) -> None:
        self.database, self.media = database, media
        self.name, self.folder = f"{database.name}_backup", media.with_name("backup")
        self._copy(database.name, self.name)
        shutil.copytree(media, self.folder)

    def restore(self) -> None:
        self._copy(self.name, self.database.name)
        shutil.rmtree(self.media)
        shutil.copytree(self.folder, self.media)
        with embedded.admin_connection(self.database.server.url(role="admin", database="postgres")) as admin:
            admin.execute(f'DROP DATABASE "{self.name}"')

    def _copy(self, source: str, target: str) -> None:
        connections.close_all()
        with embedded.admin_connection(self.database.server.url(role="admin", database="postgres")) as admin:
            admin.execute(f'DROP DATABASE IF EXISTS "{target}" WITH (FORCE)')
            admin.execute(f'CREATE DATABASE "{target}" TEMPLATE "{source}" OWNER {OWNER} STRATEGY wal_log')
            set_up_roles(admin, database=target)


def test_restored_backup_brings_nobody_back(own_database: OwnDatabase, media_folder: Path, ledger_file: Path):
    organisation = published(SLUG)
    people = staffed(organisation)
    case = closed(filled_case(organisation, people, at=FILED), at=CLOSED)
    gone = gone_from(case, at=CLOSED)
    backup = Backup(own_database, media_folder)
    approved(organisation, people, at=gone)
    assert carry_out(organisation.pk, at=gone) > 1
    assert [each for each in media_folder.rglob("*") if each.is_file() and "certificates" not in each.parts] == []
    after = filed_case(organisation, at=gone)

    backup.restore()
    with scope(organisation.pk):
        assert Party.objects.filter(case=case, name=NAME).exists()
        waiting = Letter.objects.filter(try_at__lte=gone).count()
    # A complaint of after the restore may get the key of one that was erased: the ledger is not about it.
    younger = filed_case(organisation, at=gone)
    assert younger.pk >= after.pk - 1
    assert [each.id for each in checks.erasures_are_applied(None, databases=["default"])] == ["complaints.W001"]
    assert sweep(at=gone) == 0
    with scope(organisation.pk):
        assert Letter.objects.filter(try_at__lte=gone).count() >= waiting, "nothing is sent"
    with pytest.raises(CommandError, match="1 cases are back"):
        call_command("apply_erasures", "--check")
    call_command("apply_erasures")
    with scope(organisation.pk):
        assert not Party.objects.filter(name=NAME).exists()
        assert Case.objects.get(pk=case.pk).erased_at
        assert Party.objects.filter(case=younger).exists()
        assert not Case.objects.get(pk=younger.pk).erased_at
    left = [each.read_bytes() for each in media_folder.rglob("*") if each.is_file()]
    assert not [each for each in left if NAME.encode() in each]
    assert checks.erasures_are_applied(None, databases=["default"]) == []
    call_command("apply_erasures", "--check")
