"""A layout as a plan that can be read: far rows are as tall in it as near ones. Pure.

An oblique camera shows what is far small. How large the spaces are at each height of the photo
says how much; the plan stretches the photo there, so that every row gets the same height and its
spaces the same width, and driving lanes with no spaces in them get little. What lies above or
below stays so, and so does what lies left or right within a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from parkcore.spaces.ground import Floats
from parkcore.spaces.layout import Area, Layout, Space

STEPS = 500
"""Of the photo's height."""

LANE = 0.35
"""Height of what lies between rows, compared with a row of spaces there."""

LEAST = 0.3
"""Of the usual width of a space, what it is taken to have at the least."""

WIDE, TALL = 100.0, 120.0
"""What a space of the usual width and any height is on the plan."""

MARGIN = 20.0


@dataclass(frozen=True, slots=True)
class Place:
    """A space or an area on the plan: a rectangle."""

    of: Space | Area
    left: float
    top: float
    width: float
    height: float

    @property
    def is_space(self) -> bool:
        return isinstance(self.of, Space)


@dataclass(frozen=True, slots=True)
class Plan:
    """Places in units of the plan, x to the right, y down, from 0."""

    places: tuple[Place, ...]
    width: float
    height: float


def floor_plan(layout: Layout) -> Plan:
    """The spaces and counted areas of a layout."""
    shown: list[Space | Area] = [*(area for area in layout.areas if area.kind == "count")]
    shown += layout.spaces
    if not shown:
        return Plan((), WIDE, TALL)
    photo = np.array(layout.image_size, float)
    outlines = [np.array(each.polygon) * photo for each in shown]
    view = _View(outlines[-len(layout.spaces) :] if layout.spaces else outlines, photo)
    drawn = [_rectangle(of, view.seen(o)) for of, o in zip(shown, outlines, strict=True)]
    corner = np.min([each[:2] for each in drawn], axis=0) - MARGIN
    width, height = np.max([each[:2] + each[2:] for each in drawn], axis=0) - corner + MARGIN
    places = (
        Place(of, *map(float, (*(each[:2] - corner), *each[2:])))
        for of, each in zip(shown, drawn, strict=True)
    )
    return Plan(tuple(places), float(width), float(height))


class _View:
    """How the photo is stretched: down its height, and across at each level of it."""

    def __init__(self, outlines: Sequence[Floats], photo: Floats) -> None:
        step = photo[1] / STEPS
        levels = (np.arange(STEPS) + 0.5) * step
        tops = np.array([outline[:, 1].min() for outline in outlines])
        bottoms = np.array([outline[:, 1].max() for outline in outlines])
        wide = np.array([_width(outline) for outline in outlines])
        inside = (tops <= levels[:, None]) & (levels[:, None] <= bottoms)
        if not inside.any():  # all thinner than a step
            inside[:] = True
        count = inside.sum(axis=1)
        rows = np.flatnonzero(count)

        tall = (inside * (bottoms - tops)).sum(axis=1)[rows] / count[rows]
        tall = np.interp(np.arange(STEPS), rows, tall)
        growth = step * TALL / tall * np.where(count > 0, 1, LANE)
        self._edges = np.arange(STEPS + 1) * step
        self._depths = np.concatenate([[0], growth.cumsum()])
        self._middle = float(np.mean([outline[:, 0].mean() for outline in outlines]))
        # On level ground, what is wide shrinks in proportion to its distance from the horizon.
        down = np.array([outline[:, 1].mean() for outline in outlines])
        growing = np.column_stack([down - down.mean(), np.ones(len(down))])
        self._slope, self._usual = np.linalg.lstsq(growing, wide, rcond=None)[0]
        self._level = down.mean()

    def seen(self, outline: Floats) -> Floats:
        """An outline on the plan."""
        x, y = outline.T
        wide = self._usual + self._slope * (y.mean() - self._level)
        across = WIDE / max(LEAST * self._usual, wide)
        return np.column_stack(
            [(x - self._middle) * across, np.interp(y, self._edges, self._depths)]
        )


def _width(outline: Floats) -> float:
    """Of an outline from left to right, on average over its height."""
    x, y = outline.T
    area = abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2
    return area / float(np.ptp(y))


def _rectangle(of: Space | Area, outline: Floats) -> Floats:
    """Left, top, width and height; a space is as wide as it is on average, so that slanted
    neighbours do not overlap."""
    (left, top), (width, height) = outline.min(axis=0), np.ptp(outline, axis=0)
    if isinstance(of, Space):
        width = _width(outline)
        left = outline[:, 0].mean() - width / 2
    return np.array([left, top, width, height])
