"""Proving who calls: Tencent Cloud API signature version 3 (TC3-HMAC-SHA256).

Source: Tencent Cloud, Signature v3. The method, the host, the content type and the very bytes
that are sent are signed; the action and a temporary credential's token travel unsigned.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Generator
from datetime import UTC, datetime

import httpx

from longtake.vendors.tencent.settings import TencentAccount

SERVICE = "trtc"
CONTENT_TYPE = "application/json"

_ALGORITHM = "TC3-HMAC-SHA256"
_SIGNED = "content-type;host"
_END = "tc3_request"


class Tc3Auth(httpx.Auth):
    """Stamps each attempt's own time, so that a repeated call is not refused as too old."""

    requires_request_body = True

    def __init__(self, account: TencentAccount, now: Callable[[], datetime]) -> None:
        """`now` gives aware times; the service allows 5 minutes of difference."""
        self._id = account.secret_id
        self._key = account.secret_key
        self._token = account.token
        self._now = now

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        """Add the time, the token of temporary credentials, and the signature."""
        at = self._now()
        request.headers["X-TC-Timestamp"] = str(int(at.timestamp()))
        if self._token is not None:
            request.headers["X-TC-Token"] = self._token.get_secret_value()
        key = signing_keys(self._key.get_secret_value(), at)[-1]
        signature = _hmac(key, string_to_sign(canonical_request(request), at)).hex()
        request.headers["Authorization"] = (
            f"{_ALGORITHM} Credential={self._id}/{_scope(at)},"
            f" SignedHeaders={_SIGNED}, Signature={signature}"
        )
        yield request


def canonical_request(request: httpx.Request) -> str:
    """The request as it is signed; it has no query."""
    headers = (
        f"content-type:{request.headers['Content-Type'].strip().lower()}\n"
        f"host:{request.headers['Host'].strip().lower()}\n"
    )
    return "\n".join(
        (request.method, "/", "", headers, _SIGNED, hashlib.sha256(request.content).hexdigest())
    )


def string_to_sign(canonical: str, at: datetime) -> str:
    """Four lines: algorithm, Unix seconds, scope, hash of the canonical request."""
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return "\n".join((_ALGORITHM, str(int(at.timestamp())), _scope(at), digest))


def signing_keys(secret_key: str, at: datetime) -> tuple[bytes, bytes, bytes]:
    """The keys of the day, of the service and of the signature, each made from the one before."""
    of_day = _hmac(f"TC3{secret_key}".encode(), _day(at))
    of_service = _hmac(of_day, SERVICE)
    return of_day, of_service, _hmac(of_service, _END)


def _scope(at: datetime) -> str:
    return f"{_day(at)}/{SERVICE}/{_END}"


def _day(at: datetime) -> str:
    """The day in UTC, wherever the worker runs."""
    return f"{at.astimezone(UTC):%Y-%m-%d}"


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
