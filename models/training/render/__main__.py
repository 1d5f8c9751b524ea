"""Render labelled photos: `python -m models.training.render OUT --count 300 --seed 1`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import numpy as np

from models.training.render.develop import develop
from models.training.render.folder import gather, is_done, save
from models.training.render.scenes import KINDS, decide, enlarged
from models.training.render.truth import seen_spaces, seen_vehicles

GATHER_EVERY = 10
"""After so many pictures scenes.json and spaces.json are brought up to date."""


def main() -> int:
    """Render what is not there yet."""
    asked = _arguments().parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", str(asked.threads))
    try:
        from models.training.render.stage import Stage
    except ModuleNotFoundError as missing:
        if missing.name != "bpy":
            raise
        sys.stderr.write(
            'Blender\'s Python module is missing: pip install "bpy<6" pillow, best in an'
            " environment of its own, as it brings an older NumPy than Parkcore's\n"
        )
        return 1
    stage = Stage(asked.samples, asked.threads)
    made = 0
    for number in range(asked.start, asked.start + asked.count):
        scene = enlarged(decide(asked.seed, number, asked.kind), asked.enlarged)
        if is_done(asked.out, scene.name):
            continue
        began = time.monotonic()
        linear, numbers = stage.shoot(scene)
        rng = np.random.default_rng([asked.seed, number, 2])
        distance = scene.camera.ground_distance()
        picture = develop(linear, distance, scene.light, scene.weather, rng)
        seen = seen_vehicles(scene, numbers, stage.samples, picture)
        spaces = seen_spaces(scene, numbers, seen)
        quality = int(rng.choice([45, 60, 72, 80, 88, 94]))
        save(asked.out, scene, picture, list(seen.values()), spaces, quality)
        made += 1
        labelled = sum(not one.doubt for one in seen.values())
        sys.stderr.write(
            f"{scene.name}: {labelled} of {len(seen)} vehicles, {len(spaces)} spaces, "
            f"{scene.light.name}, {scene.weather.name}, {time.monotonic() - began:.1f} s\n"
        )
        if made % GATHER_EVERY == 0:
            gather(asked.out)
    sys.stderr.write(f"{gather(asked.out)} pictures in {asked.out}\n")
    return 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m models.training.render", description=__doc__)
    parser.add_argument("out", type=Path, metavar="OUT", help="folder; what is there stays")
    parser.add_argument("--count", type=int, default=300, help="how many pictures (300)")
    parser.add_argument("--from", type=int, default=0, dest="start", help="first number (0)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other pictures (1)")
    parser.add_argument("--kind", choices=list(KINDS), help="one kind of scene only")
    parser.add_argument(
        "--enlarged", type=float, default=1.0, help="the same scenes, so many times as wide (1)"
    )
    parser.add_argument("--samples", type=int, default=2, help="rays a pixel (2)")
    parser.add_argument("--threads", type=int, default=1, help="processor cores (1)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
