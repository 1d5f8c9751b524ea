"""What every detector keeps to, and what is YOLO's own."""

from __future__ import annotations

import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, SAMPLES, SHARED, WEIGHTS, PaintDetector, draw_lot

from parkcore.accuracy.box_matching import seen
from parkcore.analysis_size import analysis_size
from parkcore.detect import IOU, Detector, YoloDetector
from parkcore.domain import LABELS, Box
from parkcore.errors import ModelError
from parkcore.geometry import iou
from parkcore.images import decode
from parkcore.model_files import find_weights, model_folders
from parkcore.settings import Settings
from parkcore.wiring import make_detector

BUSY = "sample-north/gate/2026-05-04_12-30.jpg"
MIXED = "sample-south/kiosk/2026-05-04_10-20.jpg"
COCO = SHARED / "models" / "yolov8n-coco.pt"


def sample(name: str) -> np.ndarray:
    return decode((SAMPLES / name).read_bytes(), max_megapixels=50).image


# -- what all keep to ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def not_in_8_bit() -> Detector:
    return YoloDetector(WEIGHTS, confidence=0.2, imgsz=1280, eight_bit=False)


@pytest.fixture(scope="module")
def two() -> Detector:
    return make_detector(Settings(time_zone="UTC"))


@pytest.fixture(params=["paint", "yolo", "not_in_8_bit", "two"])
def detector(request) -> Detector:
    return PaintDetector() if request.param == "paint" else request.getfixturevalue(request.param)


@pytest.fixture
def photo(detector) -> np.ndarray:
    """A photo that has vehicles for this detector."""
    return draw_lot(17) if isinstance(detector, PaintDetector) else sample(MIXED)


def test_a_photo_with_vehicles_has_some(detector, photo):
    assert len(detector.detect(photo)) >= 5


@pytest.mark.parametrize(
    "shade, size",
    [
        (0, (480, 640)),
        (128, (480, 640)),
        (255, (480, 640)),
        (128, (33, 32)),
        (0, (100, 80)),
        (90, (1080, 1920)),
    ],
    ids=["black", "grey", "white", "tiny", "small and black", "large"],
)
def test_a_blank_image_has_no_vehicles(detector, shade, size):
    assert detector.detect(np.full((*size, 3), shade, np.uint8)) == []


def test_boxes_lie_inside_the_image(detector, photo):
    height, width = photo.shape[:2]
    for x1, y1, x2, y2 in (found.box.as_tuple() for found in detector.detect(photo)):
        assert 0 <= x1 < x2 <= width
        assert 0 <= y1 < y2 <= height


def test_vehicles_cut_off_by_the_edge_have_their_box_inside(detector, photo):
    cut = photo[:-10, :-10]
    found = detector.detect(cut)
    assert len(found) >= 5
    assert all(d.box.x2 <= cut.shape[1] and d.box.y2 <= cut.shape[0] for d in found)


def test_the_surest_comes_first(detector, photo):
    sure = [found.confidence for found in detector.detect(photo)]
    assert all(one >= next_one for one, next_one in pairwise(sure))


def test_none_is_less_sure_than_asked_for(detector, photo):
    assert min(found.confidence for found in detector.detect(photo)) >= detector.info.confidence


def test_the_types_are_ours(detector, photo):
    assert {found.label for found in detector.detect(photo)} <= set(LABELS)


def test_one_vehicle_has_one_box_whatever_its_type(detector, photo):
    boxes = [found.box for found in detector.detect(photo)]
    overlaps = [iou(a, b) for n, a in enumerate(boxes) for b in boxes[:n]]
    assert max(overlaps) <= IOU + 0.01


def test_the_same_image_gives_the_same_answer(detector, photo):
    assert detector.detect(photo) == detector.detect(photo)


def test_another_image_between_changes_nothing(detector, photo):
    before = detector.detect(photo)
    detector.detect(np.zeros((300, 900, 3), np.uint8))
    assert detector.detect(photo) == before


def test_the_image_stays_as_it_is(detector, photo):
    before = photo.copy()
    detector.detect(photo)
    assert np.array_equal(photo, before)


def test_a_read_only_image_is_fine(detector, photo):
    locked = photo.copy()
    locked.setflags(write=False)
    assert detector.detect(locked) == detector.detect(photo)


@pytest.mark.parametrize(
    "view",
    [
        lambda image: np.asfortranarray(image),
        lambda image: np.dstack([image, image])[:, :, :3],
        lambda image: np.repeat(image, 2, axis=1)[:, ::2],
    ],
    ids=["stored by column", "a part of more channels", "every second pixel of more"],
)
def test_how_an_image_lies_in_memory_does_not_matter(detector, photo, view):
    laid_otherwise = view(photo)
    assert np.array_equal(laid_otherwise, photo)
    assert detector.detect(laid_otherwise) == detector.detect(photo)


@pytest.mark.parametrize("cut", [(1, 1), (3, 7), (0, 13)], ids=str)
def test_odd_sizes_are_fine(detector, photo, cut):
    odd = photo[: photo.shape[0] - cut[0], : photo.shape[1] - cut[1]]
    assert len(detector.detect(odd)) >= 5


