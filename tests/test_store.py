"""The history: what is recorded stays, once, whatever happens."""

from __future__ import annotations

import hashlib
import re
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from conftest import NOON
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from unprivileged import no_privileges, reachable_folder

from parkcore.domain import (
    LABELS,
    Box,
    Camera,
    Detection,
    DetectorInfo,
    Failure,
    IpCamera,
    Lot,
    Photo,
    Snapshot,
    Vehicles,
)
from parkcore.errors import StoreError, UnknownLot
from parkcore.sqlite.filters import HistoryFilter
from parkcore.sqlite.schema import migrations
from parkcore.store import FileStamp, Store

NORTH = Lot("north", "North car park", 40)
STAMP = FileStamp(1000, 1_777_000_000_123_456_789)
JPEG = b"\xff\xd8\xff small"


def snapshot(
    content: str = "a",
    *,
    file: str | None = None,
    lot: str = "north",
    camera: str = "gate",
    at: datetime = NOON,
    labels: tuple[str, ...] = ("car", "car", "bus"),
) -> Snapshot:
    detections = tuple(
        Detection(label, 0.9 - n / 100, Box(10.25 * n, 5, 10.25 * n + 8.5, 20))
        for n, label in enumerate(labels)
    )
    photo = Photo(
        file if file is not None else f"{lot}/{camera}/{content}.jpg",
        hashlib.sha256(content.encode()).hexdigest(),
        1234,
        640,
        480,
        at,
        "exif",
        lot,
        camera,
    )
    return Snapshot(
        photo,
        Vehicles.count(detections),
        DetectorInfo("m.pt", "abc", 0.2, 1280),
        12.5,
        detections,
    )


def record(store: Store, what: Snapshot, **options) -> tuple[Snapshot, bool]:
    lot = options.pop("lot", Lot(what.photo.lot_id, what.photo.lot_id))
    return store.record(what, JPEG, lot=lot, **options)


def failure(file: str = "north/gate/bad.jpg", at: datetime = NOON) -> Failure:
    return Failure(file, "north", "gate", "the file is empty", at)


# -- snapshots ----------------------------------------------------------------------------------


def test_a_snapshot_comes_back_as_it_was(store):
    recorded, is_new = record(store, snapshot(), lot=NORTH, stamp=STAMP)
    assert is_new
    assert recorded == replace(snapshot(), id=recorded.id)
    assert store.snapshot(recorded.id) == recorded
    assert store.snapshots() == [replace(recorded, detections=None)]
    assert store.known(recorded.photo.sha256) == replace(recorded, detections=None)
    assert store.thumbnails([recorded.id]) == {recorded.id: JPEG}
    assert store.lots() == [NORTH]
    assert store.cameras() == [Camera("north", "gate")]
    assert store.files() == {"north/gate/a.jpg": (STAMP, True)}


def test_an_empty_lot_is_a_snapshot_too(store):
    recorded, _ = record(store, snapshot(labels=()))
    assert store.snapshot(recorded.id).detections == ()
    assert store.count() == 1


@pytest.mark.parametrize(
    "again",
    [
        snapshot(),
        snapshot(file="south/roof/copy.jpg", lot="south", camera="roof"),
        snapshot(at=NOON - timedelta(days=1)),
        snapshot(labels=("truck",)),
    ],
    ids=["the same", "in another folder", "of another time", "judged otherwise"],
)
def test_the_same_photo_counts_once(store, again):
    first, _ = record(store, snapshot())
    second, is_new = record(store, again)
    assert not is_new
    assert second == replace(first, detections=None)
    assert store.count() == 1
    assert store.snapshot(first.id) == first
    assert [lot.id for lot in store.lots()] == ["north"]


def test_a_copys_file_is_remembered(store):
    record(store, snapshot(), stamp=STAMP)
    record(store, snapshot(file="copy.jpg"), stamp=STAMP)
    assert set(store.files()) == {"north/gate/a.jpg", "copy.jpg"}


@pytest.mark.parametrize(
    "file",
    ["a b.jpg", "停车场/🚗.jpg", "two\nlines.jpg", "'; drop table files; --.jpg", "a\\xff.jpg", ""],
    ids=["a space", "Chinese and emoji", "two lines", "SQL", "an escaped byte", "no name"],
)  # fmt: skip
def test_any_file_name_comes_back(store, file):
    recorded, _ = record(store, snapshot(file=file), stamp=STAMP)
    assert store.snapshot(recorded.id).photo.file == file
    assert list(store.files()) == [file]


