"""What is asked of a camera's spaces over some days, and the answer, in words and as records: the
page and the command line ask alike."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

import numpy as np
import pandas as pd

from parkcore.export import unformula
from parkcore.history import stats
from parkcore.history.opening import OpeningHours
from parkcore.history.ranges import Days
from parkcore.history.rollups import HOUR_S
from parkcore.history.stats_words import percent, say_time
from parkcore.spaces.layout import Layout, Space
from parkcore.spaces.utilisation import Look, Looks, SpaceUse, Span, letters_of, use_of_spaces
from parkcore.store import Store

MOST_LOOKS = 120_000
"""Of more, the newest are read: a year of one every five minutes has 105,000."""

RANKED_FROM = 0.5
"""A space is ranked when it was seen for at least this share of the time of the one seen best."""

HEADINGS = {
    "lot": "Lot",
    "camera": "Camera",
    "space": "Space",
    "type": "Type",
    "group": "Group",
    "from": "First day",
    "to": "Last day",
    "time_zone": "Time zone",
    "utilisation": "Utilisation (%)",
    "occupied_s": "Occupied (s)",
    "seen_s": "Seen (s)",
    "period_s": "Length (s)",
    "turnover": "Turnover, at least",
    "turnover_per_day": "Turnover per day seen, at least",
    "dwell_median_s": "Median dwell, at least (s)",
    "dwell_longest_s": "Longest dwell, at least (s)",
    "cut": "Runs cut",
    "drawn_anew": "Drawn anew, seen from ({zone})",
}
"""What a record has, and what people read above it."""


@dataclass(frozen=True, slots=True)
class UsedSpace:
    """A space with how it was used."""

    space: Space
    use: SpaceUse
    since: datetime | None
    """Where it was drawn anew or added: the first look at it as it is drawn now."""


@dataclass(frozen=True, slots=True)
class SpaceAnswer:
    """How a camera's spaces were used on some days."""

    question: SpaceQuestion
    layout: Layout
    """The version that the newest photo of these days was judged by."""
    spaces: tuple[UsedSpace, ...]
    period_s: float
    """Without the hours that were not asked for."""
    photos: int
    only_since: datetime | None = None
    """Where there were too many photos: the first that was looked at."""

    @property
    def all(self) -> SpaceUse:
        return SpaceUse.together(each.use for each in self.spaces)

    @property
    def seen_share(self) -> float:
        """Of the time of all spaces, how much was seen, 0..1."""
        whole_s = self.period_s * len(self.spaces)
        return min(1.0, self.all.seen_s / whole_s) if whole_s else 0.0

    def by(self, kind: Callable[[Space], str]) -> dict[str, SpaceUse]:
        """The spaces of each type or group together, by name."""
        names = sorted({kind(each.space) for each in self.spaces})
        return {
            name: SpaceUse.together(each.use for each in self.spaces if kind(each.space) == name)
            for name in names
        }

    def ranked(self) -> list[UsedSpace]:
        """The most used first, without those that were seen too little to be compared."""
        best_s = max((each.use.seen_s for each in self.spaces), default=0.0)
        seen = [e for e in self.spaces if e.use.seen_s and e.use.seen_s >= RANKED_FROM * best_s]
        return sorted(seen, key=lambda each: -(each.use.utilisation or 0.0))

    def records(self) -> Iterator[dict[str, Any]]:
        """A row for each space, for programs: rates are 0..1, times are the site's."""
        asked = self.question
        for each in self.spaces:
            use = each.use
            yield {
                "lot": asked.lot_id,
                "camera": asked.camera_id,
                "space": each.space.id,
                "type": each.space.type,
                "group": each.space.group,
                "from": f"{asked.days.first}",
                "to": f"{asked.days.last}",
                "time_zone": str(asked.zone),
                "utilisation": _rounded(use.utilisation, 6),
                "occupied_s": round(use.occupied_s, 2),
                "seen_s": round(use.seen_s, 2),
                "period_s": round(self.period_s, 2),
                "turnover": use.turnover,
                "turnover_per_day": _rounded(use.turnover_per_day, 2),
                "dwell_median_s": _rounded(use.dwell_median_s, 2),
                "dwell_longest_s": _rounded(use.dwell_longest_s, 2),
                "cut": use.cut,
                "drawn_anew": each.since
                and each.since.astimezone(asked.zone).isoformat(timespec="seconds"),
            }


