"""A scene out of a seed: what stands there, who looks on, in which light. Knows no Blender."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from models.training.render.lens import Camera
from models.training.render.places import fits, surround
from models.training.render.plan import Light, Prop, Scene, Site, Stripe, Weather
from models.training.render.rows import (
    UP,
    Habits,
    car,
    car_row,
    habits,
    heavy,
    heavy_row,
    kerbside,
    machine,
    machine_row,
    marking,
    pick,
)

Random = np.random.Generator

KINDS = {"machines": 0.225, "mixed": 0.225, "cars": 0.35, "depot": 0.10, "empty": 0.10}
"""What is rendered, and which share of it: rows of motorcycles, those among cars, car parks,
depots of buses and lorries, and places that nobody parks on."""
LENGTH = {"machines": 2.0, "mixed": 2.0, "cars": 4.4, "depot": 9.0, "empty": 4.4}
"""The length of what a kind of scene is about, metres."""
PIXELS = {
    "machines": (26, 105),
    "mixed": (26, 80),
    "cars": (34, 125),
    "depot": (70, 230),
    "empty": (34, 125),
}
"""How long that is in the picture's middle, pixels."""
MOST_MACHINES = 260


def decide(seed: int, number: int, kind: str | None = None) -> Scene:
    """The scene of a number in a series; the same for the same seed and number."""
    rng = np.random.default_rng([seed, number])
    drawn = pick(rng, KINDS)
    kind = kind or drawn
    size = (512, 512) if rng.random() < 0.6 else (640, 480)
    camera = look(rng, kind, size)
    site = Site(
        ground=pick(rng, {"asphalt": 5, "concrete": 2.5, "pavers": 2.5, "gravel": 1, "dirt": 0.7}),
        line_colour=pick(
            rng, {(0.75, 0.75, 0.72): 5, (0.70, 0.45, 0.04): 1.5, (0.12, 0.25, 0.6): 0.5}
        ),
    )
    distance = math.dist(camera.place, camera.target)
    wide = distance * size[0] / camera.focal
    deep = min(wide / max(0.25, camera.place[2] / distance), 70.0)
    {"machines": _machines, "mixed": _mixed, "cars": _cars, "depot": _depot, "empty": _empty}[kind](
        rng, site, wide, deep
    )
    heading = float(rng.uniform(0, math.tau) if rng.random() < 0.6 else rng.normal(0, 0.25))
    camera = turned(camera, heading)
    light, weather = light_of(rng), weather_of(rng)
    surround(rng, site, camera, night=light.name in ("night", "dusk"), wide=wide, deep=deep)
    return Scene(f"{kind}-{number:05d}", kind, seed, site, camera, light, weather)


def enlarged(scene: Scene, factor: float) -> Scene:
    """The same scene by a camera with more pixels: `factor` times as many a side."""
    width, height = (round(factor * side) for side in scene.camera.size)
    return replace(scene, camera=replace(scene.camera, size=(width, height)))


def look(rng: Random, kind: str, size: tuple[int, int]) -> Camera:
    """A camera that sees what the scene is about at a fair size, somewhere south of it."""
    low, high = PIXELS[kind]
    pixels = math.exp(rng.uniform(math.log(low), math.log(high)))
    fisheye = bool(rng.random() < 0.12)
    field = math.radians(rng.uniform(100, 150) if fisheye else rng.uniform(38, 88))
    rough = Camera((0, -1, 1), (0, 0, 0), field, size, fisheye)
    distance = rough.focal * LENGTH[kind] / pixels
    height = float(np.clip(distance * math.sin(math.radians(rng.uniform(14, 68))), 2.6, 25.0))
    height = min(height, distance * 0.95)
    away = math.sqrt(distance**2 - height**2)
    aim = (float(rng.uniform(-0.1, 0.1) * distance), float(rng.uniform(-0.1, 0.1) * distance), 0.4)
    place = (aim[0], aim[1] - away, height)
    return Camera(place, aim, field, size, fisheye, roll=float(rng.normal(0, 0.02)))


def turned(camera: Camera, angle: float) -> Camera:
    """The same camera, walked around the middle of the site."""
    c, s = math.cos(angle), math.sin(angle)
    (x, y, z), (tx, ty, tz) = camera.place, camera.target
    return Camera(
        (c * x - s * y, s * x + c * y, z),
        (c * tx - s * ty, s * tx + c * ty, tz),
        camera.field,
        camera.size,
        camera.fisheye,
        camera.roll,
    )


