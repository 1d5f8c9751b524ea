"""Parkcore beside the plain alternative in one run; the tables, the card, the command."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from conftest import CELL, HAS_8_BIT, SAMPLES, WEIGHTS, PaintDetector, draw_lot, encode

from parkcore.accuracy.evaluate_spaces import judge_plainly
from parkcore.accuracy.labelled_sets import read_truth
from parkcore.accuracy.measuring import FLOOR, Measured, Row, Way, measure, pooled
from parkcore.accuracy.plain_yolo import PlainYolo
from parkcore.accuracy.result_tables import document
from parkcore.accuracy.results_card import BEGIN, END, provenance, section, write_card
from parkcore.accuracy.truth import Truth
from parkcore.analysis_size import ENOUGH
from parkcore.cli import cli
from parkcore.errors import OutputError
from parkcore.images import decode
from parkcore.settings import Settings
from parkcore.spaces.layout import Layout, Space
from parkcore.spaces.space_net import SpaceNet
from parkcore.training.fit_classifier import write

SOME = (3, 17)

BESIDE = ["Parkcore, without its street model", *["Parkcore, not in 8 bit"] * HAS_8_BIT]
"""What else is measured of ours: the first model alone, and where 8-bit forms run, the models."""


def write_set(folder: Path, kind: str) -> Path:
    """Drawn photos of 8 × 5 spaces, the first so many of them taken, with spaces or boxes."""
    (folder / "images").mkdir(parents=True)
    truth = {}
    for vehicles in SOME:
        name = f"{vehicles:02}"
        (folder / "images" / f"{name}.png").write_bytes(encode(draw_lot(vehicles), "PNG"))
        places = [(CELL * (n % 8), CELL * (n // 8)) for n in range(40)]
        truth[f"{name}.png"] = {
            "spaces": [
                {"occupied": int(n < vehicles), "contour": [(x, y), (x + CELL, y),
                 (x + CELL, y + CELL), (x, y + CELL)]}
                for n, (x, y) in enumerate(places)
            ]
        }  # fmt: skip
        if kind == "boxes":
            (folder / "labels").mkdir(exist_ok=True)
            lines = [f"0 {(x + 20) / 320} {(y + 20) / 200} 0.1 0.16" for x, y in places[:vehicles]]
            (folder / "labels" / f"{name}.txt").write_text("\n".join(lines))
    if kind == "boxes":
        (folder / "data.yaml").write_text("names: [car]\n")
    else:
        (folder / "spaces.json").write_text(json.dumps(truth))
    return folder


@pytest.fixture
def boxes_set(tmp_path) -> Path:
    return write_set(tmp_path / "street", "boxes")


@pytest.fixture
def spaces_set(tmp_path) -> Path:
    return write_set(tmp_path / "lot", "spaces")


@pytest.mark.parametrize("kind", ["boxes", "spaces"])
def test_a_detector_that_is_right_scores_full_marks(tmp_path, kind):
    truths = read_truth(write_set(tmp_path / "drawn", kind))
    measured = measure("drawn", truths, [Way(PaintDetector(), 0.5)], None)
    [row] = [row.figures() for row in measured.rows]
    assert (row["model"], row["imgsz"], row["confidence"]) == ("paint", 640, 0.5)
    assert row["recall"] == row["precision"] == row["f1"] == row["exact"] == 1
    assert row["count_mae"] == row["error_per_100"] == 0
    if kind == "boxes":
        assert row["map50"] == row["ap50_as_one"] == row["types"]["car"]["ap50"] == 1


def test_one_look_serves_every_confidence(boxes_set):
    class Doubtful(PaintDetector):
        looks = 0

        def detect(self, image, imgsz=None):
            self.looks += 1
            sure, *others = super().detect(image, imgsz)
            return [sure, *(replace(other, confidence=0.3) for other in others)]

    detector = Doubtful()
    ways = [Way(detector, confidence) for confidence in (0.2, 0.5, 0.95)]
    rows = measure("drawn", read_truth(boxes_set), ways, None).rows
    assert [row.figures()["recall"] for row in rows] == [1, 0.1, 0]
    assert detector.looks == len(SOME)


def test_spaces_may_be_judged_in_another_way(spaces_set):
    ways = [Way(PaintDetector(), 0.95), Way(PaintDetector(), 0.5, judge_plainly)]
    rows = measure("drawn", read_truth(spaces_set), ways, None).rows
    assert [row.figures()["recall"] for row in rows] == [0, 1]


def test_spaces_that_nobody_spoke_of_are_judged_along_but_not_scored(spaces_set):
    """Else a vehicle would be taken for one in the space beside its own."""
    path = spaces_set / "spaces.json"
    truth = json.loads(path.read_text())
    for photo in truth.values():
        photo["imgsz"] = 1280
        for number, each in enumerate(photo["spaces"]):
            each["occupied"] = each["occupied"] if number in (0, 4, 39) else None
    path.write_text(json.dumps(truth))
    judged, sizes = [], []

    class Noting(PaintDetector):
        def detect(self, image, imgsz=None):
            sizes.append(imgsz)
            return super().detect(image, imgsz)

    def judging(layout, image, detections):
        judged.append([space.id for space in layout.spaces])
        return judge_plainly(layout, image, detections)

    way = Way(Noting(), 0.5, judging, fits_size=True)
    [row] = measure("drawn", read_truth(spaces_set), [way], None).rows
    assert judged == [[str(n) for n in range(40)]] * len(SOME)
    assert sizes == [1280] * len(SOME), "the size that its camera has"
    figures = row.figures()
    assert (figures["spaces"], figures["accuracy"], figures["count_mae"]) == (6, 1, 0)


@pytest.mark.parametrize("fits_size, looks", [(True, [960, None]), (False, [None, None])])
def test_small_spaces_are_looked_at_larger_as_their_camera_would(tmp_path, fits_size, looks):
    """Spaces of 45 and of 70 pixels, on photos of 1600."""
    (tmp_path / "lot.png").write_bytes(encode(np.full((800, 1600, 3), 90, np.uint8), "PNG"))

    def truth(side: int) -> Truth:
        right, bottom = side / 1600, side / 800
        corners = ((0, 0), (right, 0), (right, bottom), (0, bottom))
        spaces = (
            Space(str(n), tuple((x + n * right, y) for x, y in corners)) for n in range(ENOUGH)
        )
        layout = Layout(tuple(spaces), (), (1600, 800))
        return Truth(tmp_path / "lot.png", layout=layout, occupied=(False,) * ENOUGH)

    class Noting(PaintDetector):
        def detect(self, image, imgsz=None):
            sizes.append(None if imgsz == self.info.imgsz else imgsz)
            return []

    sizes: list[int | None] = []
    way = Way(Noting(), 0.5, fits_size=fits_size)
    measured = measure("lot", [truth(45), truth(70)], [way], None)
    assert sizes == looks
    said = "640–960 px, fitted, 0.5" if fits_size else "640 px, 0.5"
    assert measured.rows[0].settings == said


@pytest.fixture(scope="module")
def plain() -> PlainYolo:
    return PlainYolo(WEIGHTS, confidence=FLOOR)


def test_the_plain_alternative_is_what_ultralytics_predicts(plain):
    """By its defaults, which are those of a call that says nothing."""
    from ultralytics import YOLO

    path = SAMPLES / "sample-north" / "gate" / "2026-05-04_09-00.jpg"
    image = decode(path.read_bytes(), max_megapixels=50).image
    [result] = YOLO(WEIGHTS, task="detect").predict(image[:, :, ::-1], verbose=False)
    sure = [d for d in plain.detect(image, 640) if d.confidence >= 0.25]
    assert len(sure) > 5
    assert [d.confidence for d in sure] == pytest.approx(result.boxes.conf.tolist())
    assert [d.box.as_tuple() for d in sure] == [
        pytest.approx(corners) for corners in result.boxes.xyxy.tolist()
    ]


@pytest.mark.parametrize("kind", ["boxes", "spaces"])
def test_the_best_settings_are_never_worse_than_the_defaults(tmp_path, plain, kind):
    truths = read_truth(write_set(tmp_path / "drawn", kind))
    measured = measure("drawn", truths, [], plain, sizes=[320], confidences=[0.02, 0.9])
    default, best = measured.rows
    assert (default.imgsz, default.confidence) == (640, 0.25)
    key = {"boxes": "f1", "spaces": "accuracy"}[kind]
    assert (best.figures()[key] or 0) >= (default.figures()[key] or 0)


def test_sets_of_one_kind_are_added_up(tmp_path):
    ways = [Way(PaintDetector(), 0.5)]
    sets = [
        measure(name, read_truth(write_set(tmp_path / name, kind)), ways, None)
        for name, kind in (("a", "boxes"), ("b", "spaces"), ("c", "boxes"))
    ]
    [together] = pooled(sets)
    assert (together.name, together.kind) == ("all vehicles", "boxes")
    figures = together.rows[0].figures()
    assert (figures["photos"], figures["vehicles"], figures["settings"]) == (4, 40, "640 px, 0.5")


def test_sets_whose_fitted_sizes_differ_are_still_of_one_way():
    row = Row("Parkcore", "m", "1280 px, fitted, 0.25", (), 1280, 0.25, frozenset({1280}))
    larger = replace(row, settings="1280–1600 px, fitted, 0.25", fitted=frozenset({1280, 1600}))
    [together] = pooled(
        [Measured(name, "spaces", (each,)) for name, each in zip("ab", (row, larger), strict=True)]
    )
    assert together.rows == (larger,)
    other = replace(row, imgsz=640, settings="640 px, fitted, 0.25")
    [together] = pooled(
        [Measured(name, "spaces", (each,)) for name, each in zip("ab", (row, other), strict=True)]
    )
    assert (together.rows[0].settings, together.rows[0].imgsz) == ("each set's own", None)


# -- the command --------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path, monkeypatch) -> Callable[..., Result]:
    monkeypatch.chdir(tmp_path)
    plain = ["--baseline", str(WEIGHTS), "--baseline-sizes", "320", "--sizes", "320"]

    def invoke(*words: object) -> Result:
        return CliRunner().invoke(cli, ["evaluate", *plain, *map(str, words)])

    return invoke


def test_several_sets_in_one_call(run, tmp_path, boxes_set, spaces_set):
    other = write_set(tmp_path / "other", "spaces")
    result = run(boxes_set, spaces_set, other, "--json", "all.json", "--markdown", "all.md")
    assert result.exit_code == 0, result.stderr
    found = json.loads((tmp_path / "all.json").read_text())
    assert [each["name"] for each in found["sets"]] == ["street", "lot", "other", "all spaces"]
    assert [row["who"] for row in found["sets"][0]["rows"]] == [
        "Parkcore", *BESIDE, "plain, its defaults", "plain, best settings",
    ]  # fmt: skip
    assert found["sets"][3]["rows"][0]["spaces"] == 160
    text = (tmp_path / "all.md").read_text()
    assert document(found) in text
    assert document(found) in result.stdout


def test_what_is_rendered_is_measured_but_not_added_to_photos(run, tmp_path, spaces_set):
    drawn, other = (write_set(tmp_path / name, "spaces") for name in ("drawn", "other"))
    (tmp_path / "notes.toml").write_text("[drawn]\nrendered = true\n")
    result = run(spaces_set, drawn, other, "--about", tmp_path / "notes.toml", "--json", "all.json")
    assert result.exit_code == 0, result.stderr
    found = json.loads((tmp_path / "all.json").read_text())
    assert [each["name"] for each in found["sets"]] == ["lot", "drawn", "other", "all spaces"]
    assert found["sets"][3]["rows"][0]["spaces"] == 160


def test_a_folder_after_json_is_measured(run, spaces_set):
    result = run("--json", spaces_set)
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["spaces"] == 80


def test_a_second_opinion_is_measured_beside_the_detections_alone(
    run, tmp_path, monkeypatch, spaces_set
):
    torch.manual_seed(0)
    write(tmp_path / "spaces.pt", SpaceNet(), 1.0)
    monkeypatch.setenv("PARKCORE_SECOND_OPINION", str(tmp_path / "spaces.pt"))
    result = run(spaces_set, "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["judged_by"] == "Parkcore"
    assert [row["judged_by"] for row in found["others"]] == [
        "Parkcore, detections alone", *BESIDE,
    ]  # fmt: skip


def test_without_the_8_bit_form_the_model_itself_is_measured(run, monkeypatch, boxes_set):
    monkeypatch.setenv("PARKCORE_EIGHT_BIT", "false")
    result = run(boxes_set, "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["model"] == "parkcore-yolov8n.pt + parkcore-streets.pt"
    assert [row["model"] for row in found["others"]] == ["parkcore-yolov8n.pt"]


def test_with_the_street_model_off_there_is_none_to_go_without(run, monkeypatch, boxes_set):
    monkeypatch.setenv("PARKCORE_STREET_MODEL", "off")
    result = run(boxes_set, "--json")
    assert result.exit_code == 0, result.stderr
    rows = json.loads(result.stdout)["others"]
    assert [row["who"] for row in rows] == [who for who in BESIDE if "street" not in who]


def test_without_the_second_opinions_weights_that_is_said(run, monkeypatch, spaces_set):
    monkeypatch.setenv("PARKCORE_SECOND_OPINION", "none.pt")
    result = run(spaces_set, "--json")
    assert result.exit_code == 0, result.stderr
    assert "judged without a second opinion" in result.stderr
    assert [row["who"] for row in json.loads(result.stdout)["others"]] == BESIDE


def test_types_that_are_not_labelled_can_be_said(run, boxes_set):
    result = run(boxes_set, "--unlabelled", "motorcycle,tram")
    assert result.exit_code == 2
    assert "tram" in result.stderr
    about = boxes_set.parent / "about.toml"
    about.write_text("[street]\ncomplete = false\n")
    result = run(boxes_set, "--unlabelled", "car", "--about", about, "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert (found["complete"], found["types"]) == (False, {})


def test_a_set_without_photos_of_the_split_is_left_out_of_several(run, spaces_set, boxes_set):
    result = run(spaces_set, boxes_set, "--split", "test", "--json")
    assert result.exit_code == 1
    assert "no labelled photo" in result.stderr
    truth = json.loads((spaces_set / "spaces.json").read_text())
    for photo in truth.values():
        photo["split"] = "test"
    (spaces_set / "spaces.json").write_text(json.dumps(truth))
    result = run(spaces_set, boxes_set, "--split", "test", "--json")
    assert result.exit_code == 0, result.stderr
    assert "left out: there is no labelled photo" in result.stderr
    assert json.loads(result.stdout)["spaces"] == 80


def test_a_folder_that_cannot_be_read_stops_no_others_but_is_an_error(run, tmp_path, spaces_set):
    (tmp_path / "nothing").mkdir()
    result = run(tmp_path / "nothing", spaces_set, "--json")
    assert result.exit_code == 1 and json.loads(result.stdout)["spaces"] == 80
    assert "left out" in result.stderr and "has nothing to measure against" in result.stderr


def test_where_nothing_is_found_on_a_picture_that_shows_nothing_nothing_can_be_told(spaces_set):
    for photo in (spaces_set / "images").iterdir():
        photo.write_bytes(encode(np.zeros((5 * CELL, 8 * CELL, 3), np.uint8), "PNG"))
    [row] = measure("dark", read_truth(spaces_set), [Way(PaintDetector(), 0.5)], None).rows
    assert (row.figures()["unknown"], row.figures()["spaces"]) == (1, 80)


def test_a_photo_that_is_cut_off_is_said_and_left_out(run, boxes_set):
    first, *others = sorted((boxes_set / "images").iterdir())
    first.write_bytes(first.read_bytes()[:-200])
    result = run(boxes_set, "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["photos"] == len(others)
    for photo in others:
        photo.write_bytes(photo.read_bytes()[:-200])
    result = run(boxes_set)
    assert (result.exit_code, "none of the photos of street" in result.stderr) == (1, True)


def test_it_goes_without_a_baseline_and_takes_no_other_than_the_one_named(run, spaces_set):
    result = run(spaces_set, "--json", "--baseline", "none")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert "baseline" not in found
    assert {row["who"] for row in found["sets"][0]["rows"]} == {
        "Parkcore", "Parkcore, detections alone", *BESIDE,
    }  # fmt: skip
    result = run(spaces_set, "--baseline", "typo.pt")
    assert (result.exit_code, "typo.pt" in result.stderr) == (1, True)


def test_where_nothing_could_be_written_nothing_is_measured(run, spaces_set):
    result = run(spaces_set, "--json", "nowhere/all.json")
    assert (result.exit_code, "its folder is not there" in result.stderr) == (1, True)


def test_the_card_is_written_by_the_command(run, tmp_path, spaces_set):
    card = tmp_path / "card.md"
    card.write_text(f"# Model\n\n{BEGIN}\nold\n{END}\n\nmore\n")
    result = run(spaces_set, "--every", 2, "--card", card)
    assert result.exit_code == 0, result.stderr
    text = card.read_text()
    assert text.startswith(f"# Model\n\n{BEGIN}\n\nMeasured on 20")
    assert text.endswith(f"{END}\n\nmore\n")
    assert "--baseline parkcore-yolov8n.pt --baseline-sizes 320 --sizes 320 lot --every 2" in text
    assert str(tmp_path) not in text
    assert "\nold\n" not in text
    assert "### lot: 1 photo, 40 spaces" in text
    assert "<details>" in text
    assert "<details>" not in result.stdout


@pytest.mark.parametrize(
    "text", ["no marks", BEGIN, f"{END} {BEGIN}", f"{BEGIN} {END} {BEGIN} {END}"]
)
def test_a_card_without_both_marks_is_left_alone(tmp_path, text):
    card = tmp_path / "card.md"
    card.write_text(text)
    with pytest.raises(OutputError, match="once each"):
        write_card(card, "new")
    assert card.read_text() == text


def test_figures_say_what_they_were_measured_with():
    words = ["/data/lots/acpds", "--models=../x/a.pt,b.pt", "it's"]
    said = provenance(words, date(2026, 5, 4), Settings())
    assert said["command"] == "parkcore evaluate acpds --models=a.pt,b.pt 'it'\"'\"'s'"
    assert (said["date"], "cores" in said["machine"]) == ("2026-05-04", True)
    assert "torch" in said["versions"]
    assert "Measured on 2026-05-04" in section(said, "tables")


def test_settings_that_are_not_the_defaults_are_part_of_the_command():
    own = Settings(street_model="off", second_opinion="/data/own.pt", eight_bit=False)
    said = provenance(["acpds"], date(2026, 5, 4), own)
    assert said["command"] == (
        "parkcore --street-model=off --second-opinion=own.pt --eight-bit=False evaluate acpds"
    )
