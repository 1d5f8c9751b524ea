"""What surrounds a car park: verges, houses, trees, lamps and what stands about."""

from __future__ import annotations

import math

import numpy as np

from models.training.render.lens import Camera
from models.training.render.plan import Colour, Patch, Point, Prop, Site, Vehicle

Random = np.random.Generator
TALL = {"tree": 3.5, "palm": 2.5, "house": 9.0, "canopy": 4.0, "hedge": 1.8, "lamp": 1.0}
"""How far these keep from the line of sight, metres."""


def fits(site: Site, one: Vehicle, gap: float = 0.3) -> bool:
    """Whether a vehicle stands clear of those that are there."""
    radius = {"car": 2.2, "motorcycle": 0.9, "bus": 5.5, "truck": 4.0}
    here = radius[one.kind]
    return all(
        math.dist(one.at, other.at) > here * 0.8 + radius[other.kind] * 0.8 + gap
        for other in site.vehicles
    )


def _clear(at: Point, camera: Camera, keep: float) -> bool:
    """Whether a place keeps so far from the line between camera and target."""
    a, b, p = np.array(camera.place[:2]), np.array(camera.target[:2]), np.array(at)
    along = b - a
    t = float(np.clip((p - a) @ along / max(along @ along, 1e-6), -0.3, 1.0))
    return bool(np.hypot(*(p - a - t * along)) > keep)


def _free(site: Site, at: Point, keep: float) -> bool:
    """Whether nothing is parked within that distance."""
    radius = {"car": 2.3, "motorcycle": 1.0, "bus": 6.0, "truck": 4.2}
    return all(math.dist(at, v.at) > radius[v.kind] + keep for v in site.vehicles)


def _colour(rng: Random) -> Colour:
    r, g, b = (float(c) for c in rng.random(3) ** 2 * 0.6)
    return r, g, b


def surround(
    rng: Random, site: Site, camera: Camera, *, night: bool, wide: float, deep: float
) -> None:
    """Add the surroundings of what is parked."""
    at = np.array([v.at for v in site.vehicles] + [c for s in site.spaces for c in s.corners[:2]])
    reach = np.abs(at).max(0) + 4.0 if len(at) else np.array([wide, deep]) * 0.5
    x1, y1 = float(min(reach[0], 60)), float(min(reach[1], 60))
    _verges(rng, site, camera, x1, y1)
    _houses(rng, site, camera, x1, y1)
    for _ in range(int(rng.integers(4, 26))):
        angle = float(rng.uniform(0, math.tau))
        far = float(rng.uniform(1.05, 1.7))
        spot = (x1 * far * math.cos(angle) * 1.2, y1 * far * math.sin(angle) * 1.2)
        name = str(
            rng.choice(
                ["tree0", "tree1", "tree2", "palm0", "palm1", "shrub", "hedge"],
                p=[0.25, 0.2, 0.2, 0.08, 0.07, 0.1, 0.1],
            )
        )
        _put(
            rng,
            site,
            camera,
            Prop(name, spot, float(rng.uniform(0, 6.28)), float(rng.uniform(0.7, 1.4))),
        )
    _lamps(rng, site, camera, x1, y1, night=night)
    for _ in range(int(rng.integers(2, 18))):
        name = str(
            rng.choice(
                [
                    "post",
                    "bollard",
                    "cone",
                    "bin",
                    "skip",
                    "trolleys",
                    "bicycle",
                    "bench",
                    "barrier",
                    "fence",
                    "pallet",
                    "stall",
                    "rack",
                    "shrub",
                ]
            )
        )
        spot = (float(rng.uniform(-x1, x1)), float(rng.uniform(-y1, y1)))
        if not _free(site, spot, 0.4):
            continue
        heading = float(rng.choice([0, math.pi / 2]) + rng.normal(0, 0.1))
        step = {
            "bollard": 1.2,
            "cone": 1.5,
            "bin": 0.7,
            "bicycle": 0.6,
            "barrier": 2.1,
            "fence": 3.0,
        }.get(name, 0)
        colour = _colour(rng)
        for k in range(int(rng.integers(1, 6)) if step else 1):
            along = (spot[0] + k * step * math.cos(heading), spot[1] + k * step * math.sin(heading))
            turned = heading + (math.pi / 2 if name == "bicycle" else 0)
            if _free(site, along, 0.2):
                _put(rng, site, camera, Prop(name, along, turned, 1.0, colour))
    machines = [v for v in site.vehicles if v.kind == "motorcycle"]
    if len(machines) > 30 and rng.random() < 0.12:
        over = machines[int(rng.integers(len(machines)))].at
        for k in range(int(rng.integers(1, 4))):
            _put(rng, site, camera, Prop("canopy", (over[0] + 6 * k, over[1])))


