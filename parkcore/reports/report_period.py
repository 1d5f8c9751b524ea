"""The week or month that a report is about. Pure: no I/O, no clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Literal, Self, TypeAlias

Kind: TypeAlias = Literal["week", "month"]

_WEEK = re.compile(r"(\d{4})-?[Ww](\d{1,2})")
_MONTH = re.compile(r"(\d{4})-(\d{1,2})")


@dataclass(frozen=True, slots=True)
class ReportPeriod:
    """A week from Monday to Sunday, or a month, of the site's calendar."""

    kind: Kind
    first: date

    @classmethod
    def week(cls, text: str) -> Self:
        """A week as ISO 8601 names it: `2026-W19`.

        Raises:
            ValueError: there is no such week.
        """
        found = _WEEK.fullmatch(text.strip())
        try:
            if found:
                return cls("week", date.fromisocalendar(int(found[1]), int(found[2]), 1))
        except ValueError:
            pass
        raise ValueError(f"{text!r} is no week; expected one such as 2026-W19")

    @classmethod
    def month(cls, text: str) -> Self:
        """A month: `2026-05`.

        Raises:
            ValueError: there is no such month.
        """
        found = _MONTH.fullmatch(text.strip())
        try:
            if found:
                return cls("month", date(int(found[1]), int(found[2]), 1))
        except ValueError:
            pass
        raise ValueError(f"{text!r} is no month; expected one such as 2026-05")

    @classmethod
    def around(cls, kind: Kind, day: date) -> Self:
        """The week or month that a day is in."""
        past = day.weekday() if kind == "week" else day.day - 1
        return cls(kind, day - timedelta(days=past))

    @property
    def last(self) -> date:
        return self.next.first - timedelta(days=1)

    @property
    def next(self) -> ReportPeriod:
        """
        Raises:
            OverflowError: the calendar ends.
        """
        days = 7 if self.kind == "week" else 31
        return ReportPeriod.around(self.kind, self.first + timedelta(days=days))

    @property
    def before(self) -> ReportPeriod:
        """
        Raises:
            OverflowError: the calendar begins here.
        """
        return ReportPeriod.around(self.kind, self.first - timedelta(days=1))

    def since(self, zone: tzinfo) -> datetime:
        return datetime.combine(self.first, time(), zone)

    def until(self, zone: tzinfo) -> datetime:
        return datetime.combine(self.next.first, time(), zone)

    def __str__(self) -> str:
        """As `week` and `month` read it; fit for the name of a file."""
        if self.kind == "month":
            return f"{self.first:%Y-%m}"
        year, week, _ = self.first.isocalendar()
        return f"{year:04d}-W{week:02d}"

    @property
    def title(self) -> str:
        if self.kind == "month":
            return f"{self.first:%B} {self.first.year}"
        year, week, _ = self.first.isocalendar()
        return f"Week {week} of {year}"

    @property
    def words(self) -> str:
        """Its days, such as `Monday 27 April to Sunday 3 May 2026`."""
        first, last = self.first, self.last
        year = f" {first.year}" if first.year != last.year else ""
        month = f" {first:%B}" if first.month != last.month else ""
        return f"{first:%A} {first.day}{month}{year} to {last:%A} {last.day} {last:%B} {last.year}"

    @property
    def short(self) -> str:
        """Its days, short: `27 Apr – 3 May 2026`."""
        return f"{self.first.day} {self.first:%b} – {self.last.day} {self.last:%b %Y}"
