"""An account's calls at a pace: this process's share of what the vendor allows the whole fleet.

The vendor counts calls over a second that slides. Processes have no clock in common, so each of
them keeps to a share of its own in any second, and the shares add up to the limit.
"""

from __future__ import annotations

import asyncio
import heapq
import math
from collections import defaultdict, deque
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count

MARGIN = 0.01
"""Seconds by which a window is longer than the vendor's, for what is not known of a call's way."""

ON_ITS_WAY = 0.25
"""Seconds for which a call may be under way before the vendor counts it. When is not told; but no
later than it answers, less what the quickest answers to such calls take."""
SLOWER = 0.0005
"""Seconds by which the quickest answer is forgotten with each call: the network may change."""

EASE = 0.5
"""What a vendor's refusal leaves of the pace, down to `SLOWEST` ..."""
RECOVERY = 0.02
"""... and what comes back of it each second: the whole pace within a minute."""
SLOWEST = 0.1
LONGEST_REST = timedelta(seconds=10)
"""Of what a vendor asks for in Retry-After, for all calls of the account: stops are among them."""


@dataclass(frozen=True)
class Place:
    """A process's place in the fleet: one of `size`, numbered from 0."""

    rank: int
    size: int
    until: float = math.inf
    """By the event loop's clock; afterwards the place is another's for all that is known."""


ALONE = Place(0, 1)
NOWHERE = Place(0, 1, until=-math.inf)


@dataclass(frozen=True)
class Caller:
    """On whose behalf a call is made; what is made in its context finds it."""

    kind: str
    """Calls of one kind take equally long, but for what delays them."""
    urgency: int
    """1 before 5."""
    left: Callable[[], None]
    """Told, perhaps more than once, that a call of its own had its turn."""


_NOBODY = Caller("", 3, lambda: None)
CALLER: ContextVar[Caller] = ContextVar("caller", default=_NOBODY)


def share(limit: float, place: Place) -> int:
    """How many of the limit's calls are this process's; all the shares add up to the limit.

    When one joins, nobody's share grows; when one leaves, nobody's shrinks.
    """
    return len(range(place.rank, max(1, math.floor(limit)), place.size))


class Departure:
    """A call that had its turn."""

    def __init__(self, window: Window, kind: str, told: Callable[[], None]) -> None:
        """`told` when another may have room for what becomes known of this one."""
        self._window = window
        self._kind = kind
        self._told = told
        self._left = -math.inf
        self.at: float | None = None
        """By when it is counted; None until it leaves, infinitely long ago if it never will."""

    def leave(self, now: float) -> None:
        """Its first byte is being sent."""
        self._left = now
        self.at = now + ON_ITS_WAY
        self._told()

    def answer(self, now: float) -> None:
        """The vendor has counted it."""
        self.at = self._left + self._window.delay(self._kind, now - self._left)
        self._told()

    def settle(self) -> None:
        """If it has not left by now, it never will."""
        if self.at is None:
            self.at = -math.inf
            self._told()


class Window:
    """When the next call may go, so that no sliding period sees more than a number of them.

    A call goes no sooner than an even step after the one before, and only while the window has
    room by the times at which calls were counted: a late one delays those that follow it.
    """

    def __init__(self) -> None:
        self._left: deque[Departure] = deque()
        self._quickest = defaultdict[str, float](float)
        self._next = -math.inf

    def ready_at(self, now: float, calls: int, seconds: float) -> float:
        """The soonest moment for a call; infinite while it hangs on calls that have not left."""
        due, before = max(now, self._next), now - seconds
        while self._left and (first := self._left[0].at) is not None and first <= before:
            self._left.popleft()
        if len(self._left) < calls:
            return due
        room = calls - sum(gone.at is None for gone in self._left)
        if room <= 0:
            return math.inf
        times = sorted(gone.at for gone in self._left if gone.at is not None and gone.at > before)
        return max(due, times[-room] + seconds) if len(times) >= room else due

    def delay(self, kind: str, took: float) -> float:
        """By how much a call was counted later than the quickest, given what its answer took."""
        self._quickest[kind] = min(took, self._quickest[kind] + SLOWER)
        return min(took - self._quickest[kind], ON_ITS_WAY)

    def depart(self, departure: Departure, now: float, step: float) -> None:
        """Let a call go."""
        self._left.append(departure)
        # From when it was due: a timer that rings a little late costs nothing of the rate.
        due = self._next if now - self._next < step else now
        self._next = due + step


