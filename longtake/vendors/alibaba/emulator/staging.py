"""What a task sees and hears of its channel at one moment."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from longtake.emulator.rooms import Person, screen_of
from longtake.emulator.stage import Cell, Kind, Stage, TrackKey
from longtake.vendors.alibaba.emulator.layouts import MixLayoutParams, UserPane
from longtake.vendors.alibaba.emulator.record_params import (
    DEFAULT_CANVAS,
    SCREEN,
    Entry,
    RecordParams,
)
from longtake.vendors.alibaba.emulator.requests import Scene


@dataclass(frozen=True)
class Feed:
    """A subscribed stream as it is now: whether it sends what the recording is to hold."""

    key: TrackKey
    person: Person

    @property
    def sends(self) -> bool:
        return self.person.publishes


def feeds(record: RecordParams, entries: Sequence[Entry], people: Sequence[Person]) -> list[Feed]:
    """Every entry that may be recorded; who is absent sends nothing."""
    present = {person.user: person for person in people}
    found = [_feed(record, entry, present.get(entry.user_id)) for entry in entries]
    return [feed for feed in found if feed is not None]


def _feed(record: RecordParams, entry: Entry, person: Person | None) -> Feed | None:
    audio, video = record.audio and entry.heard, record.video and entry.seen
    if not (audio or video):
        return None
    kind: Kind = "both" if audio and video else "audio" if audio else "video"
    key = TrackKey(entry.user_id, kind, entry.stream)
    publishes = person is not None and (person.video if entry.stream == "main" else person.screen)
    shown = Person(
        user=key.source or "",
        name=_name(key, person),
        audio=audio and person is not None and person.audio,
        video=video and publishes,
        claps=person is not None and person.claps,
    )
    return Feed(key, shown)


def _name(key: TrackKey, person: Person | None) -> str:
    name = person.name if person and person.name else key.user or ""
    return name if key.stream == "main" else f"{name} (screen)"


def individual(found: Sequence[Feed], begun: Collection[TrackKey]) -> Stage:
    """One track of each stream that has begun; what it does not send is silence, or a dark pane."""
    live = [feed for feed in found if feed.key in begun]
    crowd = tuple(feed.person for feed in live)
    return Stage(*DEFAULT_CANVAS, crowd, frozenset(feed.key for feed in live))


def mixed(
    record: RecordParams,
    scene: Scene,
    canvas: tuple[int, int],
    found: Sequence[Feed],
    people: Sequence[Person],
) -> Stage:
    """One track of all streams. The window of somebody who is absent is a dark pane."""
    cells = tuple(place(scene.layout, scene.entries, [person.user for person in people]))
    crowd = list(_each_heard_once(found))
    known = {person.user for person in crowd}
    shown = {cell.user for cell in cells if cell.user is not None}
    crowd += [Person(user=user, audio=False, video=False) for user in sorted(shown - known)]
    return Stage(*canvas, tuple(crowd), frozenset({TrackKey(None, record.kind)}), cells)


def _each_heard_once(found: Sequence[Feed]) -> Iterator[Person]:
    """Camera and screen of one user share a microphone, which is the user's."""
    heard = {feed.key.user for feed in found if feed.person.audio}
    for feed in found:
        own = feed.key.stream == "main"
        yield feed.person.model_copy(update={"audio": own and feed.key.user in heard})
    cameras = {feed.key.user for feed in found if feed.key.stream == "main"}
    for user in sorted(user for user in heard - cameras if user):
        yield Person(user=user, audio=True, video=False)


def place(
    layout: MixLayoutParams, entries: Sequence[Entry], joined: Sequence[str]
) -> Iterator[Cell]:
    """The windows of ``layout``, from bottom to top; ``joined``: user ids in order of joining.

    Windows without a user go to the streams with video that have no window of their own.
    """
    named = {(pane.user_id, pane.source_type) for pane in layout.user_panes}
    order = {user: index for index, user in enumerate(joined)}
    spare = [
        (e.user_id, e.source_type)
        for e in entries
        if e.seen and e.user_id in order and (e.user_id, e.source_type) not in named
    ]
    next_one = iter(sorted(spare, key=lambda stream: (order[stream[0]], stream[1])))
    taken = [
        (pane, (pane.user_id, pane.source_type) if pane.user_id else next(next_one, None))
        for pane in layout.user_panes
    ]
    for pane, stream in sorted(taken, key=lambda pair: pair[0].z_order):
        if pane.visible:
            yield replace(_cell(pane), user=None if stream is None else _source(*stream))


def _cell(pane: UserPane) -> Cell:
    """A window that leads out of the canvas is cut off at its edge."""
    x, y = float(pane.x), float(pane.y)
    return Cell(x, y, min(float(pane.width), 1 - x), min(float(pane.height), 1 - y))


def _source(user_id: str, source_type: int) -> str:
    return screen_of(user_id) if source_type == SCREEN else user_id
