"""The watcher: photos that arrive in every way, folders that vanish, photos that are bad."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from conftest import PaintDetector, draw_lot, encode
from patience import WAIT_S, Turnstile, wait_until
from unprivileged import no_privileges, reachable_folder

from parkcore.domain import Failure, PartState, Snapshot
from parkcore.errors import ModelError
from parkcore.ingest import Analyser, Outcome, content_id
from parkcore.service import survey, waiting, watch, watcher
from parkcore.service.watcher import Watcher
from parkcore.spaces.judging import Judge
from parkcore.spaces.second_opinion import SecondOpinion
from parkcore.storage import Storage
from parkcore.store import FileStamp, Store

# Folders that appear in a hurry are watched twice by watchdog, which says so and goes on.
pytestmark = pytest.mark.filterwarnings("ignore:Callback with id:RuntimeWarning")

SOON_S = 5
"""Two seconds are promised, on a machine that does nothing else."""


@pytest.fixture(params=["events", "polling"])
def mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(watch, "POLL_S", 0.3)
    return request.param


@pytest.fixture(autouse=True)
def report_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests wait for what it says of itself."""
    monkeypatch.setattr(watcher, "REPORT_S", 0.1)


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


@pytest.fixture
def detector() -> PaintDetector:
    return PaintDetector()


@pytest.fixture
def judge(analyser: Analyser, detector: PaintDetector) -> Analyser:
    return replace(analyser, detector=detector, now=lambda: datetime.now(UTC))


@pytest.fixture
def start(storage: Storage, judge: Analyser, db: Path, mode: str) -> Iterator[Starter]:
    with starter(storage, judge, db, mode) as start:
        yield start


class Running:
    """A watcher at work in a thread, and what it has done."""

    def __init__(
        self, storage: Storage, judge: Analyser, db: Path, mode: str, **options: float
    ) -> None:
        self.db, self.outcomes = db, list[Outcome]()
        self._stop = threading.Event()
        watching = Watcher(
            storage,
            judge,
            lambda: Store.open(db, **options),
            mode=mode,
            on_outcome=self.outcomes.append,
        )
        self._thread = threading.Thread(target=watching.run, args=(self._stop,), daemon=True)
        self._thread.start()

    def ask_to_stop(self) -> None:
        self._stop.set()

    def stop(self) -> None:
        self.ask_to_stop()
        self._thread.join(WAIT_S)
        assert not self._thread.is_alive(), "it does not end"

    @property
    def state(self) -> PartState | None:
        with Store.open(self.db) as store:
            return next(iter(store.parts()), None)

    @property
    def snapshots(self) -> list[Snapshot]:
        with Store.open(self.db) as store:
            return store.snapshots()

    @property
    def failures(self) -> list[Failure]:
        with Store.open(self.db) as store:
            return store.failures()

    @property
    def files(self) -> list[str]:
        return sorted(snapshot.photo.file for snapshot in self.snapshots)

    def count(self, status: str) -> int:
        return sum(outcome.status == status for outcome in self.outcomes)

    def wait_until_it_watches(self) -> None:
        wait_until(
            lambda: bool(self.state and not self.state.fault and "watching" in self.state.note),
            lambda: f"it does not watch: {self.state}",
        )

    def wait_for_fault(self, text: str) -> None:
        """Until it says that this keeps it from its work."""
        wait_until(lambda: bool(self.state and text in self.state.fault), lambda: f"{self.state}")

    def wait_for(self, *files: str) -> None:
        """Until these are recorded, each once, and nothing else is."""
        wait_until(lambda: len(self.files) >= len(files), lambda: f"only {self.files}")
        assert self.files == sorted(files)


Starter = Callable[[], Running]


@contextmanager
def starter(
    storage: Storage, judge: Analyser, db: Path, mode: str, **options: float
) -> Iterator[Starter]:
    """Starts watchers that are stopped afterwards. The options are for opening the history."""
    started: list[Running] = []

    def start() -> Running:
        started.append(Running(storage, judge, db, mode, **options))
        return started[-1]

    yield start
    for running in started:
        running.stop()


@pytest.fixture
def running(start: Starter) -> Running:
    """A watcher that watches already, and the folder is empty."""
    running = start()
    running.wait_until_it_watches()
    return running


