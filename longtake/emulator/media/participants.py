"""Synthetic participants, recognisable by anybody who sees or hears the recording."""

from __future__ import annotations

import colorsys
import hashlib
from dataclasses import dataclass
from string import digits

# Multiples of these irrationals, modulo 1, spread evenly however many are taken, so
# numbered user ids (the usual case in a test room) get distant colours and tones.
_GOLDEN = 0.6180339887498949
_SILVER = 0.4142135623730951

_SATURATION = 0.82
_DARKEST, _BRIGHTEST = 0.62, 0.95
_LOWEST_HZ, _HIGHEST_HZ = 200, 900


@dataclass(frozen=True)
class Participant:
    """A user in the room: the vendor's user id, a name to show, and what is being published.

    The font has the letters of ASCII; any other shows as a box. claps: see `clap`.
    """

    user: str
    name: str
    audio: bool
    video: bool
    claps: bool = False


def colour(user: str) -> tuple[int, int, int]:
    """The RGB (0..255) of a user's camera picture; a pure function of the user id.

    Saturated and of middling brightness, so never taken for a background, a black bar or text.
    """
    seed = _seed(user)
    value = _DARKEST + (_BRIGHTEST - _DARKEST) * (seed * _SILVER % 1)
    red, green, blue = colorsys.hsv_to_rgb(seed * _GOLDEN % 1, _SATURATION, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def tone(user: str) -> float:
    """The pitch of a user's microphone in Hz, 200 to 900; a pure function of the user id.

    Always a whole number, so that one second holds whole periods.
    """
    return float(_LOWEST_HZ + int((_HIGHEST_HZ - _LOWEST_HZ) * (_seed(user) * _SILVER % 1)))


def _seed(user: str) -> int:
    """A stable number below 2**24; ids that end in successive numbers get successive ones."""
    stem = user.rstrip(digits)
    number = int(user[len(stem) :] or 0)
    return (int.from_bytes(hashlib.sha256(stem.encode()).digest()[:3], "big") + number) % 2**24
