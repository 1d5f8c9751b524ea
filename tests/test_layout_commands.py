"""`parkcore layout`: spaces in and out, proposed, judged and realigned by the command line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from conftest import NOON, SAMPLES, encode
from test_registration import photo, shift

from parkcore.cli import cli
from parkcore.domain import Box, Detection, DetectorInfo, Image, Lot, Photo, Snapshot, Vehicles
from parkcore.ingest import content_id
from parkcore.spaces.layout import Area, Layout, Space
from parkcore.spaces.layout_files import FORMS, read_layout
from parkcore.spaces.layout_writing import write_layout
from parkcore.store import Store

PLACE = "north", "gate"
SIZE = 1280, 720
BY_DAY = SAMPLES / "sample-north" / "gate" / "2026-05-04_12-30.jpg"


def square(x: float, y: float = 0.4) -> tuple[tuple[float, float], ...]:
    return ((x, y), (x + 0.05, y), (x + 0.05, y + 0.1), (x, y + 0.1))


LAYOUT = Layout(
    (Space("A1", square(0.4), "ev", "east"), Space("A2", square(0.5)), Space("edge", square(0.94))),
    (Area("road", square(0.2), "ignore"),),
    SIZE,
)
CARS = (Detection("car", 0.9, Box(512, 270, 576, 360)),)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run a command in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "storage_photo").mkdir()
    return lambda *words: CliRunner().invoke(cli, [*map(str, words)])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "parkcore.db") as opened:
        yield opened


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "layout.json"
    path.write_text(write_layout(LAYOUT), encoding="utf-8")
    return path


@pytest.fixture
def take(store: Store, tmp_path: Path) -> Callable[..., Path]:
    """Record a photo of the camera, as many minutes after noon."""

    def take(image: Image, minutes: int = 0, seen: tuple[Detection, ...] = CARS) -> Path:
        data, (height, width) = encode(image), image.shape[:2]
        path = tmp_path / "storage_photo" / "north" / "gate" / f"{minutes}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        taken = Photo(
            file=f"north/gate/{minutes}.jpg", sha256=content_id(data), size_bytes=len(data),
            width=width, height=height, captured_at=NOON + timedelta(minutes=minutes),
            time_source="filename", lot_id="north", camera_id="gate",
        )  # fmt: skip
        detector = DetectorInfo("paint", "1", 0.5, 640)
        snapshot = Snapshot(taken, Vehicles(car=len(seen)), detector, 1, seen)
        store.record(snapshot, b"", lot=Lot("north", "north"))
        return path

    return take


def done(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(result: Result, said: str) -> None:
    assert result.exit_code == 1, result.output
    assert result.stderr.startswith("Error: ")
    assert said in result.stderr
    assert "Traceback" not in result.output


# -- in and out ---------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_every_form_comes_back_as_it_was_given_out(run, store, file, tmp_path, form):
    assert "north/gate: 3 spaces, version 1" in done(run("layout", "import", *PLACE, file))
    given = done(run("layout", "export", *PLACE, "--format", form))
    other = tmp_path / "other.json"
    other.write_text(given, encoding="utf-8")
    size = ["--size", "1280x720"] if form == "ultralytics" else []
    assert "version 2" in done(run("layout", "import", *PLACE, other, *size))
    assert done(run("layout", "export", *PLACE, "--format", form)) == given
    found = [space.polygon for space in store.layout(*PLACE).spaces]
    assert np.array(found) == pytest.approx(np.array([s.polygon for s in LAYOUT.spaces]))
    assert store.layout(*PLACE, 1).spaces[0].group == "east"


def test_what_is_doubtful_is_said_and_imported_all_the_same(run, store, file):
    twice = Layout((Space("A1", square(0.4)), Space("A2", square(0.41))), (), SIZE)
    file.write_text("\ufeff" + write_layout(twice), encoding="utf-8")
    result = run("layout", "import", *PLACE, file)
    assert done(result) == "north/gate: 2 spaces, version 1\n"
    assert "A1 and A2 overlap" in result.stderr
    assert "no photo of this camera yet" in result.stderr
    assert store.layout_reference(store.layout(*PLACE).id) is None


def test_the_newest_photo_that_is_there_becomes_the_reference(run, store, file, take):
    take(photo(BY_DAY))
    take(photo(BY_DAY), 5).unlink()
    assert run("layout", "import", *PLACE, file).stderr == ""
    assert store.layout_reference(store.layout(*PLACE).id).startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize(
    "data, said",
    [
        (b"<html>", "not JSON"),
        (b"", "not JSON"),
        (b"\xff\xfe\x00", "cannot be read"),
        (b'{"spaces": 5, "image_size": [9, 9]}', "`spaces` is a list, but got 5"),
        (b'[{"points": [[1, 2], [3, 4], [5, 1]]}]', "give its width and height"),
    ],
    ids=["a web page", "nothing", "no text", "a number of spaces", "no size"],
)
def test_a_file_that_cannot_be_used_changes_nothing(run, store, file, data, said):
    done(run("layout", "import", *PLACE, file))
    file.write_bytes(data)
    refused(run("layout", "import", *PLACE, file), said)
    assert store.layout(*PLACE).version == 1


def test_a_file_that_is_not_there_is_told(run, tmp_path):
    refused(run("layout", "import", *PLACE, tmp_path / "none.json"), "cannot be read")


@pytest.mark.parametrize("words", [["--size", "12"], ["--size", "0x9"]], ids=" ".join)
def test_a_size_that_is_none_is_a_wrong_call(run, file, words):
    result = run("layout", "import", *PLACE, file, *words)
    assert result.exit_code == 2
    assert "expected such as 1280x720" in result.output


@pytest.mark.parametrize("command", ["export", "judge", "realign"])
def test_without_spaces_there_is_nothing_to_do(run, command):
    refused(run("layout", command, *PLACE), "north/gate has no marked spaces")


# -- proposed and judged ------------------------------------------------------------------------


def test_spaces_are_proposed_as_a_file_that_can_be_imported(run, store, take, tmp_path):
    refused(run("layout", "propose", *PLACE), "no photos yet")
    for minutes in range(4):
        image = photo(BY_DAY).copy()
        image[:9, :9] = minutes
        take(image, minutes)
    result = run("layout", "propose", *PLACE)
    [space] = read_layout(done(result)).spaces
    assert space.id == "A1"
    assert "1 spaces proposed from 4 photos" in result.stderr
    proposed = tmp_path / "proposed.json"
    proposed.write_text(result.stdout)
    assert store.layout(*PLACE) is None, "nothing is marked without the user's word"
    done(run("layout", "import", *PLACE, proposed))


def test_photos_that_are_recorded_already_are_judged(run, store, file, take):
    take(photo(BY_DAY))
    take(shift(photo(BY_DAY), right=0.01)[0], 1).unlink()
    done(run("layout", "import", *PLACE, file))
    assert done(run("layout", "judge", *PLACE)) == "1 photos judged, 1 are no longer there\n"
    [(_, judged)] = store.latest_judged(store.layout(*PLACE).id, limit=5)
    assert [space.state for space in judged.judgement.spaces] == ["occupied", "vacant", "vacant"]


# -- realigned ----------------------------------------------------------------------------------


def test_a_camera_that_was_moved_far_is_realigned(run, store, file, take):
    take(photo(BY_DAY))
    done(run("layout", "import", *PLACE, file))
    car = Detection("car", 0.9, Box(512 + 320, 270, 576 + 320, 360))
    take(shift(photo(BY_DAY), right=0.25)[0], 1, (car,))
    done(run("layout", "judge", *PLACE))
    [*_, (_, judged)] = store.latest_judged(store.layout(*PLACE).id, limit=5)
    assert judged.is_elsewhere

    result = run("layout", "realign", *PLACE)
    assert done(result) == "north/gate: 2 spaces, version 2\n"
    assert "no longer in view and left out: edge" in result.stderr
    new = store.layout(*PLACE)
    assert new.spaces[0].polygon[0] == pytest.approx((0.65, 0.4), abs=0.005)
    [(_, judged)] = store.latest_judged(new.id, limit=5)
    assert [space.state for space in judged.judgement.spaces] == ["occupied", "vacant"]


def test_another_view_is_refused(run, store, file, take):
    take(photo(BY_DAY))
    done(run("layout", "import", *PLACE, file))
    take(np.ascontiguousarray(photo(BY_DAY)[:, ::-1]), 1)
    refused(run("layout", "realign", *PLACE), "too little in common")
    assert store.layout(*PLACE).version == 1


# -- analyse ------------------------------------------------------------------------------------


def test_a_photo_is_analysed_by_a_layout_from_a_file(run, file, tmp_path):
    sample = tmp_path / "2026-05-04_12-30.jpg"
    sample.write_bytes(BY_DAY.read_bytes())
    [line] = done(run("analyse", sample, "--json", "--layout", file)).splitlines()
    found = json.loads(line)
    assert [space["id"] for space in found["spaces"]] == ["A1", "A2", "edge"]
    for space in found["spaces"]:
        assert space["state"] in ("occupied", "vacant", "unknown")
        assert {"confidence", "reason"} <= space.keys()
    counted = [found[state] for state in ("occupied", "vacant", "unknown")]
    assert sum(counted) == 3
    low, high = found["interval"]
    assert 0 <= low <= found["occupied"] <= high <= 3


def test_analyse_says_that_a_layout_cannot_be_used(run, file):
    file.write_text("{}")
    refused(run("analyse", BY_DAY, "--json", "--layout", file), "no known form")
