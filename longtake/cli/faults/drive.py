"""Acts as the application: starts sessions, gives orders, kills processes, waits for the end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol, TypeVar

from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from longtake.cli.emulated import ACCOUNT, STORAGE, emulated
from longtake.cli.faults.manners import MANNERS
from longtake.cli.faults.plan import PEOPLE, Cut, Kill, Order, Plan, SessionPlan
from longtake.cli.faults.stage import Stage
from longtake.client import AlreadyLive
from longtake.client.starting import start_recording
from longtake.contracts import names
from longtake.contracts.payloads import LayoutChange, StopOrder, SubscriptionsChange
from longtake.domain.layout import SpeakerLayout
from longtake.domain.recording import Output, RecordingRequest, StreamFilter, Subscriptions

IDLE = 60.0
"""Seconds for which the vendor records an empty room, the least that all of them take."""

_ASK_AGAIN = 0.3
_SERVER_BACK_WITHIN = 60.0
_AWAY = {
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.UNKNOWN,
    RPCStatusCode.INTERNAL,
    RPCStatusCode.ABORTED,
    RPCStatusCode.RESOURCE_EXHAUSTED,
}
"""How a server that was killed, or is not quite up yet, lets a call fail."""

_T = TypeVar("_T")
Handle = WorkflowHandle[Any, Any]


class Application(Protocol):
    """What a column of the comparison does with a session."""

    async def start(self, client: Client, session: SessionPlan) -> Handle:
        """Start it; AlreadyLive where the room is being recorded."""
        ...

    async def order(self, handle: Handle, order: Order) -> None:
        """Give an order to a live session."""
        ...


@dataclass
class Played:
    """What was done."""

    handles: dict[str, list[Handle]] = field(default_factory=dict[str, list[Handle]])
    """Every execution that was started, by room."""
    refused_starts: dict[str, int] = field(default_factory=dict[str, int])
    strikes: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """Rules that struck at a moment, with their hits."""


async def play(
    plan: Plan, stage: Stage, application: Application, within: float, quiet: asyncio.Event
) -> Played:
    """Carry out the plan, until every session is over or `within` s after the last order.

    `quiet` is set when the last order was given, and sessions only wait for their end.
    """
    played = Played()
    loop = asyncio.get_running_loop()
    began = loop.time()
    parts = [_session(stage, application, session, played, began) for session in plan.sessions]
    ends = asyncio.gather(*parts)
    killing = asyncio.gather(_kill(stage, plan.kills, began), _cut(stage, plan.cuts, began))
    loop.call_at(began + plan.ends_at, quiet.set)
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout_at(began + plan.ends_at + within):
                await asyncio.gather(ends, killing)
    finally:
        for task in (ends, killing):
            task.cancel()
        await asyncio.gather(ends, killing, return_exceptions=True)
    return played


async def _kill(stage: Stage, kills: tuple[Kill, ...], began: float) -> None:
    for kill in sorted(kills, key=lambda kill: kill.at):
        await _until(began + kill.at)
        if kill.what == "server":
            await stage.kill_server()
        else:
            await stage.kill_worker(kill.worker)


async def _cut(stage: Stage, cuts: tuple[Cut, ...], began: float) -> None:
    for cut in cuts:
        await _until(began + cut.at)
        await stage.cut(cut.what, cut.seconds)


async def _session(
    stage: Stage, application: Application, session: SessionPlan, played: Played, began: float
) -> None:
    """One session from its start to its end, and any other that a second start made."""
    await _until(began + session.at)
    await stage.emulator.fill(session.room, {user: f"user {user}" for user in PEOPLE})
    for rule in session.rules:
        await stage.emulator.arm(rule)
    live = played.handles.setdefault(session.room, [])
    try:
        live.append(await insisted(lambda: application.start(stage.client, session)))
    except AlreadyLive as err:
        # Only a start whose answer was lost with the server can have been there before.
        live.append(stage.client.get_workflow_handle(err.workflow_id))
    strikes = [_strike(stage, session, played, began)]
    orders = asyncio.gather(*strikes, _orders(stage, application, session, played, began))
    try:
        await orders
        if _forgets(stage.vendor, session):
            # No call ends such a task, and its files are complete only when people have left.
            await stage.emulator.fill(session.room, {})
        for started in live:
            with suppress(WorkflowFailureError):
                await insisted(started.result)
    finally:
        orders.cancel()


def _forgets(vendor: str, session: SessionPlan) -> bool:
    rules = [*session.rules, *(strike.rule for strike in session.strikes)]
    return any(rule["kind"] in MANNERS[vendor].lost_by for rule in rules)


async def _orders(
    stage: Stage, application: Application, session: SessionPlan, played: Played, began: float
) -> None:
    live = played.handles[session.room]
    for order in session.orders:
        await _until(began + session.at + order.at)
        if order.name == "terminate":
            for handle in live:
                await _ordered(lambda handle=handle: handle.terminate("as planned"))
            continue
        if order.name != "start":
            for handle in live:
                await _ordered(lambda handle=handle, order=order: application.order(handle, order))
            continue
        try:
            live.append(await insisted(lambda: application.start(stage.client, session)))
        except AlreadyLive:
            refused = played.refused_starts
            refused[session.room] = refused.get(session.room, 0) + 1


async def _ordered(order: Callable[[], Awaitable[None]]) -> None:
    """A session may be over by then: that is no news."""
    try:
        await insisted(order)
    except RPCError as err:
        if err.status is not RPCStatusCode.NOT_FOUND:
            raise


async def _strike(stage: Stage, session: SessionPlan, played: Played, began: float) -> None:
    for strike in session.strikes:
        await _until(began + session.at + strike.at)
        played.strikes.append(await stage.emulator.arm(strike.rule))


async def _until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - asyncio.get_running_loop().time()))


async def insisted(call: Callable[[], Awaitable[_T]]) -> _T:
    """The call's result, asked for again while the server is away."""
    deadline = asyncio.get_running_loop().time() + _SERVER_BACK_WITHIN
    while True:
        try:
            return await call()
        except RPCError as err:
            if err.status not in _AWAY or asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(_ASK_AGAIN)


