"""Who is recorded: Alibaba records nobody who is not listed, each by an entry of what is taken.

So everybody, of whom a medium without a filter is recorded, is everybody whom a filter allows.
"""

from __future__ import annotations

from typing import Any, Literal

from longtake.domain.errors import InvalidRequest
from longtake.domain.layout import Layout, ScreenShareLayout
from longtake.domain.recording import RecordingRequest, Scene, Subscriptions
from longtake.vendors.alibaba.options import AlibabaOptions
from longtake.vendors.alibaba.wire.fields import (
    AUDIO,
    BOTH,
    CAMERA,
    MAX_STREAMS,
    SCREEN,
    VIDEO,
)

Medium = Literal["audio", "video"]


def listed(request: RecordingRequest, scene: Scene, medium: Medium) -> tuple[str, ...]:
    """Whose `audio` or `video` is recorded; nobody's, where the request is for the other one."""
    chosen = getattr(scene.subscriptions, medium)
    if request.media not in {medium, "audio_video"}:
        if chosen is not None:
            raise InvalidRequest(
                f"subscriptions.{medium}: media {request.media!r} records no {medium}"
            )
        return ()
    if chosen is not None and chosen.allow:
        return tuple(dict.fromkeys(chosen.allow))
    denied: tuple[str, ...] = chosen.deny if chosen is not None else ()
    users = tuple(user for user in _named(scene.subscriptions) if user not in denied)
    if not users:
        raise InvalidRequest(
            f"subscriptions.{medium}: leaves nobody; alibaba records only users who are named"
            " in an allow"
        )
    return users


def _named(subscriptions: Subscriptions) -> tuple[str, ...]:
    """Everybody whom a filter allows, in the order of the lists."""
    filters = (subscriptions.video, subscriptions.audio)
    return tuple(dict.fromkeys(user for chosen in filters if chosen for user in chosen.allow or ()))


def entries(
    request: RecordingRequest, scene: Scene, options: AlibabaOptions
) -> list[dict[str, Any]]:
    """`SubscribeUserIdList` by its wire names: who is seen first, in the order of the lists."""
    heard = listed(request, scene, "audio")
    seen = listed(request, scene, "video")
    found = [
        {"UserId": user, "StreamType": _stream_type(request, user, heard), "SourceType": source}
        for user in seen
        for source in sources_of(user, scene.layout, options)
    ]
    found += [{"UserId": user, "StreamType": AUDIO} for user in heard if user not in seen]
    if len(found) > MAX_STREAMS:
        raise InvalidRequest(
            f"subscriptions: alibaba records at most {MAX_STREAMS} streams, {len(found)} are listed"
        )
    return found


def sources_of(user: str, layout: Layout | None, options: AlibabaOptions) -> tuple[int, ...]:
    """Which of a user's videos are recorded: of one who shares a screen for all, the screen."""
    if options.sources == "both":
        return CAMERA, SCREEN
    if isinstance(layout, ScreenShareLayout) and layout.main == user:
        return (SCREEN,) if options.screen_stream == "screen" else (CAMERA,)
    return (SCREEN,) if options.sources == "screen" else (CAMERA,)


def _stream_type(request: RecordingRequest, user: str, heard: tuple[str, ...]) -> int:
    """Of a user who is seen."""
    if user in heard:
        return BOTH
    if request.mode == "mixed":
        return VIDEO
    if request.media == "video":
        return BOTH  # an individual entry takes both; RecordParams leaves out the sound
    raise InvalidRequest(
        f"subscriptions.audio: in mode individual alibaba records no picture without the sound,"
        f" so {user!r} must be listed here too"
    )
