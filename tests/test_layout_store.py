"""Layouts in the database: every version stays, and nobody overwrites anybody unknowingly."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from conftest import NOON, ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from parkcore.domain import Camera, DetectorInfo, Lot, Photo, Snapshot, Vehicles
from parkcore.errors import LayoutConflict, LayoutError, StoreError
from parkcore.spaces.layout import LEAST_AREA, Area, Layout, Space
from parkcore.spaces.verdict import AreaCount, Judged, Judgement, SpaceState
from parkcore.store import Store

JPEG = b"\xff\xd8\xff the reference"
EMPTY = Layout(())


def at(x: float, side: float = 0.0625) -> tuple[tuple[float, float], ...]:
    return ((x, 0.25), (x + side, 0.25), (x + side, 0.25 + side), (x, 0.25 + side))


def layout(*names: str, areas: tuple[Area, ...] = (), size: tuple[int, int] = (1280, 720)):
    spaces = tuple(Space(name, at(n / 16)) for n, name in enumerate(names))
    return Layout(spaces, areas, size)


def save(store: Store, what: Layout, based_on: int = 0, *, camera: str = "gate") -> Layout:
    return store.save_layout("north", camera, what, JPEG, based_on=based_on)


def names(found: Layout) -> list[str]:
    return [space.id for space in found.spaces]


# -- versions -----------------------------------------------------------------------------------


def test_a_layout_comes_back_as_it_was(store):
    drawn = Layout(
        (Space("A1", at(0.125), "disabled", "east"), Space("Plätze 2", at(0.25), "ev")),
        (Area("B", at(0.5), "count", 12), Area("road", at(0.75), "ignore")),
        (640, 480),
    )
    before = datetime.now(UTC)
    saved = save(store, drawn)
    assert before <= saved.created_at <= datetime.now(UTC)
    assert saved == replace(drawn, id=saved.id, version=1, created_at=saved.created_at)
    assert store.layout("north", "gate") == store.layout_by_id(saved.id) == saved
    assert store.layouts() == {("north", "gate"): saved}


def test_versions_count_up_and_those_before_stay(store):
    saved = [save(store, layout(*"ABC"[: n + 1]), based_on=n) for n in range(3)]
    assert [each.version for each in saved] == [1, 2, 3]
    assert len({each.id for each in saved}) == 3
    assert store.layout("north", "gate") == saved[-1]
    for version, each in enumerate(saved, start=1):
        assert store.layout("north", "gate", version) == store.layout_by_id(each.id) == each
    assert store.layouts() == {("north", "gate"): saved[-1]}


def test_each_camera_has_versions_of_its_own(store):
    save(store, layout("A"))
    save(store, layout("A", "B"), based_on=1)
    other = save(store, layout("C"), camera="roof")
    elsewhere = store.save_layout("south", "gate", layout("D"), None, based_on=0)
    assert (other.version, elsewhere.version) == (1, 1)
    found = store.layouts()
    assert {key: names(each) for key, each in found.items()} == {
        ("north", "gate"): ["A", "B"],
        ("north", "roof"): ["C"],
        ("south", "gate"): ["D"],
    }


def test_where_nothing_is_marked_there_is_nothing(store):
    assert store.layout("north", "gate") is None
    assert store.layout_by_id(1) is store.layout_reference(1) is None
    assert store.layouts() == {}
    save(store, layout("A"))
    assert store.layout("north", "gate", 2) is None
    assert store.layout("north", "roof") is None


def test_a_camera_whose_spaces_were_all_removed_is_left_out(store):
    save(store, layout("A"))
    saved = save(store, EMPTY, based_on=1)
    assert store.layouts() == {}
    assert store.layout("north", "gate") == saved


def test_the_reference_is_kept_with_each_version(store):
    first = store.save_layout("north", "gate", layout("A"), JPEG, based_on=0)
    second = store.save_layout("north", "gate", layout("A"), b"\xff\xd8 newer", based_on=1)
    third = store.save_layout("north", "gate", layout("A"), None, based_on=2)
    assert [store.layout_reference(each.id) for each in (first, second, third)] == [
        JPEG,
        b"\xff\xd8 newer",
        None,
    ]


def test_layouts_are_there_after_closing(tmp_path):
    path = tmp_path / "parkcore.db"
    with Store.open(path) as store:
        saved = save(store, layout("A", areas=(Area("B", at(0.5), "count", 7),)))
    with Store.open(path) as store:
        assert store.layout("north", "gate") == saved
        assert store.layout_reference(saved.id) == JPEG


@settings(max_examples=30, deadline=None)
@given(
    st.tuples(st.integers(32, 4000), st.integers(32, 4000)),
    st.floats(0, 0.9),
    st.floats(LEAST_AREA**0.5, 1.001 * LEAST_AREA**0.5) | st.floats(0.005, 0.1),
)
def test_whatever_can_be_saved_can_be_loaded(size, x, side):
    drawn = Layout((Space("A1", at(x, 1.000001 * side)),), (), size)
    with Store.in_memory() as store:
        try:
            saved = save(store, drawn)
        except LayoutError:  # refused at the door is refused in time
            assert store.layout("north", "gate") is None
            return
        found = store.layout("north", "gate")
    for one, other in zip(found.spaces[0].polygon, saved.spaces[0].polygon, strict=True):
        assert np.array(one) * size == pytest.approx(np.array(other) * size, abs=0.01)


def test_a_thousand_spaces_are_kept(store):
    spaces = tuple(
        Space(f"A{n}", tuple((x / 4 + n % 40 / 80, y + n // 40 / 40) for x, y in at(0, 0.03)))
        for n in range(1000)
    )
    saved = save(store, Layout(spaces))
    assert names(store.layout("north", "gate")) == names(saved)
    assert store.cameras("north") == [Camera("north", "gate", 1000)]


# -- two who change the same --------------------------------------------------------------------


@pytest.mark.parametrize("based_on", [0, 1, 3], ids=["on nothing", "on the first", "on the next"])
def test_who_began_at_another_version_is_told_and_overwrites_nothing(store, based_on):
    save(store, layout("A"))
    mine = save(store, layout("A", "B"), based_on=1)
    with pytest.raises(LayoutConflict) as caught:
        save(store, layout("X", "Y", "Z"), based_on=based_on)
    said = str(caught.value)
    assert "north/gate were changed by somebody else" in said
    assert f"version 2, yours began at {based_on}" in said
    assert store.layout("north", "gate") == mine
    assert store.layout("north", "gate", 3) is None
    assert store.cameras("north") == [Camera("north", "gate", 2)]


def test_who_loads_anew_after_a_conflict_can_save(store):
    save(store, layout("A"))
    with pytest.raises(LayoutConflict):
        save(store, layout("A", "B"))
    again = store.layout("north", "gate")
    assert save(store, layout("A", "B"), based_on=again.version).version == 2


def test_a_conflict_is_an_error_of_layouts():
    assert issubclass(LayoutConflict, LayoutError)


def test_of_threads_that_save_at_once_one_wins(tmp_path):
    path, number = tmp_path / "parkcore.db", 6
    with Store.open(path) as store:
        save(store, layout("A"))
    ready, outcomes = threading.Barrier(number), [""] * number

    def change(mine: int) -> None:
        with Store.open(path) as store:
            ready.wait(30)
            try:
                save(store, layout("A", f"mine {mine}"), based_on=1)
                outcomes[mine] = "saved"
            except LayoutConflict:
                outcomes[mine] = "told"

    threads = [threading.Thread(target=change, args=(n,)) for n in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["saved", *["told"] * (number - 1)]
    with Store.open(path) as store:
        latest = store.layout("north", "gate")
        assert latest.version == 2
        assert names(latest) == ["A", f"mine {outcomes.index('saved')}"]


CHANGE = """
import sys
from pathlib import Path
from parkcore.errors import LayoutConflict
from parkcore.spaces.layout import Layout, Space
from parkcore.store import Store

