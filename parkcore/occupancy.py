"""From counts to how full a lot is. Pure: no I/O, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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


def lot_occupancy(
    lot_capacity: int | None, views: Sequence[tuple[Vehicles, int | None]]
) -> Occupancy:
    """Add up what a lot's cameras see at one moment.

    Args:
        lot_capacity: the lot's own capacity; without one the cameras' capacities are added up.
        views: per camera its vehicles and its own capacity.
    """
    vehicles = sum((seen for seen, _ in views), Vehicles())
    if lot_capacity is None and views:
        capacities = [capacity for _, capacity in views if capacity is not None]
        lot_capacity = sum(capacities) if len(capacities) == len(views) else None
    return Occupancy(vehicles, lot_capacity)
