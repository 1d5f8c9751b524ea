"""The 8-bit form of a detector: when it is run, that it judges alike, and how it is made."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml
from conftest import SAMPLES, WEIGHTS

from models.training import quantise
from parkcore import quantised as module
from parkcore.detect import YoloDetector
from parkcore.domain import Detection, Image
from parkcore.errors import ModelError
from parkcore.geometry import iou
from parkcore.images import decode
from parkcore.quantised import MADE_OF, content, folder_of, quantised

PHOTOS = sorted(SAMPLES.glob("sample-*/*/*.jpg"))


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """Weights with their 8-bit form beside them."""
    copy = tmp_path / WEIGHTS.name
    shutil.copyfile(WEIGHTS, copy)
    shutil.copytree(folder_of(WEIGHTS), folder_of(copy))
    return copy


def test_it_is_run_where_it_is_of_these_very_weights(weights: Path) -> None:
    assert quantised(weights) == folder_of(weights)
    detector = YoloDetector(weights, confidence=0.2, imgsz=1280)
    assert detector.is_eight_bit
    assert detector.info.model == "parkcore-yolov8n (8 bit)"
    itself = YoloDetector(weights, confidence=0.2, imgsz=1280, eight_bit=False)
    assert not itself.is_eight_bit
    assert itself.info.model == "parkcore-yolov8n.pt"
    assert detector.info.version != itself.info.version


def test_weights_without_one_run_as_they_are(tmp_path: Path) -> None:
    own = tmp_path / "own.pt"
    shutil.copyfile(WEIGHTS, own)
    assert quantised(own) is None
    assert YoloDetector(own, confidence=0.2, imgsz=1280).info.model == "own.pt"


def test_that_of_other_weights_is_left_aside(
    weights: Path, caplog: pytest.LogCaptureFixture
) -> None:
    weights.write_bytes(b"trained anew")
    assert quantised(weights) is None
    assert "made of another parkcore-yolov8n.pt" in caplog.text


@pytest.mark.parametrize(
    "described", ["", "a list:\n- of: {", "stride: 32", "- 1", "\x00"],
    ids=["empty", "no YAML", "of whom it is, not told", "a list", "binary"],
)  # fmt: skip
def test_one_that_does_not_say_what_it_is_is_left_aside(
    weights: Path, described: str, caplog: pytest.LogCaptureFixture
) -> None:
    (folder_of(weights) / "metadata.yaml").write_text(described)
    assert quantised(weights) is None
    assert "cannot be read" in caplog.text


def test_without_openvino_the_weights_run_themselves(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert quantised(weights) is None


@pytest.mark.parametrize("file", ["parkcore-yolov8n.bin", "parkcore-yolov8n.xml"])
def test_a_damaged_one_is_named(weights: Path, file: str) -> None:
    path = folder_of(weights) / file
    path.write_bytes(path.read_bytes()[:1000])
    detector = YoloDetector(weights, confidence=0.2, imgsz=640)
    with pytest.raises(ModelError, match=rf"{folder_of(weights).name} is not a YOLO model"):
        detector.load()


def found(photo: Image, *, eight_bit: bool) -> list[Detection]:
    return YoloDetector(WEIGHTS, confidence=0.2, imgsz=1280, eight_bit=eight_bit).detect(photo)


@pytest.mark.parametrize("path", PHOTOS[::5], ids=lambda path: path.stem)
def test_it_finds_the_same_vehicles(path: Path) -> None:
    photo = decode(path.read_bytes(), max_megapixels=50).image
    exact, quick = (found(photo, eight_bit=each) for each in (False, True))
    sure = [seen for seen in exact if seen.confidence > 0.35]
    near = [[other for other in quick if iou(seen.box, other.box) > 0.75] for seen in sure]
    assert sum(map(bool, near)) >= 0.95 * len(sure) > 0
    for seen, others in zip(sure, near, strict=True):
        assert not others or any(other.label == seen.label for other in others)
        assert not others or min(abs(o.confidence - seen.confidence) for o in others) < 0.15


@pytest.mark.filterwarnings("ignore::FutureWarning")  # Ultralytics exports in an older way
def test_it_is_made_of_weights_and_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.pt"
    shutil.copyfile(WEIGHTS, own)
    (tmp_path / "images").mkdir()
    for path in PHOTOS[:3]:
        shutil.copyfile(path, tmp_path / "images" / path.name)
    monkeypatch.setattr(quantise, "PICTURES", 2)
    folder = quantise.quantise(own, tmp_path, seed=0)
    assert quantised(own) == folder
    described = yaml.safe_load((folder / "metadata.yaml").read_text())
    assert len(described[MADE_OF]) == 64
    assert str(tmp_path) not in (folder / "own.xml").read_text() + str(described)
    assert len(content(folder)) < 0.6 * own.stat().st_size
    photo = decode(PHOTOS[0].read_bytes(), max_megapixels=50).image
    detector = YoloDetector(own, confidence=0.2, imgsz=1280)
    assert detector.info.model == "own (8 bit)"
    assert abs(len(detector.detect(photo)) - len(found(photo, eight_bit=False))) <= 3
