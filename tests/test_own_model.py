"""A model of one's own: enough to learn from, measured on days held back, switched over."""

from __future__ import annotations

import errno
import json
import shutil
import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner, Result
from conftest import CELL, ROOT, WEIGHTS, PaintDetector, draw_lot, encode

from parkcore import chosen_models, settings
from parkcore.accuracy.meter import Tally
from parkcore.cli import cli
from parkcore.cli.switching import offer
from parkcore.domain import Box, Detection, Image
from parkcore.errors import FolderError, NotEnoughHistory, OutputError, SettingsError
from parkcore.spaces.judging import Judge
from parkcore.spaces.layout import Layout, Space
from parkcore.spaces.verdict import Judged, Judgement, SpaceState
from parkcore.training import detector_set
from parkcore.training.own_model import (
    Amount,
    Change,
    Measured,
    Told,
    Trial,
    days_to_stop_by,
    keep_weights,
    measure,
    new_weights,
    read_told,
)
from parkcore.training.space_crops import read_samples

DAY = date(2026, 11, 23)


def judging(layout: Layout, image: Image, imgsz: int | None) -> tuple[list[Detection], Judged]:
    found = PaintDetector().detect(image)
    return found, Judge().judge(layout, image, found)


def make_set(folder: Path, photos: dict[str, tuple[str, int, dict[int, int | None]]]) -> Path:
    """A folder as `export-training` writes it: name → split, vehicles, and what was said of the
    places 0…39 of the drawn lot."""
    (folder / "images").mkdir(parents=True)
    entries = {}
    for number, (name, (split, vehicles, said)) in enumerate(photos.items()):
        (folder / "images" / name).write_bytes(encode(draw_lot(vehicles, seed=number)))
        spaces = []
        for place, occupied in said.items():
            y, x = divmod(place, 8)
            corners = [(4, 4), (36, 4), (36, 36), (4, 36)]
            contour = [[x * CELL + dx, y * CELL + dy] for dx, dy in corners]
            spaces.append({"id": f"S{place}", "contour": contour, "occupied": occupied})
        entries[name] = {
            "width": 320, "height": 200, "split": split, "lot": "north", "camera": "gate",
            "captured_at": f"2026-05-{number % 28 + 1:02}T10:00:00+00:00", "spaces": spaces,
        }  # fmt: skip
    (folder / "spaces.json").write_text(json.dumps(entries))
    return folder


# -- how much there is ----------------------------------------------------------------------


def test_what_people_said_is_counted_by_side(tmp_path: Path) -> None:
    told = read_told(make_set(tmp_path, {
        "a.jpg": ("train", 3, {0: 1, 1: 1, 2: None, 3: 0}),
        "b.jpg": ("valid", 1, {0: 1, 9: 0}),
    }))  # fmt: skip
    assert Amount.of(told) == Amount(photos=1, occupied=2, vacant=1, held_back=2)
    assert [each.said for each in told] == [
        {"S0": "occupied", "S1": "occupied", "S3": "vacant"},
        {"S0": "occupied", "S9": "vacant"},
    ]
    assert len(told[0].layout.spaces) == 4, "those that nobody spoke of are judged all the same"


@pytest.mark.parametrize(
    "amount, detector, missing",
    [
        (Amount(60, 48, 12, 15), True, None),
        (Amount(9, 48, 12, 15), False, None),
        (Amount(49, 48, 12, 15), True, "49 photos"),
        (Amount(9, 47, 12, 15), False, "59 spaces"),
        (Amount(9, 100, 11, 15), False, "11 free"),
        (Amount(9, 48, 12, 14), False, "14 answers about spaces on days held back"),
    ],
)
def test_too_little_says_how_much_there_is_and_is_needed(amount, detector, missing) -> None:
    if missing is None:
        amount.check(detector=detector)
        return
    with pytest.raises(NotEnoughHistory, match=missing) as raised:
        amount.check(detector=detector)
    assert "at least" in str(raised.value) and "Accuracy" in str(raised.value)


