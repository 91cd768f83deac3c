"""The OpenAPI document, held against the API by schemathesis: every answer is one that the document tells of."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CheckFunction
from schemathesis.specs.openapi.checks import positive_data_acceptance

from complaints import throttling
from complaints.api import entering
from tests.complaints.api.conftest import SLUG, Connected

# What the answers must be stands in the form of the organisation, not in the document: good JSON may lack an answer.
BY_THE_FORM: list[CheckFunction] = [positive_data_acceptance]
EXAMPLES = 8  # for each operation; a few seconds in all


def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """The whole site on the test's own connection, which stays open, as Django's test client leaves it."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        response = WSGIHandler()(environ, start_response)
        body = b"".join(response)
        response.close()
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)
    return [body]


def test_document_is_openapi(connected: Connected):
    told = connected().client.get(f"/api/v1/{SLUG}/openapi.json").json()
    assert told["openapi"] == "3.1.0"
    assert {path: sorted(operations) for path, operations in told["paths"].items()} == {
        f"/api/v1/{SLUG}/form": ["get"],
        f"/api/v1/{SLUG}/register": ["get"],
        f"/api/v1/{SLUG}/complaints": ["post"],
    }
    schemathesis.openapi.from_dict(told).validate()


@pytest.mark.parametrize("path", ["form", "register", "complaints"])
def test_every_answer_is_as_the_document_says(path: str, connected: Connected, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(entering, "AT_MOST", 10_000)
    monkeypatch.setitem(throttling.FREE, "key", 10_000)  # it also tries keys that there are not
    system = connected()
    told = system.client.get(f"/api/v1/{SLUG}/openapi.json").json()
    schema = schemathesis.openapi.from_dict(told)
    schema.app = app
    operation = schema[f"/api/v1/{SLUG}/{path}"]["POST" if path == "complaints" else "GET"]

    @settings(
        max_examples=EXAMPLES,
        deadline=timedelta(seconds=10),
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
        derandomize=True,
    )
    @given(case=operation.as_strategy())
    def holds(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(headers={"Authorization": f"Bearer {system.secret}"}, excluded_checks=BY_THE_FORM)

    holds()
