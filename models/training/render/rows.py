"""Rows of vehicles, their spaces and the lines between."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from models.training.render.heavies import BUSES, LORRIES
from models.training.render.plan import Colour, Point, Site, Space, Stripe, Vehicle

Random = np.random.Generator
T = TypeVar("T")
UP = math.pi / 2

CAR_COLOURS: dict[Colour, float] = {
    (0.80, 0.80, 0.79): 24, (0.46, 0.47, 0.48): 17, (0.13, 0.135, 0.14): 17,
    (0.012, 0.012, 0.013): 17, (0.020, 0.065, 0.22): 10, (0.36, 0.012, 0.012): 8,
    (0.010, 0.022, 0.060): 5, (0.025, 0.075, 0.045): 2, (0.42, 0.36, 0.27): 3,
    (0.55, 0.13, 0.015): 1, (0.75, 0.48, 0.03): 2, (0.10, 0.05, 0.03): 2, (0.25, 0.42, 0.50): 2,
}  # fmt: skip
MACHINE_COLOURS: dict[Colour, float] = {
    (0.012, 0.012, 0.013): 26, (0.05, 0.05, 0.055): 10, (0.36, 0.012, 0.012): 15,
    (0.70, 0.70, 0.69): 13, (0.020, 0.065, 0.26): 11, (0.40, 0.41, 0.42): 8,
    (0.010, 0.022, 0.060): 5, (0.55, 0.13, 0.015): 3, (0.65, 0.45, 0.03): 3,
    (0.03, 0.20, 0.08): 3, (0.14, 0.40, 0.36): 2, (0.18, 0.06, 0.03): 2,
}  # fmt: skip
CAR_SHAPES = {
    "hatch": 4,
    "sedan": 3,
    "saloon": 2,
    "suv": 4,
    "crossover": 3,
    "estate": 2,
    "city": 2,
    "people": 1.5,
}
STREETS = (
    {"underbone": 5, "basket": 2, "scooter": 5, "commuter": 2, "parcel": 1, "classic": 1},
    {"naked": 4, "sport": 3, "commuter": 2, "cruiser": 2, "scooter": 2, "maxi": 2},
    {"scooter": 5, "parcel": 3, "maxi": 3, "classic": 2, "naked": 2, "sport": 1},
    {"commuter": 7, "naked": 2, "courier": 1, "underbone": 2, "scooter": 2},
    {"courier": 4, "parcel": 3, "commuter": 2, "underbone": 1},
    {"naked": 1, "sport": 1, "commuter": 1, "cruiser": 1, "courier": 1, "underbone": 1,
     "basket": 1, "scooter": 1, "classic": 1, "parcel": 1, "maxi": 1},
)  # fmt: skip
"""Which machines a street has, and how often: as in Vietnam, at a club, in Italy, in India, at a
couriers' depot, and all alike."""


def pick(rng: Random, weights: Mapping[T, float]) -> T:
    """One key, the likelier the heavier."""
    keys = list(weights)
    share = np.array([weights[k] for k in keys], float)
    return keys[int(rng.choice(len(keys), p=share / share.sum()))]


def tinted(rng: Random, colours: Mapping[Colour, float]) -> Colour:
    """A colour of the table, a little off."""
    light = rng.uniform(0.65, 1.25)
    r, g, b = (
        float(np.clip(c * light * rng.uniform(0.94, 1.06), 0.006, 0.85)) for c in pick(rng, colours)
    )
    return r, g, b


@dataclass(frozen=True)
class Habits:
    """How machines are parked on a site."""

    spacing: float
    skew: float
    full: float
    disorder: float
    street: Mapping[str, float]
    fleet: Colour | None
    """The one colour of a rental's or a courier's machines."""


