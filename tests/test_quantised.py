"""The 8-bit form of a detector: when it is run, that it judges alike, and how it is made."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, SAMPLES, WEIGHTS

from models.training import quantise
from parkcore import quantised as module
from parkcore.detect import YoloDetector
from parkcore.domain import Detection, Image
from parkcore.errors import ModelError
from parkcore.geometry import iou
from parkcore.images import decode
from parkcore.quantised import MADE_OF, folder_of, quantised

pytestmark = pytest.mark.skipif(
    platform.machine() not in {"x86_64", "AMD64"},
    reason="it is run on PCs alone",
)

PHOTOS = sorted(SAMPLES.glob("sample-*/*/*.jpg"))
BUSY = SAMPLES / "sample-north" / "gate" / "2026-05-04_12-30.jpg"


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
    assert "damaged" in caplog.text


def test_without_openvino_the_weights_run_themselves(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert quantised(weights) is None


@pytest.mark.parametrize("file", ["parkcore-yolov8n.bin", "parkcore-yolov8n.xml"])
@pytest.mark.parametrize("how", ["cut off", "changed", "missing"])
def test_a_damaged_one_is_left_aside(weights: Path, file: str, how: str) -> None:
    path = folder_of(weights) / file
    content = path.read_bytes()
    path.unlink()
    if how != "missing":
        path.write_bytes(content[:-1000] if how == "cut off" else content[:-1] + b"x")
    detector = YoloDetector(weights, confidence=0.2, imgsz=640)
    assert not detector.is_eight_bit
    assert len(detector.detect(decode(BUSY.read_bytes(), max_megapixels=50).image)) > 10


def test_one_that_breaks_after_it_was_chosen_is_named(weights: Path) -> None:
    detector = YoloDetector(weights, confidence=0.2, imgsz=640)
    assert detector.is_eight_bit
    (folder_of(weights) / "parkcore-yolov8n.xml").unlink()
    with pytest.raises(ModelError, match=rf"{folder_of(weights).name} is not a YOLO model"):
        detector.load()


CRASH = """
import sys
from pathlib import Path
import numpy as np
from parkcore.detect import YoloDetector
detector = YoloDetector(Path(sys.argv[1]), confidence=0.2, imgsz=32)
for side in (32, 64, 96, 32):
    detector.detect(np.zeros((side, 2 * side, 3), np.uint8), side)
print(*detector._model.predictor.model.backend.ov_compiled_model.input().partial_shape)
"""
"""What crashes on CPUs with AMX, unless they leave it alone."""


def test_small_photos_of_any_size_are_looked_at_on_every_cpu() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CRASH, str(WEIGHTS)], capture_output=True, text=True, cwd=ROOT
    )
    assert (done.returncode, done.stdout.split()[-2:]) == (0, ["?", "?"]), done.stderr


@pytest.mark.parametrize("before", [None, "AVX2"])
def test_who_loads_it_finds_the_environment_as_it_was(
    monkeypatch: pytest.MonkeyPatch, before: str | None
) -> None:
    monkeypatch.delenv(module.HIGHEST, raising=False)
    if before:
        monkeypatch.setenv(module.HIGHEST, before)
    with module.below_amx():
        assert os.environ[module.HIGHEST] == (before or "AVX512_CORE_FP16")
    assert os.environ.get(module.HIGHEST) == before


def test_it_looks_in_the_size_that_is_asked_and_computes_alike_everywhere() -> None:
    detector = YoloDetector(WEIGHTS, confidence=0.2, imgsz=1280)
    photo = decode(BUSY.read_bytes(), max_megapixels=50).image
    for imgsz in (320, 1280):
        detector.detect(photo, imgsz)
        assert detector._model.predictor.imgsz == [imgsz, imgsz]
    run = detector._model.predictor.model.backend.ov_compiled_model
    assert run.get_property("INFERENCE_PRECISION_HINT").to_string() == "f32"


def test_nobody_is_told_that_it_runs() -> None:
    code = (
        "import sys; from pathlib import Path; from parkcore.detect import YoloDetector;"
        f"d = YoloDetector(Path({str(WEIGHTS)!r}), confidence=0.2, imgsz=320); d.load();"
        "print(d.is_eight_bit, any(m for n, m in sys.modules.items() if 'openvino_telemetry' in n))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout.strip() == "True False"


def found(photo: Image, *, eight_bit: bool) -> list[Detection]:
    detector = YoloDetector(WEIGHTS, confidence=0.2, imgsz=1280, eight_bit=eight_bit)
    assert detector.is_eight_bit == eight_bit
    return detector.detect(photo)


@pytest.mark.parametrize("path", PHOTOS[::5], ids=lambda path: path.stem)
def test_it_finds_the_same_vehicles(path: Path) -> None:
    photo = decode(path.read_bytes(), max_megapixels=50).image
    exact, quick = (found(photo, eight_bit=each) for each in (False, True))
    agree(exact, quick)


def agree(exact: list[Detection], quick: list[Detection], *, within: float = 0.15) -> None:
    sure = [seen for seen in exact if seen.confidence > 0.35]
    near = [[other for other in quick if iou(seen.box, other.box) > 0.75] for seen in sure]
    assert sum(map(bool, near)) >= 0.95 * len(sure) > 0
    for seen, others in zip(sure, near, strict=True):
        assert not others or any(other.label == seen.label for other in others)
        assert not others or min(abs(o.confidence - seen.confidence) for o in others) < within


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
    assert sum(each.stat().st_size for each in folder.iterdir()) < 0.6 * own.stat().st_size
    photo = decode(BUSY.read_bytes(), max_megapixels=50).image
    detector = YoloDetector(own, confidence=0.2, imgsz=1280)
    assert detector.info.model == "own (8 bit)"
    agree(found(photo, eight_bit=False), detector.detect(photo), within=0.2)  # two told the ranges
    assert quantise.quantise(own, tmp_path, seed=0) == folder  # in the place of the former
    assert {path.name for path in tmp_path.glob("own*")} == {"own.pt", folder.name}
