"""openapi.json and the server say the same: each path answers as described, whatever schemathesis sends."""

import json
from collections.abc import Callable, Iterator
from importlib import resources
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from edge_app.outputs.web.guard import Access
from edge_app.outputs.web.passwords import hash_token
from tests.outputs.web.conftest import Host, status_of

DOCUMENT: dict[str, Any] = json.loads(resources.files("edge_app").joinpath("assets/web/openapi.json").read_text())
ENDLESS = ("/stream.mjpg", "/api/events")  # never end, so their tests are elsewhere
EXAMPLES = 60  # of each of some twenty operations
TOKEN = {"Authorization": "Bearer right"}
CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]

schema = schemathesis.openapi.from_dict(DOCUMENT).exclude(path=list(ENDLESS))


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[Host]:
    """A page that asks programs for a token, and that goes on being told of turns."""
    from edge_app.outputs.web.changes import Actions
    from edge_app.outputs.web.server import Page, Place

    actions = Actions(lambda command: None, lambda tuning: None, lambda tuning: None, lambda: (b"", "text/plain"))
    page = Page(Place(port=0), Access(token=hash_token("right"), open=False), actions)
    port = page.wait_until_listening(20)
    for number in range(3):
        page.observe(status_of(number))
    yield Host(page, port)
    page.close()


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much, HealthCheck.too_slow],
)
def test_the_server_does_what_is_described(case: schemathesis.Case, fuzzed: Host) -> None:
    if case.path == "/frame.jpg":  # else each waits for a frame that does not come
        fuzzed.page.observe(status_of(len(str(case.query)) + 100))
    response = case.call(base_url=f"http://127.0.0.1:{fuzzed.port}", headers=TOKEN, timeout=20)

    assert response.status_code < 500 or response.status_code == 503
    case.validate_response(response, checks=CHECKS)


def test_every_route_is_described_and_every_description_has_a_route(host_of: Callable[..., Host]) -> None:
    host = host_of()
    asked = {
        (method.upper(), path)
        for path, operations in DOCUMENT["paths"].items()
        for method in operations
        if path not in ENDLESS
    }

    for method, path in asked:
        status = host.ask(method, path.replace("{id}", "1"), headers=host.visit())[0]
        assert status not in (404, 405), (method, path)
