"""A report on one lot's week or month: what it says, before it becomes HTML or PDF."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import pandas as pd

from parkcore.domain import LABELS, Label, Lot
from parkcore.errors import OutputError
from parkcore.history import stats
from parkcore.history.stats_words import percent, say_time
from parkcore.occupancy import Thresholds
from parkcore.reports.report_figures import Figures, read_stretch
from parkcore.reports.report_notes import make_notes
from parkcore.reports.report_period import ReportPeriod
from parkcore.reports.report_words import change, count, mean_percent, seen_percent, share_of, when
from parkcore.settings import Settings
from parkcore.store import Store

LITTLE_SEEN = 0.5
"""Where less of the earlier period was seen, that is said beside the comparison with it."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A key figure as it is shown."""

    label: str
    value: str
    remark: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """Everything that a report says."""

    lot: Lot
    period: ReportPeriod
    zone: ZoneInfo
    made_at: datetime
    until: datetime
    """The end of the period; earlier where it is not over."""
    thresholds: Thresholds
    figures: Figures
    before: Figures
    """Those of the period before, as far into it as this one has come."""
    hours: pd.DataFrame
    """As `stats.by_period` makes it: every hour of the period, seen or not; empty where none
    was."""
    hours_before: pd.DataFrame
    """Those of the period before that were seen."""
    days: pd.DataFrame
    """The same per day."""
    pattern: pd.DataFrame
    """As `stats.week_pattern` makes it."""
    notes: tuple[str, ...]

    @property
    def has_figures(self) -> bool:
        return self.figures.seen_s > 0

    @property
    def is_rated(self) -> bool:
        """Whether figures are shares of the places; else they are vehicles."""
        return self.figures.mean_rate is not None

    @property
    def title(self) -> str:
        return printable(self.lot.name)

    @property
    def is_over(self) -> bool:
        """Whether it is about a whole period."""
        return self.until >= self.period.until(self.zone)

    @property
    def than(self) -> str:
        """What it is compared with, in words."""
        before = f"the {self.period.kind} before"
        return before if self.is_over else f"the same part of {before}"

    @property
    def span(self) -> str:
        """The days that it is about, in words."""
        said = f"{self.period.title}: {self.period.words}"
        if not self.is_over:
            said += f", so far: up to {when(self.until, self.zone)}"
        return said

    @property
    def headline(self) -> str:
        """The report in two sentences."""
        kind, figures = self.period.kind, self.figures
        if figures.mean_taken is None:
            return f"Nothing was seen of this car park in this {kind}, so there are no figures."
        mean = f"On average {count(figures.mean_taken)} vehicles were there"
        if figures.mean_rate is not None:
            mean = f"On average {mean_percent(figures.mean_rate)} of the places were taken"
        return f"{mean}; {self.comparison}. {self._fullest}".strip()

    @property
    def _fullest(self) -> str:
        figures = self.figures
        if figures.highest_rate is not None and figures.highest_rate_at is not None:
            at = when(figures.highest_rate_at, self.zone)
            return f"It was fullest on {at}, with {percent(figures.highest_rate)}."
        if figures.most is not None and figures.most_at is not None:
            return f"The most were {figures.most:,}, on {when(figures.most_at, self.zone)}."
        return ""

    @property
    def comparison(self) -> str:
        """Against the period before, in words."""
        before = self.before
        if not before.seen_s:
            return f"nothing was seen in {self.than} to compare that with"
        said = change(
            (self.figures.mean_rate, self.figures.mean_taken),
            (before.mean_rate, before.mean_taken),
            self.than,
        )
        if before.coverage < LITTLE_SEEN:
            said += f", of which only {seen_percent(before.coverage)} was seen"
        return said

    @property
    def tiles(self) -> tuple[Tile, ...]:
        """The key figures."""
        figures, zone = self.figures, self.zone
        seen_s = share_of(figures.seen_s, figures.period_s)
        seen = Tile("Seen", seen_percent(figures.coverage), seen_s)
        if figures.mean_taken is None:
            return (seen,)
        if figures.mean_rate is None:
            most = Tile("Most vehicles", f"{figures.most:,}", _at(figures.most_at, zone))
            return (Tile("Mean vehicles", count(figures.mean_taken), self.comparison), most, seen)
        busy, full = self.thresholds.busy, self.thresholds.full
        return (
            Tile("Mean occupancy", mean_percent(figures.mean_rate), self.comparison),
            Tile("Fullest", percent(figures.highest_rate or 0), _at(figures.highest_rate_at, zone)),
            Tile(
                f"Full (from {percent(full)})",
                say_time(figures.full_s or 0),
                f"from {percent(busy)}: {say_time(figures.busy_s or 0)}",
            ),
            seen,
        )

    @property
    def types(self) -> tuple[tuple[str, str, str, str], ...]:
        """Per type of vehicle its name, mean number, share, and mean of what it is compared with;
        see `than`."""
        total = sum(self.figures.by_type)
        before = self.before.by_type or (None,) * len(LABELS)
        return tuple(
            (
                TYPES[label],
                count(mean),
                f"{100 * mean / total:.0f} %" if total else "–",
                count(then),
            )
            for label, mean, then in zip(LABELS, self.figures.by_type, before, strict=False)
        )


TYPES: dict[Label, str] = {
    "car": "Cars",
    "motorcycle": "Motorcycles",
    "bus": "Buses",
    "truck": "Trucks",
}


def _at(at: datetime | None, zone: ZoneInfo) -> str:
    return when(at, zone) if at else ""


def printable(text: str) -> str:
    """A name as one line, whatever it holds."""
    return "".join(c if c.isprintable() else "�" for c in text)


def make_report(
    store: Store, settings: Settings, lot_id: str, period: ReportPeriod, *, now: datetime
) -> Report:
    """The report on a lot's week or month, up to now where that is not over; one that was never
    seen says so.

    Raises:
        UnknownLot: there is none of that name.
        OutputError: no hour of the period is over.
    """
    zone, lot = settings.zone, store.lot(lot_id)
    since, before = period.since(zone), period.before.since(zone)
    this_hour = now.astimezone(zone).replace(minute=0, second=0, microsecond=0)
    until = min(period.until(zone), this_hour, key=datetime.timestamp)
    if until.timestamp() <= since.timestamp():
        raise OutputError(f"{period} has not begun yet, so there is nothing to report on")
    stretch = read_stretch(store, settings, lot_id, since, until)
    earlier = compared = read_stretch(store, settings, lot_id, before, since)
    if until.timestamp() < period.until(zone).timestamp():
        # by the wall clock, as days are; the month before may be shorter
        as_far = min(before + (until - since), since, key=datetime.timestamp)
        compared = read_stretch(store, settings, lot_id, before, as_far)
    hours = stretch.hours
    return Report(
        lot=lot,
        period=period,
        zone=zone,
        made_at=now,
        until=until,
        thresholds=settings.thresholds,
        figures=stretch.figures,
        before=compared.figures,
        hours=stats.by_period(hours, zone, "hour", within=stretch.within),
        hours_before=stats.by_period(earlier.hours, zone, "hour"),
        days=stats.by_period(hours, zone, "day", within=stretch.within),
        pattern=stats.week_pattern(hours, zone),
        notes=make_notes(store, settings, lot, period, stretch),
    )