@pytest.mark.parametrize(
    "at",
    [
        datetime(2026, 5, 4, 12, 0, tzinfo=timezone(timedelta(hours=2))),
        datetime(2026, 5, 4, 10, 0, 0, 1, tzinfo=UTC),
        datetime(1990, 1, 1, tzinfo=UTC),
        datetime(2399, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    ],
    ids=["of another zone", "with a microsecond", "the earliest", "far away"],
)
def test_times_come_back_in_utc(store, at):
    recorded, _ = record(store, snapshot(at=at))
    found = store.snapshot(recorded.id).photo.captured_at
    assert found == at
    assert found.utcoffset() == timedelta(0)


def test_what_is_not_there_is_none(store):
    assert store.snapshot(99) is None
    assert store.known("0" * 64) is None
    assert store.thumbnails([]) == {}
    assert store.thumbnails([99]) == {}
    assert store.snapshots() == store.failures() == store.lots() == []
    assert store.count() == 0


def hours(n: float) -> datetime:
    return NOON + timedelta(hours=n)


@pytest.fixture
def full(store) -> Store:
    """Six photos: a b c of the north gate, d of its roof, e f of the south."""
    for what in (
        snapshot("a", at=hours(0), labels=("car",)),
        snapshot("b", at=hours(1), labels=("car", "bus")),
        snapshot("c", at=hours(2), labels=()),
        snapshot("d", at=hours(1.5), camera="roof", labels=("truck",)),
        snapshot("e", at=hours(3), lot="south", file="South/50%_full.JPG"),
        snapshot("f", at=hours(4), lot="south", file="south/ÉTÉ.jpg", labels=("motorcycle",)),
    ):
        record(store, what)
    return store


def names(found: list[Snapshot]) -> str:
    by_sha = {hashlib.sha256(name.encode()).hexdigest(): name for name in "abcdef"}
    return "".join(by_sha[one.photo.sha256] for one in found)


FILTERS = {
    "everything": (HistoryFilter(), "abdcef"),
    "one lot": (HistoryFilter(lot_id="north"), "abdc"),
    "one camera": (HistoryFilter(lot_id="north", camera_id="roof"), "d"),
    "a camera's name in every lot": (HistoryFilter(camera_id="gate"), "abcef"),
    "a lot that is not there": (HistoryFilter(lot_id="west"), ""),
    "since a photo's very moment": (HistoryFilter(since=hours(2)), "cef"),
    "since just after it": (HistoryFilter(since=hours(2) + timedelta(microseconds=1)), "ef"),
    "until just before a photo's moment": (HistoryFilter(until=hours(2)), "abd"),
    "between, in another zone": (
        HistoryFilter(
            since=hours(1).astimezone(timezone(timedelta(hours=9))),
            until=hours(3).astimezone(timezone(timedelta(hours=-9))),
        ),
        "bdc",
    ),
    "the end before the beginning": (HistoryFilter(since=hours(2), until=hours(1)), ""),
    "with a bus": (HistoryFilter(label="bus"), "be"),
    "with a motorcycle": (HistoryFilter(label="motorcycle"), "f"),
    "a part of the name": (HistoryFilter(text="roof"), "d"),
    "a name in other letters": (HistoryFilter(text="SOUTH/"), "ef"),
    "a percent sign is itself": (HistoryFilter(text="%"), "e"),
    "an underscore is itself": (HistoryFilter(text="_"), "e"),
    "a quote is itself": (HistoryFilter(text="'"), ""),
    "accents in small letters": (HistoryFilter(text="été"), "f"),
    "accents in capital letters": (HistoryFilter(text="ÉTÉ"), "f"),
    "no text is every text": (HistoryFilter(text=""), "abdcef"),
    "all at once": (
        HistoryFilter("north", "gate", hours(0), hours(2), "car", "north"),
        "ab",
    ),
}


@pytest.mark.parametrize("which, expected", FILTERS.values(), ids=FILTERS.keys())
def test_the_history_is_filtered(full, which, expected):
    assert names(full.snapshots(which, newest_first=False)) == expected
    assert names(full.snapshots(which)) == expected[::-1]
    assert full.count(which) == len(expected)


def test_the_latest_of_each_camera(full):
    assert names(full.latest("north")) == "cd"
    assert names(full.latest("south")) == "f"
    assert full.latest("west") == []


def test_a_late_photo_of_an_early_moment_is_not_the_latest(full):
    record(full, snapshot("late", at=hours(-5)))
    assert names(full.latest("north")) == "cd"


def test_deleting_leaves_nothing_behind(full):
    gone = full.snapshots(HistoryFilter(lot_id="south"))
    full.delete_snapshots([one.photo.sha256 for one in gone] + ["0" * 64])
    assert names(full.snapshots()) == "cdba"
    assert full.thumbnails([one.id for one in gone]) == {}
    assert rows(full, "detections") == 4
    assert record(full, snapshot("e"))[1], "it may come again"


def rows(store: Store, table: str) -> int:
    return store._db.execute(f"select count(*) from {table}").fetchone()[0]


# -- lots and cameras ---------------------------------------------------------------------------


def test_lots_are_listed_own_ones_first(store):
    for lot in (Lot("z", "A sample", is_sample=True), Lot("b", "B", 5), Lot("c", "A")):
        assert store.ensure_lot(lot)
    assert [lot.id for lot in store.lots()] == ["c", "b", "z"]
    assert store.lot("b") == Lot("b", "B", 5)


def test_a_lot_that_is_there_stays_as_it_is(store):
    store.ensure_lot(NORTH)
    assert not store.ensure_lot(Lot("north", "Another", 1))
    record(store, snapshot(), lot=Lot("north", "Another", 1))
    assert store.lots() == [NORTH]


def test_a_lot_is_changed(store):
    store.ensure_lot(NORTH)
    store.change_lot(Lot("north", "New name"))
    assert store.lot("north") == Lot("north", "New name")


def test_a_lot_that_is_not_there_is_named_with_those_that_are(store):
    store.ensure_lot(NORTH)
    for ask in (
        lambda: store.lot("west"),
        lambda: store.change_lot(Lot("west", "West")),
        lambda: store.save_camera(Camera("west", "gate")),
    ):
        with pytest.raises(UnknownLot, match="no lot 'west'; the lots are: 'north'"):
            ask()


def test_without_lots_there_are_none_to_name(store):
    with pytest.raises(UnknownLot, match="none yet"):
        store.lot("west")


def test_a_lot_with_snapshots_is_not_removed(full):
    with pytest.raises(StoreError, match="'north' has snapshots"):
        full.delete_lot("north")
    assert full.count(HistoryFilter(lot_id="north")) == 4
    assert len(full.cameras("north")) == 2


def test_a_lot_with_ip_cameras_is_not_removed(store):
    store.save_ip_camera(IpCamera("north", "gate", "http://10.0.0.2/a.jpg"))
    with pytest.raises(StoreError, match="'north' has IP cameras"):
        store.delete_lot("north")
    store.remove_ip_camera("north", "gate")
    store.delete_lot("north")
    assert store.lots() == []


def test_a_lot_without_snapshots_goes_with_its_cameras_and_failures(store):
    store.ensure_lot(NORTH)
    store.save_camera(Camera("north", "gate", 20))
    store.record_failure(failure())
    store.delete_lot("north")
    assert store.lots() == store.cameras() == store.failures() == []


def test_a_camera_is_saved_and_changed(store):
    store.ensure_lot(NORTH)
    store.save_camera(Camera("north", "roof"))
    store.save_camera(Camera("north", "gate", 20))
    store.save_camera(Camera("north", "roof", 15))
    assert store.cameras("north") == [Camera("north", "gate", 20), Camera("north", "roof", 15)]
    assert store.cameras("south") == []


def test_a_photo_does_not_change_its_cameras_capacity(store):
    store.ensure_lot(NORTH)
    store.save_camera(Camera("north", "gate", 20))
    record(store, snapshot())
    assert store.cameras() == [Camera("north", "gate", 20)]


@pytest.mark.parametrize(
    "capacity, cameras, expected",
    [
        (40, {"gate": None}, {"gate": 40}),
        (40, {"gate": 10}, {"gate": 10}),
        (40, {"gate": None, "roof": 15}, {"gate": None, "roof": 15}),
        (None, {"gate": None}, {"gate": None}),
    ],
    ids=["the lot's", "the camera's own", "unknown among several", "none"],
)
def test_capacities(store, capacity, cameras, expected):
    store.ensure_lot(Lot("north", "North", capacity))
    for name, own in cameras.items():
        store.save_camera(Camera("north", name, own))
        record(store, snapshot(name, camera=name))
    store.save_ip_camera(IpCamera("north", "silent", "http://10.0.0.2/a.jpg"))
    known = store.capacity_history()
    assert {name: known.seen_by("north", name, NOON) for name in cameras} == expected


# -- failures and files -------------------------------------------------------------------------


def test_a_failure_counts_its_attempts(store):
    for hour in (0, 1, 2):
        store.record_failure(failure(at=hours(hour)), STAMP)
    [one] = store.failures()
    assert one == replace(failure(at=hours(2)), attempts=3, id=one.id)
    assert store.files() == {"north/gate/bad.jpg": (STAMP, False)}


def test_an_attempt_at_other_content_of_a_file_is_its_first(store):
    attempts = []
    for stamp in (STAMP, STAMP, None, replace(STAMP, mtime_ns=7), replace(STAMP, mtime_ns=7)):
        store.record_failure(failure(), stamp)
        attempts.append(store.failures()[0].attempts)
    assert attempts == [1, 2, 3, 1, 2]


def test_failures_are_listed_latest_first(store):
    for hour, file in enumerate("abc"):
        store.record_failure(failure(file, hours(-hour)))
    assert [one.file for one in store.failures()] == ["a", "b", "c"]


def test_a_failure_goes_away_with_success(store):
    store.record_failure(failure("north/gate/a.jpg"), STAMP)
    record(store, snapshot(), stamp=STAMP)
    assert store.failures() == []
    assert store.files() == {"north/gate/a.jpg": (STAMP, True)}


def test_a_failure_goes_away_when_the_file_holds_a_known_photo(store):
    recorded, _ = record(store, snapshot())
    store.record_failure(failure("copy.jpg"), STAMP)
    store.remember_file("copy.jpg", STAMP, recorded.photo.sha256)
    assert store.failures() == []
    assert store.files() == {"copy.jpg": (STAMP, True)}


def test_a_good_photo_that_breaks_is_a_failure(store):
    record(store, snapshot(), stamp=STAMP)
    store.record_failure(failure("north/gate/a.jpg"), FileStamp(0, 1))
    assert store.count() == 1
    assert store.files() == {"north/gate/a.jpg": (FileStamp(0, 1), False)}


def test_forgotten_failures_are_read_again(store):
    for file in ("a.jpg", "b.jpg"):
        store.record_failure(failure(file), STAMP)
    record(store, snapshot(file="good.jpg"), stamp=STAMP)
    store.forget_failures(["a.jpg", "good.jpg", "nowhere.jpg"])
    assert [one.file for one in store.failures()] == ["b.jpg"]
    assert set(store.files()) == {"b.jpg", "good.jpg"}


def test_what_was_refused_at_the_door_says_so(store):
    store.record_failure(replace(failure(), in_storage=False))
    assert [one.in_storage for one in store.failures()] == [False]


# -- the file itself ----------------------------------------------------------------------------


def test_a_fresh_file_is_made_with_its_folder(tmp_path):
    path = tmp_path / "some" / "where" / "parkcore.db"
    with Store.open(path) as store:
        assert store.count() == 0
        assert store.check() == "ok"
        applied = {migration.name for migration in migrations.applied(store._db)}
        assert applied == {migration.name for migration in migrations._migrations}
        assert store._db.execute("pragma journal_mode").fetchone() == ("wal",)
    assert path.is_file()


def test_what_is_recorded_is_there_after_opening_again(tmp_path):
    path = tmp_path / "parkcore.db"
    with Store.open(path) as store:
        recorded, _ = record(store, snapshot(), lot=NORTH)
    with Store.open(path) as one, Store.open(path) as other:
        assert one.snapshot(recorded.id) == other.snapshot(recorded.id) == recorded


def test_the_table_of_migrations_is_the_order_they_were_written_in():
    numbers = [migration.name[:4] for migration in migrations._migrations]
    assert numbers == [f"m{n:03}" for n in range(1, len(numbers) + 1)]


def test_a_newer_database_is_left_alone(tmp_path):
    path = tmp_path / "parkcore.db"
    with Store.open(path) as store:
        store._db.execute(
            "insert into _sqlite_migrations (migration_set, name, applied_at) values (?, ?, ?)",
            ["parkcore", "m999_from_the_future", "2031-01-01"],
        )
        store._db.commit()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"newer Parkcore \(it has m999_from_the_future\); update"):
        Store.open(path)
    assert path.read_bytes() == before


