"""Which users a recording takes audio from, and which video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from longtake.emulator.rooms import Person
from longtake.vendors.agora.emulator.requests import ALL_STREAMS, StreamSubscribe
from longtake.vendors.agora.emulator.start_request import RecordingConfig

_MOST_RECORDED = 17
"""Users recorded at once, in join order; when one leaves the next takes over."""

Uids = Sequence[str] | None


@dataclass(frozen=True)
class Wanted:
    """The users of one medium: all but ``uids``, or ``uids`` alone."""

    uids: frozenset[str] = frozenset()
    only: bool = False

    def __contains__(self, user: str) -> bool:
        return (user in self.uids) is self.only


EVERYBODY = Wanted()
NOBODY = Wanted(only=True)


@dataclass(frozen=True)
class Subscription:
    audio: Wanted
    video: Wanted

    def recorded(self, people: Sequence[Person]) -> tuple[Person, ...]:
        """Who is recorded, in join order, each with what is both sent and subscribed to."""
        heard = [
            person.model_copy(
                update={
                    "audio": person.audio and person.user in self.audio,
                    "video": person.video and person.user in self.video,
                }
            )
            for person in people
            if person.user in self.audio or person.user in self.video
        ]
        return tuple(heard[:_MOST_RECORDED])


def at_start(config: RecordingConfig) -> Subscription:
    return _compile(
        config.stream_types,
        (config.subscribe_audio_uids, config.un_subscribe_audio_uids),
        (config.subscribe_video_uids, config.un_subscribe_video_uids),
    )


def after_update(stream_types: int, update: StreamSubscribe) -> Subscription:
    """What an update makes of it: nothing of the earlier lists is left."""
    audio, video = update.audio_uid_list, update.video_uid_list
    return _compile(
        stream_types,
        (audio.subscribe_audio_uids, audio.un_subscribe_audio_uids),
        (video.subscribe_video_uids, video.un_subscribe_video_uids),
    )


def conflicts(stream_types: int, update: StreamSubscribe) -> bool:
    """Whether an update lists users of a medium that the recording does not take at all."""
    audio, video = update.audio_uid_list, update.video_uid_list
    lists_audio = audio.subscribe_audio_uids or audio.un_subscribe_audio_uids
    lists_video = video.subscribe_video_uids or video.un_subscribe_video_uids
    return bool((stream_types == 1 and lists_audio) or (stream_types == 0 and lists_video))


def _compile(stream_types: int, audio: tuple[Uids, Uids], video: tuple[Uids, Uids]) -> Subscription:
    """A list for one medium alone means that the other is not recorded at all."""
    nothing_listed = not any(audio) and not any(video)
    return Subscription(
        audio=NOBODY if stream_types == 1 else _wanted(*audio, everybody=nothing_listed),
        video=NOBODY if stream_types == 0 else _wanted(*video, everybody=nothing_listed),
    )


def _wanted(allowed: Uids, denied: Uids, *, everybody: bool) -> Wanted:
    if allowed:
        return EVERYBODY if ALL_STREAMS in allowed else Wanted(frozenset(allowed), only=True)
    if denied:
        return NOBODY if ALL_STREAMS in denied else Wanted(frozenset(denied))
    return EVERYBODY if everybody else NOBODY
