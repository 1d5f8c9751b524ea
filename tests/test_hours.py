"""The hours in the database: in step with the snapshots, whatever happens to those."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from conftest import NOON
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule
from sqlite_utils import Database
from test_store import record, snapshot

from parkcore.domain import Camera, Correction, IpCamera, Lot, Vehicles
from parkcore.errors import StoreError
from parkcore.history.capacities import LOT
from parkcore.spaces.layout import Area, Layout, Space
from parkcore.spaces.verdict import AreaCount, Judged, Judgement, SpaceState
from parkcore.sqlite.schema import migrations
from parkcore.store import Store

EVER = datetime(1900, 1, 1, tzinfo=UTC), datetime(2900, 1, 1, tzinfo=UTC)
BOXES = [((x, 0.1), (x + 0.1, 0.1), (x + 0.1, 0.3), (x, 0.3)) for x in (0.1, 0.3, 0.5)]


@pytest.fixture
def store():
    with Store.in_memory() as opened:
        yield opened


def hours(store: Store, lot: str = "north") -> list[dict]:
    return store.hours([lot], *EVER, held=True)


def looked(store: Store, minute: float, cars: int, camera: str = "gate", **more):
    at = NOON + timedelta(minutes=minute)
    what = snapshot(f"{camera}{minute}", at=at, camera=camera, labels=("car",) * cars)
    return record(store, what, **more)[0]


def means(store: Store) -> dict[int, tuple[float, float]]:
    """Per hour past noon the seconds that were seen, and the mean of what was taken."""
    return {
        (row["hour"] - int(NOON.timestamp())) // 3600: (
            row["seen_s"], row["taken_s"] / row["seen_s"],
        )
        for row in hours(store) if row["seen_s"]
    }  # fmt: skip


def test_a_snapshot_is_in_its_hours_at_once(store: Store) -> None:
    looked(store, 0, 4)
    looked(store, 30, 8)
    looked(store, 90, 2)
    assert means(store) == {0: (3600, 6), 1: (3600, 5), 2: (1800, 2)}
    assert [row["photos"] for row in hours(store)] == [2, 1, 0]


def test_the_curve_between_two_moments_is_what_the_hours_are_made_of(store: Store) -> None:
    looked(store, 0, 4)
    looked(store, 30, 8)
    since, until = NOON + timedelta(minutes=10), NOON + timedelta(minutes=80)
    curve = store.segments("north", since, until)
    start = NOON.timestamp()
    assert [((s.start - start) / 60, (s.end - start) / 60, s.taken) for s in curve] == [
        (10, 30, 4), (30, 60, 8), (60, 80, 8),
    ]  # fmt: skip
    assert store.segments("north", until + timedelta(hours=1), until + timedelta(hours=2)) == []


def test_a_correction_counts_in_the_hours_and_can_be_taken_back(store: Store) -> None:
    seen = looked(store, 0, 4)
    store.correct(seen.id, Correction(Vehicles(car=5, bus=1)))
    row = hours(store)[0]
    assert (row["taken_s"], row["car_s"], row["bus_s"]) == (6 * 3600, 5 * 3600, 3600)
    kept = store.snapshot(seen.id)
    assert (kept.vehicles, kept.counted) == (Vehicles(car=4), Vehicles(car=5, bus=1))
    assert kept.correction.at is not None
    store.correct(seen.id, None)
    assert hours(store)[0]["taken_s"] == 4 * 3600
    assert store.snapshot(seen.id).correction is None


def test_nothing_is_corrected_that_is_not_there(store: Store) -> None:
    with pytest.raises(StoreError, match="removed meanwhile"):
        store.correct(7, Correction(Vehicles(car=1)))


def test_what_is_deleted_is_out_of_the_hours_and_comes_back_with_it(store: Store) -> None:
    looked(store, 0, 4)
    second = looked(store, 30, 8)
    before = hours(store)
    store.delete([second.id])
    assert means(store) == {0: (3600, 4)}
    assert store.count() == 1 and store.snapshots()[0].vehicles.total == 4
    store.restore([second.id])
    assert hours(store) == before and store.count() == 2


def test_what_was_deleted_is_purged_and_its_photo_not_recorded_again(store: Store) -> None:
    first = looked(store, 0, 4)
    store.delete([first.id])
    assert store.purge(NOON) == []
    assert store.purge(datetime.now(UTC) + timedelta(seconds=1)) == [first.photo.file]
    assert store.snapshot(first.id) is None and hours(store) == []


def test_old_rates_keep_the_old_capacity(store: Store) -> None:
    looked(store, 0, 10)
    looked(store, 120, 10)
    lot = Lot("north", "North", 20)
    store.change_lot(lot, capacity_since=NOON + timedelta(hours=1))
    rates = [row["highest_rate"] for row in hours(store)]
    assert rates == [0.5, 0.5], "the first capacity that is said always was"
    store.change_lot(replace(lot, capacity=40), capacity_since=NOON + timedelta(hours=1))
    assert [row["highest_rate"] for row in hours(store)] == [0.5, 0.25]
    store.change_lot(replace(lot, capacity=100))
    assert [row["highest_rate"] for row in hours(store)] == [0.1, 0.1]
    history = store.capacity_history()
    assert history.seen_by("north", "gate", NOON) == 100


def test_the_day_of_a_change_is_put_right(store: Store) -> None:
    looked(store, 0, 10)
    looked(store, 120, 10)
    lot = Lot("north", "North", 20)
    store.change_lot(lot)
    with pytest.raises(StoreError, match="north never changed"):
        store.redate_capacity("north", LOT, NOON)
    store.change_lot(replace(lot, capacity=40), capacity_since=NOON + timedelta(hours=1))
    for hour, rates in ((3, [0.5, 0.5]), (-1, [0.25, 0.25]), (1, [0.5, 0.25])):
        store.redate_capacity("north", LOT, NOON + timedelta(hours=hour))
        assert [row["highest_rate"] for row in hours(store)] == rates
    store.change_lot(replace(lot, capacity=50), capacity_since=NOON + timedelta(hours=2))
    with pytest.raises(StoreError, match="changed on 2026-05-04 too"):
        store.redate_capacity("north", LOT, NOON)
    with pytest.raises(StoreError, match="changed on 2026-05-05 too"):  # 11:00 UTC
        store.redate_capacity("north", LOT, NOON.astimezone(ZoneInfo("Pacific/Kiritimati")))
    assert [row["highest_rate"] for row in hours(store)] == [0.5, 0.2], "nothing is forgotten"


def judged(layout: Layout, states: str) -> Judged:
    words = {"o": "occupied", "v": "vacant", "u": "unknown"}
    spaces = tuple(
        SpaceState(space.id, words[state], 0.9, "", 0.5, number if state == "o" else None)
        for number, (space, state) in enumerate(zip(layout.spaces, states, strict=True))
    )
    return Judged(layout.id, Judgement(spaces))


def marked(store: Store, camera: str = "gate", names: tuple[str, ...] = ("A1", "A2", "A3")):
    spaces = tuple(Space(name, box) for name, box in zip(names, BOXES, strict=False))
    return store.save_layout("north", camera, Layout(spaces), None, based_on=0)


def test_occupied_spaces_of_those_that_could_be_told_make_the_rate(store: Store) -> None:
    layout = marked(store)
    seen = looked(store, 0, 9, judged=judged(layout, "ovu"))
    row = hours(store)[0]
    assert (row["taken_s"], row["highest_rate"], row["car_s"]) == (3600, 0.5, 9 * 3600)
    store.correct(seen.id, Correction(spaces={"A3": "occupied", "A2": "occupied"}))
    assert hours(store)[0]["highest_rate"] == 1.0
    states = {space.id: space for space in store.judged(seen.id).judgement.spaces}
    assert [states[name].state for name in ("A1", "A2", "A3")] == ["occupied"] * 3
    assert states["A2"].reason.startswith("corrected by hand; judged vacant")
    store.save_judged(seen.id, judged(layout, "vvv"))
    assert hours(store)[0]["taken_s"] == 2 * 3600, "a correction outlives a new judgement"


def test_a_photo_on_which_nothing_can_be_told_is_no_empty_lot(store: Store) -> None:
    layout = marked(store)
    looked(store, 0, 2, judged=judged(layout, "oov"))
    looked(store, 15, 0, judged=judged(layout, "uuu"))
    assert means(store) == {0: (900, 2)}


def test_a_space_of_two_cameras_counts_once(store: Store) -> None:
    gate, roof = marked(store), marked(store, "roof", ("A3", "B1"))
    looked(store, 0, 3, judged=judged(gate, "voo"))
    looked(store, 0, 3, "roof", judged=judged(roof, "ov"))
    row = hours(store)[0]
    assert (row["taken_s"], row["highest_rate"]) == (2 * 3600, 0.5)


def test_a_camera_that_never_took_a_photo_is_no_part_of_a_lot(store: Store) -> None:
    """Such as an address that never answers, or one whose only photo was deleted."""
    store.ensure_lot(Lot("north", "north"))
    store.change_lot(Lot("north", "north", 50))
    store.save_ip_camera(IpCamera("north", "silent", "http://10.0.0.2/a.jpg"))
    looked(store, 0, 20)
    assert hours(store)[0]["highest_rate"] == 0.4
    assert store.capacity_history().seen_by("north", "gate", NOON) == 50
    wrong = looked(store, 90, 1, "phone")
    store.delete([wrong.id])
    looked(store, 120, 25)
    assert [row["highest_rate"] for row in hours(store)][-1] == 0.5
    kept = hours(store)
    store.rebuild_hours()
    assert hours(store) == kept


def test_a_camera_that_is_added_takes_no_rate_from_the_hours_before(store: Store) -> None:
    store.ensure_lot(Lot("north", "north"))
    store.change_lot(Lot("north", "north", 50))
    looked(store, 0, 20)
    looked(store, 600, 10, "roof")
    store.rebuild_hours()
    first, *_, last = hours(store)
    assert (first["highest_rate"], last["highest_rate"]) == (0.4, None)


def test_the_hours_can_be_made_by_other_rules(store: Store) -> None:
    looked(store, 0, 4)
    assert not store.ensure_hours(hold_s=3600, phase_s=0)
    assert store.ensure_hours(hold_s=1200, phase_s=1800)
    start = int(NOON.timestamp())
    assert [(row["hour"] - start, row["seen_s"]) for row in hours(store)] == [(-1800, 1200)]


def test_a_day_that_was_thinned_keeps_its_hours(store: Store) -> None:
    looked(store, 0, 4)
    before = hours(store)
    until = NOON + timedelta(hours=2)
    with store._write() as db:
        db.execute("insert into thinned values ('north', ?)", [until.isoformat()])
    store.delete_snapshots([snapshot("gate0").photo.sha256])
    assert hours(store) == before
    store.rebuild_hours()
    assert hours(store) == before


def test_what_two_cameras_have_marked_counts_once(store: Store) -> None:
    gravel = Area("gravel", BOXES[2], capacity=6)
    for camera, names in {"gate": ("A1", "A2"), "roof": ("A2",)}.items():
        spaces = tuple(map(Space, names, BOXES))
        layout = store.save_layout("north", camera, Layout(spaces, (gravel,)), None, based_on=0)
        states = [SpaceState(name, "occupied", 0.9, "", 0.9, n) for n, name in enumerate(names)]
        areas = (AreaCount("gravel", 1, 6),)
        looked(
            store,
            0,
            len(names) + 1,
            camera,
            judged=Judged(layout.id, Judgement(tuple(states), areas)),
        )
    row = hours(store)[0]
    assert json.loads(row["held"]) == [[3, 8, 3600]]
    assert row["car_s"] == 4 * 3600, "the car in A2 counts once; those on the gravel are not known"
    store.correct(2, Correction(spaces={"A2": "vacant"}))
    assert json.loads(hours(store)[0]["held"]) == [[2, 7, 3600]], "the cameras disagree"


def test_a_camera_that_is_counted_is_held_against_what_the_lot_holds_beside(store: Store) -> None:
    layout = marked(store)
    store.change_lot(Lot("north", "North", 23))
    looked(store, 0, 2, judged=judged(layout, "oou"))
    looked(store, 0, 5, "roof")
    assert json.loads(hours(store)[0]["held"]) == [[7, 22, 3600]]
    store.change_lot(Lot("north", "North", 3))
    assert json.loads(hours(store)[0]["held"]) == [[2, 2, 3600]], "nobody knows what roof sees"


MINUTES = st.integers(0, 36 * 60)
CAMERAS = st.sampled_from(["gate", "roof"])
COUNTS = st.integers(0, 6)


class Changes(RuleBasedStateMachine):
    """However snapshots come, change and go, the hours are those that would be made anew."""

    seen = Bundle("seen")

    def __init__(self) -> None:
        super().__init__()
        self.store = Store.in_memory()
        self.store.ensure_lot(Lot("north", "North"))
        self.layouts = {"gate": marked(self.store), "roof": marked(self.store, "roof", ("A1",))}

    @rule(camera=CAMERAS, names=st.permutations(["A1", "A2", "B1"]))
    def mark_anew(self, camera, names):
        before = self.layouts[camera]
        renamed = tuple(map(Space, names, (space.polygon for space in before.spaces)))
        self.layouts[camera] = self.store.save_layout(
            "north", camera, Layout(renamed), None, based_on=before.version
        )

    def teardown(self) -> None:
        self.store.close()

    @rule(
        target=seen, minute=MINUTES, camera=CAMERAS, cars=COUNTS, states=st.text("ovu", max_size=3)
    )
    def look(self, minute, camera, cars, states):
        layout = self.layouts[camera]
        full = len(states) >= len(layout.spaces)
        judgement = judged(layout, states[: len(layout.spaces)]) if full else None
        return looked(self.store, minute, cars, camera, judged=judgement)

    @rule(which=seen, cars=COUNTS, spaces=st.dictionaries(
        st.sampled_from(["A1", "A2", "A3"]), st.sampled_from(["occupied", "vacant"])
    ))  # fmt: skip
    def correct(self, which, cars, spaces):
        if self.store.snapshot(which.id):  # else another one of the same photo was removed
            self.store.correct(which.id, Correction(Vehicles(car=cars), spaces))

    @rule(which=seen)
    def take_back(self, which):
        if self.store.snapshot(which.id):
            self.store.correct(which.id, None)

    @rule(which=seen)
    def delete(self, which):
        self.store.delete([which.id])

    @rule(which=seen)
    def restore(self, which):
        self.store.restore([which.id])

    @rule(which=consumes(seen))
    def remove(self, which):
        self.store.delete_snapshots([which.photo.sha256])

    @rule(capacity=st.integers(1, 50), since=st.none() | MINUTES)
    def change_lot(self, capacity, since):
        moment = None if since is None else NOON + timedelta(minutes=since)
        self.store.change_lot(Lot("north", "North", capacity), capacity_since=moment)

    @rule(camera=CAMERAS, capacity=st.none() | st.integers(1, 50), since=st.none() | MINUTES)
    def change_camera(self, camera, capacity, since):
        moment = None if since is None else NOON + timedelta(minutes=since)
        self.store.save_camera(Camera("north", camera, capacity), capacity_since=moment)

    @invariant()
    def hours_are_those_made_anew(self):
        kept = hours(self.store)
        self.store.rebuild_hours()
        assert kept == hours(self.store)


Changes.TestCase.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
TestChanges = Changes.TestCase


def test_a_history_from_before_there_were_hours_gets_them(tmp_path) -> None:
    path = tmp_path / "parkcore.db"
    database = Database(path)
    migrations.apply(database, stop_before="m004_hours_and_corrections")
    columns = {
        "sha256": "x", "file": "north/gate/x.jpg", "lot_id": "north", "camera_id": "gate",
        "captured_at": NOON.isoformat(timespec="microseconds"), "time_source": "exif", "car": 5,
        "motorcycle": 0, "bus": 0, "truck": 0, "size_bytes": 1, "width": 2, "height": 3,
        "model": "m.pt", "model_version": "1", "confidence": 0.2, "imgsz": 640,
        "milliseconds": 1.0,
    }  # fmt: skip
    database.table("lots").insert({"id": "north", "name": "North", "capacity": 10})
    database.table("cameras").insert({"lot_id": "north", "id": "gate"})
    number = database.table("snapshots").insert(columns).last_pk
    layout = {"image_size": [2, 3], "spaces": [], "areas": []}
    at = NOON.isoformat()
    database.table("layouts").insert(
        {"lot_id": "north", "camera_id": "gate", "version": 1, "created_at": at,
         "layout": json.dumps(layout)}
    )  # fmt: skip
    judgement = {
        "spaces": [{"state": "occupied"}, {"state": "vacant"}, {"state": "unknown"}],
        "areas": [
            {"id": "M", "vehicles": 3, "capacity": 6},
            {"id": "has no places", "vehicles": 50, "capacity": None},
        ],
        "outside": [], "double": [],
    }  # fmt: skip
    database.table("judgements").insert(
        {"snapshot_id": number, "layout_id": 1, "judgement": json.dumps(judgement)}
    )
    database.conn.commit()
    database.conn.close()
    with Store.open(path) as store:
        assert store.ensure_hours(hold_s=3600, phase_s=0)
        assert not store.ensure_hours(hold_s=3600, phase_s=0)
        row = hours(store)[0]
        assert (row["taken_s"], row["highest_rate"], row["car_s"]) == (4 * 3600, 0.5, 5 * 3600)
        assert store.capacity_history().seen_by("north", "gate", NOON) == 10
