"""One request and its answer, with whatever faults strike between the two."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response

from longtake.emulator import faults
from longtake.emulator.faults import Fault, Rule, TaskFault
from longtake.emulator.ledger import CallRecord
from longtake.emulator.server import hang_up
from longtake.emulator.world import World


@dataclass(frozen=True)
class Reply:
    """An answer: its body, and the vendor's code in it, if any."""

    status: int
    body: Any
    code: int | str | None = None
    headers: dict[str, str] = field(default_factory=dict[str, str])

    def response(self, *, corrupt: bool = False) -> Response:
        """JSON; a body that is text goes out as it is, and None as no body."""
        if self.body is None or isinstance(self.body, str):
            return Response(self.body, self.status, self.headers)
        text = json.dumps(self.body, separators=(",", ":"), ensure_ascii=False)
        content = text.encode(errors="backslashreplace")  # a lone surrogate, echoed, is no UTF-8
        if corrupt:
            content = content[: max(1, len(content) // 2)]
        return Response(content, self.status, self.headers, "application/json")


class Afflictable(Protocol):
    """What the exchange needs from a vendor."""

    @property
    def calls(self) -> Mapping[str, tuple[str, ...]]:
        """Its calls, with the names that faults of any vendor have for them besides."""
        ...

    def afflict(self, record: CallRecord, fault: TaskFault) -> bool:
        """Let ``fault`` strike the task or resource of this call; False if there is none."""
        ...

    def knows_code(self, call: str, code: int | str) -> bool:
        """Whether ``code`` is documented for ``call`` (or, for ``*``, for any call)."""
        ...

    def coded_reply(self, record: CallRecord, code: int | str) -> Reply:
        """The documented answer with ``code`` to this call."""
        ...


@dataclass
class Exchange:
    """One call under way.

    creates_task: the task that a task fault would strike exists only after the effect, save for
    the faults ``of_resource``, which strike what was there before.
    """

    world: World
    vendor: Afflictable
    request: Request
    record: CallRecord
    creates_task: bool = False
    of_resource: tuple[type[TaskFault], ...] = ()

    async def run(self, effect: Callable[[], Awaitable[Reply]]) -> Response:
        """Faults before, the effect, faults after, the answer."""
        reply = await self._strike("before", None)
        if reply is None:
            reply = await effect()
            self._note(reply)
            reply = await self._strike("after", reply) or reply
        self._note(reply)
        self.record.finished_at = self.world.clock.now()
        return await self._deliver(reply)

    def _note(self, reply: Reply) -> None:
        self.record.status, self.record.code = reply.status, reply.code

    async def _strike(self, phase: str, effected: Reply | None) -> Reply | None:
        """Let the rules of this phase strike; the answer that one of them gives instead."""
        substitute: Reply | None = None
        record = self.record
        names = {record.call, *self.vendor.calls.get(record.call, ())}
        for rule in self.world.faults.striking(
            record.vendor, names, record.room, lambda fault: self._applies(fault, phase)
        ):
            if isinstance(rule.fault, TaskFault):
                if self.vendor.afflict(record, rule.fault):
                    self._hit(rule)
            elif substitute is None:
                self._hit(rule)
                substitute = await self._substitute(rule.fault, effected)
        return substitute

    def _applies(self, fault: Fault, phase: str) -> bool:
        if isinstance(fault, faults.Code) and not self.vendor.knows_code(
            self.record.call, fault.code
        ):
            return False
        of_task = isinstance(fault, TaskFault) and not isinstance(fault, self.of_resource)
        return phase == ("after" if of_task and self.creates_task else fault.when)

    def _hit(self, rule: Rule) -> None:
        rule.hit()
        self.record.faults.append(rule.fault.model_dump()["kind"])

    async def _substitute(self, fault: Fault, effected: Reply | None) -> Reply | None:
        match fault:
            case faults.Slow():
                await self.world.clock.sleep(fault.seconds)
            case faults.Status():
                return Reply(fault.status, fault.body, headers=fault.headers)
            case faults.Code():
                return self.vendor.coded_reply(self.record, fault.code)
            case faults.Reset():
                return _Torn.of(effected, reset=True)
            case faults.LostReply():
                return _Torn.of(effected, reset=False)
            case faults.CorruptReply() if effected is not None:
                return _Corrupt(effected.status, effected.body, effected.code, effected.headers)
            case _:
                pass
        return None

    async def _deliver(self, reply: Reply) -> Response:
        if isinstance(reply, _Torn):
            self.record.delivered = False
            if not reply.effected:
                self.record.status = None
            return await hang_up(self.request, reset=reply.reset)
        return reply.response(corrupt=isinstance(reply, _Corrupt))


@dataclass(frozen=True)
class _Torn(Reply):
    """No answer at all; status and code are those that the caller never saw."""

    reset: bool = True
    effected: bool = True

    @classmethod
    def of(cls, effected: Reply | None, *, reset: bool) -> _Torn:
        if effected is None:
            return cls(0, None, reset=reset, effected=False)
        return cls(effected.status, effected.body, effected.code, reset=reset)


@dataclass(frozen=True)
class _Corrupt(Reply):
    """An answer whose JSON breaks off."""
