"""The run in words: what struck, what held, what became of strays, and the two columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from longtake.cli.faults.compare import Column
from longtake.cli.faults.evidence import Evidence, Run, Struck
from longtake.cli.faults.judge import Verdict
from longtake.cli.faults.plan import Plan
from longtake.contracts.payloads import StrayStatus

_ROWS = {
    "sessions": "sessions",
    "completed": "completed",
    "failed": "failed",
    "terminated": "terminated",
    "unfinished": "unfinished",
    "tasks at the vendor": "tasks",
    "left running": "left_running",
    "  forgotten by the vendor": "forgotten",
    "duplicates": "duplicates",
}


@dataclass(frozen=True)
class Outcome:
    """All that a run found out."""

    plan: Plan
    evidence: Evidence
    verdicts: Sequence[Verdict]
    columns: Sequence[Column]
    seconds: float
    command: str
    """What runs it again."""

    @property
    def kept(self) -> bool:
        """Whether no invariant of Longtake is broken."""
        return not any(verdict.violations for verdict in self.verdicts)


def as_json(outcome: Outcome) -> dict[str, Any]:
    """The same as data; of a session that broke an invariant the timeline, too."""
    plan, evidence = outcome.plan, outcome.evidence
    return {
        "vendor": plan.vendor,
        "seed": plan.seed,
        "command": outcome.command,
        "seconds": round(outcome.seconds, 1),
        "kills": [
            {"what": kill.what, "at": kill.at.isoformat(), "back": kill.back.isoformat()}
            for kill in evidence.kills
        ],
        "kept": outcome.kept,
        "faults": [
            {"kind": kind, "call": call, "when": when, "hits": hits}
            for (kind, call, when), hits in sorted(counted(evidence.struck).items())
        ],
        "invariants": [verdict.as_json() for verdict in outcome.verdicts],
        "strays": [
            {"session": run.called, **stray.model_dump(mode="json"), "fate": fate}
            for run, stray, fate in strays_of(evidence)
        ],
        "columns": [column.as_json() for column in outcome.columns],
        "sessions": _sessions(evidence),
        "plan": plan.as_json(),
    }


def _sessions(evidence: Evidence) -> list[dict[str, Any]]:
    """Every session with its course, to look up what an example names."""
    return [
        {
            "session": run.called,
            "workflow_id": run.workflow_id,
            "outcome": run.outcome,
            "began": run.began.isoformat(),
            "ended": run.ended.isoformat() if run.ended else None,
            "signals": run.signals,
            "timeline": run.timeline,
            "struck": [asdict(struck) for struck in evidence.struck_in(run.room)],
        }
        for run in evidence.runs
    ]


def counted(struck: Sequence[Struck]) -> Mapping[tuple[str, str, str], int]:
    """How often each kind struck, by call and phase."""
    hits = Counter[tuple[str, str, str]]()
    for each in struck:
        if each.hits:
            kind = f"{each.kind} {each.code}".strip()
            hits[kind, each.call, each.when if each.call not in {"callback", "now"} else ""] += (
                each.hits
            )
    return hits


def strays_of(evidence: Evidence) -> list[tuple[Run, StrayStatus, str]]:
    """Every stray that a session lists, and what the ledger says became of it."""
    found = list[tuple[Run, StrayStatus, str]]()
    for run in evidence.runs:
        for stray in run.status.strays if run.status else ():
            found.append((run, stray, _fate(evidence, run, stray)))
    return found


def _fate(evidence: Evidence, run: Run, stray: StrayStatus) -> str:
    if stray.task_id:
        return "named, and stopped" if stray.stopped_at else "named, not stopped"
    segments = run.segment_ids()
    tasks = [
        task
        for task in evidence.end.tasks
        if task.room == run.room and task.recorder == stray.recorder and task.id not in segments
    ]
    if not tasks:
        return "never existed"
    if any(task.ended is None for task in tasks):
        return "still runs"
    return f"never named, ended at the vendor: {', '.join(sorted({task.why for task in tasks}))}"


def show(console: Console, outcome: Outcome) -> None:
    """For a person."""
    plan = outcome.plan
    head = f"{plan.vendor}, seed {plan.seed}: {len(plan.sessions)} sessions"
    console.print(Rule(head, align="left", style="green" if outcome.kept else "red"))
    console.print(_struck_table(outcome.evidence), _kill_line(outcome.evidence))
    console.print(_verdict_table(outcome.verdicts))
    console.print(_stray_lines(outcome.evidence))
    console.print(_column_table(outcome.columns))
    console.print(Text(f"{outcome.seconds:.0f} s; again: {outcome.command}", style="dim"))


def _struck_table(evidence: Evidence) -> Table:
    table = Table(title="what struck", title_justify="left", box=None, pad_edge=False)
    for name in ("fault", "call", "phase"):
        table.add_column(name)
    table.add_column("hits", justify="right")
    for (kind, call, when), hits in sorted(counted(evidence.struck).items()):
        table.add_row(kind, call, when, str(hits))
    return table


def _kill_line(evidence: Evidence) -> Text:
    struck = Counter(kill.what for kill in evidence.kills)
    told = ", ".join(f"{count}x {what}" for what, count in sorted(struck.items())) or "none"
    ended = sum(run.outcome == "terminated" for run in evidence.runs)
    revived = sum(run.revived for run in evidence.runs)
    return Text(
        f"kill -9 of processes, cuts of wires: {told}\n"
        f"sessions terminated: {ended}; ended by a sweep: {revived}"
    )


def _verdict_table(verdicts: Sequence[Verdict]) -> Table:
    table = Table(title="invariants of Longtake", title_justify="left", box=None, pad_edge=False)
    table.add_column("", justify="right")
    table.add_column("invariant")
    table.add_column("looked at", justify="right")
    table.add_column("broken", justify="right")
    for verdict in verdicts:
        style = "bold red" if verdict.violations else ""
        rows: list[RenderableType] = [Text(verdict.invariant)]
        rows += [Text(f"  {example}", style="red") for example in verdict.examples]
        broken = Text(str(verdict.violations), style=style)
        table.add_row(str(verdict.number), Group(*rows), str(verdict.judged), broken)
    return table


def _stray_lines(evidence: Evidence) -> Text:
    fates = Counter(fate for _, _, fate in strays_of(evidence))
    told = "; ".join(f"{count} {fate}" for fate, count in fates.most_common())
    return Text(f"strays: {sum(fates.values())}" + (f" ({told})" if told else ""))


def _column_table(columns: Sequence[Column]) -> Table:
    table = Table(title="side by side", title_justify="left", box=None, pad_edge=False)
    table.add_column("")
    for column in columns:
        table.add_column(column.name, justify="right")
    for name, row in _ROWS.items():
        table.add_row(name, *(str(getattr(column, row)) for column in columns))
    return table