PHOTO = encode(draw_lot(3))
OTHER = encode(draw_lot(5, seed=1))
CUT_OFF = PHOTO[: len(PHOTO) // 2]


# -- how photos arrive --------------------------------------------------------------------------


def test_a_photo_is_in_the_history_soon(start, add_photo, monkeypatch):
    monkeypatch.setattr(watch, "POLL_S", 1.0)
    running = start()
    running.wait_until_it_watches()
    for number in range(3):
        add_photo(f"north/{number}.jpg", seed=number)
        complete = time.monotonic()
        running.wait_for(*(f"north/{n}.jpg" for n in range(number + 1)))
        assert time.monotonic() - complete < SOON_S
    assert [snapshot.vehicles.total for snapshot in running.snapshots] == [3, 3, 3]


def test_what_is_there_before_the_start_is_read(start, add_photo):
    old = add_photo("north/gate/old.jpg", seed=1)
    os.utime(old, (1e9, 1e9))
    add_photo("just-now.jpg", seed=2)
    running = start()
    running.wait_for("just-now.jpg", "north/gate/old.jpg")


def test_what_was_read_before_the_start_is_not_read_again(start, add_photo):
    add_photo("a.jpg")
    first = start()
    first.wait_for("a.jpg")
    first.stop()
    add_photo("b.jpg", seed=1)
    second = start()
    second.wait_for("a.jpg", "b.jpg")
    assert [outcome.source.file for outcome in second.outcomes] == ["b.jpg"]


def test_a_photo_that_is_written_slowly_is_recorded_once_and_never_as_bad(running, storage):
    with (storage.root / "a.jpg").open("wb") as file:
        size = len(PHOTO) // 15 + 1
        for at in range(0, len(PHOTO), size):
            file.write(PHOTO[at : at + size])
            file.flush()
            time.sleep(0.1)
    running.wait_for("a.jpg")
    running.stop()
    assert running.failures == []
    assert running.count("new") == 1


def test_a_photo_whose_writer_pauses_is_whole_in_the_end(running, storage):
    """For longer than a file must have held: what was read of it meanwhile is forgotten."""
    with (storage.root / "a.jpg").open("wb") as file:
        for part in (CUT_OFF, PHOTO[len(CUT_OFF) :]):
            file.write(part)
            file.flush()
            time.sleep(2.5)
    running.wait_for("a.jpg")
    assert running.failures == []
    assert running.snapshots[0].photo.sha256 == content_id(PHOTO)


def move_in(root: Path, outside: Path) -> str:
    (outside / "a.jpg").rename(root / "a.jpg")
    return "a.jpg"


def rename_from_tmp(root: Path, outside: Path) -> str:
    (root / "a.jpg.tmp").write_bytes(PHOTO)
    time.sleep(1.5)
    (root / "a.jpg.tmp").rename(root / "a.jpg")
    return "a.jpg"


def rename_from_hidden(root: Path, outside: Path) -> str:
    (root / ".a.jpg").write_bytes(PHOTO)
    time.sleep(1.5)
    (root / ".a.jpg").rename(root / "a.jpg")
    return "a.jpg"


def rename_out_of_a_hidden_folder(root: Path, outside: Path) -> str:
    (root / ".upload").mkdir()
    (root / ".upload" / "a.jpg").write_bytes(PHOTO)
    time.sleep(1.5)
    (root / ".upload" / "a.jpg").rename(root / "a.jpg")
    return "a.jpg"


def link(root: Path, outside: Path) -> str:
    (root / "a.jpg").hardlink_to(outside / "a.jpg")
    return "a.jpg"


def link_softly(root: Path, outside: Path) -> str:
    (root / "a.jpg").symlink_to(outside / "a.jpg")
    return "a.jpg"


def link_a_folder(root: Path, outside: Path) -> str:
    (root / "north").symlink_to(outside)
    return "north/a.jpg"


def copy_with_its_old_time(root: Path, outside: Path) -> str:
    os.utime(outside / "a.jpg", (1e9, 1e9))
    shutil.copy2(outside / "a.jpg", root / "a.jpg")
    return "a.jpg"


def write_with_a_time_to_come(root: Path, outside: Path) -> str:
    (root / "a.jpg").write_bytes(PHOTO)
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).timestamp()
    os.utime(root / "a.jpg", (tomorrow, tomorrow))
    return "a.jpg"


