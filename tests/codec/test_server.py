"""What Temporal's UI and command ask of the codec server, over plain HTTP."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from google.protobuf import json_format
from temporalio.api.common.v1 import Payload, Payloads

from longtake.temporal.codec import AesGcmCodec, Keyring
from longtake.temporal.codec_server import create_app
from tests.codec.keys import NEW, TOKEN, keyring

UI = "https://temporal.example.com"
BEARER = {"authorization": f"Bearer {TOKEN}"}
MAX_BODY_BYTES = 2_000
CLEAR = Payload(metadata={"encoding": b"json/plain"}, data=b'{"room":"standup"}')


@pytest_asyncio.fixture
async def server() -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(
        AesGcmCodec(keyring()), token=TOKEN, origins=[UI], max_body_bytes=MAX_BODY_BYTES
    )
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://codec"
    ) as http:
        yield http


async def sealed(ring: Keyring | None = None) -> dict[str, Any]:
    return as_json(await AesGcmCodec(ring or keyring()).encode([CLEAR]))


def as_json(payloads: list[Payload]) -> dict[str, Any]:
    return json_format.MessageToDict(Payloads(payloads=payloads))


async def test_sealed_payload_is_answered_in_the_clear(server: httpx.AsyncClient) -> None:
    answer = await server.post("/decode", json=await sealed(), headers=BEARER)
    assert answer.status_code == 200
    [payload] = answer.json()["payloads"]
    assert base64.b64decode(payload["data"]) == CLEAR.data
    assert base64.b64decode(payload["metadata"]["encoding"]) == b"json/plain"


async def test_what_is_typed_into_a_form_is_sealed(server: httpx.AsyncClient) -> None:
    answer = await server.post("/encode", json=as_json([CLEAR]), headers=BEARER)
    assert answer.status_code == 200
    assert base64.b64encode(CLEAR.data).decode() not in answer.text
    back = await server.post("/decode", json=answer.json(), headers=BEARER)
    assert back.json() == as_json([CLEAR])


async def test_payloads_keep_their_order_and_clear_ones_pass(server: httpx.AsyncClient) -> None:
    payloads = [Payload(data=b"first"), *await AesGcmCodec(keyring()).encode([CLEAR])]
    answer = await server.post("/decode", json=as_json(payloads), headers=BEARER)
    assert answer.json() == as_json([Payload(data=b"first"), CLEAR])


async def test_token_may_stand_in_the_path(server: httpx.AsyncClient) -> None:
    answer = await server.post(f"/{TOKEN}/decode", json=await sealed())
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/decode", {}),
        ("/decode", {"authorization": "Bearer wrong"}),
        ("/decode", {"authorization": f"Basic {TOKEN}"}),
        ("/decode", {"authorization": TOKEN}),
        ("/wrong/decode", {}),
        ("/wrong/decode", BEARER),
        (f"/{TOKEN[:-1]}/decode", {}),
        ("/%C3%A9/decode", {}),
        ("/encode", {}),
    ],
)
async def test_nothing_is_opened_without_the_token(
    server: httpx.AsyncClient, path: str, headers: dict[str, str]
) -> None:
    answer = await server.post(path, json=await sealed(), headers=headers)
    assert answer.status_code == 401
    assert "payloads" not in answer.text


@pytest.mark.parametrize("path", ["/decode", f"/{TOKEN}/decode"])
async def test_pages_of_the_ui_may_ask_and_others_may_not(
    server: httpx.AsyncClient, path: str
) -> None:
    def asking(origin: str) -> dict[str, str]:
        return {
            "origin": origin,
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,content-type,x-namespace",
        }

    allowed = await server.options(path, headers=asking(UI))
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == UI
    refused = await server.options(path, headers=asking("https://evil.example.com"))
    assert refused.status_code == 400
    assert "access-control-allow-origin" not in refused.headers


async def test_answers_carry_the_uis_origin_and_no_other(server: httpx.AsyncClient) -> None:
    for origin, told in ((UI, UI), ("https://evil.example.com", None)):
        answer = await server.post(
            "/decode", json=await sealed(), headers={**BEARER, "origin": origin}
        )
        assert answer.headers.get("access-control-allow-origin") == told
    # The UI shows what went wrong only if it may read it.
    answer = await server.post("/decode", json={}, headers={"origin": UI})
    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == UI


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"{", b'{"payloads": 5}', b"\xff"],
)
async def test_nonsense_is_refused_without_being_repeated(
    server: httpx.AsyncClient, body: bytes
) -> None:
    answer = await server.post("/decode", content=body, headers=BEARER)
    assert (answer.status_code, answer.text) == (400, "Bad Request")


async def test_newer_fields_are_passed_over(server: httpx.AsyncClient) -> None:
    body = {**await sealed(), "newer": {"field": 1}}
    assert (await server.post("/decode", json=body, headers=BEARER)).status_code == 200


async def test_body_has_an_end(server: httpx.AsyncClient) -> None:
    body = json.dumps({"payloads": [{"data": "A" * MAX_BODY_BYTES}]})
    answer = await server.post("/decode", content=body, headers=BEARER)
    assert answer.status_code == 413


async def test_failure_is_told_in_the_log_and_not_to_the_asker(
    server: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    foreign = await sealed(Keyring({"lost": NEW}, "lost"))
    with caplog.at_level(logging.WARNING):
        answer = await server.post("/decode", json=foreign, headers=BEARER)
    assert (answer.status_code, answer.text) == (400, "Bad Request")
    assert "the key 'lost'" in caplog.text
    assert TOKEN not in caplog.text
    assert NEW.decode() not in caplog.text


async def test_other_methods_and_paths_are_refused(server: httpx.AsyncClient) -> None:
    assert (await server.get("/decode", headers=BEARER)).status_code == 405
    assert (await server.post("/", headers=BEARER)).status_code == 404
    assert (await server.get("/health")).json() == {"status": "ok"}
