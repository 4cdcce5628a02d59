"""Which streams of a room a task records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from longtake.emulator.rooms import Person, screen_of
from longtake.emulator.stage import Stream
from longtake.vendors.tencent.emulator.record_params import RecordParams, SubscribeStreamUserIds

_WILDCARD = ".*$"
_MOST_STREAMS = 25
"""Recorded one by one, in the order of entry."""


@dataclass(frozen=True)
class SentStream:
    """What a user sends in one stream, as far as it is recorded."""

    user: str
    name: str
    stream: Stream
    audio: bool
    video: bool
    claps: bool = False

    @property
    def source(self) -> str:
        return self.user if self.stream == "main" else screen_of(self.user)

    def as_person(self) -> Person:
        """A screen counts as one more person."""
        screen = self.stream == "aux"
        name = f"{self.name or self.user} (screen)" if screen else self.name
        return Person(
            user=self.source, name=name, audio=self.audio, video=self.video, claps=self.claps
        )


@dataclass(frozen=True)
class Wanted:
    """The users of one medium: those ``listed`` alone, or all but those."""

    listed: tuple[str, ...]
    only: bool

    def takes(self, user: str, present: frozenset[str]) -> bool:
        return any(_means(entry, user, present) for entry in self.listed) is self.only


def _means(entry: str, user: str, present: frozenset[str]) -> bool:
    """``abc.*$`` means all who begin with abc, unless somebody present has just that id."""
    if entry.endswith(_WILDCARD) and entry not in present:
        return user.startswith(entry.removesuffix(_WILDCARD))
    return user == entry


def recorded(
    params: RecordParams, listed: SubscribeStreamUserIds, people: Sequence[Person]
) -> tuple[SentStream, ...]:
    """The streams in which something is sent and wanted, in the order of entry."""
    audio = _wanted(listed.subscribe_audio_user_ids, listed.un_subscribe_audio_user_ids)
    video = _wanted(listed.subscribe_video_user_ids, listed.un_subscribe_video_user_ids)
    present = frozenset(person.user for person in people)
    found: list[SentStream] = []
    for person in people:
        hears = params.stream_type != 2 and audio.takes(person.user, present)
        sees = params.stream_type != 1 and video.takes(person.user, present)
        found += _streams(person, params.media_id, hears=hears, sees=sees)
    return tuple(found if params.mixed else found[:_MOST_STREAMS])


def _streams(person: Person, media_id: int, *, hears: bool, sees: bool) -> Iterator[SentStream]:
    """``media_id``: 0 both streams, 1 main, 2 aux. A microphone belongs to the main stream."""
    heard, seen = person.audio and hears, person.video and sees
    if media_id != 2 and (heard or seen):
        yield SentStream(person.user, person.name, "main", heard, seen, claps=person.claps)
    if media_id != 1 and person.screen and sees:
        yield SentStream(person.user, person.name, "aux", audio=False, video=True)


def _wanted(allowed: Sequence[str], denied: Sequence[str]) -> Wanted:
    return Wanted(tuple(allowed or denied), only=bool(allowed))
