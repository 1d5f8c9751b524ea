"""Training the classifier of spaces: samples, augmentation, and that it learns."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import WEIGHTS, encode

from models.training.classifier import BLOCK, blocks, detector_layers
from parkcore.errors import FolderError, ModelError
from parkcore.spaces.second_opinion import SIDE, SecondOpinion, read_weights
from parkcore.spaces.space_net import SpaceNet, from_detector
from parkcore.training.augmentation import augmented
from parkcore.training.fit_classifier import figures, fit, odds_of, train, write
from parkcore.training.space_crops import SAMPLE_SIDE, Sample, camera_day, read_samples


def drawn(occupied: bool, seed: int) -> Sample:
    """A grey space, with a coloured car in it or not."""
    random = np.random.default_rng(seed)
    crop = random.integers(80, 120, (SAMPLE_SIDE, SAMPLE_SIDE, 4)).astype(np.uint8)
    crop[:, :, 3] = 0
    crop[24:72, 24:72, 3] = 255
    if occupied:
        crop[28:68, 34:62, :3] = random.integers(0, 255, 3)
        crop[34:44, 38:58, :3] = 20
    return Sample(crop, occupied, str(seed % 3))


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    return [drawn(n % 2 == 0, n) for n in range(160)]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory, samples: list[Sample]) -> Path:
    """A classifier that has learned these drawings."""
    torch.manual_seed(0)
    net, _, _ = train(
        from_detector(detector_layers(WEIGHTS)), samples[:128], samples[128:], epochs=16, seed=1
    )
    file = tmp_path_factory.mktemp("good") / "good.pt"
    write(file, net, 1.0)
    return file


@pytest.fixture
def start(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    write(tmp_path / "start.pt", SpaceNet(), 1.0)
    return tmp_path / "start.pt"


def test_it_learns_what_an_occupied_space_looks_like(good: Path, samples: list[Sample]) -> None:
    net, _ = read_weights(good)
    assert figures(odds_of(net, samples[128:]), samples[128:]).right > 0.9
    photo = samples[128].crop[:, :, :3]
    outline = np.array([(24, 24), (72, 24), (72, 72), (24, 72)], float)
    assert SecondOpinion(good).probabilities(photo, [outline])[0] > 0.5


def test_it_is_trained_further_and_tells_of_each_epoch(
    tmp_path: Path, good: Path, samples: list[Sample]
) -> None:
    other = [Sample(255 - each.crop, each.occupied, each.group) for each in samples]
    for each in other:
        each.crop[:, :, 3] = 255 - each.crop[:, :, 3]
    heard: list[int] = []
    out = tmp_path / "out" / "fitted.pt"
    fitted = fit(
        other[:128], other[128:], good, out, epochs=4, seed=1,
        progress=lambda epoch, of, now: heard.append(epoch),
    )  # fmt: skip
    assert fitted.after.log_loss <= fitted.before.log_loss
    assert heard == [1, 2, 3, 4]
    assert sorted(path.name for path in out.parent.iterdir()) == ["fitted.pt"]
    written = figures(odds_of(read_weights(out)[0], other[128:]), other[128:])
    assert written.log_loss == pytest.approx(fitted.after.log_loss, abs=0.01)  # kept in halves


def test_the_same_seed_gives_the_same_classifier(
    tmp_path: Path, start: Path, samples: list[Sample]
) -> None:
    ends = [
        fit(samples[:64], samples[128:], start, tmp_path / f"{n}.pt", epochs=1, seed=seed).after
        for n, seed in enumerate((3, 3, 4))
    ]
    assert ends[0].log_loss == pytest.approx(ends[1].log_loss, abs=1e-6)
    assert ends[0].log_loss != ends[2].log_loss


def test_where_nothing_is_better_the_start_is_kept(
    tmp_path: Path, good: Path, samples: list[Sample]
) -> None:
    wrong = [Sample(each.crop, not each.occupied, each.group) for each in samples]
    fitted = fit(wrong[:128], samples[128:], good, tmp_path / "same.pt", epochs=1, seed=1)
    assert fitted.epochs == 0
    assert fitted.after == fitted.before
    outline = [np.array([(24, 24), (72, 24), (72, 72), (24, 72)], float)]
    one, other = (
        SecondOpinion(file).probabilities(samples[0].crop[:, :, :3], outline)
        for file in (good, tmp_path / "same.pt")
    )
    assert one == pytest.approx(other)


@pytest.mark.parametrize(
    ("train", "valid"), [(slice(0, 0), slice(9)), (slice(0, 8, 2), slice(9)), (slice(9), slice(0))]
)
def test_too_little_says_what_there_is(
    tmp_path: Path, start: Path, samples: list[Sample], train: slice, valid: slice
) -> None:
    with pytest.raises(ValueError, match="spaces to train on"):
        fit(samples[train], samples[valid], start, tmp_path / "out.pt")
    assert not (tmp_path / "out.pt").exists()


def test_without_a_start_nothing_is_written(tmp_path: Path, samples: list[Sample]) -> None:
    with pytest.raises(ModelError):
        fit(samples[:64], samples[64:], tmp_path / "none.pt", tmp_path / "out.pt")
    assert not (tmp_path / "out.pt").exists()


def test_figures_by_hand(samples: list[Sample]) -> None:
    four = [samples[0], samples[1], samples[2], samples[3]]  # occupied, vacant, occupied, vacant
    found = figures(np.log([3.0, 3.0, 1 / 3, 1 / 3]), four)
    assert (found.spaces, found.right) == (4, 0.5)
    assert (found.false_occupied, found.false_vacant) == (1, 1)
    assert found.log_loss == pytest.approx(-(np.log(0.75) + np.log(0.25)) / 2)


def test_augmentation_keeps_the_space_in_its_middle_and_every_value_a_colour() -> None:
    wide = torch.zeros(64, 4, SAMPLE_SIDE, SAMPLE_SIDE)
    wide[:, :3, 28:68, 28:68] = 0.9
    wide[:, 3, 24:72, 24:72] = 1
    seen = augmented(wide, SIDE, torch.Generator().manual_seed(5))
    assert seen.shape == (64, 4, SIDE, SIDE)
    assert seen.min() >= 0 and seen.max() <= 1
    assert torch.isfinite(seen).all()
    centre, edge = seen[:, 3, 24:40, 24:40].mean(), seen[:, 3, :4].mean()
    assert centre > 0.99 and edge < 0.01
    again = augmented(wide, SIDE, torch.Generator().manual_seed(5))
    assert torch.equal(seen, again)


@pytest.mark.parametrize("count, epochs", [(5, 4), (70, 2), (200, 1), (5, 1)])
def test_however_few_steps_it_takes_it_is_trained(
    samples: list[Sample], count: int, epochs: int
) -> None:
    """PyTorch's schedule divides by nothing where there are five."""
    torch.manual_seed(0)
    net = SpaceNet()
    some = (samples * (count // len(samples) + 1))[:count]
    _, found, epoch = train(net, some, samples[:4], epochs=epochs, seed=0, last=True)
    assert epoch == epochs
    assert found.spaces == 4


def test_it_begins_with_the_detectors_layers_and_does_not_look_at_the_mask_yet() -> None:
    torch.manual_seed(1)
    donor = SpaceNet()
    state = dict(donor.body.state_dict())
    state["0.conv.weight"] = state["0.conv.weight"][:, :3]
    net = from_detector(state | {"22.other": torch.zeros(1)}).eval()
    assert torch.equal(net.body[1].conv.weight, donor.body[1].conv.weight)
    assert not net.body[0].conv.weight[:, 3].any()


def test_samples_are_read_from_photos_with_marked_spaces(tmp_path: Path) -> None:
    photo = np.full((120, 160, 3), 100, np.uint8)
    photo[40:80, 40:80] = (200, 30, 30)
    (tmp_path / "images").mkdir()
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / "images" / name).write_bytes(encode(photo))
    contours = {1: [[40, 40], [80, 40], [80, 80], [40, 80]], 0: [[90, 40], [130, 40], [130, 80]]}
    spaces = [{"id": str(o), "occupied": o, "contour": c} for o, c in contours.items()]
    entry = {"width": 160, "height": 120, "spaces": [*spaces, spaces[0] | {"occupied": None}]}
    truth = {"a.jpg": entry | {"split": "train"}, "b.jpg": entry | {"split": "valid"}}
    (tmp_path / "spaces.json").write_text(json.dumps(truth))
    samples = read_samples(tmp_path, split="train")
    assert [(sample.occupied, sample.group) for sample in samples] == [
        (True, "a.jpg"), (False, "a.jpg"),
    ]  # fmt: skip
    assert samples[0].crop.shape == (SAMPLE_SIDE, SAMPLE_SIDE, 4)
    assert samples[0].crop[SAMPLE_SIDE // 2, SAMPLE_SIDE // 2, 0] > 180
    assert len(read_samples(tmp_path)) == 4
    (tmp_path / "images" / "a.jpg").write_bytes(b"")
    assert [sample.group for sample in read_samples(tmp_path)] == ["b.jpg", "b.jpg"]
    (tmp_path / "spaces.json").write_text("[]")
    with pytest.raises(FolderError, match=r"spaces\.json and images/"):
        read_samples(tmp_path)


def test_a_cameras_day_is_not_divided() -> None:
    said = {"lot": "north", "camera": "gate", "captured_at": "2026-05-04T10:00:00+00:00"}
    later = said | {"captured_at": "2026-05-04T18:00:00+00:00"}
    assert camera_day("a.jpg", said) == camera_day("b.jpg", later) == "north/gate/2026-05-04"
    assert camera_day("c.jpg", {}) == "c.jpg"


def test_lots_are_divided_where_their_photos_look_least_alike() -> None:
    looks = [np.array([float(n >= 10), float(n >= 21)]) for n in range(30)]
    found = blocks(looks)
    assert [n for block in found for n in block] == list(range(30))
    assert {block.start for block in found} >= {10, 21}
    assert all(BLOCK[0] <= len(block) <= BLOCK[1] for block in found)


@pytest.mark.parametrize("count", range(BLOCK[0], 60))
def test_no_lot_is_divided_for_a_rest(count: int) -> None:
    looks = list(np.random.default_rng(count).random((count, 3)))
    assert all(BLOCK[0] <= len(block) <= BLOCK[1] for block in blocks(looks))


def test_odds_are_of_what_the_network_sees(samples: list[Sample]) -> None:
    torch.manual_seed(0)
    net = SpaceNet().eval()
    edge = (SAMPLE_SIDE - SIDE) // 2
    changed = samples[0].crop.copy()
    changed[:edge] = 255
    [one], [other] = (odds_of(net, [Sample(crop, True, "")]) for crop in (samples[0].crop, changed))
    assert one == pytest.approx(other)
