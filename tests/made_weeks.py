"""Weeks of a lot that were made by hand, so that what to expect of it is known: no photos."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
from conftest import MADRID

from parkcore.domain import LABELS, Lot
from parkcore.store import Store
from tests.benchmarks.history_at_size import _insert

CAPACITY = 100
NOW = pd.Timestamp("2026-06-02 07:30", tz=MADRID)
"""A Tuesday, nine weeks after the looks begin."""
FIRST = NOW - pd.DateOffset(weeks=9)
ODD = pd.Timestamp("2026-04-21", tz=MADRID)
"""A Tuesday on which the lot stayed as empty as at night."""


def taken(wall: pd.Timestamp) -> int:
    """Full on Tuesdays from 09:10 to 18:00 but for `ODD`, and on one Wednesday; today, until now,
    12 places more than usual."""
    minute, busy = 60 * wall.hour + wall.minute, 550
    if wall.date() == NOW.date():
        return 32
    if wall.date() == ODD.date() or wall.day_of_week >= 5:
        return 20
    is_full = wall.day_of_week == 1 or f"{wall:%m-%d}" == "05-13"
    if busy <= minute < 1080:
        return 100 if is_full else 70
    return 20


def looks(
    cars: Callable[[pd.Timestamp], int | None] = taken,
    *,
    since: pd.Timestamp = FIRST,
    until: pd.Timestamp = NOW,
    minutes: int = 10,
) -> pd.DataFrame:
    """What a camera counted; None where it did not look."""
    at = pd.date_range(since.tz_convert("UTC"), until.tz_convert("UTC"), freq=f"{minutes}min")
    frame = pd.DataFrame({"captured_at": at, "camera": "gate"})
    frame[list(LABELS)] = 0
    counted = pd.array([cars(each) for each in at.tz_convert(MADRID)], dtype="Int64")
    frame["car"] = counted
    return frame.dropna().reset_index(drop=True)


def record(
    path: Path, seen: pd.DataFrame, *, lot: str = "yard", capacity: int | None = CAPACITY
) -> None:
    """Into a database, with its hours."""
    with Store.open(path) as store:
        store.ensure_lot(Lot(lot, f"The {lot}", capacity))
        _insert(path, lot, seen)
        store.rebuild_hours()
