"""What a scene consists of, decided before anything is built. Metres and radians."""

from __future__ import annotations

from dataclasses import dataclass, field

from models.training.render.lens import Camera

CLASSES = ("car", "motorcycle", "bus", "truck")
"""The types in the order of the labels' numbers."""
Point = tuple[float, float]
Colour = tuple[float, float, float]
"""Linear light, 0 to 1."""


@dataclass(frozen=True)
class Vehicle:
    """A vehicle that stands somewhere."""

    kind: str
    """One of CLASSES."""
    shape: str
    at: Point
    heading: float
    colour: Colour
    lean: float = 0.0
    """To its right; on a side stand it is negative."""
    lights: float = 0.0
    scale: float = 1.0


@dataclass(frozen=True)
class Space:
    """A marked space, its corners in order, and the number of the vehicle on it."""

    name: str
    corners: tuple[Point, Point, Point, Point]
    vehicle: int | None


@dataclass(frozen=True)
class Stripe:
    """A painted line."""

    start: Point
    end: Point
    width: float = 0.11


@dataclass(frozen=True)
class Patch:
    """A rectangle of another ground; with a kerb it is raised."""

    low: Point
    high: Point
    stuff: str
    height: float = 0.0


@dataclass(frozen=True)
class Prop:
    """A thing out of `props.MAKERS`."""

    name: str
    at: Point
    heading: float = 0.0
    scale: float = 1.0
    colour: Colour = (0.3, 0.3, 0.3)


@dataclass(frozen=True)
class Light:
    """The light: `day`, `overcast`, `dusk` or `night`."""

    name: str
    sun: tuple[float, float]
    """Elevation and bearing."""
    lamp_colour: Colour
    exposure: float
    """Stops away from what a camera would choose."""


@dataclass(frozen=True)
class Weather:
    """`clear`, `wet`, `rain` or `fog`."""

    name: str
    wet: float = 0.0
    """0 dry, 1 puddles."""
    haze: float = 0.0
    """How much contrast a hundred metres of air take: exp(-haze)."""
    drops: int = 0
    """Raindrops on the lens."""


@dataclass
class Site:
    """All that stands and lies on a site; grows while a scene is decided."""

    ground: str
    line_colour: Colour = (0.75, 0.75, 0.72)
    vehicles: list[Vehicle] = field(default_factory=list)
    spaces: list[Space] = field(default_factory=list)
    stripes: list[Stripe] = field(default_factory=list)
    patches: list[Patch] = field(default_factory=list)
    props: list[Prop] = field(default_factory=list)


@dataclass(frozen=True)
class Scene:
    """One picture to be."""

    name: str
    kind: str
    seed: int
    site: Site
    camera: Camera
    light: Light
    weather: Weather
