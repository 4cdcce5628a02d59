"""Proving who calls: Alibaba Cloud's ACS3-HMAC-SHA256.

Source: Alibaba Cloud, V3 request structure and signature. Signed are the method, the query as it
is sent, the host, every `x-acs-*` header and the hash of the body.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Generator, Iterable, Mapping
from datetime import UTC, datetime
from urllib.parse import quote

import httpx

from longtake.vendors.alibaba.settings import AlibabaAccount

_ALGORITHM = "ACS3-HMAC-SHA256"


def fresh_nonce() -> str:
    """A number that is used once: the service refuses a request that it has seen."""
    return secrets.token_hex(16)


class Acs3Auth(httpx.Auth):
    """Stamps each attempt's own time and nonce, so that a repeated call is not refused as old."""

    requires_request_body = True

    def __init__(
        self,
        account: AlibabaAccount,
        now: Callable[[], datetime],
        nonce: Callable[[], str] = fresh_nonce,
    ) -> None:
        """`now` gives aware times; the service allows 15 minutes of difference."""
        self._id = account.access_key_id
        self._key = account.access_key_secret
        self._token = account.security_token
        self._now = now
        self._nonce = nonce

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        """Add time, nonce, the token of temporary credentials, and the signature."""
        request.headers["x-acs-date"] = f"{self._now().astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        request.headers["x-acs-signature-nonce"] = self._nonce()
        request.headers["x-acs-content-sha256"] = hashlib.sha256(request.content).hexdigest()
        if self._token is not None:
            request.headers["x-acs-accesskey-id"] = self._id
            request.headers["x-acs-security-token"] = self._token.get_secret_value()
        names = signed_names(request)
        text = string_to_sign(canonical_request(request, names))
        signature = hmac.new(self._key.get_secret_value().encode(), text.encode(), hashlib.sha256)
        request.headers["Authorization"] = (
            f"{_ALGORITHM} Credential={self._id},SignedHeaders={';'.join(names)},"
            f"Signature={signature.hexdigest()}"
        )
        yield request


def canonical_query(parameters: Mapping[str, str]) -> str:
    """The query as it is both signed and sent: sorted, with %20 for a space and never a plus."""
    return "&".join(
        f"{quote(name, safe='')}={quote(value, safe='')}"
        for name, value in sorted(parameters.items())
    )


def signed_names(request: httpx.Request) -> list[str]:
    """The headers that must be signed, by name. A content type would be one: there is no body."""
    sent = {name.lower() for name in request.headers}
    return sorted(name for name in sent if name == "host" or name.startswith("x-acs-"))


def canonical_request(request: httpx.Request, names: Iterable[str]) -> str:
    """The request as it is signed; its query must have been written by `canonical_query`."""
    signed = list(names)
    lines = "".join(f"{name}:{request.headers[name].strip()}\n" for name in signed)
    query = request.url.query.decode("ascii")
    digest = request.headers["x-acs-content-sha256"]
    return "\n".join((request.method, "/", query, lines, ";".join(signed), digest))


def string_to_sign(canonical: str) -> str:
    """Two lines: algorithm, hash of the canonical request."""
    return f"{_ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
