"""Talking to a vendor over HTTP: one attempt a call, and a verdict on every failure.

not sent      name lookup, connect, TLS, no free connection: the vendor knows of nothing
maybe done    everything after the first byte: write, read, a reply that breaks off
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from longtake.domain.errors import NotSent, RecordingError, VendorUnavailable
from longtake.vendorkit.pace import Pace

REST = timedelta(minutes=1)
"""How long a host that failed is passed over while others are left."""

_NEVER_SENT = (
    httpx.ConnectError,  # name lookup, refused, TLS handshake
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


class _Paced(httpx.AsyncHTTPTransport):
    """Sends a request when it has its turn, and notes when its first byte goes, as to connect may
    take longer for one than for the next, and when the answer comes.
    """

    def __init__(self, pace: Pace, limits: httpx.Limits) -> None:
        super().__init__(limits=limits, trust_env=False)
        self._pace = pace

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        departure = await self._pace.turn()
        loop = asyncio.get_running_loop()

        async def trace(event: str, _: Mapping[str, Any]) -> None:
            if event.endswith(".send_request_headers.started"):
                departure.leave(loop.time())

        request.extensions["trace"] = trace
        try:
            response = await super().handle_async_request(request)
            departure.answer(loop.time())
        finally:
            departure.settle()
        return response


def open_client(*, pace: Pace | None = None, max_connections: int = 100) -> httpx.AsyncClient:
    """A client for one account's calls; its opener closes it.

    `pace` is what this process may send of the account's limit; without one nothing waits.

    The environment is not read: neither proxies nor a netrc file, which would replace the
    credentials of a call. Redirects are answers like any other and are not followed.
    """
    limits = httpx.Limits(
        max_connections=max_connections,
        max_keepalive_connections=max_connections,
        keepalive_expiry=30,
    )
    transport = (
        _Paced(pace, limits) if pace else httpx.AsyncHTTPTransport(limits=limits, trust_env=False)
    )
    return httpx.AsyncClient(transport=transport, trust_env=False, follow_redirects=False)


def never_sent(error: httpx.RequestError) -> bool:
    """Whether it is certain that the vendor saw nothing of the request."""
    return isinstance(error, _NEVER_SENT)


def transport_failure(
    error: httpx.RequestError,
    *,
    vendor: str,
    call: str,
    maybe_done: type[RecordingError] = VendorUnavailable,
) -> RecordingError:
    """The failure of a call that got no answer; `maybe_done` if it may have had its effect.

    The text names the kind of failure only: httpx's own may hold the address with its query.
    """
    kind = NotSent if never_sent(error) else maybe_done
    return kind(f"{vendor} {call}: {type(error).__name__}", vendor=vendor, call=call)


def retry_after(headers: httpx.Headers, now: datetime) -> timedelta | None:
    """What the header Retry-After asks for, as seconds or as a date; None if it says nothing."""
    asked = headers.get("Retry-After", "").strip()
    if asked.isascii() and asked.isdigit() and len(asked) <= 6:
        return timedelta(seconds=int(asked))
    try:
        until = parsedate_to_datetime(asked)
    except (ValueError, OverflowError):
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(until - now, timedelta(0))


class HostPool:
    """Base URLs in order of preference; one that failed rests, so that the next call passes it.

    The state is per process and only steers: no call is repeated here.
    """

    def __init__(self, hosts: Sequence[str], now: Callable[[], datetime]) -> None:
        """`hosts`: base URLs without a trailing slash, at least one."""
        self._hosts = tuple(hosts)
        self._now = now
        self._failed: dict[str, datetime] = {}

    def pick(self) -> str:
        """The first host that is not resting, else the one that failed longest ago."""
        now = self._now()
        for host in self._hosts:
            if host not in self._failed or now - self._failed[host] >= REST:
                return host
        return min(self._hosts, key=self._failed.__getitem__)

    def failed(self, host: str) -> None:
        """Let `host` rest."""
        self._failed[host] = self._now()

    def worked(self, host: str) -> None:
        """End the rest of `host`."""
        self._failed.pop(host, None)
