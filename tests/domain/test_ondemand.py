"""What a video-on-demand service keeps is graded by the vendor's word, and never as complete."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from longtake.domain.events import Observation, TaskPhase
from longtake.domain.files import FileRef, Manifest, Outcome, StoredFile
from longtake.domain.ondemand import graded, with_media
from longtake.domain.ports import Attempt, Task
from longtake.domain.recording import Scene
from longtake.domain.segment import Segment

NOON = datetime(2027, 1, 31, 12, tzinfo=UTC)
FILM = FileRef(key="528", file_id="528", url="https://v.example/528/f0.mp4", user="a", seconds=60)
VOICE = FileRef(key="529", file_id="529", user="a", track="audio", seconds=58)


def segment(
    number: int = 1, *files: FileRef, data: bool = True, errors: list[str] | None = None
) -> Segment:
    return Segment(
        number=number,
        task=Task(attempt=Attempt(number=number, recorder="r", path="p"), id=f"t{number}"),
        accepted_at=NOON,
        ended_at=NOON + timedelta(minutes=1),
        shown=Scene(layout=None),
        seen=Observation(phase=TaskPhase.ENDED, at=NOON),
        changed_at=NOON,
        had_data=data,
        reported=files,
        upload_errors=errors or [],
    )


def test_files_that_were_told_are_listed_unverified() -> None:
    manifest = graded("media", [segment(1, FILM, VOICE), segment(2, data=False)])
    assert manifest.outcome is Outcome.UNVERIFIED
    assert [(file.file_id, file.size, file.segment) for file in manifest.files] == [
        ("528", None, 1),
        ("529", None, 1),
    ]
    assert (manifest.count, manifest.seconds) == (2, 60)
    assert manifest.reasons == ("kept by the vendor's video-on-demand: 2 files told",)


def test_a_failed_upload_makes_it_partial_with_the_vendors_words() -> None:
    manifest = graded("media", [segment(1, FILM, errors=["file for VOD Status=1 Errmsg=x"])])
    assert manifest.outcome is Outcome.PARTIAL
    assert manifest.reasons[1] == "segment 1: file for VOD Status=1 Errmsg=x"


def test_a_segment_with_media_of_which_no_file_was_told_makes_it_partial() -> None:
    manifest = graded("media", [segment(1, FILM), segment(2)])
    assert manifest.outcome is Outcome.PARTIAL
    assert manifest.reasons[1] == "segment 2: the vendor told of no file"


def test_without_media_and_files_it_is_empty() -> None:
    assert graded("media", [segment(1, data=False)]).outcome is Outcome.EMPTY


def test_media_beside_a_bucket_are_listed_once_and_change_no_grade() -> None:
    stored = StoredFile(key="p/a.m3u8", size=10, segment=1)
    manifest = Manifest(outcome=Outcome.COMPLETE, storage="b", files=(stored,), count=1, size=10)
    both = with_media(manifest, [segment(1, FileRef(key="p/a.m3u8"), FILM)])
    assert (both.outcome, both.count, both.size) == (Outcome.COMPLETE, 2, 10)
    assert [file.key for file in both.files] == ["p/a.m3u8", "528"]
    assert with_media(both, [segment(1, FILM)]).count == 2