def refused(path: Path) -> str:
    with pytest.raises(StoreError) as refusal:
        Store.open(path)
    assert str(path) in str(refusal.value)
    return str(refusal.value)


@pytest.mark.parametrize(
    "content, said",
    [
        (b"just a note, but long enough to have a page of its own\n" * 99, "not a SQLite database"),
        (b"SQLite format 3\0" + b"\xff" * 8000, "damaged|not a SQLite database"),
    ],
    ids=["text", "a database's first bytes"],
)
def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path, content, said):
    path = tmp_path / "parkcore.db"
    path.write_bytes(content)
    assert re.search(said, refused(path))
    assert path.read_bytes() == content


def test_a_damaged_database_says_so(tmp_path):
    path = tmp_path / "parkcore.db"
    with Store.open(path) as store:
        for n in range(50):
            record(store, snapshot(str(n)))
    whole = bytearray(path.read_bytes())
    whole[4096:] = b"\xa5" * (len(whole) - 4096)
    path.write_bytes(whole)
    said = refused(path)
    assert "damaged" in said
    assert "backup" in said


def test_damage_in_the_middle_is_found_by_the_check(tmp_path):
    path = tmp_path / "parkcore.db"
    with Store.open(path) as store:
        for n in range(200):
            record(store, snapshot(str(n)))
        page = store._db.execute(
            "select rootpage from sqlite_master where name = 'thumbnails'"
        ).fetchone()[0]
    whole = bytearray(path.read_bytes())
    whole[(page - 1) * 4096 : page * 4096] = b"\xa5" * 4096
    path.write_bytes(whole)
    with Store.open(path) as store:
        assert store.check() != "ok"


