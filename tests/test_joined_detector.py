"""Two detectors on one photo: each vehicle once, as sure as both together are."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parkcore.detect import IOU, YoloDetector, each_vehicle_once
from parkcore.domain import LABELS, Box, Detection, DetectorInfo
from parkcore.errors import ModelError
from parkcore.geometry import iou
from parkcore.joined_detector import LARGE, MISSED, SMALL, JoinedDetector, joined
from parkcore.settings import Settings
from parkcore.wiring import make_detector

FULL = 1.0
"""Scale: the second detector sees the photo in its own size."""


def car(x: float, confidence: float, *, side: float = 30, label: str = "car") -> Detection:
    return Detection(label, confidence, Box(x, 50, x + side, 50 + side))


def log_odds(confidence: float) -> float:
    return math.log(confidence / (1 - confidence))


def test_what_both_found_is_there_once_and_surer():
    [found] = joined([car(10, 0.6)], [car(12, 0.5)], FULL)
    assert found.confidence == pytest.approx(1 - 0.4 * 0.5)


@pytest.mark.parametrize("main, street, label", [(0.6, 0.5, "truck"), (0.3, 0.5, "bus")])
def test_the_type_is_that_of_the_surer(main, street, label):
    [found] = joined([car(10, main, label="truck")], [car(12, street, label="bus")], FULL)
    assert found.label == label


def test_the_box_lies_nearer_to_that_of_the_surer():
    [found] = joined([car(10, 0.6)], [car(14, 0.2)], FULL)
    assert found.box.as_tuple() == pytest.approx((11, 50, 41, 80))


def test_two_that_are_not_sure_at_all_are_joined_too():
    assert joined([car(10, 0)], [car(14, 0)], FULL) == [car(10, 0)]


def test_what_only_one_found_is_there_too():
    found = joined([car(10, 0.6)], [car(100, 0.5)], FULL)
    assert [(seen.box.x1, seen.confidence) for seen in found] == [(10, 0.6), (100, 0.5)]


def test_a_vehicle_has_no_two_partners():
    # The second detector saw one vehicle where the first saw two side by side.
    found = joined([car(10, 0.6), car(22, 0.5)], [car(16, 0.4)], FULL)
    assert sorted(seen.confidence for seen in found) == [0.5, pytest.approx(1 - 0.4 * 0.6)]


@pytest.mark.parametrize(
    "side, lost",
    [(SMALL / 2, 0), (SMALL, 0), ((SMALL + LARGE) / 2, MISSED / 2), (LARGE, MISSED), (500, MISSED)],
)
@pytest.mark.parametrize("scale", [FULL, 0.25])
def test_what_is_large_and_was_missed_is_less_sure(side, lost, scale):
    [found] = joined([car(10, 0.6, side=side / scale)], [], scale)
    assert log_odds(found.confidence) == pytest.approx(log_odds(0.6) - lost)


def test_a_large_one_that_only_the_second_found_stays_as_it_is():
    [found] = joined([], [car(10, 0.6, side=300)], FULL)
    assert found.confidence == 0.6


@pytest.mark.parametrize("certain", [0.0, 1.0])
def test_who_is_certain_stays_so(certain):
    [found] = joined([car(10, certain, side=300)], [], FULL)
    assert found.confidence == certain


def test_nothing_and_nothing_is_nothing():
    assert joined([], [], FULL) == []


_detections = st.lists(
    st.builds(
        lambda label, confidence, x, y, w, h: Detection(label, confidence, Box(x, y, x + w, y + h)),
        st.sampled_from(LABELS),
        st.floats(0, 1),
        *[st.floats(0, 200)] * 2,
        *[st.floats(1, 150)] * 2,
    ),
    max_size=12,
)


@given(_detections, _detections, st.floats(0.1, 2))
def test_each_vehicle_is_there_once_surest_first(main, street, scale):
    found = joined(main, street, scale)
    sure = [seen.confidence for seen in found]
    assert sure == sorted(sure, reverse=True)
    assert all(0 <= each <= 1 for each in sure)
    pairs = [(a.box, b.box) for n, a in enumerate(found) for b in found[:n]]
    assert all(iou(a, b) <= IOU + 1e-9 for a, b in pairs)
    assert len(found) <= len(main) + len(street)


@given(_detections)
def test_where_the_first_finds_nothing_the_second_is_believed(street):
    assert joined([], street, FULL) == each_vehicle_once(street)


# -- the detector ---------------------------------------------------------------------------------


@dataclass
class Scripted:
    """Finds what it was told to."""

    found: list[Detection]
    info: DetectorInfo
    sizes: list[int | None] = field(default_factory=list)

    def load(self) -> None:
        if self.info.model == "broken.pt":
            raise ModelError("broken.pt is damaged")

    def detect(self, image: np.ndarray, imgsz: int | None = None) -> list[Detection]:
        self.sizes.append(imgsz)
        return self.found


MAIN = DetectorInfo("parks.pt", "abc", 0.02, 1280)
STREET = DetectorInfo("streets.pt", "def", 0.02, 640)
PHOTO = np.zeros((480, 640, 3), np.uint8)


def test_two_unsure_looks_make_a_sure_one():
    main, street = Scripted([car(10, 0.15)], MAIN), Scripted([car(10, 0.15)], STREET)
    assert len(JoinedDetector(main, street, confidence=0.2).detect(PHOTO)) == 1
    assert JoinedDetector(main, Scripted([], STREET), confidence=0.2).detect(PHOTO) == []


def test_a_larger_look_is_the_first_detectors_only():
    main, street = Scripted([], MAIN), Scripted([], STREET)
    JoinedDetector(main, street, confidence=0.2).detect(PHOTO, 1920)
    assert (main.sizes, street.sizes) == ([1920], [None])


def test_how_large_a_vehicle_was_for_the_second_depends_on_the_photo():
    seen = [car(10, 0.6, side=100)]
    detector = JoinedDetector(Scripted(seen, MAIN), Scripted([], STREET), confidence=0.2)
    near, far = (np.zeros((each, each, 3), np.uint8) for each in (640, 2560))
    assert log_odds(detector.detect(near)[0].confidence) == pytest.approx(log_odds(0.6) - MISSED)
    assert detector.detect(far)[0].confidence == 0.6


def test_its_name_and_version_tell_of_both():
    detector = JoinedDetector(Scripted([], MAIN), Scripted([], STREET), confidence=0.3)
    assert detector.info == DetectorInfo("parks.pt + streets.pt", "abc+def", 0.3, 1280)


def test_a_damaged_street_model_names_its_setting(tmp_path):
    (tmp_path / "streets.pt").write_text("no model")
    detector = make_detector(Settings(time_zone="UTC", street_model=str(tmp_path / "streets.pt")))
    with pytest.raises(ModelError, match="set PARKCORE_STREET_MODEL to another"):
        detector.load()


@pytest.mark.parametrize("broken", [0, 1])
def test_a_damaged_model_is_said_when_it_is_loaded(broken):
    infos = [MAIN, STREET]
    infos[broken] = DetectorInfo("broken.pt", "x", 0.02, 640)
    with pytest.raises(ModelError, match="is damaged"):
        JoinedDetector(*(Scripted([], info) for info in infos), confidence=0.2).load()


# -- from settings --------------------------------------------------------------------------------


def test_the_settings_join_two_models():
    info = make_detector(Settings(time_zone="UTC")).info
    assert "parkcore-yolov8n" in info.model
    assert "parkcore-streets" in info.model
    assert (info.confidence, info.imgsz) == (0.25, 1280)


def test_the_street_model_can_be_switched_off():
    detector = make_detector(Settings(time_zone="UTC", street_model="off"))
    assert isinstance(detector, YoloDetector)
    assert detector.info.confidence == 0.25


def test_a_missing_street_model_names_its_setting():
    detector = make_detector(Settings(time_zone="UTC", street_model="none/such.pt"))
    with pytest.raises(ModelError, match="set PARKCORE_STREET_MODEL to"):
        detector.load()
