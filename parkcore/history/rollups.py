"""From looks to hours: how full a lot was in each hour, and for how much of it that is known.

A look stands until its camera's next one, but for no longer than a stated time: then the camera
sees nothing until it looks again. A lot's total is that of all its cameras, and is not known while
one of them sees nothing; a camera that is silent for longer than a week is taken to be out of
service, and the others are the lot. So every figure is weighted by time, not by photos, and what
nobody saw is left out instead of guessed.

Pure. Times are seconds since 1970, UTC.
"""

from __future__ import annotations

import heapq
import itertools
import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from parkcore.domain import LABELS, Label
from parkcore.occupancy import lot_capacity, one_each, without_doubles
from parkcore.spaces.verdict import AreaCount, State

HOUR_S = 3600

IN_SERVICE_S = 7 * 24 * HOUR_S
"""Between looks that are farther apart a camera is not part of its lot."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one photo says of its lot from its moment on."""

    at: float
    camera_id: str
    vehicles: tuple[int, ...] | None
    """Of each type, in the order of `LABELS`; None where nothing could be told: the camera was
    moved, or the picture black."""
    taken: int = 0
    """Occupied places: spaces and what is in areas, or every vehicle where none are marked."""
    told: int | None = None
    """How many places it could tell of; None where their number is not known."""
    lot_capacity: int | None = None
    """The places of the whole lot then, for where those of its cameras are not known."""
    marked: int | None = None
    """How many places are marked, told or not; None where its vehicles are counted instead."""
    shared: Shared | None = None
    """What of it another camera of the lot may see too."""


@dataclass(frozen=True, slots=True)
class Shared:
    """Places whose names more than one camera of a lot has: those of one name are one."""

    spaces: Mapping[str, State] = field(default_factory=dict)
    areas: tuple[AreaCount, ...] = ()
    filled_by: Mapping[str, Label] = field(default_factory=dict)
    """Per space the type of the vehicle in it."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of time in which nothing was seen to change."""

    start: float
    end: float
    vehicles: tuple[int, ...]
    taken: int
    told: int | None


@dataclass(slots=True)
class Hour:
    """One hour of one lot."""

    start: int
    photos: int = 0
    seen_s: float = 0
    """Seconds for which the lot's total is known."""
    vehicle_s: list[float] = field(default_factory=lambda: [0.0] * len(LABELS))
    """Vehicles of each type, each times the seconds for which it was seen."""
    taken_s: float = 0
    rated_s: float = 0
    """Seconds for which the number of places is known too."""
    rate_s: float = 0
    least: int | None = None
    most: int | None = None
    most_at: float | None = None
    highest_rate: float | None = None
    highest_rate_at: float | None = None
    held: dict[tuple[int, int | None], float] = field(default_factory=dict)
    """Per (taken, told) for how many seconds."""


def absences(looks: Iterable[tuple[str, float]], *, hold_s: float) -> list[tuple[float, float]]:
    """The stretches in which a camera that is in service sees nothing, in order.

    Args:
        looks: camera and time, each camera's by time.
    """
    found, last = [], dict[str, float]()
    for camera_id, at in looks:
        before = last.get(camera_id, at)
        if hold_s < at - before <= IN_SERVICE_S:
            found.append((before + hold_s, at))
        last[camera_id] = at
    return sorted(found)


def segments(
    looks: Iterable[Look],
    absent: Sequence[tuple[float, float]],
    *,
    hold_s: float,
    begun: Sequence[float],
) -> Iterator[Segment]:
    """The stretches in which a lot's total is known, in order.

    Args:
        looks: of one lot, by time.
        absent: when it is not known, as `absences` gives it.
        hold_s: for how many seconds a look stands at most.
        begun: when each of the lot's cameras took its first photo, in order; the lot's own
            capacity is that of all of them that had by then.
    """
    current: dict[str, Look] = {}
    missing = _Missing(absent)
    since = -math.inf
    for at, look in _events(looks, absent, hold_s):
        if current and since < at and not missing.at(since):
            yield from _total(list(current.values()), since, at, bisect_right(begun, since))
        since = at
        if look is None:
            continue
        if look.at == at:
            current[look.camera_id] = look
        elif current.get(look.camera_id) is look:
            del current[look.camera_id]


def _events(
    looks: Iterable[Look], absent: Iterable[tuple[float, float]], hold_s: float
) -> Iterator[tuple[float, Look | None]]:
    """Every look at its time, and again when it would stand no longer; where absences begin."""
    one, other = itertools.tee(looks)
    begun = ((look.at, look) for look in one)
    ended = ((look.at + hold_s, look) for look in other)
    gone = ((start, None) for start, _ in absent)
    return heapq.merge(ended, gone, begun, key=lambda event: event[0])


