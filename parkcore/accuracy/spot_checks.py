"""Which spaces are asked about: drawn at random, so that their figure is that of all. Pure.

Every space of every photo of a day is as likely as any other, the doubtful ones no more than the
sure ones. The order follows from the camera and the day alone: whoever comes back is asked the
same, and photos that arrive later fall in between without changing the order of the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

_Numbers: TypeAlias = npt.NDArray[np.uint64]

FIRST = 1_000
"""So many of the first are put in order; nobody answers more about a day."""

NEAR = timedelta(days=7)


def seed_of(lot_id: str, camera_id: str, day: date) -> int:
    """A number of 64 bits, the same on every machine."""
    text = f"{lot_id}\0{camera_id}\0{day.isoformat()}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def random_order(photos: Sequence[tuple[int, int]], seed: int) -> Iterator[tuple[int, int]]:
    """The first thousand (photo, number of the space) of all of them, in a random order.

    Every pair gets a hash of itself and the seed, and the smallest come first: a sample without
    replacement in which each pair is equally likely (Cohen and Kaplan, "Summarizing data using
    bottom-k sketches", 2007).

    Args:
        photos: the id of each photo and how many spaces it has.
    """
    counts = np.array([spaces for _, spaces in photos], np.int64)
    of_photo = np.repeat(np.arange(len(photos)), counts)
    number = np.arange(len(of_photo)) - np.repeat(np.cumsum(counts) - counts, counts)
    ids = np.array([photo for photo, _ in photos], np.uint64)[of_photo]
    rank = _mixed(_mixed(ids ^ np.uint64(seed)) + number.astype(np.uint64))
    first = np.argpartition(rank, FIRST)[:FIRST] if len(rank) > FIRST else np.arange(len(rank))
    for index in first[np.argsort(rank[first], kind="stable")]:
        yield int(ids[index]), int(number[index])


def _mixed(numbers: _Numbers) -> _Numbers:
    """Numbers of 64 bits, each made into one that looks like chance: the finaliser of SplitMix64
    (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014)."""
    numbers = numbers + np.uint64(0x9E3779B97F4A7C15)
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))


def day_asked(newest: date, newest_over: date | None, today: date) -> date:
    """The day whose photos are asked about: the newest one that is over, so that its nights and
    evenings are as likely as its mornings; today where the last one is more than a week ago.

    Args:
        newest: the newest day with photos whose spaces were judged.
        newest_over: the newest of them before today.
    """
    if newest < today:
        return newest
    is_near = newest_over is not None and today - newest_over <= NEAR
    return newest_over if is_near and newest_over else newest


def bounds(day: date, zone: tzinfo) -> tuple[datetime, datetime]:
    """When a day of the site's clock begins and ends, in UTC."""
    first, last = (
        datetime.combine(each, time(), zone).astimezone(UTC)
        for each in (day, day + timedelta(days=1))
    )
    return first, last
