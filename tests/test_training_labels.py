"""What is taught of a photo: truth, proposals and doubt put together."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from models.training import pasting, pictures
from models.training.completing import complete
from models.training.crops import GREY, SIDE, Labelled, packed, windows, worse_light, write
from models.training.pictures import make_pictures, what_of
from models.training.proposing import _agreed
from models.training.sources import RENDERED, Source, Vehicles, read, read_rendered


def vehicles(*rows: tuple[float, ...], types: tuple[int, ...] | None = None) -> Vehicles:
    """Each row: x1, y1, x2, y2, confidence."""
    values = np.array(rows, float).reshape(-1, 5)
    return Vehicles(
        values[:, :4], np.array(types or [0] * len(values), np.int64), values[:, 4].copy()
    )


def row_of_spaces(*occupied: bool) -> tuple[tuple[np.ndarray, bool], ...]:
    """Spaces of 40 × 40 pixels beside each other, from 100, 100 to the right."""
    corners = np.array([[0, 0], [40, 0], [40, 40], [0, 40]], float)
    return tuple(
        (corners + np.array([100 + 50 * n, 100]), state) for n, state in enumerate(occupied)
    )


def car_on(space: int, confidence: float) -> tuple[float, ...]:
    """A box as tall as an oblique camera sees a car that stands on that space."""
    left = 100 + 50 * space
    return left - 4, 80, left + 44, 140, confidence


def test_the_truth_of_spaces_decides_over_proposals() -> None:
    source = Source("a", Path("1.jpg"), spaces=row_of_spaces(True, False, True))
    taught, doubtful = complete(source, vehicles(car_on(0, 0.15), car_on(1, 0.5)))
    assert [tuple(box) for box in taught.boxes.tolist()] == [car_on(0, 0)[:4]]
    # Too few neighbours to tell the shape of the third: its place is open.
    assert [150 + 50, 100, 190 + 50, 140] in doubtful.tolist()


def test_a_sure_vehicle_on_a_vacant_space_is_doubt_not_background() -> None:
    source = Source("a", Path("1.jpg"), spaces=row_of_spaces(False))
    taught, doubtful = complete(source, vehicles(car_on(0, 0.9)))
    assert len(taught) == 0
    assert doubtful.tolist() == [list(car_on(0, 0)[:4])]


def test_an_occupied_space_without_a_proposal_gets_the_shape_of_its_neighbours() -> None:
    source = Source("a", Path("1.jpg"), spaces=row_of_spaces(*[True] * 6))
    taught, doubtful = complete(source, vehicles(*(car_on(n, 0.8) for n in range(5))))
    assert len(taught) == 6
    assert taught.boxes[5] == pytest.approx(car_on(5, 0)[:4])
    assert len(doubtful) == 0


def test_beside_drawn_boxes_a_sure_proposal_is_taught_and_an_unsure_one_left_open() -> None:
    drawn = vehicles((0, 0, 50, 50, 1))
    same, inside = (2, 2, 52, 52, 0.9), (10, 10, 20, 20, 0.9)
    sure, unsure, nothing = (100, 0, 150, 50, 0.5), (200, 0, 250, 50, 0.2), (300, 0, 350, 50, 0.05)
    taught, doubtful = complete(
        Source("a", Path("1.jpg"), drawn), vehicles(same, inside, sure, unsure, nothing)
    )
    assert taught.boxes.tolist() == [[0, 0, 50, 50], list(sure[:4])]
    assert doubtful.tolist() == [list(unsure[:4])]


def test_a_set_that_is_labelled_wholly_stays_as_it_is() -> None:
    drawn = vehicles((0, 0, 50, 50, 1))
    source = Source("a", Path("1.jpg"), drawn, is_complete=True)
    assert complete(source, vehicles((100, 0, 150, 50, 0.99)))[0] is drawn


def test_a_box_around_vehicles_that_were_proposed_one_by_one_is_none() -> None:
    group, one, two = (0, 0, 100, 50, 0.9), (0, 0, 48, 50, 0.8), (52, 0, 100, 50, 0.8)
    taught, _ = complete(Source("a", Path("1.jpg")), vehicles(group, one, two))
    assert sorted(taught.boxes.tolist()) == [list(one[:4]), list(two[:4])]


def test_what_a_single_look_sees_is_half_as_sure() -> None:
    both, once = (0, 0, 50, 50, 0.8), (100, 0, 150, 50, 0.8)
    agreed = _agreed([vehicles(both, once), vehicles((1, 0, 51, 50, 0.6)), Vehicles()])
    assert agreed.confidences == pytest.approx([0.7, 0.4])


def grey_photo(width: int, height: int, *rows: tuple[float, ...]) -> Labelled:
    image = np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)
    return Labelled(image, vehicles(*rows), np.zeros((0, 4)))


def test_a_window_keeps_what_is_in_it_and_doubts_what_is_cut() -> None:
    photo = grey_photo(
        1000, 800, (10, 10, 60, 60, 1), (90, 10, 140, 60, 1), (300, 300, 350, 350, 1)
    )
    part = photo.window(0, 0, 100, 100)
    assert part.image.shape == (100, 100, 3)
    assert part.vehicles.boxes.tolist() == [[10, 10, 60, 60]]
    assert part.doubtful.tolist() == [[90, 10, 100, 60]]


def test_windows_have_vehicles_of_drawn_sizes_and_no_more_than_the_side() -> None:
    photo = grey_photo(2000, 1500, *((100 * n, 700, 100 * n + 80, 780, 1) for n in range(15)))
    sides = []
    for part in windows(photo, 30, np.random.default_rng(1)):
        assert max(part.image.shape[:2]) <= SIDE
        boxes = part.vehicles.boxes
        assert (boxes >= 0).all() and (boxes <= SIDE).all()
        sides += np.sqrt((boxes[:, 2:] - boxes[:, :2]).prod(1)).tolist()
    assert min(sides) < 30 and max(sides) > 90


def test_four_photos_in_one_picture_keep_their_vehicles_on_their_places() -> None:
    photos = [grey_photo(640, 480, (200, 150, 400, 300, 1)) for _ in range(4)]
    picture = packed(photos, np.random.default_rng(2))
    assert picture.image.shape == (SIDE, SIDE, 3)
    middles = (picture.vehicles.boxes[:, :2] + picture.vehicles.boxes[:, 2:]) / 2
    assert len({(x > SIDE / 2, y > SIDE / 2) for x, y in middles}) >= 2
    assert (picture.vehicles.boxes.max(0) <= SIDE).all()


def test_what_is_written_is_what_was_taught(tmp_path: Path) -> None:
    photo = grey_photo(200, 100, (20, 10, 60, 50, 1))
    doubtful = np.array([[100, 0, 200, 100.0], [22, 12, 58, 48]])
    write(
        Labelled(photo.image, photo.vehicles, doubtful), tmp_path, "one", np.random.default_rng(0)
    )
    assert (tmp_path / "labels/one.txt").read_text() == "0 0.20000 0.30000 0.20000 0.40000\n"
    with PIL.Image.open(tmp_path / "images/one.jpg") as written:
        pixels = np.asarray(written.convert("RGB"), int)
    assert abs(pixels[20:80, 120:180] - GREY).max() <= 6
    assert pixels[12:48, 22:58].std() > 20  # doubt does not wipe out what is taught


@pytest.mark.parametrize("seed", range(8))
def test_worse_light_leaves_a_picture_of_the_same_size(seed: int) -> None:
    photo = grey_photo(64, 48)
    worse = worse_light(photo.image, np.random.default_rng(seed))
    assert worse.shape == photo.image.shape and worse.dtype == np.uint8
    assert (worse != photo.image).any()


def labelled_set(folder: Path, count: int) -> Path:
    for name in ("labels", "images"):
        (folder / name).mkdir(parents=True)
    (folder / "data.yaml").write_text("names: [SUV, auto_rickshaw, scooter, person]")
    for stem in map(str, range(count)):
        PIL.Image.new("RGB", (200, 100)).save(folder / "images" / f"{stem}.jpg")
        text = "0 0.5 0.5 0.2 0.4\n1 0.1 0.1 0.1 0.1\n2 0.9 0.9 0.1 0.1\n3 0.5 0.5 1 1\n"
        (folder / "labels" / f"{stem}.txt").write_text(text)
    return folder


def test_what_is_held_back_is_the_rest(tmp_path: Path) -> None:
    folder = labelled_set(tmp_path / "nepal_street_vehicles", 40)
    taught, held_back = ([s.photo for s in read(folder, split)] for split in ("train", "valid"))
    assert held_back and sorted(taught + held_back) == sorted((folder / "images").iterdir())


@pytest.mark.parametrize("name", ["pklot_ufpr05", "coco128_vehicles"])
def test_sets_that_are_for_measuring_are_never_read(tmp_path: Path, name: str) -> None:
    assert list(read(labelled_set(tmp_path / name, 3))) == []


def test_labels_by_other_names_are_read_as_the_four_types(tmp_path: Path) -> None:
    sources = list(read(labelled_set(tmp_path / "nepal_street_vehicles", 40)))
    assert 20 < len(sources) < 40  # some are held back for measuring
    assert sources[0].vehicles.types.tolist() == [0, 1]
    assert sources[0].vehicles.boxes[0].tolist() == pytest.approx([80, 30, 120, 70])
    assert sources[0].doubtful.tolist() == [pytest.approx([10, 5, 30, 15])]
    assert not sources[0].is_complete  # as sets.toml says of this set


def test_rendered_photos_are_labelled_wholly_but_for_what_is_hidden(tmp_path: Path) -> None:
    folder = labelled_set(tmp_path / "any", 6)
    gathered = [f"{n}.jpg" for n in range(5)]
    (folder / "data.yaml").write_text("names: [car, doubtful, motorcycle, truck]")
    (folder / "scenes.json").write_text(json.dumps({name: {} for name in gathered}))
    sources = list(read_rendered(folder))
    assert [source.photo.name for source in sources] == gathered
    for source in sources:
        assert source.is_complete
        assert source.vehicles.types.tolist() == [0, 1, 3]
        assert source.doubtful.tolist() == [pytest.approx([10, 5, 30, 15])]


def test_of_photos_without_labels_those_of_the_camera_for_measuring_are_left(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "pklot_frames"
    folder.mkdir()
    for name in ("pklot_UFPR04_1.jpg", "pklot_UFPR05_1.jpg"):
        PIL.Image.new("RGB", (20, 10)).save(folder / name)
    assert [source.photo.name for source in read(folder)] == ["pklot_UFPR04_1.jpg"]


def test_pictures_are_made_anew_of_other_photos_and_only_then(tmp_path: Path) -> None:
    """What an earlier call left of a photo that is held back by now must not be taught."""
    sources = []
    for stem in "abc":
        PIL.Image.new("RGB", (64, 48)).save(tmp_path / f"{stem}.jpg")
        sources.append(Source("rf100_vehicles_highway_cctv", tmp_path / f"{stem}.jpg"))
    sources = [replace(source, is_complete=True) for source in sources]

    def made(of: list[Source]) -> dict[str, int]:
        made_of = what_of(of, "", 0)
        dataset = make_pictures(of, tmp_path, tmp_path / "pictures", made_of, 0)
        assert dataset == tmp_path / "pictures" / "data.yaml"
        return {
            path.name: path.stat().st_mtime_ns
            for path in (tmp_path / "pictures" / "images").iterdir()
        }

    first = made(sources)
    assert {name[:29] for name in first} >= {f"rf100_vehicles_highway_cctv-{s}" for s in "abc"}
    assert made(sources) == first
    PIL.Image.new("RGB", (64, 48), "white").save(tmp_path / "a.jpg")
    assert made(sources) != first, "a photo that was replaced"
    assert not any("cctv-c" in name for name in made(sources[:2]))


@pytest.mark.parametrize("share, changed", [(1.0, True), (0.0, False)])
def test_motorcycles_of_rendered_photos_become_those_of_the_other_photos(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: float, changed: bool
) -> None:
    monkeypatch.setattr(pictures, "PASTED", share)
    monkeypatch.setattr(pictures, "WORSE_LIGHT", 0)
    taught = vehicles((60, 60, 260, 180, 1), types=(1,))
    green = np.full((240, 320, 3), (60, 160, 60), np.uint8)
    real = np.full_like(green, 150)
    real[60:180, 60:260] = (200, 30, 30)
    sources = []
    for name, image in (("nepal_street_vehicles", real), (RENDERED, green)):
        path = tmp_path / f"{name}.png"
        PIL.Image.fromarray(image).save(path)
        sources.append(Source(name, path, taught, is_complete=True))
    monkeypatch.setattr(pasting, "FILLS", (0.25, 1.0))  # a motorcycle that is a rectangle
    make_pictures(sources, tmp_path, tmp_path / "made", "", 0)
    for path in (tmp_path / "made" / "images").glob(f"{RENDERED}-*.jpg"):
        pixels = np.asarray(PIL.Image.open(path), int)
        assert ((pixels[..., 0] - pixels[..., 1]).max() > 30) == changed
        assert (tmp_path / "made" / "labels" / f"{path.stem}.txt").read_text().startswith("1 ")


@pytest.mark.parametrize("side, count", [(640, 2), (641, 6)])
def test_more_windows_are_cut_from_large_rendered_photos(
    tmp_path: Path, side: int, count: int
) -> None:
    PIL.Image.new("RGB", (side, 480), "grey").save(tmp_path / "scene.jpg")
    taught = vehicles((60, 60, 260, 180, 0))
    sources = [Source(RENDERED, tmp_path / "scene.jpg", taught, is_complete=True)]
    made = make_pictures(sources, tmp_path, tmp_path / "made", "", 0).parent
    singles = [p for p in (made / "images").iterdir() if "packed" not in p.name]
    assert len(singles) == pictures.WHOLE[RENDERED] + count