@pytest.mark.parametrize(
    "size", [(32, 32), (32, 2000), (2000, 40)], ids=["tiny", "a wide strip", "a tall strip"]
)
def test_odd_shapes_are_fine(detector, size):
    assert detector.detect(np.full((*size, 3), 100, np.uint8)) == []


def test_four_threads_at_once(detector, photo):
    images = [photo, photo[:, ::-1], np.full_like(photo, 128), photo[:-8]] * 2
    one_by_one = [detector.detect(image) for image in images]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(detector.detect, images)) == one_by_one


def test_it_says_what_it_is(detector):
    info = detector.info
    assert info.model and info.version
    assert 0 < info.confidence < 1
    assert info == detector.info


def test_loading_twice_is_fine(detector, photo):
    detector.load()
    detector.load()
    assert detector.detect(photo)


# -- YOLO ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def found_on_samples(yolo, sample_truth) -> dict[str, list]:
    return {name: yolo.detect(sample(name)) for name in sample_truth}


def test_counts_on_every_sample_are_right_within_two(found_on_samples, sample_truth):
    off = {
        name: len(found) - len(sample_truth[name]["vehicles"])
        for name, found in found_on_samples.items()
    }
    assert len(off) == 16
    assert {name: error for name, error in off.items() if abs(error) > 2} == {}


def test_vehicles_in_plain_sight_are_found(found_on_samples, sample_truth):
    there = matched = 0
    for name, found in found_on_samples.items():
        plain = [Box(*v["box"]) for v in sample_truth[name]["vehicles"] if v["visible"] >= 0.6]
        there += len(plain)
        matched += int(seen(plain, ["car"] * len(plain), found, confidence=0).found.sum())
    assert there > 250
    assert matched / there >= 0.95


def test_colours_reach_the_model_in_their_order(yolo, found_on_samples):
    """With red and blue swapped it still finds most vehicles, but is less sure of them."""
    swapped = yolo.detect(np.ascontiguousarray(sample(BUSY)[:, :, ::-1]))
    right, wrong = (sum(d.confidence for d in f) for f in (found_on_samples[BUSY], swapped))
    assert right > wrong


def test_more_vehicles_than_the_librarys_own_limit_are_kept(yolo):
    """300 is the library's; a photo of 16 car parks has more."""
    mosaic = np.vstack([np.hstack([sample(BUSY)] * 4)] * 4)
    many = YoloDetector(WEIGHTS, confidence=0.05, imgsz=2560)
    assert len(many.detect(mosaic)) > 300


def test_its_version_is_the_weights_content(tmp_path):
    one, other, another = (tmp_path / name for name in ("one.pt", "other.pt", "another.pt"))
    for copy in (one, other):
        copy.write_bytes(WEIGHTS.read_bytes())
    another.write_bytes(b"of another training")
    infos = [YoloDetector(p, confidence=0.2, imgsz=640).info for p in (one, other, another)]
    assert infos[0].version == infos[1].version != infos[2].version
    assert infos[1].model == "other.pt"


@pytest.mark.parametrize(
    "width, height, imgsz, size",
    [
        (1280, 720, 1280, 1280),
        (720, 1280, 1280, 1280),
        (4000, 3000, 1280, 1280),
        (640, 480, 1280, 960),
        (800, 600, 1280, 1216),
        (100, 100, 1280, 160),
        (32, 32, 1280, 64),
        (10, 10, 1280, 32),
        (1280, 720, 1000, 1024),
        (1280, 720, 320, 320),
    ],
    ids=[
        "a photo of that size",
        "upright too",
        "a large photo is made smaller",
        "a small photo is enlarged by half",
        "up to the model's grid",
        "a tiny photo too",
        "the smallest photo",
        "never less than one cell of the grid",
        "a size between the grid's lines goes up",
        "the smallest size",
    ],
)
def test_analysis_size(width, height, imgsz, size):
    assert analysis_size(width, height, imgsz) == size


# -- weights ------------------------------------------------------------------------------------


@pytest.fixture
def models(tmp_path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "own.pt").write_bytes(b"weights")
    return folder


@pytest.fixture
def offline(monkeypatch) -> None:
    def refuse(*_args, **_options):
        raise ConnectionError("no route to host")

    monkeypatch.setattr("ultralytics.utils.downloads.attempt_download_asset", refuse)


def test_weights_are_found_by_path(models):
    assert find_weights(str(models / "own.pt"), folders=()) == models / "own.pt"


def test_weights_are_found_by_name(models, tmp_path):
    assert find_weights("own.pt", folders=(tmp_path / "none", models)) == models / "own.pt"


def test_weights_at_home_are_found(models, monkeypatch):
    monkeypatch.setenv("HOME", str(models))
    assert find_weights("~/own.pt", folders=()) == models / "own.pt"


def test_the_first_folder_wins(models, tmp_path):
    first = tmp_path / "first"
    first.mkdir()
    (first / "own.pt").write_bytes(b"")
    assert find_weights("own.pt", folders=(first, models)) == first / "own.pt"


