"""The faults that may befall a session, how likely each is, and what recovery from it costs."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from longtake.cli.faults.manners import DOUBTFUL_CODES, MANNERS, Manners

Rule = Mapping[str, Any]
"""A fault rule of the emulator, without vendor and room."""

_STRAY = 250.0
"""90 s for the id of a lost start, then 150 s for the stray's: of `workflows/policies.py`."""
_POLL = 40.0
"""For the end of a task to be noticed by asking, where no event tells."""

_UNHEARD: Sequence[Rule] = (
    {"call": "start", "kind": "lost_reply", "when": "after", "times": 1},
    {"call": "callback", "kind": "drop", "probability": 1.0},
)
"""The hardest case: the answer to a start is lost, and no event will name the task."""
_UNHEARD_SHARE = 0.06
_CALLBACKS_ALONE = 0.12
"""Of sessions whose callbacks are spoilt, and nothing else: they must not be changed by that."""

_Draw = Callable[[random.Random, Manners], Rule | None]


def draw_rules(rng: random.Random, vendor: str) -> list[Rule]:
    """None to four rules to be laid in wait for one session."""
    manners = MANNERS[vendor]
    if rng.random() < _CALLBACKS_ALONE:
        return [_callback(rng, manners) for _ in range(rng.randint(2, 3))]
    count = rng.choices((0, 1, 2, 3, 4), (15, 35, 28, 15, 7))[0]
    draws = rng.choices([draw for draw, _ in _MENU], [weight for _, weight in _MENU], k=count)
    rules = [rule for draw in draws if (rule := draw(rng, manners)) is not None]
    return [*rules, *_UNHEARD] if rng.random() < _UNHEARD_SHARE else rules


def draw_strikes(rng: random.Random, vendor: str, stop: float) -> list[tuple[float, Rule]]:
    """What strikes the running task at a moment of the session's life."""
    manners = MANNERS[vendor]
    struck = list[tuple[float, Rule]]()
    if rng.random() < 0.3:
        kind = rng.choice(manners.task_faults)
        moment = rng.uniform(0.5, stop)
        if kind != "never_up":
            struck.append((moment, _task_fault(rng, kind)))
    return struck


def cost(vendor: str, rules: Sequence[Rule]) -> float:
    """Seconds that these rules may delay a session's end, at the worst."""
    manners = MANNERS[vendor]
    kinds = {rule["kind"] for rule in rules}
    deaf = bool(kinds & {"drop"}) or any(rule.get("seconds", 0) > 3 for rule in _callbacks(rules))
    total = 0.0
    # A kill, too, may leave a start in doubt: then events are missed.
    if deaf or any(_doubtful(manners, rule) for rule in rules):
        total += _doubt(manners, rules, deaf=deaf)
    if kinds & manners.lost_by:
        total += 2 * manners.gone_after
    if "migrate" in kinds:
        total += 15.0
    if "never_up" in kinds:
        total += manners.gone_after if deaf else 15.0
    if kinds & {"evict", "token_expired"}:
        total += _POLL if deaf else 10.0
    if any(rule.get("code") == manners.full for rule in rules):
        total += 20.0
    if any(rule["call"] == "stop" for rule in rules):
        total += 15.0
    return total


def _doubt(manners: Manners, rules: Sequence[Rule], *, deaf: bool) -> float:
    """What a start in doubt costs: less where it may simply be sent again.

    A start that had no effect is named by nobody: once its session is told to stop, or where it
    must not be repeated, it is waited for in vain.
    """
    if manners.repeated_start == "replaces":
        return 60.0
    vain = any(_doubtful(manners, rule) and rule.get("when") != "after" for rule in rules)
    return _STRAY if deaf or vain else 25.0


def _doubtful(manners: Manners, rule: Rule) -> bool:
    """Whether it leaves a start without a clear answer."""
    if rule["call"] not in {"start", "*"}:
        return False
    match rule["kind"]:
        case "status":
            return rule["status"] >= 500 or manners.by_code
        case "code":
            return rule["code"] in DOUBTFUL_CODES
        case "lost_reply" | "corrupt_reply" | "reset":
            return True
        case _:
            return False


def _callbacks(rules: Sequence[Rule]) -> list[Rule]:
    return [rule for rule in rules if rule["call"] == "callback"]


# --- the menu ---------------------------------------------------------------------------------


def _lost_reply(rng: random.Random, _: Manners) -> Rule:
    call = rng.choice(("start", "start", "start", "stop", "layout", "query"))
    return {"call": call, "kind": "lost_reply", "when": "after", "times": 1}


