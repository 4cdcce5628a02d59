"""Checks SDK-HMAC-SHA256, the signature of Huawei Cloud's gateway, over the bytes that came."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, unquote

_UNSIGNED = "UNSIGNED-PAYLOAD"
_MUST_BE_SIGNED = frozenset({"host", "x-sdk-date"})
_AUTHORIZATION = re.compile(
    r"SDK-HMAC-SHA256 Access=(?P<key>[^,\s]+), ?SignedHeaders=(?P<headers>[a-z0-9;-]+)"
    r", ?Signature=(?P<signature>[0-9a-f]{64})"
)
_DATE = re.compile(r"[0-9]{8}T[0-9]{6}Z", re.ASCII)


@dataclass(frozen=True)
class SignedRequest:
    """What the signature covers. Path and query as they came; header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def signed_at(self) -> datetime | None:
        """X-Sdk-Date, if it is one."""
        stamp = self.headers.get("x-sdk-date", "")
        if not _DATE.fullmatch(stamp):
            return None
        try:
            return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        except ValueError:
            return None


@dataclass(frozen=True)
class Authorization:
    """The header of that name, taken apart."""

    access_key: str
    signed_headers: tuple[str, ...]
    signature: str

    @classmethod
    def of(cls, request: SignedRequest) -> Authorization | None:
        """None where the header has not the form, or leaves out what must be signed."""
        found = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
        if found is None:
            return None
        names = tuple(found["headers"].split(";"))
        complete = _MUST_BE_SIGNED.issubset(names) and not set(names) - request.headers.keys()
        return cls(found["key"], names, found["signature"]) if complete else None

    def fits(self, request: SignedRequest, secret_key: str) -> bool:
        expected = signature(secret_key, string_to_sign(request, self.signed_headers))
        return hmac.compare_digest(expected, self.signature)


def canonical_request(request: SignedRequest, names: Sequence[str]) -> str:
    """Six parts. Only the canonical path ends in a slash; the request's own does not."""
    block = "".join(f"{name}:{request.headers[name].strip()}\n" for name in names)
    parts = [request.method, _path(request.path), _query(request.query), block, ";".join(names)]
    return "\n".join([*parts, _payload(request)])


def string_to_sign(request: SignedRequest, names: Sequence[str]) -> str:
    digest = hashlib.sha256(canonical_request(request, names).encode()).hexdigest()
    return f"SDK-HMAC-SHA256\n{request.headers['x-sdk-date']}\n{digest}"


def signature(secret_key: str, text: str) -> str:
    return hmac.new(secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()


def _path(path: str) -> str:
    encoded = "/".join(_encoded(segment) for segment in unquote(path).split("/"))
    return encoded if encoded.endswith("/") else f"{encoded}/"


def _query(query: str) -> str:
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    decoded = sorted((unquote(name), unquote(value)) for name, _, value in pairs)
    return "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in decoded)


def _payload(request: SignedRequest) -> str:
    if request.body and request.headers.get("x-sdk-content-sha256") == _UNSIGNED:
        return _UNSIGNED
    return hashlib.sha256(request.body).hexdigest()


def _encoded(text: str) -> str:
    return quote(text, safe="~")
