"""Merging: how the parts of single streams are joined, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal, TypeVar

from pydantic import Field, field_validator, model_validator

from longtake.domain.files import LISTED, Manifest, Outcome, StoredFile
from longtake.domain.model import Asked, Kept

SLOWEST, FASTEST = 5, 120
"""Frames per second: what is asked for is brought into these bounds."""


TOLD = 5
"""Of what was left out, so much is told in a reason."""


class MergeOptions(Asked):
    """What to make of each user's streams."""

    mode: Literal["section", "user"] = "section"
    """A file for each section, or one for each user over all of them. Sections are more than 15 s
    apart."""
    blanks: Literal["keep", "drop"] = "keep"
    """With `user`: black and silent time between sections, or none."""
    audio: Literal["primary", "automatic", "substream"] = "primary"
    """The picture that the sound joins. `automatic`: the primary stream's if there is one."""
    fps: int | None = None
    """None: pictures stay as they are; where they must be encoded anew, 15."""
    width: int | None = Field(default=None, ge=16, le=4096, multiple_of=2)
    height: int | None = Field(default=None, ge=16, le=4096, multiple_of=2)

    @field_validator("fps")
    @classmethod
    def _clamped(cls, fps: int | None) -> int | None:
        return None if fps is None else min(max(fps, SLOWEST), FASTEST)

    @model_validator(mode="after")
    def _both_or_none(self) -> MergeOptions:
        if (self.width is None) != (self.height is None):
            raise ValueError("width and height belong together: give both or neither")
        return self


class LeftOut(Kept):
    """What could not be merged."""

    key: str
    """The file, or the one that would have been made."""
    why: str


class MergedFile(Kept):
    """A file that was made and published."""

    key: str
    user: str
    begins_at: datetime
    """UTC: its time 0."""
    seconds: float
    size: int
    picture: bool
    encoded: bool
    """Whether its pictures were encoded anew rather than copied."""
    note: str
    """The key under which is written what is said here, by which a later merge knows it again."""
    note_size: int = 0
    """Bytes; 0 in the note itself."""


class PlannedFile(Kept):
    """A file to be made; `name` has no extension yet, because media tells whether it has pictures.

    `size` in bytes of all that goes into it.
    """

    name: str
    user: str
    begins_at: datetime
    seconds: float
    size: int


class MergePlan(Kept):
    """What is to be made; `folder` is where, and is another one for other options or files."""

    folder: str
    files: tuple[PlannedFile, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


class Made(Kept):
    """What came of one planned file."""

    file: MergedFile | None = None
    left_out: tuple[LeftOut, ...] = ()


class MergeResult(Kept):
    """What a merge made, and what it could not take in."""

    outcome: Outcome
    files: tuple[MergedFile, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    """At most `LISTED`."""
    manifest: Manifest | None = None
    """The session's, with these files, as it was written to storage anew."""

    @classmethod
    def of(cls, plan: MergePlan, made: Sequence[Made]) -> MergeResult:
        """The grade of all that was made by a plan."""
        files = tuple(each.file for each in made if each.file)
        left_out = dict.fromkeys(
            (lost.key, lost.why) for each in (plan, *made) for lost in each.left_out
        )
        if files:
            outcome = Outcome.PARTIAL if left_out else Outcome.COMPLETE
        else:
            outcome = Outcome.FAILED if left_out else Outcome.EMPTY
        listed = tuple(LeftOut(key=key, why=why) for key, why in left_out)
        return cls(outcome=outcome, files=files, left_out=listed[:LISTED])

    def in_short(self) -> str:
        """The grade, and what was left out."""
        told = [f"{lost.key}: {lost.why}" for lost in self.left_out[:TOLD]]
        if len(self.left_out) > TOLD:
            told.append(f"and {len(self.left_out) - TOLD} more")
        return f"merge {self.outcome}: {'; '.join(told)}"


ManifestT = TypeVar("ManifestT", bound=Manifest)


def with_merged(manifest: ManifestT, result: MergeResult, *besides: StoredFile) -> ManifestT:
    """The manifest with the merged files and the notes beside them; its grade stays."""
    known = {file.key for file in manifest.files}
    made = [each for file in result.files for each in _stored(file)]
    new = [file for file in (*made, *besides) if file.key not in known]
    return manifest.model_copy(
        update={
            "files": (*new, *manifest.files),
            "count": manifest.count + len(new),
            "size": manifest.size + sum(file.size or 0 for file in new),
            "reasons": (*manifest.reasons, *([result.in_short()] if result.left_out else [])),
        }
    )


def _stored(file: MergedFile) -> Iterator[StoredFile]:
    yield StoredFile(
        key=file.key,
        kind="merged",
        user=file.user,
        track="audio_video" if file.picture else "audio",
        begins_at=file.begins_at,
        size=file.size,
        seconds=file.seconds,
        segment=0,
    )
    yield StoredFile(key=file.note, user=file.user, size=file.note_size, segment=0)
