"""The audit of a discard counts each file once, and the manifest tells what is left."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from longtake.domain.discarding import Deleted, Discard, after_discard
from longtake.domain.files import Manifest, Outcome, StoredFile

NOON = datetime(2027, 1, 31, 12, tzinfo=UTC)
STORED = tuple(StoredFile(key=f"p/{n}.ts", size=100, segment=1) for n in range(3))
MEDIUM = StoredFile(key="528", file_id="528", size=None, segment=1)


def manifest(*files: StoredFile, outcome: Outcome = Outcome.COMPLETE) -> Manifest:
    size = sum(file.size or 0 for file in files)
    return Manifest(outcome=outcome, storage="b", files=files, count=len(files), size=size)


@pytest.mark.parametrize(
    ("rounds", "counted"),
    [
        ([Deleted(count=3, size=300)], (3, 300)),
        ([Deleted(count=1, size=100)], (3, 300)),
        ([Deleted(count=3, size=300), Deleted(count=2, size=50)], (5, 350)),
        ([Deleted(count=1, size=100, left=STORED[:1], left_count=1)], (2, 200)),
    ],
    ids=["as told", "a killed worker told less", "late files", "one is left"],
)
def test_each_file_is_counted(rounds: list[Deleted], counted: tuple[int, int]) -> None:
    audit = Discard(asked_at=NOON)
    for deleted in rounds:
        audit.add(deleted, manifest(*STORED))
    assert (audit.files, audit.size) == counted


def test_what_nobody_saw_in_storage_is_not_counted_as_deleted() -> None:
    audit = Discard(asked_at=NOON)
    audit.add(Deleted(count=1, size=7), manifest(*STORED, outcome=Outcome.UNVERIFIED))
    assert (audit.files, audit.size) == (1, 7)


def test_nothing_left_is_discarded() -> None:
    after = after_discard(manifest(*STORED), Discard(asked_at=NOON, files=3, size=300), Deleted())
    assert (after.outcome, after.files, after.count) == (Outcome.DISCARDED, (), 0)
    assert after.reasons == ("discarded: 3 files, 300 bytes",)


def test_what_is_left_is_listed_with_the_reason() -> None:
    left = Deleted(count=2, size=200, left=STORED[:1], left_count=1, why="403")
    after = after_discard(manifest(*STORED), Discard(asked_at=NOON, files=2, size=200), left)
    assert (after.outcome, after.files, after.size) == (Outcome.PARTIAL, STORED[:1], 100)
    assert after.reasons[1] == "1 files could not be deleted: 403"


def test_media_of_video_on_demand_are_left_and_not_counted_as_deleted() -> None:
    audit, told = Discard(asked_at=NOON), manifest(*STORED, MEDIUM)
    audit.add(Deleted(count=3, size=300), told)
    after = after_discard(told, audit, Deleted())
    assert (audit.files, after.outcome, after.files) == (3, Outcome.PARTIAL, (MEDIUM,))
    assert "video-on-demand" in after.reasons[1]
