"""Proving who calls with an access key: SDK-HMAC-SHA256.

Source: Huawei Cloud, API signing guide. Method, path, query, four or five headers and the very
bytes that are sent are signed. The path is signed with a slash at its end and sent without.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, unquote

import httpx

from longtake.vendors.huawei.settings import HuaweiAccount

_ALGORITHM = "SDK-HMAC-SHA256"
_SIGNED = ("content-type", "host", "x-project-id", "x-sdk-date", "x-security-token")


class SdkHmacAuth(httpx.Auth):
    """Stamps each attempt's own time, so that a repeated call is not refused as too old."""

    requires_request_body = True

    def __init__(self, account: HuaweiAccount, now: Callable[[], datetime]) -> None:
        """`account` has a key; `now` gives aware times: the gateway allows some minutes."""
        self._account = account
        self._now = now

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        """Add the time, the project, the token of temporary credentials, and the signature."""
        account = self._account
        at = f"{self._now().astimezone(UTC):%Y%m%dT%H%M%SZ}"
        request.headers["X-Sdk-Date"] = at
        request.headers["X-Project-Id"] = account.project_id or ""
        if account.security_token is not None:
            request.headers["X-Security-Token"] = account.security_token.get_secret_value()
        secret = account.secret_key.get_secret_value() if account.secret_key else ""
        signature = hmac.new(secret.encode(), string_to_sign(request).encode(), hashlib.sha256)
        request.headers["Authorization"] = (
            f"{_ALGORITHM} Access={account.access_key},"
            f" SignedHeaders={';'.join(signed_names(request))}, Signature={signature.hexdigest()}"
        )
        yield request


def string_to_sign(request: httpx.Request) -> str:
    """Three lines: algorithm, time, hash of the canonical request."""
    digest = hashlib.sha256(canonical_request(request).encode()).hexdigest()
    return "\n".join((_ALGORITHM, request.headers["X-Sdk-Date"], digest))


def canonical_request(request: httpx.Request) -> str:
    """The request as it is signed."""
    names = signed_names(request)
    path, _, query = request.url.raw_path.decode().partition("?")
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    return "\n".join(
        (
            request.method,
            "/".join(_quoted(unquote(segment)) for segment in path.rstrip("/").split("/")) + "/",
            "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs),
            "".join(f"{name}:{request.headers[name].strip()}\n" for name in names),
            ";".join(names),
            hashlib.sha256(request.content).hexdigest(),
        )
    )


def signed_names(request: httpx.Request) -> list[str]:
    """Only headers that nobody on the way changes."""
    return [name for name in _SIGNED if name in request.headers]


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")