@dataclass(frozen=True, slots=True)
class SpaceQuestion:
    """How a camera's spaces were used on some days."""

    lot_id: str
    camera_id: str
    days: Days
    zone: tzinfo
    hold_s: float
    """How long a photo stands at most."""
    opening: OpeningHours | None = None
    """Only these hours; None for all."""

    def answer(self, store: Store, now: datetime) -> SpaceAnswer | None:
        """None where no photo of these days was judged by spaces."""
        since, until = self.days.since(self.zone), self.days.until(self.zone, now)
        place = self.lot_id, self.camera_id
        begins = since - timedelta(seconds=self.hold_s)
        looks = store.looks_between(*place, begins, until, limit=MOST_LOOKS)
        in_days = [at for at, _, _ in looks if at >= since]
        found = {of: store.layout_by_id(of) for of in {of for _, of, _ in looks}}
        layouts = {of: layout for of, layout in found.items() if layout}
        if not in_days or not layouts[looks[-1][1]].spaces:
            return None
        shown = layouts[looks[-1][1]]
        letters, first_looks = letters_of(looks, layouts, shown)
        span = self._span(since, until)
        timed = Looks(*_times(looks, self.zone), letters)
        uses = use_of_spaces(timed, span, hold_s=self.hold_s)
        return SpaceAnswer(
            self,
            shown,
            tuple(map(UsedSpace, shown.spaces, uses, first_looks)),
            span.seconds,
            len(in_days),
            in_days[0] if len(looks) == MOST_LOOKS else None,
        )

    def _span(self, since: datetime, until: datetime) -> Span:
        if self.opening is None:
            return Span.whole(since.timestamp(), until.timestamp())
        hours = stats.site_hours(since, until, self.zone, self.opening)
        starts = _epoch_s(hours)
        ends = np.minimum(starts + HOUR_S, until.timestamp())
        return Span(since.timestamp(), np.column_stack([starts, ends]))


def _times(looks: list[Look], zone: tzinfo) -> tuple[np.ndarray, np.ndarray]:
    """Epoch seconds, and the number of the day on the wall clock."""
    at = pd.DatetimeIndex([at for at, _, _ in looks]).tz_convert("UTC")
    wall = at.tz_convert(zone).tz_localize(None)
    return _epoch_s(at), (wall.to_numpy("datetime64[D]")).astype(np.int64)


def _epoch_s(at: pd.DatetimeIndex) -> np.ndarray:
    return np.asarray((at - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1), np.float64)


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def say_use(use: SpaceUse) -> str:
    """`72.1 % of 20 h 55 min seen; taken 6 times at least, half of them for 1 h 5 min or more, the
    longest for 9 h or more`."""
    if use.utilisation is None:
        return "not seen"
    said = f"{percent(use.utilisation, 1)} of {say_time(use.seen_s)} seen"
    if use.dwell_median_s is None or use.dwell_longest_s is None:
        return said
    times = "once" if use.turnover == 1 else f"{use.turnover:,} times"
    longest = f"for {say_time(use.dwell_longest_s)} or more"
    if use.turnover == 1:
        return f"{said}; taken {times} at least, {longest}"
    half = f"half of them for {say_time(use.dwell_median_s)} or more"
    return f"{said}; taken {times} at least, {half}, the longest {longest}"


def say_extremes(answer: SpaceAnswer, most: int = 3) -> list[str]:
    """`Most used: A3 (92 %), A4 (88 %)`, and the least used; none where there are too few."""
    ranked = answer.ranked()
    most = min(most, len(ranked) // 2)
    if not most:
        return []
    return [
        f"Most used: {_listed(ranked[:most])}",
        f"Least used: {_listed(ranked[: -most - 1 : -1])}",
    ]


def _listed(spaces: Iterable[UsedSpace]) -> str:
    return ", ".join(f"{each.space.id} ({percent(each.use.utilisation or 0)})" for each in spaces)


def say_seen_share(answer: SpaceAnswer) -> str:
    """`Seen 83 % of the time of 12 spaces, in 2,016 photos`."""
    spaces = "1 space" if len(answer.spaces) == 1 else f"{len(answer.spaces)} spaces"
    photos = "1 photo" if answer.photos == 1 else f"{answer.photos:,} photos"
    share = answer.seen_share
    seen = percent(share) if share >= 0.01 or not share else "less than 1 %"
    return f"Seen {seen} of the time of {spaces}, in {photos}"


def as_csv(records: Iterable[dict[str, Any]], zone_name: str) -> str:
    """Records for people: headings with their units, rates in percent, times without offset."""
    out, writer = io.StringIO(newline=""), None
    for record in records:
        row = record | {"utilisation": _percent(record["utilisation"])}
        if at := record["drawn_anew"]:
            row["drawn_anew"] = f"{datetime.fromisoformat(at):%Y-%m-%d %H:%M}"
        if writer is None:
            writer = csv.writer(out)
            writer.writerow(HEADINGS[name].format(zone=zone_name) for name in row)
        writer.writerow(unformula(value) for value in row.values())
    return out.getvalue()


def _percent(rate: float | None) -> float | None:
    return None if rate is None else round(100 * rate, 2)