def test_a_folder_of_something_else_is_said(tmp_path: Path) -> None:
    assert read_told(tmp_path) == [], "only counts were corrected"
    (tmp_path / "spaces.json").write_text('{"a.jpg": {"spaces": []}}')
    with pytest.raises(FolderError, match="is not what `parkcore export-training` writes"):
        read_told(tmp_path)


def test_outlines_that_reach_out_of_the_photo_are_cut_and_those_outside_left_out(
    tmp_path: Path,
) -> None:
    make_set(tmp_path, {"a.jpg": ("train", 1, {0: 1, 1: 0})})
    entries = json.loads((tmp_path / "spaces.json").read_text())
    first, second = entries["a.jpg"]["spaces"]
    first["contour"] = [[-20, 10], [30, 10], [30, 40], [-20, 40]]
    second["contour"] = [[400, 10], [430, 10], [430, 40], [400, 40]]
    (tmp_path / "spaces.json").write_text(json.dumps(entries))
    [told] = read_told(tmp_path)
    assert [space.id for space in told.layout.spaces] == ["S0"]
    assert told.layout.spaces[0].polygon[0] == (0, 0.05)
    assert told.said == {"S0": "occupied"}


# -- how right it is ------------------------------------------------------------------------


def tally(measured: Measured) -> Tally:
    return Tally.of_pairs((trial.state, trial.said) for trial in measured)


def test_the_spaces_that_people_spoke_of_are_measured(tmp_path: Path) -> None:
    told = read_told(make_set(tmp_path, {
        "a.jpg": ("valid", 3, {0: 1, 1: 1, 2: 0, 3: 0, 4: None}),
        "b.jpg": ("valid", 1, {0: 1, 9: 1}),
    }))  # fmt: skip
    found = tally(measure(told, judging, max_megapixels=50))
    assert found == Tally(right_occupied=3, right_vacant=1, false_occupied=1, false_vacant=1)
    told[0].photo.unlink()
    assert len(measure(told, judging, max_megapixels=50)) == 2


def test_what_was_put_right_is_learned_from_but_does_not_measure(tmp_path: Path) -> None:
    """People correct what is wrong: by corrections alone, the model in use is always wrong."""
    make_set(tmp_path, {"a.jpg": ("valid", 2, {0: 1, 1: 1, 2: 0, 3: 1, 4: None})})
    entries = json.loads((tmp_path / "spaces.json").read_text())
    first, second, _, corrected, unsaid = entries["a.jpg"]["spaces"]
    first |= {"by": "check", "asked": True}
    second |= {"by": "hand", "asked": True}  # asked, and put right in the history as well
    corrected |= {"by": "hand", "asked": False}
    unsaid |= {"by": "model", "asked": False}
    (tmp_path / "spaces.json").write_text(json.dumps(entries))
    [told] = read_told(tmp_path)
    assert told.said.keys() == {"S0", "S1", "S2", "S3"}
    assert told.drawn == {"S0", "S1", "S2"}, "one of a set that says nothing was not selected"
    assert Amount.of([told]).held_back == 3
    found = tally(measure([told], judging, max_megapixels=50))
    assert found == Tally(right_occupied=2, right_vacant=1)


YES, NO, OPEN = ("occupied", "occupied"), ("vacant", "occupied"), ("unknown", "occupied")


@pytest.mark.parametrize(
    "before, after, change",
    [
        ([NO, YES, OPEN], [NO, YES, OPEN], Change(0, 0)),
        ([NO, NO, OPEN], [YES, OPEN, YES], Change(3, 0)),
        ([YES, OPEN, YES], [NO, NO, OPEN], Change(0, 3)),
        ([YES, NO, YES, YES], [YES, YES, OPEN, YES], Change(1, 1)),
    ],
)
def test_models_are_compared_space_by_space(before, after, change: Change) -> None:
    then, now = ([Trial(*pair, f"A{n}") for n, pair in enumerate(row)] for row in (before, after))
    assert Change.between(then, now) == change
    assert change.gain == change.better - change.worse


