"""Motorcycles, mopeds and scooters: styles of one machine, each with its bars turned three ways."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.training.render.fields import Field, Floats, blend, box, capsule, ellipsoid
from models.training.render.solids import Builder, Solid, turn

STEP = 0.028
"""Grid of the bodies' surfaces: a machine is seen at 2 cm a pixel at best."""


@dataclass(frozen=True)
class Style:
    """What tells one machine from another; metres."""

    radius: float = 0.31
    front: float = 0.72
    rear: float = -0.66
    tyres: tuple[float, float] = (0.11, 0.14)
    bars: tuple[float, float] = (0.37, 1.04)
    """Half the handlebar's width, and its height."""
    body: str = "tank"
    fairing: bool = False
    screen: float = 0.0
    """Height of a wind screen above the bars."""
    luggage: str = ""
    spoked: bool = False


STYLES = {
    "naked": Style(),
    "sport": Style(bars=(0.32, 0.92), fairing=True, tyres=(0.12, 0.18)),
    "commuter": Style(radius=0.30, front=0.66, rear=-0.62, tyres=(0.08, 0.09), spoked=True),
    "cruiser": Style(front=0.86, rear=-0.72, bars=(0.42, 1.06), tyres=(0.12, 0.18), spoked=True),
    "courier": Style(
        radius=0.30, front=0.66, rear=-0.62, tyres=(0.08, 0.09), luggage="crate", spoked=True
    ),
    "underbone": Style(
        radius=0.29, front=0.63, rear=-0.60, tyres=(0.07, 0.08), body="step", bars=(0.33, 1.03)
    ),
    "basket": Style(
        radius=0.29,
        front=0.63,
        rear=-0.60,
        tyres=(0.07, 0.08),
        body="step",
        bars=(0.33, 1.03),
        luggage="basket",
        spoked=True,
    ),
    "scooter": Style(radius=0.235, front=0.63, rear=-0.62, body="scooter", bars=(0.33, 1.08)),
    "classic": Style(radius=0.225, front=0.62, rear=-0.60, body="classic", bars=(0.33, 1.06)),
    "parcel": Style(
        radius=0.235, front=0.63, rear=-0.62, body="scooter", bars=(0.33, 1.08), luggage="case"
    ),
    "maxi": Style(
        radius=0.27,
        front=0.78,
        rear=-0.74,
        body="scooter",
        bars=(0.36, 1.12),
        screen=0.38,
        luggage="case",
        tyres=(0.13, 0.15),
    ),
}
STEERS = {"left": 0.55, "right": -0.45, "ahead": 0.06}
"""How the bars stand, in radians; on its side stand a machine is mostly turned to the left."""


def names() -> list[str]:
    """Every machine there is, as `style-steer`."""
    return [f"{style}-{steer}" for style in STYLES for steer in STEERS]


def machine(name: str) -> Solid:
    """The machine of a name out of `names`, standing upright at the origin."""
    style, steer = name.split("-")
    s, build = STYLES[style], Builder()
    stem = (s.front - 0.24, 0.0, 0.85)
    rake = turn(-0.42, "y")
    with build.turned(rake @ turn(STEERS[steer], "z") @ rake.T, stem):
        _front(build, s)
    _wheel(build, s.rear, s.radius, s.tyres[1], s.spoked)
    {"tank": _tank, "step": _step, "scooter": _scooter, "classic": _scooter}[s.body](build, s)
    _luggage(build, s)
    build.tube([(-0.1, 0.12, 0.3), (-0.02, 0.28, 0.02)], 0.013, "dark")
    tail = s.rear - 0.26
    build.box((tail, 0, 0.58), (0.008, 0.10, 0.07), "plate", turn(0.3, "y"))
    build.box((tail + 0.02, 0, 0.76), (0.03, 0.06, 0.035), "lens_red")
    for side in (1, -1):
        build.box((tail + 0.05, side * 0.13, 0.72), (0.025, 0.03, 0.02), "lens_orange")
    return build.finish()


