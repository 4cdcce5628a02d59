"""Agora's six calls: typed in, typed out, one attempt each. Temporal repeats, nobody here."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar, cast
from urllib.parse import quote

import httpx
from pydantic import ValidationError

from longtake.domain.errors import RecordingError, StartUnknown, VendorUnavailable
from longtake.vendorkit.http import HostPool, retry_after, transport_failure
from longtake.vendorkit.lenient import as_int
from longtake.vendorkit.redact import foreign_text, secrets_in
from longtake.vendorkit.wire import Received
from longtake.vendors.agora.auth import basic_auth
from longtake.vendors.agora.errors import Call, Code, explain, gateway_code
from longtake.vendors.agora.settings import AgoraAccount
from longtake.vendors.agora.wire.fields import Mode
from longtake.vendors.agora.wire.replies import (
    AcquireReply,
    QueryReply,
    StartReply,
    StopReply,
    UpdateReply,
)
from longtake.vendors.agora.wire.requests import (
    AcquireRequest,
    Envelope,
    StartRequest,
    StopRequest,
    UpdateLayoutRequest,
    UpdateRequest,
)

VENDOR = "agora"
STOP_TIMEOUT = 30.0
"""Seconds: a synchronous stop waits up to 20 s for the uploads before it answers."""

_CONTENT_TYPE = "application/json;charset=utf-8"
_FINE = frozenset[Code]({None, 0, 200})
"""Codes of success: old services repeat the HTTP status, new ones send none."""
_ALREADY_STARTED, _STILL_UPLOADING = 7, 50

_GATEWAY_DOWN = frozenset({502, 503, 504})

ReplyT = TypeVar("ReplyT", bound=Received)


class AgoraClient:
    """One account's calls. Failures are `RecordingError`s without bodies, secrets or queries."""

    def __init__(
        self, account: AgoraAccount, http: httpx.AsyncClient, now: Callable[[], datetime]
    ) -> None:
        """`http` is borrowed and stays open."""
        self._account = account
        self._auth = basic_auth(account)
        self._secrets = secrets_in(account)
        self._http = http
        self._now = now
        self._hosts = HostPool(account.hosts, now)

    async def acquire(self, request: AcquireRequest) -> AcquireReply:
        """Reserve a resource; it must start within 5 minutes."""
        return await self._call("acquire", "/acquire", request, AcquireReply)

    async def start(self, resource: str, request: StartRequest) -> StartReply:
        """Start the resource's one recording; the identical call again is harmless."""
        path = f"/resourceid/{quote(resource, safe='')}/mode/{request.mode}/start"
        return await self._call("start", path, request, StartReply)

    async def update(self, resource: str, sid: str, request: UpdateRequest) -> None:
        """Replace the subscriptions, pause or resume a page, or renew storage credentials."""
        path = _task_path(resource, sid, request.mode, "update")
        await self._call("update", path, request, UpdateReply)

    async def update_layout(self, resource: str, sid: str, request: UpdateLayoutRequest) -> None:
        """Replace the whole layout."""
        path = _task_path(resource, sid, request.mode, "updateLayout")
        await self._call("updateLayout", path, request, UpdateReply)

    async def query(self, resource: str, sid: str, mode: Mode) -> QueryReply:
        """Ask for status and files."""
        return await self._call("query", _task_path(resource, sid, mode, "query"), None, QueryReply)

    async def stop(self, resource: str, sid: str, request: StopRequest) -> StopReply:
        """End the recording; when uploads outlast the service's patience, no files are named."""
        path = _task_path(resource, sid, request.mode, "stop")
        return await self._call("stop", path, request, StopReply)

    async def _call(
        self, call: Call, path: str, request: Envelope | None, reply: type[ReplyT]
    ) -> ReplyT:
        host = self._hosts.pick()
        maybe_done = StartUnknown if call == "start" else VendorUnavailable
        try:
            response = await self._send(call, host + self._base + path, request)
        except httpx.RequestError as error:
            if not isinstance(error, httpx.PoolTimeout):  # our own limit, not the host's fault
                self._hosts.failed(host)
            raise transport_failure(
                error, vendor=VENDOR, call=call, maybe_done=maybe_done
            ) from error
        body = _object_in(response)
        if response.status_code in _GATEWAY_DOWN and body is None:
            self._hosts.failed(host)
        else:
            self._hosts.worked(host)
        if response.status_code == 400 and body is None:
            # The service refuses with 400 for good and for now alike: only its body tells which.
            raise maybe_done(f"{VENDOR} {call}: HTTP 400, unreadable", vendor=VENDOR, call=call)
        return self._read(call, response, body, request, reply)

    @property
    def _base(self) -> str:
        return f"/v1/apps/{self._account.app_id}/cloud_recording"

    async def _send(self, call: Call, url: str, request: Envelope | None) -> httpx.Response:
        timeout = self._account.timeout
        return await self._http.request(
            "GET" if request is None else "POST",
            url,
            content=None if request is None else request.body(),
            headers={"Content-Type": _CONTENT_TYPE},
            auth=self._auth,
            timeout=httpx.Timeout(
                timeout, read=max(STOP_TIMEOUT, timeout) if call == "stop" else timeout
            ),
        )

    def _read(
        self,
        call: Call,
        response: httpx.Response,
        body: dict[str, Any] | None,
        request: Envelope | None,
        reply: type[ReplyT],
    ) -> ReplyT:
        answer = body or {}
        code, words = _code_in(answer), _words_in(answer)
        if call == "stop" and code == _STILL_UPLOADING:
            return reply.model_validate({})
        started = call == "start" and code == _ALREADY_STARTED and bool(answer.get("sid"))
        if started or (response.status_code < 300 and code in _FINE):
            try:
                return reply.model_validate(body)
            except ValidationError:
                words = f"{len(response.content)} bytes are not the documented answer"
        raise self._failure(call, response, code, foreign_text(words, self._known(request)))

    def _known(self, request: Envelope | None) -> frozenset[str]:
        return self._secrets | secrets_in(request)

    def _failure(
        self, call: Call, response: httpx.Response, code: Code, words: str
    ) -> RecordingError:
        status = response.status_code
        row = explain(call, status, code)
        number = f"code {code}, " if isinstance(code, int) else ""
        said = f" ({words})" if words else ""
        return row.means(
            f"{VENDOR} {call}: {row.meaning}; {number}HTTP {status}{said}",
            vendor=VENDOR,
            call=call,
            vendor_code=str(status if code in _FINE else code),
            request_id=foreign_text(response.headers.get("X-Request-Id", ""), limit=64),
            retry_after=retry_after(response.headers, self._now()),
        )


def _task_path(resource: str, sid: str, mode: Mode, call: Call) -> str:
    return f"/resourceid/{quote(resource, safe='')}/sid/{quote(sid, safe='')}/mode/{mode}/{call}"


def _object_in(response: httpx.Response) -> dict[str, Any] | None:
    try:
        parsed: object = json.loads(response.content)
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", parsed) if isinstance(parsed, dict) else None


def _code_in(body: Mapping[str, Any]) -> Code:
    number = as_int(body["code"]) if "code" in body else None
    return number if number is not None else gateway_code(_words_in(body))


def _words_in(body: Mapping[str, Any]) -> str:
    """The service's reason: at the top, or inside `serverResponse` as older services have it."""
    for name in ("reason", "message"):
        if isinstance(body.get(name), str):
            return body[name]
    inner: object = body.get("serverResponse")
    for _ in range(2):
        if isinstance(inner, Mapping):
            found = cast("Mapping[str, object]", inner)
            if isinstance(found.get("message"), str):
                return str(found["message"])
            inner = found.get("payload")
    return ""