def light_of(rng: Random) -> Light:
    """A light: every second picture by day, every fourth by night."""
    name = pick(rng, {"day": 0.44, "overcast": 0.19, "dusk": 0.13, "night": 0.24})
    lamps = {(1.0, 0.62, 0.28): 2.0, (1.0, 0.80, 0.55): 2.0, (0.88, 0.95, 1.0): 3.0}
    return Light(
        name,
        (math.radians(float(rng.uniform(9, 78))), float(rng.uniform(0, math.tau))),
        pick(rng, lamps),
        float(np.clip(rng.normal(0, 0.45), -1.2, 1.0)),
    )


def weather_of(rng: Random) -> Weather:
    """A weather: mostly dry and clear."""
    name = pick(rng, {"clear": 0.62, "wet": 0.12, "rain": 0.13, "fog": 0.13})
    if name == "wet":
        return Weather(name, wet=float(rng.uniform(0.5, 1.0)))
    if name == "rain":
        drops = int(rng.choice([0, 0, 12, 30]))
        return Weather(name, wet=1.0, haze=float(rng.uniform(0.2, 1.0)), drops=drops)
    if name == "fog":
        return Weather(name, wet=float(rng.choice([0, 0.4])), haze=float(rng.uniform(1.2, 4.0)))
    return Weather(name, haze=float(rng.uniform(0, 0.25)))


def _machine_rows(
    rng: Random, site: Site, how: Habits, half: float, low: float, high: float
) -> None:
    """Rows of machines between two heights, single or nose to nose, aisles between."""
    aisle = float(rng.uniform(1.4, 3.6))
    facing = rng.random() < 0.6
    heading = UP if rng.random() < 0.5 else -UP
    y = low + 1.0
    while y < high and len(site.vehicles) < MOST_MACHINES:
        start, end = -half + rng.uniform(0, 2.5), half - rng.uniform(0, 2.5)
        machine_row(rng, site, how, start, end, y, UP if facing else heading)
        if facing:
            y += float(rng.uniform(1.85, 2.35))
            machine_row(rng, site, how, start + rng.uniform(-1, 1), end, y, -UP)
        y += 2.0 + aisle


def _machines(rng: Random, site: Site, wide: float, deep: float) -> None:
    half, depth = min(wide * 0.75, 22.0), min(deep * 0.7, 20.0)
    _machine_rows(rng, site, habits(rng), half, -depth, depth)


def _mixed(rng: Random, site: Site, wide: float, deep: float) -> None:
    """Machines on one side, cars on the other; or cars along a kerb before the machines."""
    half, depth = min(wide * 0.8, 24.0), min(deep * 0.7, 20.0)
    how = habits(rng)
    border = float(rng.uniform(-0.35, 0.35) * depth)
    _machine_rows(rng, site, how, half, -depth * 0.7, border)
    full = float(rng.uniform(0.5, 1.0))
    if rng.random() < 0.35:
        kerbside(rng, site, -half, half, border + 3.5, full, "K")
        car_lanes(rng, site, half, border + 9.0, depth + 8, full)
    else:
        car_lanes(rng, site, half, border + 4.0, depth + 8, full)
    for _ in range(int(rng.integers(0, 7))):
        spot = (float(rng.uniform(-half, half)), float(rng.uniform(-depth, depth)))
        one = machine(rng, how, spot, float(rng.uniform(0, math.tau)))
        if fits(site, one):
            site.vehicles.append(one)