def _wheel(build: Builder, x: float, radius: float, width: float, spoked: bool) -> None:
    half, at = width / 2, (x, 0.0, radius)
    rim = 0.80 if spoked else 0.70
    tyre = [(rim, -0.7), (rim + 0.08, -1.0), (1.0, 0.0), (rim + 0.08, 1.0), (rim, 0.7)]
    build.lathe([(r * radius, y * half) for r, y in tyre], 22, "tyre", at)
    inner = [(rim, -0.7), (rim - 0.07, 0.0), (rim, 0.7)]
    build.lathe([(r * radius, y * half) for r, y in inner], 22, "rim", at)
    count, thick = (12, 0.006) if spoked else (5, 0.022)
    for i in range(count):
        angle = 2 * math.pi * i / count
        end = (x + radius * rim * math.cos(angle), 0.0, radius * (1 + rim * math.sin(angle)))
        build.tube([at, end], thick, "rim", 4)
    build.lathe([(0.05, -half), (0.05, half)], 8, "dark", at)
    build.lathe([(radius * 0.45, 0), (radius * 0.2, 0)], 14, "steel", (x, half * 0.8, radius))


def _front(build: Builder, s: Style) -> None:
    """What the bars turn: wheel, fork, mudguard, lamp, bars and mirrors."""
    _wheel(build, s.front, s.radius, s.tyres[0], s.spoked)
    half, high = s.bars
    top = (s.front - 0.28, high)
    fork = 0.085 if s.body == "tank" else 0.07
    for side in (1, -1):
        build.tube(
            [(s.front, side * fork, s.radius), (top[0] + 0.03, side * fork, high - 0.06)],
            0.026,
            "steel",
        )
        grip = (top[0] - 0.10, side * half, high)
        build.tube(
            [(top[0], 0, high - 0.04), (top[0], side * half * 0.55, high), grip], 0.016, "dark"
        )
        build.tube([(top[0] - 0.05, side * half * 0.7, high), grip], 0.024, "tyre")
        mirror = (top[0] + 0.04, side * half * 0.82, high + 0.17)
        build.tube([(top[0], side * half * 0.6, high), mirror], 0.009, "dark", 4)
        build.lathe([(0.065, -0.012), (0.07, 0.0), (0.02, 0.03)], 10, "dark", mirror, axis="x")
        build.lathe([(0.062, -0.013), (0.001, -0.013)], 10, "mirror", mirror, axis="x")
    guard = s.radius + 0.045
    build.grow(
        lambda x, y, z: (
            np.maximum(
                ellipsoid(x, y, z, (s.front, 0, s.radius), (guard, s.tyres[0] * 0.75, guard)),
                s.radius * 0.97 - np.hypot(x - s.front, z - s.radius),
            )
            + 0.4 * np.maximum(0.12 - (z - s.radius) + 0.3 * (x - s.front), 0)
        ),
        (s.front - guard - 0.03, -0.12, s.radius),
        (s.front + guard + 0.03, 0.12, s.radius + guard + 0.03),
        "paint",
        0.022,
    )
    lamp = (
        (s.front - 0.10, 0.0, high - 0.12) if s.body == "tank" else (top[0] + 0.12, 0, high - 0.03)
    )
    if s.body != "tank":
        build.grow(
            lambda x, y, z: ellipsoid(x, y, z, (top[0] + 0.01, 0, high - 0.02), (0.13, 0.18, 0.10)),
            (top[0] - 0.15, -0.2, high - 0.14),
            (top[0] + 0.16, 0.2, high + 0.1),
            "paint",
            STEP,
        )
    elif not s.fairing:
        build.lathe(
            [(0.001, -0.14), (0.07, -0.10), (0.10, 0.0)],
            12,
            "dark",
            (lamp[0] + 0.06, 0, lamp[2]),
            axis="x",
        )
        build.box((top[0] + 0.03, 0, high + 0.03), (0.05, 0.09, 0.03), "dark", turn(0.5, "y"))
    build.lathe(
        [(0.09, 0), (0.06, 0.02), (0.001, 0.028)],
        12,
        "lamp_white",
        (lamp[0] + 0.06, 0, lamp[2]),
        axis="x",
    )
    if s.screen:
        for side in (-1, 1):
            foot = (top[0] + 0.16, side * 0.17, high - 0.02)
            head = (top[0] - 0.02, side * 0.21, high + s.screen)
            middle = [(foot[0] + 0.05, 0, foot[2]), (head[0] + 0.05, 0, head[2] + 0.03)]
            build.add([foot, middle[0], middle[1], head], [[0, 1, 2, 3]], "screen")
    if s.luggage == "basket":
        _basket(build, (s.front - 0.02, 0.0, high - 0.16))


