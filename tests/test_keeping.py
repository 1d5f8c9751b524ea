"""Keeping and thinning: what goes, what never goes, and that no figure changes by it."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import NOON, ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from test_hours import hours, judged, marked
from test_store import record, snapshot
from unprivileged import no_privileges, reachable_folder

from parkcore.cli import cli
from parkcore.domain import Correction, Lot, Snapshot, Vehicles
from parkcore.errors import StoreError
from parkcore.service.serve import Chore, supervise
from parkcore.sqlite.filters import HistoryFilter
from parkcore.storage import Storage
from parkcore.store import FileStamp, Store
from parkcore.upkeep.keeping import dry_run, is_due, thin, thin_unattended
from parkcore.upkeep.retention import EVERY_LOT, LEAP, Retention, Share, Thinning, believed

DAY = timedelta(days=1)
SIZE = 40_000


def put(store: Store, storage: Storage, age_days: float, **more: object) -> Snapshot:
    """Record a photo whose file is in the storage folder; ages count from noon."""
    lot, camera = str(more.pop("lot", "north")), str(more.pop("camera", "gate"))
    name = f"{lot}/{camera}/2026-01-01/{age_days}.jpg"
    content = f"{name:{SIZE}}"
    what = snapshot(content, file=name, lot=lot, camera=camera, at=NOON - age_days * DAY, **more)
    what = replace(what, photo=replace(what.photo, size_bytes=SIZE))
    path = storage.path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    stat = path.stat()
    stamp = FileStamp(stat.st_size, stat.st_mtime_ns)
    return record(store, what, stamp=stamp, lot=Lot(lot, lot, is_sample=lot == "sample"))[0]


def files(storage: Storage) -> list[str]:
    return sorted(path.name for path in storage.root.rglob("*.jpg"))


def numbers(done: Thinning, lot: str = "north") -> tuple[int, int, int]:
    found = next((each for each in done.lots if each.lot_id == lot), None)
    return (found.photos.number, found.thumbnails.number, found.snapshots.number) if found else (
        0, 0, 0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("photos", "thumbnails", "snapshots"), [(None, None, 30), (60, None, 30), (10, 60, 30)]
)
def test_photos_go_before_what_was_seen_on_them(photos, thumbnails, snapshots) -> None:
    with pytest.raises(ValueError, match="go "):
        Retention(photos, None, thumbnails, snapshots)


@pytest.mark.parametrize("name", ["photos_days", "photos_mb", "thumbnails_days", "snapshots_days"])
@pytest.mark.parametrize("value", [0, -1, 10**9])
def test_a_limit_is_one_or_more(name: str, value: int) -> None:
    with pytest.raises(ValueError, match="expected 1 or more"):
        Retention(**{"photos_days": 1, name: value})


def test_by_default_everything_is_kept(store: Store, storage: Storage) -> None:
    put(store, storage, 4000)
    put(store, storage, 0)
    assert dry_run(store, storage, at=NOON).is_nothing
    assert thin(store, storage, at=NOON).is_nothing
    assert len(files(storage)) == 2


def test_each_kind_goes_at_its_age_and_the_dry_run_says_so(store: Store, storage: Storage) -> None:
    for age in range(0, 100, 5):
        put(store, storage, age)
    store.save_retention(EVERY_LOT, Retention(20, None, 40, 60))
    before, kept = hours(store), files(storage)
    said = dry_run(store, storage, at=NOON)
    assert (hours(store), files(storage)) == (before, kept), "a dry run changes nothing"
    done = thin(store, storage, at=NOON)
    assert said == done
    # older than 20 days: 25, 30 … 95; of the snapshots the camera's last one stays, as a mark
    assert numbers(done) == (15, 11, 6)
    assert done.photos == Share(15, 15 * SIZE, NOON - 95 * DAY, NOON - 25 * DAY)
    assert files(storage) == ["0.jpg", "10.jpg", "15.jpg", "20.jpg", "5.jpg"]
    assert store.count() == 20 - 6
    assert hours(store) == before
    store.rebuild_hours()
    assert hours(store) == before
    assert thin(store, storage, at=NOON).is_nothing, "nothing is left to be done"


def test_lots_have_rules_of_their_own(store: Store, storage: Storage) -> None:
    for lot in ("north", "south", "sample"):
        put(store, storage, 50, lot=lot)
        put(store, storage, 0, lot=lot)
    store.save_retention(EVERY_LOT, Retention(photos_days=30))
    store.save_retention("south", Retention(photos_days=60))
    done = thin(store, storage, at=NOON)
    assert [lot.lot_id for lot in done.lots if not lot.is_nothing] == ["north"]
    store.save_retention("south", None)
    store.save_retention("sample", Retention(photos_days=30))
    done = thin(store, storage, at=NOON)
    assert [lot.lot_id for lot in done.lots if not lot.is_nothing] == ["sample", "south"]


def test_a_budget_takes_the_oldest_of_all_lots_first(store: Store, storage: Storage) -> None:
    for age in range(30):
        put(store, storage, age, lot=("north", "south")[age % 2])
    store.save_retention(EVERY_LOT, Retention(photos_mb=1))  # 25 photos of 40 kB
    said = dry_run(store, storage, at=NOON)
    done = thin(store, storage, at=NOON)
    assert said == done
    assert (numbers(done), numbers(done, "south")) == ((2, 0, 0), (3, 0, 0))
    assert sum(path.stat().st_size for path in storage.root.rglob("*.jpg")) == 1_000_000
    for name in files(storage)[:5]:  # by hand
        next(storage.root.rglob(name)).unlink()
    assert thin(store, storage, at=NOON).is_nothing, "what is gone takes no room"


def test_a_budget_leaves_the_last_day_and_says_that_it_is_too_small(
    store: Store, storage: Storage
) -> None:
    for number in range(40):
        put(store, storage, number / 20)
    store.save_retention("north", Retention(photos_mb=1))
    done = thin(store, storage, at=NOON)
    assert len(files(storage)) == 25
    for number in range(40):
        put(store, storage, -number / 50 - 0.01)
    done = thin(store, storage, at=NOON + DAY)
    assert len(files(storage)) == 40 + 5, "of the last day"
    assert "0.8 MB more than they may" in done.problems[0]


def test_what_people_put_right_stays_unless_asked(store: Store, storage: Storage) -> None:
    old = [put(store, storage, 90), put(store, storage, 80), put(store, storage, 70)]
    put(store, storage, 0)
    store.correct(old[0].id, Correction(Vehicles(car=5)))
    rule = Retention(30, None, None, 30)
    store.save_retention("north", rule)
    done = thin(store, storage, at=NOON)
    assert (numbers(done), done.lots[0].corrected) == ((2, 0, 1), 1)
    assert "90.jpg" in files(storage) and store.snapshot(old[0].id).counted.car == 5
    store.save_retention("north", replace(rule, corrected_too=True))
    assert numbers(thin(store, storage, at=NOON)) == (1, 0, 1)


def test_files_that_parkcore_does_not_know_stay(store: Store, storage: Storage) -> None:
    put(store, storage, 50)
    put(store, storage, 0)
    folder = storage.root / "north/gate/2026-01-01"
    (folder / "mine.jpg").write_text("never read")
    (folder / "notes.txt").write_text("mine")
    replaced = put(store, storage, 49)
    storage.path(replaced.photo.file).write_text("another photo took its name")
    outside = storage.root.parent / "elsewhere.jpg"
    outside.write_text("archive")
    away = snapshot("archive", file=str(outside), at=NOON - 60 * DAY)
    record(store, away)
    store.save_retention(EVERY_LOT, Retention(photos_days=30))
    done = thin(store, storage, at=NOON)
    assert (numbers(done), done.lots[0].missing) == ((1, 0, 0), 1)
    assert files(storage) == ["0.jpg", "49.jpg", "mine.jpg"] and outside.exists()


def test_folders_of_dates_go_with_their_last_photo(store: Store, storage: Storage) -> None:
    put(store, storage, 50)
    put(store, storage, 0, camera="roof")
    store.save_retention(EVERY_LOT, Retention(photos_days=30))
    thin(store, storage, at=NOON)
    assert not (storage.root / "north/gate/2026-01-01").exists()
    assert (storage.root / "north/gate").exists()


def test_a_folder_that_is_not_mounted_has_lost_nothing(store: Store, storage: Storage) -> None:
    old = put(store, storage, 50)
    put(store, storage, 0, camera="roof")
    store.save_retention(EVERY_LOT, Retention(30, None, None, 30))
    (storage.root / "north").rename(storage.root.parent / "away")
    done = thin(store, storage, at=NOON)
    assert done.is_nothing and "missing or empty" in done.problems[0]
    (storage.root.parent / "away").rename(storage.root / "north")
    assert numbers(thin(store, storage, at=NOON))[0] == 1
    assert store.snapshot(old.id) is not None, "the newest of its camera"


def test_what_may_not_be_deleted_is_said_and_the_rest_goes() -> None:
    with reachable_folder() as folder, Store.in_memory() as store:
        storage = Storage(folder / "storage", "default")
        for camera in ("gate", "roof"):
            for age in (60, 50, 0):
                put(store, storage, age, camera=camera)
        for each in (folder / "storage").rglob("*"):
            each.chmod(0o777 if each.is_dir() else 0o666)
        locked = storage.root / "north/gate/2026-01-01"
        locked.chmod(0o555)
        store.save_retention(EVERY_LOT, Retention(30, None, None, 30))
        with no_privileges():
            done = thin(store, storage, at=NOON)
        locked.chmod(0o777)
        assert numbers(done) == (2, 0, 1)
        assert len(done.problems) == 2 and "cannot be deleted" in done.problems[0]
        assert store.count(HistoryFilter("north", "gate")) == 3, "a photo keeps its snapshot"
        assert numbers(thin(store, storage, at=NOON)) == (2, 0, 1), "the next run goes on"


def test_photos_that_are_gone_already_are_said_and_their_snapshots_go(
    store: Store, storage: Storage
) -> None:
    for age in (60, 50, 40, 0):
        put(store, storage, age)
    storage.path("north/gate/2026-01-01/60.jpg").unlink()
    store.save_retention(EVERY_LOT, Retention(30, None, None, 30))
    said, done = dry_run(store, storage, at=NOON), thin(store, storage, at=NOON)
    assert said == done and done.lots[0].missing == 1
    assert numbers(done) == (2, 0, 2)


def test_ages_count_from_the_newest_photo_and_a_clock_that_leaps_takes_nothing(
    store: Store, storage: Storage
) -> None:
    for age in range(0, 60, 10):
        put(store, storage, age)
    store.save_retention(EVERY_LOT, Retention(photos_days=100))
    assert thin(store, storage, at=NOON + 3650 * DAY).is_nothing
    thin_unattended(store, storage, now=NOON)
    put(store, storage, -3650)  # the camera is asked with the wrong clock
    done = thin_unattended(store, storage, now=NOON + 3650 * DAY)
    assert done.at == NOON + LEAP and done.is_nothing
    assert believed(NOON, None) == NOON and believed(NOON, NOON + DAY) == NOON


def test_a_lot_without_photos_and_one_with_photos_of_the_future(
    store: Store, storage: Storage
) -> None:
    store.ensure_lot(Lot("empty", "Empty"))
    put(store, storage, -400)
    put(store, storage, 1)
    store.save_retention(EVERY_LOT, Retention(30, None, 30, 30))
    assert thin(store, storage, at=NOON).is_nothing


def test_once_a_day(store: Store, storage: Storage) -> None:
    now = datetime.now(UTC)
    assert is_due(store, now)
    thin(store, storage, at=now)
    assert not is_due(store, now + timedelta(hours=19))
    assert is_due(store, now + timedelta(hours=21)) and is_due(store, now - 300 * DAY)
    ran, last = store.last_thinning()
    assert abs(ran - now) < timedelta(minutes=5) and last.at == now


def test_what_was_deleted_a_month_ago_is_purged(store: Store, storage: Storage) -> None:
    kept, gone = put(store, storage, 1), put(store, storage, 2)
    put(store, storage, 0)
    store.delete([kept.id, gone.id])
    now = datetime.now(UTC)
    assert thin(store, storage, at=now + 29 * DAY).purged == 0
    store.restore([kept.id])
    later = now + 31 * DAY
    assert dry_run(store, storage, at=later).purged == 1
    assert thin(store, storage, at=later).purged == 1
    assert store.snapshot(gone.id) is None and "2.jpg" in files(storage)


def test_its_photo_goes_first_where_photos_are_thinned(store: Store, storage: Storage) -> None:
    gone = put(store, storage, 2)
    put(store, storage, 0)
    store.delete([gone.id])
    store.save_retention(EVERY_LOT, Retention(photos_days=1000))
    later = datetime.now(UTC) + 31 * DAY
    said, done = dry_run(store, storage, at=later), thin(store, storage, at=later)
    assert said == done and (done.purged, done.photos.number) == (1, 1)
    assert files(storage) == ["0.jpg"]


def test_a_photo_that_comes_back_is_thinned_again(store: Store, storage: Storage) -> None:
    old = put(store, storage, 50)
    put(store, storage, 0)
    store.save_retention(EVERY_LOT, Retention(photos_days=30))
    assert thin(store, storage, at=NOON).photos.number == 1
    path = storage.path(old.photo.file)
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{old.photo.file:{SIZE}}")
    stat = path.stat()
    store.remember_file(old.photo.file, FileStamp(stat.st_size, stat.st_mtime_ns), old.photo.sha256)
    assert thin(store, storage, at=NOON).photos.number == 1


def test_on_a_full_disk_it_stops_and_goes_on_later(store: Store, storage: Storage) -> None:
    for age in (60, 50, 40, 0):
        put(store, storage, age)
    store.save_retention(EVERY_LOT, Retention(30, None, None, 30))
    before = hours(store)
    with store._write() as db:
        db.execute(
            "create trigger full before update on snapshots begin"
            " select raise(abort, 'database or disk is full'); end"
        )
    with pytest.raises(StoreError, match="disk is full"):
        thin(store, storage, at=NOON)
    assert files(storage) == ["0.jpg"] and store.count() == 4
    assert hours(store) == before
    with store._write() as db:
        db.execute("drop trigger full")
    done = thin(store, storage, at=NOON)
    assert (numbers(done), done.lots[0].missing) == ((0, 0, 2), 3)
    assert hours(store) == before


def test_nothing_is_thinned_while_the_hours_are_made_anew(store: Store, storage: Storage) -> None:
    for age in (60, 50, 0):
        put(store, storage, age)
    store.save_retention(EVERY_LOT, Retention(30, None, None, 30))
    with store._write() as db:
        db.execute("update hour_rules set complete = 0")
    with pytest.raises(StoreError, match="made anew"):
        thin(store, storage, at=NOON)
    assert store.count() == 3
    store.rebuild_hours()
    assert numbers(thin(store, storage, at=NOON)) == (0, 0, 1)


@settings(max_examples=60)
@given(
    looks=st.lists(
        st.tuples(
            st.integers(0, 40 * 24 * 2),
            st.sampled_from(["gate", "roof", "back"]),
            st.integers(0, 5),
            st.text("ovu", min_size=3, max_size=3) | st.none(),
        ),
        min_size=1,
        max_size=40,
        unique_by=lambda look: look[:2],
    ),
    runs=st.lists(st.tuples(st.integers(1, 20), st.integers(0, 40)), min_size=1, max_size=4),
    deleted=st.integers(0, 3),
)
def test_hours_never_change_by_thinning(looks, runs, deleted) -> None:
    with Store.in_memory() as store:
        layout = marked(store)
        storage = Storage(Path("nowhere"), "default")
        for half_hours, camera, cars, states in looks:
            at = NOON + timedelta(minutes=30 * half_hours)
            what = snapshot(
                f"{camera}{half_hours}", file=f"/x/{camera}{half_hours}", camera=camera, at=at,
                labels=("car",) * cars,
            )  # fmt: skip
            said = judged(layout, states) if states and camera == "gate" else None
            record(store, what, judged=said)
        store.delete([each.id for each in store.snapshots(limit=deleted)])
        before = hours(store)
        for days, age in runs:
            store.save_retention("north", Retention(days, None, None, days))
            now = NOON + (40 - age) * DAY
            said, done = dry_run(store, storage, at=now), thin(store, storage, at=now)
            assert said == done
            assert hours(store) == before
            store.rebuild_hours()
            assert hours(store) == before


# -- the command -------------------------------------------------------------------------------


@pytest.fixture
def command(tmp_path: Path, storage: Storage, monkeypatch) -> Callable[..., tuple[int, str]]:
    environ = {
        "PARKCORE_DB": str(tmp_path / "p.db"),
        "PARKCORE_STORAGE": str(storage.root),
        "PARKCORE_TIME_ZONE": "Europe/Madrid",
        "PARKCORE_CONFIG": str(tmp_path / "none.toml"),
    }
    (tmp_path / "none.toml").touch()

    def run(*words: str, answer: str = "") -> tuple[int, str]:
        done = CliRunner(env=environ).invoke(cli, ["keep", *words], input=answer)
        return done.exit_code, done.output

    return run


def test_the_command_asks_before_a_loss_and_does_what_it_said(
    command, storage: Storage, tmp_path: Path
) -> None:
    with Store.open(tmp_path / "p.db") as store:
        for age in (100, 90, 80, 0):
            put(store, storage, age)
    assert "everything for ever" in command("show")[1]
    assert command("set")[0] == 2
    status, said = command("set", "--photos-days", "30", answer="n\n")
    assert status == 1 and "3 photos (0.1 MB) from 2026-01-24 to 2026-02-13 would go" in said
    assert "everything for ever" in command("show")[1], "not agreed to, not set"
    assert "go before their snapshots" in command("set", "--snapshots-days", "30")[1]
    assert command("set", "--photos-days", "30", "--snapshots-days", "85", "--yes")[0] == 0
    [lot] = json.loads(command("dry-run", "--json")[1])["lots"]
    assert (lot["photos"]["number"], lot["snapshots"]["number"]) == (3, 1)
    assert command("apply", answer="n\n")[0] == 1
    assert len(files(storage)) == 4
    status, said = command("apply", answer="y\n")
    assert status == 0 and "3 photos (0.1 MB) from 2026-01-24 to 2026-02-13 gone" in said
    assert files(storage) == ["0.jpg"]
    shown = command("show")[1]
    assert "photos 30 days" in shown and "only hours before" in shown and "last thinned" in shown
    assert command("set", "--lot", "nowhere", "--photos-days", "3")[0] == 1
    assert "rule removed" in command("set", "--remove")[1]


def test_as_the_service_does_it(command, storage: Storage, tmp_path: Path) -> None:
    with Store.open(tmp_path / "p.db") as store:
        for age in (50, 0):
            put(store, storage, age)
        store.save_retention(EVERY_LOT, Retention(photos_days=30))
    assert command("apply", "--unattended")[0] == 0
    assert files(storage) == ["0.jpg"]
    with Store.open(tmp_path / "p.db") as store:
        put(store, storage, 49)
    assert command("apply", "--unattended")[0] == 0
    assert files(storage) == ["0.jpg", "49.jpg"], "not twice a day"


def test_the_file_of_the_database_becomes_smaller(command, storage: Storage, tmp_path) -> None:
    db = tmp_path / "p.db"
    with Store.open(db) as store:
        for age in range(60):
            what = snapshot(f"{age}", file=f"/x/{age}", at=NOON - age * DAY)
            store.record(what, bytes(20_000), lot=Lot("north", "North"))
        store.save_retention(EVERY_LOT, Retention(5, None, 5, 5))
        thin(store, storage, at=NOON)
        size, free = store.file_bytes()
        assert free > size / 2
    status, said = command("compact", "--yes")
    assert status == 0 and "MB now" in said
    assert db.stat().st_size < size / 2
    with Store.open(db) as store:
        assert store.check() == "ok" and store.file_bytes()[1] == 0


def test_killed_at_any_moment_it_goes_on_and_no_hour_changes(
    storage: Storage, tmp_path: Path
) -> None:
    db, photos = tmp_path / "p.db", 600
    with Store.open(db) as store:
        for number in range(photos):
            put(store, storage, number / 10)
        put(store, storage, 0, camera="roof")
        store.save_retention(EVERY_LOT, Retention(10, None, 10, 10))
        before = hours(store)
        said = dry_run(store, storage, at=NOON)
    environ = {
        **os.environ, "PARKCORE_DB": str(db), "PARKCORE_STORAGE": str(storage.root),
        "PARKCORE_TIME_ZONE": "UTC",
    }  # fmt: skip
    left = [photos + 1]
    for kill_at in (450, 200):
        process = subprocess.Popen(
            [sys.executable, "-m", "parkcore", "keep", "apply", "--yes"],
            cwd=ROOT, env=environ, start_new_session=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + 60
        while len(files(storage)) > kill_at and process.poll() is None:
            assert time.monotonic() < deadline
        with suppress(ProcessLookupError):  # on a fast machine it may be done by now
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        left.append(len(files(storage)))
        assert is_whole(db)
        with Store.open(db) as store:
            assert hours(store) == before
    assert left == sorted(left, reverse=True) and left[1] < photos
    subprocess.run(
        [sys.executable, "-m", "parkcore", "keep", "apply", "--yes"],
        cwd=ROOT, env=environ, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    with Store.open(db) as store:
        assert len(files(storage)) == photos + 1 - said.photos.number
        assert store.count() == photos + 1 - sum(lot.snapshots.number for lot in said.lots)
        assert dry_run(store, storage, at=NOON).is_nothing
        assert hours(store) == before
        store.rebuild_hours()
        assert hours(store) == before
    assert is_whole(db)


def is_whole(db: Path) -> bool:
    """Nothing is left of a snapshot that went."""
    with sqlite3.connect(db) as connection:
        [[verdict]] = connection.execute("pragma integrity_check")
        orphans = [
            connection.execute(
                f"select count(*) from {table} where snapshot_id not in (select id from snapshots)"
            ).fetchone()[0]
            for table in ("detections", "thumbnails", "judgements", "corrections")
        ]
    return verdict == "ok" and not any(orphans)


def test_two_at_once_are_one_too_many(storage: Storage, tmp_path: Path) -> None:
    from parkcore.service.lock import only_one

    db = tmp_path / "p.db"
    environ = {**os.environ, "PARKCORE_DB": str(db), "PARKCORE_STORAGE": str(storage.root)}
    with only_one(db, "keep-apply"):
        done = subprocess.run(
            [sys.executable, "-m", "parkcore", "keep", "apply", "--yes"],
            cwd=ROOT, env=environ, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 1 and "runs already" in done.stderr


def test_the_service_does_it_once_in_a_while(tmp_path: Path) -> None:
    done, stop = tmp_path / "done", threading.Event()
    script = f"echo again >> {done}; exit 3"
    chores = [
        Chore("often", ["sh", "-c", script], first_s=0.1, every_s=0.3),
        Chore("later", ["sh", "-c", f"touch {tmp_path / 'later'}"]),
    ]
    thread = threading.Thread(target=supervise, args=(chores, stop))
    thread.start()
    deadline = time.monotonic() + 30
    while not done.exists() or done.read_text().count("again") < 3:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    stop.set()
    thread.join(30)
    assert not thread.is_alive() and not (tmp_path / "later").exists()
