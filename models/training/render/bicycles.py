"""What has two wheels and is no motorcycle: a detector has to tell them apart."""

from __future__ import annotations

import math

from models.training.render.solids import Builder, Solid


def bicycle() -> Solid:
    """A bicycle: thin, two-wheeled and no motorcycle."""
    build, r = Builder(), 0.34
    for x in (0.53, -0.50):
        build.lathe([(r - 0.03, -0.012), (r, 0.0), (r - 0.03, 0.012)], 24, "tyre", (x, 0, r))
        for i in range(8):
            angle = math.pi * i / 4
            end = (x + 0.31 * math.cos(angle), 0, r + 0.31 * math.sin(angle))
            build.tube([(x, 0, r), end], 0.003, "rim", 3)
    crank, seat, head = (-0.06, 0.0, 0.29), (-0.20, 0.0, 0.82), (0.36, 0.0, 0.86)
    low = (0.40, 0.0, 0.70)
    for path in (
        [crank, seat],
        [crank, low],
        [seat, head],
        [crank, (-0.5, 0, r)],
        [seat, (-0.5, 0, r)],
    ):
        build.tube(path, 0.018, "paint", 5)
    build.tube([(0.53, 0, r), low, head, (0.33, 0, 0.98)], 0.017, "paint", 5)
    build.tube(
        [(0.28, 0.28, 1.0), (0.36, 0.1, 1.0), (0.36, -0.1, 1.0), (0.28, -0.28, 1.0)],
        0.013,
        "dark",
        5,
    )
    build.tube([seat, (-0.23, 0, 0.93)], 0.013, "steel", 5)
    build.box((-0.24, 0, 0.95), (0.13, 0.06, 0.025), "seat")
    build.lathe([(0.09, 0), (0.07, 0.01)], 12, "dark", (crank[0], -0.04, crank[2]))
    for side in (1, -1):
        build.box((crank[0] + side * 0.14, side * 0.12, crank[2]), (0.05, 0.04, 0.01), "dark")
    return build.finish()
