"""A small run in which all is well, to be broken in one place at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from longtake.cli.faults.evidence import Call, Evidence, Kill, Ledger, Run, Struck, Task
from longtake.contracts.payloads import RecordingStatus
from longtake.domain.files import Manifest, Outcome, StoredFile

T0 = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def segment(
    task: str, *, recorder: str = "r1", path: str = "k1/a1", **given: Any
) -> dict[str, Any]:
    plain = {
        "number": 1,
        "task_id": task,
        "recorder": recorder,
        "path": path,
        "phase": "over",
        "accepted_at": at(2),
        "up_at": at(3),
        "ended_at": at(20),
        "end_detail": "",
        "uploading": "uploaded",
        "revision": 2,
    }
    return plain | given


def stray(task: str = "", *, recorder: str = "r9", **given: Any) -> dict[str, Any]:
    plain = {
        "attempt": 1,
        "recorder": recorder,
        "since": at(5),
        "task_id": task,
        "stopped_at": None,
    }
    return plain | given


def status(**given: Any) -> RecordingStatus:
    plain: dict[str, Any] = {
        "state": "finished",
        "since": at(21),
        "evidence": "files unverified",
        "evidence_at": at(21),
        "due_at": at(0),
        "deadline": at(1800),
        "revision": 2,
        "applied_revision": 2,
        "layout": {"kind": "speaker", "main": "1002"},
        "subscriptions": {},
        "on_hold": False,
        "attempts": 1,
        "segments": [segment("t1")],
        "strays": [],
        "warning": "",
        "attention": [],
        "end_reason": "stopped",
        "failure": None,
    }
    return RecordingStatus.model_validate(plain | given)


def manifest(*keys: str) -> Manifest:
    """A complete one."""
    files = [StoredFile(key=key, kind="playlist", size=9, segment=1) for key in keys]
    return Manifest(outcome=Outcome.COMPLETE, storage="demo", files=tuple(files))


def run(room: str = "room", **given: Any) -> Run:
    plain: dict[str, Any] = {
        "room": room,
        "workflow_id": f"recording:demo:{room}",
        "run_id": f"run-of-{room}",
        "began": at(0),
        "ended": at(22),
        "outcome": "completed",
        "status": status(),
        "manifest": manifest("k1/a1/t1.m3u8"),
        "signals": ("change_layout", "stop"),
    }
    return Run(**(plain | given))


def task(name: str = "t1", room: str = "room", **given: Any) -> Task:
    plain: dict[str, Any] = {
        "id": name,
        "room": room,
        "recorder": "r1",
        "created": at(2),
        "entered": at(2),
        "ended": at(20),
        "why": "stopped",
        "files": (f"k1/a1/{name}.m3u8",),
        "layouts": ({"maxResolutionUid": "1001"}, {"maxResolutionUid": "1002"}),
    }
    return Task(**(plain | given))


def call(role: Any, seconds: float, **given: Any) -> Call:
    plain: dict[str, Any] = {
        "role": role,
        "name": role,
        "at": at(seconds),
        "finished": at(seconds + 0.1),
        "room": "room",
        "task": "" if role in {"acquire", "start"} else "t1",
        "resource": "res1",
        "recorder": "r1",
        "status": 200,
    }
    return Call(**(plain | given))


def calls() -> tuple[Call, ...]:
    return (
        call("acquire", 1),
        call("start", 2, task="t1"),
        call("query", 4),
        call("layout", 10),
        call("stop", 20),
    )


def sound() -> Evidence:
    """One session, one task, one layout, one stop."""
    ledger = Ledger((task(),), calls())
    return Evidence(
        vendor="agora",
        rate=10,
        within=60,
        runs=(run(),),
        over=ledger,
        end=ledger,
        scanned=1000,
    )


Change = Callable[[Evidence], Evidence]


def told(**given: Any) -> Change:
    """The session tells otherwise."""
    return lambda evidence: replace(
        evidence, runs=(replace(evidence.runs[0], status=status(**given)),)
    )


def ran(**given: Any) -> Change:
    """The session's run was otherwise."""
    return lambda evidence: replace(evidence, runs=(replace(evidence.runs[0], **given),))


def also(*more: Run) -> Change:
    return lambda evidence: replace(evidence, runs=(*evidence.runs, *more))


def tasks(*found: Task) -> Change:
    """The vendor had these tasks."""

    def change(evidence: Evidence) -> Evidence:
        over = replace(evidence.over, tasks=found)
        return replace(evidence, over=over, end=over)

    return change


def called(*more: Call) -> Change:
    """The vendor was called more often."""

    def change(evidence: Evidence) -> Evidence:
        over = replace(evidence.over, calls=(*evidence.over.calls, *more))
        return replace(evidence, over=over, end=over)

    return change


def only(*instead: Call) -> Change:
    """The vendor was called so."""

    def change(evidence: Evidence) -> Evidence:
        over = replace(evidence.over, calls=instead)
        return replace(evidence, over=over, end=over)

    return change


def struck(kind: str, name: str = "callback", room: str = "room") -> Change:
    rule = Struck(room=room, kind=kind, call=name, when="before", hits=1)
    return lambda evidence: replace(evidence, struck=(*evidence.struck, rule))


def killed(seconds: float, what: str = "worker") -> Change:
    kill = Kill(what, at(seconds), at(seconds + 0.5))
    return lambda evidence: replace(evidence, kills=(kill,))


def of(vendor: str) -> Change:
    return lambda evidence: replace(evidence, vendor=vendor)


def leaking(*where: str) -> Change:
    return lambda evidence: replace(evidence, leaks=where)


def unsearched(evidence: Evidence) -> Evidence:
    return replace(evidence, scanned=0)
