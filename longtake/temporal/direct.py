"""Calls that pass by an account's queue while nobody waits there.

What is queued is held to the account's rate by the server, and sorted by urgency and tenant. That
matters while calls wait. While none does, the way through the queue is only dear: so a session asks
for a call on its own queue first, where the worker that has the session may begin it at once. It is
declined unless it would have its turn soon. What is let through counts against the same pace.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from longtake.contracts import names
from longtake.domain.errors import NO_TURN
from longtake.temporal.intake import USUAL, easing
from longtake.vendorkit.pace import CALLER, Caller, Pace

PLACES = 400
"""Activities that a worker runs for sessions at a time, of all accounts."""
AT_LEAST = 32
"""Places that one account's calls, or checks of files, may have at a time however few are free. Of
many they may have half of the free ones: so a vendor that hangs takes a third, and does not hold up
the sessions of the others."""
SOON = 0.5
"""Seconds for which a call may wait its turn here; a longer line is the server's to sort."""

_CALLS = {names.ACQUIRE, names.START, names.APPLY, names.STOP_TASK}


class DirectCalls(Interceptor):
    """Declines on a session's own worker what would have to wait: see `NO_TURN`."""

    def __init__(self, pace: Callable[[str], Pace | None]) -> None:
        """`pace` of an account; None for one that the worker does not have."""
        self.pace = pace
        self.under_way = Counter[str]()

    def intercept_activity(
        self,
        next: ActivityInboundInterceptor,  # noqa: A002 - the SDK's name
    ) -> ActivityInboundInterceptor:
        return _DirectCall(next, self)


class _DirectCall(ActivityInboundInterceptor):
    def __init__(self, inner: ActivityInboundInterceptor, calls: DirectCalls) -> None:
        super().__init__(inner)
        self._calls = calls

    async def execute_activity(
        self,
        input: ExecuteActivityInput,  # noqa: A002 - the SDK's name
    ) -> Any:
        kind = activity.info().activity_type
        with ExitStack() as around:
            if kind == names.PREPARE:
                order = input.args[0]
                pace = self._calls.pace(order.request.account)
                if pace is not None and pace.wait > SOON:
                    input.args = [order.model_copy(update={"acquire": False})]
            if kind in _CALLS:
                account = input.args[0].request.account
                around.enter_context(self._one_of_few(account))
                around.enter_context(self._paced(kind, account))
            elif kind == names.CHECK_FILES:
                around.enter_context(self._one_of_few(kind))
            return await self.next.execute_activity(input)

    @contextmanager
    def _one_of_few(self, whose: str) -> Generator[None]:
        under_way = self._calls.under_way
        if under_way[whose] >= max((PLACES - under_way.total()) // 2, AT_LEAST):
            raise _declined(f"{under_way[whose]} calls are under way")
        under_way[whose] += 1
        try:
            yield
        finally:
            under_way[whose] -= 1

    @contextmanager
    def _paced(self, kind: str, account: str) -> Generator[None]:
        pace = self._calls.pace(account)
        if pace is None:  # it may have it again, and the queue waits until then
            raise _declined("this worker has no such account")
        if pace.wait > SOON:
            raise _declined("others of the account wait")
        urgency = activity.info().priority.priority_key or USUAL
        before = CALLER.set(Caller(kind, urgency, lambda: None))
        try:
            with easing(pace):
                yield
        finally:
            CALLER.reset(before)


def _declined(why: str) -> ApplicationError:
    return ApplicationError(
        f"to be queued: {why}",
        type=NO_TURN,
        non_retryable=True,
        category=ApplicationErrorCategory.BENIGN,
    )
