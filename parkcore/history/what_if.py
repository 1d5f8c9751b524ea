"""How often a lot with more or fewer spaces would have been full. Pure: no I/O, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

import numpy as np
import pandas as pd

from parkcore.errors import NotEnoughHistory

WEEK_H = 168
HIDDEN = {
    "fewer": "This takes it that everybody would still come, and at the same time.",
    "more": "Whoever found the lot full and drove on was not seen, so that this is the least.",
}
"""What the past can't tell: demand beyond the capacity leaves no trace in a full lot."""


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Hours of a usual week in which a lot was full, and would have been."""

    capacity: int
    change: int
    now_h: float
    then_h: float
    seen: float
    """The share of the period's time that was seen, 0..1."""
    unseen_h: int
    """Hours of the week that were never seen; they count as not full."""

    @property
    def text(self) -> str:
        """In words, with what it can't know."""
        return f"{self.said} {self.hidden}"

    @property
    def said(self) -> str:
        number = abs(self.change)
        spaces = "1 space" if number == 1 else f"{number} spaces"
        unseen = f", {self.unseen_h} hours of the week never" if self.unseen_h else ""
        return (
            f"With {spaces} {self._way} it would have been full {self.then_h:.1f} hours "
            f"a week instead of {self.now_h:.1f} ({100 * self.seen:.0f} % of the time was seen"
            f"{unseen})."
        )

    @property
    def hidden(self) -> str:
        """What the past can't tell."""
        return HIDDEN[self._way]

    @property
    def _way(self) -> str:
        return "fewer" if self.change < 0 else "more"


def what_if(
    held: pd.DataFrame,
    zone: tzinfo,
    *,
    capacity: int | None,
    change: int,
    full_rate: float = 1.0,
) -> WhatIf:
    """How many hours a week it would have been full with `change` more spaces.

    Full is the time in which `full_rate` of the capacity was taken. Each hour of the week counts
    with the share of the time seen in which it was full: an outage on a Tuesday is filled by the
    other Tuesdays, and what was never seen counts as not full. Capacity and change are those of
    the lot as it is now, against the places taken then. Demand beyond the capacity can't be
    seen: a lot that was full hides who drove on, so that the figure for more spaces is the least.

    Args:
        held: columns `at` (UTC, to the hour or finer), `taken`, `seen_s` (for how long so many
            places were taken). `Timeline.slots` serves, where a slot counts as full by its mean;
            a row per hour and number of places taken is exact.

    Raises:
        NotEnoughHistory: nothing was seen, or the lot has no capacity.
        ValueError: no space would be left.
    """
    if capacity is None:
        raise NotEnoughHistory("how often a lot is full can be told only when it has a capacity")
    if capacity + change <= 0:
        raise ValueError(f"of {capacity} spaces a change by {change} leaves none")
    held = held.dropna(subset="taken")
    if held.empty:
        raise NotEnoughHistory("nothing was seen in this period; a what-if needs a week at least")
    wall = held["at"].dt.tz_convert(zone)
    hour = 24 * wall.dt.day_of_week.to_numpy() + wall.dt.hour.to_numpy()
    taken, seen_s = held["taken"].to_numpy(), held["seen_s"].to_numpy()
    seen_of_hour = np.bincount(hour, seen_s, WEEK_H)

    def full_h(limit: float) -> float:
        full_s = np.bincount(hour, seen_s * (taken >= limit - 1e-9), WEEK_H)
        return float(np.divide(full_s, seen_of_hour, where=seen_of_hour > 0, out=full_s).sum())

    period_h = (wall.max() - wall.min()) // pd.Timedelta(hours=1) + 1
    return WhatIf(
        capacity,
        change,
        full_h(full_rate * capacity),
        full_h(full_rate * (capacity + change)),
        float(min(1.0, seen_s.sum() / 3600 / period_h)),
        int(np.count_nonzero(seen_of_hour == 0)),
    )
