"""A scene built in Blender and rendered. One stage serves many scenes, one after another."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import NDArray

from models.training.render.cars import SHAPES, car
from models.training.render.daylight import illuminate
from models.training.render.fields import Floats, Ints
from models.training.render.grounds import ground, line
from models.training.render.heavies import BUSES, bus, lorry
from models.training.render.nodes import material, mesh, put
from models.training.render.plan import Patch, Scene, Stripe
from models.training.render.props import MAKERS
from models.training.render.solids import Builder, Solid
from models.training.render.surfaces import stuffs
from models.training.render.truth import GROUND, PROP, sample, stand
from models.training.render.two_wheelers import machine

KERB = 0.15


def vehicle(shape: str) -> Solid:
    """The solid of any vehicle's shape."""
    if shape in SHAPES:
        return car(shape)
    if shape in BUSES:
        return bus(shape)
    return machine(shape) if "-" in shape else lorry(shape)


class Stage:
    """Meshes and materials that all scenes share, and the renderer."""

    def __init__(self, samples: int, threads: int) -> None:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        self._stuffs = stuffs()
        self._meshes: dict[str, Any] = {}
        self.samples: dict[str, tuple[Floats, Floats]] = {}
        """Of each vehicle's shape met so far, points spread over it."""
        self._passes = samples
        self._numbering = material("numbers", _number)
        self._temporary = tempfile.TemporaryDirectory()
        _set_up(threads)

    def shoot(self, scene: Scene) -> tuple[NDArray[np.float32], Ints]:
        """Linear light (h, w, 3), and what each pixel shows (h, w): `truth` says the numbers."""
        rng = np.random.default_rng([scene.seed, int(scene.name.split("-")[-1]), 1])
        self._clear()
        self._ground(scene, rng)
        self._populate(scene)
        illuminate(scene, rng, self._stuffs["lamp"])
        _look(scene)
        return self._light(), self._numbers()

    def _clear(self) -> None:
        for thing in list(bpy.data.objects):
            bpy.data.objects.remove(thing)
        for store in (bpy.data.lights, bpy.data.cameras):
            for thing in list(store):
                store.remove(thing)
        for shape in [m for m in bpy.data.meshes if m.users == 0 and m.name not in self._meshes]:
            bpy.data.meshes.remove(shape)
        for stuff in [m for m in bpy.data.materials if m.name.startswith(("ground ", "line"))]:
            bpy.data.materials.remove(stuff)

    def _mesh(self, name: str) -> Any:
        if name not in self._meshes:
            if name in MAKERS:
                solid = MAKERS[name]()
            else:
                solid = vehicle(name)
                self.samples[name] = sample(solid)
            self._meshes[name] = mesh(name, solid, self._stuffs)
        return self._meshes[name]

    def _ground(self, scene: Scene, rng: np.random.Generator) -> None:
        site, wet = scene.site, scene.weather.wet
        kinds = dict.fromkeys([site.ground, *(patch.stuff for patch in site.patches)])
        grounds = {k: ground(k, rng, wet) for k in kinds}
        base = Builder()
        base.add(
            [[-300, -300, 0], [300, -300, 0], [300, 300, 0], [-300, 300, 0]], [[0, 1, 2, 3]], "g"
        )
        self._flat(base, {"g": grounds[site.ground]})
        for patch in site.patches:
            self._flat(_slab(patch), {"g": grounds[patch.stuff], "kerb": self._stuffs["kerb"]})
        if site.stripes:
            lines = Builder()
            for stripe in site.stripes:
                _paint(lines, stripe)
            self._flat(lines, {"g": line(site.line_colour, rng, wet)})

    def _flat(self, build: Builder, materials: dict[str, Any]) -> None:
        put("ground", mesh("ground", build.finish(), materials)).pass_index = GROUND

    def _populate(self, scene: Scene) -> None:
        for number, one in enumerate(scene.site.vehicles, 1):
            made = put(one.shape, self._mesh(one.shape))
            made.matrix_world = (
                Matrix.Translation((*one.at, 0.0)) @ Matrix(stand(one).tolist()).to_4x4()
            )
            made.color = (*one.colour, one.lights)
            made.pass_index = number
        for prop in scene.site.props:
            made = put(prop.name, self._mesh(prop.name))
            made.location = (*prop.at, 0.0)
            made.rotation_euler = (0, 0, prop.heading)
            made.scale = (prop.scale,) * 3
            made.color = (*prop.colour, 0.0)
            made.pass_index = PROP

    def _light(self) -> NDArray[np.float32]:
        scene = bpy.context.scene
        scene.cycles.samples, scene.cycles.use_denoising = self._passes, True
        scene.cycles.max_bounces, scene.render.filter_size = 1, 1.5
        scene.cycles.sample_clamp_indirect, scene.cycles.sample_clamp_direct = 5, 40
        return self._render()

    def _numbers(self) -> Ints:
        """The number of what each pixel's middle shows, through a material that glows by it."""
        scene, layer = bpy.context.scene, bpy.context.view_layer
        cycles, world = scene.cycles, scene.world
        layer.material_override, scene.world = self._numbering, None
        cycles.samples, cycles.use_denoising = 1, False
        cycles.max_bounces, scene.render.filter_size = 0, 0.01
        cycles.sample_clamp_direct = cycles.sample_clamp_indirect = 0
        shown = self._render()[..., 0]
        layer.material_override, scene.world = None, world
        return np.round(shown).astype(np.int64)

    def _render(self) -> NDArray[np.float32]:
        path = Path(self._temporary.name) / "light.exr"
        bpy.context.scene.render.filepath = str(path)
        bpy.ops.render.render(write_still=True)
        image = bpy.data.images.load(str(path), check_existing=False)
        image.colorspace_settings.name = "Non-Color"
        width, height = image.size
        values = np.empty(width * height * 4, np.float32)
        image.pixels.foreach_get(values)
        bpy.data.images.remove(image)
        path.unlink()
        return values.reshape(height, width, 4)[::-1, :, :3].copy()


