"""Who calls: access keys, which failures lock, and the tokens that IAM gave."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from longtake.emulator.world import World
from longtake.vendors.huawei.emulator.codes import (
    MISSING,
    NOT_ALLOWED,
    RENEW_TOKEN,
    UNAUTHORIZED,
    WRONG_CALLER,
    Refusal,
)
from longtake.vendors.huawei.emulator.options import HuaweiOptions
from longtake.vendors.huawei.emulator.signing import Authorization, SignedRequest

_LARGEST_SKEW = timedelta(minutes=15)


@dataclass
class _Failures:
    """Of one access key: how many in a row, and until when they lock it."""

    count: int = 0
    locked_until: datetime | None = None


@dataclass
class Token:
    """``scoped``: it names a domain or project, without which it opens no service."""

    issued_at: datetime
    expires_at: datetime
    scoped: bool


class Doorkeeper:
    """Lets callers in by signature or token."""

    def __init__(self, world: World, options: HuaweiOptions) -> None:
        self._world, self._options = world, options
        self._failures: dict[str, _Failures] = {}
        self._tokens: dict[str, Token] = {}

    def admit(self, request: SignedRequest, clocks: Sequence[datetime]) -> None:
        """Return if the caller is known.

        clocks: a signature is fresh by any of them.
        Raises:
            Refusal: with the code of what is wrong.
        """
        token = request.headers.get("x-auth-token")
        if token is not None:
            self._check_token(token)
        else:
            self._check_signature(request, clocks)

    def issue(self, *, scoped: bool) -> tuple[str, Token]:
        """A new token, by its text."""
        now = self._world.clock.now()
        token = Token(now, now + timedelta(seconds=self._options.timings.token), scoped)
        text = base64.b64encode(self._world.rng.randbytes(96)).decode()
        self._tokens[text] = token
        return text, token

    def void_tokens(self) -> int:
        """Let every token that still holds expire now; how many there were."""
        now = self._world.clock.now()
        valid = [token for token in self._tokens.values() if token.expires_at > now]
        for token in valid:
            token.expires_at = now
        return len(valid)

    # -- tokens ----------------------------------------------------------------------------------

    def _check_token(self, text: str) -> None:
        token = self._tokens.get(text)
        if token is None:
            raise Refusal(WRONG_CALLER)
        if token.expires_at <= self._world.clock.now():
            raise Refusal(RENEW_TOKEN)
        if not token.scoped:
            raise Refusal(UNAUTHORIZED, "OperationUnauthorized: the token has no domain")

    # -- signatures ------------------------------------------------------------------------------

    def _check_signature(self, request: SignedRequest, clocks: Sequence[datetime]) -> None:
        authorization = Authorization.of(request)
        key = "" if authorization is None else authorization.access_key
        caller = self._options.callers.get(key)
        if authorization is None or caller is None or self._locked(key):
            raise Refusal(WRONG_CALLER)
        fits = authorization.fits(request, caller.secret_key) and _fresh(request, clocks)
        signed = "x-security-token" in authorization.signed_headers
        if caller.token is not None:
            fits &= signed and request.headers["x-security-token"] == caller.token
        if not fits:
            self._failed(key)
            raise Refusal(WRONG_CALLER)
        self._failures.pop(key, None)
        self._check_project(request)

    def _check_project(self, request: SignedRequest) -> None:
        project = request.headers.get("x-project-id")
        if project is None:
            raise Refusal(MISSING, "MissingParameter: X-Project-Id")
        if project != self._options.project_id:
            raise Refusal(NOT_ALLOWED)

    def _failed(self, key: str) -> None:
        failures = self._failures.setdefault(key, _Failures())
        failures.count += 1
        if 0 < self._options.limits.failures < failures.count:
            lock = timedelta(seconds=self._options.timings.lock)
            self._failures[key] = _Failures(locked_until=self._world.clock.now() + lock)

    def _locked(self, key: str) -> bool:
        until = self._failures.get(key, _Failures()).locked_until
        return until is not None and self._world.clock.now() < until


def _fresh(request: SignedRequest, clocks: Sequence[datetime]) -> bool:
    at = request.signed_at
    return at is not None and any(abs(now - at) <= _LARGEST_SKEW for now in clocks)
