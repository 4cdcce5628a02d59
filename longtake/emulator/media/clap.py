"""A clapper: a white flash and a beep that begin at each full second, UTC."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from numpy.typing import NDArray

WHITE = 255
SECONDS = 0.1
"""How long both last: at 10 frames a second one frame."""

_HERTZ = 1000
_LEVEL = 0.5  # of full scale: above all the tones of a room


def flashes(at: datetime) -> bool:
    """Whether the frame of that instant is white."""
    return at.microsecond < SECONDS * 1_000_000


def beeps(numbers: NDArray[np.int64], rate: int, begin: datetime) -> NDArray[np.float32]:
    """The beeps in the samples of these numbers; sample 0 is that of ``begin``."""
    since = (numbers + round(begin.microsecond * rate / 1_000_000)) % rate / rate
    return np.where(since < SECONDS, _LEVEL * np.sin(2 * np.pi * _HERTZ * since), 0).astype(
        np.float32
    )
