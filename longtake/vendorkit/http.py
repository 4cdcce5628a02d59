"""Talking to a vendor over HTTP: one attempt a call, and a verdict on every failure.

not sent      name lookup, connect, TLS, no free connection: the vendor knows of nothing
maybe done    everything after the first byte: write, read, a reply that breaks off
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx

from longtake.domain.errors import NotSent, RecordingError, VendorUnavailable

REST = timedelta(minutes=1)
"""How long a host that failed is passed over while others are left."""

_NEVER_SENT = (
    httpx.ConnectError,  # name lookup, refused, TLS handshake
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


class _Spaced(httpx.AsyncHTTPTransport):
    """Lets requests go in their order, none sooner than a while after the one before."""

    def __init__(self, every: float, limits: httpx.Limits) -> None:
        super().__init__(limits=limits, trust_env=False)
        self._every = every
        self._next = 0.0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        now = asyncio.get_running_loop().time()
        turn = max(now, self._next)
        self._next = turn + self._every
        await asyncio.sleep(turn - now)
        return await super().handle_async_request(request)


def open_client(
    *, calls_per_second: float = math.inf, max_connections: int = 100
) -> httpx.AsyncClient:
    """A client for one account's calls; its opener closes it.

    `calls_per_second` spaces what this process sends evenly: a burst that the task queue lets go,
    or that a busy machine has dammed up, reaches the vendor as a flow.

    The environment is not read: neither proxies nor a netrc file, which would replace the
    credentials of a call. Redirects are answers like any other and are not followed.
    """
    limits = httpx.Limits(
        max_connections=max_connections,
        max_keepalive_connections=max_connections,
        keepalive_expiry=30,
    )
    transport = _Spaced(1 / calls_per_second, limits)
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
