"""Snapshots as rows: the same figures in JSON and CSV, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from conftest import MADRID, NOON

from parkcore.domain import Box, Detection, DetectorInfo, Lot, Occupancy, Photo, Snapshot, Vehicles
from parkcore.export import HISTORY_COLUMNS, Exporter, failed_record
from parkcore.history.capacities import ALWAYS, Capacities
from parkcore.history.rollups import Look
from parkcore.ingest import Source
from parkcore.occupancy import Thresholds
from parkcore.spaces.verdict import MOVED, AreaCount, Judged, Judgement, SpaceState

CAPACITIES = Capacities.of([("north", "gate", ALWAYS, 40)], {"north": frozenset({"gate", "roof"})})
EXPORTER = Exporter(CAPACITIES, Thresholds(), MADRID)
CAR = Detection("car", 0.87654321, Box(1.04, 2.06, 30.55, 40))


def snapshot(**changes: object) -> Snapshot:
    photo = Photo(
        **{
            "file": "north/gate/a.jpg",
            "sha256": "0" * 64,
            "size_bytes": 1,
            "width": 640,
            "height": 480,
            "captured_at": NOON,
            "time_source": "exif",
            "lot_id": "north",
            "camera_id": "gate",
            **{key: value for key, value in changes.items() if key in Photo.__slots__},
        }
    )
    return Snapshot(
        photo,
        changes.get("vehicles", Vehicles(car=29, bus=1)),
        DetectorInfo("m.pt", "abc", 0.2, 1280),
        12.3456,
        changes.get("detections"),
    )


def looked_at(**changes: object) -> tuple[Snapshot, Look]:
    """A snapshot whose vehicles count against what its camera sees."""
    found = snapshot(**changes)
    occupancy = EXPORTER.occupancy(found)
    counts = tuple(occupancy.vehicles.as_dict().values())
    look = Look(0, found.photo.camera_id, counts, occupancy.vehicles.total, occupancy.capacity)
    return found, look


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_record_has_the_counts_and_what_follows_from_them():
    assert EXPORTER.record(snapshot()) == {
        "photo": "north/gate/a.jpg",
        "captured_at": "2026-05-04T12:00:00+02:00",
        "time_source": "exif",
        "lot": "north",
        "camera": "gate",
        "vehicles": {"car": 29, "motorcycle": 0, "bus": 1, "truck": 0},
        "total": 30,
        "capacity": 40,
        "rate": 0.75,
        "level": "moderate",
        "milliseconds": 12.3,
        "error": None,
    }


def test_a_record_has_its_detections_where_it_has_them():
    record = EXPORTER.record(snapshot(detections=(CAR,)))
    assert record["detections"] == [
        {"label": "car", "confidence": 0.8765, "box": [1.0, 2.1, 30.6, 40]}
    ]
    assert EXPORTER.record(snapshot(detections=()))["detections"] == []


TAKEN = SpaceState("A1", "occupied", 0.98765, "car 0.88", 0.98765, 0)
FREE = SpaceState("A2", "vacant", 0.9, "no vehicle", 0.1)
HIDDEN = SpaceState("A3", "unknown", 0.0, "out of view", None)


def test_a_record_has_its_spaces_where_they_were_judged():
    judgement = Judgement((TAKEN, FREE, HIDDEN), (AreaCount("M", 2, 6),), (1, 2), (2,))
    seen = (CAR, Detection("truck", 0.5, Box(0, 0, 5, 5)), CAR)
    record = EXPORTER.record(
        snapshot(detections=seen), Judged(1, judgement, None, "too little can be seen", "s.pt 1")
    )
    expected = {
        "capacity": 9,
        "rate": 0.375,
        "level": "quiet",
        "spaces": [
            {"id": "A1", "state": "occupied", "confidence": 0.9877, "reason": "car 0.88"},
            {"id": "A2", "state": "vacant", "confidence": 0.9, "reason": "no vehicle"},
            {"id": "A3", "state": "unknown", "confidence": 0.0, "reason": "out of view"},
        ],
        "areas": [{"id": "M", "vehicles": 2, "capacity": 6}],
        "occupied": 1,
        "vacant": 1,
        "unknown": 1,
        "interval": [1, 3],
        "outside": 2,
        "double_parked": 1,
        "vehicles_outside": [
            {"label": "truck", "confidence": 0.5, "box": [0, 0, 5, 5], "double_parked": False},
            {
                "label": "car",
                "confidence": 0.8765,
                "box": [1.0, 2.1, 30.6, 40],
                "double_parked": True,
            },
        ],
        "camera_moved": None,
        "note": "too little can be seen",
        "second_opinion": "s.pt 1",
    }
    assert {key: record[key] for key in expected} == expected
    assert json.loads(json.dumps(record)) == record


@pytest.mark.parametrize(
    "homography, note, moved",
    [
        (None, "", None),
        (None, "the picture is black", None),
        (np.eye(3), "moved by 1 %", "moved by 1 %"),
        (None, f"{MOVED} by 30 %", f"{MOVED} by 30 %"),
    ],
    ids=["still", "dark", "nudged", "turned away"],
)
def test_a_record_says_that_the_camera_has_moved_only_where_it_has(homography, note, moved):
    record = EXPORTER.record(snapshot(), Judged(1, Judgement(()), homography, note))
    assert (record["camera_moved"], record["note"]) == (moved, note or None)


@pytest.mark.parametrize(
    "judgement, rate, level",
    [
        (Judgement((TAKEN, FREE, HIDDEN)), 0.5, "moderate"),
        (Judgement((TAKEN, HIDDEN)), 1.0, "full"),
        (Judgement((HIDDEN,)), None, None),
        (Judgement((HIDDEN,), (AreaCount("M", None, 6),)), None, None),
        (Judgement((HIDDEN,), (AreaCount("M", 3, 6),)), 0.5, "moderate"),
        (Judgement((TAKEN, FREE), (AreaCount("M", 9, None),)), 0.5, "moderate"),
    ],
    ids=[
        "of the spaces that could be told",
        "one that is told and taken",
        "nothing is told",
        "no area either",
        "only an area is told",
        "an area that does not say what it holds is left out",
    ],
)
def test_the_rate_of_judged_spaces(judgement, rate, level):
    record = EXPORTER.record(snapshot(), Judged(1, judgement))
    assert (record["rate"], record["level"]) == (rate, level)


def test_where_nothing_with_places_is_marked_the_cameras_capacity_counts():
    only_ignored = Judgement((), (), unmarked=3)
    record = EXPORTER.record(snapshot(), Judged(1, only_ignored))
    assert (record["capacity"], record["rate"], record["level"]) == (40, 0.075, "quiet")
    no_number = Judgement((), (AreaCount("M", 20, None),), outside=(0,))
    record = EXPORTER.record(snapshot(), Judged(1, no_number))
    assert (record["capacity"], record["rate"]) == (40, 0.5)
    blind = Judgement((), (AreaCount("M", None, None),))
    record = EXPORTER.record(snapshot(), Judged(1, blind))
    assert (record["capacity"], record["rate"]) == (None, None)


def test_the_history_says_how_full_it_was_by_the_spaces():
    """30 vehicles, of which 7 stand in the 10 spaces that could be told."""
    found, look = looked_at()
    record = EXPORTER.history_record(found, replace(look, taken=7, told=10))
    assert (record["total"], record["capacity"], record["rate"]) == (30, 10, 0.7)
    assert record["level"] == "moderate"
    blind = EXPORTER.history_record(found, replace(look, taken=7, told=10, vehicles=None))
    assert (blind["capacity"], blind["rate"], blind["level"]) == (None, None, None)


def test_a_record_is_json():
    record = EXPORTER.history_record(*looked_at(detections=(CAR,)))
    assert json.loads(json.dumps(record)) == record


@pytest.mark.parametrize(
    "camera, vehicles, capacity, rate, level",
    [
        ("gate", 0, 40, 0, "quiet"),
        ("gate", 1, 40, 0.025, "quiet"),
        ("gate", 39, 40, 0.975, "full"),
        ("gate", 50, 40, 1.25, "full"),
        ("roof", 50, None, None, None),
        ("unheard of", 50, None, None, None),
    ],
    ids=[
        "an empty lot",
        "one car",
        "nearly full",
        "more vehicles than spaces",
        "a capacity not known",
        "a camera not known",
    ],
)
def test_what_follows_from_the_counts(camera, vehicles, capacity, rate, level):
    record = EXPORTER.record(snapshot(camera_id=camera, vehicles=Vehicles(car=vehicles)))
    assert (record["capacity"], record["rate"], record["level"]) == (capacity, rate, level)
    assert EXPORTER.occupancy(snapshot(camera_id=camera)) == Occupancy(
        Vehicles(car=29, bus=1), capacity
    )


@pytest.mark.parametrize(
    "zone, said",
    [
        ("UTC", "2026-05-04T10:00:00+00:00"),
        ("Asia/Kolkata", "2026-05-04T15:30:00+05:30"),
        ("America/New_York", "2026-05-04T06:00:00-04:00"),
    ],
)
def test_times_are_the_sites(zone, said):
    exporter = Exporter(Capacities(), Thresholds(), ZoneInfo(zone))
    assert exporter.record(snapshot())["captured_at"] == said
    assert datetime.fromisoformat(said) == NOON


def test_csv_has_a_column_per_figure():
    [row] = rows(EXPORTER.csv([looked_at()]))
    assert tuple(row) == HISTORY_COLUMNS
    assert row == {
        "photo": "north/gate/a.jpg",
        "captured_at": "2026-05-04T12:00:00+02:00",
        "time_source": "exif",
        "lot": "north",
        "camera": "gate",
        "car": "29",
        "motorcycle": "0",
        "bus": "1",
        "truck": "0",
        "total": "30",
        "capacity": "40",
        "rate": "0.75",
        "level": "moderate",
        "corrected": "False",
        "milliseconds": "12.3",
        "model": "m.pt",
        "model_version": "abc",
    }


def test_csv_of_nothing_is_its_header():
    assert EXPORTER.csv([]) == ",".join(HISTORY_COLUMNS) + "\r\n"


def test_what_is_not_known_is_an_empty_cell():
    [row] = rows(EXPORTER.csv([looked_at(camera_id="roof")]))
    assert (row["capacity"], row["rate"], row["level"]) == ("", "", "")


@pytest.mark.parametrize(
    "file, cell",
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+1+1.jpg", "'+1+1.jpg"),
        ("-2.jpg", "'-2.jpg"),
        ("@SUM(A1).jpg", "'@SUM(A1).jpg"),
        ("\t=1.jpg", "'\t=1.jpg"),
        ("\r=1.jpg", "'\r=1.jpg"),
        ("north/=1.jpg", "north/=1.jpg"),
        ("a,b.jpg", "a,b.jpg"),
        ('a "b".jpg', 'a "b".jpg'),
        ("two\nlines.jpg", "two\nlines.jpg"),
        ("🚗/停.jpg", "🚗/停.jpg"),
        ("'quoted.jpg", "'quoted.jpg"),
    ],
    ids=[
        "a formula that starts a program",
        "a plus",
        "a minus",
        "an at sign",
        "a tab before a formula",
        "a line end before a formula",
        "a sign in the middle is harmless",
        "a comma",
        "quotes",
        "two lines",
        "emoji and Chinese",
        "a quote of its own",
    ],
)
def test_no_name_is_run_by_a_spreadsheet(file, cell):
    text = EXPORTER.csv([looked_at(file=file), looked_at()])
    read = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["photo"] for row in read] == [cell, "north/gate/a.jpg"]


def test_no_lot_or_camera_is_run_either():
    [row] = rows(EXPORTER.csv([looked_at(lot_id="=1+1", camera_id="@roof")]))
    assert (row["lot"], row["camera"]) == ("'=1+1", "'@roof")


def test_a_photo_that_could_not_be_read_has_no_counts(tmp_path):
    source = Source(tmp_path, "north/a.jpg", Lot("north", "North"), "gate")
    record = failed_record("north/a.jpg", "the file is empty", source)
    assert record["error"] == "the file is empty"
    assert (record["lot"], record["camera"]) == ("north", "gate")
    assert record["total"] is record["rate"] is record["level"] is None
    assert set(record["vehicles"].values()) == {None}
    assert failed_record("a.jpg", "gone")["lot"] is None


def test_good_and_bad_photos_have_the_same_keys():
    good = EXPORTER.record(snapshot(detections=(CAR,)))
    assert set(failed_record("a.jpg", "gone")) == set(good)
