"""How a lot stands now, read from the store."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from conftest import NOON

from parkcore.domain import Box, Camera, Detection, DetectorInfo, Lot, Photo, Snapshot, Vehicles
from parkcore.present import LotNow, Rules, read_lot
from parkcore.spaces.layout import Area, Layout, Space
from parkcore.spaces.verdict import AreaCount, Judged, Judgement, SpaceState, interval
from parkcore.sqlite.records import judged_row, to_judged
from parkcore.store import Store

NORTH = Lot("north", "North")
RULES = Rules(valid=timedelta(hours=1))
CAR = Detection("car", 0.9, Box(0, 0, 10, 10))


def layout(names: str) -> Layout:
    """Spaces of one letter each, side by side."""
    width = 0.9 / len(names)
    return Layout(
        tuple(
            Space(name, tuple((n * width + x, y) for x, y in square(width)))
            for n, name in enumerate(names)
        ),
        (Area("gravel", ((0, 0.5), (1, 0.5), (1, 1), (0, 1)), "count", 10),),
        (100, 100),
    )


def square(side: float) -> tuple[tuple[float, float], ...]:
    return (0, 0), (side, 0), (side, 0.4), (0, 0.4)


def judgement(spaces: dict[str, str], vehicles: int = 0, outside: int = 0) -> Judgement:
    """Spaces as o, v or ?; those that are taken by the first detections, the last are outside."""
    states = {"o": ("occupied", 0.9), "v": ("vacant", 0.1), "?": ("unknown", None)}
    taken = [name for name, sign in spaces.items() if sign == "o"]
    found = []
    for name, sign in spaces.items():
        state, p = states[sign]
        number = taken.index(name) if sign == "o" else None
        found.append(SpaceState(name, state, 0.9 if p else 0, sign, p, number))
    last = range(len(taken) + vehicles, len(taken) + vehicles + outside)
    return Judgement(tuple(found), (AreaCount("gravel", vehicles, 10),), tuple(last))


class Site:
    """A lot whose cameras take photos minute by minute."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.taken = 0

    def mark(self, camera: str, names: str) -> Layout:
        return self.store.save_layout("north", camera, layout(names), None, based_on=0)

    def photo(
        self, camera: str, said: Judgement | None, of: Layout | None = None, *, cars: int = 0,
        minutes: float = 0,
    ) -> None:  # fmt: skip
        self.taken += 1
        if said:
            cars = said.occupied + said.areas[0].vehicles + len(said.outside)
        at = NOON + timedelta(minutes=minutes or self.taken)
        photo = Photo(
            f"{self.taken}.jpg", f"{self.taken:064}", 1, 100, 100, at, "exif", "north", camera
        )
        seen = Snapshot(
            photo, Vehicles(car=cars), DetectorInfo("m", "1", 0.2, 640), 1.0, cars * (CAR,)
        )
        judged = Judged(of.id, said) if said else None
        self.store.record(seen, b"", lot=NORTH, judged=judged)

    def now(self, **rules: int) -> LotNow:
        return read_lot(self.store, self.store.lot("north"), replace(RULES, **rules))


@pytest.fixture
def site(store: Store) -> Site:
    store.ensure_lot(NORTH)
    return Site(store)


def test_a_lot_without_a_photo_says_nothing(site):
    assert read_lot(site.store, NORTH, RULES) is None


def test_one_camera_with_spaces_and_an_area(site):
    marked = site.mark("gate", "ABC")
    site.photo("gate", judgement({"A": "o", "B": "v", "C": "?"}, vehicles=2, outside=1), marked)
    now = site.now()
    state = now.state
    assert (state.free, state.taken, state.unknown, state.capacity) == (9, 3, 1, 13)
    assert state.vehicles == Vehicles(car=4)
    [(camera, found)] = now.marked
    assert (camera.id, len(found.strays), found.layout.version) == ("gate", 1, 1)


def test_cameras_with_and_without_spaces_are_added_up(site):
    marked = site.mark("gate", "AB")
    site.photo("gate", judgement({"A": "o", "B": "v"}), marked)
    site.photo("roof", None, cars=5)
    assert site.now().state.unmeasured == 5
    site.store.save_camera(Camera("north", "roof", 20))
    state = site.now().state
    assert (state.free, state.taken, state.capacity) == (26, 6, 32)


def test_a_space_that_two_cameras_see_counts_once(site):
    gate, roof = site.mark("gate", "ABC"), site.mark("roof", "BCD")
    site.photo("gate", judgement({"A": "o", "B": "o", "C": "v"}), gate)
    site.photo("roof", judgement({"B": "o", "C": "o", "D": "?"}), roof)
    now = site.now()
    assert {each.space.id: each.state.state for each in now.spaces()} == {
        "A": "occupied", "B": "occupied", "C": "unknown", "D": "unknown",
    }  # fmt: skip
    cameras = {each.space.id: each.cameras for each in now.spaces()}
    assert set(cameras["C"]) == {"gate", "roof"}
    assert (cameras["A"], cameras["D"]) == (("gate",), ("roof",))
    assert now.state.vehicles == Vehicles(car=3)


def test_a_silent_camera_is_left_out_and_named(site):
    gate, roof = site.mark("gate", "A"), site.mark("roof", "B")
    site.photo("gate", judgement({"A": "o"}), gate, minutes=1)
    site.photo("roof", judgement({"B": "v"}), roof, minutes=90)
    now = site.now()
    assert [each.space.id for each in now.spaces()] == ["B"]
    assert {each.id: each.is_current for each in now.cameras} == {"gate": False, "roof": True}


def test_states_settle_and_say_since_when_they_hold(site):
    marked = site.mark("gate", "AB")
    for a, b in ("ov", "vv", "vo", "v?"):
        site.photo("gate", judgement({"A": a, "B": b}), marked)
    a, b = site.now().spaces()
    assert (a.state.state, a.since, a.or_longer) == ("vacant", NOON + timedelta(minutes=2), False)
    assert (b.state.state, b.known, b.since) == ("unknown", "occupied", NOON + timedelta(minutes=3))
    a, b = site.now(looks_to_empty=4, looks_to_fill=2).spaces()
    assert (a.state.state, a.since, a.or_longer) == ("occupied", NOON + timedelta(minutes=1), True)
    assert (b.state.state, b.known) == ("unknown", "vacant")


def test_a_photo_that_was_judged_by_an_earlier_layout_is_counted(site):
    marked = site.mark("gate", "AB")
    site.photo("gate", judgement({"A": "o", "B": "v"}, outside=2), marked)
    site.store.save_layout("north", "gate", layout("ABCDE"), None, based_on=1)
    now = site.now()
    assert now.marked == []
    assert (now.state.taken, now.state.capacity) == (3, 15)


def test_what_earlier_versions_stored_is_read():
    said = judgement({"A": "o", "B": "?"})
    row = judged_row(Judged(1, said))
    data = json.loads(row["judgement"])
    assert data["spaces"][1]["probability"] is None
    data["spaces"][1]["probability"] = 0.5
    read = to_judged({**row, "judgement": json.dumps(data)}).judgement
    assert read == said
    assert interval(read.spaces) == (0, 2)
