"""Cars: one field with many numbers, after which each shape is named."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.training.render.fields import (
    Floats,
    Profile,
    blend,
    box,
    capsule,
    cut,
    ellipsoid,
    fade,
    rounded,
    surface,
)
from models.training.render.solids import Builder, Solid, wheel

STEP = 0.04
"""Grid of the body: about a pixel of a car as long as 110 pixels."""


@dataclass(frozen=True)
class Shape:
    """A car's measures in metres; places along it are counted from its middle."""

    length: float
    width: float
    height: float
    wheelbase: float
    overhang: float
    """From the nose to the front axle."""
    wheel: float
    clearance: float
    bonnet: float
    """Height of the bonnet's edge."""
    sill: float
    """Height of the window sill."""
    screen: tuple[float, float]
    """Where the windscreen begins and ends."""
    back: tuple[float, float]
    """Where the rear window begins and ends."""
    back_foot: float
    back_top: float
    pillars: tuple[float, float]
    deck: float = 0.0
    """Height of a boot lid; 0 without."""
    cladding: bool = False


SHAPES = {
    "hatch": Shape(4.10, 1.78, 1.47, 2.58, 0.82, 0.315, 0.17, 0.74, 0.94,
                   (1.18, 0.36), (-1.55, -1.92), 1.02, 1.40, (-0.22, -1.12)),
    "sedan": Shape(4.68, 1.83, 1.44, 2.80, 0.88, 0.325, 0.16, 0.72, 0.93,
                   (1.05, 0.18), (-1.02, -1.72), 1.00, 1.36, (-0.28, -1.12), deck=1.02),
    "saloon": Shape(4.55, 1.80, 1.46, 2.70, 0.88, 0.320, 0.16, 0.76, 0.95,
                    (1.02, 0.24), (-1.08, -1.62), 1.02, 1.39, (-0.26, -1.15), deck=1.04),
    "suv": Shape(4.52, 1.87, 1.68, 2.68, 0.88, 0.360, 0.21, 0.90, 1.07,
                 (1.12, 0.40), (-1.72, -2.08), 1.14, 1.60, (-0.22, -1.22), cladding=True),
    "crossover": Shape(4.35, 1.82, 1.58, 2.64, 0.84, 0.345, 0.19, 0.83, 1.01,
                       (1.14, 0.34), (-1.50, -1.98), 1.10, 1.48, (-0.24, -1.16), cladding=True),
    "estate": Shape(4.72, 1.83, 1.48, 2.80, 0.90, 0.325, 0.16, 0.74, 0.94,
                    (1.10, 0.24), (-1.86, -2.22), 1.02, 1.42, (-0.28, -1.20)),
    "city": Shape(3.62, 1.66, 1.50, 2.36, 0.70, 0.290, 0.16, 0.80, 0.98,
                  (1.12, 0.44), (-1.42, -1.70), 1.04, 1.44, (-0.20, -1.05)),
    "people": Shape(4.45, 1.84, 1.64, 2.78, 0.86, 0.325, 0.16, 0.84, 1.02,
                    (1.36, 0.52), (-1.80, -2.06), 1.08, 1.58, (-0.14, -1.18)),
}  # fmt: skip


