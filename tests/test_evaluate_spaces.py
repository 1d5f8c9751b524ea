"""How right spaces are judged: figures by hand, and the command beside the plain way."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from conftest import CELL, HAS_8_BIT, SHARED, WEIGHTS, draw_lot, encode

from parkcore.accuracy.evaluate_spaces import (
    PhotoJudged,
    SpaceScore,
    centre_in_polygon,
    figures,
)
from parkcore.accuracy.truth import Truth
from parkcore.cli import cli
from parkcore.domain import Box, Detection
from parkcore.spaces.judgement import judge
from parkcore.spaces.layout import Layout, Space
from parkcore.spaces.verdict import Judgement, SpaceState

KEYS = {
    "accuracy", "precision", "recall", "f1", "unknown", "count_mae", "exact",
    "interval_coverage", "milliseconds",
}  # fmt: skip

# -- figures ------------------------------------------------------------------------------------
OURS = [
    *("Parkcore", "Parkcore, detections alone", "Parkcore, without its street model"),
    *["Parkcore, not in 8 bit"] * HAS_8_BIT,
]
"""Who is measured of ours."""


def sign(sign: str, number: int) -> SpaceState:
    """O and V are certain, o and v as good as a guess; ? may be either."""
    state = {"o": "occupied", "v": "vacant", "?": "unknown"}[sign.lower()]
    p = {"O": 1.0, "o": 0.75, "?": 0.5, "v": 0.25, "V": 0.0}[sign]
    return SpaceState(str(number), state, 0, "", p)


def scored(*photos: tuple[str, str]) -> dict:
    """The figures of photos, each with its truth (1 and 0) and what was judged."""
    sums = SpaceScore()
    for truth, judged in photos:
        occupied = tuple(each == "1" for each in truth)
        states = tuple(sign(each, n) for n, each in enumerate(judged))
        truth = Truth(Path("a.jpg"), occupied=occupied)
        took = 10.0 * len(sums.milliseconds)
        sums.add(PhotoJudged(truth, Judgement(states), "day", took))
    return sums.figures()


@pytest.mark.parametrize(
    "photos, expected",
    [
        (
            [("1100", "OOVV")],
            {"accuracy": 1, "precision": 1, "recall": 1, "f1": 1, "unknown": 0, "count_mae": 0,
             "exact": 1, "interval_coverage": 1, "interval_width": 0, "photos": 1, "spaces": 4},
        ),
        (
            [("1100", "VVOO")],
            {"accuracy": 0, "precision": 0, "recall": 0, "f1": 0, "count_mae": 0, "exact": 1},
        ),
        (
            [("1111100000", "OOOVVVVVVO")],
            {"accuracy": 0.7, "precision": 0.75, "recall": 0.6, "f1": 0.6667, "count_mae": 1,
             "exact": 0, "interval_coverage": 0},
        ),
        (
            [("1100", "OO??")],
            {"accuracy": 1, "recall": 1, "unknown": 0.5, "count_mae": 0, "exact": 1,
             "interval_coverage": 1, "interval_width": 2},
        ),
        (
            [("1110", "O??V")],
            {"accuracy": 1, "precision": 1, "recall": 1, "unknown": 0.5, "count_mae": 2,
             "exact": 0, "interval_coverage": 1},
        ),
        (
            [("11", "??"), ("00", "??")],
            {"accuracy": 0, "precision": 0, "recall": 0, "f1": 0, "unknown": 1, "count_mae": 1,
             "exact": 0.5, "interval_coverage": 1, "interval_width": 2},
        ),
        (
            [("1100", "OOVV"), ("1100", "OOOV"), ("1000", "VVVV"), ("0000", "OOVV")],
            {"accuracy": 0.75, "precision": 0.5714, "recall": 0.8, "f1": 0.6667,
             "count_mae": 1, "exact": 0.25, "interval_coverage": 0.25, "photos": 4,
             "spaces": 16, "milliseconds": 15},
        ),
        (
            [("00", "VV")],
            {"accuracy": 1, "precision": 0, "recall": 0, "f1": 0, "exact": 1,
             "precision_interval": None, "recall_interval": None},
        ),
    ],
    ids=[
        "all right",
        "the right number in the wrong places",
        "some of both",
        "unknown ones are none of the judged",
        "unknown ones are not counted as taken",
        "nothing is known",
        "several photos are added up",
        "nothing is taken",
    ],
)  # fmt: skip
def test_figures(photos, expected):
    found = scored(*photos)
    assert {key: found[key] for key in expected} == pytest.approx(expected, abs=5e-5)
    assert set(found) >= KEYS
    assert found["milliseconds_range"] == [0, 10 * (len(photos) - 1)]


@pytest.mark.parametrize(
    "judged, covered",
    [("oooovvvv", 1), ("OOOOOVVV", 0), ("OOOVVVVV", 0), ("OOOoVVVV", 1), ("OOO?VVVV", 1)],
    ids=["in doubt", "surely too many", "surely too few", "not so sure", "one not known"],
)
def test_whether_the_interval_holds_the_truth(judged, covered):
    assert scored(("11110000", judged))["interval_coverage"] == covered


def test_unknown_ones_are_also_guessed():
    sums = scored(("1100", "O??V"))
    assert (sums["accuracy"], sums["unknown"]) == (1, 0.5)
    assert sums["accuracy_of_all"] == 0.75  # at 0.5 a space is guessed to be occupied


def test_spaces_that_are_wrong_together_tell_less():
    """Half of 40 spaces are judged wrongly: one on each photo, or all of every other photo."""
    apart = scored(*[("10", "OO")] * 20)
    together = scored(*[("00", "OO"), ("00", "VV")] * 10)
    assert apart["accuracy"] == together["accuracy"] == 0.5
    widths = [high - low for low, high in (each["accuracy_interval"] for each in (apart, together))]
    assert 1.3 * widths[0] < widths[1]


def test_the_count_error_is_told_per_hundred_spaces():
    assert scored(("1110", "VVVV"), ("1000", "OOVV"))["error_per_100"] == 50


def test_the_count_error_has_an_interval():
    sums = scored(*[("1100", "OOVV")] * 5, *[("1100", "VVVV")] * 5)
    low, high = sums["count_mae_interval"]
    assert low < sums["count_mae"] == 1 < high


def test_spaces_are_told_apart_by_light_and_size():
    layout = Layout((square(0.0, 0.1), square(0.5, 0.25)), (), (400, 400))
    states = Judgement((sign("O", 0), sign("V", 1)))
    truth = Truth(Path("a.jpg"), layout=layout, occupied=(True, True), view="mast")
    by = figures([PhotoJudged(truth, states, "night")])["by"]
    assert {size: row["accuracy"] for size, row in by["size"].items()} == {
        "32–64 px": 1,
        "64–128 px": 0,
    }
    assert by["light"]["night"]["accuracy"] == by["view"]["mast"]["accuracy"] == 0.5


def square(x: float, side: float) -> Space:
    return Space(str(x), ((x, 0), (x + side, 0), (x + side, side), (x, side)))


# -- the plain way ------------------------------------------------------------------------------

SIZE = (400, 200)
SQUARES = Layout(
    tuple(
        Space(str(n), ((n / 4, 0), ((n + 1) / 4, 0), ((n + 1) / 4, 0.5), (n / 4, 0.5)))
        for n in range(4)
    ),
    (),
    SIZE,
)


@pytest.mark.parametrize(
    "boxes, taken",
    [
        ([], ""),
        ([(10, 10, 90, 90)], "0"),
        ([(10, 10, 90, 180)], "0"),
        ([(10, 10, 90, 200)], ""),
        ([(60, 10, 160, 90)], "1"),
        ([(10, 10, 90, 90), (20, 20, 80, 80)], "0"),
        ([(10, 10, 90, 90), (310, 10, 390, 90)], "03"),
    ],
    ids=[
        "nothing",
        "a car in a space",
        "a tall one that reaches over it",
        "a taller one with its middle beside it",
        "one over the line",
        "one seen twice",
        "two cars",
    ],
)
def test_a_space_is_taken_where_the_middle_of_a_box_lies_in_it(boxes, taken):
    detections = [Detection("car", 0.9, Box(*corners)) for corners in boxes]
    judgement = centre_in_polygon(SQUARES, detections, SIZE)
    assert "".join(s.id for s in judgement.spaces if s.state == "occupied") == taken
    assert judgement.unknown == 0
    assert judgement.interval == (len(taken), len(taken))


def test_the_plain_way_lets_one_vehicle_fill_two_spaces_and_ours_does_not():
    twice = Layout((*SQUARES.spaces, Space("again", SQUARES.spaces[1].polygon)), (), SIZE)
    [vehicle] = [Detection("car", 0.9, Box(100, 0, 200, 100))]
    assert centre_in_polygon(twice, [vehicle], SIZE).occupied == 2
    assert judge(twice, [vehicle], SIZE).occupied == 1


# -- the whole ----------------------------------------------------------------------------------

VEHICLES = (0, 3, 17, 40)


@pytest.fixture
def spaces_set(tmp_path) -> Path:
    """Drawn photos of 8 × 5 spaces, the first so many of them taken."""
    folder = tmp_path / "drawn"
    (folder / "images").mkdir(parents=True)
    truth = {}
    for vehicles in VEHICLES:
        name = f"{vehicles:02}.png"
        (folder / "images" / name).write_bytes(encode(draw_lot(vehicles), "PNG"))
        spaces = []
        for place in range(40):
            y, x = (CELL * n for n in divmod(place, 8))
            contour = [(x, y), (x + CELL, y), (x + CELL, y + CELL), (x, y + CELL)]
            spaces.append({"id": place, "occupied": int(place < vehicles), "contour": contour})
        split = "valid" if vehicles else "train"
        truth[name] = {"split": split, "spaces": spaces}
    (folder / "spaces.json").write_text(json.dumps(truth))
    return folder


PLAIN = ["--baseline", str(WEIGHTS), "--baseline-sizes", "320"]


@pytest.fixture
def run(tmp_path, monkeypatch) -> Callable[..., Result]:
    monkeypatch.chdir(tmp_path)

    def invoke(*words: object) -> Result:
        return CliRunner().invoke(cli, ["evaluate", *map(str, words), *PLAIN])

    return invoke


def test_the_command_prints_both_ways_as_json(run, spaces_set):
    result = run(spaces_set, "--json", "--sizes", 320, "--confidences", "0.2,0.5")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert set(found) >= KEYS | {"baseline"}
    assert set(found["baseline"]) >= KEYS
    for row in (found, found["baseline"]):
        assert (row["photos"], row["spaces"]) == (4, 160)
        assert all(isinstance(row[key], int | float) for key in KEYS)
        assert all(0 <= row[key] <= 1 for key in KEYS - {"count_mae", "milliseconds"})
    assert [(row["judged_by"], row["confidence"]) for row in (found, *found["others"])] == [
        (who, confidence) for confidence in (0.2, 0.5) for who in OURS
    ]
    assert found["baseline"]["judged_by"] == "box centre in polygon"
    assert (found["baseline"]["imgsz"], found["baseline"]["confidence"]) == (640, 0.25)


def test_the_command_prints_both_ways_as_a_table(run, spaces_set):
    result = run(spaces_set, "--split", "valid", "--every", 2, "--sizes", 320)
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    title = lines.index("### drawn (valid): 2 photos, 80 spaces")
    rows = [
        line.split(" | ")[0].removeprefix("| ") for line in lines[title + 4 : title + 6 + len(OURS)]
    ]
    assert rows == [*OURS, "plain, its defaults", "plain, best settings"]


def test_photos_that_are_not_there_are_told(run, spaces_set):
    text = (spaces_set / "spaces.json").read_text()
    text = text.replace('"split"', '"width": 320, "height": 200, "split"')
    (spaces_set / "spaces.json").write_text(text)
    (spaces_set / "images" / "17.png").unlink()
    result = run(spaces_set, "--sizes", 320)
    assert result.exit_code == 1
    assert "17.png" in result.stderr
    assert result.exception is None or isinstance(result.exception, SystemExit)


@pytest.mark.parametrize(
    "words, said",
    [
        (["--confidences", "20"], "20 is out of range; expected numbers from 0.01 to 1"),
        (["--sizes", "nan"], "nan is out of range; expected numbers from 32"),
        (["--sizes", "640,wide"], "'640,wide' are not numbers; expected numbers from 32"),
    ],
)
def test_numbers_that_measure_nothing_are_refused(run, spaces_set, words, said):
    result = run(spaces_set, *words)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


def test_a_card_that_cannot_take_the_results_is_said_before_anything_is_measured(
    run, spaces_set, tmp_path, monkeypatch
):
    monkeypatch.setattr("parkcore.accuracy.measuring.measure", None)  # must not come to that
    (tmp_path / "card.md").write_text("no marks")
    result = run(spaces_set, "--card", "card.md")
    assert result.exit_code == 1
    assert "needs the marks" in result.stderr


@pytest.mark.shared
def test_on_lots_never_seen_ours_is_righter_than_the_plain_way(run):
    result = run(SHARED / "datasets" / "acpds", "--split", "valid", "--every", 7, "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    plain = found["baseline"]
    assert found["photos"] == plain["photos"] == 5
    assert found["accuracy"] > plain["accuracy"]
    assert found["f1"] > plain["f1"]
    assert found["unknown"] < 0.1
