"""The verdict: each invariant against the ledger, with examples in words. Pure.

The numbers are those of docs/faults.md. What a rule excuses is said beside it: a judge that
excuses too much proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from longtake.cli.faults import judge_calls, judge_sessions
from longtake.cli.faults.evidence import HELD, Evidence

EXAMPLES = 3

Rule = Callable[[Evidence], Iterator[str]]

RULES: Mapping[int, tuple[str, Rule]] = {
    1: ("at most one task of a session runs", judge_sessions.one_task_at_a_time),
    2: ("every task is one session's, or its stray", judge_sessions.every_task_has_an_owner),
    3: ("once all sessions are over, no task runs", judge_sessions.nothing_left_running),
    4: ("no start with a used or old resource", judge_calls.resources_are_fresh),
    5: ("no order to a task whose stop was confirmed", judge_calls.nothing_after_the_stop),
    6: ("the last layout is the last wish, one call at a time", judge_calls.layouts_follow),
    7: ("permanent errors end it, others are spaced", judge_calls.errors_are_heeded),
    8: ("calls in any second stay within the rate", judge_calls.rate_is_kept),
    9: ("a session called complete has every file", judge_sessions.complete_is_complete),
    10: ("no path is written by two attempts", judge_sessions.paths_are_apart),
    11: ("callbacks never change the outcome", judge_sessions.callbacks_change_nothing),
    12: ("one live session per room", judge_sessions.one_session_per_room),
    13: ("a stop leads to one terminal state", judge_sessions.stops_end_sessions),
    14: ("no secret in histories, files, logs, metrics", judge_sessions.no_secret_leaked),
    15: ("every history replays", judge_sessions.histories_replay),
    16: ("every session ends in time", judge_sessions.sessions_end),
}
"""17 to 19 need a clock of their own: `tests/workflows`."""


@dataclass(frozen=True)
class Verdict:
    """One line of the table."""

    number: int
    invariant: str
    judged: int
    """How many things were looked at: sessions, tasks, calls."""
    violations: int
    examples: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """For the report."""
        return asdict(self)


def judge(evidence: Evidence) -> list[Verdict]:
    """Every invariant, in order."""
    verdicts = list[Verdict]()
    for number, (text, rule) in RULES.items():
        told = list(rule(evidence))
        found = [words for words in told if words]
        looked = told.count(HELD)
        verdicts.append(Verdict(number, text, looked, len(found), tuple(found[:EXAMPLES])))
    return verdicts
