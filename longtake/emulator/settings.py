"""What an emulator is told at its start; everything else is told at run time over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, model_validator


class CallbackTarget(BaseModel):
    """Where a vendor's callbacks go, and the secret that signs them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str
    secret: str | None = None  # None: the vendor's documented default


class EmulatorSettings(BaseModel):
    """Settings of one emulator.

    data: the folder that stands for every bucket; needed when ``media`` is on.
    media: write real recordings; off, names, answers and callbacks are the same but no file is.
    placeholders: write a few bytes in the place of pictures and sound; playlists are real.
    seed: makes ids and fault probabilities repeatable.
    strict: refuse what the vendors' servers are known or likely to let pass, such as unknown keys.
    callbacks: by vendor name.
    vendors: overrides of a vendor's own options (credentials, timings, limits), by vendor name.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: Path | None = None
    media: bool = True
    placeholders: bool = False
    seed: int | None = None
    strict: bool = False
    callbacks: dict[str, CallbackTarget] = {}
    vendors: dict[str, dict[str, Any]] = {}

    @model_validator(mode="after")
    def _media_has_a_place(self) -> Self:
        if self.media and self.data is None:
            raise ValueError("data: a folder is needed to write media into, or set media to false")
        return self