def habits(rng: Random) -> Habits:
    """How machines are parked on one site, out of many ways."""
    return Habits(
        spacing=float(rng.uniform(0.52, 0.95)),
        skew=float(rng.choice([0, 0, 0, 0.3, -0.3, 0.6]) + rng.normal(0, 0.04)),
        full=float(rng.choice([1.0, 0.97, 0.9, 0.8, 0.6], p=[0.25, 0.3, 0.25, 0.12, 0.08])),
        disorder=float(rng.choice([0.4, 1.0, 1.8])),
        street=STREETS[int(rng.integers(len(STREETS)))],
        fleet=tinted(rng, MACHINE_COLOURS) if rng.random() < 0.12 else None,
    )


def machine(rng: Random, how: Habits, at: Point, heading: float) -> Vehicle:
    """One machine, near a place and a heading."""
    style = pick(rng, how.street)
    centre_stand = rng.random() < 0.3
    steer = (
        "ahead"
        if centre_stand and rng.random() < 0.6
        else pick(rng, {"left": 6, "right": 1.5, "ahead": 1.5})
    )
    lean = rng.normal(0, 0.015) if centre_stand else -abs(rng.normal(0.16, 0.04))
    if rng.random() < 0.002:
        lean = -1.35
    colour = how.fleet if how.fleet and rng.random() < 0.85 else tinted(rng, MACHINE_COLOURS)
    d = how.disorder
    return Vehicle(
        "motorcycle",
        f"{style}-{steer}",
        (float(at[0] + rng.normal(0, 0.04 * d)), float(at[1] + rng.normal(0, 0.09 * d))),
        float(heading + rng.normal(0, 0.06 * d)),
        colour,
        lean=float(lean),
        scale=float(rng.uniform(0.95, 1.06)),
    )


def machine_row(
    rng: Random, site: Site, how: Habits, start: float, end: float, y: float, heading: float
) -> None:
    """Machines side by side from x = start to end, some places left free in stretches."""
    x, free = start, 0
    lean_in = math.cos(how.skew)
    while x < end:
        if free:
            free -= 1
        elif rng.random() > how.full:
            free = int(rng.integers(1, 5))
        else:
            site.vehicles.append(machine(rng, how, (x, y), heading + how.skew))
        x += how.spacing / max(lean_in, 0.7) * float(rng.uniform(0.88, 1.16))
    if rng.random() < 0.5 * how.disorder:
        stray = (
            float(rng.uniform(start, end)),
            y + float(rng.choice([-1, 1]) * rng.uniform(1.5, 2.2)),
        )
        site.vehicles.append(machine(rng, how, stray, float(rng.uniform(0, math.tau))))
    if rng.random() < 0.35:
        _frame(site, start - 0.5, end + 0.4, y - 1.15, y + 1.15)


def _frame(site: Site, x0: float, x1: float, y0: float, y1: float) -> None:
    for a, b in (
        ((x0, y0), (x1, y0)),
        ((x1, y0), (x1, y1)),
        ((x1, y1), (x0, y1)),
        ((x0, y1), (x0, y0)),
    ):
        site.stripes.append(Stripe(a, b))


@dataclass(frozen=True)
class Marking:
    """How a lot's spaces are cut and painted."""

    width: float
    depth: float
    skew: float
    """How far a space leans from the upright, radians."""
    style: str
    """`lines`, `hooks` (T marks), `boxes` or `none`."""
    line: float


def marking(rng: Random, *, painted: bool = True) -> Marking:
    """A marking out of many ways."""
    styles = {"lines": 6, "hooks": 1, "boxes": 2} if painted else {"none": 1}
    return Marking(
        width=float(rng.uniform(2.3, 2.75)),
        depth=float(rng.uniform(4.7, 5.4)),
        skew=float(rng.choice([0, 0, 0, 0, 0.5, -0.5, 0.75])),
        style=pick(rng, styles),
        line=float(rng.uniform(0.08, 0.15)),
    )


def car(rng: Random, at: Point, heading: float, *, neat: float = 1.0) -> Vehicle:
    """One car, near a place; nose in more often than not."""
    turned = math.pi if rng.random() < 0.3 else 0.0
    return Vehicle(
        "car",
        pick(rng, CAR_SHAPES),
        (float(at[0] + rng.normal(0, 0.10 * neat)), float(at[1] + rng.normal(0, 0.18 * neat))),
        float(heading + turned + rng.normal(0, 0.02 * neat)),
        tinted(rng, CAR_COLOURS),
        lights=float(rng.random() < 0.04),
    )


