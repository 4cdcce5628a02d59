"""TRTC's two kinds of rooms: the string room "123" is not the integer room 123."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBER = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)
_LARGEST = 2**32 - 1


def is_number(name: str) -> bool:
    """Whether ``name`` can be an integer room: 1 to 4294967295, with no leading zero."""
    return _NUMBER.fullmatch(name) is not None and int(name) <= _LARGEST


@dataclass(frozen=True)
class Room:
    """A room as a request names it; ``numeric``: RoomIdType 1."""

    name: str
    numeric: bool

    @property
    def address(self) -> str:
        """Its name among the emulator's rooms: quoted where it would be taken for a number."""
        quoted = not self.numeric and is_number(self.name)
        return f'"{self.name}"' if quoted else self.name
