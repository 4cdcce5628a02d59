"""Checks ACS3-HMAC-SHA256, the signature of Alibaba Cloud's API V3, over what came."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from longtake.vendors.alibaba.emulator.codes import Refusal
from longtake.vendors.alibaba.emulator.options import Caller

LARGEST_SKEW = timedelta(minutes=15)

_ALGORITHM = "ACS3-HMAC-SHA256"
_AUTHORIZATION = re.compile(
    _ALGORITHM + r"\s+Credential=(?P<id>[^,\s]+)\s*,\s*SignedHeaders=(?P<headers>[a-z0-9;_-]+)"
    r"\s*,\s*Signature=(?P<signature>[0-9a-f]{64})"
)
_INCOMPLETE = "IncompleteSignature"
_WRONG = "SignatureDoesNotMatch"
_UNKNOWN_KEY = "InvalidAccessKeyId.NotFound"


@dataclass(frozen=True)
class SignedRequest:
    """What the signature covers; header names are in lower case, ``query`` is decoded."""

    method: str
    headers: Mapping[str, str]
    query: Sequence[tuple[str, str]]
    body: bytes


def verify(
    request: SignedRequest, callers: Mapping[str, Caller], clocks: tuple[datetime, ...]
) -> str:
    """The access key id, if its holder signed just this.

    clocks: the request is fresh by any of them.
    Raises:
        Refusal: with the code of what is wrong.
    """
    found = _AUTHORIZATION.fullmatch(request.headers.get("authorization", "").strip())
    if found is None:
        raise Refusal(_INCOMPLETE, f"Authorization has not the form of {_ALGORITHM}")
    _check_freshness(request.headers.get("x-acs-date", ""), clocks)
    caller = _caller(found["id"], request.headers, callers)
    names = found["headers"].split(";")
    _check_coverage(request, names)
    expected = signature(caller.secret, string_to_sign(request, names))
    sent = request.headers.get("x-acs-content-sha256", "")
    whole = hmac.compare_digest(sent.encode(), content_hash(request.body).encode())
    if not whole or not hmac.compare_digest(expected, found["signature"]):
        raise Refusal(_WRONG, "The signature does not fit the request")
    return found["id"]


def _check_freshness(stamp: str, clocks: tuple[datetime, ...]) -> None:
    try:
        signed_at = datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        form = "x-acs-date is UTC in the form YYYY-MM-DDTHH:MM:SSZ"
        raise Refusal("InvalidTimeStamp.Format", form) from None
    if all(abs(now - signed_at) > LARGEST_SKEW for now in clocks):
        raise Refusal("InvalidTimeStamp.Expired", "x-acs-date is over 15 minutes off")


def _caller(
    access_key_id: str, headers: Mapping[str, str], callers: Mapping[str, Caller]
) -> Caller:
    """A temporary key without its token counts as unknown."""
    caller = callers.get(access_key_id)
    if caller is None or headers.get("x-acs-security-token") != caller.token:
        raise Refusal(_UNKNOWN_KEY, "The access key is not found")
    if not caller.active:
        raise Refusal("InvalidAccessKeyId.Inactive", "The access key is disabled")
    return caller


def _check_coverage(request: SignedRequest, names: list[str]) -> None:
    headers = request.headers
    must = {"host", *(name for name in headers if name.startswith("x-acs-"))}
    if request.body and "content-type" in headers:
        must.add("content-type")  # the official asyncio client adds it, unsigned, to no body at all
    if bare := sorted(must.difference(names)):
        raise Refusal(_INCOMPLETE, f"{bare[0]} is sent, but not signed")
    if not headers.get("x-acs-signature-nonce"):
        raise Refusal(_INCOMPLETE, "x-acs-signature-nonce is needed")


def content_hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def canonical_query(query: Sequence[tuple[str, str]]) -> str:
    return "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in sorted(query))


def canonical_request(request: SignedRequest, names: Sequence[str]) -> str:
    """Six parts; a header that is named but absent has an empty value, which nobody signs."""
    headers = request.headers
    block = "".join(f"{name}:{headers.get(name, '').strip()}\n" for name in sorted(names))
    digest = headers.get("x-acs-content-sha256", "")
    query = canonical_query(request.query)
    return "\n".join([request.method, "/", query, block, ";".join(names), digest])


def string_to_sign(request: SignedRequest, names: Sequence[str]) -> str:
    digest = hashlib.sha256(canonical_request(request, names).encode()).hexdigest()
    return f"{_ALGORITHM}\n{digest}"


def signature(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def _encoded(text: str) -> str:
    return quote(text, safe="-_.~")
