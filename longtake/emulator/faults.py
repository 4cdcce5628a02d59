"""Fault rules: what goes wrong, for whom, how often."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    PositiveInt,
    TypeAdapter,
    model_validator,
)

CALLBACK = "callback"
"""The pseudo-call under which the kinds that spoil callbacks are filed."""

NOW = "now"
"""The pseudo-call that afflicts running tasks at once, without waiting for a call."""

Seconds = Annotated[float, Field(ge=0, le=30 * 86400)]


class Fault(BaseModel):
    """What every rule has.

    vendor: a name or ``*``. room: only calls about this room.
    call: a vendor's own name; ``acquire``, ``start``, ``query``, ``layout``, ``subscriptions`` or
    ``stop``, whoever the vendor is; or ``*``.
    when: before or after the call's effect.
    times: how often it strikes; probability: of each opportunity. One or neither; neither means
    once, a probability alone means for ever.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    vendor: str = "*"
    call: str = "*"
    room: str | None = None
    when: Literal["before", "after"] = "before"
    times: PositiveInt | None = None
    probability: Annotated[float, Field(gt=0, le=1)] | None = None

    @property
    def limit(self) -> int | None:
        return self.times or (1 if self.probability is None else None)


class _OfAnswer(Fault):
    """Strikes the exchange of one request and its answer."""

    @model_validator(mode="after")
    def _calls_only(self) -> Self:
        if self.call in {CALLBACK, NOW}:
            raise ValueError(f"call: a fault of the answer needs an API call, not {self.call!r}")
        return self


class Status(_OfAnswer):
    """An HTTP status, as a gateway in between would give it."""

    kind: Literal["status"]
    status: Annotated[int, Field(ge=100, le=599)]
    body: JsonValue = None
    headers: dict[str, str] = {}


class Code(_OfAnswer):
    """A code of the vendor's own, with the HTTP status and text documented for it."""

    kind: Literal["code"]
    code: int | str


class Slow(_OfAnswer):
    kind: Literal["slow"]
    seconds: Seconds


class Reset(_OfAnswer):
    """The connection is torn (RST) before or after the effect."""

    kind: Literal["reset"]


class _AfterTheEffect(_OfAnswer):
    when: Literal["before", "after"] = "after"

    @model_validator(mode="after")
    def _has_an_effect(self) -> Self:
        if self.when == "before":
            raise ValueError("when: this fault follows the effect")
        return self


class LostReply(_AfterTheEffect):
    """The effect happens; the connection is closed (FIN) without a byte of an answer."""

    kind: Literal["lost_reply"]


class CorruptReply(_AfterTheEffect):
    """The effect happens; the answer's JSON breaks off in the middle."""

    kind: Literal["corrupt_reply"]


class TaskFault(Fault):
    """Strikes the task that the call names: before the call is handled, or after a start."""

    @model_validator(mode="after")
    def _no_callbacks(self) -> Self:
        if self.call == CALLBACK:
            raise ValueError("call: a fault of a task needs an API call or 'now'")
        return self


class Migrate(TaskFault):
    """The task moves to another server, unreachable meanwhile."""

    kind: Literal["migrate"]
    seconds: Annotated[float, Field(ge=1, le=90)]


class Evict(TaskFault):
    """The recorder is thrown out of the room; ``code``: the vendor's for how it left."""

    kind: Literal["evict"]
    code: int | None = None


class Forget(TaskFault):
    """The API no longer knows the task, which goes on recording until it ends by itself."""

    kind: Literal["forget"]


class StallUpload(TaskFault):
    """Nothing is uploaded for a while; with ``backup`` it takes the vendor's own detour."""

    kind: Literal["stall_upload"]
    seconds: Seconds
    backup: bool = False


class WrongStorage(TaskFault):
    """The bucket refuses the keys: nothing is ever uploaded."""

    kind: Literal["wrong_storage"]


class NeverUp(TaskFault):
    """The start was accepted, yet the recorder never comes up."""

    kind: Literal["never_up"]


class ExpireResource(TaskFault):
    """What was acquired for the start is void before its time."""

    kind: Literal["expire_resource"]


class TokenExpired(TaskFault):
    """The recorder's token is no longer valid, which ends the recording."""

    kind: Literal["token_expired"]


class CallbackFault(Fault):
    """Strikes callbacks on their way out."""

    call: str = CALLBACK

    @model_validator(mode="after")
    def _callbacks_only(self) -> Self:
        if self.call != CALLBACK:
            raise ValueError("call: only 'callback' has callbacks to spoil")
        return self


class Drop(CallbackFault):
    kind: Literal["drop"]


class Double(CallbackFault):
    kind: Literal["double"]


class Reorder(CallbackFault):
    """Held back until the next callback has gone, or for 5 s when none follows."""

    kind: Literal["reorder"]


class Delay(CallbackFault):
    kind: Literal["delay"]
    seconds: Seconds


class Forge(CallbackFault):
    """A false end of the recording, signed with a wrong secret, goes out beside the true one."""

    kind: Literal["forge"]


AnyFault = Annotated[
    Status
    | Code
    | Slow
    | Reset
    | LostReply
    | CorruptReply
    | Migrate
    | Evict
    | Forget
    | StallUpload
    | WrongStorage
    | NeverUp
    | ExpireResource
    | TokenExpired
    | Drop
    | Double
    | Reorder
    | Delay
    | Forge,
    Field(discriminator="kind"),
]

_adapter: TypeAdapter[Any] = TypeAdapter(AnyFault)


def parse_fault(document: object) -> Fault:
    """A rule from its JSON form.

    Raises:
        pydantic.ValidationError: an unknown kind or field, or a value out of range.
    """
    return _adapter.validate_python(document)


def kinds() -> dict[str, list[str]]:
    """Every kind with the fields that it takes."""
    found: dict[str, list[str]] = {}
    for cls in _leaves(Fault):
        fields = cls.model_fields
        if "kind" in fields:
            (name,) = fields["kind"].annotation.__args__  # type: ignore[union-attr]
            found[name] = sorted(fields)
    return found


def _leaves(cls: type[Fault]) -> Iterator[type[Fault]]:
    for child in cls.__subclasses__():
        yield child
        yield from _leaves(child)


@dataclass
class Rule:
    number: int
    fault: Fault
    hits: int = 0

    @property
    def spent(self) -> bool:
        limit = self.fault.limit
        return limit is not None and self.hits >= limit

    def hit(self) -> None:
        self.hits += 1


class FaultPlan:
    """The rules in force, asked in the order in which they were given."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._numbers = itertools.count(1)
        self.rules: list[Rule] = []

    def add(self, fault: Fault) -> Rule:
        rule = Rule(next(self._numbers), fault)
        self.rules.append(rule)
        return rule

    def clear(self) -> None:
        self.rules.clear()

    def striking(
        self,
        vendor: str,
        calls: Collection[str],
        room: str | None,
        applies: Callable[[Fault], bool],
    ) -> Iterator[Rule]:
        """The rules that ``applies`` accepts, for which the dice say yes.

        calls: the names of one call; ``*`` stands for those of an API only.
        A rule that does strike is told so by ``hit``; one found not to apply costs nothing.
        """
        for rule in list(self.rules):
            fault = rule.fault
            if rule.spent or fault.vendor not in {"*", vendor}:
                continue
            if fault.call not in calls and (fault.call != "*" or CALLBACK in calls):
                continue
            if fault.room not in {None, room} or not applies(fault):
                continue
            if fault.probability is None or self._rng.random() < fault.probability:
                yield rule
