"""`parkcore train` from end to end, with the real models on the rendered samples."""

from __future__ import annotations

import errno
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result
from conftest import HAS_8_BIT, ROOT, SAMPLES
from ultralytics import YOLO

from parkcore import chosen_models, settings
from parkcore.cli import cli
from parkcore.cli.switching import Gain, offer, say_left
from parkcore.domain import Box
from parkcore.geometry import iou
from parkcore.spaces.second_opinion import read_weights
from parkcore.training.fit_classifier import write
from parkcore.training.own_model import days_to_stop_by
from parkcore.training.space_crops import camera_day

CLASSIFIER = ROOT / "models" / "parkcore-spaces.pt"
SIZE = (1280, 720)


def outline(box: Box) -> list[list[float]]:
    """The ground that a vehicle of this box stands on, about."""
    inset, top = 0.1 * (box.x2 - box.x1), box.y1 + 0.4 * (box.y2 - box.y1)
    left, right = box.x1 + inset, box.x2 - inset
    return [[left, top], [right, top], [right, box.y2], [left, box.y2]]


@pytest.fixture(scope="module")
def told(sample_truth: dict[str, dict], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The northern samples as `export-training` writes them: a place wherever a car stood on any
    photo, occupied or free where that is plain; every fourth photo is held back."""
    folder = tmp_path_factory.mktemp("told") / "set"
    (folder / "images").mkdir(parents=True)
    photos = {name: each for name, each in sample_truth.items() if "north" in name}
    cars = {
        name: [Box(*seen["box"]) for seen in each["vehicles"] if seen["visible"] > 0.6]
        for name, each in photos.items()
    }
    places: list[Box] = []
    for box in (box for seen in cars.values() for box in seen):
        if all(iou(box, other) < 0.3 for other in places):
            places.append(box)
    entries = {}
    for number, (name, seen) in enumerate(sorted(cars.items())):
        shutil.copy(SAMPLES / name, folder / "images" / Path(name).name)
        spaces = []
        for n, place in enumerate(places):
            overlap = max((iou(place, box) for box in seen), default=0)
            occupied = 1 if overlap > 0.5 else 0 if overlap < 0.1 else None
            spaces.append({"id": f"S{n}", "contour": outline(place), "occupied": occupied})
        entries[Path(name).name] = {
            "width": SIZE[0], "height": SIZE[1], "lot": "north", "camera": "gate",
            "captured_at": f"2026-05-{number + 1:02}T10:00:00+00:00",
            "split": "valid" if number % 4 == 1 else "train", "spaces": spaces,
        }  # fmt: skip
    (folder / "spaces.json").write_text(json.dumps(entries))
    return folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings of its own, in which a classifier is in use that takes too many spaces for free."""
    (tmp_path / "parkcore.toml").touch()
    monkeypatch.setenv("PARKCORE_CONFIG", str(tmp_path / "parkcore.toml"))
    for name in ("PARKCORE_MODEL", "PARKCORE_SECOND_OPINION"):
        monkeypatch.delenv(name, raising=False)
    net, temperature = read_weights(CLASSIFIER)
    with torch.no_grad():
        net.head[-1].bias -= 2
    write(tmp_path / "models" / "biased.pt", net, temperature)
    chosen_models.choose(
        settings.chosen_file(), {"second_opinion": tmp_path / "models" / "biased.pt"}
    )
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, list(words))


def own(home: Path) -> list[Path]:
    """The weights that were trained."""
    return [path for path in (home / "models").iterdir() if path.name != "biased.pt"]


def test_it_learns_and_is_used_only_when_somebody_says_so(home: Path, told: Path) -> None:
    before = settings.load().second_opinion
    said = run("train", "--from", str(told), "--epochs", "2")
    assert said.exit_code == 0, said.output
    table = said.output.partition("On the days that were held back:\n")[2].splitlines()
    assert [line.split("  ")[1] for line in table[:2]] == ["in use", "new classifier of spaces"]
    assert all("right (between" in line for line in table[:2])
    assert re.search(r"; judged better than now \d+, worse \d+$", table[1])
    [kept] = own(home)
    assert re.fullmatch(r"parkcore-spaces-\d{4}-\d\d-\d\d-292\.pt", kept.name)
    assert f"parkcore train --use {kept}" in said.output
    start, new = (read_weights(path)[0].state_dict() for path in (Path(before), kept))
    changed = {name for name in start if not start[name].equal(new[name])}
    assert "head.3.weight" in changed
    assert not [name for name in changed if "running" in name], "a camera's own means are none"
    assert settings.load().second_opinion == before

    assert run("train", "--use", str(kept)).exit_code == 0
    assert settings.load().second_opinion == str(kept)
    assert run("train", "--back").exit_code == 0
    assert settings.load().second_opinion == before
    assert kept.is_file(), "it can still be switched over to"


