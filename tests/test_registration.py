"""Has the camera moved? Small shifts are followed, and whatever is not the same view is told."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import SAMPLES, SHARED

from parkcore.accuracy.labelled_sets import read_truth
from parkcore.domain import Box, Detection, Image
from parkcore.images import decode, jpeg
from parkcore.spaces.judging import Judge
from parkcore.spaces.layout import Layout, Space
from parkcore.spaces.registration import Reference, _classified, reference, register
from parkcore.spaces.verdict import Judged, Judgement

NORTH = sorted((SAMPLES / "sample-north" / "gate").glob("*.jpg"))
SOUTH = sorted((SAMPLES / "sample-south" / "kiosk").glob("*.jpg"))
NOON = SAMPLES / "sample-north" / "gate" / "2026-05-04_12-30.jpg"
NIGHT = SAMPLES / "sample-north" / "gate" / "2026-05-04_21-15.jpg"

WITHIN = 0.006
"""Share of the width by which a corner may be found beside its place."""


@lru_cache(maxsize=32)
def photo(path: Path) -> Image:
    return decode(path.read_bytes(), max_megapixels=50).image


@lru_cache(maxsize=4)
def known(path: Path) -> Reference:
    return reference(photo(path))


def shift(image: Image, right=0.0, down=0.0, turn=0.0, zoom=1.0) -> tuple[Image, np.ndarray]:
    """What a camera would see that was nudged, and the homography from before, both 0..1.

    Right and down are shares of the width and height, the turn is in degrees.
    """
    height, width = image.shape[:2]
    pixels = np.eye(3)
    pixels[:2] = cv2.getRotationMatrix2D((width / 2, height / 2), turn, zoom)
    pixels[:2, 2] += right * width, down * height
    scale = np.diag([width, height, 1.0])
    warped = np.asarray(cv2.warpPerspective(image, pixels, (width, height)), np.uint8)
    return warped, np.linalg.inv(scale) @ pixels @ scale


def any_shift(random: np.random.Generator) -> dict[str, float]:
    """As far as a nudged camera is to be followed."""
    right, down = random.uniform(-0.08, 0.08, 2).tolist()
    return {
        "right": right,
        "down": down,
        "turn": random.uniform(-4, 4),
        "zoom": random.uniform(0.9, 1.1),
    }


def corners(homography: np.ndarray, image: Image) -> np.ndarray:
    """Where the photo's corners come to lie, in shares of its width."""
    mapped = np.array([[0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1.0]]) @ homography.T
    return mapped[:, :2] / mapped[:, 2:] * [1, image.shape[0] / image.shape[1]]


def assert_found(warped: Image, ref: Reference, expected: np.ndarray) -> None:
    found = register(warped, ref)
    assert found.status == "shifted", found.said
    apart = corners(found.homography, warped) - corners(expected, warped)
    assert np.linalg.norm(apart, axis=1).max() <= WITHIN


# -- the same view ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path, others", [(NOON, NORTH), (NIGHT, NORTH[::3])], ids=["by day", "by night"]
)
def test_the_same_camera_at_other_hours_has_not_moved(path, others):
    for other in others:
        found = register(photo(other), known(path))
        assert (found.status, found.homography, found.said) == ("still", None, "")


def test_a_smaller_copy_of_the_photo_has_not_moved():
    assert register(cv2.resize(photo(NOON), (640, 360)), known(NOON)).status == "still"


def test_what_may_drive_away_is_not_looked_at():
    """A car that was pasted over half of both photos, each time elsewhere, moves nothing."""
    one, other = photo(NOON).copy(), photo(NOON).copy()
    pattern = photo(SOUTH[0])[:400, :500]
    one[300:700, 100:600], other[300:700, 160:660] = pattern, pattern
    ref = reference(one, [Box(100, 300, 600, 700)])
    assert register(other, ref, [Box(160, 300, 660, 700)]).status == "still"
    inside = (ref.features.points * [1280, 720] - [100, 300]) / [500, 400]
    assert not ((inside > 0.02) & (inside < 0.98)).all(axis=1).any()


def test_a_view_that_is_bent_was_not_nudged():
    """Features on one diagonal alone agree with a homography that pulls in the other corners."""
    bent = cv2.getPerspectiveTransform(
        np.float32([[0, 0], [1, 0], [1, 1], [0, 1]]),
        np.float32([[0, 0], [0.8, 0.2], [1, 1], [0.2, 0.8]]),
    )
    found = _classified(bent, 16 / 9)
    assert (found.status, found.homography) == ("unclear", None)