def test_a_car_that_stands_all_day_is_one_trial() -> None:
    then = [Trial(*NO, "mon/A1")] * 5 + [Trial(*NO, "mon/A2"), Trial(*YES, "mon/A2")]
    now = [Trial(*YES, "mon/A1")] * 5 + [Trial(*YES, "mon/A2"), Trial(*NO, "mon/A2")]
    assert Change.between(then, now) == Change(1, 0)
    assert Change.between(now, then) == Change(0, 1)


def test_a_trial_knows_its_camera_day_and_space(tmp_path: Path) -> None:
    make_set(tmp_path, {"a.jpg": ("valid", 2, {0: 1})})
    entries = json.loads((tmp_path / "spaces.json").read_text())
    entries["a.jpg"] |= {"lot": "north", "camera": "gate", "day": "2026-11-23"}
    (tmp_path / "spaces.json").write_text(json.dumps(entries))
    [trial] = measure(read_told(tmp_path), judging, max_megapixels=50)
    assert trial == Trial("occupied", "occupied", "north/gate/2026-11-23/S0")


@pytest.mark.parametrize(
    "change, tried, is_sure",
    [
        (Change(0, 0), 1, False),
        (Change(1, 0), 1, False),
        (Change(4, 0), 1, False),  # 1 of 16
        (Change(5, 0), 1, True),  # 1 of 32
        (Change(5, 0), 3, False),
        (Change(6, 0), 3, True),  # 1 of 64
        (Change(7, 1), 1, True),  # 9 of 256
        (Change(7, 2), 1, False),  # 46 of 512
        (Change(1, 7), 1, False),
    ],
)
def test_one_answer_more_is_no_proof(change: Change, tried: int, is_sure: bool) -> None:
    assert change.is_more_than_chance(tried) is is_sure


def test_some_days_for_training_tell_when_to_stop_and_go_on_to() -> None:
    days = [f"north/gate/2026-{month:02}-{day:02}" for month in (5, 6, 7) for day in range(1, 29)]
    chosen = days_to_stop_by(days)
    assert len(days) / 8 < len(chosen) < len(days) / 3
    for part in (days[10:40], days[40:]):
        assert days_to_stop_by(part + part) == chosen & set(part)


@pytest.mark.parametrize("days", range(8))
def test_few_days_leave_some_to_learn_from(days: int) -> None:
    groups = [f"d{n:02}" for n in range(days)]
    chosen = days_to_stop_by(groups)
    assert chosen <= set(groups)
    assert bool(chosen) is (days > 0)
    assert len(chosen) < days or days < 2


def test_weights_are_named_after_the_day_and_never_written_over(tmp_path: Path) -> None:
    first = new_weights(tmp_path, "spaces", DAY, 212)
    assert first.name == "parkcore-spaces-2026-11-23-212.pt"
    first.touch()
    assert new_weights(tmp_path, "spaces", DAY, 212).name == "parkcore-spaces-2026-11-23-212-2.pt"


# -- boxes for the detector -----------------------------------------------------------------


def test_weights_are_kept_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fitted.pt").write_bytes(b"weights")
    kept = tmp_path / "models" / "own.pt"

    def half(source: Path, target: Path) -> None:
        target.write_bytes(b"wei")
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copyfile", half)
        with pytest.raises(OutputError, match="No space left on device"):
            keep_weights(tmp_path / "fitted.pt", kept)
    assert list(kept.parent.iterdir()) == []
    keep_weights(tmp_path / "fitted.pt", kept)
    assert kept.read_bytes() == b"weights"


def square(x: float, y: float = 100, size: float = 40) -> Box:
    return Box(x, y, x + size, y + size)


def told_of(said: dict[str, str]) -> Told:
    spaces = tuple(
        Space(name, ((x / 400, 0.5), ((x + 40) / 400, 0.5), ((x + 40) / 400, 0.7), (x / 400, 0.7)))
        for name, x in (("A", 0), ("B", 100), ("C", 200), ("D", 300))
    )
    layout = Layout(spaces, (), (400, 200))
    return Told(Path("a.jpg"), layout, said, frozenset(said), "train")


def judged_as(**vehicles: int | None) -> Judged:
    states = (
        SpaceState(name, "unknown" if n is None else "occupied", 0.9, "", None, n)
        for name, n in vehicles.items()
    )
    return Judged(0, Judgement(tuple(states)))


