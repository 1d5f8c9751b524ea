"""When a lot is open: whole hours of the site's week. Pure: no I/O, no clock."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from parkcore.cameras.schedule import WEEKDAYS

EXPECTED = "expected such as: mon-fri 7-21, sat 9-14"
_PART = re.compile(r"(?:([a-z]+)(?:-([a-z]+))?)?\s*(?:(\d\d?)(?::00)?-(\d\d?)(?::00)?)?")


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """On which hours of which weekdays a lot is open."""

    text: str
    """As it was written."""
    hours: frozenset[tuple[int, int]]
    """Weekday (0 is Monday) and hour of the wall clock (0..23)."""

    def __str__(self) -> str:
        return self.text

    def is_open(self, weekday: int, hour: int) -> bool:
        return (weekday, hour) in self.hours

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Opening hours from parts such as `mon-fri 7-21, sat 9-14`; None for an empty text.

        A part without days holds for all of them, one without hours for the whole day. Hours
        that end before they begin go on into the next day.

        Raises:
            ValueError: it is none of these; the message shows it and what was expected.
        """
        parts = [part.strip().lower().replace("–", "-") for part in text.split(",")]
        if not any(parts):
            return None
        said = ", ".join(parts)
        return cls(said, frozenset(hour for part in parts for hour in _hours(part)))


def _hours(part: str) -> Iterable[tuple[int, int]]:
    found = _PART.fullmatch(re.sub(r"\s*-\s*", "-", part))
    if not found or not part:
        raise ValueError(f"{part!r} are no opening hours; {EXPECTED}")
    first, last = _weekday(found[1] or "mon", part), _weekday(found[2] or found[1] or "sun", part)
    start, end = int(found[3] or 0), int(found[4] or 24)
    if start > 23 or end > 24 or start == end:
        raise ValueError(f"{part!r} are no hours from 0 to 24; {EXPECTED}")
    length = end - start if end > start else end + 24 - start
    for step in range((last - first) % 7 + 1):
        for hour in range(start, start + length):
            yield (first + step + hour // 24) % 7, hour % 24


def _weekday(name: str, part: str) -> int:
    if name[:3] not in WEEKDAYS or len(name) < 3:
        raise ValueError(f"{name!r} in {part!r} is no weekday; {EXPECTED}")
    return WEEKDAYS.index(name[:3])
