"""Every invariant can be found broken, and what is excused is excused for its reason alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from longtake.cli.faults.judge import RULES, judge
from tests.faults.evidences import (
    Change,
    also,
    at,
    call,
    called,
    killed,
    leaking,
    manifest,
    of,
    only,
    ran,
    run,
    segment,
    sound,
    status,
    stray,
    struck,
    task,
    tasks,
    told,
    unsearched,
)


def broken(*changes: Change) -> dict[int, tuple[str, ...]]:
    evidence = sound()
    for change in changes:
        evidence = change(evidence)
    return {verdict.number: verdict.examples for verdict in judge(evidence) if verdict.violations}


SECOND = task("t2", created=at(10), entered=at(13), ended=at(20))
BURST = [call("query", 30 + number / 100) for number in range(23)]
FAILURE: dict[str, Any] = {"code": "VendorUnavailable", "message": "away"}
BREAKS: list[tuple[int, list[Change]]] = [
    (1, [tasks(task(), SECOND), told(segments=[segment("t1"), segment("t2")])]),
    (1, [tasks(task(ended=None), SECOND), told(segments=[segment("t1"), segment("t2")])]),
    (2, [tasks(task(), task("t2", created=at(20), recorder="r2"))]),
    (2, [tasks(task(), task("t2", room="elsewhere"))]),
    (2, [also(run(began=at(30), ended=at(40), run_id="another"))]),
    (3, [tasks(task(ended=None))]),
    (3, [told(strays=[stray("t2")]), tasks(task(), task("t2", recorder="r9", ended=None))]),
    (4, [only(call("start", 2, resource="nobody's"))]),
    (4, [only(call("acquire", 1), call("start", 302, task="t1"))]),
    (4, [called(call("start", 8, task="t1", status=201, code=7))]),
    (5, [called(call("layout", 21))]),
    (5, [called(call("stop", 21))]),
    (6, [tasks(task(layouts=({"maxResolutionUid": "1001"},)))]),
    (6, [tasks(task(layouts=()))]),
    (6, [called(call("layout", 10.05))]),
    (6, [called(call("subscriptions", 10.05))]),
    (7, [ran(outcome="failed", status=status(failure=FAILURE))]),
    (7, [ran(outcome="failed")]),
    (7, [only(*[call("start", s, status=500, faults=("status",)) for s in (2, 3)])]),
    (7, [only(*[call("stop", s, delivered=False, faults=("reset",)) for s in (20, 20.4)])]),
    (7, [only(*[call("start", s, status=400, code=2, faults=("code",)) for s in (2, 9)])]),
    (8, [called(*BURST)]),
    (8, [called(*BURST), killed(25, "worker")]),
    (9, [ran(manifest=manifest("k1/a1/other.m3u8"))]),
    (10, [tasks(task(), task("t2", created=at(20), files=("k1/a1/t1.m3u8",)))]),
    (10, [also(run("other", status=status(segments=[segment("t5", recorder="r5")])))]),
    (11, [struck("forge"), told(end_reason="ended_by_vendor")]),
    (11, [struck("double"), told(segments=[segment("t1"), segment("t2")])]),
    (11, [struck("drop"), ran(outcome="failed")]),
    (11, [struck("double"), killed(10), told(segments=[segment("t1"), segment("t2")])]),
    (12, [also(run(began=at(10), run_id="another"))]),
    (13, [told(state="collecting")]),
    (13, [told(end_reason="max_duration")]),
    (13, [ran(outcome="canceled")]),
    (13, [ran(status=None)]),
    (14, [leaking("callback_secret is in temporal.db")]),
    (14, [unsearched]),
    (15, [ran(replay="Nondeterminism error")]),
    (16, [ran(ended=None, outcome="running")]),
]


def test_a_sound_run_breaks_nothing() -> None:
    assert broken() == {}


@pytest.mark.parametrize(("number", "changes"), BREAKS, ids=lambda given: str(given)[:3])
def test_a_broken_invariant_is_found_and_told(number: int, changes: list[Change]) -> None:
    found = broken(*changes)
    assert number in found
    assert all(found[number])


def test_every_invariant_looks_at_something() -> None:
    verdicts = judge(struck("double")(also(run(began=at(30), run_id="next"))(sound())))
    spaced = judge(
        only(*[call("start", s, status=500, faults=("status",)) for s in (2, 9)])(sound())
    )
    looked = {verdict.number for verdict in (*verdicts, *spaced) if verdict.judged}
    assert looked == set(RULES)


def test_every_invariant_is_broken_by_some_case() -> None:
    assert {number for number, _ in BREAKS} == set(RULES)


LOST = task("t2", recorder="r9", created=at(4), ended=None)


@pytest.mark.parametrize(
    ("number", "changes"),
    [
        (1, [tasks(task(), LOST), told(strays=[stray()])]),
        (1, [tasks(task(), LOST), told(strays=[stray("t2")])]),
        (1, [struck("forget", "now"), tasks(task(), SECOND)]),
        (1, [of("tencent"), tasks(task(ended=at(13.3)), SECOND)]),
        (1, [of("tencent"), tasks(task(), replace(SECOND, entered=None))]),
        (2, [tasks(task(), LOST), told(strays=[stray()])]),
        (2, [of("tencent"), tasks(task(), task("t0", created=at(1), why="evicted"))]),
        (4, [killed(2), called(call("start", 8, task="t1", status=201, code=7))]),
        (5, [killed(20), called(call("stop", 21))]),
        (7, [of("tencent"), only(call("start", 2), call("start", 3))]),
        (8, [called(*BURST[:22])]),
        (13, [ran(outcome="terminated")]),
        (11, [struck("double"), killed(2), told(segments=[segment("t1"), segment("t2")])]),
        (11, [struck("drop"), struck("evict", "now"), told(end_reason="ended_by_vendor")]),
        (12, [also(run(began=at(23), ended=at(30), run_id="another"))]),
    ],
)
def test_what_is_excused_is_no_violation(number: int, changes: list[Change]) -> None:
    assert number not in broken(*changes)


def test_a_stray_may_outlive_its_session_but_not_the_vendors_idle_time() -> None:
    found = broken(tasks(task(), LOST), told(strays=[stray()]))
    assert found == {3: ("room: task t2 outlived even the vendor's idle time",)}