def car(name: str) -> Solid:
    """The car of a shape, standing at the origin."""
    c, build = SHAPES[name], Builder()
    half, nose, end = c.width / 2, c.length / 2, -c.length / 2
    axles = (nose - c.overhang, nose - c.overhang - c.wheelbase)
    arch = c.wheel + 0.045
    foot, top = c.screen
    back, back_end = c.back
    tail = c.deck or c.back_foot
    lower = _lower_profile(c, nose, end, tail)
    upper = Profile(
        rounded([
            (foot + 0.18, c.sill - 0.10, 0.02), (foot, c.sill, 0.05),
            (top, c.height - 0.045, 0.22), (top - 0.45, c.height, 0.4),
            ((top + back) / 2 - 0.2, c.height, 0.5), (back + 0.1, c.back_top + 0.01, 0.25),
            (back, c.back_top - 0.03, 0.09), (back_end, c.back_foot, 0.06),
            (back_end - 0.02, c.back_foot - 0.15, 0.02),
        ])
    )  # fmt: skip
    levels = np.linspace(0, 2.2, 440)
    section = _section(
        levels,
        [*(c.clearance + up for up in (0, 0.10, 0.25)), 0.60]
        + [c.sill + up for up in (-0.18, 0, 0.12)],
        [0.93, 0.965, 0.982, 1.0, 0.992, 0.945, 0.90],
    )
    cabin = _section(
        levels,
        [c.sill - 0.1, c.sill, (c.sill + c.height) / 2, c.height - 0.08, c.height + 0.1],
        [0.955, 0.925, 0.835, 0.715, 0.62],
    )

    def parts(x: Floats, y: Floats, z: Floats) -> tuple[Floats, ...]:
        across = np.abs(y)
        t = across / half
        ahead = np.clip(x / 0.9, -1, 1)
        to_wheel = np.minimum(
            np.hypot(x - axles[0], z - c.wheel), np.hypot(x - axles[1], z - c.wheel)
        )
        front = np.clip((x - 0.22 * c.length) / (0.28 * c.length), 0, 1.3)
        rear = np.clip((-x - 0.25 * c.length) / (0.25 * c.length), 0, 1.3)
        plan = 1 - 0.115 * front**2.4 - 0.085 * rear**2.4
        side = half * np.interp(z, levels, section) * plan
        side = side + 0.028 * np.exp(-(((to_wheel - arch) / 0.07) ** 2)) * (z > 0.1)
        bow = np.where(ahead > 0, 0.17, 0.10) * ahead * t**2.6
        hull = cut(
            lower(x + bow, z + 0.05 * t**2 * fade(z, c.bonnet - 0.25, c.bonnet)),
            across - side,
            0.07,
        )
        outline = upper(x + np.where(ahead > 0, 0.20, 0.09) * ahead * t**2, z + 0.05 * t**2)
        taper = 1 - 0.05 * np.clip(x - top, 0, 1) ** 2
        taper = taper - 0.055 * np.clip((top - x - 1.0) / 1.5, 0, 1) ** 2
        wall = (across - half * np.interp(z, levels, cabin) * taper) * 0.95
        return across, to_wheel, hull, outline, wall, cut(outline, wall, 0.075)

    def field(x: Floats, y: Floats, z: Floats) -> Floats:
        across, to_wheel, hull, _, _, house = parts(x, y, z)
        mirror = ellipsoid(
            x, across, z, (foot - 0.42, half + 0.075, c.sill + 0.09), (0.075, 0.105, 0.07)
        )
        arm = capsule(
            x,
            across,
            z,
            (foot - 0.42, half - 0.09, c.sill + 0.04),
            (foot - 0.42, half + 0.03, c.sill + 0.07),
            0.03,
        )
        body = np.minimum(blend(blend(hull, house, 0.03), mirror, 0.015), arm)
        return cut(body, -np.maximum(to_wheel - arch, half - 0.34 - across), 0.018)

    points, faces = surface(
        field,
        (end - 0.05, -half - 0.22, c.clearance - 0.03),
        (nose + 0.05, half + 0.22, c.height + 0.03),
        STEP,
    )
    x, y, z = points.T
    across, to_wheel, hull, outline, wall, house = parts(x, y, z)
    build.add(
        points, faces, "body", masks=_masks(c, x, across, z, to_wheel, hull, outline, wall, house)
    )
    for place, height in ((nose - 0.03, c.clearance + 0.26), (end + 0.02, tail - 0.24)):
        build.box((place, 0, height), (0.03, 0.26, 0.056), "plate")
    if name in ("suv", "estate", "crossover"):
        for side in (1, -1):
            rail = [
                (top - 0.25, c.height + 0.01),
                (top - 0.9, c.height + 0.04),
                (back + 0.3, c.back_top + 0.03),
            ]
            build.tube([(px, side * half * 0.60, pz) for px, pz in rail], 0.018, "dark")
    tyre = 0.215 if c.wheel > 0.3 else 0.185
    for axle in axles:
        for side in (1, -1):
            wheel(build, (axle, side * (half - tyre / 2 - 0.012)), c.wheel, tyre, side)
    return build.finish()


def _lower_profile(c: Shape, nose: float, end: float, tail: float) -> Profile:
    foot, top = c.screen
    line = [
        (nose - 0.16, c.clearance, 0.08), (nose - 0.03, c.clearance + 0.10, 0.08),
        (nose, 0.46, 0.10), (nose - 0.03, c.bonnet - 0.10, 0.07), (nose - 0.16, c.bonnet, 0.13),
        ((nose + foot) / 2 + 0.1, c.bonnet + (c.sill - c.bonnet) * 0.62, 0.4),
        (foot + 0.08, c.sill - 0.01, 0.2), (top - 0.4, c.sill, 0.5),
    ]  # fmt: skip
    if c.deck:
        line += [
            (c.back[1] + 0.1, tail - 0.015, 0.3),
            (end + 0.10, tail, 0.06),
            (end + 0.02, tail - 0.10, 0.06),
        ]
    else:
        line += [
            (c.back[1] + 0.2, tail, 0.3),
            (end + 0.16, tail, 0.08),
            (end + 0.06, tail - 0.14, 0.1),
        ]
    line += [(end + 0.03, 0.66, 0.04), (end, 0.60, 0.04), (end + 0.01, c.clearance + 0.2, 0.1)]
    return Profile(rounded([*line, (end + 0.14, c.clearance + 0.04, 0.1)]))


