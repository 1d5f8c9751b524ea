"""How large a photo is looked at, and in which parts."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from conftest import SAMPLES, WEIGHTS
from hypothesis import given
from hypothesis import strategies as st

from parkcore.analysis_size import ENOUGH, PART, SIZES, WANTED, fitting_size, parts, touches_seam
from parkcore.detect import IOU, YoloDetector
from parkcore.domain import Box, Detection
from parkcore.geometry import ious
from parkcore.images import decode


@pytest.mark.parametrize(
    "vehicle_px, photo, now, size",
    [
        (WANTED, (1280, 720), 1280, 1280),
        (WANTED / 3, (1280, 720), 1280, 1280),
        (WANTED, (4000, 3000), 1280, 3840),
        (2 * WANTED, (4000, 3000), 1280, 2560),
        (2 * WANTED, (3000, 4000), 3200, 3200),
        (2 * WANTED, (4000, 3000), 3840, 2560),
        (4 * WANTED, (4000, 3000), 1280, 1280),
        (WANTED / 9, (2000, 1500), 1280, 1920),
    ],
    ids=[
        "as large as the photo",
        "a photo is not enlarged",
        "a large photo of small vehicles",
        "no larger than needed",
        "the size next to it is not worth a change",
        "two steps are",
        "never smaller than what is set",
        "as far as there are pixels",
    ],
)
def test_fitting_size(vehicle_px, photo, now, size):
    assert fitting_size([vehicle_px] * ENOUGH, photo, least=1280, now=now) == size


def test_few_vehicles_tell_nothing():
    assert fitting_size([5.0] * (ENOUGH - 1), (4000, 3000), least=1280, now=1280) == 1280


def test_the_small_ones_count():
    sizes = [WANTED] * 20 + [10 * WANTED] * 80
    assert fitting_size(sizes, (3840, 2160), least=1280, now=1280) == 3840


@given(
    st.lists(st.floats(3, 600), min_size=ENOUGH, max_size=60),
    st.integers(100, 8000),
    st.integers(100, 8000),
    st.sampled_from((320, 640, 1280, 1920, 4096)),
    st.sampled_from((320, *SIZES)),
)
def test_a_camera_comes_to_rest(sizes, width, height, least, now):
    """The size that is fitted to a camera fits it the next time, too."""
    first = fitting_size(sizes, (width, height), least=least, now=now)
    assert least <= first <= max(least, width, height)
    assert fitting_size(sizes, (width, height), least=least, now=first) == first


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(300, 1300), st.integers(0, 250))
def test_parts_cover_the_photo_and_share_enough(width, height, side, overlap):
    found = list(parts(width, height, side, overlap))
    for low, high, length in ((0, 2, width), (1, 3, height)):
        spans = sorted({(part[low], part[high]) for part in found})
        assert spans[0][0] == 0 and spans[-1][1] == length
        for (_, end), (start, _) in pairwise(spans):
            assert end - start >= overlap
    assert all(right - left <= side and bottom - top <= side for left, top, right, bottom in found)


def test_a_photo_within_a_part_is_one():
    assert list(parts(800, 600, 1280, 256)) == [(0, 0, 800, 600)]


@pytest.mark.parametrize(
    "box, cut",
    [
        (Box(101, 150, 130, 190), True),
        (Box(150, 150, 199, 190), True),
        (Box(120, 101, 130, 190), True),
        (Box(120, 120, 150, 150), False),
        (Box(150, 250, 180, 299.5), False),
    ],
    ids=["left", "right", "above", "in the middle", "at the photo's own edge"],
)
def test_a_box_at_an_inner_edge_is_cut(box, cut):
    assert touches_seam(box, (100, 100, 200, 300), (400, 300), 3.0) == cut


def test_a_photo_in_parts_has_each_vehicle_once():
    """The sample photo four times beside each other: seams run through its vehicles."""
    name = "sample-north/gate/2026-05-04_12-30.jpg"
    photo = decode((SAMPLES / name).read_bytes(), max_megapixels=50).image
    detector = YoloDetector(WEIGHTS, confidence=0.3, imgsz=1280)
    alone = len(detector.detect(photo))
    many = np.vstack([np.hstack([photo] * 2)] * 2)
    found = detector.detect(many, imgsz=2560)
    assert abs(len(found) - 4 * alone) <= 0.08 * 4 * alone
    boxes = np.array([seen.box.as_tuple() for seen in found])
    assert np.triu(ious(boxes, boxes), 1).max() <= IOU
    assert boxes.min() >= 0 and (boxes[:, 2:].max(0) <= (many.shape[1], many.shape[0])).all()


def test_small_vehicles_are_taken_from_the_parts_alone():
    photo = np.random.default_rng(0).integers(0, 256, (1500, 3000, 3), np.uint8)
    small, large = Box(100, 100, 190, 160), Box(800, 300, 1000, 400)
    sizes = []

    class Seeing(YoloDetector):
        def _look(self, image, size):
            sizes.append(size)
            is_whole = image.shape == photo.shape
            return [Detection("car", 0.9, box) for box in (small, large)] if is_whole else []

    found = Seeing(WEIGHTS, confidence=0.3, imgsz=2560).detect(photo)
    assert [seen.box for seen in found] == [large]
    assert sizes == [PART] * 4, "as a whole, and in three parts"
