"""What to expect of a lot, read from the history: the page and the command line show the same.

Five-minute slots of today and of the same weekdays before it say how today may go on; hours of
the last weeks say what is usual on other days and how wrong the forecast was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

import numpy as np
import pandas as pd

from parkcore.domain import Lot
from parkcore.errors import NotEnoughHistory
from parkcore.history import stats
from parkcore.history.forecast import RECENT, FullBy, backtest, end_of_day, forecast, full_by
from parkcore.history.rollups import Segment
from parkcore.history.seasonal import LEAST_WEEKS, WEEKS
from parkcore.history.timeline import Timeline
from parkcore.history.usual import UsualDay, unlike, usual, usual_week
from parkcore.sqlite.filters import HistoryFilter
from parkcore.store import Store

TRIED_DAYS = 28
"""Over which the forecast is back-tested."""
HOURS_READ = timedelta(weeks=WEEKS + 1, days=TRIED_DAYS)
EVENING = timedelta(hours=12)
"""Of the day before is read as well; after so long it counts for an eighth."""
ARCHIVE_AFTER = timedelta(days=1)
"""A lot that was not seen for longer is shown as it was when it was seen last."""
SLOT_MIN = 5
CALM_MIN, CALM_EDGE_MIN = 20, 60
"""Over which curves, and the edges of their ranges, are means."""
FINE_ENOUGH = 0.9
"""Hours are used where photos tell of less than this share of what they do: old ones were
thinned."""


@dataclass(frozen=True, slots=True)
class Rules:
    """By what lots are judged."""

    zone: tzinfo
    full_from: float
    """The rate, 0..1, from which a lot is full."""
    without: frozenset[date] = frozenset()
    """Days that were exceptions."""


@dataclass(frozen=True, slots=True)
class Present:
    """The moment that counts as now."""

    now: pd.Timestamp
    """UTC."""
    newest: pd.Timestamp
    """When the newest photo was taken (UTC)."""
    is_archive: bool
    """Whether now is when the newest photo was taken, as that is long ago."""


@dataclass(frozen=True, slots=True)
class Compared:
    """How full the lot is, against what is usual at that time."""

    rate: float
    usual: float | None
    """None where too little was seen at that time."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What was seen of a lot, and what follows from it for today and for the week ahead."""

    lot: Lot
    rules: Rules
    present: Present
    line: Timeline
    """Today and the same weekdays before it, each with the evening before."""
    mean: Timeline
    highest: Timeline
    """Hours, whose rate is the mean and the highest of each."""

    @property
    def today(self) -> date:
        day: date = self.present.now.tz_convert(self.rules.zone).date()
        return day

    @property
    def midnight(self) -> pd.Timestamp:
        """At which today began (UTC)."""
        return _midnight(self.today, self.rules.zone)

    def usual(self) -> pd.DataFrame:
        """Today's usual curve, without its noise, where it was seen in `LEAST_WEEKS` weeks; see
        `usual.usual`."""
        rules = self.rules
        curve = usual(
            self.line,
            rules.zone,
            self.today.weekday(),
            before=self.present.now,
            without=rules.without,
        )
        curve.loc[curve["weeks"] < LEAST_WEEKS, ["usual", "low", "high"]] = np.nan
        return _calm(curve, self.line.slot_min, middle="usual")

    def seen(self) -> pd.DataFrame:
        """Today's slots so far: columns `at` (UTC), `rate`."""
        slots = self.line.between(self.midnight, self.present.now).slots
        return slots.loc[slots["rate"].notna(), ["at", "rate"]].reset_index(drop=True)

    def ahead(self) -> pd.DataFrame:
        """Until midnight, without its noise; see `forecast.forecast`."""
        now, zone = self.present.now, self.rules.zone
        ahead = forecast(
            self.line, now, zone, end_of_day(now, zone), without=self.rules.without - {self.today}
        )
        return _calm(ahead, self.line.slot_min, middle="expected")

    def full(self) -> FullBy:
        """See `forecast.full_by`."""
        rules = self.rules
        return full_by(
            self.line,
            self.present.now,
            rules.zone,
            threshold=rules.full_from,
            without=rules.without - {self.today},
        )

    def full_slots(self) -> pd.DatetimeIndex:
        """Today's slots in which it was full (UTC)."""
        seen = self.seen()
        return pd.DatetimeIndex(seen["at"][seen["rate"] >= self.rules.full_from])

    def compared(self) -> Compared | None:
        """None where it was not seen within the last hour."""
        last = self.line.between(self.present.now - RECENT, self.present.now).slots
        last = last[last["rate"].notna()]
        if last.empty:
            return None
        wall = last["at"].iloc[-1].tz_convert(self.rules.zone)
        curve = self.usual()
        before = curve[curve["minute"] <= 60 * wall.hour + wall.minute]
        at_that_time = before["usual"].iloc[-1] if len(before) else float("nan")
        is_known = not np.isnan(at_that_time)
        return Compared(float(last["rate"].iloc[-1]), float(at_that_time) if is_known else None)

    def unlike(self) -> list[date]:
        """Past days that may have been exceptions; see `usual.unlike`."""
        rules = self.rules
        return unlike(self.line, self.present.now, rules.zone, without=rules.without)

    def week(self) -> list[UsualDay]:
        """Today and the six days after it; see `usual.usual_week`."""
        rules = self.rules
        return usual_week(
            self.mean,
            self.highest,
            self.present.now,
            rules.zone,
            threshold=rules.full_from,
            without=rules.without,
        )

    def back_test(self) -> pd.DataFrame:
        """See `forecast.backtest`; over the last `TRIED_DAYS` days."""
        rules = self.rules
        return backtest(
            self.mean, rules.zone, now=self.present.now, days=TRIED_DAYS, without=rules.without
        )


