"""Alibaba's four recording operations: typed in, typed out, one attempt each. Temporal repeats."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

import httpx
from pydantic import ValidationError

from longtake.domain.errors import RecordingError, StartUnknown, VendorUnavailable
from longtake.vendorkit.http import retry_after, transport_failure
from longtake.vendorkit.lenient import as_int, as_mapping, as_text
from longtake.vendorkit.redact import foreign_text, secrets_in
from longtake.vendors.alibaba.auth import Acs3Auth, canonical_query
from longtake.vendors.alibaba.errors import DESCRIBE, START, STOP, UPDATE, Action, explain
from longtake.vendors.alibaba.settings import AlibabaAccount
from longtake.vendors.alibaba.wire.replies import Answer, DescribeReply, StartReply, TaskReply
from longtake.vendors.alibaba.wire.requests import (
    Request,
    StartRequest,
    TaskRequest,
    UpdateRequest,
)

VENDOR = "alibaba"
VERSION = "2016-11-01"

ReplyT = TypeVar("ReplyT", bound=Answer)


class AlibabaClient:
    """One account's calls. Failures are `RecordingError`s without queries or secrets."""

    def __init__(
        self, account: AlibabaAccount, http: httpx.AsyncClient, now: Callable[[], datetime]
    ) -> None:
        """`http` is borrowed and stays open."""
        self._account = account
        self._auth = Acs3Auth(account, now)
        self._secrets = secrets_in(account)
        self._http = http
        self._now = now

    async def start(self, request: StartRequest) -> StartReply:
        """Start a task; the same again is another task."""
        return await self._call(START, request, StartReply)

    async def update(self, request: UpdateRequest) -> None:
        """Replace subscriptions and layout, both at once."""
        await self._call(UPDATE, request, TaskReply)

    async def stop(self, request: TaskRequest) -> None:
        """End the task; its uploads go on."""
        await self._call(STOP, request, TaskReply)

    async def describe(self, request: TaskRequest) -> DescribeReply:
        """Ask for status and files, of a task that is less than three days old."""
        return await self._call(DESCRIBE, request, DescribeReply)

    async def _call(self, action: Action, request: Request, reply: type[ReplyT]) -> ReplyT:
        try:
            response = await self._send(action, request)
        except httpx.RequestError as error:
            raise transport_failure(
                error,
                vendor=VENDOR,
                call=action,
                maybe_done=StartUnknown if action == START else VendorUnavailable,
            ) from error
        answer = _answer_in(response)
        words = ""
        if response.status_code == 200 and answer and answer.get("Code") is None:
            try:
                return reply.model_validate(answer)
            except ValidationError:
                words = f"{len(response.content)} bytes are not the documented answer"
        raise self._failure(action, response, answer, words)

    async def _send(self, action: Action, request: Request) -> httpx.Response:
        # The address is built here: httpx itself would write a space as a plus, which is not
        # what was signed.
        return await self._http.post(
            f"{self._account.url}?{canonical_query(request.parameters())}",
            headers={
                "accept": "application/json",
                "x-acs-action": action,
                "x-acs-version": VERSION,
            },
            auth=self._auth,
            timeout=self._account.timeout,
        )

    def _failure(
        self, action: Action, response: httpx.Response, answer: dict[str, Any], words: str
    ) -> RecordingError:
        code = foreign_text(as_text(answer.get("Code")), self._secrets, limit=100)
        said = foreign_text(as_text(answer.get("Message")), self._secrets) or words
        row = explain(action, code, response.status_code)
        shown = code or f"HTTP {response.status_code}"
        wait = self._asked_wait(response.headers)
        return row.means(
            f"{VENDOR} {action}: {row.meaning}; {shown}{said and f' ({said})'}",
            vendor=VENDOR,
            call=action,
            vendor_code=code or str(response.status_code),
            request_id=foreign_text(as_text(answer.get("RequestId")), self._secrets, limit=64),
            retry_after=row.retry_after if wait is None else wait,
        )

    def _asked_wait(self, headers: httpx.Headers) -> timedelta | None:
        """The service's own header counts milliseconds."""
        asked = as_int(headers.get("x-acs-retry-after"))
        if asked is not None and 0 <= asked <= 86_400_000:
            return timedelta(milliseconds=asked)
        return retry_after(headers, self._now())


def _answer_in(response: httpx.Response) -> dict[str, Any]:
    """The object in the body; an empty one, if there is none."""
    try:
        return as_mapping(json.loads(response.content))
    except (ValueError, RecursionError):
        return {}
