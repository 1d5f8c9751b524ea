"""What is asked of the history's hours, and the answer: the page and the command line ask alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

import pandas as pd

from parkcore.history import stats, stats_words
from parkcore.history.opening import OpeningHours
from parkcore.history.ranges import Days
from parkcore.history.stats import Period
from parkcore.sqlite.filters import HistoryFilter
from parkcore.store import Store


@dataclass(frozen=True, slots=True)
class Answer:
    """The hours of some lots on some days, and what follows from them."""

    question: Question
    since: datetime
    until: datetime
    hours: pd.DataFrame
    within: pd.DatetimeIndex
    """All hours that it is about, seen or not."""
    photos: int
    """Taken on these days, the hours in which the lots are closed included."""
    corrected: int
    """How many of them a person put right."""
    _by_period: dict[Period, pd.DataFrame] = field(default_factory=dict, repr=False)

    def summary(self) -> pd.DataFrame:
        """See `stats.summary`; in the order in which the lots were asked for."""
        asked = self.question
        found = stats.summary(
            self.hours, self.since, self.until, threshold=asked.threshold, within=self.within
        )
        return found.sort_values(
            "lot", key=lambda lots: lots.map(asked.lot_ids.index), ignore_index=True
        )

    def by_period(self, period: Period) -> pd.DataFrame:
        """See `stats.by_period`; every period has a row. Made once, for several charts."""
        if period not in self._by_period:
            asked = self.question
            self._by_period[period] = stats.by_period(
                self.hours, asked.zone, period, threshold=asked.threshold, within=self.within
            )
        return self._by_period[period]

    def records(self, period: Period | None = None) -> list[dict[str, Any]]:
        """For programs, a row for each lot and period, or for each lot; see
        `stats_words.records`."""
        asked, found = self.question, self.by_period(period) if period else self.summary()
        days: dict[str, Any] = {"from": f"{asked.days.first}", "to": f"{asked.days.last}"}
        about: dict[str, Any] = {"period": period} if period else days
        about |= {"time_zone": str(asked.zone), "threshold": asked.threshold}
        return [about | row for row in stats_words.records(found, asked.zone)]

    def week_pattern(self) -> pd.DataFrame:
        """See `stats.week_pattern`."""
        return stats.week_pattern(self.hours, self.question.zone)


@dataclass(frozen=True, slots=True)
class Question:
    """How full some lots were on some days."""

    lot_ids: tuple[str, ...]
    days: Days
    zone: tzinfo
    threshold: float
    """The rate, 0..1, above which time is counted."""
    opening: OpeningHours | None = None
    """Only these hours; None for all."""

    def answer(self, store: Store, now: datetime) -> Answer:
        since, until = self.days.since(self.zone), self.days.until(self.zone, now)
        hours = stats.hours_frame(store.hours(self.lot_ids, since, until, held=True))
        corrected = sum(
            store.count(HistoryFilter(lot_id, since=since, until=until, corrected=True))
            for lot_id in self.lot_ids
        )
        return Answer(
            self,
            since,
            until,
            stats.during(hours, self.zone, self.opening),
            stats.site_hours(since, until, self.zone, self.opening),
            int(hours["photos"].sum()),
            corrected,
        )


def latest_day(store: Store, lot_ids: Sequence[str], zone: tzinfo, now: datetime) -> date | None:
    """The local day of the latest photo of some lots that was not taken in the future."""
    soon = now + timedelta(seconds=1)
    found = [store.snapshots(HistoryFilter(lot, until=soon), limit=1) for lot in lot_ids]
    days = [each.photo.captured_at.astimezone(zone).date() for page in found for each in page]
    return max(days, default=None)
