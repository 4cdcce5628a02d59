"""A call passes by its account's queue while nobody waits, and is declined otherwise."""

from __future__ import annotations

import asyncio
import dataclasses
from types import SimpleNamespace
from typing import Any

import pytest
from temporalio.common import Priority
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from longtake.contracts import names
from longtake.domain.errors import NO_TURN
from longtake.temporal.direct import AT_LEAST, PLACES, DirectCalls
from longtake.vendorkit.pace import ALONE, CALLER, NOWHERE, Caller, Pace

THIRD = PLACES // 3


class Vendor(ActivityInboundInterceptor):
    """Stands for the activity: it answers when it is let."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.answers = asyncio.Event()
        self.answers.set()
        self.together = asyncio.Event()

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's
        self.asked.append((input.args[0], CALLER.get()))
        if len(self.asked) == THIRD:
            self.together.set()
        await self.answers.wait()
        return "answered"


class Order(SimpleNamespace):
    """As much of an order as is looked at."""

    def model_copy(self, update: dict[str, Any]) -> Order:
        return Order(**{**vars(self), **update})


async def ask(calls: DirectCalls, vendor: Vendor, kind: str, account: str = "demo") -> Any:
    environment = ActivityEnvironment()
    told = {"activity_type": kind, "priority": Priority(priority_key=1)}
    environment.info = dataclasses.replace(environment.default_info(), **told)
    order = Order(request=SimpleNamespace(account=account), acquire=True)
    given = ExecuteActivityInput(fn=ask, args=[order], executor=None, headers={})
    return await environment.run(calls.intercept_activity(vendor).execute_activity, given)


async def declined(calls: DirectCalls, vendor: Vendor, kind: str, account: str = "demo") -> str:
    with pytest.raises(ApplicationError) as caught:
        await ask(calls, vendor, kind, account)
    assert (caught.value.type, caught.value.non_retryable) == (NO_TURN, True)
    return str(caught.value)


def direct(pace: Pace) -> DirectCalls:
    return DirectCalls({"demo": pace}.get)


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


@pytest.mark.parametrize("kind", [names.ACQUIRE, names.START, names.APPLY, names.STOP_TASK])
async def test_a_call_goes_at_once_while_nobody_waits(vendor: Vendor, kind: str) -> None:
    assert await ask(direct(Pace(5, lambda: ALONE)), vendor, kind) == "answered"


async def test_a_call_that_would_wait_is_declined_before_anything_is_sent(vendor: Vendor) -> None:
    pace = Pace(1, lambda: ALONE)
    (await pace.turn()).settle()
    assert "others of the account wait" in await declined(direct(pace), vendor, names.STOP_TASK)
    assert vendor.asked == []


async def test_a_call_is_declined_where_others_stand_in_line(vendor: Vendor) -> None:
    pace = Pace(5, lambda: ALONE)
    line = [asyncio.create_task(pace.turn()) for _ in range(5)]
    await asyncio.sleep(0)
    await declined(direct(pace), vendor, names.START)
    for waiting in line:
        waiting.cancel()


async def test_a_process_without_a_place_in_the_fleet_declines(vendor: Vendor) -> None:
    await declined(direct(Pace(5, lambda: NOWHERE)), vendor, names.START)


async def test_what_is_asked_of_an_account_that_is_gone_waits_on_its_queue(vendor: Vendor) -> None:
    told = await declined(direct(Pace(5, lambda: ALONE)), vendor, names.STOP_TASK, "gone")
    assert "no such account" in told


@pytest.mark.parametrize(
    ("kind", "other"), [(names.APPLY, names.CHECK_FILES), (names.CHECK_FILES, names.APPLY)]
)
async def test_a_vendor_or_storage_that_hangs_takes_only_a_third_of_the_places(
    vendor: Vendor, kind: str, other: str
) -> None:
    calls = direct(Pace(10_000, lambda: ALONE))
    vendor.answers.clear()
    hanging = [asyncio.create_task(ask(calls, vendor, kind)) for _ in range(THIRD)]
    await vendor.together.wait()
    await declined(calls, vendor, kind)
    others = [asyncio.create_task(ask(calls, vendor, other)) for _ in range(AT_LEAST)]
    vendor.answers.set()
    assert await asyncio.gather(*hanging, *others) == ["answered"] * (THIRD + AT_LEAST)
    assert await ask(calls, vendor, kind) == "answered"


async def test_a_call_has_its_turn_as_urgently_as_it_was_asked_for(vendor: Vendor) -> None:
    await ask(direct(Pace(5, lambda: ALONE)), vendor, names.STOP_TASK)
    [(_, caller)] = vendor.asked
    assert isinstance(caller, Caller)
    assert (caller.kind, caller.urgency) == (names.STOP_TASK, 1)


@pytest.mark.parametrize("rate", [5, 1])
async def test_a_resource_is_reserved_with_the_check_only_while_nobody_waits(
    vendor: Vendor, rate: float
) -> None:
    pace = Pace(rate, lambda: ALONE)
    (await pace.turn()).settle()
    assert await ask(direct(pace), vendor, names.PREPARE) == "answered"
    [(order, _)] = vendor.asked
    assert order.acquire is (rate == 5)  # at 1 a second the next call would wait
