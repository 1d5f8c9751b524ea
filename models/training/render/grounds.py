"""What a car park lies on: grounds that differ from picture to picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from models.training.render.nodes import Nodes, Socket, material

Random = np.random.Generator


def ground(kind: str, rng: Random, wet: float) -> Any:
    """A material of a kind out of BUILDERS; wet is 0 to 1."""
    return material(f"ground {kind}", lambda n: _ground(n, kind, rng, wet))


def line(colour: tuple[float, float, float], rng: Random, wet: float) -> Any:
    """Road paint, more or less worn."""
    worn = float(rng.uniform(0.0, 0.75))

    def build(n: Nodes) -> Socket:
        at = n.position()
        wear = n.math(
            "MULTIPLY",
            n.ramp(n.noise(22, 3, 0.7, at), 0.3, 0.65),
            n.ramp(n.noise(0.5, 2, 0.5, at), 0.3, 0.62, 0.5, 1),
        )
        paint = n.shader(color=colour, rough=0.7 - 0.4 * wet)
        shown = n.ramp(wear, 0.12, 0.42, 1 - worn, 1 - worn * 0.1)
        return n.either(shown, n("BsdfTransparent").outputs[0], paint)

    return material("line", build)


def _ground(n: Nodes, kind: str, rng: Random, wet: float) -> Socket:
    at = n.position()
    tone = BUILDERS[kind](n, rng, at)
    big = n.noise(float(rng.uniform(0.1, 0.3)), 3, 0.6, at)
    shade = float(rng.uniform(0.5, 0.8))
    tone = n.mix(
        n.ramp(big, 0.35, 0.68, 0, float(rng.uniform(0.2, 0.7))),
        tone,
        n.mix(1.0, tone, (shade, shade, shade), "MULTIPLY"),
    )
    if kind in ("asphalt", "concrete", "pavers"):
        tone = _stained(n, rng, at, tone, cracked=kind != "pavers")
    rough: Socket = 0.9 if kind != "concrete" else 0.75
    if wet:
        pool = n.ramp(
            n.noise(float(rng.uniform(0.12, 0.4)), 2, 0.5, at), 0.66 - 0.14 * wet, 0.74 - 0.14 * wet
        )
        rough = n.ramp(pool, 0, 1, 0.55 - 0.2 * wet, 0.04)
        tone = n.mix(n.ramp(pool, 0, 1, 0.35, 0.65), tone, (0.01, 0.01, 0.011))
    return n.shader(color=tone, rough=rough, spec=0.35 + 0.3 * wet)


def _stained(n: Nodes, rng: Random, at: Socket, tone: Socket, *, cracked: bool) -> Socket:
    """Oil, smears of tyres, cracks and repairs."""
    smear = n(
        "Mapping",
        {"Vector": at, "Scale": (0.10, 1.1, 1), "Rotation": (0, 0, float(rng.uniform(0, 3)))},
    )
    dark = (0.03, 0.03, 0.029)
    tone = n.mix(
        n.ramp(n.noise(1.3, 2, 0.55, smear.outputs[0]), 0.54, 0.8, 0, float(rng.uniform(0.1, 0.6))),
        tone,
        dark,
    )
    drops = n("TexVoronoi", {"Scale": float(rng.uniform(0.25, 0.6)), "Vector": at})
    spot = n.math(
        "MULTIPLY",
        n.ramp(drops.outputs["Distance"], 0.06, 0.3, 1, 0),
        n.ramp(n.noise(7, 2, 0.6, at), 0.4, 0.62),
    )
    tone = n.mix(
        n.math("MULTIPLY", spot, float(rng.uniform(0.2, 0.85))), tone, (0.018, 0.017, 0.016)
    )
    if cracked and rng.random() < 0.3:
        crack = n("TexVoronoi", {"Scale": 0.2, "Vector": at}, feature="DISTANCE_TO_EDGE")
        tone = n.mix(
            n.math(
                "MULTIPLY",
                n.math(
                    "MULTIPLY",
                    n.below(crack.outputs["Distance"], 0.002),
                    n.ramp(n.noise(0.2, 2, 0.5, at), 0.45, 0.6),
                ),
                0.7,
            ),
            tone,
            (0.016, 0.015, 0.015),
        )
    if cracked and rng.random() < 0.5:
        cells = n("TexVoronoi", {"Scale": 0.085, "Vector": at}, distance="CHEBYCHEV")
        tone = n.mix(n.math("MULTIPLY", n.below(cells.outputs["Distance"], 0.13), 0.5), tone, dark)
    return tone


def _asphalt(n: Nodes, rng: Random, at: Socket) -> Socket:
    level = float(rng.uniform(0.5, 2.2))
    low, high = (tuple(v * level for v in c) for c in ((0.036, 0.036, 0.038), (0.12, 0.118, 0.114)))
    return n.mix(n.noise(60, 1, 0.6, at), low, high)


def _concrete(n: Nodes, rng: Random, at: Socket) -> Socket:
    level = float(rng.uniform(0.22, 0.5))
    tone = n.mix(
        n.noise(2.0, 4, 0.6, at),
        (level * 0.85, level * 0.84, level * 0.8),
        (level, level * 0.98, level * 0.93),
    )
    slab = float(rng.uniform(0.2, 0.45))
    joints = n(
        "TexBrick",
        {
            "Vector": at,
            "Scale": slab,
            "Mortar Size": 0.004,
            "Brick Width": 1.0,
            "Row Height": 1.0,
            "Color1": (1, 1, 1, 1),
            "Color2": (0.9, 0.9, 0.9, 1),
            "Mortar": (0.3, 0.3, 0.3, 1),
        },
        offset=0.0,
    )
    return n.mix(1.0, tone, joints.outputs[0], "MULTIPLY")


def _pavers(n: Nodes, rng: Random, at: Socket) -> Socket:
    base = [(0.30, 0.29, 0.27), (0.28, 0.14, 0.10), (0.36, 0.30, 0.22), (0.16, 0.16, 0.165)][
        int(rng.integers(4))
    ]
    other = tuple(c * float(rng.uniform(0.65, 0.95)) for c in base)
    joint = tuple(c * 0.45 for c in base)
    turned = n("Mapping", {"Vector": at, "Rotation": (0, 0, float(rng.choice([0, 0.785, 1.571])))})
    wide = float(rng.uniform(0.2, 0.5))
    stones = n(
        "TexBrick",
        {
            "Vector": turned.outputs[0],
            "Scale": 1.0,
            "Mortar Size": 0.012,
            "Brick Width": wide,
            "Row Height": wide * float(rng.choice([0.5, 1.0])),
            "Color1": (*base, 1),
            "Color2": (*other, 1),
            "Mortar": (*joint, 1),
        },
    )
    return stones.outputs[0]


def _gravel(n: Nodes, rng: Random, at: Socket) -> Socket:
    warm = float(rng.uniform(0.8, 1.0))
    stones = n("TexVoronoi", {"Scale": 14.0, "Vector": at})
    return n.mix(
        n.ramp(stones.outputs["Distance"], 0.1, 0.7),
        (0.42, 0.41 * warm, 0.38 * warm),
        (0.17, 0.16, 0.14),
    )


def _dirt(n: Nodes, rng: Random, at: Socket) -> Socket:
    warm = float(rng.uniform(0.5, 0.8))
    return n.mix(
        n.noise(4, 5, 0.7, at), (0.12, 0.10 * warm, 0.07 * warm), (0.32, 0.28 * warm, 0.20 * warm)
    )


def _grass(n: Nodes, rng: Random, at: Socket) -> Socket:
    dry = n.ramp(n.noise(0.7, 3, 0.6, at), 0.42, 0.70, 0, float(rng.uniform(0.1, 0.9)))
    return n.mix(
        dry,
        n.mix(n.noise(30, 3, 0.7, at), (0.018, 0.034, 0.008), (0.075, 0.10, 0.03)),
        (0.12, 0.11, 0.05),
    )


BUILDERS: dict[str, Callable[[Nodes, Random, Socket], Socket]] = {
    "asphalt": _asphalt,
    "concrete": _concrete,
    "pavers": _pavers,
    "paving": _pavers,
    "gravel": _gravel,
    "dirt": _dirt,
    "soil": _dirt,
    "grass": _grass,
}
