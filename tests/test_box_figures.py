"""How right vehicles are found: figures by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from parkcore.accuracy.average_precision import average_precision, resampled
from parkcore.accuracy.box_figures import f1_at_least, figures
from parkcore.accuracy.box_matching import PhotoSeen, seen
from parkcore.accuracy.slices import band_of
from parkcore.domain import Box, Detection, Label


def at(place: int, shift: float = 0, label: Label = "car", sure: float = 0.9) -> Detection:
    return Detection(label, sure, Box(100 * place + shift, 0, 100 * place + shift + 40, 40))


def photo(*places: int, found: list[Detection], labels: str = "", **more) -> PhotoSeen:
    """A photo with cars (or m: motorcycles) at these places, 40 pixels wide."""
    types: list[Label] = [{"c": "car", "m": "motorcycle", "t": "truck"}[c] for c in labels] or [
        "car"
    ] * len(places)
    boxes = [at(place).box for place in places]
    return seen(boxes, types, found, confidence=0.5, **more)


# -- average precision --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "is_right, truths, expected",
    [
        ([], 3, 0),
        ([], 0, 0),
        ([True], 1, 1),
        ([True], 2, 0.5),
        ([False, True], 1, 0.5),
        ([True, False, True], 2, 1 / 2 + 1 / 2 * 2 / 3),
        ([False, True, True], 2, 2 / 3),
        ([True, False, False, True, True], 4, 1 / 4 + 2 / 4 * 3 / 5),
    ],
    ids=["nothing found", "nothing there", "found", "half found", "a wrong one first",
         "a wrong one between", "the best precision at that recall or above", "one never found"],
)  # fmt: skip
def test_average_precision_by_hand(is_right, truths, expected):
    assert average_precision(np.array(is_right, bool), truths) == pytest.approx(expected)


def test_a_photo_that_counts_twice_is_as_two():
    is_right = np.array([True, False, True, True])
    twice = np.array([True, True, False, False, True, True, True, True])
    weights = np.full(4, 2.0)
    assert average_precision(is_right, 8, weights) == pytest.approx(average_precision(twice, 8))


def test_the_interval_of_a_mean_is_that_of_its_standard_error():
    values = np.tile([0.0, 1.0], 50)
    low, high = resampled(100, lambda weights: float(np.average(values, weights=weights)))
    assert (low, high) == pytest.approx((0.4, 0.6), abs=0.02)
    again = resampled(100, lambda weights: float(np.average(values, weights=weights)))
    assert again == (low, high)


def test_one_photo_has_no_interval():
    assert resampled(1, lambda weights: 0.5) is None


# -- matching -----------------------------------------------------------------------------------


def test_one_vehicle_is_found_once():
    both = photo(0, found=[at(0, shift=3, sure=0.9), at(0, sure=0.8)])
    assert both.found_at.tolist() == [0.9]
    assert both.ranked["vehicle"].is_right.tolist() == [True, False]


def test_leaving_out_the_less_sure_changes_nothing_about_the_others():
    found = [at(0, sure=0.9), at(1, sure=0.3), at(1, shift=5, sure=0.7), at(2, sure=0.6)]
    whole = photo(0, 1, 2, found=found)
    few = photo(0, 1, 2, found=[d for d in found if d.confidence >= 0.5])
    assert whole.found.tolist() == few.found.tolist()
    assert whole.counted == few.counted == 3


def test_what_is_not_sure_enough_is_not_found():
    assert photo(0, found=[at(0, sure=0.4)]).found.tolist() == [False]


def test_a_vehicle_of_another_type_is_found_as_such():
    one = photo(0, found=[at(0, label="truck")])
    assert one.found_as == ("truck",)
    assert one.ranked["car"].truths == 1
    assert one.ranked["truck"].is_right.tolist() == [False]


def test_what_is_not_labelled_is_neither_right_nor_wrong():
    found = [at(0), at(5, label="motorcycle"), at(7), at(9)]
    one = photo(0, found=found, neutral=[at(7, shift=4).box], unlabelled=("motorcycle",))
    assert one.ranked["vehicle"].is_right.tolist() == [True, False]
    assert one.counted == 2
    assert "motorcycle" not in one.ranked


# -- figures ------------------------------------------------------------------------------------


def test_figures_by_hand():
    photos = [
        photo(0, 1, 2, labels="ccm", found=[at(0), at(1, label="truck"), at(2, 0, "motorcycle")]),
        photo(0, found=[at(4)]),
    ]
    found = figures(photos)
    assert (found["photos"], found["vehicles"]) == (2, 4)
    assert (found["recall"], found["precision"], found["f1"]) == (0.75, 0.75, 0.75)
    # 3 of 3 and 0 of 1: they vary three times as much as single vehicles would, so 1 of 4/3.
    assert found["recall_interval"] == pytest.approx([0.1477, 0.9811], abs=1e-4)
    assert found["type_right"] == pytest.approx(2 / 3, abs=1e-4)
    assert found["type_confusion"] == {"car as truck": 1}
    assert set(found["types"]) == {"car", "motorcycle"}
    car = found["types"]["car"]
    assert (car["vehicles"], car["recall"], car["precision"]) == (3, pytest.approx(1 / 3, abs=1e-4),
                                                                  0.5)  # fmt: skip
    assert car["ap50"] == pytest.approx(1 / 3, abs=1e-4)
    assert found["types"]["motorcycle"]["ap50"] == 1
    assert found["map50"] == pytest.approx(2 / 3, abs=1e-4)
    assert (found["count_mae"], found["exact"], found["error_per_100"]) == (0, 1, 0)


def test_counts_may_be_wrong_while_nothing_is_missed():
    found = figures([photo(0, found=[at(0), at(5)]), photo(0, 1, 2, found=[at(0), at(1), at(2)])])
    assert (found["recall"], found["precision"]) == (1, 0.8)
    assert (found["count_mae"], found["exact"], found["error_per_100"]) == (0.5, 0.5, 25)


def test_where_vehicles_are_not_labelled_precision_and_counts_are_not_told():
    found = figures([photo(0, found=[at(0), at(5)], is_complete=False)])
    assert found["recall"] == 1
    assert found["precision"] is found["f1"] is found["count_mae"] is found["exact"] is None
    assert not found["complete"]


def test_of_several_sets_precision_is_of_those_that_are_complete():
    photos = [photo(0, found=[at(0), at(5)]), photo(0, found=[at(6), at(7)], is_complete=False)]
    found = figures(photos)
    assert (found["recall"], found["precision"]) == (0.5, 0.5)
    assert found["f1"] == pytest.approx(2 / 3, abs=1e-4)


def test_vehicles_are_told_apart_by_size_light_and_view():
    boxes = [Box(0, 0, 10, 10), Box(100, 0, 140, 40)]
    one = seen(boxes, ["car", "car"], [Detection("car", 0.9, boxes[1])], confidence=0.5)
    by = figures([replace(one, light="night", view="above")])["by"]
    assert list(by) == ["size", "light", "view"]
    assert {size: row["recall"] for size, row in by["size"].items()} == {
        "< 16 px": 0,
        "32–64 px": 1,
    }
    assert by["light"]["night"]["vehicles"] == by["view"]["above"]["vehicles"] == 2


@pytest.mark.parametrize(
    "size, band",
    [(1, "< 16 px"), (15.9, "< 16 px"), (16, "16–32 px"), (64, "64–128 px"), (128, "≥ 128 px")],
)
def test_bands_of_sizes(size, band):
    assert band_of(size) == band


def test_nothing_there_and_nothing_found_is_no_division_by_zero():
    found = figures([photo(found=[])])
    assert found["recall"] is found["map50"] is found["error_per_100"] is None
    assert found["exact"] == 1


def test_what_the_best_settings_are_best_by():
    assert f1_at_least([photo(0, 1, found=[at(0), at(5)], is_complete=False)]) == 0.5
    assert f1_at_least([photo(found=[])]) == 0