def write_into_a_new_lot(root: Path, outside: Path) -> str:
    (root / "north" / "gate" / "2026-05-04").mkdir(parents=True)
    (root / "north" / "gate" / "2026-05-04" / "a.jpg").write_bytes(PHOTO)
    return "north/gate/2026-05-04/a.jpg"


def write_into_a_new_lot_later(root: Path, outside: Path) -> str:
    (root / "north").mkdir()
    time.sleep(1.5)
    (root / "north" / "a.jpg").write_bytes(PHOTO)
    return "north/a.jpg"


def move_a_folder_in(root: Path, outside: Path) -> str:
    outside.rename(root / "north")
    return "north/a.jpg"


def write_without_a_suffix(root: Path, outside: Path) -> str:
    (root / "photo").write_bytes(PHOTO)
    return "photo"


def write_with_a_strange_name(root: Path, outside: Path) -> str:
    (root / "Süd # 100%\n[1]").mkdir()
    (root / "Süd # 100%\n[1]" / "é '\".jpg").write_bytes(PHOTO)
    return "Süd # 100%\n[1]/é '\".jpg"


ARRIVALS = [
    *(move_in, rename_from_tmp, rename_from_hidden, rename_out_of_a_hidden_folder, link),
    *(link_softly, link_a_folder, copy_with_its_old_time, write_with_a_time_to_come),
    *(write_into_a_new_lot, write_into_a_new_lot_later, move_a_folder_in),
    *(write_without_a_suffix, write_with_a_strange_name),
]


@pytest.mark.parametrize("arrive", ARRIVALS)
def test_however_a_photo_arrives_it_is_recorded_once(running, storage, tmp_path, arrive):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.jpg").write_bytes(PHOTO)
    file = arrive(storage.root, outside)
    running.wait_for(file)
    running.stop()
    assert running.failures == []
    assert running.count("new") == 1


def test_a_copied_tree_is_recorded_whole(running, storage, tmp_path):
    tree, files = tmp_path / "tree", []
    for number in range(60):
        file = f"lot{number % 4}/camera{number % 3}/2026-05-{number % 28 + 1:02}/{number}.jpg"
        (tree / file).parent.mkdir(parents=True, exist_ok=True)
        (tree / file).write_bytes(encode(draw_lot(number % 9, seed=number)))
        files.append(f"copied/{file}")
    shutil.copytree(tree, storage.root / "copied")
    running.wait_for(*files)
    assert running.failures == []


def test_a_photo_that_is_overwritten_by_another_is_a_second_snapshot(running, storage):
    (storage.root / "a.jpg").write_bytes(PHOTO)
    running.wait_for("a.jpg")
    (storage.root / "a.jpg").write_bytes(OTHER)
    running.wait_for("a.jpg", "a.jpg")
    assert {each.photo.sha256 for each in running.snapshots} == {
        content_id(PHOTO),
        content_id(OTHER),
    }


def test_a_photo_that_is_replaced_by_another_is_a_second_snapshot(running, storage, tmp_path):
    (storage.root / "a.jpg").write_bytes(PHOTO)
    running.wait_for("a.jpg")
    (tmp_path / "b.jpg").write_bytes(OTHER)
    (tmp_path / "b.jpg").replace(storage.root / "a.jpg")
    running.wait_for("a.jpg", "a.jpg")


def test_a_copy_under_another_name_is_no_second_snapshot(running, storage):
    (storage.root / "a.jpg").write_bytes(PHOTO)
    running.wait_for("a.jpg")
    shutil.copy(storage.root / "a.jpg", storage.root / "b.jpg")
    wait_until(lambda: running.count("known") > 0, "the copy is not read")
    assert running.files == ["a.jpg"]


def test_what_is_hidden_or_unfinished_by_its_name_is_left_alone(running, storage):
    names = (".a.jpg", "a.jpg.part", "a.jpg.tmp", "a.crdownload", "a.jpg~", ".hidden/a.jpg")
    for name in (*names, "@eaDir/a.jpg", "lot.toml", "notes.txt"):
        (storage.root / name).parent.mkdir(exist_ok=True)
        (storage.root / name).write_bytes(PHOTO if "a" in Path(name).stem else b"a note")
    (storage.root / "notes.txt").write_bytes(b"a note")
    (storage.root / "b.jpg").write_bytes(OTHER)
    running.wait_for("b.jpg")
    time.sleep(1.5)
    assert [outcome.source.file for outcome in running.outcomes] == ["b.jpg"]
    assert running.failures == []


