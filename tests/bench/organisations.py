"""Many organisations with the same procedure, each under its own address and prefix, published as any is."""

from __future__ import annotations

from datetime import UTC, datetime

from procedures.catalogue import establish, publish
from procedures.loading import load
from tests.bench.crowd import Home
from tests.complaints.factories import DEFINITIONS

SINCE = datetime(2020, 1, 1, tzinfo=UTC)


def established(slug: str, count: int) -> list[Home]:
    """So many organisations that follow the document of `slug`."""
    source = (DEFINITIONS / f"{slug}.toml").read_text(encoding="utf-8")
    procedure = load(source)
    found = []
    for number in range(count):
        own = source.replace(f'organisation = "{slug}"', f'organisation = "{slug}-{number}"', 1)
        own = own.replace(f'prefix = "{procedure.prefix}"', f'prefix = "B{number}"', 1)
        organisation = establish(own, at=SINCE)
        version = publish(own, by="De directie", roles={procedure.publisher}, at=SINCE)
        found.append(Home(organisation.pk, version.pk))
    return found
