"""Where the caller wrote what the wire calls by another name."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError

from longtake.domain.errors import InvalidRequest

_LAYOUT = {
    "MixLayoutList": "layout.panes",
    "MixLayoutList.SubBackgroundImage": "layout.user_images",
    "BackgroundImageUrl": "layout.background_image",
    "DefaultSubBackgroundImage": "layout.user_image",
}
_LISTS = {
    "SubscribeAudioUserIds": "subscriptions.audio",
    "UnSubscribeAudioUserIds": "subscriptions.audio",
    "SubscribeVideoUserIds": "subscriptions.video",
    "UnSubscribeVideoUserIds": "subscriptions.video",
}
_ASKED_AS: Mapping[str, str] = {
    "RoomIdType": "vendor_options.room_id_type",
    "RecordParams.MaxIdleTime": "max_idle",
    "MixTranscodeParams.VideoParams": "canvas",
    "MixTranscodeParams.VideoParams.Width": "canvas.width",
    "MixTranscodeParams.VideoParams.Height": "canvas.height",
    "MixTranscodeParams.VideoParams.Fps": "canvas.fps",
    "StorageParams.CloudStorage.FileNamePrefix": "output.path_prefix",
    **{f"MixLayoutParams.{name}": asked for name, asked in _LAYOUT.items()},
    **{f"RecordParams.SubscribeStreamUserIds.{name}": asked for name, asked in _LISTS.items()},
    **{f"SubscribeStreamUserIds.{name}": asked for name, asked in _LISTS.items()},
}
"""From the wire's path to the request's; the longest match counts."""


@contextmanager
def asked_paths(*root: str) -> Generator[None]:
    """A rule that the wire model finds broken is named by the path that the caller wrote."""
    try:
        yield
    except ValidationError as error:
        raise InvalidRequest("; ".join(_problem(root, entry) for entry in error.errors())) from None


def _problem(root: tuple[str, ...], entry: Mapping[str, Any]) -> str:
    parts = [part for part in (*root, *entry["loc"]) if isinstance(part, str)]
    text = str(entry["msg"]).removeprefix("Value error, ")
    for length in range(len(parts), 0, -1):
        if asked := _ASKED_AS.get(".".join(parts[:length])):
            return f"{asked}: {text}"
    return f"request: {text}"
