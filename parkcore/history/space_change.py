"""What another number of spaces would have meant, read from the history: the page and the command
line show the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import pandas as pd

from parkcore.errors import NotEnoughHistory
from parkcore.history import stats
from parkcore.history.expectation import Rules, find_present
from parkcore.history.what_if import WhatIf, what_if
from parkcore.store import Store

LEAST_DAYS = 7
WEEKS = (4, 13, 52)
"""Over which it is told."""


@dataclass(frozen=True, slots=True)
class Changed:
    """What another number of spaces would have meant in a period."""

    first: date
    last: date
    found: WhatIf


def change_spaces(
    store: Store, lot_id: str, now: datetime, rules: Rules, *, change: int, weeks: int
) -> Changed:
    """How often it would have been full in the last weeks with `change` more spaces.

    The spaces are those of the newest day that was seen.

    Raises:
        UnknownLot: there is none of that id.
        NotEnoughHistory: less than a week was seen, or the number of spaces is not known.
        ValueError: no space would be left.
    """
    store.lot(lot_id)
    until = find_present(store, lot_id, now).now
    since = until - pd.Timedelta(weeks=weeks)
    rows = store.hours([lot_id], since.to_pydatetime(), until.to_pydatetime(), held=True)
    held = _held(stats.hours_frame(rows))
    days = held["at"].dt.tz_convert(rules.zone).dt.date
    held, days = held[~days.isin(rules.without)], days[~days.isin(rules.without)]
    seen_days = days.nunique()
    if seen_days < LEAST_DAYS:
        raise NotEnoughHistory(
            f"a what-if needs {LEAST_DAYS} days that were seen; there are {seen_days or 'none'}"
        )
    latest = held[held["at"] > held["at"].max() - pd.Timedelta(days=1)]
    told = latest["told"].max()
    capacity = None if np.isnan(told) else int(told)
    found = what_if(held, rules.zone, capacity=capacity, change=change, full_rate=rules.full_from)
    return Changed(days.iloc[0], days.iloc[-1], found)


def _held(hours: pd.DataFrame) -> pd.DataFrame:
    """A row for each hour and number of places taken: columns `at` (UTC), `taken`, `told`,
    `seen_s`; only those of a known number of places, where it ever was known."""
    rows: Iterable[list[float]] = (each for held in hours["held"] for each in held)
    taken, told, seconds = np.array(list(rows), float).reshape(-1, 3).T
    at = hours["at"].repeat([len(held) for held in hours["held"]]).reset_index(drop=True)
    held = pd.DataFrame({"at": at, "taken": taken, "told": told, "seen_s": seconds})
    rated = held[held["told"] > 0]
    return held if rated.empty else rated