def test_a_kill_in_the_midst_leaves_what_was_in_use(
    home: Path, told: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interrupted after the first pass: neither weights nor a choice are left behind."""
    from parkcore.training import fit_classifier

    before = settings.load().second_opinion
    real: Callable[..., object] = fit_classifier.fit

    def killed(*words: object, progress: object, **more: object) -> object:
        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        return real(*words, progress=interrupt, **more)

    monkeypatch.setattr(fit_classifier, "fit", killed)
    said = run("train", "--from", str(told), "--epochs", "2", "--switch")
    assert said.exit_code == 1
    assert settings.load().second_opinion == before
    assert own(home) == []


def test_days_of_one_kind_are_too_little(home: Path, told: Path, tmp_path: Path) -> None:
    """Free on the day that tells when to stop, and occupied on all others."""
    folder = shutil.copytree(told, tmp_path / "lopsided")
    entries = json.loads((folder / "spaces.json").read_text())
    training = sorted(name for name, entry in entries.items() if entry["split"] == "train")
    stop = days_to_stop_by(camera_day(name, entries[name]) for name in training)
    for name in training:
        for space in entries[name]["spaces"]:
            space["occupied"] = int(camera_day(name, entries[name]) not in stop)
    (folder / "spaces.json").write_text(json.dumps(entries))
    said = run("train", "--from", str(folder))
    assert said.exit_code == 1
    assert "all spaces for cars to learn from are occupied" in said.output
    assert own(home) == []


def test_what_is_better_alone_is_measured_together(
    home: Path, told: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In use is a classifier that takes all for occupied. A detector that is the same makes nothing
    better, so that the new classifier alone is switched over to."""

    def good(settings: settings.Settings, folder: Path, out: Path, *_: object) -> bool:
        shutil.copy(CLASSIFIER, out)
        return True

    def same(settings: settings.Settings, told: object, made: Path, out: Path, *_: object) -> None:
        shutil.copy(ROOT / "models" / "parkcore-yolov8n.pt", out)

    net, temperature = read_weights(CLASSIFIER)
    with torch.no_grad():
        net.head[-1].bias += 8
    write(home / "models" / "biased.pt", net, temperature)
    monkeypatch.setattr("parkcore.cli.training._fit", good)
    monkeypatch.setattr("parkcore.cli.training._fine_tune", same)
    monkeypatch.setattr("parkcore.training.own_model.LEAST_PHOTOS", 1)
    said = run("train", "--from", str(told), "--detector", "--epochs", "2", "--switch")
    assert said.exit_code == 0, said.output
    table = said.output.partition("On the days that were held back:\n")[2].splitlines()
    assert [line.strip().split("  ")[0] for line in table[:4]] == [
        "in use", "new classifier of spaces", "new detector",
        "new classifier of spaces and detector",
    ]  # fmt: skip
    assert "parkcore-spaces-" in settings.load().second_opinion
    assert "With the new detector alone it is no better. It is left" in said.output
    assert "Nothing is switched" not in said.output
    assert settings.load().model == "parkcore-yolov8n.pt"


def test_a_detector_that_takes_longer_says_so(home: Path) -> None:
    new = home / "models" / "parkcore-vehicles-2026-11-23-20.pt"
    shutil.copy(ROOT / "models" / "parkcore-yolov8n.pt", new)
    said = run("train", "--use", str(new))
    assert said.exit_code == 0, said.output
    assert ("no 8-bit form" in said.output) == HAS_8_BIT
    classifier = home / "models" / "parkcore-spaces-2026-11-23-292.pt"
    shutil.copy(CLASSIFIER, classifier)
    assert "8-bit" not in run("train", "--use", str(classifier)).output


def test_held_back_photos_that_cannot_be_read_measure_nothing(
    home: Path, told: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(told, tmp_path / "broken")
    entries = json.loads((folder / "spaces.json").read_text())
    for name, entry in entries.items():
        if entry["split"] == "valid":
            (folder / "images" / name).unlink()
    said = run("train", "--from", str(folder))
    assert said.exit_code == 1
    assert "only 0 of the" in said.output and "can be read" in said.output
    assert own(home) == []


@pytest.mark.parametrize("gains, how", [(True, "better, but less so"), (False, "no better")])
def test_what_is_not_offered_is_said_with_how_to_use_it(gains, how, capsys) -> None:
    say_left("model", Path("own.pt"), gains=gains)
    said = capsys.readouterr().out
    assert f"With the new detector alone it is {how}." in said
    assert "`parkcore train --use own.pt`" in said


def test_a_detector_that_lacks_a_type_is_refused_before_anything_is_measured(
    home: Path, told: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_type = home / "models" / "one.pt"
    model = YOLO(str(ROOT / "models" / "parkcore-yolov8n.pt"), task="detect")
    model.model.names = {0: "car", 1: "x", 2: "y", 3: "z"}
    model.save(str(one_type))
    monkeypatch.setattr("parkcore.training.own_model.LEAST_PHOTOS", 1)
    monkeypatch.setattr("parkcore.training.own_model.measure", None)
    said = run("--model", str(one_type), "train", "--from", str(told), "--detector-only")
    assert said.exit_code == 1
    assert "knows no motorcycle and no bus and no truck" in said.output
    assert "PARKCORE_MODEL" in said.output


def test_two_ways_at_once_are_wrong_usage(home: Path) -> None:
    assert run("train", "--back", "--use", str(CLASSIFIER)).exit_code == 2


def test_a_full_disk_says_what_to_do(
    home: Path, told: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("parkcore.cli.training._train", full)
    said = run("train", "--from", str(told))
    assert said.exit_code == 1
    assert "No space left on device" in said.output and "TMPDIR" in said.output


def test_what_is_switched_off_cannot_be_trained(home: Path, told: Path) -> None:
    said = run("--second-opinion", "off", "train", "--from", str(told))
    assert said.exit_code == 1
    assert "switched off" in said.output and "--detector-only" in said.output


@pytest.mark.parametrize(
    "gain, switch, used",
    [
        ("better", True, True),
        ("better", False, False),
        ("perhaps better", True, False),
    ],
)
def test_only_what_is_better_is_switched_over_without_being_asked(
    home: Path, gain: Gain, switch: bool, used: bool
) -> None:
    new = home / "models" / "parkcore-spaces-2026-11-23-292.pt"
    shutil.copy(home / "models" / "biased.pt", new)
    with CliRunner().isolation():  # where nobody can be asked
        offer({"second_opinion": new}, gain, switch=switch)
    assert (settings.load().second_opinion == str(new)) is used
