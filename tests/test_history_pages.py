"""The history page by page: the same rows in the same order, and every query by an index."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from conftest import MADRID, NOON
from test_store import record, snapshot

from parkcore.domain import Correction, Lot, Vehicles
from parkcore.sqlite.filters import HistoryFilter
from parkcore.store import Store


@pytest.fixture
def many(store: Store) -> Store:
    """Thirty photos of two lots and three cameras, some at the same moment."""
    for number in range(30):
        lot, camera = [("north", "gate"), ("north", "roof"), ("south", "gate")][number % 3]
        at = NOON + timedelta(minutes=number // 4)
        labels = ("bus",) if number % 7 == 0 else ("car",) * (number % 5)
        what = snapshot(f"{number}", lot=lot, camera=camera, at=at, labels=labels)
        found, _ = record(store, what)
        if number in (4, 9):
            store.correct(found.id, Correction(Vehicles(truck=1)))
        if number in (5, 6, 7):
            store.delete([found.id])
    return store


FILTERS = {
    "all": HistoryFilter(),
    "a lot of two cameras": HistoryFilter("north"),
    "a camera": HistoryFilter("north", "roof"),
    "a camera's name in all lots": HistoryFilter(camera_id="gate"),
    "a time": HistoryFilter(since=NOON + timedelta(minutes=1), until=NOON + timedelta(minutes=5)),
    "a lot and a time": HistoryFilter("north", since=NOON + timedelta(minutes=2)),
    "a bus": HistoryFilter(label="bus"),
    "a truck that a person saw": HistoryFilter("north", label="truck"),
    "a name": HistoryFilter(text="gate/1"),
    "deleted": HistoryFilter(deleted=True),
    "deleted of a lot": HistoryFilter("north", deleted=True),
    "corrected": HistoryFilter(corrected=True),
    "corrected of a camera": HistoryFilter("north", "roof", corrected=True),
}


@pytest.mark.parametrize("which", FILTERS.values(), ids=FILTERS.keys())
@pytest.mark.parametrize("newest_first", [True, False], ids=["newest first", "oldest first"])
def test_pages_put_together_are_the_whole(many: Store, which, newest_first) -> None:
    whole = many.snapshots(which, newest_first=newest_first)
    assert whole
    moments = [(each.photo.captured_at, each.id) for each in whole]
    assert moments == sorted(moments, reverse=newest_first)
    pages, after = [], None
    while page := many.snapshots(which, limit=4, newest_first=newest_first, after=after):
        pages += page
        after = page[-1]
    assert pages == whole
    assert many.count(which) == len(whole)
    assert many.count(which, most=1) == 1
    if not newest_first:
        assert list(many.stream(which, batch=3)) == whole
        assert many.moments(which, limit=99) == [(e.id, e.photo.captured_at) for e in whole]


def test_what_is_deleted_or_corrected_is_found_by_it(many: Store) -> None:
    by_name = {each.photo.file for each in many.snapshots(HistoryFilter(deleted=True))}
    assert by_name == {"south/gate/5.jpg", "north/gate/6.jpg", "north/roof/7.jpg"}
    assert {each.counted.truck for each in many.snapshots(HistoryFilter(corrected=True))} == {1}


def test_a_search_is_kept_within_so_many_photos(many: Store) -> None:
    newest = many.snapshots()
    bound = many.reach(HistoryFilter(text="nowhere"), most=10)
    looked_at = [e for e in newest if e.photo.captured_at >= bound.photo.captured_at]
    assert 0 < len(looked_at) <= 14, "ten, and those of the same moment and the deleted ones"
    further = many.reach(HistoryFilter(text="nowhere"), most=10, after=bound)
    assert further.photo.captured_at < bound.photo.captured_at
    assert many.reach(HistoryFilter("north", label="bus"), most=10) is not None
    assert many.reach(HistoryFilter(label="bus"), most=1000) is None
    assert many.reach(HistoryFilter("west", label="bus"), most=10) is None


def plans(store: Store, ask) -> Iterator[tuple[str, str]]:
    """Every query that is asked, with each step that SQLite takes for it."""
    asked: list[str] = []
    store._db.conn.set_trace_callback(asked.append)
    ask()
    store._db.conn.set_trace_callback(None)
    for sql in asked:
        for *_, step in store._db.execute(f"explain query plan {sql}").fetchall():
            yield sql, step


@pytest.mark.parametrize("which", FILTERS.values(), ids=FILTERS.keys())
def test_no_query_reads_the_whole_history_or_sorts_it(many: Store, which) -> None:
    after = many.snapshots(which, limit=1)[0]
    for ask in (
        lambda: many.snapshots(which, limit=5),
        lambda: many.snapshots(which, limit=5, after=after),
        lambda: many.snapshots(which, limit=5, after=after, newest_first=False),
        lambda: many.moments(which, limit=5),
        lambda: many.reach(which, most=5, after=after),
    ):
        for sql, step in plans(many, ask):
            by_index = "USING" in step or not step.startswith(("SCAN s", "SCAN snapshots"))
            assert by_index, (sql, step)
            # the few that people marked are sorted after they are found by their mark
            assert which.is_few or "TEMP B-TREE" not in step, (sql, step)
            if which.is_few and "from snapshots s left join" in sql:
                assert not step.startswith("SEARCH s USING INDEX idx_snapshots_lot"), (sql, step)
                assert not step.startswith("SEARCH s USING INDEX idx_snapshots_captured"), sql


def test_counting_ends_early_and_purging_looks_only_at_what_is_deleted(many: Store) -> None:
    steps = [step for _, step in plans(many, lambda: many.purge(NOON - timedelta(days=900)))]
    assert any("idx_snapshots_deleted" in step for step in steps)
    assert not [step for step in steps if step.startswith("SCAN snapshots")]


def test_months_are_those_with_photos_however_far_apart(store: Store) -> None:
    for at in (
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2026, 4, 30, 21, 59, tzinfo=UTC),
        datetime(2026, 4, 30, 22, 30, tzinfo=UTC),
        datetime(2026, 7, 14, 9, tzinfo=UTC),
        datetime(2399, 12, 31, 23, 30, tzinfo=UTC),
    ):
        record(store, snapshot(f"{at}", at=at))
    months = store.months("north", MADRID)
    assert months == [
        date(1970, 1, 1), date(2026, 4, 1), date(2026, 5, 1), date(2026, 7, 1), date(2400, 1, 1),
    ]  # fmt: skip
    assert store.months("south", MADRID) == []


def test_months_end_where_hours_are_not_the_clocks(store: Store) -> None:
    """Lord Howe's summer time is half an hour, so that hours straddle midnight half of the year."""
    zone = ZoneInfo("Australia/Lord_Howe")
    for phase_s in (0, 1800):
        store.ensure_hours(hold_s=3600, phase_s=phase_s)
        for day in range(60):
            at = datetime(2026, 3, 10, 13, 20, tzinfo=UTC) + timedelta(days=day)
            record(store, snapshot(f"{at} {phase_s}", at=at))
        found = [date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1)]
        assert store.months("north", zone) == found


