"""The columns count by the ledger alone, and the report says the same in words and as data."""

from __future__ import annotations

import io
import json
from dataclasses import replace

from rich.console import Console

from longtake.cli.faults.compare import column
from longtake.cli.faults.evidence import Evidence, Ledger, Struck
from longtake.cli.faults.judge import judge
from longtake.cli.faults.plan import make_plan
from longtake.cli.faults.report import Outcome, as_json, show
from tests.faults.evidences import at, sound, stray, task, tasks, told

FORGOT = Struck(room="lost", kind="forget", call="now", when="before", hits=1)


def outcome(evidence: Evidence) -> Outcome:
    return Outcome(
        plan=make_plan("agora", sessions=1, seed=1, kills=0, cuts=0, workers=2, longest=30),
        evidence=evidence,
        verdicts=judge(evidence),
        columns=[column("Longtake", ["completed"], evidence.over, ())],
        seconds=1.0,
        command="longtake faults run --seed 1",
    )


def words(told: Outcome) -> str:
    written = io.StringIO()
    show(Console(width=120, file=written), told)
    return written.getvalue()


def test_a_column_counts_what_was_left_and_what_ran_together() -> None:
    ledger = Ledger(
        (task(), task("t2", created=at(10), entered=at(10)), task("t3", room="lost", ended=None)),
        (),
    )
    counted = column("plain", ["completed", "failed", "running"], ledger, {"lost"})
    assert (counted.completed, counted.failed, counted.unfinished) == (1, 1, 1)
    assert (counted.tasks, counted.left_running, counted.forgotten) == (3, 1, 1)
    assert counted.duplicates == 1


def test_a_recorder_that_replaces_another_is_no_duplicate() -> None:
    again = task("t2", created=at(10), entered=at(14))
    for ended, duplicates in ((14.2, 0), (18, 1)):
        ledger = Ledger((task(ended=at(ended)), again), ())
        assert column("plain", [], ledger, ()).duplicates == duplicates


def test_a_broken_invariant_is_in_the_words_and_in_the_data() -> None:
    broken = outcome(tasks(task(ended=None))(sound()))
    assert not broken.kept
    assert "t1 still runs, and no session lists it" in words(broken)
    data = json.loads(json.dumps(as_json(broken)))
    [verdict] = [verdict for verdict in data["invariants"] if verdict["number"] == 3]
    assert verdict["violations"] == 2
    assert data["kept"] is False
    assert data["sessions"][0]["session"] == "room/run-of-r"


def test_faults_are_counted_only_where_they_struck() -> None:
    rules = (FORGOT, replace(FORGOT, room="room"), replace(FORGOT, kind="evict", hits=0))
    data = as_json(outcome(replace(sound(), struck=rules)))
    assert data["faults"] == [{"kind": "forget", "call": "now", "when": "", "hits": 2}]


def test_the_fate_of_every_stray_is_told() -> None:
    unnamed = task("t9", recorder="r9", created=at(4), ended=at(90), why="idle")
    strays = [stray(), stray("t8", stopped_at=at(9)), stray(recorder="r7")]
    text = words(outcome(tasks(task(), unnamed)(told(strays=strays)(sound()))))
    assert "strays: 3" in text
    for fate in ("never named, ended at the vendor: idle", "named, and stopped", "never existed"):
        assert fate in text