def _tank(build: Builder, s: Style) -> None:
    """A motorcycle with a tank between the knees: frame, engine, seat and pipe."""

    def grow(field: Field, low: Sequence[float], high: Sequence[float], stuff: str) -> None:
        build.grow(field, low, high, stuff, STEP)

    thin = 0.8 if s.tyres[1] < 0.1 else 1.0
    grow(
        lambda x, y, z: blend(
            ellipsoid(x, y, z, (0.14, 0, 0.85), (0.30, 0.155 * thin, 0.14)),
            ellipsoid(x, y, z, (0.28, 0, 0.84), (0.20, 0.17 * thin, 0.13)),
            0.05,
        ),
        (-0.2, -0.2, 0.65),
        (0.55, 0.2, 1.05),
        "paint",
    )
    sag = 0.10 if s.body == "tank" and s.front > 0.8 else 0.0

    def seat(x: Floats, y: Floats, z: Floats) -> Floats:
        bench = box(
            (x, y, z + 0.1 * np.clip(x + 0.25, -1, 0) + sag),
            (-0.38, 0, 0.80),
            (0.34, 0.13, 0.055),
            0.05,
        )
        return blend(bench, ellipsoid(x, y, z, (-0.66, 0, 0.86), (0.18, 0.12, 0.05)), 0.05)

    grow(seat, (-0.95, -0.2, 0.62), (0.05, 0.2, 1.0), "seat")
    grow(
        lambda x, y, z: ellipsoid(
            x, y, z - 0.3 * np.clip(-x - 0.7, 0, 1), (-0.68, 0, 0.76), (0.27, 0.10, 0.07)
        ),
        (-1.05, -0.15, 0.62),
        (-0.4, 0.15, 0.95),
        "paint",
    )
    grow(
        lambda x, y, z: blend(
            box((x, y, z), (0.08, 0, 0.44), (0.22, 0.14 * thin, 0.16), 0.07),
            capsule(x, y, z, (0.14, 0, 0.5), (0.26, 0, 0.70), 0.10 * thin),
            0.04,
        ),
        (-0.25, -0.22, 0.22),
        (0.5, 0.22, 0.85),
        "engine",
    )
    pipe = [(0.25, -0.12, 0.5), (0.36, -0.16, 0.36), (0.1, -0.18, 0.24), (-0.45, -0.2, 0.3)]
    build.tube([*pipe, (-0.85, -0.22, 0.42)], [0.026, 0.026, 0.03, 0.05, 0.055], "steel", 8)
    build.tube([(0.44, 0, 0.92), (0.1, 0, 0.66), (-0.4, 0, 0.62), (-0.85, 0, 0.78)], 0.035, "dark")
    build.tube([(0.40, 0, 0.85), (0.35, 0, 0.45), (-0.15, 0, 0.30)], 0.03, "dark")
    for side in (1, -1):
        axle = (s.rear, side * 0.1, s.radius)
        build.tube([(-0.15, side * 0.1, 0.40), axle], 0.028, "dark")
        build.tube([(-0.42, side * 0.11, 0.66), axle], 0.026, "steel")
        build.box((-0.3, side * 0.12, 0.60), (0.13, 0.02, 0.09), "paint", turn(0.25, "y"))
        build.box((-0.12, side * 0.22, 0.30), (0.03, 0.07, 0.012), "tyre")
    if s.fairing:
        grow(
            lambda x, y, z: np.maximum(
                blend(
                    ellipsoid(x, y, z, (0.52, 0, 0.88), (0.30, 0.20, 0.20)),
                    ellipsoid(x, y, z, (0.24, 0, 0.52), (0.40, 0.20, 0.26)),
                    0.12,
                ),
                0.20 - z,
            ),
            (-0.25, -0.26, 0.2),
            (0.9, 0.26, 1.12),
            "paint",
        )
        build.add(
            [(0.76, 0.1, 0.98), (0.76, -0.1, 0.98), (0.5, -0.13, 1.16), (0.5, 0.13, 1.16)],
            [[0, 1, 2, 3]],
            "screen",
        )
        build.box((0.80, 0, 0.86), (0.03, 0.13, 0.03), "lamp_white")


