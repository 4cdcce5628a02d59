"""``MixLayoutParams``: where a mixed recording shows whom."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

from longtake.vendors.alibaba.emulator.codes import PANES, Refusal
from longtake.vendors.alibaba.emulator.record_params import Entry, RecordParams
from longtake.vendors.alibaba.emulator.wire import UpTo1, Url, Wire


def _fraction(text: str) -> str:
    if not re.fullmatch(r"[0-9]*\.?[0-9]+", text) or float(text) > 1:
        raise ValueError("a decimal number of 0 to 1, as text")
    return text


Fraction = Annotated[str, AfterValidator(_fraction)]


class Background(Wire):
    """A picture, which the emulator does not draw. ``render_mode``: 0 crop, 1 whole with bars."""

    render_mode: UpTo1 = 0
    url: Url = ""


class UserPane(Wire):
    """A window, in fractions of the canvas. Without a user it is for who joins next."""

    user_id: str = ""
    source_type: UpTo1 = 0
    x: Fraction = "0"
    y: Fraction = "0"
    width: Fraction = "0"
    height: Fraction = "0"
    z_order: Annotated[int, Field(ge=0)] = 0
    sub_background: Background | None = None

    @property
    def visible(self) -> bool:
        return float(self.width) > 0 and float(self.height) > 0


class MixLayoutParams(Wire):
    mix_background: Background | None = None
    user_panes: list[UserPane] = Field(default=[])

    @property
    def empty(self) -> bool:
        """As official clients send one that was not set."""
        return not self.user_panes and self.mix_background is None


def check_panes(
    layout: MixLayoutParams | None, entries: Sequence[Entry], record: RecordParams
) -> None:
    """
    Raises:
        Refusal: the layout does not fit the mode, or shows what is not subscribed.
    """
    if not record.mixed:
        if layout is not None and not layout.empty:
            raise Refusal(PANES, "MixLayoutParams is for mixed recording")
        return
    panes = layout.user_panes if layout is not None else []
    if record.video and not panes:
        raise Refusal(PANES, "UserPanes is needed for mixed recording of video")
    streams = {(entry.user_id, entry.source_type): entry for entry in entries}
    for pane in panes:
        entry = streams.get((pane.user_id, pane.source_type))
        if pane.user_id and entry is None:
            raise Refusal(PANES, "UserPanes: a user and source that are not subscribed")
        if pane.user_id and entry is not None and not entry.seen:
            raise Refusal(PANES, "UserPanes: a user of whom only audio is subscribed")
