"""Checks TC3-HMAC-SHA256, the signature of Tencent Cloud's API 3.0, over the bytes that came."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from longtake.vendors.tencent.emulator.codes import Refusal
from longtake.vendors.tencent.emulator.options import Caller

_SERVICE = "trtc"
_LARGEST_SKEW = timedelta(minutes=5)
_UNSIGNED = "UNSIGNED-PAYLOAD"
_MUST_BE_SIGNED = frozenset({"content-type", "host"})
_AUTHORIZATION = re.compile(
    r"TC3-HMAC-SHA256\s+Credential=(?P<id>[^/,\s]+)/(?P<date>[^/,\s]+)/(?P<service>[^/,\s]+)"
    r"/tc3_request\s*,\s*SignedHeaders=(?P<headers>[a-z0-9;-]+)"
    r"\s*,\s*Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True)
class SignedRequest:
    """What the signature covers; header names are in lower case."""

    method: str
    headers: Mapping[str, str]
    body: bytes


def verify(
    request: SignedRequest, callers: Mapping[str, Caller], clocks: tuple[datetime, ...]
) -> None:
    """Return if a caller signed just this.

    clocks: the request is fresh by any of them.
    Raises:
        Refusal: with the code of what is wrong.
    """
    found = _AUTHORIZATION.fullmatch(request.headers.get("authorization", "").strip())
    if found is None:
        raise Refusal("AuthFailure.InvalidAuthorization", "Authorization has not the TC3 form.")
    stamp = request.headers.get("x-tc-timestamp", "")
    signed_at = _fresh(stamp, clocks)
    caller = callers.get(found["id"])
    if caller is None:
        raise Refusal("AuthFailure.SecretIdNotFound", "The SecretId is not found.")
    if caller.token is not None and request.headers.get("x-tc-token") != caller.token:
        raise Refusal("AuthFailure.TokenFailure", "The token does not fit the SecretId.")
    scope_fits = found["date"] == f"{signed_at:%Y-%m-%d}" and found["service"] == _SERVICE
    text = string_to_sign(request, found["headers"].split(";"), stamp, f"{signed_at:%Y-%m-%d}")
    expected = signature(caller.secret_key, f"{signed_at:%Y-%m-%d}", text)
    if not scope_fits or not hmac.compare_digest(expected, found["signature"]):
        raise Refusal("AuthFailure.SignatureFailure", "The signature does not fit the request.")


def _fresh(stamp: str, clocks: tuple[datetime, ...]) -> datetime:
    if not re.fullmatch(r"[0-9]{1,12}", stamp):
        raise Refusal("InvalidParameter", "X-TC-Timestamp is the Unix time in seconds.")
    signed_at = datetime.fromtimestamp(int(stamp), UTC)
    if all(abs(now - signed_at) > _LARGEST_SKEW for now in clocks):
        raise Refusal("AuthFailure.SignatureExpire", "The timestamp is over 5 minutes off.")
    return signed_at


def canonical_request(request: SignedRequest, names: list[str]) -> str:
    """Six parts; a header that is named but absent has an empty value, which nobody signs."""
    headers = request.headers
    block = "".join(f"{name}:{headers.get(name, '').strip().lower()}\n" for name in sorted(names))
    unsigned = headers.get("x-tc-content-sha256") == _UNSIGNED
    payload = _UNSIGNED.encode() if unsigned else request.body
    digest = hashlib.sha256(payload).hexdigest()
    return "\n".join([request.method, "/", "", block, ";".join(names), digest])


def string_to_sign(request: SignedRequest, names: list[str], stamp: str, date: str) -> str:
    """
    Raises:
        Refusal: ``names`` leaves out a header that must be signed.
    """
    if not _MUST_BE_SIGNED.issubset(names):
        raise Refusal("AuthFailure.SignatureFailure", "content-type and host must be signed.")
    digest = hashlib.sha256(canonical_request(request, names).encode()).hexdigest()
    return "\n".join(["TC3-HMAC-SHA256", stamp, f"{date}/{_SERVICE}/tc3_request", digest])


def signature(secret_key: str, date: str, text: str) -> str:
    return hmac.new(signing_keys(secret_key, date)[-1], text.encode(), hashlib.sha256).hexdigest()


def signing_keys(secret_key: str, date: str) -> tuple[bytes, bytes, bytes]:
    """kDate, kService, kSigning."""
    of_date = hmac.digest(f"TC3{secret_key}".encode(), date.encode(), hashlib.sha256)
    of_service = hmac.digest(of_date, _SERVICE.encode(), hashlib.sha256)
    return of_date, of_service, hmac.digest(of_service, b"tc3_request", hashlib.sha256)