def test_the_sure_boxes_are_taught_and_the_doubtful_painted_over() -> None:
    found = [Detection("car", 0.9, square(0)), Detection("truck", 0.2, square(100))]
    boxes, grey = detector_set.taught(told_of({}), found, judged_as(A=0, B=1, C=None, D=None))
    assert (boxes, grey) == ([("car", square(0))], [square(100)])


def test_what_people_said_puts_the_boxes_right() -> None:
    found = [Detection("car", 0.9, square(0)), Detection("bus", 0.3, square(102))]
    said = {"A": "vacant", "B": "occupied", "C": "occupied", "D": "vacant"}
    judged = judged_as(A=0, B=None, C=None, D=None)
    boxes, grey = detector_set.taught(told_of(said), found, judged)
    assert boxes == [("bus", square(102)), ("car", square(200))]
    assert grey == [square(0)], "a vehicle where nobody saw one is not taught"


def test_a_missed_vehicle_beside_one_that_was_found_is_taught() -> None:
    """The one that was found overlaps the space, but stands in the one beside it."""
    found = [Detection("car", 0.9, square(80))]
    boxes, grey = detector_set.taught(
        told_of({"B": "occupied"}), found, judged_as(A=0, B=None, C=None, D=None)
    )
    assert boxes == [("car", square(80)), ("car", square(100))]
    assert grey == []


def test_one_box_is_not_the_vehicle_of_two_spaces() -> None:
    found = [Detection("car", 0.2, Box(0, 100, 120, 140))]
    spaces = {"A": "occupied", "B": "occupied"}
    told = told_of(spaces)
    wide = replace(told, layout=replace(told.layout, spaces=tuple(
        replace(space, polygon=((0.02, 0.5), (0.3, 0.5), (0.3, 0.7), (0.02, 0.7)))
        if space.id in spaces else space
        for space in told.layout.spaces
    )))  # fmt: skip
    boxes, _ = detector_set.taught(wide, found, judged_as(A=None, B=None))
    assert len(boxes) == 2


def test_what_stands_where_a_person_saw_none_is_not_taught_whatever_it_was_judged() -> None:
    """The classifier may have said so before the person did; then no vehicle is named."""
    found = [Detection("car", 0.9, square(0)), Detection("car", 0.9, square(100))]
    said = {"A": "vacant", "B": "vacant"}
    boxes, grey = detector_set.taught(told_of(said), found, judged_as(A=None, B=None, C=1))
    assert boxes == [("car", square(100))], "a vehicle of another space stays one"
    assert grey == [square(0)]


def test_where_a_motorcycle_stands_unseen_one_is_taught(tmp_path: Path) -> None:
    folder = make_set(tmp_path / "set", {"a.png": ("train", 0, {0: 1})})
    entries = json.loads((folder / "spaces.json").read_text())
    entries["a.png"]["spaces"][0]["type"] = "motorcycle"
    (folder / "spaces.json").write_text(json.dumps(entries))
    [told] = read_told(folder)
    name = next(iter(told.said))
    boxes, _ = detector_set.taught(told, [], judged_as(**{name: None}))
    assert [label for label, _ in boxes] == ["motorcycle"]
    assert read_samples(folder) == [], "the classifier knows cars alone"


def test_no_sure_vehicle_is_painted_over() -> None:
    found = [Detection("car", 0.9, square(0)), Detection("car", 0.2, square(10))]
    assert detector_set.taught(told_of({}), found, judged_as(A=0))[1] == []


