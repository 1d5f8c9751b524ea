"""Ranges of whole days, by their usual names, and the periods they are divided into.

Pure: no I/O, no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal, get_args

from parkcore.history.stats import PERIODS, Period

Preset = Literal["latest", "week", "last-week", "4-weeks", "month", "last-month", "year", "own"]
PRESETS: tuple[Preset, ...] = get_args(Preset)

MOST_POINTS = 5000
"""Of one chart."""

FIRST, LAST = date(1900, 1, 1), date(2199, 12, 31)
_HOURS: dict[Period, float] = {"hour": 1, "day": 24, "week": 168, "month": 730}
_COARSE: dict[Period, int] = {"hour": 10, "day": 400, "week": 5 * 366}
"""Up to how many days a range is shown by this period."""


@dataclass(frozen=True, slots=True)
class Days:
    """Days of the site's calendar, from the first to the last."""

    first: date
    last: date

    def __post_init__(self) -> None:
        """
        Raises:
            ValueError: they are in the wrong order, or out of all reason.
        """
        if self.first > self.last:
            raise ValueError(f"the first day, {self.first}, is after the last one, {self.last}")
        if self.first < FIRST or self.last > LAST:
            raise ValueError(f"days lie between {FIRST} and {LAST}")

    def __len__(self) -> int:
        return (self.last - self.first).days + 1

    def __str__(self) -> str:
        first, last = (f"{day:%a} {day.day} {day:%b %Y}" for day in (self.first, self.last))
        return first if first == last else f"{first} – {last}"

    def since(self, zone: tzinfo) -> datetime:
        return datetime.combine(self.first, time(), zone)

    def until(self, zone: tzinfo, now: datetime) -> datetime:
        """The end of the last day, or of the present hour, so that what is still to come is not
        taken for something that was not seen; days that all lie ahead stay whole."""
        end = datetime.combine(self.last + timedelta(days=1), time(), zone)
        if now <= self.since(zone):
            return end
        since = self.since(zone).timestamp()
        begun_h = (now.timestamp() - since) // 3600 + 1
        return min(end, datetime.fromtimestamp(since + 3600 * begun_h, UTC))

    def before(self) -> Days:
        """As many days before them."""
        return Days(self.first - timedelta(days=len(self)), self.first - timedelta(days=1))


def preset(name: Preset, today: date, latest: date) -> Days:
    """The days of a preset.

    Args:
        latest: the day of the latest photo, at which `latest` ends.
    """
    monday = today - timedelta(days=today.weekday())
    match name:
        case "week":
            return Days(monday, today)
        case "last-week":
            return Days(monday - timedelta(days=7), monday - timedelta(days=1))
        case "4-weeks":
            return Days(today - timedelta(days=27), today)
        case "month":
            return Days(today.replace(day=1), today)
        case "last-month":
            last = today.replace(day=1) - timedelta(days=1)
            return Days(last.replace(day=1), last)
        case "year":
            return Days(today.replace(month=1, day=1), today)
        case _:
            return Days(latest - timedelta(days=6), latest)


def year_before(days: Days) -> Days:
    """The same weekdays 52 weeks before."""
    back = timedelta(weeks=52)
    return Days(days.first - back, days.last - back)


def fitting(days: Days, lots: int) -> list[Period]:
    """The periods by which so many lots are no more than `MOST_POINTS` points."""
    return [
        each for each in PERIODS
        if lots * 24 * len(days) / _HOURS[each] <= MOST_POINTS or each == "month"
    ]  # fmt: skip


def usual(days: Days, lots: int) -> Period:
    """The period that shows a range best."""
    best = next((each for each, most in _COARSE.items() if len(days) <= most), "month")
    fits = fitting(days, lots)
    return best if best in fits else fits[0]
