from __future__ import annotations

import httpx
from temporalio.client import Client

from longtake.callbacks.metrics import Outcome
from longtake.client import RecordingClient, connect
from tests.callbacks.conftest import event_of, outcomes, post_to, receiver_of, samples
from tests.temporal.sessions import request_for


async def test_callbacks_are_counted_by_what_became_of_them(
    receiver: httpx.AsyncClient, recordings: RecordingClient, room: str
) -> None:
    await recordings.start(request_for(room))
    await post_to(receiver, event_of(room))
    await post_to(receiver, event_of(f"{room}?"))
    await post_to(receiver, b"{}")
    await post_to(receiver, event_of(room), acme_signature="")
    await post_to(receiver, b"[]")
    await post_to(receiver, b"{}", content_type="text/plain")
    await post_to(receiver, b" " * 10_000)
    assert await outcomes(receiver) == {
        "delivered": 1,
        "unclaimed": 1,
        "ignored": 1,
        "refused": 1,
        "malformed": 3,
    }


async def test_events_are_counted_by_kind_once_they_are_taken(room: str, temporal: Client) -> None:
    async with receiver_of(temporal) as http:
        for kind in ("started", "started", "ended"):
            await post_to(http, event_of(room, kind=kind))
        assert await samples(http, "longtake_callbacks_events_total", "kind") == {
            "started": 2,
            "ended": 1,
        }
    away = await connect("127.0.0.1:1", "default", lazy=True)
    async with receiver_of(away) as http:
        await post_to(http, event_of(room))
        assert await samples(http, "longtake_callbacks_events_total", "kind") == {}


async def test_every_answer_s_time_is_measured(receiver: httpx.AsyncClient, room: str) -> None:
    await post_to(receiver, event_of(room))
    await post_to(receiver, b"{}", acme_signature="")
    name = "longtake_callbacks_answer_seconds"
    assert await samples(receiver, f"{name}_count", "vendor") == {"acme": 2}
    buckets = await samples(receiver, f"{name}_bucket", "le")
    assert (buckets["10.0"], buckets["+Inf"]) == (2, 2)


async def test_every_outcome_of_an_account_is_there_from_the_beginning(
    receiver: httpx.AsyncClient,
) -> None:
    page = (await receiver.get("/metrics")).text
    for outcome in Outcome:
        labels = f'account="demo",outcome="{outcome}",vendor="acme"'
        assert f"longtake_callbacks_received_total{{{labels}}} 0.0" in page


async def test_an_address_that_is_none_makes_no_series(receiver: httpx.AsyncClient) -> None:
    await post_to(receiver, b"{}", path="/callbacks/acme/somebody")
    await post_to(receiver, b"{}", path="/callbacks/somebody/demo")
    assert "somebody" not in (await receiver.get("/metrics")).text


async def test_receivers_of_one_process_count_apart(temporal: Client) -> None:
    async with receiver_of(temporal) as one, receiver_of(temporal) as other:
        await post_to(one, b"{}")
        assert (await outcomes(one), await outcomes(other)) == ({"ignored": 1}, {})


async def test_prometheus_is_told_the_format_that_it_asks_for(receiver: httpx.AsyncClient) -> None:
    plain = await receiver.get("/metrics")
    open_metrics = await receiver.get(
        "/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"}
    )
    assert plain.headers["content-type"].startswith("text/plain")
    assert open_metrics.headers["content-type"].startswith("application/openmetrics-text")
    assert open_metrics.text.endswith("# EOF\n")