def request_of(vendor: str, room: str) -> RecordingRequest:
    """A mix of everybody, which the vendor gives up a minute after the room has emptied."""
    plain: Mapping[str, Any] = RecordingRequest(
        vendor=vendor,
        account=ACCOUNT,
        room=room,
        layout=SpeakerLayout(main=PEOPLE[0]),
        output=Output(storage=STORAGE),
        max_idle=timedelta(seconds=IDLE),
        max_duration=timedelta(minutes=30),
    ).model_dump()
    besides = emulated(vendor).request("mixed", PEOPLE)
    return RecordingRequest.model_validate({**plain, **besides})


class LongtakeApplication:
    """Sessions as Longtake records them."""

    def __init__(self, vendor: str) -> None:
        """`vendor`: whose rooms are recorded."""
        self._vendor = vendor

    async def start(self, client: Client, session: SessionPlan) -> Handle:
        """See `Application`."""
        return await start_recording(client, request_of(self._vendor, session.room))

    async def order(self, handle: Handle, order: Order) -> None:
        """By signals."""
        match order.name:
            case names.CHANGE_LAYOUT:
                layout = LayoutChange(layout=SpeakerLayout(main=order.user))
                await handle.signal(names.CHANGE_LAYOUT, layout)
            case names.CHANGE_SUBSCRIPTIONS:
                # Whoever is not seen has no pane where panes are made for users (Alibaba).
                heard = Subscriptions(
                    audio=StreamFilter(allow=(order.user,)), video=StreamFilter(allow=PEOPLE)
                )
                change = SubscriptionsChange(subscriptions=heard)
                await handle.signal(names.CHANGE_SUBSCRIPTIONS, change)
            case names.STOP:
                await handle.signal(names.STOP, StopOrder(reason="as planned"))
            case _:
                await handle.signal(order.name)
