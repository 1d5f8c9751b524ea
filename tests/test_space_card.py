"""The figures of the classifier's card, by hand."""

from __future__ import annotations

import pytest

from models.training.space_card import Told, by_light, by_way, figures_of, reliability


def told(photo: str, occupied: bool, both: float, *, light: str = "day") -> Told:
    """A space that the detections leave open, and that the classifier calls occupied."""
    state = None if 0.4 < both < 0.6 else both > 0.5
    return Told("lot", photo, light, (None, True, state), (0.5, 0.9, both), occupied)


FOUR = [
    told("a", True, 0.99),
    told("a", False, 0.01),
    told("a", False, 0.97, light="night"),
    told("b", True, 0.5),
]


def test_how_right_each_way_is() -> None:
    alone, classifier, both = by_way(FOUR)
    assert alone[:3] == ["detections alone", "0.00%", "100.0%"]
    assert alone[4] == "50.00", "two photos of which none is counted, one and one missing"
    assert classifier[1:3] == ["50.00%", "0.0%"]
    assert both[1:3] == ["66.67%", "25.0%"]
    assert both[3].startswith("75.00% (")
    assert both[4] == "50.00", "one too many on a, one too few on b"


def test_each_light_is_a_table_of_its_own() -> None:
    rows = [row for row in by_light(FOUR) if row[2] == "both"]
    assert [row[:2] for row in rows] == [["day", "3"], ["night", "1"]]


def test_reliability_is_said_against_true() -> None:
    rows = {row[0]: row[1:4] for row in reliability(FOUR)}
    assert rows["0.00–0.02"] == ["1", "0.010", "0.000"]
    assert rows["0.95–0.98"] == ["1", "0.970", "0.000"]
    assert rows["0.98–1.00"] == ["1", "0.990", "1.000"]
    assert sum(int(row[0]) for row in rows.values()) == 4


@pytest.mark.parametrize("part", ["**lot**: 4 spaces, 2 photos", "| night | 1 |", "took 12 ms"])
def test_the_card_has_all_of_it(part: str) -> None:
    assert part in figures_of(FOUR, [11, 12, 13])