@dataclass(order=True)
class _Waiting:
    urgency: int
    number: int
    kind: str = field(compare=False)
    turn: asyncio.Future[Departure] = field(compare=False)


class Pace:
    """Gives calls their turn: the most urgent first, at this process's share of the limit."""

    def __init__(self, limit: float, place: Callable[[], Place]) -> None:
        """`limit`: calls per second of all processes together; of 2.5 it keeps to 2, of 0.5 to one
        call in two seconds. `place`: asked for each turn; `nudge` when it has changed.
        """
        self.limit = limit
        self._place = place
        self._window = Window()
        self._line: list[_Waiting] = []
        self._numbers = count()
        self._timer: asyncio.TimerHandle | None = None
        self._eased, self._eased_at, self._rests_until = 1.0, -math.inf, -math.inf
        self._listeners: list[Callable[[], None]] = []

    @property
    def share(self) -> int:
        """Calls of the limit that are this process's, in each of its periods; 0 for none."""
        place = self._place()
        return share(self.limit, place) if place.until > _now() else 0

    @property
    def per_second(self) -> float:
        """The pace in force."""
        return self.share / self._period(_now())

    def listen(self, told: Callable[[], None]) -> None:
        """Have `told` called whenever the place may have changed."""
        self._listeners.append(told)

    def nudge(self) -> None:
        """The place may have changed."""
        self._let_go()
        for told in self._listeners:
            told()

    def ease(self, rest: timedelta | None) -> None:
        """The vendor says that these were too many: halve the pace, after a rest if it wants one.

        Refusals of the same second are one.
        """
        now = _now()
        if now - self._eased_at >= 1:
            self._eased = max(self._fraction(now) * EASE, SLOWEST)
            self._eased_at = now
        if rest is not None:
            rests_until = now + min(rest, LONGEST_REST).total_seconds()
            self._rests_until = max(self._rests_until, rests_until)

    @property
    def wait(self) -> float:
        """Seconds until a call that comes now would have its turn, as far as can be told."""
        now, calls = _now(), self.share
        if not calls:
            return math.inf
        return self._ready_at(now, calls) - now + len(self._line) * self._period(now) / calls

    async def turn(self) -> Departure:
        """Wait for the caller's turn; whoever has it sends at once, and says when it has."""
        caller = CALLER.get()
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._line, _Waiting(caller.urgency, next(self._numbers), caller.kind, turn))
        self._let_go()
        try:
            departure = await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                turn.result().settle()
            raise
        caller.left()
        return departure

    def _fraction(self, now: float) -> float:
        return min(1.0, self._eased + (now - self._eased_at) * RECOVERY)

    def _period(self, now: float) -> float:
        return (1 / min(self.limit, 1) + MARGIN) / self._fraction(now)

    def _ready_at(self, now: float, calls: int) -> float:
        return max(self._window.ready_at(now, calls, self._period(now)), self._rests_until)

    def _let_go(self) -> None:
        """Give their turn to all who may have it now, and come back for the others."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._line:
            if self._line[0].turn.done():  # given up
                heapq.heappop(self._line)
                continue
            now, calls = _now(), self.share
            if not calls:
                return
            ready = self._ready_at(now, calls)
            if ready > now:
                if ready < math.inf:
                    loop = asyncio.get_running_loop()
                    self._timer = loop.call_at(ready, self._let_go)
                return
            first = heapq.heappop(self._line)
            departure = Departure(self._window, first.kind, self._let_go)
            self._window.depart(departure, now, self._period(now) / calls)
            first.turn.set_result(departure)


def _now() -> float:
    return asyncio.get_running_loop().time()