def test_a_thousand_photos_at_once_are_each_recorded_once(running, storage):
    photos = [encode(draw_lot(n % 20, seed=n)) for n in range(1000)]
    for number, photo in enumerate(photos):
        folder = storage.root / f"lot{number % 5}" / f"camera{number % 3}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.jpg").write_bytes(photo)
    wait_until(lambda: running.count("new") >= 1000, lambda: f"only {running.count('new')}")
    snapshots = running.snapshots
    assert len(snapshots) == 1000
    assert {each.photo.sha256 for each in snapshots} == set(map(content_id, photos))
    assert running.failures == []


def test_a_photo_that_is_gone_again_does_not_matter(running, storage, add_photo):
    for number in range(20):
        add_photo(f"{number}.jpg", seed=number).unlink()
    add_photo("stays.jpg", seed=99)
    running.wait_for("stays.jpg")
    assert running.failures == []


def test_links_to_folders_are_seen_in_the_next_look_through_the_folder(
    start, storage, tmp_path, monkeypatch
):
    """No event tells of what happens behind them."""
    monkeypatch.setattr(survey, "RECONCILE_S", 1.0)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (storage.root / "north").symlink_to(elsewhere)
    running = start()
    running.wait_until_it_watches()
    (elsewhere / "a.jpg").write_bytes(PHOTO)
    running.wait_for("north/a.jpg")


def test_a_linked_storage_folder_is_watched_like_any(storage, judge, db, mode, tmp_path):
    (tmp_path / "link").symlink_to(storage.root)
    linked = Storage(tmp_path / "link", "default")
    with starter(linked, judge, db, mode) as start:
        running = start()
        running.wait_until_it_watches()
        time.sleep(1)
        (storage.root / "a.jpg").write_bytes(PHOTO)
        running.wait_for("a.jpg")


