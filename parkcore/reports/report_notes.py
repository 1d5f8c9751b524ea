"""What a reader of a report should know of its figures: what was not seen, what was corrected."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pandas as pd

from parkcore.domain import Lot
from parkcore.history.capacities import ALWAYS, LOT
from parkcore.history.stats_words import say_time
from parkcore.reports.report_figures import Stretch
from parkcore.reports.report_period import ReportPeriod
from parkcore.reports.report_words import seen_percent, when
from parkcore.settings import Settings
from parkcore.store import Store

LONGEST = 4
"""So many stretches that were not seen are named; of the others only how many there are."""

NAMED = 6
"""So many cameras are named."""

HOUR = timedelta(hours=1)


def make_notes(
    store: Store, settings: Settings, lot: Lot, period: ReportPeriod, stretch: Stretch
) -> tuple[str, ...]:
    """The notes under a report, each a sentence or two."""
    zone, since = settings.zone, period.since(settings.zone)
    until = since if stretch.within.empty else _after(stretch.within[-1])
    return (
        *_coverage(stretch, settings),
        *_corrections(store, lot, since, until),
        *_capacity(store, lot, stretch, (since, until), settings),
        *_cameras(store, lot),
        *_clock(period, settings),
        *([f"Figures are those of the opening hours: {settings.opening}."]
          if settings.opening else []),
        *(["The photos of this car park are rendered samples."] if lot.is_sample else []),
        f"Times are those of {zone}. Means are weighted by time: each photo stands until the next"
        f" of its camera, for at most {settings.stale_minutes:g} minutes.",
    )  # fmt: skip


def _after(start: pd.Timestamp) -> datetime:
    moment: datetime = (start + HOUR).to_pydatetime()
    return moment


def _coverage(stretch: Stretch, settings: Settings) -> Iterator[str]:
    figures = stretch.figures
    if not figures.seen_s:
        yield "No photo of this time was counted: nothing is said of how full it was."
        return
    photos = "1 photo" if figures.photos == 1 else f"{figures.photos:,} photos"
    yield (
        f"{photos}; {seen_percent(figures.coverage)} of the time was seen"
        f" ({say_time(figures.seen_s)} of {say_time(figures.period_s)}). What nobody saw is left"
        " out of every figure, not guessed."
    )
    gaps = unseen(stretch)
    if gaps:
        longest = sorted(gaps, key=lambda gap: gap[0] - gap[1])[:LONGEST]
        said = "; ".join(
            f"{when(start, settings.zone)} to {when(end, settings.zone)}"
            f" ({say_time((end - start).total_seconds())})"
            for start, end in sorted(longest)
        )
        more = f"; and {len(gaps) - LONGEST} shorter ones" if len(gaps) > LONGEST else ""
        yield f"Whole hours that nobody saw: {said}{more}."


def unseen(stretch: Stretch) -> list[tuple[datetime, datetime]]:
    """The stretches of whole hours of which nothing was seen, in order, from and to (UTC)."""
    seen = set(stretch.hours.loc[stretch.hours["seen_s"] > 0, "at"])
    found: list[tuple[datetime, datetime]] = []
    for start in stretch.within:
        if start in seen:
            continue
        begin = start.to_pydatetime()
        if found and found[-1][1] == begin:
            begin = found.pop()[0]
        found.append((begin, _after(start)))
    return found


def _corrections(store: Store, lot: Lot, since: datetime, until: datetime) -> Iterator[str]:
    corrected, deleted = store.put_right(lot.id, since, until)
    if corrected:
        photos = "1 photo was" if corrected == 1 else f"{corrected:,} photos were"
        yield f"{photos} corrected by hand; the figures use what was said there."
    if deleted == 1:
        yield "1 photo was deleted; it does not count."
    elif deleted:
        yield f"{deleted:,} photos were deleted; they do not count."


def _capacity(
    store: Store, lot: Lot, stretch: Stretch, span: tuple[datetime, datetime], settings: Settings
) -> Iterator[str]:
    figures = stretch.figures
    if figures.seen_s and not figures.rated_s:
        yield "How many places there are is not known, so vehicles are counted instead."
    elif figures.rated_s < figures.seen_s:
        yield (
            "The number of places is known for"
            f" {say_time(figures.rated_s)} of what was seen; occupancy is that of this time."
        )
    capacities = store.capacity_history()
    for camera_id in (LOT, *sorted(capacities.cameras.get(lot.id, ()))):
        for at, capacity in capacities.changes.get((lot.id, camera_id), ()):
            if at != ALWAYS and span[0] <= at < span[1]:
                whose = f" of {camera_id}" if camera_id else ""
                to = "not known" if capacity is None else f"{capacity:,}"
                yield (
                    f"The number of places{whose} changed on {when(at, settings.zone)}: from then"
                    f" on it is {to}."
                )


def _cameras(store: Store, lot: Lot) -> Iterator[str]:
    cameras = [camera.id for camera in store.cameras(lot.id)]
    if len(cameras) > 1:
        more = f" and {len(cameras) - NAMED} more" if len(cameras) > NAMED else ""
        yield f"{len(cameras)} cameras are added up: {', '.join(cameras[:NAMED])}{more}."


def _clock(period: ReportPeriod, settings: Settings) -> Iterator[str]:
    day = period.first
    while day <= period.last:
        start = datetime.combine(day, datetime.min.time(), settings.zone)
        end = datetime.combine(day + timedelta(days=1), datetime.min.time(), settings.zone)
        hours = (end.timestamp() - start.timestamp()) / 3600
        if hours != 24:
            yield (
                f"On {day:%A} {day.day} {day:%B} the clocks were changed: that day has"
                f" {hours:g} hours."
            )
        day += timedelta(days=1)