def _corrupt_reply(rng: random.Random, _: Manners) -> Rule:
    call = rng.choice(("start", "start", "stop", "layout", "query"))
    return {"call": call, "kind": "corrupt_reply", "when": "after", "times": 1}


def _status(rng: random.Random, _: Manners) -> Rule:
    call = rng.choice(("start", "start", "stop", "layout", "query"))
    status = rng.choice((500, 502, 503, 504))
    times = rng.choice((1, 1, 2))
    return {"call": call, "kind": "status", "status": status, "when": "before", "times": times}


def _hidden(rng: random.Random, _: Manners) -> Rule:
    """A gateway's error in the place of a success."""
    call = rng.choice(("start", "stop"))
    status = rng.choice((502, 504))
    return {"call": call, "kind": "status", "status": status, "when": "after", "times": 1}


def _too_many(rng: random.Random, _: Manners) -> Rule:
    call = rng.choice(("start", "stop", "query"))
    headers = {"Retry-After": str(rng.choice((1, 2, 4)))} if rng.random() < 0.5 else {}
    return {"call": call, "kind": "status", "status": 429, "headers": headers, "times": 1}


def _passing(rng: random.Random, manners: Manners) -> Rule:
    return {"call": "start", "kind": "code", "code": rng.choice(manners.passing), "times": 1}


def _full(rng: random.Random, manners: Manners) -> Rule | None:
    if manners.full is None:
        return None
    # Agora says so of acquire as well: whoever is asked first.
    call = "acquire" if "acquire" in manners.roles else "start"
    return {"call": call, "kind": "code", "code": manners.full, "times": rng.choice((1, 2))}


def _permanent(_: random.Random, manners: Manners) -> Rule:
    return {"call": "start", "kind": "code", "code": manners.permanent, "times": 1}


def _reset(rng: random.Random, _: Manners) -> Rule:
    call = rng.choice(("start", "stop", "layout", "query"))
    return {"call": call, "kind": "reset", "when": rng.choice(("before", "after")), "times": 1}


def _slow(rng: random.Random, _: Manners) -> Rule:
    call = rng.choice(("start", "start", "stop", "layout", "query"))
    seconds = round(rng.uniform(0.5, 4.0), 1)
    when = rng.choice(("before", "after"))
    return {"call": call, "kind": "slow", "seconds": seconds, "when": when, "times": 1}


def _never_up(_: random.Random, __: Manners) -> Rule:
    return {"call": "start", "kind": "never_up", "times": 1}


def _expired(_: random.Random, manners: Manners) -> Rule | None:
    if "acquire" not in manners.roles.values():
        return None
    return {"call": "acquire", "kind": "expire_resource", "when": "after", "times": 1}


def _on_a_call(rng: random.Random, manners: Manners) -> Rule:
    """Strikes the task just before a call about it is handled."""
    kinds = [kind for kind in manners.task_faults if kind != "never_up"]
    fault = _task_fault(rng, rng.choice(kinds))
    return {**fault, "call": rng.choice(("stop", "layout", "query")), "times": 1}


def _callback(rng: random.Random, _: Manners) -> Rule:
    kind = rng.choice(("drop", "double", "double", "reorder", "delay", "forge", "forge"))
    rule: dict[str, Any] = {"call": "callback", "kind": kind}
    if kind == "delay":
        rule["seconds"] = round(rng.uniform(0.5, 6.0), 1)
    if rng.random() < 0.5:
        return rule | {"times": rng.randint(1, 4)}
    return rule | {"probability": round(rng.uniform(0.3, 0.9), 2)}


_MENU: Sequence[tuple[_Draw, float]] = (
    (_lost_reply, 14),
    (_corrupt_reply, 6),
    (_status, 12),
    (_hidden, 5),
    (_too_many, 7),
    (_passing, 8),
    (_full, 4),
    (_permanent, 2),
    (_reset, 8),
    (_slow, 8),
    (_never_up, 4),
    (_expired, 3),
    (_on_a_call, 7),
    (_callback, 18),
)
"""What is drawn, and with which weight."""


def _task_fault(rng: random.Random, kind: str) -> Rule:
    match kind:
        case "migrate":
            return {"call": "now", "kind": kind, "seconds": round(rng.uniform(1, 8), 1)}
        case "stall_upload":
            seconds = round(rng.uniform(1, 10), 1)
            return {"call": "now", "kind": kind, "seconds": seconds, "backup": rng.random() < 0.5}
        case _:
            return {"call": "now", "kind": kind}