def test_our_own_weights_are_found_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_weights("parkcore-yolov8n.pt", folders=model_folders()).samefile(WEIGHTS)


@pytest.mark.parametrize(
    "model",
    ["no.pt", "yolov8q.pt", "yolov5s.pt", "yolov8n.onnx", "yolov8n", "sub/yolov8n.pt", "", "."],
    ids=[
        "an unknown name",
        "a size that does not exist",
        "another family",
        "another format",
        "without its suffix",
        "an official name in a folder",
        "no name",
        "a folder",
    ],
)  # fmt: skip
def test_weights_that_are_nowhere_are_named(models, model, offline):
    with pytest.raises(ModelError) as refusal:
        find_weights(model, folders=(models,))
    said = str(refusal.value)
    assert said.startswith(f"there is no model at {Path(model).absolute()}; ")
    assert "PARKCORE_MODEL" in said


def test_an_official_name_offline_says_what_to_do(models, offline):
    told = []
    with pytest.raises(ModelError) as refusal:
        find_weights("yolov8s.pt", folders=(models,), announce=told.append)
    assert told == [f"downloading yolov8s.pt from Ultralytics to {models / 'yolov8s.pt'} (once)"]
    for part in ("yolov8s.pt", "internet", str(models / "yolov8s.pt"), "parkcore-yolov8n.pt"):
        assert part in str(refusal.value)
    assert sorted(path.name for path in models.iterdir()) == ["own.pt"]


def test_an_official_name_is_fetched_once(tmp_path, monkeypatch):
    def fetch(target, **_options):
        Path(target).write_bytes(b"fetched")

    monkeypatch.setattr("ultralytics.utils.downloads.attempt_download_asset", fetch)
    told = []
    for _ in range(2):
        found = find_weights("yolov8n.pt", folders=(tmp_path / "new",), announce=told.append)
        assert found.read_bytes() == b"fetched"
    assert len(told) == 1


def test_a_download_that_leaves_nothing_is_an_error(models, monkeypatch):
    monkeypatch.setattr(
        "ultralytics.utils.downloads.attempt_download_asset", lambda *_args, **_options: None
    )
    with pytest.raises(ModelError, match="could not be downloaded"):
        find_weights("yolov8m.pt", folders=(models,), announce=lambda text: None)


def damaged(kind: str) -> bytes:
    import torch

    whole = WEIGHTS.read_bytes()
    match kind:
        case "empty":
            return b""
        case "text":
            return b"these are no weights\n"
        case "cut off":
            return whole[: len(whole) // 2]
        case "overwritten":
            return whole[:5000] + bytes(200_000) + whole[205_000:]
        case "a pickle":
            return pickle.dumps({"a": 1})
        case "of something else":
            import io

            out = io.BytesIO()
            torch.save({"weights": torch.zeros(3)}, out)
            return out.getvalue()
    raise AssertionError(kind)


@pytest.mark.parametrize(
    "kind", ["empty", "text", "cut off", "overwritten", "a pickle", "of something else"]
)
def test_damaged_weights_are_named(tmp_path, kind):
    path = tmp_path / "bad.pt"
    path.write_bytes(damaged(kind))
    detector = YoloDetector(path, confidence=0.2, imgsz=640)
    with pytest.raises(ModelError) as refusal:
        detector.load()
    assert str(refusal.value).startswith(f"{path} is not a YOLO model that can be loaded (")
    assert "PARKCORE_MODEL" in str(refusal.value)
    with pytest.raises(ModelError):
        detector.detect(draw_lot(1))


def test_weights_that_vanished_are_named(tmp_path):
    detector = YoloDetector(tmp_path / "gone.pt", confidence=0.2, imgsz=640)
    with pytest.raises(ModelError, match=r"gone\.pt cannot be read"):
        _ = detector.info
    with pytest.raises(ModelError, match=r"gone\.pt"):
        detector.load()


def test_a_model_that_finds_no_vehicles_is_refused(tmp_path):
    from ultralytics import YOLO

    other = YOLO("yolov8n.yaml", task="detect", verbose=False)
    other.model.names = {0: "cat", 1: "dog"}
    other.save(tmp_path / "pets.pt")
    with pytest.raises(ModelError, match=r"pets\.pt finds cat, dog, but none of car, motorcycle"):
        YoloDetector(tmp_path / "pets.pt", confidence=0.2, imgsz=640).load()


@pytest.mark.shared
def test_of_eighty_types_only_vehicles_are_looked_at():
    coco = YoloDetector(COCO, confidence=0.05, imgsz=1280)
    found = coco.detect(sample(MIXED))
    assert {detection.label for detection in found} <= set(LABELS)
    assert len({detection.label for detection in found}) > 1


@pytest.mark.parametrize("module", ["parkcore.detect", "parkcore.wiring", "parkcore.cli"])
def test_importing_does_not_load_torch(module):
    code = f"import sys, {module}; print({{'torch', 'ultralytics'}} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout.strip() == "set()"
