"""When an IP camera is looked at: every so often, on some hours and days of the site's week."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Self

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""As `datetime.weekday` counts them."""

SHORTEST_S, LONGEST_S = 1, 24 * 3600
_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600}


@dataclass(frozen=True, slots=True)
class Schedule:
    """Every `interval_s` seconds, from `start` until before `end`, on `weekdays`.

    Equal `start` and `end` mean the whole day; an `end` before `start` lies on the next day,
    and then the hours after midnight belong to the day on which they began.
    """

    interval_s: float = 60
    start: time = time(0)
    end: time = time(0)
    weekdays: frozenset[int] = frozenset(range(7))
    """0 is Monday."""

    def __post_init__(self) -> None:
        if not SHORTEST_S <= self.interval_s <= LONGEST_S:
            raise ValueError(
                f"an interval is {SHORTEST_S} second to 24 hours, but got {self.interval_s:g} s"
            )
        if not self.weekdays or not self.weekdays <= frozenset(range(7)):
            raise ValueError(
                f"a schedule has one weekday or more, 0 (Monday) to 6, but got"
                f" {sorted(self.weekdays)}"
            )

    def is_on(self, at: datetime) -> bool:
        """Whether the camera is looked at in this moment, given on the site's wall clock."""
        clock, today = at.time(), at.weekday()
        if self.start == self.end:
            return today in self.weekdays
        if self.start < self.end:
            return self.start <= clock < self.end and today in self.weekdays
        if clock >= self.start:
            return today in self.weekdays
        return clock < self.end and (at - timedelta(days=1)).weekday() in self.weekdays

    @property
    def is_always(self) -> bool:
        return self.start == self.end and len(self.weekdays) == 7

    def __str__(self) -> str:
        said = [f"every {say_interval(self.interval_s)}"]
        if self.start != self.end:
            said.append(f"{self.start:%H:%M}–{self.end:%H:%M}")
        if len(self.weekdays) < 7:
            said.append(" ".join(WEEKDAYS[day].capitalize() for day in sorted(self.weekdays)))
        return ", ".join(said)

    @classmethod
    def read(cls, interval: str, hours: str = "", weekdays: str = "") -> Self:
        """A schedule from texts: `30s`, `5m` or `1h`; `07:00-21:30`; `mon-fri` or `mon,wed`.

        Raises:
            ValueError: a text is none of these; its message shows it and what was expected.
        """
        start, end = _hours(hours)
        return cls(read_interval(interval), start, end, _weekdays(weekdays))


def read_interval(text: str) -> float:
    """Seconds from `30`, `30s`, `5m` or `1h`.

    Raises:
        ValueError: it is none of these.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(s|m|min|h)?\s*", text.lower())
    if not found:
        raise ValueError(f"{text!r} is not an interval; expected such as 30s, 5m or 1h")
    return float(found[1]) * _UNITS[found[2] or "s"]


def say_interval(seconds: float) -> str:
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"


def _hours(text: str) -> tuple[time, time]:
    if not text.strip():
        return time(0), time(0)
    try:
        start, end = (part.strip() for part in text.replace("–", "-").split("-"))
        return _clock(start), _clock(end)
    except ValueError as error:
        raise ValueError(f"{text!r} are not hours; expected such as 07:00-21:30") from error


def _clock(text: str) -> time:
    if text == "24:00":
        return time(0)
    found = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", text)
    if not found:
        raise ValueError(text)
    return time(int(found[1]), int(found[2]))


def _weekday(text: str) -> int:
    """Of a name that is written out or cut to three letters or more."""
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    [day] = [n for n, name in enumerate(names) if len(text) >= 3 and name.startswith(text)]
    return day


def _weekdays(text: str) -> frozenset[int]:
    if not text.strip():
        return frozenset(range(7))
    days: set[int] = set()
    try:
        for part in re.split(r"[,\s]+", text.strip().lower().replace("–", "-")):
            first, *rest = part.split("-")
            [last] = rest or [first]
            one, other = _weekday(first), _weekday(last)
            days |= {(one + step) % 7 for step in range((other - one) % 7 + 1)}
    except ValueError as error:
        raise ValueError(
            f"{text!r} are not weekdays; expected such as mon-fri or sat,sun"
        ) from error
    return frozenset(days)
