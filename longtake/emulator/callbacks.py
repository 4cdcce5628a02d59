"""Sends vendors' callbacks: signed by the vendor, retried, and spoilt where a fault says so."""

from __future__ import annotations

import asyncio
import json
import logging
import math
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

import httpx

from longtake.emulator import faults
from longtake.emulator.clock import Clock
from longtake.emulator.faults import CALLBACK, Fault, FaultPlan
from longtake.emulator.settings import CallbackTarget

_log = logging.getLogger(__name__)

_HELD_BACK = 5.0  # seconds after which a reordered callback goes even if no other followed

WRONG_SECRET = "not-the-secret"  # noqa: S105 - signs forgeries, and must fit nothing


@dataclass(frozen=True)
class Signed:
    """A callback as it goes over the wire."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Insistence:
    """How a vendor delivers.

    answer_within: seconds that the receiver has. repeats: seconds of the emulator's clock before
    each repeat. lifetime: seconds after which none follows. wants_json: a status 200 alone is no
    answer. heeds_refusals: any status below 500 is one.
    """

    answer_within: float
    repeats: tuple[float, ...]
    lifetime: float = math.inf
    wants_json: bool = False
    heeds_refusals: bool = False


class Notice(Protocol):
    """A vendor's event, rendered anew for each delivery since it carries the sending time."""

    @property
    def room(self) -> str: ...

    @property
    def insistence(self) -> Insistence: ...

    def render(self, sent_at: datetime, secret: str | None) -> Signed:
        """Body and headers; ``secret`` None means the vendor's default."""
        ...

    def forgery(self) -> Notice:
        """What an attacker would send: the false news that this recording is over."""
        ...


@runtime_checkable
class Addressed(Protocol):
    """A notice whose address was told with its task."""

    def address(self, target: str | None) -> str:
        """Where it goes; ``target``: where the vendor's callbacks were directed, if anywhere."""
        ...


class CallbackSender:
    """Delivers in the background, so that no answer of an API waits for a receiver."""

    def __init__(
        self, clock: Clock, plan: FaultPlan, targets: Mapping[str, CallbackTarget]
    ) -> None:
        self._clock = clock
        self._plan = plan
        self._configured = dict(targets)
        self._targets = dict(targets)
        self._http: httpx.AsyncClient | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: dict[str, list[Notice]] = {}

    def direct(self, vendor: str, target: CallbackTarget | None) -> None:
        """Send the vendor's callbacks there from now on; None sends none."""
        if target is None:
            self._targets.pop(vendor, None)
        else:
            self._targets[vendor] = target

    def send(self, vendor: str, notice: Notice) -> None:
        if self._address(vendor, notice) is None:
            return
        struck = self._struck(vendor, notice)
        if any(isinstance(fault, faults.Forge) for fault in struck):
            self._spawn(self._deliver(vendor, notice.forgery(), forged=True))
        if any(isinstance(fault, faults.Drop) for fault in struck):
            return
        if any(isinstance(fault, faults.Reorder) for fault in struck):
            self._hold(vendor, notice)
            return
        delay = sum(fault.seconds for fault in struck if isinstance(fault, faults.Delay))
        for _ in range(2 ** sum(isinstance(fault, faults.Double) for fault in struck)):
            self._spawn(self._deliver(vendor, notice, delay=delay, then=self._held.pop(vendor, ())))

    def _struck(self, vendor: str, notice: Notice) -> list[Fault]:
        struck = list(self._plan.striking(vendor, {CALLBACK}, notice.room, lambda _: True))
        for rule in struck:
            rule.hit()
        return [rule.fault for rule in struck]

    def reset(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._held.clear()
        self._targets = dict(self._configured)

    async def close(self) -> None:
        self.reset()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    def _hold(self, vendor: str, notice: Notice) -> None:
        waiting = self._held.setdefault(vendor, [])
        waiting.append(notice)

        def give_up() -> None:
            if notice in waiting and self._held.get(vendor) is waiting:
                waiting.remove(notice)
                self._spawn(self._deliver(vendor, notice))

        self._clock.after(_HELD_BACK, give_up)

    def _spawn(self, delivery: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(delivery)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(
        self,
        vendor: str,
        notice: Notice,
        *,
        delay: float = 0.0,
        forged: bool = False,
        then: Sequence[Notice] = (),
    ) -> None:
        """Post until it is taken or given up; ``then`` are those held back for this one."""
        if delay:
            await self._clock.sleep(delay)
        await self._insist(vendor, notice, forged=forged)
        for late in then:
            self._spawn(self._deliver(vendor, late))

    async def _insist(self, vendor: str, notice: Notice, *, forged: bool) -> None:
        """Post until it is taken, or the vendor gives up; a forger tries once."""
        how, began = notice.insistence, self._clock.now()
        for gap in (0.0, *how.repeats):
            if gap:
                await self._clock.sleep(gap)
            url, target = self._address(vendor, notice), self._targets.get(vendor)
            if url is None:
                return
            now = self._clock.now()
            if (now - began).total_seconds() > how.lifetime:
                break
            secret = None if target is None else target.secret
            signed = notice.render(now, WRONG_SECRET if forged else secret)
            if await self._post(url, signed, how) or forged:
                return
        _log.warning("a callback of %s was not taken", vendor)

    def _address(self, vendor: str, notice: Notice) -> str | None:
        target = self._targets.get(vendor)
        url = None if target is None else target.url
        return notice.address(url) if isinstance(notice, Addressed) else url

    async def _post(self, url: str, signed: Signed, how: Insistence) -> bool:
        """Whether the receiver took it."""
        if self._http is None:
            self._http = httpx.AsyncClient(trust_env=False)
        # Waiting for a free connection is our own affair, not the receiver's slowness.
        timeout = httpx.Timeout(how.answer_within, pool=None)
        try:
            response = await self._http.post(
                url, content=signed.body, headers=signed.headers, timeout=timeout
            )
            if how.wants_json:
                json.loads(response.content)
        except (httpx.HTTPError, ValueError):
            return False
        if how.heeds_refusals:
            return response.status_code < 500
        return response.status_code == 200
