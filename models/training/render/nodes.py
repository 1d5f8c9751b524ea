"""A short way to write Blender's shader graphs, and meshes out of solids."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy
import numpy as np

from models.training.render.solids import MASKS, Solid

Socket = Any
"""An output of a node, a number or a colour: whatever may be put into an input."""


class Nodes:
    """A node graph in the making."""

    def __init__(self, tree: Any) -> None:
        self._tree = tree
        tree.nodes.clear()

    def __call__(self, kind: str, inputs: dict[Any, Socket] | None = None, **settings: Any) -> Any:
        """A new node of a kind with these inputs and settings."""
        node = self._tree.nodes.new("ShaderNode" + kind)
        for name, value in settings.items():
            setattr(node, name, value)
        for name, value in (inputs or {}).items():
            self.put(node.inputs[name], value)
        return node

    def put(self, socket: Any, value: Socket) -> None:
        """Link a node into an input, or set its number or colour."""
        if isinstance(value, bpy.types.NodeSocket):
            self._tree.links.new(value, socket)
        elif isinstance(value, bpy.types.Node):
            self._tree.links.new(value.outputs[0], socket)
        elif isinstance(value, (tuple, list)) and len(value) == 3 and socket.type == "RGBA":
            socket.default_value = (*value, 1)
        else:
            socket.default_value = value

    def math(self, operation: str, a: Socket, b: Socket = 0.0) -> Socket:
        """Arithmetic on numbers."""
        return self("Math", {0: a, 1: b}, operation=operation).outputs[0]

    def mix(self, share: Socket, a: Socket, b: Socket, blend: str = "MIX") -> Socket:
        """A colour between two."""
        node = self("Mix", data_type="RGBA", blend_type=blend)
        for socket, value in zip((0, 6, 7), (share, a, b), strict=True):
            self.put(node.inputs[socket], value)
        return node.outputs[2]

    def ramp(
        self, value: Socket, low: float, high: float, a: float = 0.0, b: float = 1.0
    ) -> Socket:
        """From a at low to b at high, straight between."""
        return self("MapRange", {0: value, 1: low, 2: high, 3: a, 4: b}).outputs[0]

    def noise(
        self, scale: float, detail: float = 2.0, rough: float = 0.55, at: Socket = None
    ) -> Socket:
        """Smooth noise from 0 to 1; the scale is in cycles a metre."""
        inputs = {"Scale": scale, "Detail": detail, "Roughness": rough}
        return self(
            "TexNoise", {**inputs, "Vector": self.position() if at is None else at}
        ).outputs[0]

    def position(self) -> Socket:
        """Where in the world the point is."""
        return self("NewGeometry").outputs["Position"]

    def mask(self, name: str) -> Socket:
        """A solid's mask at the point."""
        return self("Attribute", attribute_name=name).outputs["Fac"]

    def below(self, value: Socket, limit: float) -> Socket:
        """1 where the value is under the limit, else 0."""
        return self.math("LESS_THAN", value, limit)

    def shader(self, **values: Socket) -> Socket:
        """Blender's all-round surface."""
        names = {
            "color": "Base Color", "metal": "Metallic", "rough": "Roughness",
            "coat": "Coat Weight", "coat_rough": "Coat Roughness", "normal": "Normal",
            "spec": "Specular IOR Level", "emit": "Emission Color", "power": "Emission Strength",
        }  # fmt: skip
        return self("BsdfPrincipled", {names[k]: v for k, v in values.items()}).outputs[0]

    def either(self, share: Socket, a: Socket, b: Socket) -> Socket:
        """One surface or another."""
        return self("MixShader", {0: share, 1: a, 2: b}).outputs[0]

    def finish(self, surface: Socket, kind: str = "OutputMaterial") -> None:
        """Make the surface the graph's answer."""
        self.put(self(kind).inputs["Surface"], surface)


def material(name: str, build: Callable[[Nodes], Socket]) -> Any:
    """A new material whose surface the function makes."""
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    nodes = Nodes(made.node_tree)
    nodes.finish(build(nodes))
    return made


def plain(
    name: str,
    color: tuple[float, float, float],
    rough: float = 0.6,
    metal: float = 0.0,
    uneven: float = 0.0,
    scale: float = 3.0,
    **more: Socket,
) -> Any:
    """A material of one colour, uneven by that share."""

    def build(n: Nodes) -> Socket:
        tone: Socket = color
        if uneven:
            dark, light = (tuple(min(1.0, v * f) for v in color) for f in (1 - uneven, 1 + uneven))
            tone = n.mix(n.noise(scale, 4), dark, light)
        return n.shader(color=tone, rough=rough, metal=metal, **more)

    return material(name, build)


def mesh(name: str, solid: Solid, stuffs: dict[str, Any]) -> Any:
    """A solid as Blender's mesh; stuffs are the materials by name."""
    made = bpy.data.meshes.new(name)
    made.vertices.add(len(solid.points))
    made.vertices.foreach_set("co", solid.points.astype(np.float32).ravel())
    made.loops.add(len(solid.corners))
    made.loops.foreach_set("vertex_index", solid.corners.astype(np.int32))
    made.polygons.add(len(solid.sizes))
    starts = np.concatenate([[0], np.cumsum(solid.sizes)[:-1]]).astype(np.int32)
    made.polygons.foreach_set("loop_start", starts)
    made.polygons.foreach_set("material_index", solid.stuff.astype(np.int32))
    made.polygons.foreach_set("use_smooth", solid.smooth.astype(bool))
    if "body" in solid.stuffs:
        for mask in MASKS:
            layer = made.attributes.new(mask, "FLOAT", "POINT")
            layer.data.foreach_set("value", solid.masks[mask].astype(np.float32))
    for stuff in solid.stuffs:
        made.materials.append(stuffs[stuff])
    made.update()
    made.validate()
    return made


def put(name: str, data: Any) -> Any:
    """A new object in the scene."""
    made = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(made)
    return made