def _section(levels: Floats, heights: list[float], widths: list[float]) -> Floats:
    """Widths at all levels from a few of them, smoothed."""
    window = np.hanning(31) / np.hanning(31).sum()
    return np.convolve(np.pad(np.interp(levels, heights, widths), 15, mode="edge"), window, "valid")


def _masks(
    c: Shape,
    x: Floats,
    across: Floats,
    z: Floats,
    to_wheel: Floats,
    hull: Floats,
    outline: Floats,
    wall: Floats,
    house: Floats,
) -> dict[str, Floats]:
    """Where the painted body is glass, black trim, a lamp or a gap."""
    half, nose, end = c.width / 2, c.length / 2, -c.length / 2
    foot, top = c.screen
    back, back_end = c.back
    side = np.maximum.reduce(
        [outline + 0.055, c.sill + 0.035 - z, z - (c.height - 0.10), -(wall + 0.10)]
    )
    for pillar in c.pillars:
        side = np.maximum(side, 0.035 - np.abs(x - pillar + 0.12 * (z - c.sill)))
    front = np.maximum.reduce(
        [wall + 0.075, c.sill + 0.045 - z, z - (c.height - 0.095), top - 0.25 - x]
    )
    rear = np.maximum.reduce(
        [wall + 0.10, c.back_foot + 0.045 - z, z - (c.back_top - 0.075), x - (back + 0.25)]
    )
    glass = np.where(house < hull + 0.02, np.minimum.reduce([side, front, rear]), 1.0)
    glass = np.where(across > half * 0.985, 1.0, glass)
    arch = c.wheel + 0.045 + (0.075 if c.cladding else 0.014)
    trim = np.minimum(to_wheel - arch, z - (c.clearance + (0.15 if c.cladding else 0.045)))
    at_front, at_rear = x > nose - 0.42, x < end + 0.3
    for where, height, size in (
        (at_front, c.bonnet - 0.17, (half * 0.46, 0.055)),
        (at_front, c.clearance + 0.16, (half * 0.62, 0.07)),
        (at_rear, c.clearance + 0.10, (half * 0.7, 0.06)),
    ):
        trim = np.minimum(trim, np.where(where, box((across, z), (0, height), size, 0.03), 1.0))
    head = box(
        (x, across, z),
        (nose - 0.24, half * 0.80, c.bonnet - 0.105),
        (0.30, half * 0.25, 0.072),
        0.05,
    )
    head = np.where(z < c.bonnet + 0.05, head, 1.0)
    if c.deck:
        tail = box(
            (x, across, z),
            (end + 0.06, half * 0.74, c.deck - 0.15),
            (0.24, half * 0.26, 0.075),
            0.04,
        )
    else:
        tail = box(
            (x, across, z),
            (end + 0.10, half * 0.82, c.back_foot - 0.14),
            (0.24, half * 0.20, 0.13),
            0.05,
        )
    first, axle = c.pillars[0], nose - c.overhang - c.wheelbase
    doors = [
        box((x, z), ((a + b) / 2, 0.62), ((a - b) / 2, 0.62 - c.clearance - 0.12), 0.08)
        for a, b in ((foot - 0.35, first), (first, axle + 0.28))
    ]
    door = np.where(np.abs(doors[0]) < np.abs(doors[1]), doors[0], doors[1])
    door = np.where((across > half * 0.6) & (z < c.sill + 0.02), door, 1.0)
    hood = np.maximum.reduce([across - half * 0.80, x - (nose - 0.22), foot - 0.12 - x])
    hood = np.where((z > c.bonnet - 0.12) & (x > foot - 0.3) & (glass > 0.03), hood, 1.0)
    if c.deck:
        lid = np.maximum.reduce([across - half * 0.72, end + 0.1 - x, x - (back_end - 0.12)])
        hood = np.where((x < back_end) & (z > c.deck - 0.14), lid, hood)
    return {"glass": glass, "trim": trim, "head": head, "tail": tail, "door": door, "hood": hood}
