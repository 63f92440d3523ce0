"""The public API held to its own document: orders and questions that schemathesis makes up from it, by its schemas.

No answer is a fault of ours, and what is answered has the shape that the document says.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import response_schema_conformance

from console.accounts.roles import Role
from tests.console.browser import HASH, PASSWORD, Browser
from tests.console.served import install, served

ROUNDS = 120
"""More than one for each route. The same in each run; without ``derandomize`` it looks for new ones."""

SLOW = ("/api/v1/health", "/api/v1/campaigns/{campaign_id}/forecast", "/api/v1/campaigns/{campaign}/audit")
"""Speak a word, simulate hours, and read a whole run in a process of its own: their own tests ask for them."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with served(install(tmp_path_factory.mktemp("schema"))) as found, Browser(found.settings) as browser:
        transport = httpx.HTTPTransport(uds=str(found.settings.engine.socket), verify=False)
        with httpx.Client(transport=transport, base_url="http://engine") as engine:
            order = {"name": "root", "role": Role.ADMINISTRATOR.value, "password": HASH, "must_change": False}
            assert engine.post("/v1/accounts", json=order).status_code == 200
            for path in ("/v1/agents/anna/login", "/v1/leads?list=autumn&file=x.csv"):
                assert engine.post(path, content=b"number\n+12025550120\n").status_code == 200
        browser.log_in("root", PASSWORD)
        yield browser


@pytest.fixture(scope="module")
def cases(root: Browser) -> st.SearchStrategy[schemathesis.Case[Any]]:
    """Requests to every route but those that are slow."""
    document: dict[str, Any] = root.call("GET", "/openapi.json").json()
    document["paths"] = {path: each for path, each in document["paths"].items() if path not in SLOW}
    schema = schemathesis.openapi.from_dict(document)
    found = [each.ok().as_strategy() for each in schema.get_all_operations() if isinstance(each, Ok)]
    assert len(found) > 80
    return st.one_of(found)


@settings(max_examples=ROUNDS, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_the_document_allows_is_answered_as_it_says(
    root: Browser, word: str, cases: st.SearchStrategy[schemathesis.Case[Any]], data: st.DataObject
) -> None:
    case = data.draw(cases)
    body = case.body if isinstance(case.body, dict | list | str | int | float | bool) or case.body is None else None
    content = b"" if body is None else json.dumps(body).encode()
    headers = {"Sec-Fetch-Site": "same-origin", "X-CSRF-Token": word, "Content-Type": "application/json"}
    answer = root.ask(case.method, case.formatted_path, headers, params=case.query, content=content)
    case.validate_response(answer, checks=[not_a_server_error, response_schema_conformance])


@pytest.fixture(scope="module")
def word(root: Browser) -> str:
    return root.csrf()
