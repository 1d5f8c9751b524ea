"""Rendered training photos: all that needs no Blender."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from models.training.render import scenes
from models.training.render.develop import develop
from models.training.render.fields import ellipsoid, surface
from models.training.render.folder import gather, is_done, save
from models.training.render.lens import Camera
from models.training.render.plan import CLASSES, Light, Scene, Site, Space, Vehicle, Weather
from models.training.render.solids import Builder
from models.training.render.truth import (
    GROUND,
    PROP,
    SKY,
    Seen,
    boxes,
    labels,
    sample,
    seen_spaces,
    seen_vehicles,
    visible_share,
)
from parkcore.accuracy.labelled_sets import read_truth

ABOVE = Camera((0, 0, 10), (0, 0.001, 0), math.radians(90), (200, 200))
"""Ten metres over the ground, which it sees 20 m wide: 10 pixels a metre, north is up."""
DAY = Light("day", (0.8, 0.5), (1.0, 0.8, 0.6), 0.0)


def scene_of(vehicles: list[Vehicle], spaces: list[Space] | None = None) -> Scene:
    site = Site("asphalt", vehicles=vehicles, spaces=spaces or [])
    return Scene("cars-00001", "cars", 1, site, ABOVE, DAY, Weather("clear"))


def a_car(x: float, y: float) -> Vehicle:
    return Vehicle("car", "block", (x, y), 0.0, (0.5, 0.5, 0.5))


def block() -> tuple[np.ndarray, np.ndarray]:
    build = Builder()
    build.box((0, 0, 0.05), (2.0, 1.0, 0.05), "paint")
    return sample(build.finish())


@pytest.mark.parametrize("fisheye", [False, True])
def test_a_camera_sees_its_target_in_the_middle_and_the_edge_at_half_its_field(
    fisheye: bool,
) -> None:
    camera = Camera((0, 0, 0), (0, 10, 0), math.radians(100), (640, 480), fisheye)
    edge = [math.sin(math.radians(50)), math.cos(math.radians(50)), 0]
    pixels, depth = camera.project(np.array([[0, 10, 0], edge, [0, -5, 0]]))
    assert pixels[0] == pytest.approx([320, 240])
    assert pixels[1] == pytest.approx([640, 240])
    assert depth[0] == pytest.approx(10)
    assert depth[2] < 0


def test_a_rolled_camera_keeps_its_axes_square() -> None:
    axes = Camera((3, -8, 6), (1, 2, 0), 1.0, (64, 64), roll=0.2).axes
    assert axes @ axes.T == pytest.approx(np.eye(3), abs=1e-12)
    assert np.linalg.det(axes) == pytest.approx(1)


@pytest.mark.parametrize("fisheye", [False, True])
def test_the_ground_is_as_far_as_it_projects(fisheye: bool) -> None:
    camera = Camera((1, -12, 6), (0, 0, 0), math.radians(70), (96, 64), fisheye, roll=0.1)
    spot = np.array([[2.0, 3.0, 0.0]])
    (x, y), _ = camera.project(spot)[0][0], None
    far = camera.ground_distance()[int(y), int(x)]
    assert far == pytest.approx(math.dist(camera.place, spot[0]), rel=0.05)


def test_a_camera_refuses_a_field_it_cannot_have() -> None:
    with pytest.raises(ValueError, match="field of view"):
        Camera((0, 0, 5), (0, 1, 0), math.pi, (64, 64))


def test_a_surface_lies_where_its_field_is_zero() -> None:
    points, faces = surface(
        lambda x, y, z: ellipsoid(x, y, z, (0, 0, 0), (1.0, 0.6, 0.4)), (-1, -1, -1), (1, 1, 1), 0.1
    )
    off = ellipsoid(*points.T, (0, 0, 0), (1.0, 0.6, 0.4))
    assert np.abs(off).max() < 0.01
    assert faces.max() < len(points)


def test_boxes_go_around_vehicles_only() -> None:
    numbers = np.full((20, 30), SKY)
    numbers[10:] = GROUND
    numbers[4:9, 6:12] = 3
    numbers[0:4, 0:4] = PROP
    assert boxes(numbers) == {3: (6, 4, 12, 9)}
    assert boxes(np.where(numbers == 3, PROP, numbers)) == {}
    assert max(GROUND, PROP) <= 32_767, "Blender keeps an object's number in 15 bits"


def test_what_covers_a_vehicle_and_what_lies_beyond_the_edge_is_not_seen() -> None:
    points = block()
    numbers = np.full((200, 200), GROUND)
    numbers[90:110, 80:120] = 1
    whole = visible_share(ABOVE, a_car(0, 0), points, numbers, 1)
    numbers[:, 100:] = np.where(numbers[:, 100:] == 1, 2, GROUND)
    half = visible_share(ABOVE, a_car(0, 0), points, numbers, 1)
    numbers = np.full((200, 200), GROUND)
    numbers[90:110, 180:200] = 1
    cut = visible_share(ABOVE, a_car(10, 0), points, numbers, 1)
    assert whole == pytest.approx(1.0)
    assert half == pytest.approx(0.5, abs=0.06)
    assert cut == pytest.approx(0.5, abs=0.06)


def test_labels_are_shares_of_the_picture_and_name_doubtful_vehicles_so() -> None:
    seen = [
        Seen("bus", (20, 10, 60, 30), 1.0, ""),
        Seen("car", (0, 0, 9, 9), 0.1, "hidden"),
        Seen("motorcycle", (100, 50, 200, 100), 0.4, ""),
    ]
    assert labels(seen, (200, 100)).splitlines() == [
        "2 0.200000 0.200000 0.200000 0.200000",
        "4 0.022500 0.045000 0.045000 0.090000",
        "1 0.750000 0.750000 0.500000 0.500000",
    ]
    assert CLASSES == ("car", "motorcycle", "bus", "truck")


def test_a_vehicle_is_doubtful_when_hidden_small_or_lost_in_the_dark() -> None:
    scene = scene_of([a_car(0, 0), a_car(0, 6), a_car(-6, -6), a_car(6, -6)])
    numbers = np.full((200, 200), GROUND)
    numbers[90:110, 80:120] = 1
    numbers[30:50, 80:120] = PROP
    numbers[45:50, 80:90] = 2
    numbers[158:162, 38:42] = 3
    numbers[150:170, 140:180] = 4
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 255, (200, 200, 3)).astype(np.uint8)
    picture[140:180, 130:190] = 20 + rng.normal(0, 8, (40, 60, 1))
    seen = seen_vehicles(scene, numbers, {"block": block()}, picture)
    assert [seen[k].doubt for k in range(4)] == ["", "hidden", "small", "dim"]
    assert seen[0].box == (80, 90, 120, 110)


def square(name: str, x: float, y: float, vehicle: int | None = None) -> Space:
    return Space(name, ((x, y), (x + 5, y), (x + 5, y + 2.5), (x, y + 2.5)), vehicle)


def test_spaces_say_who_stands_on_them_and_doubtful_ones_are_left_out() -> None:
    vehicles = [a_car(2.5, 1.2), a_car(2.5, 4.9), a_car(-5.0, -5.0)]
    spaces = [
        square("taken", 0, 0),
        square("free", -6, 0),
        square("half", 0, 5),
        square("cut", 8, -8),
        square("covered", -6, -9),
        square("dark", -7.5, -6.2),
    ]
    scene = scene_of(vehicles, spaces)
    numbers = np.full((200, 200), GROUND)
    numbers[165:191, 40:90] = PROP
    seen = {
        0: Seen("car", (105, 78, 145, 98), 1.0, ""),
        1: Seen("car", (105, 40, 145, 60), 1.0, ""),
        2: Seen("car", (30, 140, 70, 160), 1.0, "dim"),
    }
    found = {s["id"]: s["occupied"] for s in seen_spaces(scene, numbers, seen)}
    assert found == {"taken": 1, "free": 0}


@pytest.mark.parametrize("kind", scenes.KINDS)
def test_a_seed_and_a_number_always_make_the_same_scene(kind: str) -> None:
    assert scenes.decide(4, 7, kind) == scenes.decide(4, 7, kind)
    assert scenes.decide(4, 7, kind) != scenes.decide(4, 8, kind)
    assert scenes.decide(4, 7, kind) != scenes.decide(5, 7, kind)


@pytest.mark.parametrize("number", range(6))
def test_a_camera_with_more_pixels_sees_the_same_scene(number: int) -> None:
    scene = scenes.decide(4, number)
    larger = scenes.enlarged(scene, 2.5)
    assert replace(larger, camera=scene.camera) == scene
    points = np.random.default_rng(0).uniform(-3, 3, (20, 3))
    pixels, depth = scene.camera.project(points)
    more_pixels, same_depth = larger.camera.project(points)
    assert more_pixels == pytest.approx(2.5 * pixels)
    assert same_depth == pytest.approx(depth)
    assert scenes.enlarged(scene, 1.0) == scene


def test_a_series_has_every_kind_and_the_spaces_know_their_vehicles() -> None:
    series = [scenes.decide(1, n) for n in range(60)]
    assert {s.kind for s in series} == set(scenes.KINDS)
    for scene in series:
        assert 2.5 <= scene.camera.place[2] <= 25
        for space in scene.site.spaces:
            if space.vehicle is not None:
                vehicle = scene.site.vehicles[space.vehicle]
                middle = np.mean(space.corners, axis=0)
                assert math.dist(vehicle.at, middle) < 1.5
    dense = [s for s in series if s.kind == "machines"]
    assert all(sum(v.kind == "motorcycle" for v in s.site.vehicles) >= 40 for s in dense)
    empty = [s for s in series if s.kind == "empty"]
    assert np.mean([len(s.site.vehicles) for s in empty]) < 10


def test_night_is_darker_than_day_and_fog_takes_contrast() -> None:
    rng = np.random.default_rng(0)
    linear = rng.random((64, 64, 3)).astype(np.float32)
    far = np.full((64, 64), 60.0)

    def photo(light: str, weather: Weather) -> np.ndarray:
        return develop(linear, far, replace(DAY, name=light), weather, np.random.default_rng(3))

    day, night = photo("day", Weather("clear")), photo("night", Weather("clear"))
    fog = photo("day", Weather("fog", haze=4.0))
    assert day.dtype == np.uint8 and day.shape == (64, 64, 3)
    assert night.mean() < day.mean()
    assert fog.std() < day.std() * 0.6


def test_what_is_there_is_done_and_the_lists_name_all_of_it(tmp_path: Path) -> None:
    scene = scene_of([a_car(0, 0)])
    picture = np.zeros((200, 200, 3), np.uint8)
    seen = [Seen("car", (80, 90, 120, 110), 0.9, ""), Seen("car", (0, 0, 9, 9), 0.1, "hidden")]
    spaces = [{"id": "A1", "occupied": 1, "contour": [[0, 0], [9, 0], [9, 9], [0, 9]]}]
    assert not is_done(tmp_path, scene.name)
    save(tmp_path, scene, picture, seen, spaces, 80)
    save(tmp_path, replace(scene, name="empty-00002"), picture, [], [], 80)
    assert is_done(tmp_path, scene.name)
    assert gather(tmp_path) == 2
    with PIL.Image.open(tmp_path / "images" / "cars-00001.jpg") as image:
        assert image.size == (200, 200)
    assert (tmp_path / "labels" / "cars-00001.txt").read_text() == (
        "0 0.500000 0.500000 0.200000 0.100000\n4 0.022500 0.022500 0.045000 0.045000\n"
    )
    assert (tmp_path / "labels" / "empty-00002.txt").read_text() == ""
    known = json.loads((tmp_path / "scenes.json").read_text())
    assert known["cars-00001.jpg"]["vehicles"][0]["visible"] == 0.9
    assert known["cars-00001.jpg"]["doubtful"][0]["box"] == [0, 0, 9, 9]
    marked = json.loads((tmp_path / "spaces.json").read_text())
    assert marked == {
        "cars-00001.jpg": {"width": 200, "height": 200, "split": "train", "spaces": spaces}
    }
    [photo] = read_truth(tmp_path)
    assert photo.occupied == (True,)
    (tmp_path / "spaces.json").unlink()
    [photo, nobody] = read_truth(tmp_path)
    assert (photo.labels, len(photo.neutral), nobody.labels) == (("car",), 1, ())
    assert not list(tmp_path.rglob("*.part"))


def test_where_no_space_is_marked_the_boxes_are_what_is_measured_with(tmp_path: Path) -> None:
    picture = np.zeros((200, 200, 3), np.uint8)
    seen = [Seen("motorcycle", (80, 90, 120, 110), 0.9, "")]
    save(tmp_path, scene_of([a_car(0, 0)]), picture, seen, [], 80)
    gather(tmp_path)
    [photo] = read_truth(tmp_path)
    assert photo.labels == ("motorcycle",)
