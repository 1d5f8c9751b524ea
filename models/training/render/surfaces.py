"""What vehicles and props are made of: materials that live as long as the process."""

from __future__ import annotations

from typing import Any

from models.training.render.nodes import Nodes, Socket, material, plain


def stuffs() -> dict[str, Any]:
    """Every material of vehicles and props, by the name that solids use."""
    black = (0.012, 0.012, 0.013)
    return {
        "body": material("body", _body),
        "paint": material("paint", _paint),
        "paint2": material("paint2", _second_paint),
        "seat": material("seat", _seat),
        "rim": material("rim", lambda n: _one_of(n, black, (0.5, 0.5, 0.52), 0.3, 0.8)),
        "engine": material(
            "engine", lambda n: _one_of(n, (0.03, 0.03, 0.03), (0.3, 0.3, 0.31), 0.4, 0.7)
        ),
        "case": material("case", _case),
        "cargo": material("cargo", _cargo),
        "leaf": material("leaf", _leaf),
        "wall": material("wall", _wall),
        "sheet": material(
            "sheet", lambda n: _one_of(n, (0.35, 0.36, 0.37), (0.10, 0.18, 0.28), 0.5, 0.2)
        ),
        "lamp": plain("lamp", (0.8, 0.78, 0.7), 0.4, emit=(1.0, 0.8, 0.52), power=0.0),
        "tyre": plain("tyre", (0.018, 0.018, 0.018), 0.85),
        "dark": plain("dark", black, 0.55),
        "plate": plain("plate", (0.78, 0.78, 0.74), 0.4),
        "mirror": plain("mirror", (0.7, 0.72, 0.75), 0.05, 1.0),
        "screen": plain("screen", (0.05, 0.06, 0.07), 0.04, coat=1.0),
        "steel": plain("steel", (0.5, 0.5, 0.5), 0.28, 1.0),
        "lens_red": plain("lens_red", (0.45, 0.01, 0.01), 0.15),
        "lamp_white": plain("lamp_white", (0.75, 0.76, 0.75), 0.12, 0.5),
        "lens_orange": plain("lens_orange", (0.8, 0.25, 0.02), 0.2),
        "amber": plain("amber", (1, 0.45, 0.05), 0.4, emit=(1, 0.42, 0.04), power=2.0),
        "pane": plain("pane", (0.02, 0.025, 0.03), 0.05, coat=1.0),
        "bark": plain("bark", (0.085, 0.065, 0.05), 0.95, uneven=0.4, scale=12),
        "post": plain("post", (0.22, 0.23, 0.23), 0.45, 0.6),
        "wood": plain("wood", (0.23, 0.15, 0.08), 0.8, uneven=0.3),
        "soil": plain("soil", (0.10, 0.075, 0.05), 0.95, uneven=0.4, scale=5),
        "kerb": plain("kerb", (0.36, 0.35, 0.33), 0.85, uneven=0.22, scale=6),
        "cone": plain("cone", (0.75, 0.13, 0.02), 0.6),
        "sign": plain("sign", (0.03, 0.10, 0.42), 0.4),
    }


def _colour(n: Nodes) -> Socket:
    return n("ObjectInfo").outputs["Color"]


def _chance(n: Nodes) -> Socket:
    """A number from 0 to 1 that every object has for itself."""
    return n("ObjectInfo").outputs["Random"]


