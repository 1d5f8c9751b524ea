"""The second opinion: crops, the classifier's file, and how a judgement takes it in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import ROOT

from parkcore.domain import Box, Detection
from parkcore.errors import ModelError
from parkcore.spaces.judgement import Evidence, judge
from parkcore.spaces.judging import ASKED_FROM, Judge, judge_twice
from parkcore.spaces.layout import Layout, Space
from parkcore.spaces.second_opinion import (
    SIDE,
    SecondOpinion,
    cut,
    find_classifier,
    log_odds,
    read_weights,
)
from parkcore.spaces.space_net import SpaceNet, fused
from parkcore.sqlite.records import judged_row, to_judged
from parkcore.training.fit_classifier import write

SHIPPED = ROOT / "models" / "parkcore-spaces.pt"
SIZE = (400, 100)
LAYOUT = Layout(
    tuple(
        Space(f"A{n + 1}", ((n / 4, 0.0), ((n + 1) / 4, 0.0), ((n + 1) / 4, 1.0), (n / 4, 1.0)))
        for n in range(4)
    ),
    (),
)
CAR_IN_A1 = Detection("car", 0.9, Box(5, 5, 95, 95))


def square(x: float, y: float, side: float) -> np.ndarray:
    return np.array([(x, y), (x + side, y), (x + side, y + side), (x, y + side)])


def test_a_crop_shows_the_space_in_its_middle_with_its_surroundings() -> None:
    photo = np.full((200, 300, 3), 50, np.uint8)
    photo[80:120, 100:140] = (200, 0, 0)
    [crop] = cut(photo, [square(100, 80, 40)])
    assert crop.shape == (SIDE, SIDE, 4)
    middle, corner = crop[SIDE // 2, SIDE // 2], crop[2, 2]
    assert middle.tolist() == [200, 0, 0, 255]
    assert corner.tolist() == [50, 50, 50, 0]
    share = (crop[:, :, 3] > 0).mean()
    assert share == pytest.approx(1 / 1.5**2, abs=0.05)


@pytest.mark.parametrize("at", [(-15.0, -15.0), (285.0, 185.0), (280.0, -5.0)])
def test_at_the_photos_edge_its_border_goes_on(at: tuple[float, float]) -> None:
    photo = np.full((200, 300, 3), 90, np.uint8)
    [crop] = cut(photo, [square(*at, 30)])
    assert (crop[:, :, :3] == 90).all()


def test_a_space_that_is_not_on_the_photo_is_all_black() -> None:
    [crop] = cut(np.full((50, 50, 3), 90, np.uint8), [square(900, 900, 20)])
    assert not crop.any()


def test_spaces_are_judged_one_by_one_whatever_their_batch(tmp_path: Path) -> None:
    second = SecondOpinion(untrained(tmp_path / "spaces.pt"))
    photo = np.random.default_rng(1).integers(0, 255, (300, 900, 3), dtype=np.uint8)
    outlines = [square(9 * n, 100, 60) for n in range(70)]
    together = second.probabilities(photo, outlines)
    assert together.shape == (70,)
    assert ((together > 0) & (together < 1)).all()
    alone = [float(second.probabilities(photo, [outline])[0]) for outline in outlines[60:70]]
    assert together[60:70] == pytest.approx(alone, abs=1e-4)
    assert second.probabilities(photo, []).shape == (0,)


def test_the_joined_layers_say_what_the_trained_ones_say() -> None:
    photo = np.random.default_rng(2).integers(0, 255, (300, 900, 3), dtype=np.uint8)
    outlines = [square(70 * n, 100, 60) for n in range(12)]
    net, temperature = read_weights(SHIPPED)
    trained = log_odds(net, cut(photo, outlines)) / temperature
    said = SecondOpinion(SHIPPED).probabilities(photo, outlines)
    assert said == pytest.approx(1 / (1 + np.exp(-trained)), abs=1e-5)
    assert not any("bn" in name for name in fused(net).state_dict())


@pytest.mark.parametrize("broken", ["missing", "empty", "cut off", "another", "another size"])
def test_a_file_that_is_no_classifier_says_what_to_do(tmp_path: Path, broken: str) -> None:
    file = untrained(tmp_path / "spaces.pt")
    match broken:
        case "missing":
            file.unlink()
        case "empty":
            file.write_bytes(b"")
        case "cut off":
            file.write_bytes(file.read_bytes()[:20_000])
        case "another":
            torch.save({"weights": [1, 2]}, file)
        case "another size":
            kept = torch.load(file, weights_only=True)
            torch.save(kept | {"meta": kept["meta"] | {"side": 999}}, file)
    with pytest.raises(ModelError, match=r"PARKCORE_SECOND_OPINION .* off"):
        SecondOpinion(file).probabilities(np.zeros((50, 50, 3), np.uint8), [square(0, 0, 20)])


def test_a_classifier_is_found_by_name_in_the_models_folders(tmp_path: Path) -> None:
    file = untrained(tmp_path / "models" / "mine.pt")
    assert find_classifier("mine.pt", folders=[tmp_path, tmp_path / "models"]) == file
    with pytest.raises(ModelError, match=r"no classifier of spaces at .*none\.pt"):
        find_classifier("none.pt", folders=[tmp_path])


def test_the_name_tells_which_file_judged(tmp_path: Path) -> None:
    first = SecondOpinion(untrained(tmp_path / "spaces.pt", seed=1)).info
    other = SecondOpinion(untrained(tmp_path / "other.pt", seed=2)).info
    assert (first.model, len(first.version)) == ("spaces.pt", 12)
    assert first.version != other.version
    assert first.named == f"spaces.pt {first.version}"


def test_an_opinion_moves_a_judgement_towards_it() -> None:
    filled = Evidence(0, (1, 0.6, 0.0), 0.6, 0.0, holds_one=False)
    empty = Evidence(None, (1, 0.3, 0.4, 0, 0), 0.4, 0, holds_one=False)
    for seen in (filled, empty):
        low, middle, high = (seen.probability(p) for p in (0.01, 0.5, 0.99))
        assert low < middle < high


def test_a_car_that_was_not_found_is_seen_by_its_space() -> None:
    judgement = judge(LAYOUT, [], SIZE, opinions=[0.999, 0.001, 0.001, 0.001])
    [first, *others] = judgement.spaces
    assert (first.state, first.vehicle) == ("occupied", None)
    assert first.reason.startswith("looks occupied although no vehicle was found")
    assert {space.state for space in others} == {"vacant"}


def test_a_thing_taken_for_a_car_does_not_fill_a_space_that_looks_free() -> None:
    doubtful = Detection("car", 0.21, Box(20, 5, 110, 95))
    assert judge(LAYOUT, [doubtful], SIZE).spaces[0].state != "vacant"
    judgement = judge(LAYOUT, [doubtful], SIZE, opinions=[0.001] * 4)
    first = judgement.spaces[0]
    assert (first.state, first.vehicle) == ("vacant", None)
    assert "although car 0.21 was found" in first.reason
    assert judgement.outside == (), "nor is a thing in no space a vehicle"
    sure = replace(doubtful, confidence=0.6)
    judgement = judge(LAYOUT, [sure], SIZE, opinions=[0.001] * 4)
    assert judgement.outside == (0,)  # it stands somewhere, but fills nothing
    assert judgement.double == (), "nothing else stands there"


def test_where_nobody_was_asked_all_is_as_without() -> None:
    without = judge(LAYOUT, [CAR_IN_A1], SIZE)
    assert judge(LAYOUT, [CAR_IN_A1], SIZE, opinions=[None] * 4) == without


def test_what_took_part_is_recorded_with_the_judgement(tmp_path: Path) -> None:
    second = SecondOpinion(untrained(tmp_path / "spaces.pt"))
    photo = np.random.default_rng(1).integers(0, 255, (100, 400, 3), dtype=np.uint8)
    judged = Judge(second).judge(LAYOUT, photo, [CAR_IN_A1])
    assert judged.second_opinion == second.info.named
    assert to_judged(judged_row(judged)).second_opinion == second.info.named
    alone = Judge().judge(LAYOUT, photo, [CAR_IN_A1])
    assert alone.second_opinion == ""
    assert alone.judgement == judge_twice(None, LAYOUT, photo, [CAR_IN_A1])


def test_where_nothing_was_seen_is_looked_at_again() -> None:
    """Else a car that the detector misses would never be found."""
    nothing = judge_twice(None, LAYOUT, np.zeros((100, 400, 3), np.uint8), [])
    assert {space.reason for space in nothing.spaces} == {"no vehicle"}
    assert all(ASKED_FROM < space.probability < 0.5 for space in nothing.spaces)


def test_a_space_for_motorcycles_is_judged_by_the_detections_alone(tmp_path: Path) -> None:
    second = SecondOpinion(untrained(tmp_path / "spaces.pt"))
    photo = np.random.default_rng(1).integers(0, 255, (100, 400, 3), dtype=np.uint8)
    bays = replace(LAYOUT, spaces=tuple(replace(s, type="motorcycle") for s in LAYOUT.spaces))
    first = judge_twice(None, bays, photo, [CAR_IN_A1])
    assert judge_twice(second, bays, photo, [CAR_IN_A1]) == first
    assert judge_twice(second, LAYOUT, photo, [CAR_IN_A1]) != first


def test_a_blind_photo_is_not_asked_about(tmp_path: Path) -> None:
    judged = Judge(SecondOpinion(tmp_path / "none.pt")).judge(
        LAYOUT, np.zeros((100, 400, 3), np.uint8), []
    )
    assert judged.judgement.unknown == 4
    assert judged.second_opinion == ""


def test_the_shipped_classifier_is_small_and_loads() -> None:
    assert SHIPPED.stat().st_size < 1.5e6
    second = SecondOpinion(SHIPPED)
    asphalt = np.full((200, 200, 3), 110, np.uint8)
    assert second.probabilities(asphalt, [square(60, 60, 80)])[0] < 0.5


def untrained(file: Path, *, seed: int = 0) -> Path:
    torch.manual_seed(seed)
    write(file, SpaceNet(), 1.0)
    return file
