"""From counts to how full a lot is. Pure: no I/O, no clock."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from parkcore.domain import Label, Level, Vehicles
from parkcore.spaces.settling import fuse
from parkcore.spaces.verdict import AreaCount, SpaceState, interval


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
class Marked:
    """What one camera says of its marked places."""

    spaces: tuple[SpaceState, ...]
    areas: tuple[AreaCount, ...] = ()
    filled_by: Mapping[str, Label] = field(default_factory=dict)
    """Per space the type of the vehicle that its latest photo has in it."""
    counted: int | None = None
    """Where none of them has places, the vehicles that count instead; see `Judgement.counted`."""

    @property
    def has_places(self) -> bool:
        return bool(self.spaces) or any(area.capacity for area in self.areas)


@dataclass(frozen=True, slots=True)
class View:
    """What one camera saw last."""

    vehicles: Vehicles
    capacity: int | None
    seen_at: datetime
    marked: Marked | None = None
    """None where nothing is marked."""

    @property
    def counted(self) -> int | None:
        """Its vehicles, where they are counted against its capacity; else None."""
        if self.marked is None:
            return self.vehicles.total
        return None if self.marked.has_places else self.marked.counted

    @property
    def is_blind(self) -> bool:
        """Whether its vehicles would be counted, but cannot be."""
        return self.marked is not None and not self.marked.has_places and self.counted is None


@dataclass(frozen=True, slots=True)
class LotState:
    """How full a lot is, from what its cameras see now.

    Its places are marked spaces, areas, and what cameras without marks are known to see:
    `free + taken + unknown == capacity + beyond`.
    """

    vehicles: Vehicles
    """All that were seen; one that fills a space which several cameras see counts once."""
    spaces: tuple[SpaceState, ...] = ()
    """The marked ones; those of one name are one space."""
    areas: tuple[AreaCount, ...] = ()
    free: int = 0
    taken: int = 0
    unknown: int = 0
    beyond: int = 0
    """Vehicles for which an area, or a lot whose vehicles are counted, has no room."""
    unmeasured: int = 0
    """Vehicles where the number of places is not known."""
    between: tuple[int, int] = (0, 0)
    """Between which numbers of taken places the truth lies, 9 times of 10."""
    current: tuple[View, ...] = ()
    """The views that it is made of; the others were silent for too long."""

    @property
    def capacity(self) -> int | None:
        """How many places there are; None where that is not known of any."""
        return self.free + self.taken + self.unknown - self.beyond or None

    @property
    def told(self) -> int:
        return (self.capacity or 0) - self.unknown

    @property
    def rate(self) -> float | None:
        """Of the places that can be told, how many are taken; None where none can."""
        return self.taken / self.told if self.told else None

    @property
    def percent(self) -> int | None:
        """The rate in whole percent, rounded down, as `Occupancy.percent`."""
        return 100 * self.taken // self.told if self.told else None


def lot_state(own_capacity: int | None, views: Sequence[View], *, valid: timedelta) -> LotState:
    """Add up what a lot's cameras see now; their order changes nothing.

    A space that several of them see counts once, and so does an area: those of one name are one.
    A camera that has not been seen for longer than `valid` before the newest look is left out:
    what it would see is unknown. The lot's own capacity, less what is marked, then says nothing
    about the cameras that are counted.

    Args:
        own_capacity: of the lot, for cameras whose own is not known.
        views: one or more.
    """
    newest = max(view.seen_at for view in views)
    current = tuple(view for view in views if newest - view.seen_at <= valid)
    marked = [view.marked for view in current if view.marked is not None]
    spaces = tuple(fuse([each.spaces for each in marked]))
    areas = one_each([area for each in marked for area in each.areas])
    placed = [view.marked for view in current if view.marked and view.counted is None]
    held = one_each([area for each in placed for area in each.areas])
    parts = [_spaces_part(spaces), *map(_area_part, held)]
    blind = [view for view in current if view.is_blind]
    parts += [_Part(unknown=view.capacity or 0, high=view.capacity or 0) for view in blind]
    if counted := [view for view in current if view.counted is not None]:
        seen = sum(part.free + part.taken + part.unknown - part.beyond for part in parts)
        own = own_capacity if len(current) == len(views) else None
        rest = own - seen if own is not None and own > seen else None
        capacity = lot_capacity(rest, [view.capacity for view in counted])
        parts.append(_counted_part(sum(view.counted or 0 for view in counted), capacity))
    return LotState(
        vehicles=_vehicles(current),
        spaces=spaces,
        areas=areas,
        free=sum(part.free for part in parts),
        taken=sum(part.taken for part in parts),
        unknown=sum(part.unknown for part in parts),
        beyond=sum(part.beyond for part in parts),
        unmeasured=sum(part.unmeasured for part in parts),
        between=(sum(part.low for part in parts), sum(part.high for part in parts)),
        current=current,
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """What some of a lot's places add to its state."""

    free: int = 0
    taken: int = 0
    unknown: int = 0
    beyond: int = 0
    unmeasured: int = 0
    low: int = 0
    high: int = 0


def _spaces_part(spaces: Sequence[SpaceState]) -> _Part:
    free, taken = (sum(s.state == state for s in spaces) for state in ("vacant", "occupied"))
    low, high = interval(spaces)
    return _Part(free, taken, len(spaces) - free - taken, low=low, high=high)


def _area_part(area: AreaCount) -> _Part:
    if area.vehicles is None:
        return _Part(unknown=area.capacity or 0, high=area.capacity or 0)
    return _counted_part(area.vehicles, area.capacity)


def _counted_part(vehicles: int, capacity: int | None) -> _Part:
    if capacity is None:
        return _Part(unmeasured=vehicles)
    free, beyond = max(0, capacity - vehicles), max(0, vehicles - capacity)
    return _Part(free, vehicles, beyond=beyond, low=vehicles, high=vehicles)


def one_each(areas: Sequence[AreaCount]) -> tuple[AreaCount, ...]:
    """Areas of one name are one, with the most that a camera saw in it: the others see a part."""
    found: dict[str, AreaCount] = {}
    for area in areas:
        other = found.get(area.id, area)
        known = [each.vehicles for each in (area, other) if each.vehicles is not None]
        holds = [each.capacity for each in (area, other) if each.capacity is not None]
        found[area.id] = AreaCount(area.id, max(known, default=None), max(holds, default=None))
    return tuple(found.values())


def _vehicles(views: Sequence[View]) -> Vehicles:
    total = Counter[str]()
    for view in views:
        total.update(view.vehicles.as_dict())
    return Vehicles(**without_doubles(total, [v.marked.filled_by for v in views if v.marked]))


def without_doubles(
    vehicles: Mapping[str, int], filled_by: Iterable[Mapping[str, Label]]
) -> dict[str, int]:
    """The vehicles of several cameras, less those that fill a space of which another has one too.

    Args:
        vehicles: how many of each type all of them saw.
        filled_by: per camera and space the type of the vehicle that it saw there.
    """
    total, filled = dict(vehicles), defaultdict[str, list[str]](list)
    for spaces in filled_by:
        for space, label in spaces.items():
            filled[space].append(label)
    for _, labels in sorted(filled.items()):
        for _ in labels[1:]:
            # what was corrected by hand may have left none of the type that a camera saw there
            seen = next((label for label in sorted(labels, reverse=True) if total[label] > 0), None)
            if seen is not None:
                total[seen] -= 1
    return total