def _body(n: Nodes) -> Socket:
    """A car's body: paint, and where the masks say so glass, lamps, trim and gaps."""
    info = n("ObjectInfo")
    chance = info.outputs["Random"]
    dull = n.ramp(chance, 0.0, 1.0, 0.28, 0.55)
    paint = n.shader(color=info.outputs["Color"], metal=0.3, rough=dull, coat=0.9, coat_rough=0.04)
    black = n.shader(color=(0.013, 0.013, 0.014), rough=0.45)
    gap = n.math("MINIMUM", n.math("ABSOLUTE", n.mask("door")), n.math("ABSOLUTE", n.mask("hood")))
    trim = n.math("MAXIMUM", n.below(n.mask("trim"), 0.0), n.below(n.mask("glass"), 0.016))
    surface = n.either(n.math("MAXIMUM", n.below(gap, 0.008), trim), paint, black)
    lit = info.outputs["Alpha"]
    lamp = n.shader(
        color=(0.55, 0.57, 0.6), metal=0.5, rough=0.15, coat=1.0,
        emit=(1, 0.95, 0.85), power=n.math("MULTIPLY", lit, 9.0),
    )  # fmt: skip
    surface = n.either(n.below(n.mask("head"), 0.0), surface, lamp)
    tail = n.shader(
        color=(0.33, 0.006, 0.006), rough=0.15, coat=1.0,
        emit=(1, 0.02, 0.01), power=n.math("MULTIPLY", lit, 2.5),
    )  # fmt: skip
    surface = n.either(n.below(n.mask("tail"), 0.0), surface, tail)
    tint = n.mix(n.math("POWER", chance, 3.0), (0.010, 0.012, 0.013), (0.055, 0.06, 0.06))
    glass = n.shader(color=tint, rough=0.03, coat=1.0, coat_rough=0.01, spec=0.7)
    return n.either(n.below(n.mask("glass"), 0.0), surface, glass)


def _paint(n: Nodes) -> Socket:
    rough = n.ramp(_chance(n), 0, 1, 0.2, 0.6)
    return n.shader(color=_colour(n), rough=rough, coat=0.7, coat_rough=0.05)


def _second_paint(n: Nodes) -> Socket:
    """Every object's own second colour."""
    turned = n(
        "HueSaturation",
        {"Hue": _chance(n), "Saturation": 0.9, "Value": 1.0, "Color": (0.30, 0.12, 0.10)},
    )
    plain_half = n.below(n.math("FRACT", n.math("MULTIPLY", _chance(n), 7.0)), 0.5)
    return n.shader(color=n.mix(plain_half, turned.outputs[0], (0.4, 0.4, 0.4)), rough=0.5)


def _one_of(n: Nodes, a: Socket, b: Socket, rough: float, metal: float) -> Socket:
    other = n.below(n.math("FRACT", n.math("MULTIPLY", _chance(n), 13.0)), 0.55)
    return n.shader(color=n.mix(other, a, b), rough=rough, metal=metal)


def _seat(n: Nodes) -> Socket:
    lot = n.math("FRACT", n.math("MULTIPLY", _chance(n), 5.0))
    tan = n.mix(n.below(lot, 0.12), (0.02, 0.02, 0.021), (0.16, 0.08, 0.04))
    return n.shader(color=n.mix(n.below(lot, 0.05), tan, (0.25, 0.24, 0.22)), rough=0.6)


def _case(n: Nodes) -> Socket:
    lot = n.math("FRACT", n.math("MULTIPLY", _chance(n), 11.0))
    return n.shader(color=n.mix(n.below(lot, 0.35), (0.015, 0.015, 0.016), _colour(n)), rough=0.4)


def _cargo(n: Nodes) -> Socket:
    lot = n.math("FRACT", n.math("MULTIPLY", _chance(n), 3.0))
    tone = n.mix(n.below(lot, 0.3), (0.75, 0.75, 0.74), _colour(n))
    return n.shader(
        color=n.mix(n.ramp(n.noise(1.5, 3), 0.4, 0.8, 0, 0.3), tone, (0.4, 0.39, 0.37)), rough=0.5
    )


def _leaf(n: Nodes) -> Socket:
    island = n("NewGeometry").outputs["Random Per Island"]
    tone = n.mix(island, (0.022, 0.045, 0.010), (0.085, 0.115, 0.03))
    tone = n.mix(n.ramp(_chance(n), 0, 1, 0, 0.5), tone, (0.10, 0.085, 0.03))
    return n.shader(color=tone, rough=0.6, spec=0.3)


def _wall(n: Nodes) -> Socket:
    stain = n.ramp(n.noise(0.5, 4), 0.35, 0.75, 0.0, 0.5)
    return n.shader(color=n.mix(stain, _colour(n), (0.20, 0.18, 0.16)), rough=0.85)