def _step(build: Builder, s: Style) -> None:
    """A moped to step through: leg shield, slim back, long seat."""
    build.grow(
        lambda x, y, z: blend(
            blend(
                box((x, y, z), (-0.38, 0, 0.62), (0.36, 0.11, 0.13), 0.09),
                capsule(x, y, z, (-0.05, 0, 0.52), (0.34, 0, 0.80), 0.075),
                0.10,
            ),
            ellipsoid(x, y, z, (-0.72, 0, 0.70), (0.22, 0.08, 0.07)),
            0.08,
        ),
        (-1.0, -0.2, 0.4),
        (0.5, 0.2, 0.95),
        "paint",
        STEP,
    )
    for side in (1, -1):
        shield = [(0.42, 0.06, 0.86), (0.42, 0.20, 0.80), (0.26, 0.22, 0.45), (0.22, 0.10, 0.34)]
        build.add([(x, side * y, z) for x, y, z in shield], [[0, 1, 2, 3]], "paint2")
        build.tube([(-0.1, side * 0.1, 0.36), (s.rear, side * 0.09, s.radius)], 0.025, "dark")
        build.tube([(-0.45, side * 0.1, 0.58), (s.rear, side * 0.1, s.radius)], 0.024, "steel")
        build.box((0.0, side * 0.20, 0.29), (0.03, 0.08, 0.012), "tyre")
    build.grow(
        lambda x, y, z: blend(
            box((x, y, z), (-0.30, 0, 0.79), (0.34, 0.125, 0.045), 0.045),
            ellipsoid(x, y, z, (-0.52, 0, 0.81), (0.20, 0.12, 0.045)),
            0.05,
        ),
        (-0.8, -0.18, 0.7),
        (0.1, 0.18, 0.9),
        "seat",
        STEP,
    )
    build.box((0.08, 0, 0.36), (0.17, 0.10, 0.09), "engine", turn(0.2, "y"))
    build.tube(
        [(0.1, -0.1, 0.3), (-0.2, -0.16, 0.26), (-0.8, -0.18, 0.36)], [0.02, 0.035, 0.04], "steel"
    )
    for side in (1, -1):
        build.tube(
            [(-0.55, side * 0.12, 0.80), (-0.92, side * 0.10, 0.84), (-0.92, 0, 0.84)],
            0.012,
            "steel",
            4,
        )


