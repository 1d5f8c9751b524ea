"""Weights beside each other: the differences by hand, and the command."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import CELL, SAMPLES, WEIGHTS, draw_lot, encode

from models.training.compare import difference, is_wrong, log_loss, main
from models.training.space_card import Told

PHOTO = SAMPLES / "sample-south" / "kiosk" / "2026-05-04_10-20.jpg"
LORRY = (654, 200, 952, 331)
"""The only vehicle of the sample photo that is labelled here, of eight."""


def told(occupied: bool, probability: float) -> Told:
    return Told("lot", "a.jpg", "day", (None,) * 3, (0.5, 0.5, probability), occupied)


@pytest.mark.parametrize(
    "occupied, probability, loss, wrong",
    [
        (True, 1.0, 0.0001, False),
        (True, 0.5, 0.6931, False),
        (False, 0.5, 0.6931, True),
        (False, 0.9, 2.3026, True),
        (True, 0.0, 9.2103, True),
    ],
)
def test_what_one_space_costs(occupied, probability, loss, wrong):
    space = told(occupied, probability)
    assert log_loss(space) == pytest.approx(loss, abs=1e-4)
    assert is_wrong(space) is wrong


def test_a_difference_is_told_with_twice_its_standard_error():
    assert difference([1, 2, 3], [1, 2, 3]) == "0"
    assert difference([1, 1, 1, 1], [2, 1, 2, 1]) == "+2.0 ± 2.3"
    assert difference([5, 5], [4, 4]) == "-2.0 ± 0.0"


@pytest.fixture
def sets(tmp_path: Path) -> tuple[Path, Path]:
    """A drawn lot with marked spaces, of which two are taken, and a sample photo with boxes."""
    spaces, boxes = tmp_path / "spaces", tmp_path / "boxes"
    (spaces / "images").mkdir(parents=True)
    corners = [(0, 0), (CELL, 0), (CELL, CELL), (0, CELL)]
    marked = [
        {"occupied": int(n < 2), "contour": [(x + n * CELL, y) for x, y in corners]}
        for n in range(8)
    ]
    truth = {}
    for name in ("a.png", "b.png"):
        (spaces / "images" / name).write_bytes(encode(draw_lot(2), "PNG"))
        truth[name] = {"split": "valid", "spaces": marked}
    (spaces / "spaces.json").write_text(json.dumps(truth))
    for kind in ("images", "labels"):
        (boxes / "valid" / kind).mkdir(parents=True)
    shutil.copy(PHOTO, boxes / "valid" / "images" / "a.jpg")
    (boxes / "data.yaml").write_text("names: [truck]")
    x1, y1, x2, y2 = LORRY
    middle = ((x1 + x2) / 2 / 1280, (y1 + y2) / 2 / 720, (x2 - x1) / 1280, (y2 - y1) / 720)
    line = f"0 {' '.join(map(str, middle))}\n"
    (boxes / "valid" / "labels" / "a.txt").write_text(line)
    return spaces, boxes


def test_weights_are_held_against_the_first(sets, tmp_path):
    same = tmp_path / "same.pt"
    shutil.copy(WEIGHTS, same)
    words = [*sets, "--weights", WEIGHTS, "--weights", same]
    found = CliRunner().invoke(main, [*map(str, words)])
    assert found.exit_code == 0, found.output
    head, _, *rows = found.output.strip().splitlines()
    assert head.count(".pt") == 2
    cells = [[cell.strip() for cell in row.split("|")[1:-1]] for row in rows]
    what, first, other = zip(*cells, strict=True)
    assert first == other, "they are the same weights"
    assert what == (
        "spaces: wrong of 16 spaces, the unknown guessed",
        "spaces: log loss, more than the first, ± twice its standard error",
        "boxes: mAP50, found, right",
    )
    assert first[1:] == ("0", "1.00, 100%, 12%")
    assert int(first[0]) < 16