def test_the_set_is_as_ultralytics_reads_it(tmp_path: Path) -> None:
    told = read_told(make_set(tmp_path / "set", {
        "a.png": ("train", 2, {0: 1, 1: 0, 3: 1}),
        "b.jpg": ("valid", 1, {0: 1}),
        "c.jpg": ("train", 0, {0: 0}),
    }))  # fmt: skip
    told[2].photo.write_bytes(b"cut off")
    data = detector_set.write(told, judging, tmp_path / "boxes", max_megapixels=50)
    described = yaml.safe_load(data.read_text())
    assert described["names"] == {0: "car", 1: "motorcycle", 2: "bus", 3: "truck"}
    train = Path(described["path"]) / described["train"]
    assert [path.name for path in train.iterdir()] == ["a.jpg"]
    lines = (train.parent / "labels" / "a.txt").read_text().splitlines()
    boxes = [[float(each) for each in line.split()] for line in lines]
    assert boxes == [
        pytest.approx([0, 20 / 320, 20 / 200, 32 / 320, 32 / 200]),
        pytest.approx([0, 140 / 320, 20 / 200, 32 / 320, 32 / 200]),
    ]
    assert len(list((tmp_path / "boxes" / "valid" / "labels").iterdir())) == 1


@pytest.mark.parametrize("lost, whose", [("train", "for training"), ("valid", "held back")])
def test_a_set_without_photos_that_can_be_read_is_said(
    tmp_path: Path, lost: str, whose: str
) -> None:
    told = read_told(make_set(tmp_path / "set", {
        "a.jpg": ("train", 2, {0: 1}), "b.jpg": ("valid", 1, {0: 1}),
    }))  # fmt: skip
    next(each for each in told if each.split == lost).photo.unlink()
    with pytest.raises(FolderError, match=f"none of the photos {whose} can be read"):
        detector_set.write(told, judging, tmp_path / "boxes", max_megapixels=50)


def test_painting_leaves_the_photo_itself() -> None:
    image = np.zeros((50, 50, 3), np.uint8)
    seen = detector_set.painted(image, [Box(10, 20, 30, 40)])
    assert (seen[20:40, 10:30] == 114).all() and seen.sum() == 20 * 20 * 3 * 114
    assert not image.any()


# -- switching over -------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with settings of its own."""
    (tmp_path / "parkcore.toml").touch()
    monkeypatch.setenv("PARKCORE_CONFIG", str(tmp_path / "parkcore.toml"))
    monkeypatch.delenv("PARKCORE_MODEL", raising=False)
    (tmp_path / "models").mkdir()
    return tmp_path


def weights(home: Path, name: str) -> Path:
    path = home / "models" / name
    path.write_bytes(b"weights")
    return path


def test_a_sliver_of_a_space_at_the_photos_edge_stops_nothing(tmp_path: Path) -> None:
    """As a nudged camera sees it: too little for a layout, and nobody spoke of it."""
    folder = make_set(tmp_path / "set", {"a.jpg": ("train", 3, {0: 1, 9: None})})
    path = folder / "spaces.json"
    entries = json.loads(path.read_text())
    entry = entries["a.jpg"]
    entry["width"], entry["height"] = 4000, 3000
    entry["spaces"][1]["contour"] = [[-50, 100], [0.8, 100], [0.8, 300], [-50, 300]]
    path.write_text(json.dumps(entries))
    [told] = read_told(folder)
    assert [space.id for space in told.layout.spaces] == ["S0"]
    assert told.said == {"S0": "occupied"}


def real_weights(home: Path, name: str) -> Path:
    return Path(shutil.copy(WEIGHTS, home / "models" / name))


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, list(words))


def test_the_last_choice_is_in_use_and_can_be_taken_back(home: Path) -> None:
    file = settings.chosen_file()
    usual = settings.load().model
    first, second = weights(home, "a.pt"), weights(home, "ü🚗.pt")
    now = datetime(2026, 11, 23, 5, tzinfo=UTC)
    chosen_models.choose(file, {"model": first}, now=now)
    assert settings.load().model == str(first)
    chosen_models.choose(file, {"second_opinion": second}, now=now)
    assert chosen_models.in_use(file) == {"model": str(first), "second_opinion": str(second)}
    entries = tomllib.loads(file.read_text())["chosen"]
    assert entries[0] == {"at": now, "model": "models/a.pt"}
    assert chosen_models.go_back(file) == {"model": str(first)}
    assert chosen_models.go_back(file) == {}
    assert settings.load().model == usual and not file.exists()
    with pytest.raises(SettingsError, match="nothing to go back from"):
        chosen_models.go_back(file)


