"""Dossiers in S3-compatible storage: through the same gate, out through the same views, backed up and erased alike."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from moto.server import ThreadedMotoServer
from pytest_django import Settings

from complaints import storage
from complaints.actions import send_waiting
from complaints.actions.receiving import keep_mail
from complaints.models import Document, DraftFile, IncomingMail, Letter
from complaints.operations import backup
from procedures.scoping import scope
from tests.complaints.factories import definition, published, staffed
from tests.complaints.intake.test_public_pages import typed
from tests.conftest import MailServer

AT = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
SLUG = "klik-onderwijs"


@pytest.fixture(scope="module")
def s3_server() -> Iterator[str]:
    """A real S3 server on this machine, spoken to over HTTP."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_server: str, settings: Settings, tmp_path: Path) -> Iterator[Any]:
    """An empty bucket, as the storage of this test."""
    known = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "eu-west-1"}
    own = boto3.resource("s3", endpoint_url=s3_server, **known).create_bucket(
        Bucket="dossiers", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "config.s3.Dossiers",
            "OPTIONS": {
                "bucket_name": "dossiers",
                "endpoint_url": s3_server,
                "region_name": "eu-west-1",
                "access_key": "key",
                "secret_key": "secret",
                "location": "gehoor",
            },
        },
    }
    yield own
    assert not (tmp_path / "media").exists(), "nothing went to a folder"
    own.objects.all().delete()
    own.delete()


@pytest.mark.django_db
def test_files_go_in_through_the_gate_and_out_inert(bucket: Any, client: Client, smtp_server: MailServer):
    organisation = published(SLUG)
    staffed(organisation)
    page = typed(definition(SLUG), nonce="n" * 43, email="j@wilgenroos.example")
    lot = [SimpleUploadedFile("brief.txt", b"Zo ging het."), SimpleUploadedFile("kwaad.svg", b"<svg/>")]
    client.post(f"/{SLUG}/indienen/", page | {"files": lot, "step": "check"})
    with scope(organisation.pk):
        assert [each.title for each in DraftFile.objects.all()] == ["brief.txt"], "the gate is the same"
    assert client.post(f"/{SLUG}/indienen/", page | {"step": "send"}).status_code == 201
    assert send_waiting(organisation.pk, at=datetime.now(UTC)) > 0
    with scope(organisation.pk):
        document = Document.objects.get()
        names = {str(document.file.name), *Letter.objects.exclude(pdf="").values_list("pdf", flat=True)}
        assert document.file.read() == b"Zo ging het."
    found = {each for each in storage.names() if not each.startswith("drafts/")}  # those go when this would commit
    assert found == names
    kept = {each.key: each.Object() for each in bucket.objects.all()}
    assert set(kept) == {f"gehoor/{name}" for name in storage.names()}
    assert {each.content_disposition for each in kept.values()} == {"attachment"}
    assert {each.content_type for each in kept.values()} == {"application/octet-stream"}, "inert there too"
    with pytest.raises(NotImplementedError):
        default_storage.url(str(document.file.name))


def test_what_goes_wrong_is_what_goes_wrong_with_a_folder(bucket: Any, settings: Settings):
    assert default_storage.save("letters/a.pdf", ContentFile(b"one")) == "letters/a.pdf"
    storage.make_durable("letters/a.pdf")
    assert default_storage.save("letters/a.pdf", ContentFile(b"two")) != "letters/a.pdf", "nothing is written over"
    assert default_storage.open("letters/a.pdf").read() == b"one"
    with pytest.raises(FileNotFoundError):
        default_storage.open("letters/none.pdf")
    default_storage.delete("letters/none.pdf")
    settings.STORAGES["default"]["OPTIONS"]["bucket_name"] = "gone"
    settings.STORAGES = {**settings.STORAGES}
    for what in ("delete", "listdir", "open"):
        with pytest.raises(OSError):  # noqa: PT011  # which of them does not matter
            getattr(default_storage, what)("letters/a.pdf")


@pytest.mark.django_db
def test_mail_is_kept_there_and_a_backup_holds_it(bucket: Any, tmp_path: Path):
    organisation = published(SLUG)
    assert keep_mail(organisation.pk, b"From: a@b.example\r\n\r\nHallo", arrived_at=AT, at=AT)
    with scope(organisation.pk):
        name = str(IncomingMail.objects.get().file.name)
    assert list(storage.names()) == [name]
    assert backup._copied(name, tmp_path / "backup" / "file") == backup._hash(default_storage.open(name))
    assert (tmp_path / "backup" / "file").read_bytes().endswith(b"Hallo")