path, name = sys.argv[1:]
square = ((0, 0), (0.1, 0), (0.1, 0.1), (0, 0.1))
with Store.open(Path(path)) as store:
    sys.stdout.write("ready\\n")
    sys.stdout.flush()
    sys.stdin.readline()
    try:
        store.save_layout("north", "gate", Layout((Space(name, square),)), None, based_on=0)
    except LayoutConflict:
        sys.exit(3)
"""


def test_of_processes_that_save_at_once_one_wins(tmp_path):
    path, number = tmp_path / "parkcore.db", 3
    with Store.open(path):
        pass
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", CHANGE, str(path), f"A{n}"],
            cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for n in range(number)
    ]  # fmt: skip
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=60)
    ends = [process.returncode for process in processes]
    assert sorted(ends) == [0, 3, 3]
    with Store.open(path) as store:
        assert names(store.layout("north", "gate")) == [f"A{ends.index(0)}"]
        assert store.layout("north", "gate", 2) is None


# -- the camera ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "what, capacity",
    [
        (layout("A", "B", "C"), 3),
        (layout("A", areas=(Area("M", at(0.5), "count", 12),)), 13),
        (layout("A", areas=(Area("M", at(0.5), "count"), Area("R", at(0.75), "ignore"))), 1),
        (layout("A", areas=(Area("R", at(0.75), "ignore", 12),)), 1),
        (layout(areas=(Area("R", at(0.75), "ignore"),)), 40),
        (layout(areas=(Area("M", at(0.75), "count"),)), 40),
        (EMPTY, 40),
    ],
    ids=[
        "the spaces",
        "areas hold some too",
        "areas that do not say how many",
        "what is to be ignored holds none",
        "where nothing holds any, what was said stays",
        "areas that do not say how many, alone",
        "nothing marked",
    ],
)
def test_a_cameras_capacity_follows_its_layout(store, what, capacity):
    store.ensure_lot(Lot("north", "North car park", 99))
    store.save_camera(Camera("north", "gate", 40))
    save(store, what)
    assert store.cameras("north") == [Camera("north", "gate", capacity)]
    assert store.lots() == [Lot("north", "North car park", 99)]


def test_a_lot_and_a_camera_are_made_where_there_are_none(store):
    save(store, layout("A", "B"))
    assert store.lots() == [Lot("north", "north")]
    assert store.cameras() == [Camera("north", "gate", 2)]
    save(store, layout("A"), based_on=1)
    assert store.cameras() == [Camera("north", "gate", 1)]
    save(store, EMPTY, based_on=2)
    assert store.cameras() == [Camera("north", "gate", None)]


def test_areas_that_hold_more_than_any_lot_do_not_break_the_lists(store):
    areas = tuple(Area(f"M{n}", at(0.5), "count", 100_000) for n in range(11))
    with pytest.raises((LayoutError, ValueError), match="1,000,000"):
        save(store, layout("A", areas=areas))
    assert store.cameras() == []


def test_a_lot_that_is_removed_takes_its_layouts_along(store):
    save(store, layout("A"))
    store.delete_lot("north")
    assert store.layouts() == {}
    assert save(store, layout("B")).version == 1


# -- judgements ---------------------------------------------------------------------------------

HOMOGRAPHY = np.array([[1.01, 0.002, -0.03], [1 / 3, 0.99, 0.05], [1e-9, -2e-5, 1]])


def judged(layout_id: int, *, note: str = "", homography: np.ndarray | None = None) -> Judged:
    spaces = (
        SpaceState("A1", "occupied", 0.1 + 0.2, "car 0.91", 0.1 + 0.2, 0),
        SpaceState("Plätze 2", "vacant", 0.98, "no vehicle", 0.02),
        SpaceState("A3", "unknown", 0.0, "out of view", None),
    )
    areas = (AreaCount("M", 3, 12), AreaCount("N", 0, None))
    return Judged(layout_id, Judgement(spaces, areas, (1, 4), (4,)), homography, note)


def snapshot(content: str, *, at: datetime = NOON) -> Snapshot:
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    photo = Photo(
        f"north/gate/{content}.jpg", sha256, 9, 640, 480, at, "exif", "north", "gate"
    )  # fmt: skip
    return Snapshot(photo, Vehicles(car=2), DetectorInfo("m.pt", "abc", 0.2, 1280), 9.5, ())


def record(store: Store, what: Snapshot, **options) -> Snapshot:
    recorded, _ = store.record(what, b"small", lot=Lot("north", "north"), **options)
    return recorded


def assert_same(found: Judged, expected: Judged) -> None:
    assert (found.layout_id, found.judgement, found.note) == (
        expected.layout_id,
        expected.judgement,
        expected.note,
    )
    if expected.homography is None:
        assert found.homography is None
    else:
        assert np.array_equal(found.homography, expected.homography)


@pytest.mark.parametrize(
    "options",
    [{}, {"note": "moved by 3.0 %", "homography": HOMOGRAPHY}, {"note": "the picture is black"}],
    ids=["a still camera", "one that was nudged", "one that sees nothing"],
)
def test_what_a_photo_says_comes_back_as_it_was(store, options):
    expected = judged(save(store, layout("A1")).id, **options)
    recorded = record(store, snapshot("a"), judged=expected)
    assert_same(store.judged(recorded.id), expected)
    [(taken_at, found)] = store.latest_judged(expected.layout_id, limit=5)
    assert taken_at == NOON
    assert_same(found, expected)


def test_a_photo_without_a_layout_says_nothing_of_spaces(store):
    assert store.judged(record(store, snapshot("a")).id) is None
    assert store.judged(99) is None
    assert store.latest_judged(1, limit=5) == []


def test_a_photo_that_is_known_stays_as_it_was_judged(store):
    mine = save(store, layout("A1"))
    recorded = record(store, snapshot("a"), judged=judged(mine.id, note="first"))
    record(store, snapshot("a"), judged=judged(mine.id, note="second"))
    assert store.judged(recorded.id).note == "first"


def test_a_photo_can_be_judged_anew(store):
    mine = save(store, layout("A1"))
    recorded = record(store, snapshot("a"))
    store.save_judged(recorded.id, judged(mine.id))
    newer = save(store, layout("A1", "A2"), based_on=1)
    store.save_judged(recorded.id, judged(newer.id, note="anew"))
    assert_same(store.judged(recorded.id), judged(newer.id, note="anew"))
    assert store.latest_judged(mine.id, limit=5) == []


def test_the_latest_photos_come_oldest_first(store):
    mine = save(store, layout("A1"))
    newer = save(store, layout("A1", "A2"), based_on=1)
    hours = {"c": 3, "a": 1, "d": 4, "b": 2, "same time as d": 4}
    for content, hour in hours.items():
        at = NOON + timedelta(hours=hour)
        record(store, snapshot(content, at=at), judged=judged(mine.id, note=content))
    record(store, snapshot("e", at=NOON + timedelta(hours=5)), judged=judged(newer.id, note="e"))
    record(store, snapshot("f", at=NOON + timedelta(hours=6)))

    def latest(of: Layout, limit: int) -> list[str]:
        return [found.note for _, found in store.latest_judged(of.id, limit=limit)]

    assert latest(mine, 9) == ["a", "b", "c", "d", "same time as d"]
    assert latest(mine, 3) == ["c", "d", "same time as d"]
    assert latest(mine, 1) == ["same time as d"]
    assert latest(newer, 9) == ["e"]
    times = [taken_at for taken_at, _ in store.latest_judged(mine.id, limit=9)]
    assert times == [NOON + timedelta(hours=hour) for hour in (1, 2, 3, 4, 4)]


def test_a_photo_that_is_removed_takes_its_judgement_along(store):
    mine = save(store, layout("A1"))
    recorded = [record(store, snapshot(name), judged=judged(mine.id, note=name)) for name in "abc"]
    store.delete_snapshots([each.photo.sha256 for each in recorded[:2]])
    assert [store.judged(each.id) is None for each in recorded] == [True, True, False]
    assert [found.note for _, found in store.latest_judged(mine.id, limit=9)] == ["c"]


def test_a_photo_that_is_superseded_takes_its_judgement_along(store):
    mine = save(store, layout("A1"))
    half = record(store, snapshot("half"), judged=judged(mine.id, note="half"))
    whole = snapshot("whole")
    whole = replace(whole, photo=replace(whole.photo, file=half.photo.file))
    record(store, whole, judged=judged(mine.id, note="whole"), supersedes=half.photo.sha256)
    assert [found.note for _, found in store.latest_judged(mine.id, limit=9)] == ["whole"]


def test_a_judgement_by_a_layout_that_is_gone_is_left_out(store):
    """As happens where the samples are removed while one of them is looked at."""
    recorded = record(store, snapshot("a"), judged=judged(77))
    assert store.count() == 1
    assert store.judged(recorded.id) is None
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        store.save_judged(recorded.id, judged(77))


def test_what_was_judged_by_an_older_version_still_says_by_which(store):
    old = save(store, layout("A1"))
    recorded = record(store, snapshot("a"), judged=judged(old.id))
    save(store, layout("A1", "A2"), based_on=1)
    by = store.layout_by_id(store.judged(recorded.id).layout_id)
    assert (by.version, names(by)) == (1, ["A1"])
