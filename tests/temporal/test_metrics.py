"""What a worker's own address tells Prometheus, after a session."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from temporalio.client import Client

from longtake.contracts import metrics, names
from tests.docs.pages import page, tables
from tests.house import House, house


def documented() -> dict[str, set[str]]:
    """The labels of our metrics by name, as docs/operations.md has them."""
    head = ["metric", "labels", "unit", "what"]
    table = next(found for found in tables(page("docs/operations.md")) if found[0] == head)
    return {name.strip("`"): set(re.findall(r"`(\w+)`", labels)) for name, labels, *_ in table[1:]}


def families(text: str) -> dict[str, list[dict[str, str]]]:
    """Our metrics of an address' page: the labels of every series, by name."""
    found: dict[str, list[dict[str, str]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            name = re.sub(r"_(bucket|sum|count)$", "", sample.name)
            if name.startswith("longtake_"):
                found.setdefault(name, []).append(sample.labels)
    return found


async def scraped(home: House, address: str) -> str:
    async def page_with_sessions() -> str:
        async with httpx.AsyncClient() as http:
            text = (await http.get(f"http://{address}/metrics")).text
        return text if metrics.ASKED_AT in text else ""

    return await home.eventually(page_with_sessions)


@pytest.fixture
def address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"127.0.0.1:{listener.getsockname()[1]}"


async def test_every_metric_of_ours_is_documented_and_there(
    client: Client, tmp_path: Path, address: str
) -> None:
    secret = "never-to-be-counted"
    async with house(
        client, tmp_path, in_process=False, account={"callback_secret": secret}
    ) as home:
        text = home.settings_path.read_text()
        home.settings_path.write_text(
            text.replace("[worker]\n", f'[worker]\nmetrics_address = "{address}"\n')
        )
        worker = await home.worker_process()
        try:
            await home.room("lesson-7", "1001")
            session = await home.start("lesson-7")
            await home.recording(session)
            await session.signal(names.STOP)
            await session.result()
            text = await scraped(home, address)
        finally:
            await worker.stop()
    found = families(text)
    ours = documented()
    assert found.keys() == ours.keys()
    besides = {"namespace", "task_queue", "workflow_type", "activity_type", "service_name", "le"}
    for name, series in found.items():
        assert {label for labels in series for label in labels} - besides == ours[name], name
    calls = {(labels["call"], labels["outcome"]) for labels in found[metrics.VENDOR_CALLS]}
    assert {(call, metrics.OK) for call in ("acquire", "start", "query", "stop")} <= calls
    shown = home.settings_path.read_text()
    secrets = re.findall(
        r'^\w*(?:secret|key|certificate|customer_id)\w* = "(.+)"$', shown, re.MULTILINE
    )
    assert secret in secrets
    assert [each for each in secrets if len(each) > 3 and each in text] == []
