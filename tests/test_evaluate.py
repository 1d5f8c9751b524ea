"""How right a detector finds vehicles: pairs are one to one, both kinds of truth are read."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from pathlib import Path

import PIL.Image
import pytest
from conftest import CELL, SAMPLES, WEIGHTS, draw_lot, encode

from parkcore.accuracy.labelled_sets import read_truth
from parkcore.accuracy.set_notes import SetNotes
from parkcore.detect import YoloDetector
from parkcore.domain import Box
from parkcore.errors import FolderError, NothingLabelled
from parkcore.images import decode


def wide(x1: float, x2: float) -> Box:
    return Box(x1, 0, x2, 10)


# -- reading ------------------------------------------------------------------------------------


@pytest.fixture
def spaces_set(tmp_path) -> Path:
    folder = tmp_path / "spaces"
    (folder / "images").mkdir(parents=True)
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        (folder / "images" / name).write_bytes(encode(draw_lot(2)))

    def space(x: int, occupied: int | None) -> dict:
        left = CELL * x
        corners = [(left, 0), (left + 40, 0), (left + 40, 40), (left, 40)]
        return {"contour": corners, "occupied": occupied}

    truth = {
        "b.jpg": {"split": "test", "spaces": [space(0, 1), space(2, 0), space(4, None)]},
        "a.jpg": {"split": "train", "spaces": [space(0, 1), space(1, 1), space(3, 0)]},
        "c.jpg": {"split": "test", "spaces": [space(0, None)]},
    }
    (folder / "spaces.json").write_text(json.dumps(truth))
    return folder


def test_marked_spaces_are_read(spaces_set):
    truths = read_truth(spaces_set)
    assert [truth.photo.name for truth in truths] == ["a.jpg", "b.jpg"]
    assert truths[1].occupied == (True, False)
    assert truths[1].boxes == ()
    layout = truths[1].layout
    assert layout.image_size == (8 * CELL, 5 * CELL)
    assert [space.id for space in layout.spaces] == ["0", "1"]
    assert layout.spaces[1].polygon == ((0.25, 0), (0.375, 0), (0.375, 0.2), (0.25, 0.2))


@pytest.mark.parametrize(
    "contour, polygon",
    [
        ([(-8, -5), (80, 0), (80, 40)], {(0, 0), (0.25, 0), (0.25, 0.2)}),
        (
            [(0, 0), (80, 40), (80, 0), (0, 40)],
            {(0, 0), (0.25, 0), (0.25, 0.2), (0, 0.2)},
        ),
    ],
    ids=["over the photo's edge", "in the wrong order"],
)
def test_an_outline_that_is_not_quite_right_is_put_right(spaces_set, contour, polygon):
    truth = {"a.jpg": {"spaces": [{"contour": contour, "occupied": 1}]}}
    (spaces_set / "spaces.json").write_text(json.dumps(truth))
    [space] = read_truth(spaces_set)[0].layout.spaces
    assert set(space.polygon) == polygon


def test_the_size_that_a_set_says_is_taken(spaces_set):
    """Its photos may have been made smaller since; vehicles measure what they do on these."""
    contour = [(0, 0), (320, 0), (320, 200)]
    photo = {"width": 640, "height": 400, "spaces": [{"contour": contour, "occupied": 1}]}
    (spaces_set / "spaces.json").write_text(json.dumps({"a.jpg": photo}))
    layout = read_truth(spaces_set)[0].layout
    assert layout.spaces[0].polygon[2] == (0.5, 0.5)
    assert layout.image_size == (8 * CELL, 5 * CELL)


def test_labels_of_a_photo_that_was_turned_are_refused(spaces_set):
    (spaces_set / "images" / "a.jpg").write_bytes(turned("JPEG"))
    contour = [(0, 0), (320, 0), (320, 200)]
    photo = {"width": 320, "height": 200, "spaces": [{"contour": contour, "occupied": 1}]}
    (spaces_set / "spaces.json").write_text(json.dumps({"a.jpg": photo}))
    with pytest.raises(FolderError, match=r"200 × 320 pixels.*of 320 × 200.*turned"):
        read_truth(spaces_set)


@pytest.mark.parametrize("said", ["1", "occupied", -1, 2])
def test_what_says_neither_occupied_nor_vacant_is_refused(spaces_set, said):
    photo = {"spaces": [{"contour": [(0, 0), (99, 0), (99, 99)], "occupied": said}]}
    (spaces_set / "spaces.json").write_text(json.dumps({"a.jpg": photo}))
    with pytest.raises(FolderError, match=rf"a\.jpg.*0, 1 or null, but got .*{said}"):
        read_truth(spaces_set)


def test_photos_that_are_of_no_split_are_chosen_by_their_names_and_that_is_said(
    spaces_set, labels_set, caplog
):
    truth = json.loads((spaces_set / "spaces.json").read_text())
    for photo in truth.values():
        del photo["split"]
    (spaces_set / "spaces.json").write_text(json.dumps(truth))
    for folder in (spaces_set, labels_set):
        whole = {truth.photo.name for truth in read_truth(folder)}
        parts = []
        for split in ("train", "valid"):
            with suppress(NothingLabelled):
                parts += [truth.photo.name for truth in read_truth(folder, split=split)]
        assert sorted(parts) == sorted(whole)
        assert f"{folder} says no split of" in caplog.text


def test_photos_without_labels_and_labels_without_photos_are_said(labels_set, caplog):
    (labels_set / "labels" / "classes.txt").write_text("car")
    (labels_set / "images" / "more.jpg").write_bytes(encode(draw_lot(1)))
    read_truth(labels_set)
    assert "1 files are of no photo" in caplog.text
    assert "1 of 3 photos have no file there" in caplog.text


@pytest.mark.parametrize("split, names", [("test", ["b.jpg"]), ("train", ["a.jpg"])], ids=str)
def test_a_part_of_a_set_is_read(spaces_set, split, names):
    assert [truth.photo.name for truth in read_truth(spaces_set, split=split)] == names


@pytest.fixture(params=["a list", "a table"])
def labels_set(request, tmp_path) -> Path:
    folder = tmp_path / "labels_set"
    (folder / "images").mkdir(parents=True)
    (folder / "labels").mkdir()
    names = {
        "a list": "names: [Car, person, motorbike]",
        "a table": "names:\n  0: car\n  1: person\n  2: Motorcycle",
    }
    (folder / "data.yaml").write_text(names[request.param])
    for name in ("a", "b"):
        (folder / "images" / f"{name}.jpg").write_bytes(encode(draw_lot(2)))
    (folder / "labels" / "a.txt").write_text(
        "0 0.0625 0.1 0.1 0.16\n1 0.5 0.5 0.1 0.1\n2 0.1875 0.1 0.1 0.16\n"
    )
    (folder / "labels" / "b.txt").write_text("1 0.5 0.5 0.1 0.1\n")
    (folder / "labels" / "without_photo.txt").write_text("0 0.5 0.5 0.1 0.1\n")
    return folder


def test_labelled_boxes_are_read(labels_set):
    truth, empty = read_truth(labels_set)
    assert truth.photo.name == "a.jpg"
    assert (truth.layout, truth.occupied) == (None, ())
    assert [box.as_tuple() for box in truth.boxes] == [
        pytest.approx((4, 4, 36, 36)),
        pytest.approx((44, 4, 76, 36)),
    ]
    assert truth.labels == ("car", "motorcycle")
    assert (empty.photo.name, empty.boxes) == ("b.jpg", ())


def test_what_is_known_of_a_set_is_heeded(labels_set):
    notes = SetNotes(complete=False, unlabelled=("bus",), types={"person": ""})
    truth, _ = read_truth(labels_set, notes=notes)
    assert [box.as_tuple() for box in truth.neutral] == [pytest.approx((144, 90, 176, 110))]
    assert (truth.is_complete, truth.unlabelled) == (False, ("bus",))


def test_the_light_of_a_photo_comes_before_that_of_its_set(spaces_set):
    truth = json.loads((spaces_set / "spaces.json").read_text())
    truth["b.jpg"] |= {"light": "night", "view": "mast"}
    (spaces_set / "spaces.json").write_text(json.dumps(truth))
    first, second = read_truth(spaces_set, notes=SetNotes(light="day"))
    assert (first.light, first.view) == ("day", "")
    assert (second.light, second.view) == ("night", "mast")


def test_one_photo_in_five_of_a_set_with_boxes_is_for_measuring(labels_set):
    for n in range(40):
        (labels_set / "images" / f"bikes_{n}.jpg").write_bytes(encode(draw_lot(1)))
        (labels_set / "labels" / f"bikes_{n}.txt").write_text("0 0.5 0.5 0.1 0.1\n")
    valid = {truth.photo.name for truth in read_truth(labels_set, split="valid")}
    train = {truth.photo.name for truth in read_truth(labels_set, split="train")}
    assert "bikes_17.jpg" in valid
    assert not valid & train
    assert len(valid | train) == 42


def test_a_set_for_measuring_is_never_trained_on(labels_set):
    notes = SetNotes(role="measure")
    assert len(read_truth(labels_set, split="valid", notes=notes)) == 2
    with pytest.raises(FolderError, match="for measuring only"):
        read_truth(labels_set, split="train", notes=notes)


def split_folders(folder: Path, *, inside: bool) -> Path:
    """A set with a photo in each of two splits, as Ultralytics (inside) or Roboflow has them."""
    for split in ("val", "test"):
        images, labels = (
            (folder / "images" / split, folder / "labels" / split)
            if inside
            else (folder / split / "images", folder / split / "labels")
        )
        for part in (images, labels):
            part.mkdir(parents=True)
        (images / f"{split}.JPG").write_bytes(encode(draw_lot(1)))
        (labels / f"{split}.txt").write_text("0 0.5 0.5 0.1 0.1\n")
    (folder / "data.yaml").write_text("names: [car]\n")
    return folder


@pytest.mark.parametrize("inside", [True, False], ids=["labels/val", "val/labels"])
def test_folders_say_the_split(tmp_path, inside):
    folder = split_folders(tmp_path / "street", inside=inside)
    assert len(read_truth(folder)) == 2
    for split, name in (("valid", "val.JPG"), ("validation", "val.JPG"), ("test", "test.JPG")):
        assert [truth.photo.name for truth in read_truth(folder, split=split)] == [name]
    with pytest.raises(NothingLabelled, match="split train"):
        read_truth(folder, split="train")
    if not inside:
        assert len(read_truth(folder / "val", split="valid")) == 1


def test_a_photo_without_labels_shows_no_vehicle(labels_set):
    (labels_set / "images" / "c.png").write_bytes(encode(draw_lot(1), "PNG"))
    (labels_set / "images" / "a.json").write_text("{}")
    assert [(t.photo.name, len(t.boxes)) for t in read_truth(labels_set)] == [
        ("a.jpg", 2), ("b.jpg", 0), ("c.png", 0),
    ]  # fmt: skip


def test_labels_of_other_photos_are_explained(labels_set):
    for photo in list((labels_set / "images").iterdir()):
        photo.rename(photo.with_stem(f"photo_{photo.stem}"))
    with pytest.raises(FolderError, match="named after a photo"):
        read_truth(labels_set)


def test_outlines_are_taken_for_boxes_and_what_has_no_extent_is_left_out(labels_set):
    (labels_set / "labels" / "a.txt").write_text(
        "0 0.1 0.2 0.3 0.1 0.2 0.4\n0 0.5 0.5 0 0.1\n2 0.1875 0.1 0.1 0.16\n"
    )
    outline, box = read_truth(labels_set)[0].boxes
    assert outline.as_tuple() == pytest.approx((32, 20, 96, 80))
    assert box.as_tuple() == pytest.approx((44, 4, 76, 36))


@pytest.mark.parametrize(
    "line",
    [
        "0 0.5 0.5 0.1",
        "0 0.5 0.5 0.1 0.1 0.9",
        "car 0.5 0.5 0.1 0.1",
        "7 0.5 0.5 0.1 0.1",
        "0 160 100 32 32",
        "0 0.5 nan 0.1 0.1",
    ],
)
def test_lines_that_are_no_boxes_are_explained(labels_set, line):
    (labels_set / "labels" / "a.txt").write_text(line)
    with pytest.raises(FolderError, match=r"labels.a\.txt cannot be read") as said:
        read_truth(labels_set)
    assert ("data.yaml has no name for 7" in str(said.value)) is line.startswith("7")


def test_labels_end_at_the_edge_and_count_once(labels_set):
    (labels_set / "labels" / "a.txt").write_text(
        "\ufeff0 0.0 0.5 0.5 1.2\n0 0.0 0.5 0.5 1.2\n", encoding="utf-8"
    )
    [box] = read_truth(labels_set)[0].boxes
    assert box.as_tuple() == pytest.approx((0, 0, 80, 200))


def test_labels_in_folders_of_other_names_are_said(labels_set, caplog):
    for name in ("batch_1", "train"):
        (labels_set / "labels" / name).mkdir()
        (labels_set / "labels" / name / "c.txt").write_text("0 0.5 0.5 0.1 0.1\n")
    (labels_set / "images" / "train").mkdir()
    (labels_set / "images" / "train" / "c.jpg").write_bytes(encode(draw_lot(1)))
    assert len(read_truth(labels_set)) == 3
    assert f"{labels_set / 'labels' / 'batch_1'} is not read" in caplog.text
    assert f"{labels_set / 'labels' / 'train'} is not read" not in caplog.text


@pytest.mark.parametrize(
    "names, told",
    [
        ("[car, person, motorcycle]", "labels no bus, truck: if its photos show any"),
        ("[vehicle, person, tree]", '"vehicle" is taken for a car'),
    ],
    ids=["types missing", "no types"],
)
def test_types_without_labels_are_said(labels_set, caplog, names, told):
    (labels_set / "data.yaml").write_text(f"names: {names}\n")
    (labels_set / "labels" / "a.txt").write_text("0 0.5 0.5 0.1 0.1\n")
    read_truth(labels_set)
    assert told in caplog.text
    assert ("--unlabelled bus,truck" in caplog.text) is ("motorcycle" in names)
    caplog.clear()
    read_truth(labels_set, notes=SetNotes(unlabelled=("bus", "truck")))
    assert told not in caplog.text


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(FolderError, match=r"there is no folder .*gone"):
        read_truth(tmp_path / "gone")


def test_a_split_folder_is_read_from_within(labels_set, monkeypatch):
    """Its data.yaml lies beside it."""
    inner = labels_set / "valid"
    inner.mkdir()
    for kind in ("images", "labels"):
        (labels_set / kind).rename(inner / kind)
    monkeypatch.chdir(inner)
    assert len(read_truth(Path())) == 2


def test_names_that_mean_no_vehicle_are_said(labels_set, caplog):
    read_truth(labels_set)
    assert "not taken for vehicles: person" in caplog.text
    (labels_set / "data.yaml").write_text("names: [space-empty, space-occupied, tree]\n")
    with pytest.raises(FolderError, match="space-empty, space-occupied, tree; say what it is"):
        read_truth(labels_set)


def turned(form: str) -> bytes:
    """A photo taken on its side: 320 × 200 pixels that are to be shown as 200 × 320."""
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    PIL.Image.fromarray(draw_lot(1)).save(out, form, exif=exif)
    return out.getvalue()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_labels_are_of_the_upright_photo(labels_set, spaces_set, form):
    (labels_set / "images" / "a.jpg").write_bytes(turned(form))
    boxes = read_truth(labels_set)[0].boxes
    assert boxes[0].as_tuple() == pytest.approx((2.5, 6.4, 22.5, 57.6))
    (spaces_set / "images" / "a.jpg").write_bytes(turned(form))
    assert read_truth(spaces_set)[0].layout.image_size == (5 * CELL, 8 * CELL)


def test_a_photo_that_is_none_is_said_and_left_out(labels_set, spaces_set, caplog):
    for folder in (labels_set, spaces_set):
        (folder / "images" / "a.jpg").write_bytes(b"no photo")
        assert [truth.photo.name for truth in read_truth(folder)] == ["b.jpg"]
    assert caplog.text.count("a.jpg is left out") == 2


def test_spaces_that_are_hardly_in_the_photo_are_said_and_left_out(spaces_set, caplog):
    outside, tiny, good = (
        [(-90, 0), (-50, 0), (-50, 40)],
        [(0, 0), (1, 0), (1, 1)],
        [(0, 0), (40, 0), (0, 40)],
    )
    spaces = [{"contour": contour, "occupied": 1} for contour in (outside, tiny, good)]
    (spaces_set / "spaces.json").write_text(json.dumps({"a.jpg": {"spaces": spaces}}))
    [truth] = read_truth(spaces_set)
    assert (len(truth.layout.spaces), truth.occupied) == (1, (True,))
    assert "a.jpg: 2 of its spaces" in caplog.text


def test_a_space_may_be_of_a_type(spaces_set):
    contour = [(0, 0), (40, 0), (40, 40)]
    space = {"contour": contour, "occupied": 1, "type": "motorcycle"}
    (spaces_set / "spaces.json").write_text(json.dumps({"a.jpg": {"spaces": [space]}}))
    assert read_truth(spaces_set)[0].layout.spaces[0].type == "motorcycle"


def test_the_names_of_the_boxes_may_stand_one_folder_up(labels_set):
    """As Roboflow's exports have them."""
    (labels_set / "data.yaml").rename(labels_set.parent / "data.yaml")
    assert len(read_truth(labels_set)) == 2
    (labels_set.parent / "data.yaml").unlink()
    with pytest.raises(FolderError, match=r"no data\.yaml"):
        read_truth(labels_set)