@dataclass(slots=True)
class _Missing:
    """Whether a moment lies in an absence, for moments that only go on."""

    absent: Sequence[tuple[float, float]]
    _next: int = 0
    _until: float = -math.inf

    def at(self, moment: float) -> bool:
        while self._next < len(self.absent) and self.absent[self._next][0] <= moment:
            self._until = max(self._until, self.absent[self._next][1])
            self._next += 1
        return moment < self._until


def _total(looks: Sequence[Look], start: float, end: float, cameras: int) -> Iterator[Segment]:
    if any(look.vehicles is None for look in looks):
        return
    taken, told = _places(looks, own_serves=len(looks) == cameras)
    yield Segment(start, end, _vehicles(looks), taken, told)


def _vehicles(looks: Sequence[Look]) -> tuple[int, ...]:
    """Of each type; one that fills a space which several cameras see counts once."""
    counts = [look.vehicles or () for look in looks]
    total = counts[0] if len(counts) == 1 else tuple(map(sum, zip(*counts, strict=True)))
    filled = [look.shared.filled_by for look in looks if look.shared]
    if len(filled) < 2:
        return total
    once = without_doubles(dict(zip(LABELS, total, strict=True)), filled)
    return tuple(once[label] for label in LABELS)


def _places(looks: Sequence[Look], *, own_serves: bool) -> tuple[int, int | None]:
    """What is taken, of how many places, by the rules of `occupancy.lot_state`: vehicles that are
    counted where nobody knows of how many places are left out beside places that are known."""
    marked = [look for look in looks if look.marked is not None]
    taken, told, places = _marked(marked)
    if len(marked) == len(looks):
        return taken, told
    counted = [look for look in looks if look.marked is None]
    vehicles = sum(look.taken for look in counted)
    own = max(looks, key=lambda look: look.at).lot_capacity if own_serves else None
    rest = own - places if own is not None and own > places else None
    capacity = lot_capacity(rest, [look.told for look in counted])
    if capacity is not None:
        return taken + vehicles, told + capacity
    return (taken, told) if told else (taken + vehicles, None)


def _marked(looks: Sequence[Look]) -> tuple[int, int, int]:
    """Of marked places how many are taken, could be told and are there."""
    taken = sum(look.taken for look in looks)
    told = sum(look.told or 0 for look in looks)
    places = sum(look.marked or 0 for look in looks)
    shared = [look.shared for look in looks if look.shared]
    if len(shared) < 2:
        return taken, told, places
    views: dict[str, list[State]] = defaultdict(list)
    for each in shared:
        for name, state in each.spaces.items():
            views[name].append(state)
    for states in views.values():
        known = [state for state in states if state != "unknown"]
        agreed = len(set(known)) == 1
        taken += (agreed and known[0] == "occupied") - known.count("occupied")
        told += agreed - len(known)
        places -= len(states) - 1
    areas = [area for each in shared for area in each.areas]
    for sign, parts in ((-1, areas), (1, one_each(areas))):
        for area in parts:
            room = area.capacity or 0
            places += sign * room
            if room and area.vehicles is not None:
                taken += sign * area.vehicles
                told += sign * room
    return taken, told, places


def hours(stretches: Iterable[Segment], looks: Iterable[Look], *, phase_s: int = 0) -> list[Hour]:
    """The hours in which something was seen, in order.

    Args:
        phase_s: seconds past the full hour of UTC at which the site's hours begin, 0..3599.
    """
    found: dict[int, Hour] = {}

    def hour_of(at: float) -> Hour:
        start = int((at - phase_s) // HOUR_S) * HOUR_S + phase_s
        return found.setdefault(start, Hour(start))

    for look in looks:
        hour_of(look.at).photos += 1
    for stretch in stretches:
        start = stretch.start
        while start < stretch.end:
            hour = hour_of(start)
            end = min(stretch.end, hour.start + HOUR_S)
            _add(hour, stretch, start, end - start)
            start = end
    return [found[start] for start in sorted(found)]


def _add(hour: Hour, stretch: Segment, at: float, seconds: float) -> None:
    taken, told = stretch.taken, stretch.told
    hour.seen_s += seconds
    for number, vehicles in enumerate(stretch.vehicles):
        hour.vehicle_s[number] += vehicles * seconds
    hour.taken_s += taken * seconds
    hour.least = taken if hour.least is None else min(hour.least, taken)
    if hour.most is None or taken > hour.most:
        hour.most, hour.most_at = taken, at
    hour.held[taken, told] = hour.held.get((taken, told), 0) + seconds
    if told:
        rate = taken / told
        hour.rated_s += seconds
        hour.rate_s += rate * seconds
        if hour.highest_rate is None or rate > hour.highest_rate:
            hour.highest_rate, hour.highest_rate_at = rate, at
