"""Which worker processes there are: a roll call by polls of a queue that nothing is ever put into.

Temporal lists who polls a queue, and when each did last, by its own clock. A process polls in short
beats: so the others hear of it within one, and forget it soon after its death.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import socket
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from uuid import uuid4

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeTaskQueueRequest,
    PollActivityTaskQueueRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError

from longtake.vendorkit.pace import NOWHERE, Place

POLL = timedelta(seconds=3)
"""A poll's deadline, at which the server takes 2 s for the least, and answers a second before."""
LEASE = 5.0
"""Seconds from a beat's begin for which its answer counts: without news a process falls silent."""
FORGET = timedelta(seconds=6)
"""A process that has not polled for so long is dead, or silent by its lease."""
MISSED = 4
"""Beats for which one is kept that is not listed any more: a server that restarts lists nobody."""
AGAIN = 0.5
"""Seconds after a beat that failed."""
LOOK_AGAIN = 0.05
"""Seconds until a poll that was just begun should be listed."""

_OF_A_PROCESS = re.compile(r"(?P<pid>[0-9]+)@(?P<host>.+)-[0-9a-f]{8}")
"""As the SDK names a client that was given no other name."""

_log = logging.getLogger(__name__)


class Fleet:
    """The processes that answer one roll call, and this one's place among them."""

    def __init__(self, client: Client, queue: str) -> None:
        self._client = client
        self._queue = queue
        self._me = f"{client.identity}-{uuid4().hex[:8]}"  # two containers may have one name
        self._missed: dict[str, int] = {}
        """For how many beats those who lived have not been listed."""
        self._joins_at: float | None = None
        """When all the others know of this process, by the event loop's clock."""

    async def answer(self, told: Callable[[Place], None]) -> None:
        """Answer the roll call until cancelled; `told` gets the place with every beat.

        A newcomer has none before all who were there have heard of it. One who is alone has it at
        once: whoever comes later waits.
        """
        while True:
            began = _now()
            poll = asyncio.ensure_future(self._poll())
            try:
                listed = await self._look()
                while self._me not in listed and not poll.done():
                    await asyncio.sleep(LOOK_AGAIN)
                    listed = await self._look()
                told(self._place(listed, began))
                await poll
            except RPCError as err:
                _log.warning("no roll call, vendor calls may have to wait: %s", err.message)
                await asyncio.sleep(AGAIN)
            finally:
                poll.cancel()
                await asyncio.gather(poll, return_exceptions=True)

    def _place(self, listed: Mapping[str, datetime], began: float) -> Place:
        if self._me not in listed:
            return NOWHERE
        now = _now()
        live = self._live(listed)
        if self._joins_at is None:
            self._joins_at = now + LEASE
        if len(live) == 1:
            self._joins_at = now
        if now < self._joins_at:
            return NOWHERE
        return Place(live.index(self._me), len(live), began + LEASE)

    def _live(self, listed: Mapping[str, datetime]) -> list[str]:
        """Who lives, this process among them, in an order that is everybody's."""
        latest = listed[self._me]
        fresh = {who for who, at in listed.items() if latest - at < FORGET and not _fell(who)}
        gone = {who: beats + 1 for who, beats in self._missed.items() if who not in listed}
        self._missed = dict.fromkeys(fresh, 0) | {
            who: beats for who, beats in gone.items() if beats < MISSED and not _fell(who)
        }
        return sorted(self._missed)

    async def _poll(self) -> None:
        request = PollActivityTaskQueueRequest(
            namespace=self._client.namespace,
            task_queue=TaskQueue(name=self._queue),
            identity=self._me,
        )
        await self._client.workflow_service.poll_activity_task_queue(request, timeout=POLL)

    async def _look(self) -> Mapping[str, datetime]:
        """Who polled when."""
        request = DescribeTaskQueueRequest(
            namespace=self._client.namespace,
            task_queue=TaskQueue(name=self._queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        )
        told = await self._client.workflow_service.describe_task_queue(request)
        return {who.identity: who.last_access_time.ToDatetime() for who in told.pollers}


def _fell(who: str) -> bool:
    """Whether it was a process of this machine, and is gone: nobody need wait for its lease."""
    named = _OF_A_PROCESS.fullmatch(who)
    if named is None or named["host"] != socket.gethostname():
        return False
    try:
        os.kill(int(named["pid"]), 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # it is somebody else's, and lives
        pass
    return False


def _now() -> float:
    return asyncio.get_running_loop().time()
