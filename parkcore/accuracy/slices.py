"""Shares by what they are of: the size of vehicles in pixels, the light, the view. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from parkcore.accuracy.intervals import Interval, clustered_interval
from parkcore.accuracy.photo_light import LIGHTS

BANDS = (16, 32, 64, 128)
"""Bounds of the sizes: the square root of an area in pixels of the photo."""


def band_of(size: float) -> str:
    """The band of sizes in pixels that a size falls into, such as "32–64 px"."""
    below = next((bound for bound in BANDS if size < bound), None)
    if below is None:
        return f"≥ {BANDS[-1]} px"
    number = BANDS.index(below)
    return f"{BANDS[number - 1]}–{below} px" if number else f"< {below} px"


ORDER = (*(band_of(bound - 1) for bound in BANDS), band_of(BANDS[-1]), *LIGHTS)


class Shares:
    """Adds up, for every size, light and view, how many of how many, photo by photo."""

    def __init__(self) -> None:
        self._photos = 0
        self._parts: defaultdict[tuple[str, str], Counter[int]] = defaultdict(Counter)
        self._wholes: defaultdict[tuple[str, str], Counter[int]] = defaultdict(Counter)
        self._all: Counter[tuple[str, str]] = Counter()

    def begin_photo(self) -> None:
        """What is added from now on is of another photo."""
        self._photos += 1

    def add(self, size: float, light: str, view: str, is_one: bool | None) -> None:
        """
        Args:
            is_one: None for what is counted, but belongs to no share: it was left open.
        """
        for key in (("size", band_of(size)), ("light", light), ("view", view)):
            self._all[key] += 1
            self._wholes[key][self._photos] += is_one is not None
            self._parts[key][self._photos] += is_one is True

    def table(self, of: str, share: str) -> dict[str, dict[str, Any]]:
        """Such as {"size": {"< 16 px": {"vehicles": 2, "recall": 0.5, …}}, "light": {…}}, from
        small to large and from day to night; without what is not told."""
        table: dict[str, dict[str, Any]] = {}
        for key in sorted(self._all, key=_place):
            kind, value = key
            if value:
                parts, wholes = [*self._parts[key].values()], [*self._wholes[key].values()]
                table.setdefault(kind, {})[value] = {
                    of: self._all[key],
                    share: share_of(sum(parts), sum(wholes)),
                    f"{share}_interval": rounded_interval(clustered_interval(parts, wholes)),
                }
        return table


def _place(key: tuple[str, str]) -> tuple[int, str]:
    value = key[1]
    return (ORDER.index(value) if value in ORDER else len(ORDER), value)


def share_of(part: float, whole: float) -> float | None:
    """A share for a table, 0..1; None of nothing."""
    return round(part / whole, 4) if whole else None


def rounded_interval(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [round(bound, 4) for bound in interval]