def expect(store: Store, lot_id: str, now: datetime, rules: Rules) -> Expectation:
    """What the history says of a lot.

    Raises:
        UnknownLot: there is none of that id.
        NotEnoughHistory: it was never seen, or its number of spaces is not known.
    """
    lot = store.lot(lot_id)
    present = find_present(store, lot_id, now)
    until = present.now.to_pydatetime()
    hours = stats.hours_frame(store.hours([lot_id], until - HOURS_READ, until))
    if not hours["rated_s"].any():
        raise NotEnoughHistory(
            "what to expect can be told only when the number of spaces is known; none is set"
        )
    mean = _hourly(hours, hours["rate_s"] / hours["rated_s"].where(hours["rated_s"] > 0))
    line = _fine(store, lot_id, present.now, rules.zone)
    if line.slots["seen_s"].sum() < FINE_ENOUGH * _seen_s(mean, present.now, rules.zone):
        line = mean
    return Expectation(lot, rules, present, line, mean, _hourly(hours, hours["highest_rate"]))


def find_present(store: Store, lot_id: str, now: datetime) -> Present:
    """Now, or when the newest photo was taken where that is long ago.

    Raises:
        NotEnoughHistory: there is no photo.
    """
    soon = HistoryFilter(lot_id, until=now + timedelta(microseconds=1))
    newest = [each.photo.captured_at for each in store.snapshots(soon, limit=1)]
    if not newest:
        raise NotEnoughHistory("there is no photo of this lot yet")
    is_archive = now - newest[0] > ARCHIVE_AFTER
    at, last = (pd.Timestamp(moment).tz_convert("UTC") for moment in (now, newest[0]))
    return Present(last if is_archive else at, last, is_archive)


def _calm(curve: pd.DataFrame, slot_min: int, *, middle: str) -> pd.DataFrame:
    """With means over the slots around: of so few days the edges of a range jump from one slot to
    the next, as soon as another day is the lowest."""
    curve[middle] = _mean_around(curve[middle], CALM_MIN // slot_min)
    for name, nearer in (("low", np.fmin), ("high", np.fmax)):
        edge = _mean_around(curve[name], CALM_EDGE_MIN // slot_min)
        curve[name] = nearer(edge, curve[middle])
    return curve


def _mean_around(values: pd.Series[float], slots: int) -> pd.Series[float]:
    means = values.rolling(max(1, slots), min_periods=1, center=True).mean()
    return means.where(values.notna())


def _hourly(hours: pd.DataFrame, rate: pd.Series[float]) -> Timeline:
    return Timeline.from_hours(
        pd.DataFrame(
            {
                "hour": hours["at"],
                "seen_s": hours["seen_s"],
                "mean_rate": rate,
                "mean_taken": hours["taken_s"] / hours["seen_s"].where(hours["seen_s"] > 0),
            }
        )
    )


def _fine(store: Store, lot_id: str, now: pd.Timestamp, zone: tzinfo) -> Timeline:
    stretches = [
        stretch
        for since, until in _same_weekdays(now, zone)
        for stretch in store.segments(lot_id, since.to_pydatetime(), until.to_pydatetime())
    ]
    return Timeline.from_points(_points(stretches), slot_min=SLOT_MIN)


def _same_weekdays(now: pd.Timestamp, zone: tzinfo) -> Iterator[tuple[pd.Timestamp, pd.Timestamp]]:
    """From the evening before each to its end, and of today until now; the oldest first."""
    today = now.tz_convert(zone).date()
    for week in reversed(range(WEEKS + 1)):
        day = today - timedelta(weeks=week)
        end = min(now, _midnight(day + timedelta(days=1), zone))
        yield _midnight(day, zone) - EVENING, end


def _seen_s(hours: Timeline, now: pd.Timestamp, zone: tzinfo) -> float:
    """For how long the same weekdays were seen, as the hours say."""
    return float(
        sum(
            hours.between(since, until).slots["seen_s"].sum()
            for since, until in _same_weekdays(now.floor("h"), zone)
        )
    )


def _points(stretches: Sequence[Segment]) -> pd.DataFrame:
    """Steps, as `Timeline.from_points` takes them."""
    rows = [(s.start, s.end, s.taken, s.told or np.nan) for s in stretches]
    table = np.array(rows, float).reshape(-1, 4)
    start, end, taken, told = table.T
    is_last = np.append(start[1:] > end[:-1], True)[: len(start)]
    at = np.concatenate([start, end[is_last]])
    nothing = np.full(int(is_last.sum()), np.nan)
    taken, told = np.concatenate([taken, nothing]), np.concatenate([told, nothing])
    times = pd.to_datetime(at, unit="s", utc=True)
    return pd.DataFrame({"at": times, "taken": taken, "rate": taken / told})


def _midnight(day: date, zone: tzinfo) -> pd.Timestamp:
    """When a day begins (UTC)."""
    wall = pd.Timestamp(day)
    return wall.tz_localize(zone, ambiguous=True, nonexistent="shift_forward").tz_convert("UTC")
