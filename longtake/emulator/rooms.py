"""Rooms: who is in, who publishes what, and since when."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict


class Person(BaseModel):
    """A user in a room; whether audio and video are being published.

    screen: a second published video, which some vendors record apart and others not at all.
    claps: a white flash and a beep at each full second, by which their distance is measured.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    user: str
    name: str = ""
    audio: bool = True
    video: bool = True
    screen: bool = False
    claps: bool = False

    @property
    def publishes(self) -> bool:
        return self.audio or self.video


def screen_of(user: str) -> str:
    """By what a user's screen goes where pictures are told apart."""
    return f"{user}'s screen"


@dataclass(frozen=True)
class RoomKey:
    vendor: str
    room: str


Listener = Callable[[str], None]


class Rooms:
    """The participants of every room in join order; listeners hear of each change."""

    def __init__(self) -> None:
        self._rooms: dict[RoomKey, tuple[Person, ...]] = {}
        self._listeners: dict[str, Listener] = {}

    def watch(self, vendor: str, listener: Listener) -> None:
        """Call ``listener`` with the room's name whenever a room of ``vendor`` changes."""
        self._listeners[vendor] = listener

    def people(self, vendor: str, room: str) -> Sequence[Person]:
        return self._rooms.get(RoomKey(vendor, room), ())

    def put(self, vendor: str, room: str, people: Iterable[Person]) -> None:
        """Replace the participants; those who stay keep their place in the join order."""
        incoming = {person.user: person for person in people}
        stayed = [p.user for p in self.people(vendor, room) if p.user in incoming]
        order = stayed + [user for user in incoming if user not in stayed]
        self._rooms[RoomKey(vendor, room)] = tuple(incoming[user] for user in order)
        if listener := self._listeners.get(vendor):
            listener(room)

    def reset(self) -> None:
        self._rooms.clear()
