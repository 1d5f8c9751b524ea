"""Sun, sky and lamps."""

from __future__ import annotations

import math
from typing import Any

import bpy
import numpy as np
from mathutils import Vector

from models.training.render.nodes import Nodes, put
from models.training.render.plan import Colour, Scene

LAMP_HEIGHT = 6.5
ARM = 1.18


def illuminate(scene: Scene, rng: np.random.Generator, lamp_stuff: Any) -> list[Any]:
    """Set the sky, and place the sun and the lamps that burn; the lights' objects."""
    light = scene.light
    thick = scene.weather.name in ("rain", "fog") or light.name == "overcast"
    elevation, bearing = light.sun
    _sky(light.name, thick, elevation, rng)
    lights = []
    if light.name == "day" and not thick:
        lights.append(_sun(elevation, bearing))
    burns = light.name in ("night", "dusk")
    node = lamp_stuff.node_tree.nodes["Principled BSDF"]
    node.inputs["Emission Strength"].default_value = 14.0 if burns else 0.0
    node.inputs["Emission Color"].default_value = (*light.lamp_colour, 1)
    if burns:
        lights += _lamps(scene, rng)
        lights += _headlights(scene)
    return lights


def _sky(name: str, thick: bool, elevation: float, rng: np.random.Generator) -> None:
    world = bpy.context.scene.world or bpy.data.worlds.new("sky")
    bpy.context.scene.world = world
    world.use_nodes = True
    world.cycles.sampling_method = "MANUAL"
    world.cycles.sample_map_resolution = 128
    n = Nodes(world.node_tree)
    way = n("TexCoord").outputs["Generated"]
    up = n("SeparateXYZ", {0: way}).outputs[2]
    seed = float(rng.uniform(0, 50))
    moved = n("VectorMath", {0: way, 1: (seed, seed, 0)}, operation="ADD").outputs[0]
    clouds = n.noise(float(rng.uniform(1.5, 3.5)), 4, 0.58, moved)
    low = math.exp(-math.degrees(elevation) / 12)
    strength = 1.0
    if name == "night":
        glow = float(rng.uniform(0.3, 1.0))
        colour = n.mix(
            n.ramp(up, 0, 0.5), (0.035 * glow, 0.028 * glow, 0.022 * glow), (0.006, 0.008, 0.014)
        )
    elif name == "dusk":
        warm = float(rng.uniform(0.2, 1.0))
        colour = n.mix(
            n.ramp(up, 0, 0.55), (0.20 + 0.2 * warm, 0.22, 0.30 - 0.08 * warm), (0.085, 0.12, 0.23)
        )
        strength = float(rng.uniform(0.25, 0.7))
    elif thick:
        colour = n.mix(n.ramp(clouds, 0.35, 0.68), (0.42, 0.45, 0.50), (0.78, 0.80, 0.83))
    else:
        blue = n.mix(
            n.ramp(up, -0.02, 0.6), (0.62, 0.72 - 0.15 * low, 0.85 - 0.35 * low), (0.18, 0.31, 0.60)
        )
        cover = float(rng.uniform(0.45, 0.62))
        colour = n.mix(n.ramp(clouds, cover, cover + 0.2, 0, 0.9), blue, (0.9, 0.9, 0.92))
        strength = 0.75
    n.finish(n("Background", {0: colour, 1: strength}).outputs[0], "OutputWorld")


def _sun(elevation: float, bearing: float) -> Any:
    data = bpy.data.lights.new("sun", "SUN")
    data.angle = math.radians(0.9)
    low = math.exp(-math.degrees(elevation) / 9)
    data.energy = 5.2 * (1 - 0.55 * low)
    data.color = (1, 0.92 - 0.26 * low, 0.82 - 0.5 * low)
    sun = put("sun", data)
    c = math.cos(elevation)
    way = Vector((math.sin(bearing) * c, math.cos(bearing) * c, math.sin(elevation)))
    sun.rotation_euler = way.to_track_quat("Z", "Y").to_euler()
    return sun


def _spot(
    name: str,
    at: tuple[float, float, float],
    colour: Colour,
    watts: float,
    cone: float,
    size: float,
) -> Any:
    data = bpy.data.lights.new(name, "SPOT")
    data.spot_size, data.spot_blend = cone, 0.8
    data.color, data.energy, data.shadow_soft_size = colour, watts, size
    made = put(name, data)
    made.location = at
    return made


def _lamps(scene: Scene, rng: np.random.Generator) -> list[Any]:
    made = []
    even = float(rng.uniform(0, 0.4))
    for prop in scene.site.props:
        if prop.name != "lamp":
            continue
        x = prop.at[0] + ARM * math.cos(prop.heading)
        y = prop.at[1] + ARM * math.sin(prop.heading)
        watts = 1300 * float(rng.uniform(1 - even, 1 + even))
        made.append(_spot("lamp", (x, y, LAMP_HEIGHT), scene.light.lamp_colour, watts, 2.7, 0.16))
    return made


def _headlights(scene: Scene) -> list[Any]:
    """The beams of three cars at most that have their lights on."""
    made = []
    lit = [v for v in scene.site.vehicles if v.lights and v.kind == "car"]
    near = sorted(lit, key=lambda v: math.dist(v.at, scene.camera.target[:2]))
    for vehicle in near[:3]:
        c, s = math.cos(vehicle.heading), math.sin(vehicle.heading)
        at = (vehicle.at[0] + 2.3 * c, vehicle.at[1] + 2.3 * s, 0.65)
        beam = _spot("beam", at, (1.0, 0.95, 0.85), 500, 1.0, 0.2)
        way = Vector((c, s, -0.06))
        beam.rotation_euler = (-way).to_track_quat("Z", "Y").to_euler()
        made.append(beam)
    return made
