"""Real motorcycles in the places of rendered ones."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest
from click.testing import CliRunner

from models.training.crops import Labelled
from models.training.pasting import CutOut, cut_outs, main, pasted
from models.training.sources import Source, Vehicles, read

CAR, MOTORCYCLE = 0, 1
GROUND = (170, 168, 160)


def vehicles(*rows: tuple[int, int, int, int, int]) -> Vehicles:
    """Each row: x1, y1, x2, y2 and the type."""
    values = np.array(rows, float).reshape(-1, 5)
    return Vehicles(values[:, :4], values[:, 4].astype(int), np.ones(len(values)))


def photo(path: Path, drawn: Vehicles) -> Source:
    """Dark ellipses on bright ground, each in the middle of its box."""
    noise = np.random.default_rng(0).normal(0, 3, (300, 400, 3))
    image = np.clip(np.array(GROUND) + noise, 0, 255).astype(np.uint8)
    for x1, y1, x2, y2 in drawn.boxes.astype(int).tolist():
        middle, axes = ((x1 + x2) // 2, (y1 + y2) // 2), ((x2 - x1) // 2, (y2 - y1) // 2)
        cv2.ellipse(image, middle, axes, 0, 0, 360, (40, 20, 90), -1)
    PIL.Image.fromarray(image).save(path, quality=95)
    return Source("any", path, drawn)


def test_a_motorcycle_is_cut_out_without_the_ground(tmp_path: Path) -> None:
    [cut] = cut_outs([photo(tmp_path / "1.jpg", vehicles((100, 80, 220, 160, MOTORCYCLE)))])
    assert cut.shape == pytest.approx(120 / 80, rel=0.05)
    height, width = cut.share.shape
    assert cut.share[height // 2, width // 2] == 1
    assert cut.share[[0, 0, -1, -1], [0, -1, 0, -1]].max() == 0
    assert cut.share.mean() == pytest.approx(np.pi / 4, abs=0.08)
    assert cut.pixels[cut.share == 1].mean(0) == pytest.approx((40, 20, 90), abs=12)


@pytest.mark.parametrize(
    "drawn",
    [
        vehicles((100, 80, 220, 160, CAR)),
        vehicles((100, 80, 130, 100, MOTORCYCLE)),
        vehicles((100, 80, 220, 160, MOTORCYCLE), (180, 80, 300, 160, CAR)),
        vehicles((280, 80, 400, 160, MOTORCYCLE)),
    ],
    ids=["a car", "too small", "covered", "cut by the edge"],
)
def test_others_are_not(tmp_path: Path, drawn: Vehicles) -> None:
    assert cut_outs([photo(tmp_path / "1.jpg", drawn)]) == []


def plain(width: int, height: int, colour: tuple[int, int, int]) -> CutOut:
    pixels = np.full((height, width, 3), colour, np.uint8)
    return CutOut(pixels, np.ones((height, width), np.float32))


def rendered(*rows: tuple[int, int, int, int, int]) -> Labelled:
    return Labelled(np.full((100, 100, 3), 120, np.uint8), vehicles(*rows), np.zeros((0, 4)))


def test_it_stands_in_the_box_of_a_rendered_one_and_nowhere_else() -> None:
    before = rendered((10, 20, 30, 60, MOTORCYCLE), (60, 20, 80, 60, CAR))
    after = pasted(before, [plain(20, 40, (200, 40, 40))], np.random.default_rng(0))
    changed = (after.image != before.image).any(2)
    assert changed[20:60, 10:30].all() and changed.sum() == 20 * 40
    assert after.vehicles is before.vehicles
    assert (before.image == 120).all(), "the photo itself stays"


def test_the_nearer_one_covers_the_farther() -> None:
    before = rendered((10, 30, 50, 70, MOTORCYCLE), (30, 10, 70, 50, MOTORCYCLE))
    before.image[30:70, 10:50] = 60  # the nearer one stands in the shade
    after = pasted(before, [plain(40, 40, (100, 100, 100))], np.random.default_rng(0))
    near, far = after.image[60, 15].mean(), after.image[15, 60].mean()
    assert near < far
    assert after.image[40, 40].mean() == near


def test_one_of_another_shape_is_not_stretched_into_it() -> None:
    before = rendered((10, 20, 20, 80, MOTORCYCLE))
    after = pasted(before, [plain(60, 20, (200, 40, 40))], np.random.default_rng(0))
    assert (after.image == before.image).all()


def test_a_rendered_set_to_measure_with_gets_motorcycles_that_were_not_taught(
    tmp_path: Path,
) -> None:
    street, park = tmp_path / "sets" / "street", tmp_path / "park"
    for folder, image in ((street, None), (park, np.full((300, 400, 3), GROUND, np.uint8))):
        (folder / "images").mkdir(parents=True)
        (folder / "labels").mkdir()
        (folder / "data.yaml").write_text("names: [car, motorcycle]")
        for number in range(20):
            path = folder / "images" / f"{number}.jpg"
            if image is None:
                photo(path, vehicles((100, 80, 220, 160, MOTORCYCLE)))
            else:
                PIL.Image.fromarray(image).save(path)
            (folder / "labels" / f"{number}.txt").write_text("1 0.4 0.4 0.3 0.2667\n")
    (park / "scenes.json").write_text(json.dumps({f"{number}.jpg": {} for number in range(20)}))
    done = CliRunner().invoke(main, [str(street.parent), str(park), str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    held_back = len(list(read(street, "valid")))
    assert 0 < held_back < 20 and f"{held_back} motorcycles" in done.output
    for name in ("data.yaml", "scenes.json", "labels/0.txt"):
        assert (tmp_path / "out" / name).read_text() == (park / name).read_text()
    pixels = np.asarray(PIL.Image.open(tmp_path / "out" / "images" / "0.jpg"), int)
    assert pixels[120, 160].mean() < 100 < pixels[20, 20].mean()
    (tmp_path / "none").mkdir()
    none = CliRunner().invoke(main, [str(tmp_path / "none"), str(park), str(tmp_path / "no")])
    assert none.exit_code == 2 and "shows the whole of a motorcycle" in none.output
    assert not (tmp_path / "no").exists()
