"""Fine-tuning with the real Ultralytics and the real weights, on very little."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from parkcore.detect import load
from parkcore.domain import LABELS
from parkcore.errors import ModelError
from parkcore.training.fine_tune import blend, fine_tune, four_types, shift_confidences

WEIGHTS = Path(__file__).parent.parent / "models" / "parkcore-yolov8n.pt"


def weights_of(path: Path) -> dict[str, np.ndarray]:
    state = load(path).model.float().state_dict()
    return {name: value.numpy() for name, value in state.items()}


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    for name in ("images", "labels"):
        (tmp_path / "set" / name).mkdir(parents=True)
    random = np.random.default_rng(0)
    for number in range(4):
        pixels = random.integers(0, 90, (96, 96, 3), dtype=np.uint8)
        pixels[30:60, 20:70] = 220
        PIL.Image.fromarray(pixels).save(tmp_path / f"set/images/{number}.jpg")
        (tmp_path / f"set/labels/{number}.txt").write_text("0 0.47 0.47 0.52 0.31\n")
    described = tmp_path / "set" / "data.yaml"
    names = "".join(f"  {n}: {label}\n" for n, label in enumerate(LABELS))
    described.write_text(f"path: {tmp_path / 'set'}\ntrain: images\nval: images\nnames:\n{names}")
    return described


def train(dataset: Path, out: Path, done: list[tuple[int, int]], epochs: int = 2) -> None:
    fine_tune(
        dataset, WEIGHTS, out, epochs=epochs, imgsz=96, batch=2, learning_rate=0.05,
        progress=lambda batches, of: done.append((batches, of)),
    )  # fmt: skip


def test_training_changes_what_is_not_frozen_and_leaves_a_detector(
    dataset: Path, tmp_path: Path
) -> None:
    done: list[tuple[int, int]] = []
    train(dataset, tmp_path / "new.pt", done)
    assert done == [(1, 4), (2, 4), (3, 4), (4, 4)], "four photos, two at a time, twice"
    before, after = weights_of(WEIGHTS), weights_of(tmp_path / "new.pt")
    assert before.keys() == after.keys()
    assert (before["model.0.conv.weight"] == after["model.0.conv.weight"]).all()
    assert (before["model.21.cv1.conv.weight"] != after["model.21.cv1.conv.weight"]).any()
    assert load(tmp_path / "new.pt").names == dict(enumerate(LABELS))
    assert (tmp_path / "new.pt").stat().st_size < 7_000_000
    assert not (tmp_path / "new").exists()


class PulledPlug(BaseException):
    pass


def pull(batches: int, _of: int) -> None:
    if batches == 3:  # in the second of three epochs
        raise PulledPlug


@pytest.mark.parametrize("torn, left", [(False, [3, 4, 5, 6]), (True, [1, 2, 3, 4, 5, 6])])
def test_training_goes_on_where_it_was_ended(
    dataset: Path, tmp_path: Path, torn: bool, left: list[tuple[int, int]]
) -> None:
    with pytest.raises(PulledPlug):
        fine_tune(dataset, WEIGHTS, tmp_path / "new.pt", epochs=3, imgsz=96, batch=2, progress=pull)
    assert not (tmp_path / "new.pt").exists()
    if torn:
        last = tmp_path / "new" / "weights" / "last.pt"
        last.write_bytes(last.read_bytes()[:100_000])
    done: list[tuple[int, int]] = []
    train(dataset, tmp_path / "new.pt", done, epochs=3)
    assert done == [(batch, 6) for batch in left]
    assert (tmp_path / "new.pt").is_file()


def test_training_that_was_ended_after_its_last_epoch_is_finished(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise PulledPlug

    with monkeypatch.context() as patched, pytest.raises(PulledPlug):
        patched.setattr("ultralytics.utils.torch_utils.strip_optimizer", killed)
        train(dataset, tmp_path / "new.pt", [])
    done: list[tuple[int, int]] = []
    train(dataset, tmp_path / "new.pt", done)
    assert done == []
    before, after = weights_of(WEIGHTS), weights_of(tmp_path / "new.pt")
    assert (before["model.21.cv1.conv.weight"] != after["model.21.cv1.conv.weight"]).any()


def test_between_the_start_and_the_mean_of_two_trainings(tmp_path: Path, dataset: Path) -> None:
    trained, other, mixed = (tmp_path / f"{name}.pt" for name in ("trained", "other", "mixed"))
    train(dataset, trained, [], epochs=1)
    shift_confidences(WEIGHTS, {"car": 2.0}, other)
    blend({WEIGHTS: 0.5, trained: 0.3, other: 0.2}, mixed)
    start, first, second, out = map(weights_of, (WEIGHTS, trained, other, mixed))
    for name in ("model.21.cv1.conv.weight", "model.22.cv3.0.2.bias"):
        wanted = 0.5 * start[name] + 0.3 * first[name] + 0.2 * second[name]
        assert out[name] == pytest.approx(wanted, abs=0.01)  # of float16


def zipped(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return b"".join(map(archive.read, archive.namelist()))


def test_the_four_types_keep_what_they_know(tmp_path: Path) -> None:
    four_types(WEIGHTS, tmp_path / "cut.pt")
    assert str(WEIGHTS.parent).encode() not in zipped(tmp_path / "cut.pt")
    image = np.asarray(PIL.Image.open(WEIGHTS.parent.parent / SAMPLE).convert("RGB"))
    found = [load(path).predict(image, imgsz=320, verbose=False)[0].boxes for path in
             (WEIGHTS, tmp_path / "cut.pt")]  # fmt: skip
    assert len(found[0]) > 0
    assert found[0].data.numpy() == pytest.approx(found[1].data.numpy(), abs=0.05)


def test_what_is_said_of_one_type_is_shifted(tmp_path: Path) -> None:
    shift_confidences(WEIGHTS, {"car": -1.0, "bus": 0.5}, tmp_path / "shifted.pt")
    image = np.asarray(PIL.Image.open(WEIGHTS.parent.parent / SAMPLE).convert("RGB"))
    said = []
    for path in (WEIGHTS, tmp_path / "shifted.pt"):
        boxes = load(path).predict(image, imgsz=640, conf=0.05, verbose=False)[0].boxes
        cars = boxes.conf[boxes.cls == LABELS.index("car")].numpy()[:3]
        said.append(np.log(cars / (1 - cars)))
    assert len(said[0]) == 3
    assert said[1] == pytest.approx(said[0] - 1, abs=0.03)


SAMPLE = "storage_photo/sample-south/kiosk/2026-05-04_10-20.jpg"


def test_a_file_that_is_no_model_says_so(tmp_path: Path) -> None:
    (tmp_path / "no.pt").write_bytes(b"not weights")
    with pytest.raises(ModelError, match=r"no\.pt is not a YOLO model"):
        four_types(tmp_path / "no.pt", tmp_path / "cut.pt")