def _scooter(build: Builder, s: Style) -> None:
    """A scooter: a broad tail over the engine, a flat floor and a shield for the legs."""
    classic = s.body == "classic"
    wide, long = (0.22, 0.40) if classic else (0.18, 0.44)
    shield = s.front - 0.16

    def hull(x: Floats, y: Floats, z: Floats) -> Floats:
        tail = box(
            (x, y, z - 0.12 * np.clip(-x - 0.4, 0, 1)), (-0.47, 0, 0.56), (long, wide, 0.20), 0.17
        )
        if classic:
            hips = ellipsoid(x, np.abs(y), z, (-0.5, 0.15, 0.48), (0.36, 0.15, 0.20))
            tail = blend(tail, hips, 0.06)
        floor = box((x, y, z), (0.12, 0, 0.30), (0.32, 0.17, 0.05), 0.04)
        front = box((x + 0.4 * (z - 0.6), y, z), (shield, 0, 0.62), (0.06, 0.20, 0.36), 0.06)
        nose = ellipsoid(x, y, z, (shield + 0.02, 0, 0.72), (0.12, 0.13, 0.22))
        hollow = np.hypot(x - s.rear, z - s.radius) - s.radius - 0.03
        body = blend(blend(tail, floor, 0.12), blend(front, nose, 0.05), 0.10)
        return np.maximum(body, -np.maximum(hollow, np.abs(y) - 0.09))

    build.grow(hull, (-1.05, -0.32, 0.2), (0.85, 0.32, 1.08), "paint", STEP)
    build.grow(
        lambda x, y, z: blend(
            box((x, y, z), (-0.34, 0, 0.79), (0.34, 0.145, 0.05), 0.05),
            ellipsoid(x, y, z, (-0.58, 0, 0.81), (0.20, 0.14, 0.05)),
            0.05,
        ),
        (-0.85, -0.2, 0.7),
        (0.1, 0.2, 0.92),
        "seat",
        STEP,
    )
    build.box((0.14, 0, 0.352), (0.24, 0.14, 0.008), "tyre")
    build.box((-0.5, 0.13, 0.30), (0.22, 0.05, 0.09), "engine")
    build.tube(
        [(-0.2, -0.17, 0.28), (-0.5, -0.19, 0.30), (-0.82, -0.19, 0.36)],
        [0.03, 0.055, 0.05],
        "steel",
        8,
    )
    for side in (1, -1):
        build.tube(
            [(-0.62, side * 0.17, 0.82), (-0.94, side * 0.12, 0.86), (-0.94, 0, 0.86)],
            0.014,
            "dark",
            4,
        )
        build.box((shield + 0.10, side * 0.15, 0.74), (0.03, 0.035, 0.03), "lens_orange")


def _luggage(build: Builder, s: Style) -> None:
    if s.luggage == "case":
        build.grow(
            lambda x, y, z: box((x, y, z), (-0.90, 0, 1.02), (0.20, 0.21, 0.16), 0.08),
            (-1.15, -0.25, 0.82),
            (-0.65, 0.25, 1.22),
            "case",
            STEP,
        )
    elif s.luggage == "crate":
        build.box((-0.74, 0, 1.10), (0.24, 0.25, 0.24), "paint2")
        build.box((-0.74, 0, 1.35), (0.25, 0.26, 0.015), "dark")


def _basket(build: Builder, at: tuple[float, float, float]) -> None:
    """A wire basket before the lamp."""
    x, _, z = at
    for level, grow in ((0.0, 0.8), (0.10, 0.9), (0.20, 1.0)):
        a, b = 0.13 * grow, 0.17 * grow
        ring = [(x - a, -b), (x + a, -b), (x + a, b), (x - a, b), (x - a, -b)]
        build.tube([(px, py, z + level) for px, py in ring], 0.008, "dark", 4)
    for px, py in ((-1, -1), (1, -1), (1, 1), (-1, 1), (0, 1), (0, -1), (1, 0)):
        foot = (x + 0.104 * px, 0.136 * py, z)
        build.tube([foot, (x + 0.13 * px, 0.17 * py, z + 0.2)], 0.006, "dark", 4)
    build.box((x, 0, z), (0.1, 0.13, 0.004), "dark")
