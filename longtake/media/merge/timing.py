"""From the time stamps of a track's media to the time of the merged file."""

from __future__ import annotations

from longtake.media.merge.plan import Placed


class Course:
    """One track through its pieces.

    Media that runs on keeps the distance between its clock and ours, so that slices join without a
    stutter, and a slice that is missing leaves its time free. Where the times of the slices say
    that the clock was set anew (a pause, a failover, another task), they count.
    """

    def __init__(self) -> None:
        self._shift: float | None = None
        self._error = 0.0
        self._run: tuple[int, str] | None = None

    def shift(self, placed: Placed, first: float) -> float:
        """Seconds to be added to a piece's time stamps, the first of which is `first`."""
        piece, wanted = placed.piece, placed.at - first
        error = 0.0 if self._shift is None else wanted - self._shift
        # A sum of rounded durations strays from the media's clock little by little: only a jump
        # tells of a new one.
        strays = abs(error) if piece.dated else abs(error - self._error)
        run = (placed.section, piece.source)
        if self._shift is None or piece.breaks or run != self._run or strays > piece.slack:
            self._shift, error = wanted, 0.0
        self._error, self._run = error, run
        return self._shift