def test_a_folder_in_the_databases_place_is_refused(tmp_path):
    assert "cannot be opened" in refused(tmp_path)


def test_a_file_in_the_folders_place_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    assert "cannot be made" in refused(tmp_path / "file" / "parkcore.db")


@pytest.fixture
def reachable() -> Iterator[Path]:
    with reachable_folder() as folder:
        yield folder


def test_a_read_only_database_says_so(reachable):
    path = reachable / "parkcore.db"
    with Store.open(path) as store:
        recorded, _ = record(store, snapshot())
    path.chmod(0o444)
    reachable.chmod(0o555)
    with no_privileges(), pytest.raises(StoreError) as refusal, Store.open(path) as store:
        assert store.known(recorded.photo.sha256)
        record(store, snapshot("b"))
    assert str(path) in str(refusal.value)
    assert "PARKCORE_DB" in str(refusal.value) or "may be written" in str(refusal.value)
    with Store.open(path) as store:
        assert store.count() == 1


def test_a_folder_without_permission_says_so(reachable):
    locked = reachable / "locked"
    locked.mkdir()
    locked.chmod(0o000)
    with no_privileges():
        assert "cannot be opened" in refused(locked / "parkcore.db")
        assert "cannot be made" in refused(locked / "sub" / "parkcore.db")
    locked.chmod(0o700)


