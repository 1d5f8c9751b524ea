"""What else stands on and around a car park, and is no vehicle."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from models.training.render.bicycles import bicycle
from models.training.render.fields import Floats
from models.training.render.solids import Builder, Solid, turn

Random = np.random.Generator


def _leaves(build: Builder, centres: Floats, size: float, rng: Random, stuff: str) -> None:
    n = len(centres)
    u, w = rng.normal(size=(2, n, 3))
    u /= np.linalg.norm(u, axis=1)[:, None]
    w -= (w * u).sum(1)[:, None] * u
    w /= np.linalg.norm(w, axis=1)[:, None]
    s = size * rng.uniform(0.6, 1.3, n)[:, None]
    corners = [centres - u * s, centres - w * s * 0.5, centres + u * s, centres + w * s * 0.5]
    build.add(
        np.stack(corners, 1).reshape(-1, 3), np.arange(4 * n).reshape(-1, 4), stuff, smooth=False
    )


def tree(seed: int, height: float = 5.5) -> Solid:
    """A broad-leaved tree of about that height, with big leaves: it is seen from afar."""
    rng, build = np.random.default_rng(seed), Builder()
    tips: list[Floats] = []

    def branch(at: Floats, ahead: Floats, length: float, radius: float, level: int) -> None:
        path: list[Floats] = [at]
        for _ in range(4):
            ahead = ahead + rng.normal(0, 0.12, 3) + np.array([0, 0, 0.05])
            ahead = ahead / np.linalg.norm(ahead)
            path.append(path[-1] + ahead * length / 4)
        build.tube(path, np.linspace(radius, radius * 0.6, 5).tolist(), "bark", 5)
        if level == 2:
            tips.extend(path[1:])
            return
        for _ in range(6 - level):
            angle, rise = rng.uniform(0, 2 * np.pi), rng.uniform(0.15, 0.8)
            side = np.array([math.cos(angle), math.sin(angle), rise]) * 0.8 + ahead * 0.35
            branch(
                path[int(rng.integers(2, 5))],
                side / np.linalg.norm(side),
                length * rng.uniform(0.52, 0.68),
                radius * 0.52,
                level + 1,
            )

    branch(np.zeros(3), np.array([0, 0, 1.0]), height * 0.44, 0.14, 0)
    n = 3500
    places = np.array(tips)[rng.integers(0, len(tips), n)] + rng.normal(0, 0.38, (n, 3))
    _leaves(build, places, 0.15, rng, "leaf")
    return build.finish()


def palm(seed: int) -> Solid:
    """A palm: a bare trunk and a crown of fronds."""
    rng, build = np.random.default_rng(seed), Builder()
    top = np.array([rng.normal(0, 0.4), rng.normal(0, 0.4), rng.uniform(5, 8)])
    build.tube(np.array([top * 0, top * [0.3, 0.3, 0.5], top]), [0.2, 0.15, 0.12], "bark", 7)
    for angle in np.linspace(0, 2 * np.pi, 15)[:-1]:
        out, rise = np.array([math.cos(angle), math.sin(angle), 0]), rng.uniform(0.1, 0.9)
        side = np.array([-out[1], out[0], 0]) * 0.28
        spine = [top + out * d + [0, 0, rise * d - 0.32 * d * d] for d in (0, 0.8, 1.6, 2.4)]
        ribs = np.array(
            [
                p + s * side * f
                for p, f in zip(spine, (0.3, 1, 0.9, 0.1), strict=True)
                for s in (-1, 1)
            ]
        )
        build.add(ribs, [[0, 1, 3, 2], [2, 3, 5, 4], [4, 5, 7, 6]], "leaf")
    return build.finish()


def hedge(seed: int) -> Solid:
    """A cut hedge of 3 × 0.9 × 1.2 m."""
    rng, build = np.random.default_rng(seed), Builder()
    build.box((0, 0, 0.55), (1.45, 0.38, 0.55), "leaf")
    places = rng.uniform(-1, 1, (1400, 3))
    face = rng.integers(0, 3, 1400)
    for axis in range(3):
        places[face == axis, axis] = np.where(places[face == axis, axis] > 0, 1, -1)
    _leaves(build, places * [1.48, 0.42, 0.6] + [0, 0, 0.6], 0.09, rng, "leaf")
    return build.finish()


def shrub(seed: int) -> Solid:
    """A round bush."""
    rng, build = np.random.default_rng(seed), Builder()
    out = rng.normal(size=(700, 3))
    out /= np.linalg.norm(out, axis=1)[:, None]
    places = out * [0.55, 0.55, 0.45] * rng.uniform(0.7, 1.05, 700)[:, None] + [0, 0, 0.42]
    _leaves(build, places[places[:, 2] > 0.02], 0.08, rng, "leaf")
    return build.finish()


def lamp() -> Solid:
    """A lamp post of 6.5 m, its arm along x; the light hangs at (1.18, 0, 6.5)."""
    build = Builder()
    build.tube(
        [(0, 0, 0), (0, 0, 0.9), (0, 0, 0.91), (0, 0, 6.5)], [0.085, 0.085, 0.06, 0.045], "post", 8
    )
    build.tube([(0, 0, 6.45), (0.9, 0, 6.62)], 0.03, "post")
    build.box((1.15, 0, 6.63), (0.32, 0.13, 0.045), "post")
    build.box((1.18, 0, 6.575), (0.25, 0.10, 0.012), "lamp")
    return build.finish()


def post() -> Solid:
    """A sign on a post."""
    build = Builder()
    build.tube([(0, 0, 0), (0, 0, 2.6)], 0.035, "steel")
    build.box((0.04, 0, 2.3), (0.012, 0.28, 0.28), "sign")
    return build.finish()


def bollard() -> Solid:
    """A knee-high post."""
    build = Builder()
    build.lathe([(0.06, 0), (0.06, 0.9), (0.001, 0.94)], 10, "paint", (0, 0, 0), axis="z")
    build.lathe([(0.062, 0.7), (0.062, 0.82)], 10, "plate", (0, 0, 0), axis="z")
    return build.finish()


def cone() -> Solid:
    """A traffic cone."""
    build = Builder()
    build.lathe([(0.16, 0.03), (0.03, 0.72), (0.001, 0.73)], 12, "cone", (0, 0, 0), axis="z")
    build.lathe([(0.118, 0.3), (0.085, 0.46)], 12, "plate", (0, 0, 0), axis="z")
    build.box((0, 0, 0.02), (0.2, 0.2, 0.02), "dark")
    return build.finish()


def waste_bin() -> Solid:
    """A wheeled bin."""
    build = Builder()
    build.box((0, 0, 0.55), (0.27, 0.26, 0.48), "paint")
    build.box((0.02, 0, 1.06), (0.31, 0.29, 0.04), "paint", turn(0.1, "y"))
    for side in (1, -1):
        build.lathe([(0.1, -0.02), (0.1, 0.02)], 10, "tyre", (-0.25, side * 0.22, 0.1))
    return build.finish()


def skip() -> Solid:
    """A steel container for waste."""
    build = Builder()
    build.box((0, 0, 0.75), (0.95, 0.65, 0.6), "paint")
    build.box((0, 0, 1.38), (0.98, 0.68, 0.05), "dark")
    for place in (-0.6, 0, 0.6):
        for side in (1, -1):
            build.box((place, side * 0.67, 0.75), (0.04, 0.03, 0.55), "paint")
    return build.finish()


def trolleys() -> Solid:
    """A row of nested shopping trolleys."""
    build = Builder()
    for k in range(8):
        x = k * 0.27
        for level, wide in ((0.55, 0.2), (0.8, 0.24), (1.0, 0.27)):
            ring = [(x, -wide), (x + 0.75, -wide * 0.8), (x + 0.75, wide * 0.8), (x, wide)]
            build.tube([(a, b, level) for a, b in [*ring, ring[0]]], 0.012, "steel", 4)
        for side in (1, -1):
            build.tube(
                [
                    (x, side * 0.26, 1.02),
                    (x + 0.05, side * 0.24, 0.15),
                    (x + 0.7, side * 0.15, 0.15),
                ],
                0.014,
                "steel",
                4,
            )
            build.tube(
                [(x + 0.72, side * 0.18, 1.0), (x + 0.72, side * 0.14, 0.5)], 0.008, "steel", 4
            )
        build.tube([(x - 0.05, -0.27, 1.05), (x - 0.05, 0.27, 1.05)], 0.02, "paint", 5)
    return build.finish()


def rack() -> Solid:
    """Hoops to lean bicycles on."""
    build = Builder()
    for k in range(5):
        x = (k - 2) * 0.8
        hoop = [(x, -0.4, 0), (x, -0.4, 0.7), (x, -0.3, 0.8), (x, 0.3, 0.8), (x, 0.4, 0.7)]
        build.tube([*hoop, (x, 0.4, 0)], 0.025, "steel")
    return build.finish()


def bench() -> Solid:
    """A bench."""
    build = Builder()
    for y in (-0.15, 0.0, 0.15):
        build.box((0, y, 0.45), (0.85, 0.06, 0.02), "wood")
    for level in (0.65, 0.8):
        build.box((0, 0.24, level), (0.85, 0.02, 0.06), "wood")
    for side in (1, -1):
        build.box((side * 0.7, 0, 0.22), (0.03, 0.2, 0.22), "dark")
    return build.finish()


def barrier() -> Solid:
    """A concrete barrier of 2 m."""
    build = Builder()
    section = [
        (-0.28, 0),
        (-0.22, 0.2),
        (-0.1, 0.35),
        (-0.08, 0.8),
        (0.08, 0.8),
        (0.1, 0.35),
        (0.22, 0.2),
        (0.28, 0),
    ]
    ends = [[(x, y, z) for y, z in section] for x in (-1, 1)]
    n = len(section)
    build.add(
        ends[0] + ends[1],
        [[i, i + 1, n + i + 1, n + i] for i in range(n - 1)],
        "kerb",
        smooth=False,
    )
    build.add(
        ends[0] + ends[1], [list(range(n)), list(range(2 * n - 1, n - 1, -1))], "kerb", smooth=False
    )
    return build.finish()


def fence() -> Solid:
    """3 m of railing."""
    build = Builder()
    for level in (0.15, 1.25):
        build.tube([(-1.5, 0, level), (1.5, 0, level)], 0.02, "post", 4)
    for x in np.linspace(-1.5, 1.4, 16):
        build.tube([(x, 0, 0.05), (x, 0, 1.3)], 0.01 if x > -1.5 else 0.03, "post", 4)
    return build.finish()


def canopy() -> Solid:
    """A roof of sheet on posts, 6 × 2.4 m, open at the sides."""
    build = Builder()
    for x in (-2.9, 0, 2.9):
        for y in (-1.1, 1.1):
            build.tube([(x, y, 0), (x, y, 2.5)], 0.04, "post", 6)
    build.box((0, 0, 2.6), (3.1, 1.35, 0.03), "sheet", turn(0.07, "x"))
    return build.finish()


def stall() -> Solid:
    """A market stall: a table with goods in crates under an awning."""
    build = Builder()
    for x in (-1.2, 1.2):
        for y in (-0.8, 0.8):
            build.tube([(x, y, 0), (x, y, 2.2)], 0.025, "steel", 5)
    build.box((0, 0, 2.3), (1.5, 1.1, 0.02), "paint2", turn(0.15, "x"))
    build.box((0, 0, 0.8), (1.2, 0.5, 0.03), "wood")
    for k in range(5):
        build.box((-0.95 + k * 0.47, 0, 0.93), (0.2, 0.35, 0.1), "paint" if k % 2 else "cone")
    return build.finish()


def pallet() -> Solid:
    """Crates piled on a pallet."""
    build = Builder()
    build.box((0, 0, 0.07), (0.6, 0.4, 0.07), "wood")
    for k, (x, y) in enumerate([(-0.3, -0.2), (0.3, -0.2), (-0.3, 0.2), (0.3, 0.2)]):
        build.box((x, y, 0.14 + 0.25 * (1 + k % 2)), (0.28, 0.19, 0.25 * (1 + k % 2)), "paint2")
    return build.finish()


def house(seed: int) -> Solid:
    """A block of 12 × 8 m, two to five storeys, with windows, a shop front and things on top."""
    rng, build = np.random.default_rng(seed), Builder()
    storeys = int(rng.integers(1, 6))
    high = 3.2 * storeys + 0.4
    build.box((0, 0, high / 2), (6, 4, high / 2), "wall")
    build.box((0, 0, high), (6.12, 4.12, 0.15), "kerb")
    for storey in range(storeys):
        level = 3.2 * storey + 1.8
        shop = storey == 0 and seed % 2 == 0
        for front in (-1, 1):
            for x in np.arange(-4.8, 5, 2.4):
                size = (1.0, 0.05, 1.1) if shop else (0.6, 0.05, 0.75)
                build.box((x, front * 4.0, level - (0.2 if shop else 0)), size, "pane")
                if not shop:
                    build.box((x, front * 4.05, level - 0.82), (0.7, 0.08, 0.04), "kerb")
                    if rng.random() < 0.2:
                        build.box((x + 0.9, front * 4.2, level - 0.5), (0.35, 0.2, 0.25), "plate")
            for y in (-2, 0, 2):
                build.box((front * 6.0, y, level), (0.05, 0.6, 0.75), "pane")
        if shop:
            for front in (-1, 1):
                build.box((0, front * 4.08, 3.1), (5.8, 0.1, 0.35), "paint")
                if rng.random() < 0.5:
                    build.box(
                        (0, front * 4.7, 2.7), (5.5, 0.7, 0.03), "paint2", turn(front * -0.25, "x")
                    )
    for _ in range(4):
        build.box((rng.uniform(-5, 5), rng.uniform(-3, 3), high + 0.5), (0.7, 0.5, 0.4), "steel")
    return build.finish()


MAKERS: dict[str, Callable[[], Solid]] = {
    **{f"tree{k}": lambda k=k: tree(20 + k, 5.0 + 0.8 * k) for k in range(3)},  # type: ignore[misc]
    **{f"palm{k}": lambda k=k: palm(k) for k in range(2)},  # type: ignore[misc]
    **{f"house{k}": lambda k=k: house(k) for k in range(8)},  # type: ignore[misc]
    "hedge": lambda: hedge(1),
    "shrub": lambda: shrub(2),
    "lamp": lamp,
    "post": post,
    "bollard": bollard,
    "cone": cone,
    "bin": waste_bin,
    "skip": skip,
    "trolleys": trolleys,
    "rack": rack,
    "bicycle": bicycle,
    "bench": bench,
    "barrier": barrier,
    "fence": fence,
    "canopy": canopy,
    "stall": stall,
    "pallet": pallet,
}
"""Every prop by its name, and how it is made."""
