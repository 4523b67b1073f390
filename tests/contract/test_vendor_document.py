"""In the document's shapes the sandbox' shop satisfies the vendor's own OpenAPI document.

The document is not part of this project: its path is in the environment variable
`MYONLINESTORE_OPENAPI`.
"""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
import yaml
from openapi_schema_validator import OAS30Validator, oas30_format_checker

from mww2minox.sandbox import Sandbox, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

Document = dict[str, Any]
TODAY = dt.date(2026, 3, 20)
KEYS = {"token": "sandbox-shop-token", "partner_token": "sandbox-partner-token"}
DOCUMENT = os.environ.get("MYONLINESTORE_OPENAPI")
AGAINST_THE_DOCUMENT = "1046"
"""The sample whose tax strategy is not in the document: that is what it is there for."""

pytestmark = pytest.mark.skipif(
    not DOCUMENT, reason="MYONLINESTORE_OPENAPI does not name the vendor's document"
)


@pytest.fixture(scope="module")
def document() -> Document:
    """Load the vendor's document, one flaw mended."""
    loaded: Document = yaml.safe_load(Path(DOCUMENT or "").read_text(encoding="utf-8"))
    # TaxPrice does not say that it is an object: every array then satisfies it too, so that each
    # `oneOf: [array of TaxPrice, TaxPrice]` refuses arrays for being both.
    loaded["components"]["schemas"]["TaxPrice"]["type"] = "object"
    return loaded


@pytest.fixture(params=[False, True], ids=["filled", "empty"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """Start a shop in the document's shapes, the moment of a status change filled or left out."""
    settings = Settings(
        shape="document", archived_default="both", status_changed_empty=request.param
    )
    with Sandbox(today=TODAY, settings=settings) as running:
        running.shop.remove(AGAINST_THE_DOCUMENT)
        yield running


def _get(sandbox: Sandbox, path: str, **query: str | int) -> requests.Response:
    return requests.get(f"{sandbox.shop_url}/v1{path}", params={**KEYS, **query}, timeout=5)


def _check(document: Document, schema: dict[str, Any], answer: object) -> None:
    whole = {**schema, "components": document["components"]}
    errors = OAS30Validator(whole, format_checker=oas30_format_checker).iter_errors(answer)
    assert [f"{error.json_path}: {error.message}" for error in errors] == []


def _answer_schema(document: Document, path: str) -> dict[str, Any]:
    found = document["paths"]["/v{version}" + path]["get"]["responses"]["200"]
    schema: dict[str, Any] = found["content"]["application/json"]["schema"]
    return schema


def test_the_order_list(document: Document, sandbox: Sandbox) -> None:
    """Every sample, archived and test orders included."""
    orders = _get(sandbox, "/orders", limit=100, test="true").json()

    assert len(orders) == len(sandbox.shop.orders)
    _check(document, _answer_schema(document, "/orders"), orders)


def test_one_order(document: Document, sandbox: Sandbox) -> None:
    """A credit order and the vendor's own example."""
    for number in ("1021", "1027"):
        order = _get(sandbox, f"/orders/{number}").json()
        _check(document, {"$ref": "#/components/schemas/Order"}, order)


@pytest.mark.parametrize("reading", ["told", "retried", "failed", "none"])
def test_the_payments_of_an_order(document: Document, sandbox: Sandbox, reading: str) -> None:
    """A plain order, a credit order, one of 0.00."""
    sandbox.settings.update({"payments": reading})
    schema = _answer_schema(document, "/orders/{order_number}/payments")

    for number in ("1001", "1021", "1032"):
        answer = _get(sandbox, f"/orders/{number}/payments", embed="mutations,properties")
        assert answer.status_code == 200
        _check(document, schema, answer.json())


@pytest.mark.parametrize(
    "path",
    ["/orders/count", "/orderstatuses", "/store", "/payment/gateways", "/tax-policy/regions"],
)
def test_the_other_answers(document: Document, sandbox: Sandbox, path: str) -> None:
    """Each has its schema at its path."""
    answer = _get(sandbox, path)

    assert answer.status_code == 200
    _check(document, _answer_schema(document, path), answer.json())


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/orders/99999", {}, 404),
        ("/orders", {"token": "wrong"}, 401),
        ("/orders", {"limit": 101}, 400),
    ],
)
def test_errors(
    document: Document, sandbox: Sandbox, path: str, query: dict[str, Any], status: int
) -> None:
    """All of them are problems."""
    answer = _get(sandbox, path, **query)

    assert answer.status_code == status
    _check(document, {"$ref": "#/components/schemas/ApiProblem"}, answer.json())


def test_a_wrong_answer_is_found(document: Document, sandbox: Sandbox) -> None:
    """The check itself can fail: in live shapes an order's number is a string."""
    sandbox.settings.shape = "live"
    order = _get(sandbox, "/orders/1001").json()
    with pytest.raises(AssertionError, match="number"):
        _check(document, {"$ref": "#/components/schemas/Order"}, order)
