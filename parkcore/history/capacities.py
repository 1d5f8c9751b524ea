"""How many spaces lots and cameras had at which time. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeAlias

from parkcore.domain import Lot
from parkcore.occupancy import camera_capacity

ALWAYS = datetime.min.replace(tzinfo=UTC)
"""Since when a capacity holds that was never another."""

LOT = ""
"""Stands for the lot itself where a camera is named."""

Changes: TypeAlias = tuple[tuple[datetime, int | None], ...]


@dataclass(frozen=True, slots=True)
class Capacities:
    """Every capacity with what it was before, so that old rates keep the old one."""

    changes: Mapping[tuple[str, str], Changes] = field(default_factory=dict)
    """Per lot and camera, `LOT` for the lot itself, since when there were how many, in order."""
    cameras: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Per lot the names of its cameras."""

    @classmethod
    def of(
        cls,
        rows: Iterable[tuple[str, str, datetime, int | None]],
        cameras: Mapping[str, frozenset[str]],
    ) -> Capacities:
        """
        Args:
            rows: lot, camera, since and capacity.
        """
        changes: dict[tuple[str, str], Changes] = {}
        for lot_id, camera_id, since, capacity in sorted(rows, key=lambda row: row[2]):
            key = lot_id, camera_id
            changes[key] = (*changes.get(key, ()), (since, capacity))
        return cls(changes, cameras)

    def own(self, lot_id: str, camera_id: str, at: datetime) -> int | None:
        """What was said of a camera, or with `LOT` of a lot, by itself."""
        changes = self.changes.get((lot_id, camera_id), ())
        number = bisect_right(changes, at, key=lambda change: change[0])
        return changes[number - 1][1] if number else None

    def seen_by(self, lot_id: str, camera_id: str, at: datetime) -> int | None:
        """The spaces that a camera's count is held against; see `occupancy.camera_capacity`."""
        cameras = self.cameras.get(lot_id, frozenset())
        return camera_capacity(
            self.own(lot_id, LOT, at),
            self.own(lot_id, camera_id, at),
            len(cameras | {camera_id}),
        )

    def with_lot(self, lot: Lot) -> Capacities:
        """The same, for photos of a lot that may not be recorded yet."""
        if lot.id in self.cameras or (lot.id, LOT) in self.changes:
            return self
        return replace(self, changes={**self.changes, (lot.id, LOT): ((ALWAYS, lot.capacity),)})
