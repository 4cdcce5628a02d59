"""SparkRTC's calls about jobs and recording rules: typed in, typed out, one attempt each."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar, cast
from urllib.parse import quote

import httpx
from pydantic import ValidationError

from longtake.domain.errors import RecordingError, StartUnknown, VendorUnavailable
from longtake.vendorkit.http import retry_after, transport_failure
from longtake.vendorkit.lenient import as_mapping, as_text
from longtake.vendorkit.redact import foreign_text, secrets_in
from longtake.vendorkit.wire import Received, Sent
from longtake.vendors.huawei.auth import SdkHmacAuth
from longtake.vendors.huawei.errors import About, explain
from longtake.vendors.huawei.iam import TokenAuth, Tokens
from longtake.vendors.huawei.settings import HuaweiAccount
from longtake.vendors.huawei.wire.jobs import (
    Family,
    IndividualJob,
    IndividualUpdate,
    MixJob,
    MixUpdate,
)
from longtake.vendors.huawei.wire.replies import Accepted, Job, Rule, Rules, StartedJob
from longtake.vendors.huawei.wire.rules import RecordRule

VENDOR = "huawei"

ReplyT = TypeVar("ReplyT", bound=Received)


@dataclass(frozen=True)
class _Call:
    """A call by the name that the vendor's own client gives it."""

    name: str
    method: Literal["POST", "GET", "PUT", "DELETE"]
    path: str
    """Below the application's address."""
    about: About


class HuaweiClient:
    """One account's calls. Failures are `RecordingError`s without bodies or secrets."""

    def __init__(
        self, account: HuaweiAccount, http: httpx.AsyncClient, now: Callable[[], datetime]
    ) -> None:
        """`http` is borrowed and stays open."""
        self._account = account
        self._http = http
        self._now = now
        self._secrets = secrets_in(account)
        self._tokens = Tokens(account, account.iam, http, now) if account.iam else None
        self._auth = TokenAuth(self._tokens) if self._tokens else SdkHmacAuth(account, now)

    async def start(self, request: IndividualJob | MixJob) -> StartedJob:
        """Start a job; the same again may start, and bill, a second one."""
        family: Family = "mix" if isinstance(request, MixJob) else "individual"
        call = _Call(f"Create{_NAMES[family]}", "POST", f"/{family}-stream-jobs", "start")
        return await self._call(call, StartedJob, request)

    async def show(self, family: Family, job_id: str) -> Job:
        """Ask how a job is."""
        return await self._call(_about_job("Show", "GET", family, job_id), Job)

    async def update(self, job_id: str, request: IndividualUpdate | MixUpdate) -> None:
        """Change a mix's picture or idle time, or the rule of an individual job."""
        family: Family = "mix" if isinstance(request, MixUpdate) else "individual"
        await self._call(_about_job("Update", "PUT", family, job_id), Job, request)

    async def stop(self, family: Family, job_id: str) -> None:
        """End a job; its uploads go on."""
        await self._call(_about_job("Stop", "DELETE", family, job_id), Accepted)

    async def create_rule(self, rule: RecordRule) -> Rule:
        """Make a rule, or replace the one that the application has for the same OBS region."""
        return await self._call(_about_rule("CreateRecordRule", "POST"), Rule, rule)

    async def list_rules(self, *, page: int = 0, limit: int = 10) -> Rules:
        """One page of the rules."""
        call = _about_rule("ListRecordRules", "GET")
        return await self._call(call, Rules, query={"offset": page, "limit": limit})

    async def show_rule(self, rule_id: str) -> Rule:
        """One rule: above all, which kinds of file it makes."""
        return await self._call(_about_rule("ShowRecordRule", "GET", rule_id), Rule)

    async def update_rule(self, rule_id: str, rule: RecordRule) -> Rule:
        """Replace a rule, for recordings that start five minutes later."""
        return await self._call(_about_rule("UpdateRecordRule", "PUT", rule_id), Rule, rule)

    async def delete_rule(self, rule_id: str) -> None:
        """Delete a rule that is not in use."""
        await self._call(_about_rule("DeleteRecordRule", "DELETE", rule_id), Accepted)

    async def _call(
        self,
        call: _Call,
        reply: type[ReplyT],
        request: Sent | None = None,
        query: dict[str, int] | None = None,
    ) -> ReplyT:
        try:
            response = await self._send(call, request, query)
        except httpx.RequestError as error:
            raise transport_failure(
                error,
                vendor=VENDOR,
                call=call.name,
                maybe_done=StartUnknown if call.about == "start" else VendorUnavailable,
            ) from error
        body, words = _object_in(response), ""
        if response.is_success:
            try:
                return reply.model_validate({} if reply is Accepted else body)
            except ValidationError:
                words = f"{len(response.content)} bytes are not the documented answer"
        raise self._failure(call, response, body, words, request)

    async def _send(
        self, call: _Call, request: Sent | None, query: dict[str, int] | None
    ) -> httpx.Response:
        content_type = "application/json" + (";charset=utf-8" if request else "")
        return await self._http.request(
            call.method,
            f"{self._account.url}{call.path}",
            params=query,
            content=request.body() if request else None,
            headers={"Content-Type": content_type},
            auth=self._auth,
            timeout=self._account.timeout,
        )

    def _failure(
        self,
        call: _Call,
        response: httpx.Response,
        body: dict[str, Any] | None,
        words: str,
        request: Sent | None,
    ) -> RecordingError:
        known = self._secrets | secrets_in(request)
        known |= self._tokens.holds() if self._tokens else frozenset()
        code, said = _refusal_in(body or {})
        shown_code = foreign_text(code, known, limit=40)
        row = explain(call.about, response.status_code, code)
        said = foreign_text(said, known) or words
        shown = shown_code or f"HTTP {response.status_code}"
        return row.means(
            f"{VENDOR} {call.name}: {row.meaning}; {shown}{said and f' ({said})'}",
            vendor=VENDOR,
            call=call.name,
            vendor_code=shown_code or str(response.status_code),
            request_id=foreign_text(response.headers.get("X-request-Id", ""), known, limit=64),
            retry_after=retry_after(response.headers, self._now()),
        )


_NAMES = {"individual": "IndividualStreamJob", "mix": "MixJob"}


def _about_job(
    verb: str, method: Literal["GET", "PUT", "DELETE"], family: Family, job_id: str
) -> _Call:
    path = f"/{family}-stream-jobs/{quote(job_id, safe='')}"
    return _Call(f"{verb}{_NAMES[family]}", method, path, "job")


def _about_rule(
    name: str, method: Literal["POST", "GET", "PUT", "DELETE"], rule_id: str = ""
) -> _Call:
    path = f"/record-rules/{quote(rule_id, safe='')}" if rule_id else "/record-rules"
    return _Call(name, method, path, "rule")


def _object_in(response: httpx.Response) -> dict[str, Any] | None:
    """The body, if it is an object."""
    try:
        parsed: object = json.loads(response.content)
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", parsed) if isinstance(parsed, dict) else None


_SPELLINGS = (("error_code", "error_msg"), ("errorCode", "errorMsg"), ("code", "message"))


def _refusal_in(body: dict[str, Any]) -> tuple[str, str]:
    """Code and message, in any spelling, at the top or one level below."""
    for place in (body, *map(as_mapping, body.values())):
        for code, message in _SPELLINGS:
            if found := as_text(place.get(code)):
                return found, as_text(place.get(message))
    return "", ""
