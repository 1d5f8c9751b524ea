"""What a photo says of a layout: the state of each space, and what follows from them. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from parkcore.spaces.ground import Floats

State: TypeAlias = Literal["occupied", "vacant", "unknown"]

Z_90 = 1.645
"""Standard normal quantile of an interval that holds the truth 90 times of 100."""

MOVED = "the camera has moved"
"""So begins the reason where it has moved so far that its spaces cannot follow."""


@dataclass(frozen=True, slots=True)
class SpaceState:
    """One space on one photo, judged by that photo alone."""

    id: str
    state: State
    confidence: float
    """How sure the state is, 0..1; 0 where it is unknown."""
    reason: str
    probability: float | None
    """Of being occupied, 0..1, whatever the state; None where nothing can be told of it."""
    vehicle: int | None = None
    """Number of the detection that fills it."""


@dataclass(frozen=True, slots=True)
class AreaCount:
    """Vehicles whose ground point lies in an area, those that fill a space left out."""

    id: str
    vehicles: int | None
    """None where nothing can be told."""
    capacity: int | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a photo says of a layout."""

    spaces: tuple[SpaceState, ...]
    areas: tuple[AreaCount, ...] = ()
    outside: tuple[int, ...] = ()
    """Detections in no space and no area, as far as they are sure enough, those to be ignored left
    out. None where only areas to be ignored are marked: there all others stand where they may."""
    double: tuple[int, ...] = ()
    """Of these, the ones that stand over a space that another vehicle fills."""
    unmarked: int | None = 0
    """Where only areas to be ignored are marked, how many vehicles stand outside of them; None
    where that cannot be told."""

    def count(self, state: State) -> int:
        return sum(space.state == state for space in self.spaces)

    @property
    def occupied(self) -> int:
        return self.count("occupied")

    @property
    def vacant(self) -> int:
        return self.count("vacant")

    @property
    def unknown(self) -> int:
        return self.count("unknown")

    @property
    def taken(self) -> int:
        """Occupied spaces, and vehicles in the areas."""
        return self.occupied + sum(area.vehicles or 0 for area in self.areas)

    @property
    def has_places(self) -> bool:
        """Whether spaces are marked, or areas that say what they hold."""
        return bool(self.spaces) or any(area.capacity for area in self.areas)

    @property
    def counted(self) -> int | None:
        """The vehicles that count where nothing that has places is marked, against the number of
        places that the camera is said to see: those in the areas, or, where only areas to be
        ignored are marked, those outside of them. None where it cannot be told."""
        if not self.areas:
            return self.unmarked
        told = [area.vehicles for area in self.areas if area.vehicles is not None]
        return sum(told) if told else None

    @property
    def capacity(self) -> int:
        """The spaces that were judged, and what the areas hold that say so."""
        return len(self.spaces) + sum(area.capacity or 0 for area in self.areas)

    @property
    def told(self) -> int:
        """Of the capacity, how much could be told."""
        counted = (area.capacity or 0 for area in self.areas if area.vehicles is not None)
        return self.occupied + self.vacant + sum(counted)

    @property
    def rate(self) -> float | None:
        """How full the places are that could be told; None where none could.

        Areas that do not say what they hold are left out; one may be more than full.
        """
        in_areas = sum(area.vehicles or 0 for area in self.areas if area.capacity)
        return (self.occupied + in_areas) / self.told if self.told else None

    @property
    def interval(self) -> tuple[int, int]:
        """Between which numbers of occupied spaces the truth lies, 9 times of 10."""
        return interval(self.spaces)


def interval(spaces: Sequence[SpaceState]) -> tuple[int, int]:
    """Between which numbers of occupied spaces the truth lies, 9 times of 10.

    The spaces are taken as independent, each with its probability: the normal approximation of
    the Poisson binomial distribution. Spaces of which nothing can be told may be either.
    """
    told = [space.probability for space in spaces if space.probability is not None]
    mean = math.fsum(told)
    spread = Z_90 * math.sqrt(math.fsum(p * (1 - p) for p in told))
    occupied = sum(space.state == "occupied" for space in spaces)
    low = min(occupied, math.floor(mean - spread + 0.5))
    high = max(occupied, math.ceil(mean + spread - 0.5))
    return max(0, low), min(len(spaces), high + len(spaces) - len(told))


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A judgement with what it was made by; what is stored of a photo."""

    layout_id: int
    judgement: Judgement
    homography: Floats | None = None
    """See `judge`; None where the camera has not moved."""
    note: str = ""
    """That the camera has moved and how far, or why nothing can be told of the photo."""
    second_opinion: str = ""
    """Name and version of the classifier that was asked where there was doubt; empty where there
    was none to ask."""

    @property
    def is_elsewhere(self) -> bool:
        """The camera has moved so far that its spaces cannot follow."""
        return self.note.startswith(MOVED)

    @property
    def has_moved(self) -> bool:
        """The camera has moved, however far."""
        return self.is_elsewhere or self.homography is not None
