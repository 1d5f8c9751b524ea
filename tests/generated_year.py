"""A realistic year of a car park: seeded, statistical, without photos.

`lot_year` is what cameras would have counted every five minutes of a year; the same seed always
gives the same numbers. How full a lot is comes from a curve per kind and weekday, a day that
lies higher or lower and earlier or later than usual (the next one resembles it), public
holidays, rain, a slow trend and noise within the day. What is counted of it has a camera's
faults: vehicles missed and invented, looks that failed, outages of hours and of days, dark
nights, and new hardware that sees better.

    looks = lot_year(7, "office", 120, cameras=2)
    points = as_points(looks, 120)

A hundred lots (`fleet`) are 10.5 million looks of a camera.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, tzinfo
from functools import lru_cache
from typing import Literal, get_args
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from scipy.signal import lfilter

Kind = Literal[
    "office", "shop", "station", "residential", "event", "flat", "seasonal", "broken"
]  # fmt: skip
"""The first five are car parks; the others are the textbook series of the back-test."""

KINDS: tuple[Kind, ...] = get_args(Kind)
REAL_KINDS = KINDS[:5]
MADRID = ZoneInfo("Europe/Madrid")
SLOT_S = 300
SLOTS_A_DAY = 86400 // SLOT_S
SATURDAY, SUNDAY = 5, 6
HOLIDAYS = {
    (1, 1), (1, 6), (5, 1), (8, 15), (10, 12), (11, 1), (12, 6), (12, 8), (12, 25), (12, 26),
}  # fmt: skip
"""Month and day of days that look like a Sunday."""

LABEL_SHARES = {"motorcycle": 0.06, "bus": 0.004, "truck": 0.03}
"""Of the vehicles; the others are cars."""

RAIN = {"office": 1.03, "shop": 0.9, "station": 1.05, "residential": 1.02, "event": 0.85}
"""What a rainy day does to each kind."""


@dataclass(frozen=True)
class Calendar:
    """A year's five-minute slots; all arrays are as long as there are slots."""

    at: pd.DatetimeIndex
    hour: np.ndarray
    """Of the wall clock, 0..24, with fractions."""
    weekday: np.ndarray
    day: np.ndarray
    """The number of the local day, from 0."""
    days: pd.DatetimeIndex
    """The local days, without a zone."""


@lru_cache(maxsize=4)
def calendar(start: date, days: int, zone: tzinfo) -> Calendar:
    """The slots from the local midnight of `start` on."""
    local = pd.date_range(pd.Timestamp(start), periods=days + 1, freq="D")
    edges = local.tz_localize(zone).tz_convert("UTC")
    at = pd.date_range(edges[0], edges[-1], freq=f"{SLOT_S}s", inclusive="left", unit="us")
    wall = at.tz_convert(zone).tz_localize(None)
    hour = ((wall - wall.normalize()) / pd.Timedelta(hours=1)).to_numpy()
    day = ((wall.normalize() - local[0]) / pd.Timedelta(days=1)).to_numpy().astype(int)
    return Calendar(at, hour, wall.day_of_week.to_numpy(), day, local[:-1])


def rise(hour: np.ndarray, middle: float, width: float) -> np.ndarray:
    """From 0 to 1 around `middle`."""
    return 1 / (1 + np.exp(-(hour - middle) / width))


def hump(hour: np.ndarray, start: float, end: float, width: float = 0.35) -> np.ndarray:
    """About 1 from `start` to `end`, else 0."""
    return rise(hour, start, width) * rise(-hour, -end, width)


def office(hour: np.ndarray, weekday: np.ndarray) -> np.ndarray:
    works = hump(hour, 8.4, 17.6, 0.4) - 0.1 * hump(hour, 13, 14.6)
    friday = 0.82 * hump(hour, 8.5, 15.4, 0.4)
    return 0.05 + np.where(weekday >= SATURDAY, 0.05, np.where(weekday == 4, friday, 0.93 * works))


def shop(hour: np.ndarray, weekday: np.ndarray) -> np.ndarray:
    opened = 0.45 * hump(hour, 9.7, 21) + 0.3 * hump(hour, 11, 13.5) + 0.42 * hump(hour, 17.3, 20)
    size = np.array([0.85, 0.85, 0.88, 0.92, 1.05, 1.2, 0.06])[weekday]
    return 0.03 + size * opened


def station(hour: np.ndarray, weekday: np.ndarray) -> np.ndarray:
    commuters = 0.72 * hump(hour, 7.3, 18.3, 0.45)
    return 0.26 + np.where(weekday >= SATURDAY, 0.25 * hump(hour, 10, 20, 1), commuters)