def _put(rng: Random, site: Site, camera: Camera, prop: Prop) -> None:
    """Add a prop unless it would stand before the lens; now and then a tree may."""
    keep = TALL.get(prop.name.rstrip("0123456789"), 0.8) * max(prop.scale, 1.0)
    near = math.dist(prop.at, camera.place[:2]) < keep + 2.0
    if _clear(prop.at, camera, keep) or (not near and rng.random() < 0.05):
        site.props.append(prop)


def _verges(rng: Random, site: Site, camera: Camera, x1: float, y1: float) -> None:
    far = 90.0
    for side in (-1, 1):
        if rng.random() < 0.7:
            stuff = str(rng.choice(["grass", "paving", "soil"], p=[0.55, 0.3, 0.15]))
            wide = float(rng.uniform(1.5, 14))
            low, high = sorted((side * (y1 + 1.0), side * (y1 + 1.0 + wide)))
            site.patches.append(Patch((-far, low), (far, high), stuff, 0.12))
        if rng.random() < 0.7:
            stuff = str(rng.choice(["grass", "paving", "soil"], p=[0.55, 0.3, 0.15]))
            low, high = sorted((side * (x1 + 1.0), side * (x1 + 1.0 + float(rng.uniform(1.5, 14)))))
            site.patches.append(Patch((low, -y1), (high, y1), stuff, 0.12))
    if rng.random() < 0.35:
        for space in list(site.spaces)[:: max(1, len(site.spaces) // 4)][1:4]:
            (x, y), (x2, _) = space.corners[0], space.corners[1]
            high = space.corners[2][1]
            if _free(site, ((x + x2) / 2, (y + high) / 2), -1.0) and space.vehicle is None:
                straight = abs(space.corners[3][0] - x) < 0.1
                if straight:
                    site.patches.append(
                        Patch((x + 0.1, y + 0.1), (x2 - 0.1, high - 0.1), "grass", 0.13)
                    )
                    site.spaces.remove(space)
                    spot = ((x + x2) / 2, (y + high) / 2)
                    _put(rng, site, camera, Prop(str(rng.choice(["tree1", "shrub"])), spot, 0, 0.7))


def _houses(rng: Random, site: Site, camera: Camera, x1: float, y1: float) -> None:
    hue = rng.random()
    for side in ("north", "south", "east", "west"):
        if rng.random() < 0.25:
            continue
        gap, scale = float(rng.uniform(9, 26)), float(rng.uniform(0.9, 1.8))
        run = x1 if side in ("north", "south") else y1
        for k in np.arange(-run - 20, run + 20, 12.5 * scale):
            if rng.random() < 0.25:
                continue
            off = float(rng.normal(0, 1.0))
            spot, heading = {
                "north": ((float(k), y1 + gap + off), 0.0),
                "south": ((float(k), -y1 - gap + off), math.pi),
                "east": ((x1 + gap + off, float(k)), math.pi / 2),
                "west": ((-x1 - gap + off, float(k)), -math.pi / 2),
            }[side]
            tone = float(rng.uniform(0.15, 0.6))
            colour = (tone, tone * (0.82 + 0.15 * hue), tone * (0.62 + 0.3 * float(rng.random())))
            _put(rng, site, camera, Prop(f"house{rng.integers(8)}", spot, heading, scale, colour))


def _lamps(rng: Random, site: Site, camera: Camera, x1: float, y1: float, *, night: bool) -> None:
    if not night and rng.random() < 0.4:
        return
    middle = np.array(camera.target[:2])
    step = float(rng.uniform(9, 16))
    for k, m in np.ndindex(3, 3):
        for _ in range(6):
            spot = middle + (np.array([k, m]) - 1 + rng.uniform(-0.3, 0.3, 2)) * step
            x, y = float(np.clip(spot[0], -x1, x1)), float(np.clip(spot[1], -y1, y1))
            if _free(site, (x, y), 0.1) and _clear((x, y), camera, 1.0):
                site.props.append(Prop("lamp", (x, y), float(rng.uniform(0, 6.28))))
                break
