"""What a job sees and hears of its room at one moment."""

from __future__ import annotations

from collections.abc import Sequence

from longtake.emulator.rooms import Person
from longtake.emulator.stage import Stage, TrackKey
from longtake.vendors.huawei.emulator import geometry
from longtake.vendors.huawei.emulator.mixing import Mix, VideoMix

_HEARD = 3
"""A mix holds the three loudest; all are equally loud here, so the first to have entered."""

_TIERS = (1920, 1080)


def staged_mix(mix: Mix, key: TrackKey, people: Sequence[Person]) -> Stage:
    heard = [person.user for person in people if person.audio][:_HEARD]
    crowd = tuple(
        stream.model_copy(update={"audio": stream.user in heard})
        for stream in geometry.streams_of(people)
    )
    if not isinstance(mix, VideoMix):
        return Stage(*_TIERS, crowd, frozenset({key} if heard else ()))
    return Stage(*mix.canvas, crowd, frozenset({key} if crowd else ()), geometry.place(mix, people))


def staged_user(key: TrackKey, people: Sequence[Person]) -> Stage:
    """One user's camera or screen, with the microphone where sound is recorded."""
    found = [
        Person(
            user=key.source or "",
            name=person.name or person.user,
            audio=person.audio and key.kind != "video",
            video=(person.screen if key.stream == "aux" else person.video) and key.kind != "audio",
            claps=person.claps,
        )
        for person in people
        if person.user == key.user
    ]
    live = any(person.publishes for person in found)
    return Stage(*_TIERS, tuple(found), frozenset({key} if live else ()))