def _number(n: Any) -> Any:
    index = n("ObjectInfo").outputs["Object Index"]
    return n("Emission", {"Color": (1, 1, 1), "Strength": index}).outputs[0]


def _slab(patch: Patch) -> Builder:
    """A patch of ground; a raised one has a kerb around it."""
    build = Builder()
    (x0, y0), (x1, y1) = patch.low, patch.high
    edge = KERB if patch.height else 0.0
    z = patch.height or 0.003
    inner = [
        [x0 + edge, y0 + edge, z],
        [x1 - edge, y0 + edge, z],
        [x1 - edge, y1 - edge, z],
        [x0 + edge, y1 - edge, z],
    ]
    build.add(inner, [[0, 1, 2, 3]], "g", smooth=False)
    if patch.height:
        for x, y, w, h in (
            ((x0 + x1) / 2, y0, (x1 - x0) / 2, KERB), ((x0 + x1) / 2, y1, (x1 - x0) / 2, KERB),
            (x0, (y0 + y1) / 2, KERB, (y1 - y0) / 2), (x1, (y0 + y1) / 2, KERB, (y1 - y0) / 2),
        ):  # fmt: skip
            build.box((x, y, z / 2), (w, h, z / 2 + 0.005), "kerb")
    return build


def _paint(build: Builder, stripe: Stripe) -> None:
    start, end = np.array(stripe.start), np.array(stripe.end)
    ahead = (end - start) / np.hypot(*(end - start))
    side = np.array([-ahead[1], ahead[0]]) * stripe.width / 2
    corners = [[*p, 0.006] for p in (start - side, end - side, end + side, start + side)]
    build.add(corners, [[0, 1, 2, 3]], "g", smooth=False)


def _look(scene: Scene) -> None:
    """Set Blender's camera to see what `lens.Camera` projects."""
    camera = scene.camera
    data = bpy.data.cameras.new("camera")
    data.clip_end = 900
    if camera.fisheye:
        data.type = "PANO"
        owner = data if hasattr(data, "panorama_type") else data.cycles
        owner.panorama_type = "FISHEYE_EQUISOLID"
        data.sensor_fit, data.sensor_width = "HORIZONTAL", 36.0
        owner.fisheye_lens = camera.focal * 36.0 / camera.size[0]
        owner.fisheye_fov = 6.28
    else:
        data.sensor_fit, data.angle = "HORIZONTAL", camera.field
    made = put("camera", data)
    turned = Matrix(camera.axes.T.tolist()).to_4x4()
    made.matrix_world = Matrix.Translation(camera.place) @ turned
    blender = bpy.context.scene
    blender.camera = made
    blender.render.resolution_x, blender.render.resolution_y = camera.size
    bpy.context.view_layer.update()


def _set_up(threads: int) -> None:
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.render.threads_mode, scene.render.threads = "FIXED", threads
    scene.render.resolution_percentage = 100
    cycles = scene.cycles
    cycles.device = "CPU"
    cycles.use_adaptive_sampling = False
    cycles.use_light_tree = False
    cycles.denoiser = "OPENIMAGEDENOISE"
    cycles.denoising_input_passes = "RGB_ALBEDO_NORMAL"
    cycles.denoising_prefilter = "FAST"
    cycles.diffuse_bounces, cycles.glossy_bounces = 2, 2
    cycles.transmission_bounces, cycles.transparent_max_bounces = 1, 4
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.blur_glossy = 0.5
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.render.image_settings.color_depth = "32"
    scene.view_settings.view_transform = "Raw"