# -- nudged -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "by, said",
    [
        ({"right": 0.08}, "moved by 8.0 % of the width, "),
        ({"right": -0.08, "down": -0.08}, "moved by 9.2 % of the width, "),
        ({"right": 0.01}, "moved by 1.0 % of the width, "),
        ({"turn": 4}, "-4.0°, zoom 1.00"),
        ({"turn": -4}, "+4.0°, zoom 1.00"),
        ({"zoom": 0.9}, "moved by 0.0 % of the width, "),
        ({"zoom": 1.1}, "zoom 1.10"),
        ({"right": 0.08, "down": 0.08, "turn": 4, "zoom": 0.9}, "zoom 0.90"),
        ({"right": -0.08, "down": 0.08, "turn": -4, "zoom": 1.1}, "zoom 1.10"),
    ],
    ids=[
        "to the side",
        "to the side and up",
        "a little",
        "turned",
        "turned the other way",
        "zoomed out",
        "zoomed in",
        "all at once",
        "all at once the other way",
    ],
)
def test_a_nudged_camera_is_followed(by, said):
    warped, expected = shift(photo(NOON), **by)
    assert_found(warped, known(NOON), expected)
    assert said in register(warped, known(NOON)).said


@pytest.mark.parametrize("hour", NORTH[::2], ids=lambda path: path.stem)
def test_it_is_followed_at_any_hour(hour):
    random = np.random.default_rng(NORTH.index(hour))
    warped, expected = shift(photo(hour), **any_shift(random))
    assert_found(warped, known(NOON), expected)


# -- not the same view --------------------------------------------------------------------------


@pytest.mark.parametrize("path", SOUTH, ids=lambda path: path.stem)
def test_another_cameras_photo_is_told(path):
    found = register(cv2.resize(photo(path), (1280, 720)), known(NOON))
    assert (found.status, found.homography) == ("moved", None)
    assert "somewhere else" in found.said