def test_the_storage_folder_may_be_given_relative_to_here(judge, db, mode, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("photos").mkdir()
    with starter(Storage(Path("photos"), "default"), judge, db, mode) as start:
        running = start()
        running.wait_until_it_watches()
        (tmp_path / "photos" / "a.jpg").write_bytes(PHOTO)
        running.wait_for("a.jpg")
        assert running.count("known") == 0


# -- the storage folder comes and goes ----------------------------------------------------------


def test_a_storage_folder_that_is_missing_is_waited_for(start, storage):
    storage.root.rmdir()
    running = start()
    running.wait_for_fault(f"the folder {storage.root} is missing")
    storage.root.mkdir()
    running.wait_until_it_watches()
    (storage.root / "a.jpg").write_bytes(PHOTO)
    running.wait_for("a.jpg")


def test_what_came_with_the_storage_folder_is_read(start, storage, tmp_path):
    """As with a drive that is mounted late."""
    storage.root.rmdir()
    running = start()
    running.wait_for_fault("is missing")
    (tmp_path / "drive").mkdir()
    (tmp_path / "drive" / "a.jpg").write_bytes(PHOTO)
    (tmp_path / "drive").rename(storage.root)
    running.wait_for("a.jpg")


def test_a_storage_folder_that_is_removed_and_made_again_is_watched(running, storage):
    (storage.root / "a.jpg").write_bytes(PHOTO)
    running.wait_for("a.jpg")
    shutil.rmtree(storage.root)
    running.wait_for_fault("is missing")
    storage.root.mkdir()
    running.wait_until_it_watches()
    (storage.root / "b.jpg").write_bytes(OTHER)
    running.wait_for("a.jpg", "b.jpg")


def test_a_storage_folder_that_is_replaced_in_one_moment_is_watched(running, storage):
    shutil.rmtree(storage.root)
    storage.root.mkdir()
    (storage.root / "a.jpg").write_bytes(PHOTO)
    running.wait_for("a.jpg")
    (storage.root / "b.jpg").write_bytes(OTHER)
    running.wait_for("a.jpg", "b.jpg")


def test_a_storage_folder_that_is_renamed_away_and_back_is_watched(running, storage, tmp_path):
    storage.root.rename(tmp_path / "away")
    running.wait_for_fault("is missing")
    (tmp_path / "away" / "a.jpg").write_bytes(PHOTO)
    (tmp_path / "away").rename(storage.root)
    running.wait_for("a.jpg")
    (storage.root / "b.jpg").write_bytes(OTHER)
    running.wait_for("a.jpg", "b.jpg")


def test_another_folder_in_the_place_of_the_storage_folder_is_watched(running, storage, tmp_path):
    (tmp_path / "another").mkdir()
    storage.root.rename(tmp_path / "away")
    (tmp_path / "another").rename(storage.root)
    (storage.root / "a.jpg").write_bytes(PHOTO)
    (tmp_path / "away" / "old.jpg").write_bytes(OTHER)
    running.wait_for("a.jpg")


def test_photos_that_were_waiting_when_the_folder_went_are_read_when_it_is_back(
    storage, judge, db, tmp_path
):
    gate = Turnstile()
    with starter(storage, replace(judge, detector=gate), db, "events") as start:
        running = start()
        running.wait_until_it_watches()
        for number in range(4):
            (storage.root / f"{number}.jpg").write_bytes(encode(draw_lot(3, seed=number)))
        gate.wait()
        storage.root.rename(tmp_path / "away")
        gate.let_pass(4)
        running.wait_for_fault("is missing")
        (tmp_path / "away").rename(storage.root)
        running.wait_for(*(f"{number}.jpg" for number in range(4)))
        assert running.failures == []


def test_a_storage_folder_without_permission_is_said_and_read_once_it_is_given(judge, mode):
    with reachable_folder() as folder:
        folder.chmod(0o777)
        with no_privileges():
            storage = Storage(folder / "photos", "default")
            storage.root.mkdir()
            (storage.root / "a.jpg").write_bytes(PHOTO)
            storage.root.chmod(0)
            with starter(storage, judge, folder / "history.db", mode) as start:
                running = start()
                try:
                    running.wait_for_fault("Permission denied")
                finally:
                    storage.root.chmod(0o755)
                running.wait_for("a.jpg")
                (storage.root / "b.jpg").write_bytes(OTHER)
                running.wait_for("a.jpg", "b.jpg")


def test_a_file_in_the_place_of_the_storage_folder_is_said(start, storage):
    storage.root.rmdir()
    storage.root.write_bytes(b"a note")
    running = start()
    running.wait_for_fault("directory")
    storage.root.unlink()
    storage.root.mkdir()
    (storage.root / "a.jpg").write_bytes(PHOTO)
    running.wait_for("a.jpg")


# -- photos that cannot be read -----------------------------------------------------------------


def test_a_bad_photo_does_not_hold_up_those_behind_it(running, storage, add_photo):
    (storage.root / "0.jpg").write_bytes(CUT_OFF)
    add_photo("1.jpg")
    running.wait_for("1.jpg")
    wait_until(lambda: running.count("failed") > 0, "the bad photo is not read")
    [failure] = running.failures
    assert (failure.file, failure.in_storage) == ("0.jpg", True)
    assert "damaged or cut off" in failure.reason


def test_a_bad_photo_is_tried_again_and_left_in_the_end(running, storage, monkeypatch):
    monkeypatch.setattr(waiting, "RETRY_S", (0.2, 0.4, 0.8))
    monkeypatch.setattr(survey, "RECONCILE_S", 0.5)
    (storage.root / "a.jpg").write_bytes(CUT_OFF)
    wait_until(lambda: running.count("failed") == 4, lambda: str(running.outcomes))
    time.sleep(2)
    assert running.count("failed") == 4
    [failure] = running.failures
    assert failure.attempts == 4


def test_a_bad_photo_that_is_completed_becomes_a_snapshot(running, storage):
    path = storage.root / "a.jpg"
    path.write_bytes(CUT_OFF)
    wait_until(lambda: running.failures != [], "the bad photo is not read")
    with path.open("ab") as file:
        file.write(PHOTO[len(CUT_OFF) :])
    running.wait_for("a.jpg")
    assert running.failures == []


def test_a_bad_photo_that_was_left_is_read_when_it_is_completed(running, storage, monkeypatch):
    monkeypatch.setattr(waiting, "RETRY_S", (0.1,))
    path = storage.root / "a.jpg"
    path.write_bytes(CUT_OFF)
    wait_until(lambda: running.count("failed") == 2, "it is not tried again")
    path.write_bytes(PHOTO)
    running.wait_for("a.jpg")
    assert running.failures == []


def test_a_bad_photo_that_stays_bad_when_it_changes_is_tried_again_as_often(
    running, storage, monkeypatch
):
    monkeypatch.setattr(waiting, "RETRY_S", (0.1, 0.2))
    (storage.root / "a.jpg").write_bytes(CUT_OFF)
    wait_until(lambda: running.count("failed") == 3, "it is not tried again")
    (storage.root / "a.jpg").write_bytes(CUT_OFF[:-100])
    wait_until(lambda: running.count("failed") == 6, lambda: str(running.count("failed")))
    time.sleep(1)
    assert running.count("failed") == 6
    assert running.failures[0].attempts == 3


def test_a_bad_photo_that_vanishes_is_not_waited_for(running, storage, monkeypatch):
    monkeypatch.setattr(waiting, "RETRY_S", (0.5, 0.5))
    (storage.root / "a.jpg").write_bytes(CUT_OFF)
    wait_until(lambda: running.count("failed") == 1, "the bad photo is not read")
    (storage.root / "a.jpg").unlink()
    wait_until(lambda: running.count("gone") == 1, "it is not tried again")
    time.sleep(1)
    assert len(running.outcomes) == 2


def test_a_restart_goes_on_with_the_retries(start, storage, monkeypatch):
    monkeypatch.setattr(waiting, "RETRY_S", (0.1, 0.1, 3600, 0.1))
    (storage.root / "a.jpg").write_bytes(CUT_OFF)
    first = start()
    wait_until(lambda: first.count("failed") == 3, "it is not tried again")
    first.stop()
    monkeypatch.setattr(waiting, "RETRY_S", (3600, 3600, 0.5, 0.5))
    second = start()
    wait_until(lambda: second.count("failed") == 2, "the retries do not go on")
    time.sleep(1)
    assert second.count("failed") == 2
    assert second.failures[0].attempts == 5


def test_a_restart_leaves_what_was_left(start, storage, add_photo, monkeypatch):
    monkeypatch.setattr(waiting, "RETRY_S", (0.1,))
    monkeypatch.setattr(survey, "RECONCILE_S", 0.5)
    bad = storage.root / "bad.jpg"
    bad.write_bytes(CUT_OFF)
    first = start()
    wait_until(lambda: first.count("failed") == 2, "it is not tried again")
    first.stop()
    add_photo("good.jpg")
    second = start()
    second.wait_for("good.jpg")
    time.sleep(1.5)
    assert second.count("failed") == 0
    bad.write_bytes(OTHER)
    second.wait_for("bad.jpg", "good.jpg")


def test_a_bad_photo_that_was_completed_while_nobody_watched_is_read(start, storage, monkeypatch):
    monkeypatch.setattr(waiting, "RETRY_S", (0.1,))
    (storage.root / "a.jpg").write_bytes(CUT_OFF)
    first = start()
    wait_until(lambda: first.count("failed") == 2, "it is not tried again")
    first.stop()
    (storage.root / "a.jpg").write_bytes(PHOTO)
    second = start()
    second.wait_for("a.jpg")
    assert second.failures == []


def test_what_was_refused_at_the_door_is_not_looked_for(start, db, add_photo):
    refused = Failure("a.jpg (upload)", "north", "gate", "no photo", datetime.now(UTC))
    with Store.open(db) as store:
        store.record_failure(replace(refused, in_storage=False), FileStamp(1, 1))
    add_photo("good.jpg")
    running = start()
    running.wait_for("good.jpg")
    wait_until(lambda: running.outcomes, "what it recorded is not told")
    assert len(running.outcomes) == 1


@pytest.fixture
def closed(judge: Analyser, mode: str) -> Iterator[tuple[Path, Starter]]:
    """As nobody: a photo that its owner may not read, and a watcher."""
    with reachable_folder() as folder:
        folder.chmod(0o777)
        with no_privileges():
            storage = Storage(folder / "photos", "default")
            storage.root.mkdir()
            path = storage.root / "a.jpg"
            path.write_bytes(PHOTO)
            path.chmod(0)
            with starter(storage, judge, folder / "history.db", mode) as start:
                yield path, start


def test_a_photo_without_permission_is_said_and_holds_up_nobody(closed, monkeypatch):
    monkeypatch.setattr(waiting, "RETRY_S", (0.2, 0.2))
    path, start = closed
    (path.parent / "b.jpg").write_bytes(OTHER)
    running = start()
    running.wait_for("b.jpg")
    wait_until(lambda: running.count("failed") == 3, "it is not tried again")
    [failure] = running.failures
    assert failure.file == "a.jpg"
    assert "Permission denied" in failure.reason


def test_a_photo_is_read_by_the_retry_after_the_permission_is_given(closed, monkeypatch):
    monkeypatch.setattr(waiting, "RETRY_S", (0.2, 1.0, 1.0, 1.0, 1.0))
    path, start = closed
    running = start()
    wait_until(lambda: running.count("failed") > 0, "it is not read")
    path.chmod(0o644)
    running.wait_for("a.jpg")
    assert running.failures == []


def test_a_photo_that_was_left_is_read_when_the_permission_is_given(closed, monkeypatch):
    monkeypatch.setattr(waiting, "RETRY_S", (0.2,))
    path, start = closed
    running = start()
    wait_until(lambda: running.count("failed") == 2, "it is not tried again")
    path.chmod(0o644)
    running.wait_for("a.jpg")
    assert running.failures == []


def test_a_photo_that_was_left_is_read_if_the_permission_was_given_while_nobody_watched(
    closed, monkeypatch
):
    monkeypatch.setattr(waiting, "RETRY_S", (0.2,))
    path, start = closed
    first = start()
    wait_until(lambda: first.count("failed") == 2, "it is not tried again")
    first.stop()
    path.chmod(0o644)
    second = start()
    second.wait_for("a.jpg")
    assert second.failures == []


# -- the database -------------------------------------------------------------------------------


@contextmanager
def kept_busy(db: Path) -> Iterator[None]:
    """Another program that writes and does not come to an end."""
    with closing(sqlite3.connect(db, timeout=30, isolation_level=None)) as connection:
        connection.execute("begin immediate")
        yield
        connection.execute("rollback")


def test_a_database_that_is_busy_for_too_long_loses_nothing(
    storage, judge, db, mode, add_photo, caplog
):
    with starter(storage, judge, db, mode, busy_s=0.3) as start:
        running = start()
        running.wait_until_it_watches()
        with kept_busy(db):
            for number in range(5):
                add_photo(f"{number}.jpg", seed=number)
            (storage.root / "bad.jpg").write_bytes(CUT_OFF)
            wait_until(lambda: "kept busy" in caplog.text, "it is not said")
            time.sleep(2)
            assert running.count("new") == 0
        running.wait_for(*(f"{number}.jpg" for number in range(5)))
        wait_until(lambda: len(running.failures) == 1, "the bad photo is lost")

        def is_told() -> bool:
            return running.state is not None and bool(running.state.last_failure)

        wait_until(is_told, "the failure is not reported")


def test_a_database_that_fails_during_the_look_through_the_folder_loses_nothing(
    start, storage, db, tmp_path, caplog
):
    """No event tells of what came with the folder: the look must be made up for soon."""
    storage.root.rmdir()
    running = start()
    running.wait_for_fault("is missing")
    with altered(db, "alter table files rename to mislaid", "alter table mislaid rename to files"):
        (tmp_path / "drive").mkdir()
        (tmp_path / "drive" / "a.jpg").write_bytes(PHOTO)
        (tmp_path / "drive").rename(storage.root)
        wait_until(lambda: "no such table" in caplog.text, "it is not said")
    running.wait_for("a.jpg")


@contextmanager
def altered(db: Path, before: str, after: str) -> Iterator[None]:
    """A database that cannot be read for a while."""
    for sql in (before, after):
        with closing(sqlite3.connect(db, timeout=30)) as connection, connection:
            connection.execute(sql)
        if sql == before:
            yield


class Loading(PaintDetector):
    """A model that takes as long to load as the test says."""

    def __init__(self) -> None:
        self.begun, self.may_end = threading.Event(), threading.Event()

    def load(self) -> None:
        self.begun.set()
        assert self.may_end.wait(WAIT_S)


# -- what it says of itself ---------------------------------------------------------------------


def test_it_says_how_it_watches_and_that_it_lives(running, mode):
    first = running.state
    assert first.note.startswith(f"watching by {mode}")
    assert (first.name, first.pid) == ("watcher", os.getpid())
    assert first.last_success_at is first.last_failure_at is None
    assert first.queue == 0
    wait_until(lambda: running.state.seen_at > first.seen_at, "it says nothing more")
    assert running.state.started_at == first.started_at
    assert datetime.now(UTC) - running.state.seen_at < timedelta(seconds=30)


def test_it_says_when_it_was_last_successful_and_what_failed(running, storage):
    before = datetime.now(UTC)
    (storage.root / "a.jpg").write_bytes(PHOTO)
    wait_until(lambda: running.state.last_success_at is not None, "no success")
    assert before <= running.state.last_success_at <= datetime.now(UTC)
    (storage.root / "bad.jpg").write_bytes(CUT_OFF)
    wait_until(lambda: running.state.last_failure_at is not None, "no failure")
    assert running.state.last_failure.startswith("bad.jpg: the photo is damaged")
    assert running.state.last_failure_at > running.state.last_success_at


def test_it_says_how_many_photos_are_waiting(storage, judge, db, mode, monkeypatch):
    monkeypatch.setattr(watcher, "REPORT_S", 0.0)
    gate = Turnstile()
    for number in range(5):
        (storage.root / f"{number}.jpg").write_bytes(encode(draw_lot(3, seed=number)))
        os.utime(storage.root / f"{number}.jpg", (1e9, 1e9))
    with starter(storage, replace(judge, detector=gate), db, mode) as start:
        running = start()
        gate.wait()
        for waiting in (4, 3, 2):
            gate.let_pass()
            gate.wait()
            assert running.state.queue == waiting
        gate.let_pass(9)
        wait_until(lambda: running.state.queue == 0, "they wait for ever")
    assert running.count("new") == 5


def test_while_the_model_loads_that_is_said(storage, judge, db, mode):
    model = Loading()
    with starter(storage, replace(judge, detector=model), db, mode) as start:
        running = start()
        assert model.begun.wait(WAIT_S)
        assert running.state.note == "loading the model"
        model.may_end.set()
        running.wait_until_it_watches()


def test_a_model_that_cannot_be_loaded_ends_it(storage, judge, db):
    class Broken(PaintDetector):
        def load(self) -> None:
            raise ModelError("the weights are gone; put them back")

    broken = replace(judge, detector=Broken())
    with pytest.raises(ModelError, match="put them back"):
        Watcher(storage, broken, lambda: Store.open(db)).run(threading.Event())


def test_a_classifier_that_cannot_be_loaded_ends_it_with_word_of_why(storage, judge, db, tmp_path):
    second = SecondOpinion(tmp_path / "gone.pt")
    broken = replace(judge, judge=Judge(second))
    with pytest.raises(ModelError, match=r"gone\.pt"):
        Watcher(storage, broken, lambda: Store.open(db)).run(threading.Event())
    with Store.open(db) as store:
        assert "gone.pt" in store.part("watcher").fault


def test_a_model_that_goes_while_it_watches_ends_it_with_word_of_why(storage, judge, db):
    class Going(PaintDetector):
        def detect(self, image, imgsz=None):
            raise ModelError("the weights are gone; put them back")

    (storage.root / "a.jpg").write_bytes(encode(draw_lot(3)))
    watcher = Watcher(storage, replace(judge, detector=Going()), lambda: Store.open(db))
    with pytest.raises(ModelError, match="put them back"):
        watcher.run(threading.Event())
    with Store.open(db) as store:
        assert "put them back" in store.part("watcher").fault
        assert store.failures() == [], "it is not the photo's fault"


def test_a_folder_that_is_missing_is_logged_once(start, storage, caplog):
    storage.root.rmdir()
    running = start()
    running.wait_for_fault("is missing")
    time.sleep(1)
    assert caplog.text.count("waiting for it to come back") == 1


def test_it_stops_after_the_photo_in_hand(storage, judge, db):
    gate = Turnstile()
    for number in range(3):
        (storage.root / f"{number}.jpg").write_bytes(encode(draw_lot(3, seed=number)))
    with starter(storage, replace(judge, detector=gate), db, "events") as start:
        running = start()
        gate.wait()
        running.ask_to_stop()
        gate.let_pass(9)
        running.stop()
    assert len(running.files) == 1
    assert running.failures == []


def test_a_broken_lot_file_does_not_matter_to_the_photos(running, storage, add_photo, caplog):
    (storage.root / "north").mkdir()
    (storage.root / "north" / "lot.toml").write_text("capacity = many")
    add_photo("north/a.jpg")
    running.wait_for("north/a.jpg")
    assert "lot.toml" in caplog.text
