"""What a newcomer runs first, from its first line to the film that it leaves."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from longtake.cli.exits import Code
from longtake.emulator.media.participants import colour
from longtake.vendors import REGISTRY
from tests.cli.commands import Longtake

PATIENCE = 150.0
"""Seconds; the command gives up before by itself, and needs half a minute."""
PROMISES = [
    "both faults struck",
    "exactly one recording was made",
    "it ended as asked",
    "the vendor showed every layout",
    "every file is there",
]
PEOPLE = ("1001", "1002", "1003")
EVENLY = ""
SIZE = (160, 90)


def large(film: Path) -> Iterator[str]:
    """Who fills more than half of each picture; nobody where all are shown alike."""
    with av.open(str(film)) as container:
        for picture in container.decode(video=0):
            pixels = picture.reformat(*SIZE, format="rgb24").to_ndarray().astype(int)
            shares = {
                user: (np.abs(pixels - colour(user)).max(axis=2) < 40).mean() for user in PEOPLE
            }
            assert min(shares.values()) > 0.01, f"somebody is not in the picture: {shares}"
            yield next((user for user, share in shares.items() if share > 0.5), EVENLY)


@pytest.mark.parametrize("vendor", sorted(REGISTRY))
async def test_the_demo_keeps_its_promises_and_leaves_a_film_of_every_layout(
    tmp_path: Path, vendor: str
) -> None:
    demo = await Longtake(tmp_path, {})("demo", "--vendor", vendor, patience=PATIENCE)
    assert demo.code == Code.DONE, demo.out + demo.err
    lines = demo.out.splitlines()
    *promises, seconds = lines[-len(PROMISES) - 1 :]
    assert [line.partition("  ")[0] for line in promises] == [f"✓ {each}" for each in PROMISES]
    assert "1 at the vendor" in promises[1]
    assert seconds.endswith("s in all")
    film = tmp_path / lines[lines.index("play it:") + 1]
    shown = [who for who, _ in itertools.groupby(large(film))]
    assert shown == [EVENLY, "1002", "1003"]