def car_lanes(rng: Random, site: Site, half: float, low: float, high: float, full: float) -> None:
    """Double rows of spaces with aisles between, from one height to another."""
    how = marking(rng, painted=site.ground not in ("gravel", "dirt"))
    aisle, y, row = float(rng.uniform(4.6, 7.0)), low, 0
    while y < high:
        for _ in range(2):
            start = -half + float(rng.uniform(0, 3))
            car_row(
                rng,
                site,
                how,
                start,
                half,
                y,
                float(np.clip(full + rng.normal(0, 0.1) * min(1.0, 4 * full), 0, 1)),
                "ABCDEFGHIJKLMNOP"[row % 16] * (1 + row // 16),
            )
            y += how.depth
            row += 1
        if rng.random() < 0.4:
            x = float(rng.uniform(-half, half))
            arrow = float(rng.choice([-1, 1]))
            site.stripes.append(Stripe((x - 1.4, y + aisle / 2), (x + 0.6, y + aisle / 2), 0.2))
            for side in (0.4, -0.4):
                site.stripes.append(
                    Stripe(
                        (x + 0.6 * arrow, y + aisle / 2 + side),
                        (x + 1.5 * arrow, y + aisle / 2),
                        0.2,
                    )
                )
        y += aisle
    for _ in range(int(rng.integers(0, 3))):
        driving = (float(rng.uniform(-half, half)), float(rng.uniform(low, high)))
        one = car(rng, driving, 0.0)
        if fits(site, one):
            site.vehicles.append(one)


def _cars(rng: Random, site: Site, wide: float, deep: float) -> None:
    half, depth = min(wide * 0.85, 45.0), min(deep * 0.8, 45.0)
    full = float(rng.choice([rng.uniform(0.05, 0.4), rng.uniform(0.4, 0.85), rng.uniform(0.85, 1)]))
    car_lanes(rng, site, half, -depth, depth, full)
    if rng.random() < 0.3:
        kerbside(rng, site, -half, half, -depth - 5.0, full, "K")
    if rng.random() < 0.3:
        how = habits(rng)
        for _ in range(int(rng.integers(1, 9))):
            spot = (float(rng.uniform(-half, half)), float(rng.uniform(-depth, depth)))
            one = machine(rng, how, spot, float(rng.uniform(0, math.tau)))
            if fits(site, one):
                site.vehicles.append(one)


def _depot(rng: Random, site: Site, wide: float, deep: float) -> None:
    half, depth = min(wide * 0.8, 40.0), min(deep * 0.8, 40.0)
    buses, full = float(rng.choice([0.0, 0.5, 0.9, 1.0])), float(rng.uniform(0.5, 1.0))
    y, aisle = -depth, float(rng.uniform(4, 10))
    while y < depth:
        heavy_row(rng, site, -half, half, y + 6.5, buses, full)
        y += 13 + aisle
    for _ in range(int(rng.integers(0, 10))):
        spot = (float(rng.uniform(-half, half)), float(rng.uniform(-depth, depth)))
        one = car(rng, spot, 0.0) if rng.random() < 0.8 else heavy(rng, "truck", spot, 0.0)
        if fits(site, one):
            site.vehicles.append(one)


def _empty(rng: Random, site: Site, wide: float, deep: float) -> None:
    """Spaces and racks without vehicles, or almost: what lies about is not one."""
    half, depth = min(wide * 0.85, 35.0), min(deep * 0.8, 35.0)
    full = float(rng.choice([0.0, 0.0, 0.0, 0.03]))
    if rng.random() < 0.75:
        car_lanes(rng, site, half, -depth, depth, full)
    for _ in range(int(rng.integers(1, 5))):
        x, y = float(rng.uniform(-half, half)), float(rng.uniform(-depth, depth)) * 0.6
        if rng.random() < 0.6:
            pitch = float(rng.uniform(0.45, 0.8))
            for k in range(int(rng.integers(6, 30))):
                colour = (
                    float(rng.random()) ** 2,
                    float(rng.random()) ** 2,
                    float(rng.random()) ** 2,
                )
                site.props.append(
                    Prop(
                        "bicycle",
                        (x + k * pitch, y),
                        UP + float(rng.normal(0, 0.08)),
                        colour=colour,
                    )
                )
        else:
            name = pick(
                rng, {"trolleys": 2, "rack": 1, "skip": 1, "pallet": 2, "bin": 2, "stall": 1}
            )
            gap = {"trolleys": 0.8, "rack": 4.0, "bin": 0.7, "stall": 3.4}.get(name, 2.2)
            for k in range(int(rng.integers(2, 9))):
                colour = (
                    float(rng.random()) ** 2,
                    float(rng.random()) ** 2,
                    float(rng.random()) ** 2,
                )
                site.props.append(
                    Prop(name, (x + k * gap, y), UP + float(rng.normal(0, 0.05)), colour=colour)
                )
