"""Buses and lorries."""

from __future__ import annotations

import math

import numpy as np

from models.training.render.fields import Floats, Profile, box, cut, fade, rounded, surface
from models.training.render.solids import Builder, Solid, turn, wheel

BUSES = {"bus": 11.2, "midibus": 8.6, "coach": 12.4}
"""Length of each, metres."""
LORRIES = ("box", "tipper", "tanker", "flatbed", "curtain")
"""What a lorry carries its load in."""


def bus(name: str) -> Solid:
    """A bus out of BUSES, its doors on the right; the coach has no doors in the middle."""
    length, build = BUSES[name], Builder()
    width, height, radius, floor = 2.52, 3.05 if name != "coach" else 3.45, 0.48, 0.32
    half, nose, end = width / 2, length / 2, -length / 2
    axles = (nose - 2.65, end + (3.1 if length > 9 else 2.2))
    profile = Profile(
        rounded([
            (nose - 0.06, floor, 0.1), (nose, 0.8, 0.2), (nose - 0.03, 1.3, 0.3),
            (nose - 0.20, height - 0.35, 0.3), (nose - 0.42, height, 0.22),
            (end + 0.25, height, 0.2), (end + 0.03, height - 0.3, 0.2), (end, 1.2, 0.2),
            (end + 0.06, floor, 0.1),
        ]),
        0.03,
    )  # fmt: skip

    def parts(x: Floats, y: Floats, z: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        across = np.abs(y)
        t = across / half
        outline = profile(x + 0.16 * t**3 * np.clip(x / 4, -1, 1), z + 0.05 * t**2)
        wall = across - half * (1 - 0.05 * fade(z, 1.2, height) ** 1.5)
        to_wheel = np.minimum(
            np.hypot(x - axles[0], z - radius), np.hypot(x - axles[1], z - radius)
        )
        return across, outline, wall, to_wheel

    def field(x: Floats, y: Floats, z: Floats) -> Floats:
        across, outline, wall, to_wheel = parts(x, y, z)
        cooler = box((x, y, z), (-1.2, 0, height + 0.05), (1.6, 0.8, 0.14), 0.08)
        body = np.minimum(cut(outline, wall, 0.16), cooler)
        return cut(body, -np.maximum(to_wheel - radius - 0.08, half - 0.45 - across), 0.02)

    points, faces = surface(
        field, (end - 0.1, -half - 0.1, floor - 0.1), (nose + 0.1, half + 0.1, height + 0.25), 0.075
    )
    x, y, z = points.T
    across, _, wall, to_wheel = parts(x, y, z)
    beside, belt = wall > -0.10, 1.22 if name != "coach" else 1.55
    lintel = height - 0.63
    panes = np.abs(((x - 0.3) / 1.45 + 0.5) % 1.0 - 0.5) * 1.45
    side: Floats = np.maximum.reduce(
        [belt - z, z - lintel, x - (nose - 0.62), end + 0.55 - x, -(wall + 0.09), 0.05 - panes]
    )
    ahead = np.where(x > nose - 0.6, -1.0, 1.0)
    front: Floats = np.maximum.reduce([ahead, across - (half - 0.12), 0.95 - z, z - lintel + 0.06])
    behind = np.where(x < end + 0.3, -1.0, 1.0)
    rear: Floats = np.maximum.reduce([behind, across - (half - 0.28), 1.5 - z, z - lintel + 0.07])
    glass = np.where(beside & (across > half - 0.13), side, np.minimum(front, rear))
    for place in (nose - 1.15, -0.75)[: 1 if name == "coach" else 2]:
        door = np.maximum.reduce([np.abs(x - place) - 0.62, z - lintel, 0.42 - z])
        glass = np.where((y < 0) & beside, np.minimum(glass, door), glass)
    band = np.maximum.reduce(
        [belt - 0.08 - z, z - lintel - 0.1, half - 0.2 - across, x - (nose - 0.5), end + 0.4 - x]
    )
    sign = np.maximum.reduce(
        [
            np.where(x > nose - 0.7, -1.0, 1.0),
            across - (half - 0.25),
            lintel + 0.02 - z,
            z - height + 0.23,
        ]
    )
    head = box((x, across, z), (nose, half - 0.33, 0.78), (0.3, 0.26, 0.11), 0.06)
    tail = box((x, across, z), (end, half - 0.16, 1.05), (0.2, 0.11, 0.22), 0.05)
    build.add(
        points,
        faces,
        "body",
        masks={
            "glass": glass,
            "trim": np.minimum.reduce([to_wheel - radius - 0.11, z - floor - 0.07, band, sign]),
            "head": head,
            "tail": tail,
            "hood": np.where(x < end + 0.2, box((y, z), (0, 0.95), (0.8, 0.42), 0.05), 1.0),
        },
    )
    build.box((nose - 0.285, 0, height - 0.42), (0.02, 0.7, 0.075), "amber", turn(-0.44, "y"))
    for hand in (1, -1):
        arm = [
            (nose - 0.22, half - 0.05, 2.55),
            (nose + 0.1, half + 0.16, 2.5),
            (nose + 0.14, half + 0.2, 2.3),
        ]
        build.tube([(px, hand * py, pz) for px, py, pz in arm], 0.025, "dark")
        build.box((nose + 0.14, hand * (half + 0.2), 2.12), (0.06, 0.10, 0.2), "dark")
        build.box((0.0, hand * (half - 0.005), 0.74), (axles[0] - 0.8, 0.012, 0.10), "paint2")
        for axle in axles:
            wheel(build, (axle, hand * (half - 0.17)), radius, 0.30, hand, 8)
    for place in (nose + 0.01, end - 0.01):
        build.box((place, 0, 0.55), (0.015, 0.26, 0.056), "plate")
    for place in np.linspace(end + 2, nose - 3, 2):
        build.box((place, 0, height + 0.03), (0.4, 0.35, 0.05), "dark")
    return build.finish()


def lorry(name: str) -> Solid:
    """A lorry out of LORRIES: a tilt cab, a chassis and what it carries."""
    build = Builder()
    radius, half, nose, end = 0.46, 1.12, 3.75, -3.75
    axles = (2.55, -2.15)
    _cab(build, nose, half, radius, axles[0])
    low, start, back = 0.98, nose - 1.95, end
    middle, long = (start + back) / 2, (start - back) / 2
    if name in ("box", "curtain"):
        stuff = "cargo" if name == "box" else "paint2"
        high = 3.15
        build.box((middle, 0, (low + high) / 2), (long, 1.2, (high - low) / 2), stuff)
        for height in (low, high):
            for side in (1, -1):
                build.box((middle, side * 1.2, height), (long + 0.02, 0.035, 0.05), "steel")
        for place in (back, start):
            for side in (1, -1):
                build.box(
                    (place, side * 1.2, (low + high) / 2), (0.035, 0.035, (high - low) / 2), "steel"
                )
        for side in (1, -1):
            build.box((middle, side * 1.204, 1.62), (long - 0.04, 0.004, 0.16), "paint")
        build.box((back - 0.02, 0, (low + high) / 2), (0.012, 0.012, (high - low) / 2), "dark")
    elif name == "tipper":
        for side in (1, -1):
            build.box((middle, side * 1.15, 1.5), (long, 0.05, 0.5), "paint")
            for place in np.linspace(back + 0.1, start - 0.1, 6):
                build.box((place, side * 1.21, 1.5), (0.05, 0.03, 0.5), "paint")
        for place in (back, start):
            build.box((place, 0, 1.5), (0.05, 1.15, 0.5), "paint")
        build.box((middle, 0, 1.05), (long, 1.15, 0.05), "dark")
        build.lathe(
            [(0.001, 0.75), (0.7, 0.3), (1.2, 0.0)], 10, "soil", (middle, 0, 1.15), axis="z"
        )
        build.box((start + 0.25, 0, 2.05), (0.35, 1.15, 0.04), "paint")
    elif name == "tanker":
        profile = [(0.001, -long), (0.75, -long + 0.02), (0.92, -long + 0.2), (0.92, long - 0.2)]
        build.lathe(
            [*profile, (0.75, long - 0.02), (0.001, long)], 20, "cargo", (middle, 0, 1.85), axis="x"
        )
        for place in np.linspace(back + 0.7, start - 0.7, 3):
            build.lathe(
                [(0.25, 0), (0.25, 0.12), (0.001, 0.14)], 12, "steel", (place, 0, 2.74), axis="z"
            )
        build.box((middle, 0, 2.78), (long - 0.3, 0.16, 0.015), "steel")
    else:
        build.box((middle, 0, 1.05), (long, 1.2, 0.07), "wood")
        build.box((start, 0, 1.5), (0.05, 1.2, 0.45), "paint")
        for side in (1, -1):
            build.box((middle, side * 1.18, 1.25), (long, 0.03, 0.16), "paint")
        for place, size in ((back + 1.1, 0.55), (start - 1.3, 0.7)):
            build.box((place, 0.2, 1.12 + size), (0.8, 0.75, size), "wood")
    for side in (1, -1):
        build.box((-0.3, side * 0.42, 0.72), (3.3, 0.06, 0.12), "dark")
        build.box((0.6, side * 0.92, 0.62), (0.62, 0.16, 0.24), "dark")
        build.box((-0.75, side * 1.1, 0.72), (0.75, 0.02, 0.06), "steel")
        build.box((end + 0.01, side * 0.95, 0.82), (0.05, 0.17, 0.07), "lens_red")
        build.box((-2.15, side * 1.0, 1.0), (0.62, 0.2, 0.02), "dark")
        wheel(build, (axles[0], side * (half - 0.15)), radius, 0.28, side, 8)
        wheel(build, (axles[1], side * (half - 0.14)), radius, 0.50, side, 8)
    build.box((end + 0.05, 0, 0.62), (0.05, 1.1, 0.06), "dark")
    build.box((end - 0.01, 0, 0.82), (0.012, 0.26, 0.056), "plate")
    return build.finish()


def _cab(build: Builder, nose: float, half: float, radius: float, axle: float) -> None:
    profile = Profile(
        rounded([
            (nose - 0.05, 0.35, 0.06), (nose, 0.62, 0.1), (nose - 0.04, 1.35, 0.25),
            (nose - 0.34, 2.42, 0.18), (nose - 0.62, 2.56, 0.2), (nose - 1.75, 2.58, 0.06),
            (nose - 1.78, 0.55, 0.05), (nose - 0.6, 0.5, 0.1),
        ]),
        0.02,
    )  # fmt: skip

    def parts(x: Floats, y: Floats, z: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        across = np.abs(y)
        t = across / half
        outline = profile(x + 0.14 * t**3, z + 0.04 * t**2)
        return (
            across,
            outline,
            across - half * (1 - 0.07 * fade(z, 1.3, 2.6)),
            np.hypot(x - axle, z - radius),
        )

    def field(x: Floats, y: Floats, z: Floats) -> Floats:
        across, outline, wall, to_wheel = parts(x, y, z)
        arch = np.maximum(to_wheel - radius - 0.08, half - 0.42 - across)
        return cut(cut(outline, wall, 0.10), -arch, 0.02)

    points, faces = surface(
        field, (nose - 1.9, -half - 0.05, 0.3), (nose + 0.1, half + 0.05, 2.65), 0.05
    )
    x, _, z = points.T
    across, outline, wall, to_wheel = parts(*points.T)
    beside = wall > -0.06
    side: Floats = np.maximum.reduce(
        [outline + 0.12, 1.45 - z, z - 2.25, nose - 1.35 - x, -(wall + 0.07)]
    )
    ahead = np.where(x > nose - 0.7, -1.0, 1.0)
    front: Floats = np.maximum.reduce(
        [ahead, across - (half - 0.13), 1.42 - z, z - 2.28, outline - 0.05]
    )
    trim = np.minimum(to_wheel - radius - 0.11, z - 0.46)
    for height, size in ((1.02, (0.72, 0.17)), (0.58, (0.6, 0.08))):
        grille = box((across, z), (0, height), size, 0.05)
        trim = np.minimum(trim, np.where(x > nose - 0.3, grille, 1.0))
    door = box((x, z), (nose - 0.98, 1.5), (0.48, 0.9), 0.08)
    build.add(
        points,
        faces,
        "body",
        masks={
            "glass": np.where(beside, side, front),
            "trim": trim,
            "head": box((x, across, z), (nose, half - 0.26, 0.72), (0.3, 0.2, 0.11), 0.05),
            "door": np.where(beside & (across > half - 0.2), door, 1.0),
        },
    )
    deflector = [[nose - 0.72, -0.72, 2.55], [nose - 1.62, -0.88, 3.02], [nose - 1.62, -0.88, 2.52]]
    deflector += [[x, -y, z] for x, y, z in deflector]
    build.add(deflector, [[0, 3, 4, 1], [1, 4, 5, 2]], "paint", smooth=False)
    build.add(deflector, [[0, 1, 2], [5, 4, 3]], "paint", smooth=False)
    for hand in (1, -1):
        build.box((nose - 0.42, hand * (half + 0.2), 1.98), (0.05, 0.09, 0.24), "dark")
        arm = [
            (nose - 0.45, hand * (half - 0.06), 2.2),
            (nose - 0.42, hand * (half + 0.2), 2.2),
        ]
        build.tube(arm, 0.018, "dark")
    build.box((nose + 0.005, 0, 0.50), (0.012, 0.26, 0.056), "plate")
    build.box((nose - 1.0, 0, 0.75), (0.7, 0.9, 0.2), "dark", turn(math.pi, "z"))
