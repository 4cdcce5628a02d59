from __future__ import annotations

from pathlib import Path

import httpx
from temporalio.client import Client

from longtake.callbacks.app import create_app, parsers_of
from longtake.client import RecordingClient
from longtake.domain.events import EventKind, VendorEvent
from longtake.settings import load
from tests.callbacks.conftest import forget
from tests.temporal.sessions import heard, request_for

SETTINGS = """
[accounts.demo]
vendor = "agora"
app_id = "0123456789abcdef0123456789abcdef"
customer_id = "customer"
customer_secret = "customer secret"
callback_secret = "ncs-test-secret"
"""

ROOM = "httpClient463224"
BODY = (
    b'{"noticeId":"2000001428:4330:107","productId":3,"eventType":31,"notifyMs":1700000123456,'
    b'"payload":{"cname":"httpClient463224","uid":"527841",'
    b'"sid":"38f8e3cfdc474cd56fc1ceba380d7e1a","sequence":7,"sendts":1700000123400,'
    b'"serviceType":2,"details":{"msgName":"uploaded","status":0,"fileList":[{"fileName":'
    b'"38f8e3cfdc474cd56fc1ceba380d7e1a_httpClient463224.m3u8","trackType":"audio_and_video",'
    b'"uid":"0","mixedAllUser":true,"isPlayable":true,"sliceStartTime":1700000000123}]}}}'
)
DIGEST = "65a03d3b2d13ac6db1618e4ac20174bb1b312dbb344bdb308ba8040ae34ae77e"
"""HMAC-SHA256 of the body under `ncs-test-secret`, worked out apart from this code."""


async def test_what_agora_signs_reaches_the_session_as_a_neutral_event(
    temporal: Client, recordings: RecordingClient, tmp_path: Path
) -> None:
    path = tmp_path / "longtake.toml"
    path.write_text(SETTINGS)
    app = create_app(parsers_of(load(path, {})), temporal, forget, max_body_bytes=10_000)
    session = await recordings.start(request_for(ROOM))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://receiver"
    ) as http:
        headers = {"content-type": "application/json", "agora-signature-v2": DIGEST}
        answer = await http.post("/callbacks/agora/demo", content=BODY, headers=headers)
        forged = await http.post("/callbacks/agora/demo", content=BODY + b" ", headers=headers)
    assert (answer.status_code, answer.json()) == (200, {"status": "success"})
    assert forged.status_code == 401
    [(_, [payload])] = await heard(temporal, session)
    event = VendorEvent.model_validate(payload)
    assert (event.kind, event.room, event.task_id) == (
        EventKind.UPLOADED,
        ROOM,
        "38f8e3cfdc474cd56fc1ceba380d7e1a",
    )
