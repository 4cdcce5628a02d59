"""The page of the receiver says what the code does."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest
from temporalio.client import Client

from longtake.callbacks.app import NAME_LIMIT, PATIENCE, create_app
from longtake.callbacks.metrics import Outcome
from longtake.vendors import REGISTRY
from tests.callbacks.conftest import forget
from tests.callbacks.vendors import parser_of
from tests.docs.pages import page, tables

PAGE = page("docs/callbacks.md")
ADDRESSES, RECEIPTS, STATUSES, METRICS = (rows for _, *rows in tables(PAGE))


def code(cell: str) -> str:
    found = re.match(r"`([^`]+)`", cell)
    return found[1] if found else ""


def test_every_address_is_listed(temporal: Client) -> None:
    routes: list[Any] = create_app({}, temporal, forget, max_body_bytes=1).routes
    served = {(method, route.path) for route in routes for method in route.methods - {"HEAD"}}
    assert {tuple(code(row[0]).split(" ")) for row in ADDRESSES} == served


def test_every_vendor_s_receipt_and_patience_are_listed() -> None:
    assert [row[0] for row in RECEIPTS] == list(REGISTRY)
    assert PATIENCE == 0.5  # "in half of the time"
    for slug, receipt, waits, _ in RECEIPTS:
        parser = parser_of(slug)
        assert json.loads(code(receipt)) == parser.receipt
        assert waits.split(",")[0] == f"{parser.answer_within.total_seconds():g} s"


def test_every_outcome_is_explained() -> None:
    assert {code(row[1]) for row in STATUSES} - {""} == set(Outcome)
    assert f"{NAME_LIMIT:,} characters" in PAGE


@pytest.mark.parametrize("row", METRICS, ids=lambda row: row[0])
async def test_every_metric_has_its_labels(receiver: httpx.AsyncClient, row: list[str]) -> None:
    name, labels = code(row[0]), re.findall(r"`(\w+)`", row[1])
    about = (await receiver.get("/metrics")).text
    assert f"# TYPE {name} " in about
    for series in re.findall(rf"^{name}(?:_count)?{{(.*?)}}", about, re.MULTILINE):
        assert sorted(re.findall(r"(\w+)=", series)) == sorted(labels)


async def test_every_metric_is_listed(receiver: httpx.AsyncClient) -> None:
    kept = re.findall(r"^# TYPE (\w+) ", (await receiver.get("/metrics")).text, re.MULTILINE)
    assert {name for name in kept if not name.endswith("_created")} == {
        code(row[0]) for row in METRICS
    }