def test_a_split_without_photos_is_explained(spaces_set):
    with pytest.raises(FolderError, match="check --split"):
        read_truth(spaces_set, split="none")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"a.jpg": {}}',
        '{"a.jpg": 5}',
        '{"a.jpg": {"spaces": [{"occupied": 1}]}}',
        '{"a.jpg": {"spaces": [{"occupied": 1, "contour": [["0", 0], [9, 0], [9, 9]]}]}}',
        '{"a.jpg": {"spaces": [{"occupied": 1, "contour": [[0, 0], [90, 0]]}]}}',
        '{"a.jpg": {"width": 9, "height": 0, "spaces": [{"occupied": 1, "contour": []}]}}',
        '{"none.jpg": {"spaces": [{"occupied": 1, "contour": [[0, 0], [90, 0], [90, 90]]}]}}',
    ],
    ids=[
        "nothing",
        "a list",
        "no spaces",
        "a number",
        "no outline",
        "text for a number",
        "a line for an outline",
        "no height",
        "a photo that is not there",
    ],
)
def test_broken_labels_are_explained(spaces_set, text):
    (spaces_set / "spaces.json").write_text(text)
    with pytest.raises(FolderError, match=r"cannot be read|is not there, but has labels"):
        read_truth(spaces_set)


def test_a_folder_without_truth_is_explained(tmp_path):
    with pytest.raises(FolderError, match=r"expected images/ with spaces\.json, or"):
        read_truth(tmp_path)


def test_leaving_out_the_less_sure_afterwards_is_as_good_as_never_asking(yolo):
    """What `evaluate` relies on, checked on the real model."""
    data = (SAMPLES / "sample-north" / "gate" / "2026-05-04_09-00.jpg").read_bytes()
    image = decode(data, max_megapixels=50).image
    asked = YoloDetector(WEIGHTS, confidence=0.5, imgsz=1280).detect(image)
    kept = [found for found in yolo.detect(image) if found.confidence >= 0.5]
    assert len(kept) > 5
    assert asked == kept
