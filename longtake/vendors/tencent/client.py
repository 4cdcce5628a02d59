"""TRTC's four recording actions: typed in, typed out, one attempt each. Temporal repeats."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import httpx
from pydantic import ValidationError

from longtake.domain.errors import RecordingError, StartUnknown, VendorUnavailable
from longtake.vendorkit.http import retry_after, transport_failure
from longtake.vendorkit.lenient import as_mapping, as_text
from longtake.vendorkit.redact import foreign_text, secrets_in
from longtake.vendors.tencent.auth import CONTENT_TYPE, Tc3Auth
from longtake.vendors.tencent.errors import CREATE, Action, explain
from longtake.vendors.tencent.settings import TencentAccount
from longtake.vendors.tencent.wire.replies import (
    Answer,
    CreateReply,
    DescribeReply,
    TaskReply,
)
from longtake.vendors.tencent.wire.requests import (
    CreateRequest,
    ModifyRequest,
    Request,
    TaskRequest,
)

VENDOR = "tencent"
VERSION = "2019-07-22"

ReplyT = TypeVar("ReplyT", bound=Answer)


class TencentClient:
    """One account's calls. Failures are `RecordingError`s without bodies or secrets."""

    def __init__(
        self, account: TencentAccount, http: httpx.AsyncClient, now: Callable[[], datetime]
    ) -> None:
        """`http` is borrowed and stays open."""
        self._account = account
        self._auth = Tc3Auth(account, now)
        self._secrets = secrets_in(account)
        self._http = http
        self._now = now

    async def create(self, request: CreateRequest) -> CreateReply:
        """Start a task; the same robot again starts another and ends this one."""
        return await self._call(CREATE, request, CreateReply)

    async def describe(self, request: TaskRequest) -> DescribeReply:
        """Ask for status and playlists."""
        return await self._call("DescribeCloudRecording", request, DescribeReply)

    async def modify(self, request: ModifyRequest) -> None:
        """Replace subscriptions and layout, both at once."""
        await self._call("ModifyCloudRecording", request, TaskReply)

    async def delete(self, request: TaskRequest) -> None:
        """End the task; its uploads go on."""
        await self._call("DeleteCloudRecording", request, TaskReply)

    async def _call(self, action: Action, request: Request, reply: type[ReplyT]) -> ReplyT:
        try:
            response = await self._send(action, request)
        except httpx.RequestError as error:
            raise transport_failure(
                error,
                vendor=VENDOR,
                call=action,
                maybe_done=StartUnknown if action == CREATE else VendorUnavailable,
            ) from error
        answer = _answer_in(response)
        words = ""
        if response.status_code == 200 and answer and answer.get("Error") is None:
            try:
                return reply.model_validate(answer)
            except ValidationError:
                words = f"{len(response.content)} bytes are not the documented answer"
        raise self._failure(action, response, answer, words, secrets_in(request))

    async def _send(self, action: Action, request: Request) -> httpx.Response:
        return await self._http.post(
            self._account.url,
            content=request.body(),
            headers={
                "Content-Type": CONTENT_TYPE,
                "X-TC-Action": action,
                "X-TC-Version": VERSION,
                "X-TC-Region": self._account.region,
                "X-TC-Language": self._account.language,
            },
            auth=self._auth,
            timeout=self._account.timeout,
        )

    def _failure(
        self,
        action: Action,
        response: httpx.Response,
        answer: dict[str, Any],
        words: str,
        sent: frozenset[str],
    ) -> RecordingError:
        known = self._secrets | sent
        refusal = as_mapping(answer.get("Error"))
        code = foreign_text(as_text(refusal.get("Code")), known, limit=100)
        said = foreign_text(as_text(refusal.get("Message")), known) or words
        row = explain(action, code, response.status_code)
        shown = code or f"HTTP {response.status_code}"
        return row.means(
            f"{VENDOR} {action}: {row.meaning}; {shown}{said and f' ({said})'}",
            vendor=VENDOR,
            call=action,
            vendor_code=code or str(response.status_code),
            request_id=foreign_text(as_text(answer.get("RequestId")), known, limit=64),
            retry_after=retry_after(response.headers, self._now()),
        )


def _answer_in(response: httpx.Response) -> dict[str, Any]:
    """What stands inside `Response`; nothing, if the body is not of that shape."""
    try:
        parsed: object = json.loads(response.content)
    except (ValueError, RecursionError):
        return {}
    return as_mapping(as_mapping(parsed).get("Response"))