def half(path: Path, left: float) -> Image:
    """Half of a photo's width and height, as large as all of it."""
    height, width = photo(path).shape[:2]
    x, y = round(left * width), round(0.28 * height)
    part = photo(path)[y : y + height // 2, x : x + width // 2]
    return np.asarray(cv2.resize(np.ascontiguousarray(part), (width, height)), np.uint8)


def test_a_camera_that_was_turned_away_by_day_is_told_at_every_hour():
    """The two halves of what it sees are as alike as two views of one lot can be."""
    ref = reference(half(NOON, 0))
    by_day = [path for path in NORTH if path != NIGHT]
    found = [register(half(path, 0.5), ref).status for path in by_day]
    assert found == ["moved"] * len(by_day)


def test_by_night_it_cannot_be_told_that_a_camera_looks_somewhere_else():
    for path in SOUTH:
        found = register(cv2.resize(photo(path), (1280, 720)), known(NIGHT))
        assert (found.status, found.homography) == ("unclear", None)
        assert "light" in found.said


def test_a_colourless_picture_by_night_does_not_tell_it_either():
    infrared = np.repeat(photo(SOUTH[0]).mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
    found = register(cv2.resize(infrared, (1280, 720)), known(NOON))
    assert found.status == "unclear"


@pytest.mark.parametrize("ref", [NOON, NIGHT], ids=["by day", "by night"])
def test_a_nudged_camera_is_never_said_to_look_somewhere_else(ref):
    random = np.random.default_rng(9)
    for path in NORTH:
        warped, expected = shift(photo(path), **any_shift(random))
        assert_found(warped, known(ref), expected)


@pytest.mark.parametrize(
    "change, status, said",
    [
        (lambda noon: noon[:, ::-1], "moved", "somewhere else"),
        (lambda noon: shift(noon, right=0.25)[0], "moved", "moved by 25.0 % of the width"),
        (lambda noon: shift(noon, turn=15)[0], "moved", "-15.0°"),
        (lambda noon: shift(noon, zoom=1.5)[0], "moved", "zoom 1.50"),
        (lambda noon: noon[::-1, ::-1], "moved", "180.0°"),
        (lambda noon: noon[:, 160:1120], "moved", "another shape than the reference"),
        (lambda noon: noon.transpose(1, 0, 2), "moved", "another shape than the reference"),
        (np.zeros_like, "unclear", "too little can be seen"),
        (lambda noon: np.full_like(noon, 255), "unclear", "too little can be seen"),
    ],
    ids=[
        "mirrored",
        "moved by a quarter",
        "turned by 15 degrees",
        "zoomed in by half",
        "upside down",
        "in 4:3",
        "on its side",
        "black",
        "white",
    ],
)
def test_what_cannot_be_followed_is_told(change, status, said):
    found = register(np.ascontiguousarray(change(photo(NOON))), known(NOON))
    assert (found.status, found.homography) == (status, None)
    assert said in found.said


def test_a_black_reference_tells_nothing():
    found = register(photo(NOON), reference(np.zeros((720, 1280, 3), np.uint8)))
    assert found.status == "unclear"


# -- judged -------------------------------------------------------------------------------------

CORNERS = ((0.4, 0.4), (0.48, 0.4), (0.48, 0.5), (0.4, 0.5))
LAYOUT = Layout((Space("A1", CORNERS),), id=7)
CAR = Detection("car", 0.9, Box(505, 265, 621, 362))


def car_at(homography: np.ndarray) -> Detection:
    x, y, w = homography @ (0.44, 0.45, 1)
    right, down = 1280 * (x / w - 0.44), 720 * (y / w - 0.45)
    box = CAR.box
    return Detection("car", 0.9, Box(box.x1 + right, box.y1 + down, box.x2 + right, box.y2 + down))


def test_spaces_are_judged_where_a_nudged_camera_sees_them():
    warped, expected = shift(photo(NOON), right=0.07, down=-0.05)
    judged = Judge().judge(
        LAYOUT, warped, [car_at(expected)], reference_jpeg=lambda: jpeg(photo(NOON))
    )
    assert judged.judgement.occupied == 1
    assert judged.layout_id == 7
    assert judged.note.startswith("moved by 7.5 % of the width")
    assert np.abs(corners(judged.homography, warped) - corners(expected, warped)).max() < WITHIN
    unaware = Judge().judge(LAYOUT, warped, [car_at(expected)])
    assert (unaware.judgement.occupied, unaware.homography, unaware.note) == (0, None, "")


def test_a_camera_that_looks_somewhere_else_tells_nothing():
    judged = Judge().judge(
        LAYOUT,
        cv2.resize(photo(SOUTH[0]), (1280, 720)),
        [CAR],
        reference_jpeg=lambda: jpeg(photo(NOON)),
        before=Judged(7, Judgement(()), np.eye(3)),
    )
    [space] = judged.judgement.spaces
    assert (space.state, space.reason) == ("unknown", judged.note)
    assert "the camera has moved" in judged.note
    assert judged.homography is None


def test_where_nothing_can_be_seen_the_last_shift_holds():
    _, before = shift(photo(NOON), right=0.1)
    dark = np.full((720, 1280, 3), 9, np.uint8)
    judged = Judge().judge(
        LAYOUT,
        dark,
        [car_at(before)],
        reference_jpeg=lambda: jpeg(photo(NOON)),
        before=Judged(7, Judgement(()), before),
    )
    assert judged.judgement.occupied == 1
    assert judged.homography is before
    assert "too little can be seen" in judged.note


@pytest.mark.parametrize("light", [0.06, 0.0], ids=["by night", "black"])
def test_a_camera_that_was_turned_away_by_day_tells_nothing_by_night(light):
    away = cv2.resize(photo(SOUTH[0]), (1280, 720))
    by_day = Judge().judge(LAYOUT, away, [CAR], reference_jpeg=lambda: jpeg(photo(NOON)))
    by_night = Judge().judge(
        LAYOUT,
        (away * light).astype(np.uint8),
        [],
        reference_jpeg=lambda: jpeg(photo(NOON)),
        before=by_day,
    )
    assert by_night.is_elsewhere
    assert [space.state for space in by_night.judgement.spaces] == ["unknown"]
    again = Judge().judge(
        LAYOUT, photo(NOON), [CAR], reference_jpeg=lambda: jpeg(photo(NOON)), before=by_night
    )
    assert (again.judgement.occupied, again.note) == (1, ""), "until it is seen to be back"


@pytest.mark.parametrize("known", [True, False], ids=["a reference", "no reference"])
def test_a_black_photo_is_not_an_empty_lot(known):
    black, data = np.zeros((720, 1280, 3), np.uint8), jpeg(photo(NOON)) if known else None
    judged = Judge().judge(LAYOUT, black, [], reference_jpeg=lambda: data)
    [space] = judged.judgement.spaces
    assert (space.state, space.reason) == ("unknown", "the picture is black")


@pytest.mark.parametrize(
    "broken",
    [lambda data: None, lambda data: b"", lambda data: b"not a photo", lambda data: data[:5000]],
    ids=["none", "an empty one", "something else", "half of one"],
)
def test_without_a_reference_the_camera_is_taken_to_be_still(broken):
    data = broken(jpeg(photo(NOON)))
    judged = Judge().judge(LAYOUT, photo(NOON), [CAR], reference_jpeg=lambda: data)
    assert (judged.judgement.occupied, judged.homography, judged.note) == (1, None, "")


@pytest.mark.parametrize("stored, asked", [(7, 1), (None, 3)], ids=["stored", "not stored yet"])
def test_a_stored_layouts_reference_is_read_once(stored, asked):
    judge, times = Judge(), []
    layout = Layout(LAYOUT.spaces, id=stored)

    def read() -> bytes:
        times.append(1)
        return jpeg(photo(NOON))

    for _ in range(3):
        judge.judge(layout, photo(NOON), [CAR], reference_jpeg=read)
    assert len(times) == asked


# -- on real photos -----------------------------------------------------------------------------

DATASETS = SHARED / "datasets"


def pairs(ones: list[Path], others: list[Path]) -> list[str]:
    """What each of some photos is, held against each of the others."""
    refs = [(path, reference(photo(path))) for path in ones]
    return [
        register(photo(path), ref).status for path in others for one, ref in refs if one != path
    ]


@pytest.mark.shared
@pytest.mark.parametrize(
    "photos",
    ["pklot_frames/*UFPR04*", "pklot_frames/*UFPR05*", "pklot_ufpr05/images/*_0[67]_*"],
    ids=["one camera", "another, over months", "by dawn"],
)
def test_photos_of_one_real_camera_are_never_of_another(photos):
    paths = sorted(DATASETS.glob(photos))
    found = pairs(paths, paths)
    assert len(found) >= 6
    assert set(found) <= {"still", "shifted", "unclear"}
    assert found.count("unclear") <= 0.1 * len(found)


@pytest.mark.shared
def test_photos_of_different_real_cameras_are_never_of_one():
    frames, masts = DATASETS / "pklot_frames", sorted((DATASETS / "acpds" / "images").iterdir())
    found = pairs(sorted(frames.glob("*UFPR04*"))[::2], sorted(frames.glob("*UFPR05*")))
    found += pairs(masts[40::40], masts[20::40])  # the first is of the same street as GOPR0098
    assert len(found) >= 50
    assert set(found) <= {"moved", "unclear"}
    assert found.count("unclear") <= 0.25 * len(found)


@pytest.mark.shared
def test_a_real_street_by_night_is_known_again_in_the_rain():
    dry, wet = (DATASETS / "acpds" / "images" / f"GOPR{n}.jpg" for n in ("0024", "0098"))
    assert register(photo(wet), reference(photo(dry))).status == "shifted"


@pytest.mark.shared
def test_states_stay_the_same_on_real_photos_of_a_nudged_camera(yolo):
    random, same, all_in_view = np.random.default_rng(4), 0, 0
    frames = sorted((SHARED / "datasets" / "pklot_frames").glob("*UFPR04*.jpg"))
    for number, truth in enumerate(read_truth(SHARED / "datasets" / "pklot_ufpr05")[4::5]):
        image = photo(truth.photo)
        data = jpeg(image)
        detections = yolo.detect(image)
        before = Judge().judge(truth.layout, image, detections, reference_jpeg=lambda d=data: d)
        assert (before.homography, before.note) == (None, "")
        for _ in range(3):
            warped, _ = shift(image, **any_shift(random))
            after = Judge().judge(
                truth.layout, warped, yolo.detect(warped), reference_jpeg=lambda d=data: d
            )
            assert after.homography is not None, after.note
            for one, other in zip(before.judgement.spaces, after.judgement.spaces, strict=True):
                if one.state != "unknown" and other.reason != "out of view":
                    all_in_view += 1
                    same += one.state == other.state
        for elsewhere in (np.ascontiguousarray(image[:, ::-1]), photo(frames[number])):
            lost = Judge().judge(
                truth.layout, elsewhere, detections, reference_jpeg=lambda d=data: d
            )
            assert lost.judgement.unknown == len(truth.layout.spaces)
            assert "the camera has moved" in lost.note
    assert all_in_view > 500
    assert same >= 0.98 * all_in_view