def test_a_look_counts_against_the_places_of_its_time(store: Store) -> None:
    first, _ = record(store, snapshot("a"), lot=Lot("north", "North", 10))
    later, _ = record(store, snapshot("b", at=NOON + timedelta(days=2)))
    store.change_lot(Lot("north", "North", 6), capacity_since=NOON + timedelta(days=1))
    looks = store.looks([first.id, later.id])
    assert [(looks[n].taken, looks[n].told) for n in (first.id, later.id)] == [(3, 10), (3, 6)]
    record(store, snapshot("c", camera="roof"))
    assert store.looks([later.id])[later.id].told is None, "none of two cameras sees the whole lot"
    assert store.looks([]) == {}


def test_stretches_are_what_was_known_from_look_to_look(store: Store) -> None:
    for minute, cars in ((0, 2), (30, 5), (200, 1)):
        at = NOON + timedelta(minutes=minute)
        record(store, snapshot(f"{minute}", at=at, labels=("car",) * cars))
    start = NOON.timestamp()
    found = store.stretches("north", NOON + timedelta(minutes=10), NOON + timedelta(hours=4))
    assert (found[0].start, found[-1].end) == (start + 600, start + 4 * 3600)
    known = {minute: [e.taken for e in found if e.start <= start + 60 * minute < e.end]
             for minute in (10, 29, 30, 89, 90, 199, 200, 239)}  # fmt: skip
    assert known == {10: [2], 29: [2], 30: [5], 89: [5], 90: [], 199: [], 200: [1], 239: [1]}


def test_what_was_removed_while_the_history_is_read_is_left_out(store: Store) -> None:
    kept, gone = (record(store, snapshot(name))[0] for name in "ab")
    read = list(store.snapshots(HistoryFilter(), newest_first=False))
    store.delete_snapshots([gone.photo.sha256])
    assert [each.id for each, _ in store.with_looks(read)] == [kept.id]