def test_a_full_disk_loses_nothing(tmp_path):
    path = tmp_path / "parkcore.db"
    with Store.open(path) as store:
        first, _ = record(store, snapshot())
        pages = store._db.execute("pragma page_count").fetchone()[0]
        store._db.execute(f"pragma max_page_count = {pages}")
        with pytest.raises(StoreError) as refusal:
            for n in range(100):
                store.record(snapshot(str(n)), bytes(20_000), lot=NORTH)
        assert "the disk is full" in str(refusal.value)
        assert "free some space" in str(refusal.value)
        kept = store.count()
        store._db.execute(f"pragma max_page_count = {pages + 1000}")
        assert store.snapshot(first.id) == first
        assert rows(store, "thumbnails") == kept
        assert record(store, snapshot("after"))[1], "it goes on when there is room again"


def test_a_database_that_is_kept_busy_says_so(tmp_path):
    path = tmp_path / "parkcore.db"
    with Store.open(path) as store:
        store._db.execute("pragma busy_timeout = 20")
        other = sqlite3.connect(path, isolation_level=None)
        try:
            other.execute("begin immediate")
            with pytest.raises(StoreError, match="kept busy by another program"):
                record(store, snapshot())
            assert store.count() == 0, "reading goes on"
            other.execute("commit")
            assert record(store, snapshot())[1]
        finally:
            other.close()


