"""From counts to how full a lot is. Pure: no I/O, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from parkcore.domain import Level, Occupancy, Vehicles


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The rates from which a lot is called moderate, busy and full; below is quiet."""

    moderate: float = 0.5
    busy: float = 0.8
    full: float = 0.95

    def __post_init__(self) -> None:
        if not 0 < self.moderate < self.busy < self.full:
            raise ValueError(
                "the levels must rise: 0 < moderate < busy < full, but got "
                f"{self.moderate}, {self.busy}, {self.full}"
            )

    def level(self, rate: float | None) -> Level | None:
        """The level in words; None for an unknown rate."""
        if rate is None:
            return None
        if rate >= self.full:
            return "full"
        if rate >= self.busy:
            return "busy"
        return "moderate" if rate >= self.moderate else "quiet"


def camera_capacity(
    lot_capacity: int | None, own_capacity: int | None, cameras_of_lot: int
) -> int | None:
    """The spaces that one camera's count is to be held against.

    A camera's own capacity wins. The lot's serves while the camera is its only one; with
    several cameras none of them is known to see the whole lot, so it is unknown.
    """
    if own_capacity is not None:
        return own_capacity
    return lot_capacity if cameras_of_lot == 1 else None


def lot_capacity(own_capacity: int | None, cameras: Sequence[int | None]) -> int | None:
    """The spaces that a lot's count is held against: those that its cameras see, where that is
    known of each of them, else the lot's own capacity.

    Args:
        cameras: the capacity of each camera that the count is from.
    """
    seen = [capacity for capacity in cameras if capacity is not None]
    return sum(seen) if seen and len(seen) == len(cameras) else own_capacity


@dataclass(frozen=True, slots=True)
class View:
    """What one camera saw last."""

    vehicles: Vehicles
    capacity: int | None
    seen_at: datetime


def lot_occupancy(
    own_capacity: int | None, views: Sequence[View], *, valid: timedelta
) -> tuple[Occupancy, list[View]]:
    """Add up what a lot's cameras see now.

    A camera that has not been seen for longer than `valid` before the newest look is left out:
    what it would see is unknown. The lot's own capacity then says nothing about the rest, so
    that the rate is known only where each camera's capacity is.

    Returns:
        The occupancy, and the views that it is made of.
    """
    newest = max(view.seen_at for view in views)
    current = [view for view in views if newest - view.seen_at <= valid]
    vehicles = sum((view.vehicles for view in current), Vehicles())
    own = own_capacity if len(current) == len(views) else None
    return Occupancy(vehicles, lot_capacity(own, [view.capacity for view in current])), current
