"""The gate: routes, credentials, the rate limit, and the form of a body."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.emulator.emulated import Emulated, Launch

BODY = {"cname": "room", "uid": "99", "clientRequest": {}}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/apps/{app}/cloud_recording/acquire"),
        ("POST", "/v1/apps/{app}/cloud_recording/Acquire"),
        ("POST", "/v1/apps/{app}/cloud_recordings/acquire"),
        ("POST", "/v1/apps/{app}/acquire"),
        ("POST", "/V1/apps/{app}/cloud_recording/acquire"),
        ("POST", "/v1/apps/{app}/cloud_recording/resourceid/r/sid/s/mode/mix/query"),
        ("POST", "/v1/apps/{app}/cloud_recording/resourceid/r/sid/s/mode/mix/updatelayout"),
    ],
)
async def test_a_wrong_path_or_method_has_no_route(
    emulator: Emulated, method: str, path: str
) -> None:
    reply = await emulator.http.request(method, path.format(app=emulator.app), json=BODY)
    assert reply.status_code == 404
    assert reply.json() == {"message": "no Route matched with those values"}


async def test_without_credentials_a_call_is_unauthorized(emulator: Emulated) -> None:
    async with httpx.AsyncClient(base_url=emulator.url, trust_env=False) as stranger:
        reply = await stranger.post(emulator.path("acquire"), json=BODY)
    assert reply.status_code == 401
    assert reply.json() == {"message": "Unauthorized"}


@pytest.mark.parametrize(
    "header",
    [
        "Basic d3Jvbmc6d3Jvbmc=",
        "bG9uZ3Rha2UtZW11bGF0b3I6bG9uZ3Rha2UtZW11bGF0b3Itc2VjcmV0",
        "basic bG9uZ3Rha2UtZW11bGF0b3I6bG9uZ3Rha2UtZW11bGF0b3Itc2VjcmV0",
        "Basic ???",
        "Basic bG9uZ3Rha2UtZW11bGF0b3I6",
    ],
)
async def test_wrong_credentials_are_refused(emulator: Emulated, header: str) -> None:
    async with httpx.AsyncClient(base_url=emulator.url, trust_env=False) as stranger:
        reply = await stranger.post(
            emulator.path("acquire"), json=BODY, headers={"Authorization": header}
        )
    assert reply.status_code == 401
    assert reply.json() == {"message": "Invalid authentication credentials"}


@pytest.mark.parametrize("content_type", ["application/json", "application/json;charset=utf-8"])
async def test_both_spellings_of_json_are_taken(launch: Launch, content_type: str) -> None:
    emulator = await launch(strict=True)
    body = b'{"cname":"room","uid":"99","clientRequest":{}}'
    reply = await emulator.http.post(
        emulator.path("acquire"), content=body, headers={"Content-Type": content_type}
    )
    assert reply.status_code == 200


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/plain", b'{"cname":"room","uid":"99","clientRequest":{}}'),
        ("application/json", b'{"cname":"room",'),
        ("application/json", b""),
    ],
)
async def test_what_is_not_json_is_error_8(
    emulator: Emulated, content_type: str, body: bytes
) -> None:
    reply = await emulator.http.post(
        emulator.path("acquire"), content=body, headers={"Content-Type": content_type}
    )
    assert (reply.status_code, reply.json()["code"]) == (400, 8)


async def test_the_eleventh_call_of_a_second_is_429(launch: Launch) -> None:
    emulator = await launch(vendors={"agora": {"limits": {"calls_per_second": 10}}})
    replies = await asyncio.gather(*(emulator.acquire(uid=str(n + 1)) for n in range(13)))
    assert sorted(reply.status_code for reply in replies) == [200] * 10 + [429] * 3
    refused = next(reply for reply in replies if reply.status_code == 429)
    assert refused.json() == {"message": "API rate limit exceeded"}
    await emulator.advance(1.01)
    assert (await emulator.acquire()).status_code == 200


async def test_text_that_has_no_utf8_is_echoed_all_the_same(emulator: Emulated) -> None:
    await emulator.fault("code", "acquire", code=406)
    body = rb'{"cname": "\ud800", "uid": "1", "clientRequest": {}}'
    headers = {"Content-Type": "application/json"}
    reply = await emulator.http.post(emulator.path("acquire"), content=body, headers=headers)
    assert (reply.status_code, reply.json()["cname"]) == (400, "\ud800")


@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_the_callback_servers_are_told(emulator: Emulated, version: str) -> None:
    reply = await emulator.http.get(f"/{version}/ncs/ip")
    assert reply.json() == {"data": {"service": {"hosts": [{"primaryIP": "127.0.0.1"}]}}}


async def test_app_ids_have_their_own_refusals(launch: Launch) -> None:
    apps = {"a" * 32: {"state": "not_enabled"}, "b" * 32: {"state": "inactive"}}
    emulator = await launch(vendors={"agora": {"apps": apps}})
    seen: dict[str, object] = {}
    for app in ("a" * 32, "b" * 32, "c" * 32, "nonsense"):
        emulator.app = app
        reply = await emulator.acquire()
        assert reply.status_code == 400
        seen[app[0]] = reply.json().get("code") or reply.json()["message"]
    assert seen == {"a": 400, "b": 405, "c": 400, "n": "invalid appid"}
