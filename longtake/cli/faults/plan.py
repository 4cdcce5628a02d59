"""What will go wrong, and when: the same for the same seed, on any machine.

Nothing here runs anything. Every choice comes from one `random.Random`, in a fixed order.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from longtake.cli.faults.manners import MANNERS
from longtake.cli.faults.menu import Rule, cost, draw_rules, draw_strikes

PEOPLE = ("1001", "1002", "1003", "1004", "1005", "1006")
"""Who is in every room."""

_STARTS_PER_SECOND = 2.0
_SHORTEST, _LONGEST = 5.0, 30.0
"""Seconds from a session's start to its stop."""
_SERVER_BACK_WITHIN = 5.0
_LONGEST_CUT = 3.0
_TERMINATED_SHARE = 0.08
SWEPT_WITHIN = 60.0
"""Seconds that a sweep may take to see that nobody ends a session's task, and to let it end."""


@dataclass(frozen=True)
class Order:
    """Something that the application does to a session; `at` in seconds after its start."""

    at: float
    name: str
    """A signal's name, `start` for a second start of the room, or `terminate`."""
    user: str = ""
    """Who is to be large, or alone to be heard."""


@dataclass(frozen=True)
class Strike:
    """A fault of the task that strikes at a moment, not at a call."""

    at: float
    rule: Rule


@dataclass(frozen=True)
class SessionPlan:
    """One session; `at` in seconds after the run's start."""

    room: str
    at: float
    orders: tuple[Order, ...]
    """In order of time; one is a stop."""
    rules: tuple[Rule, ...]
    strikes: tuple[Strike, ...]

    @property
    def stop_at(self) -> float:
        """Seconds after the session's start."""
        return next(order.at for order in self.orders if order.name == "stop")


@dataclass(frozen=True)
class Kill:
    """`kill -9` of one of the workers, or of the Temporal server."""

    at: float
    what: Literal["worker", "server"]
    worker: int = 0


@dataclass(frozen=True)
class Cut:
    """The workers' connections to the vendor or to Temporal are reset, and refused for a while."""

    at: float
    what: Literal["vendor", "temporal"]
    seconds: float


@dataclass(frozen=True)
class Plan:
    """A whole run."""

    vendor: str
    seed: int
    sessions: tuple[SessionPlan, ...]
    kills: tuple[Kill, ...]
    cuts: tuple[Cut, ...]
    longest: float

    @property
    def ends_at(self) -> float:
        """When the last order is given, in seconds after the run's start."""
        return max(
            (session.at + order.at for session in self.sessions for order in session.orders),
            default=0.0,
        )

    def as_json(self) -> dict[str, Any]:
        """For the report."""
        return asdict(self)


def make_plan(
    vendor: str,
    *,
    sessions: int,
    seed: int,
    kills: int,
    cuts: int,
    workers: int,
    longest: float,
) -> Plan:
    """Draw a run. `longest`: seconds by which faults may delay a session's end."""
    rng = random.Random(f"{vendor}/{seed}")  # noqa: S311 - repeatable on purpose
    spread = sessions / _STARTS_PER_SECOND
    drawn = tuple(
        _session(rng, vendor, f"f{seed}-{number:03}", rng.uniform(0, spread), longest)
        for number in range(1, sessions + 1)
    )
    until = max((session.at + session.stop_at for session in drawn), default=0.0)
    killed = _kills(rng, kills, workers, until)
    return Plan(vendor, seed, drawn, killed, _cuts(rng, cuts, until), longest)


def _session(rng: random.Random, vendor: str, room: str, at: float, longest: float) -> SessionPlan:
    life = min(_LONGEST, max(_SHORTEST + 1, longest / 2))
    stop = 0.0 if rng.random() < 0.08 else rng.uniform(_SHORTEST, life)
    orders = [Order(_short(stop), "stop"), *_signals(rng, vendor, stop)]
    if rng.random() < 0.15:
        orders.append(Order(_short(stop + rng.choice((0.0, 0.05, 1.0))), "stop"))
    if stop and rng.random() < 0.2:
        orders.append(Order(_short(rng.uniform(0, min(3.0, stop / 2))), "start"))
    if stop and rng.random() < _TERMINATED_SHARE and longest >= SWEPT_WITHIN:
        # What is started in its room meanwhile would record beside what it left.
        orders = [order for order in orders if order.name != "start"]
        orders.append(Order(_short(rng.uniform(0.5, stop)), "terminate"))
    rules = _affordable(vendor, draw_rules(rng, vendor), longest)
    strikes = draw_strikes(rng, vendor, stop) if stop else []
    return SessionPlan(
        room=room,
        at=_short(at),
        orders=tuple(sorted(orders, key=lambda order: order.at)),
        rules=tuple({"vendor": vendor, "room": room, **rule} for rule in rules),
        strikes=tuple(
            Strike(_short(when), {"vendor": vendor, "room": room, **rule})
            for when, rule in strikes
            if cost(vendor, [*rules, rule]) <= longest
        ),
    )


def _signals(rng: random.Random, vendor: str, stop: float) -> list[Order]:
    """Changes and pauses before the stop."""
    orders, large = list[Order](), PEOPLE[0]
    for _ in range(rng.choice((0, 1, 1, 2, 3)) if stop else 0):
        large = rng.choice([user for user in PEOPLE if user != large])
        orders.append(Order(_short(rng.uniform(0.5, stop)), "change_layout", large))
    if stop and MANNERS[vendor].subscriptions and rng.random() < 0.3:
        user = rng.choice(PEOPLE)
        orders.append(Order(_short(rng.uniform(0.5, stop)), "change_subscriptions", user))
    if stop and rng.random() < 0.25:
        pause = rng.uniform(1.0, stop * 0.7)
        orders.append(Order(_short(pause), "pause"))
        orders.append(Order(_short(rng.uniform(pause, stop)), "resume"))
    return orders


def _affordable(vendor: str, rules: Sequence[Rule], longest: float) -> list[Rule]:
    """As many of them, in their order, as can be recovered from in time."""
    chosen = list[Rule]()
    for rule in rules:
        if cost(vendor, [*chosen, rule]) <= longest:
            chosen.append(rule)
    return chosen


def _kills(rng: random.Random, count: int, workers: int, until: float) -> tuple[Kill, ...]:
    """One in its own part of the run each; of two or more, one at least is of either."""
    part = max(0.0, until - 2.0) / max(1, count)
    server_at, worker_at = rng.sample(range(count), 2) if count > 1 else (-1, 0)
    found = list[Kill]()
    for number in range(count):
        at = 2.0 + part * number + rng.uniform(0, max(0.1, part - _SERVER_BACK_WITHIN))
        server = rng.random() < 0.25
        if number in {server_at, worker_at}:
            server = number == server_at
        worker = rng.randrange(workers)
        found.append(Kill(_short(at), "server" if server else "worker", worker))
    return tuple(found)


def _cuts(rng: random.Random, count: int, until: float) -> tuple[Cut, ...]:
    """One in its own part of the run each, first of one kind, then of the other."""
    part = max(0.0, until - 2.0) / max(1, count)
    first, second = rng.sample(("vendor", "temporal"), 2)
    return tuple(
        Cut(
            at=_short(2.0 + part * number + rng.uniform(0, part)),
            what=second if number % 2 else first,
            seconds=_short(rng.uniform(0.0, _LONGEST_CUT)),
        )
        for number in range(count)
    )


def _short(seconds: float) -> float:
    return round(seconds, 2)