def car_row(
    rng: Random,
    site: Site,
    how: Marking,
    start: float,
    end: float,
    y: float,
    full: float,
    name: str,
) -> None:
    """Spaces side by side from x = start to end, their lower edge at y; some are taken."""
    lean = how.depth * math.tan(how.skew)
    pitch = how.width / math.cos(how.skew)
    count = max(1, int((end - start) / pitch))
    for i in range(count + 1):
        x = start + i * pitch
        low, high = (x, y), (x + lean, y + how.depth)
        if how.style in ("lines", "boxes"):
            site.stripes.append(Stripe(low, high, how.line))
        elif how.style == "hooks":
            for px, py in (low, high):
                site.stripes.append(Stripe((px - 0.4, py), (px + 0.4, py), how.line))
    if how.style == "boxes":
        for height, shift in ((y, 0.0), (y + how.depth, lean)):
            site.stripes.append(
                Stripe((start + shift, height), (start + count * pitch + shift, height), how.line)
            )
    for i in range(count):
        x = start + i * pitch
        corners = (
            (x, y),
            (x + pitch, y),
            (x + pitch + lean, y + how.depth),
            (x + lean, y + how.depth),
        )
        number = None
        if rng.random() < full:
            number = len(site.vehicles)
            middle = (x + (pitch + lean) / 2, y + how.depth / 2)
            site.vehicles.append(car(rng, middle, UP - how.skew))
        if how.style != "none":
            site.spaces.append(Space(f"{name}{i + 1}", corners, number))


def kerbside(
    rng: Random, site: Site, start: float, end: float, y: float, full: float, name: str
) -> None:
    """Spaces one behind another along a kerb."""
    long, wide = float(rng.uniform(5.4, 6.4)), float(rng.uniform(2.0, 2.3))
    for i in range(max(1, int((end - start) / long))):
        x = start + i * long
        corners = ((x, y), (x + long, y), (x + long, y + wide), (x, y + wide))
        for a, b in ((0, 1), (1, 2), (3, 0)):
            site.stripes.append(Stripe(corners[a], corners[b]))
        number = None
        if rng.random() < full:
            number = len(site.vehicles)
            site.vehicles.append(car(rng, (x + long / 2, y + wide / 2), 0.0, neat=0.7))
        site.spaces.append(Space(f"{name}{i + 1}", corners, number))


def heavy(rng: Random, kind: str, at: Point, heading: float) -> Vehicle:
    """One bus or lorry, near a place."""
    shapes: tuple[str, ...] = tuple(BUSES) if kind == "bus" else LORRIES
    return Vehicle(
        kind,
        shapes[int(rng.integers(len(shapes)))],
        (float(at[0] + rng.normal(0, 0.15)), float(at[1] + rng.normal(0, 0.6))),
        float(heading + (math.pi if rng.random() < 0.2 else 0) + rng.normal(0, 0.015)),
        tinted(rng, CAR_COLOURS if rng.random() < 0.6 else MACHINE_COLOURS),
    )


def heavy_row(
    rng: Random, site: Site, start: float, end: float, y: float, buses: float, full: float
) -> None:
    """Buses and lorries side by side, of which that share is buses."""
    pitch, skew = float(rng.uniform(3.3, 4.2)), float(rng.choice([0, 0, 0.35]))
    fleet = tinted(rng, CAR_COLOURS) if rng.random() < 0.5 else None
    for x in np.arange(start, end, pitch / math.cos(skew)):
        site.stripes.append(
            Stripe((float(x) - pitch / 2, y - 6), (float(x) - pitch / 2, y + 6), 0.14)
        )
        if rng.random() < full:
            kind = "bus" if rng.random() < buses else "truck"
            one = heavy(rng, kind, (float(x), y), UP - skew)
            if fleet and kind == "bus":
                one = Vehicle(one.kind, one.shape, one.at, one.heading, fleet)
            site.vehicles.append(one)
