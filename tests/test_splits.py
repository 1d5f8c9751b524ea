"""What is held back for measuring: whole clips and flights, always the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import SHARED

from parkcore.accuracy.splits import group_of, held_back, split_of


@pytest.mark.parametrize(
    "stem, group",
    [
        ("adit_mp4-2132_jpg.rf.f3b814a3e34120d0c3c01fc55916d78d", "adit_mp4"),
        ("siang_15112021_1_mp4-77_jpg.rf.0aZ", "siang_15112021_1_mp4"),
        ("DJI_0762-00021", "DJI_0762"),
        ("DJI-00760-00003", "DJI-00760"),
        ("MunichStreet02-MOS78", "MunichStreet02"),
        ("MOS155", "MOS"),
        ("gate_frame_0012", "gate_frame"),
        ("seq0_2013-02-24_10_05_04", "seq0"),
        ("bikes_72_png.rf.4761707b6c73afecfef3b56b07f2dfcd", "bikes_72"),
        ("0013d97a44c586c0_jpg.rf.QohOjYeZzQhUb4dxfAUr", "0013d97a44c586c0"),
        ("0013d97a44c586c0", "0013d97a44c586c0"),
        ("000000356286", "000000356286"),
        ("IMG-20260504-103000", "IMG-20260504-103000"),
    ],
)
def test_frames_of_one_clip_belong_together(stem, group):
    assert group_of(stem) == group


def test_one_group_is_never_divided():
    for clip in ("north_mp4", "DJI_0001", "gate_frame"):
        assert len({held_back(f"{clip}-{n:05}") for n in range(200)}) == 1


def test_copies_of_one_photo_fall_on_one_side():
    for n in range(100):
        names = (f"car_{n}", f"car_{n}_png.rf.abc", f"car_{n}_png.rf.Xyz9")
        assert len({split_of(name) for name in names}) == 1


def test_one_in_five_is_held_back():
    assert 0.17 < sum(held_back(f"photo {n}") for n in range(2000)) / 2000 < 0.23


def test_what_is_held_back_never_changes():
    """A model says that it has not seen these; another rule would make that untrue."""
    back = [n for n in range(40) if held_back(f"bikes_{n}_png.rf.abc")]
    assert back == HELD_BACK
    assert held_back("pagi_16112021_mp4-5_jpg.rf.abc")
    assert held_back("MunichStreet02-MOS78")
    assert not held_back("malam_04112021_mp4-5_jpg.rf.abc")


HELD_BACK = [0, 2, 3, 8, 17, 20, 23, 28, 33]


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    ["rf100_vehicles_highway_cctv", "aerial_street_vehicles_jekhor", "nepal_street_vehicles",
     "vehicles_openimages", "openimages_parked_buses_trucks", "coco_motorcycle_rows"],
)  # fmt: skip
def test_of_each_set_a_part_is_held_back_and_most_is_left(name):
    stems = [Path(photo).stem for photo in (SHARED / "datasets" / name / "images").iterdir()]
    assert 0.1 < sum(map(held_back, stems)) / len(stems) < 0.25
