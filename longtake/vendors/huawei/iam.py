"""Proving who calls with a token of IAM: one login serves all calls until it nearly expires.

Source: Huawei Cloud, IAM API, obtaining a user token through password authentication.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from datetime import datetime, timedelta
from typing import Any

import httpx

from longtake.domain.errors import (
    NotConfigured,
    NotSent,
    RateLimited,
    RecordingError,
    Unauthorized,
    VendorUnavailable,
)
from longtake.vendorkit.http import retry_after, transport_failure
from longtake.vendorkit.lenient import as_mapping
from longtake.vendors.huawei.settings import DOMAIN_SCOPE, HuaweiAccount, IamUser
from longtake.vendors.huawei.wire.replies import as_utc

CALL = "KeystoneCreateUserTokenByPassword"
RENEW_BEFORE = timedelta(minutes=10)
LIFE = timedelta(hours=24)
"""Of a token whose answer does not say until when it is valid."""

_UNAUTHORIZED = 401
_REFUSALS: dict[int, type[RecordingError]] = {
    400: NotConfigured,
    _UNAUTHORIZED: Unauthorized,
    403: Unauthorized,
    404: NotConfigured,
    429: RateLimited,
}


class Tokens:
    """One account's token. Calls that come at once share one login."""

    def __init__(
        self,
        account: HuaweiAccount,
        user: IamUser,
        http: httpx.AsyncClient,
        now: Callable[[], datetime],
    ) -> None:
        """`http` is borrowed."""
        self._account = account
        self._user = user
        self._http = http
        self._now = now
        self._login = asyncio.Lock()
        self._token = ""
        self._expires_at = now()

    async def current(self, refused: str = "") -> str:
        """A token that is valid for some minutes yet, and is not the one that was `refused`."""
        async with self._login:
            stale = self._now() >= self._expires_at - RENEW_BEFORE
            if stale or self._token in {"", refused}:
                self._token, self._expires_at = await self._fetch()
            return self._token

    def holds(self) -> frozenset[str]:
        """The token, where error texts must not show it."""
        return frozenset({self._token} - {""})

    async def _fetch(self) -> tuple[str, datetime]:
        try:
            response = await self._http.post(
                self._account.tokens_url,
                content=json.dumps(login(self._user)).encode(),
                headers={"Content-Type": "application/json;charset=utf-8"},
                timeout=self._account.timeout,
            )
        except httpx.RequestError as error:
            # The call that the token is for has not left, whatever became of the login.
            raise transport_failure(error, vendor="huawei", call=CALL, maybe_done=NotSent) from None
        token = response.headers.get("X-Subject-Token", "")
        if response.status_code != 201 or not token:
            raise self._refusal(response)
        return token, _expiry(response) or self._now() + LIFE

    def _refusal(self, response: httpx.Response) -> RecordingError:
        """Of a status alone: a body may repeat the name and the password."""
        status = response.status_code
        return _REFUSALS.get(status, VendorUnavailable)(
            f"huawei {CALL}: no token; HTTP {status}",
            vendor="huawei",
            call=CALL,
            vendor_code=str(status),
            retry_after=retry_after(response.headers, self._now()),
        )


class TokenAuth(httpx.Auth):
    """Sends the token; one that is refused is renewed once, because it may have been revoked."""

    requires_response_body = True

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """A refused call was not carried out, so that it can be sent again."""
        token = await self._tokens.current()
        request.headers["X-Auth-Token"] = token
        response = yield request
        if response.status_code == _UNAUTHORIZED:
            request.headers["X-Auth-Token"] = await self._tokens.current(refused=token)
            yield request


def login(user: IamUser) -> dict[str, Any]:
    """The body that asks for a token."""
    named = {"name": user.user, "password": user.password.get_secret_value()}
    if user.scope == DOMAIN_SCOPE:
        scope = {"domain": {"name": user.domain}}
    else:
        scope = {"project": {"name": user.scope}}
    return {
        "auth": {
            "identity": {
                "methods": ["password"],
                "password": {"user": {**named, "domain": {"name": user.domain}}},
            },
            "scope": scope,
        }
    }


def _expiry(response: httpx.Response) -> datetime | None:
    try:
        parsed: object = json.loads(response.content)
    except (ValueError, RecursionError):
        return None
    return as_utc(as_mapping(as_mapping(parsed).get("token")).get("expires_at"))