def test_the_users_own_setting_comes_first(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen_models.choose(settings.chosen_file(), {"model": weights(home, "a.pt")})
    (home / "parkcore.toml").write_text('model = "mine.pt"')
    assert settings.load().model == "mine.pt"
    monkeypatch.setenv("PARKCORE_MODEL", "environment.pt")
    assert settings.load().model == "environment.pt"
    assert settings.load(model="flag.pt").model == "flag.pt"


@pytest.mark.parametrize(
    "text", ["[[chosen]", "chosen = 3", "[[chosen]]\nmodel = 5\n", 'chosen = ["a"]']
)
def test_a_damaged_file_says_what_to_do(home: Path, text: str) -> None:
    settings.chosen_file().write_text(text)
    with pytest.raises(SettingsError, match=r"parkcore-chosen\.toml is not what .* remove it"):
        settings.load()


def test_what_is_half_written_changes_nothing(home: Path) -> None:
    """As a kill between writing and renaming leaves it."""
    file = settings.chosen_file()
    chosen_models.choose(file, {"model": weights(home, "a.pt")})
    before = file.read_text()
    file.with_name("parkcore-chosen.toml.unfinished").write_text("[[cho")
    assert settings.load().model.endswith("a.pt") and file.read_text() == before


def test_commands_switch_over_and_back(home: Path) -> None:
    own = real_weights(home, "parkcore-vehicles-2026-11-23-60.pt")
    said = run("train", "--use", str(own))
    assert said.exit_code == 0, said.output
    assert own.name in said.output and "Start the service anew" in said.output
    assert settings.load().model == str(own)
    back = run("train", "--back")
    assert back.exit_code == 0 and "undoes it" in said.output and "undoes it" not in back.output
    assert settings.load().model == settings.DEFAULT_MODEL
    nothing = run("train", "--back")
    assert nothing.exit_code == 1 and "nothing to go back from" in nothing.output
    other = run("train", "--use", str(weights(home, "yolov8s.pt")))
    assert other.exit_code == 2 and "PARKCORE_MODEL" in other.output


@pytest.mark.parametrize("name", ["parkcore-vehicles-1.pt", "parkcore-spaces-1.pt"])
def test_weights_that_cannot_be_loaded_are_not_switched_over_to(home: Path, name: str) -> None:
    said = run("train", "--use", str(weights(home, name)))
    assert said.exit_code == 1 and name in said.output
    assert not settings.chosen_file().exists()
    card = run("train", "--use", str(weights(home, name.replace(".pt", ".md"))))
    assert card.exit_code == 2 and "is none that `parkcore train` made" in card.output


def test_two_that_were_measured_together_are_taken_back_together(home: Path) -> None:
    usual = settings.load()
    spaces = home / "models" / "parkcore-spaces-2026-11-23-292.pt"
    shutil.copy(ROOT / "models" / "parkcore-spaces.pt", spaces)
    vehicles = real_weights(home, "parkcore-vehicles-2026-11-23-60.pt")
    offer({"second_opinion": spaces, "model": vehicles}, "better", switch=True)
    now = settings.load()
    assert (now.second_opinion, now.model) == (str(spaces), str(vehicles))
    assert run("train", "--back").exit_code == 0
    now = settings.load()
    assert (now.second_opinion, now.model) == (usual.second_opinion, usual.model)


def test_a_setting_that_hides_the_choice_is_said(home: Path) -> None:
    (home / "parkcore.toml").write_text('model = "mine.pt"')
    said = run("train", "--use", str(real_weights(home, "parkcore-vehicles-2026-11-23-60.pt")))
    assert "the setting model says mine.pt, and comes first" in said.output


def test_too_little_to_train_with_changes_nothing(home: Path) -> None:
    folder = make_set(home / "set", {"a.jpg": ("train", 3, {0: 1, 9: 0})})
    said = run("train", "--from", str(folder))
    assert said.exit_code == 1
    assert "too little to train with: 2 spaces (1 occupied, 1 free) on days for" in said.output
    assert list((home / "models").iterdir()) == []
    empty = run("--db", str(home / "p.db"), "--storage", str(home), "train")
    assert empty.exit_code == 1 and "no correction and no answer" in empty.output
