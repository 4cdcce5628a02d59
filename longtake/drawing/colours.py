"""A colour for each user, the same in every picture."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from string import digits
from typing import TypeAlias

Rgb: TypeAlias = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""

Colours: TypeAlias = Callable[[str], Rgb]
"""From a user's id to the colour of the user's panes."""

WHITE: Rgb = (255, 255, 255)

# Multiples of these irrationals, modulo 1, spread evenly however many are taken.
_GOLDEN, _SILVER = 0.6180339887498949, 0.4142135623730951

_CHROMA, _DARKEST, _BRIGHTEST = 0.125, 0.48, 0.68
"""In OKLCH: equally vivid in every hue, and dark enough for white letters."""


def colour(user: str) -> Rgb:
    """A pure function of the id; ids that count up get distant hues."""
    stem = user.rstrip(digits)
    salt = hashlib.sha256(stem.encode("utf-8", "surrogatepass")).digest()
    number = (int.from_bytes(salt[:3], "big") + int(user[len(stem) :] or 0)) % 2**24
    lightness = _DARKEST + (_BRIGHTEST - _DARKEST) * (number * _SILVER % 1)
    return _from_oklch(lightness, _CHROMA, math.tau * (number * _GOLDEN % 1))


def hex_of(colour: Rgb) -> str:
    """`#rrggbb`."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def rgb_of(text: str) -> Rgb:
    """The layout model's `#RRGGBB`."""
    red, green, blue = bytes.fromhex(text.removeprefix("#"))
    return red, green, blue


def blend(below: Rgb, above: Rgb, opacity: float) -> Rgb:
    """What is seen where a colour lies above another."""
    red, green, blue = (
        round(under * (1 - opacity) + over * opacity)
        for under, over in zip(below, above, strict=True)
    )
    return red, green, blue


def _from_oklch(lightness: float, chroma: float, hue: float) -> Rgb:
    """To sRGB by the constants of OKLab's definition (Ottosson, 2020); the hue in radians."""
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        _channel(4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short),
        _channel(-1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short),
        _channel(-0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short),
    )


def _channel(linear: float) -> int:
    """Linear light as sRGB's byte, cut where the gamut ends."""
    light = min(max(linear, 0.0), 1.0)
    encoded = 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055
    return round(255 * encoded)
