"""The encodings of a mix: the canvas is one of these, or it cannot be recorded.

Source: SparkRTC API v2, starting a mix stream job, encode_template. The texts also write `*` for
the `x`, most likely by the tool that made them.
"""

from __future__ import annotations

from collections.abc import Iterable

from longtake.domain.errors import InvalidRequest
from longtake.domain.recording import Canvas

TEMPLATES: tuple[tuple[int, int, int, int], ...] = (
    *((1920, 1080, 30, 4620), (1920, 1080, 30, 3150)),
    *((1920, 1080, 15, 3460), (1920, 1080, 15, 2080)),
    *((1280, 720, 30, 3420), (1280, 720, 30, 1710)),
    *((1280, 720, 15, 2260), (1280, 720, 15, 1130)),
    *((640, 480, 30, 1500), (640, 480, 30, 1000), (640, 480, 15, 500)),
    *((480, 360, 30, 490), (480, 360, 15, 320)),
)
"""Width, height, frames per second, kbit/s; of one size and rate the best comes first."""


def encode_template(canvas: Canvas) -> str:
    """The template that is the canvas exactly; without `video_kbps` the best of its size."""
    sizes = [(width, height) for width, height, _, _ in TEMPLATES]
    if (canvas.width, canvas.height) not in sizes:
        offered = ", ".join(dict.fromkeys(f"{width}x{height}" for width, height in sizes))
        raise InvalidRequest(f"canvas: huawei mixes {offered}, not {canvas.width}x{canvas.height}")
    of_size = [t for t in TEMPLATES if t[:2] == (canvas.width, canvas.height)]
    of_rate = [t for t in of_size if t[2] == canvas.fps]
    if not of_rate:
        raise InvalidRequest(f"canvas.fps: huawei offers {_listed(t[2] for t in of_size)}")
    for width, height, fps, kbps in of_rate:
        if canvas.video_kbps in {None, kbps}:
            return f"{width}x{height}_{fps}_{kbps}"
    size = f"{canvas.width}x{canvas.height} at {canvas.fps}"
    raise InvalidRequest(
        f"canvas.video_kbps: huawei offers {_listed(t[3] for t in of_rate)} for {size}"
    )


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, dict.fromkeys(numbers)))