def residential(hour: np.ndarray, weekday: np.ndarray) -> np.ndarray:
    away = np.where(weekday >= SATURDAY, 0.2 * hump(hour, 11, 19, 1), 0.45 * hump(hour, 8, 18.2, 1))
    return 0.92 - away


def event(hour: np.ndarray, weekday: np.ndarray) -> np.ndarray:
    """What goes on beside the events."""
    return 0.08 + 0.12 * hump(hour, 10, 20, 1) + 0 * weekday


def flat(hour: np.ndarray, weekday: np.ndarray) -> np.ndarray:
    return 0.5 + 0 * hour * weekday


CURVES = {
    "office": office, "shop": shop, "station": station, "residential": residential,
    "event": event, "flat": flat, "seasonal": station, "broken": station,
}  # fmt: skip


def rates(seed: int, kind: Kind, time: Calendar) -> np.ndarray:
    """How full the lot really is at each slot, 0..1."""
    random = _random(seed, kind, "rates")
    calm = kind in ("flat", "seasonal", "broken")
    days = len(time.days)
    lateness_h = random.normal(0, 0.03 if calm else 0.15, days)[time.day]
    weekday = time.weekday if calm else _with_holidays(time)
    rate = CURVES[kind]((time.hour - lateness_h) % 24, weekday)
    if not calm:
        rate = rate * _sizes(random, kind, time)[time.day]
    if kind == "event":
        rate = rate + _events(random, time)
    if kind == "broken":
        rate = np.where(time.day >= days // 2, 0.25 + 0.5 * rate, rate)
    noise = _slow_noise(random, len(rate), hours=3, size=0.012 if calm else 0.03)
    return np.clip(rate + noise, 0, 1)


def lot_year(
    seed: int,
    kind: Kind,
    capacity: int,
    *,
    start: date = date(2026, 1, 1),
    days: int = 365,
    cameras: int = 1,
    zone: tzinfo = MADRID,
) -> pd.DataFrame:
    """What the lot's cameras counted; each sees a part of it, and none sees all the time.

    Returns:
        Columns `captured_at` (UTC), `camera`, `car`, `motorcycle`, `bus`, `truck`; by camera,
        oldest first.
    """
    time = calendar(start, days, zone)
    taken = np.round(rates(seed, kind, time) * capacity).astype(int)
    borders = np.round(np.linspace(0, capacity, cameras + 1)).astype(int)
    looks = []
    for number in range(cameras):
        # The spaces of the first camera are by the entrance: they fill first.
        part = np.clip(taken - borders[number], 0, borders[number + 1] - borders[number])
        looks.append(_looks(_random(seed, kind, f"camera {number}"), part, time, kind))
        looks[-1].insert(1, "camera", f"cam-{number + 1}")
    return pd.concat(looks, ignore_index=True)


def fleet(
    seed: int = 1, lots: int = 100, **options: object
) -> Iterator[tuple[str, Kind, int, pd.DataFrame]]:
    """Lots of all kinds and sizes, each seventh with two cameras.

    Yields:
        A lot's name, kind, capacity, and the looks of a year.
    """
    for number in range(lots):
        kind = REAL_KINDS[number % len(REAL_KINDS)]
        capacity = int(_random(seed, kind, f"size {number}").integers(20, 300))
        yield (
            f"{kind}-{number:03}",
            kind,
            capacity,
            lot_year(
                seed * 1000 + number, kind, capacity, cameras=1 + (number % 7 == 0), **options
            ),
        )


def as_points(looks: pd.DataFrame, capacity: int | None, *, gap_s: float = 1800) -> pd.DataFrame:
    """The steps of the lot's total: a look stands for its camera until the next, for `gap_s` at
    most; where one camera is not known, the total is not.

    Returns:
        Columns `at` (UTC), `taken`, `rate`; NaN where the total is not known from then on.
    """
    total = looks[["car", "motorcycle", "bus", "truck"]].sum(axis=1).astype(float)
    long = pd.DataFrame({"at": looks["captured_at"], "camera": looks["camera"], "taken": total})
    late = -long.groupby("camera")["at"].diff(-1) > pd.Timedelta(seconds=gap_s)
    is_last = ~long["camera"].duplicated(keep="last")
    ends = long[late | is_last].assign(taken=-1.0)
    ends["at"] += pd.Timedelta(seconds=gap_s)
    seen = pd.concat([long, ends]).pivot_table(index="at", columns="camera", values="taken")
    taken = seen.ffill().where(lambda counted: counted >= 0).sum(axis=1, skipna=False)
    rate = taken / capacity if capacity else np.nan
    return pd.DataFrame({"at": taken.index, "taken": taken.to_numpy(), "rate": rate}).reset_index(
        drop=True
    )


def _random(seed: int, *names: str) -> np.random.Generator:
    """Each part of the year has its own numbers, so that a change in one leaves the others."""
    return np.random.default_rng([seed, zlib.crc32(" ".join(names).encode())])


def _with_holidays(time: Calendar) -> np.ndarray:
    is_holiday = np.array([(day.month, day.day) in HOLIDAYS for day in time.days])
    return np.where(is_holiday[time.day], SUNDAY, time.weekday)


def _sizes(random: np.random.Generator, kind: Kind, time: Calendar) -> np.ndarray:
    """How much fuller than usual each day is: its own luck, rain, the season and the trend."""
    days = len(time.days)
    luck = np.exp(lfilter([1], [1, -0.4], random.normal(0, 0.045, days)))
    wet = np.empty(days, bool)
    wet[0], draws = False, random.random(days)
    for day in range(1, days):
        wet[day] = draws[day] < (0.55 if wet[day - 1] else 0.15)
    month = time.days.month.to_numpy()
    away = {"office": 0.55, "station": 0.7, "residential": 0.75}.get(kind, 1.0)
    gifts = 1.12 if kind == "shop" else 1.0
    season = np.where(month == 8, away, np.where(month == 12, gifts, 1.0))
    trend = 1 + random.uniform(-0.08, 0.08) * np.arange(days) / 365
    return luck * np.where(wet, RAIN[kind], 1.0) * season * trend


def _events(random: np.random.Generator, time: Calendar) -> np.ndarray:
    """Evenings on which the hall is full: most on Fridays and Saturdays, never two alike."""
    days = len(time.days)
    chance = np.array([0.02, 0.05, 0.15, 0.1, 0.45, 0.6, 0.25])[time.days.day_of_week]
    size = np.where(random.random(days) < chance, random.uniform(0.5, 1.0, days), 0)
    start = random.choice([18.5, 19.0, 20.0], days)
    begins = start[time.day]
    return size[time.day] * hump(time.hour, begins, begins + 3.5, 0.25)


def _slow_noise(random: np.random.Generator, n: int, *, hours: float, size: float) -> np.ndarray:
    keep = np.exp(-SLOT_S / 3600 / hours)
    return lfilter([np.sqrt(1 - keep**2)], [1, -keep], random.normal(0, size, n))


def _looks(
    random: np.random.Generator, taken: np.ndarray, time: Calendar, kind: Kind
) -> pd.DataFrame:
    """What one camera counts of the vehicles in its view, when it looks at all."""
    n, replaced = len(taken), int(random.uniform(0.3, 0.8) * len(taken))
    missed = np.where(np.arange(n) < replaced, random.uniform(0.01, 0.04), 0.01)
    counted = taken - random.binomial(taken, missed) + random.poisson(0.1, n)
    share_of_day = {
        label: random.gamma(20, share / 20, len(time.days))[time.day]
        for label, share in LABEL_SHARES.items()
    }
    rounding = random.random(len(time.days))[time.day]
    others = {
        label: np.floor(counted * share + rounding).clip(0, counted // 5).astype(np.int16)
        for label, share in share_of_day.items()
    }
    cars = counted - sum(others.values())
    jitter = pd.to_timedelta(
        random.integers(0, 240) * 1_000_000 + random.integers(0, 3_000_000, n), unit="us"
    )
    looks = pd.DataFrame({"captured_at": time.at + jitter, "car": cars.astype(np.int16), **others})
    looks["captured_at"] = looks["captured_at"].astype("datetime64[us, UTC]")
    return looks[_sees(random, time, replaced, kind)].reset_index(drop=True)


def _sees(random: np.random.Generator, time: Calendar, replaced: int, kind: Kind) -> np.ndarray:
    """At which slots the camera works."""
    n = len(time.at)
    sees = random.random(n) > 0.01
    years = len(time.days) / 365
    outages = [(replaced, random.uniform(4, 60) * min(1.0, years))]
    for per_year, shortest_h, longest_h in ((12, 1, 10), (2, 24, 120)):
        outages += [
            (random.integers(n), random.uniform(shortest_h, longest_h))
            for _ in range(random.poisson(per_year * years))
        ]
    if kind == "broken":
        outages.append((int(0.7 * n), 24 * 24 * years))
    for first, hours in outages:
        sees[first : first + int(hours * 3600 / SLOT_S)] = False
    if random.random() < 0.25 and kind in REAL_KINDS:
        sees &= (time.hour >= 6) & (time.hour < 22)  # blind in the dark
    return sees