@pytest.mark.parametrize("table", ["snapshots", "detections", "thumbnails"])
def test_a_record_that_fails_halfway_leaves_nothing(store, table):
    store._db.execute(
        f"create trigger fail before insert on {table} begin select raise(abort, 'halfway'); end"
    )
    with pytest.raises(StoreError, match=r"failed .*halfway"):
        record(store, snapshot(), stamp=STAMP)
    assert [rows(store, t) for t in ("lots", "cameras", "snapshots", "detections", "files")] == [
        0
    ] * 5
    store._db.execute("drop trigger fail")
    assert record(store, snapshot())[1]


def test_a_failure_to_record_keeps_the_failure_of_before(store):
    store.record_failure(failure("north/gate/a.jpg"))
    store._db.execute(
        "create trigger fail before insert on thumbnails begin select raise(abort, 'x'); end"
    )
    with pytest.raises(StoreError):
        record(store, snapshot())
    assert len(store.failures()) == 1


def test_an_interrupt_halfway_leaves_nothing(store):
    def interrupted() -> Iterator[Detection]:
        yield from snapshot().detections
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        record(store, replace(snapshot(), detections=interrupted()))
    assert [rows(store, t) for t in ("lots", "snapshots", "detections")] == [0, 0, 0]
    assert record(store, snapshot())[1]


def test_a_snapshot_of_an_unknown_lot_cannot_be_written(store):
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        record(store, snapshot(lot="north"), lot=Lot("south", "South"))
    assert store.count() == 0


# -- once, whatever happens ---------------------------------------------------------------------

CONTENTS = st.sampled_from("abcdef")
FILES = st.sampled_from(["1.jpg", "2.jpg", "3.jpg"])


class OnceWhateverHappens(RuleBasedStateMachine):
    """Any order of events, held against two dictionaries."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name, "parkcore.db")
        self.store = Store.open(self.path)
        self.seen: dict[str, Vehicles] = {}
        self.failed: dict[str, int] = {}

    @rule(content=CONTENTS, file=FILES, labels=st.lists(st.sampled_from(LABELS), max_size=4))
    def record(self, content, file, labels):
        what = snapshot(content, file=file, labels=tuple(labels))
        recorded, is_new = record(self.store, what, stamp=STAMP)
        assert is_new == (content not in self.seen)
        self.seen.setdefault(content, what.vehicles)
        assert recorded.vehicles == self.seen[content]
        self.failed.pop(file, None)

    @rule(file=FILES)
    def fail(self, file):
        self.store.record_failure(failure(file), STAMP)
        self.failed[file] = self.failed.get(file, 0) + 1

    @rule(files=st.lists(FILES, max_size=3))
    def forget(self, files):
        self.store.forget_failures(files)
        for file in files:
            self.failed.pop(file, None)

    @rule(contents=st.lists(CONTENTS, max_size=2))
    def delete(self, contents):
        self.store.delete_snapshots(
            [hashlib.sha256(content.encode()).hexdigest() for content in contents]
        )
        for content in contents:
            self.seen.pop(content, None)

    @rule(content=CONTENTS, table=st.sampled_from(["snapshots", "detections", "thumbnails"]))
    def record_and_fail_halfway(self, content, table):
        self.store._db.execute(
            f"create temp trigger fail before insert on main.{table}"
            " begin select raise(abort, 'halfway'); end"
        )
        try:
            _, is_new = record(self.store, snapshot(content, file="9.jpg"))
            assert not is_new
            assert content in self.seen
        except StoreError:
            assert content not in self.seen
        finally:
            self.store._db.execute("drop trigger fail")

    @rule()
    def open_again(self):
        self.store.close()
        self.store = Store.open(self.path)

    @invariant()
    def every_photo_counts_once(self):
        if not hasattr(self, "store"):
            return
        store = self.store
        assert store.count() == len(self.seen)
        assert sum((one.vehicles for one in store.snapshots()), Vehicles()) == sum(
            self.seen.values(), Vehicles()
        )
        assert {one.file: one.attempts for one in store.failures()} == self.failed
        assert rows(store, "thumbnails") == len(self.seen)
        assert rows(store, "detections") == sum(seen.total for seen in self.seen.values())
        assert not store._db.execute(
            "select 1 from detections where snapshot_id not in (select id from snapshots)"
        ).fetchone()
        assert not self.store._db.conn.in_transaction

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            self.folder.cleanup()


OnceWhateverHappens.TestCase.settings = settings(
    max_examples=25, stateful_step_count=20, deadline=None
)
TestOnceWhateverHappens = OnceWhateverHappens.TestCase
