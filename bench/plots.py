"""How cost grows with the number of open sessions: one picture each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

mpl.use("Agg")

Run = Mapping[str, Any]
_LINES: Mapping[str, tuple[str, Mapping[str, Callable[[Run], float]]]] = {
    "memory": (
        "MB of resident memory above an idle process",
        {
            "worker": lambda run: run["worker_kb"] * run["sessions"] / 1024,
            "server": lambda run: run["server_kb"] * run["sessions"] / 1024,
        },
    ),
    "cpu": (
        "CPU seconds per second",
        {"worker": lambda run: run["worker_cpu"], "server": lambda run: run["server_cpu"]},
    ),
    "latency": (
        "ms from the signal to the vendor's call",
        {
            "layout p50": lambda run: run["layout_ms"]["p50"],
            "layout p95": lambda run: run["layout_ms"]["p95"],
        },
    ),
}


def plot(runs: Sequence[Run], folder: Path) -> None:
    """Write `growth-memory.png`, `growth-cpu.png` and `growth-latency.png`."""
    for name, (label, lines) in _LINES.items():
        figure = Figure(figsize=(7, 4), layout="constrained")
        axes = figure.subplots()
        for who, style in (("ours", "-"), ("floor", "--")):
            own = [run for run in runs if run["who"] == who]
            numbers = [run["sessions"] for run in own]
            for number, (line, value) in enumerate(lines.items()):
                told = [value(run) for run in own]
                axes.plot(
                    numbers, told, style, marker="o", color=f"C{number}", label=f"{who}: {line}"
                )
        axes.set(xlabel="open sessions", ylabel=label, xlim=(0, None), ylim=(0, None))
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")
        figure.savefig(folder / f"growth-{name}.png", dpi=120)
