"""A scan in the background: one at a time, seen by everybody, stopped and gone on with."""

from __future__ import annotations

import shutil
import threading
from dataclasses import replace

import pytest
from conftest import PaintDetector
from patience import WAIT_S, Turnstile

from parkcore.errors import ModelError
from parkcore.ingest import Analyser
from parkcore.job import Progress, ScanJob
from parkcore.store import Store


@pytest.fixture
def database(tmp_path):
    return tmp_path / "parkcore.db"


@pytest.fixture
def make_job(database, analyser, storage):
    def make(detector=None, open_store=None) -> ScanJob:
        judge: Analyser = replace(analyser, detector=detector or PaintDetector())
        return ScanJob(open_store or (lambda: Store.open(database)), judge, storage)

    return make


@pytest.fixture
def photos(add_photo):
    return [add_photo(f"north/{n}.jpg", seed=n) for n in range(4)]


def ended(job: ScanJob) -> Progress:
    job.join(WAIT_S)
    assert not job.progress.running
    return job.progress


def recorded(database) -> int:
    with Store.open(database) as store:
        return store.count()


def test_a_job_that_was_never_started_is_idle(make_job):
    job = make_job()
    assert job.progress == Progress()
    job.join()
    job.cancel()
    assert job.progress.status == "idle"


def test_a_scan_reads_everything(make_job, photos, database):
    job = make_job()
    job.start()
    assert ended(job) == Progress("done", done=4, total=4, new=4)
    assert recorded(database) == 4


def test_a_second_scan_finds_everything_known(make_job, photos):
    job = make_job()
    for _ in range(2):
        job.start()
        ended(job)
    assert job.progress == Progress("done", done=0, total=0, known=4)


def test_bad_photos_and_duplicates_are_counted(make_job, photos, storage):
    (storage.root / "bad.jpg").write_bytes(b"")
    shutil.copy(photos[0], storage.root / "north" / "copy.jpg")
    job = make_job()
    job.start()
    progress = ended(job)
    assert (progress.new, progress.known, progress.failed) == (4, 1, 1)
    assert (progress.done, progress.total) == (6, 6)


def test_an_empty_folder_is_done_at_once(make_job):
    job = make_job()
    job.start()
    assert ended(job) == Progress("done")


def test_a_running_scan_is_seen_from_another_thread(make_job, photos):
    gate = Turnstile()
    job = make_job(gate)
    job.start()
    gate.wait()
    seen = []
    other = threading.Thread(target=lambda: seen.append(job.progress))
    other.start()
    other.join(WAIT_S)
    assert seen == [Progress("running", done=0, total=4, current="north/0.jpg")]
    gate.let_pass()
    gate.wait()
    assert job.progress == Progress("running", done=1, total=4, current="north/1.jpg", new=1)
    gate.let_pass(3)
    assert ended(job) == Progress("done", done=4, total=4, new=4)


def test_starting_twice_reads_every_photo_once(make_job, photos, database):
    gate = Turnstile()
    job = make_job(gate)
    job.start()
    gate.wait()
    job.start()
    assert sum(thread.name == "parkcore-scan" for thread in threading.enumerate()) == 1
    gate.let_pass(4)
    assert ended(job).new == 4
    assert recorded(database) == 4


def test_a_photo_that_came_during_a_scan_is_read_by_the_next_start(make_job, photos, add_photo):
    gate = Turnstile()
    job = make_job(gate)
    job.start()
    gate.wait()
    add_photo("north/later.jpg", seed=99)
    job.start()
    gate.let_pass(5)
    progress = ended(job)
    assert (progress.status, progress.new) == ("done", 5)
    assert (progress.done, progress.total) == (5, 5)


def test_what_the_scan_itself_read_is_not_called_known(make_job, photos):
    """Looking through the folder again during a scan finds its own work."""
    gate = Turnstile()
    job = make_job(gate)
    job.start()
    gate.wait()
    job.start()
    gate.let_pass(4)
    assert ended(job) == Progress("done", done=4, total=4, new=4)


def test_a_cancelled_scan_keeps_what_is_recorded_and_goes_on(make_job, photos, database):
    gate = Turnstile()
    job = make_job(gate)
    job.start()
    gate.wait()
    gate.let_pass()
    gate.wait()
    job.cancel()
    gate.let_pass()
    assert ended(job) == Progress("cancelled", done=2, total=4, new=2)
    assert recorded(database) == 2
    gate.let_pass(2)
    job.start()
    assert ended(job) == Progress("done", done=2, total=2, new=2, known=2)
    assert recorded(database) == 4


def test_a_start_right_after_a_cancel_is_not_lost(make_job, photos, database):
    gate = Turnstile()
    job = make_job(gate)
    job.start()
    gate.wait()
    job.cancel()
    job.start()
    gate.let_pass(4)
    assert ended(job).status == "done"
    assert recorded(database) == 4


def test_photos_added_right_after_a_cancel_are_read(make_job, photos, storage, add_photo, database):
    gate = Turnstile()
    job = make_job(gate)
    job.start()
    gate.wait()
    job.cancel()
    job.add([storage.source(add_photo("upload/a.jpg", seed=50))])
    gate.let_pass(5)
    ended(job)
    with Store.open(database) as store:
        assert "upload/a.jpg" in [one.photo.file for one in store.snapshots()]


def test_photos_are_read_without_a_look_through_the_folder(make_job, photos, storage, database):
    job = make_job()
    job.add([storage.source(photos[2])])
    assert ended(job) == Progress("done", done=1, total=1, new=1)
    with Store.open(database) as store:
        assert [one.photo.file for one in store.snapshots()] == ["north/2.jpg"]


def test_photos_added_during_a_scan_come_next(make_job, photos, storage, add_photo):
    gate, order = Turnstile(), []
    job = make_job(gate)
    job.start()
    gate.wait()
    job.add([storage.source(add_photo(f"upload/{n}.jpg", seed=50 + n)) for n in range(2)])
    assert job.progress.total == 6
    for _ in range(5):
        order.append(job.progress.current)
        gate.let_pass()
        gate.wait()
    gate.let_pass()
    assert order[:3] == ["north/0.jpg", "upload/0.jpg", "upload/1.jpg"]
    assert ended(job) == Progress("done", done=6, total=6, new=6)


def test_photos_added_before_a_look_are_read_once(make_job, photos, storage):
    job = make_job()
    job.add([storage.source(photos[0])])
    job.start()
    progress = ended(job)
    assert progress.status == "done"
    assert progress.failed == 0
    job.start()
    assert ended(job).known == 4


def test_photos_added_by_many_threads_are_all_read(make_job, storage, add_photo, database):
    job = make_job()
    sources = [storage.source(add_photo(f"{n}.jpg", seed=n)) for n in range(24)]
    threads = [
        threading.Thread(target=lambda part=part: [job.add([source]) for source in part])
        for part in (sources[::3], sources[1::3], sources[2::3])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    while job.progress.running:
        job.join(WAIT_S)
    assert recorded(database) == 24


def test_a_missing_folder_ends_the_scan_with_the_reason(make_job, storage, photos):
    job = make_job()
    shutil.rmtree(storage.root)
    job.start()
    progress = ended(job)
    assert progress.status == "stopped"
    assert str(storage.root) in progress.problem
    assert "PARKCORE_STORAGE" in progress.problem


def test_a_folder_that_vanishes_ends_the_scan_with_the_reason(make_job, storage, photos, database):
    gate = Turnstile()
    job = make_job(gate)
    job.start()
    gate.wait()
    shutil.rmtree(storage.root)
    gate.let_pass()
    progress = ended(job)
    assert (progress.status, progress.new) == ("stopped", 1)
    assert "vanished during the scan" in progress.problem
    assert recorded(database) == 1


def test_a_database_that_cannot_be_used_ends_the_scan_with_the_reason(make_job, database, photos):
    database.write_bytes(b"this is a note and no database, and long enough to be seen as one" * 9)
    job = make_job()
    job.start()
    progress = ended(job)
    assert progress.status == "stopped"
    assert "not a SQLite database" in progress.problem


def test_a_model_that_cannot_be_loaded_ends_the_scan_with_the_reason(make_job, database, photos):
    class Broken(PaintDetector):
        def load(self):
            raise ModelError("the weights are gone; put them back")

        def detect(self, image, imgsz=None):
            self.load()

    job = make_job(Broken())
    job.start()
    progress = ended(job)
    assert (progress.status, progress.problem) == ("stopped", "the weights are gone; put them back")
    assert (progress.new, progress.failed) == (0, 0)
    with Store.open(database) as store:
        assert store.failures() == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_mistake_of_ours_ends_the_scan_too(make_job, photos):
    class Mistaken(PaintDetector):
        def detect(self, image, imgsz=None):
            return 1 / 0

    job = make_job(Mistaken())
    job.start()
    progress = ended(job)
    assert progress.status == "stopped"
    assert "unexpected error" in progress.problem


def test_after_a_problem_it_can_be_started_again(make_job, storage, add_photo):
    job = make_job()
    storage.root.rmdir()
    job.start()
    assert ended(job).status == "stopped"
    add_photo("a.jpg")
    job.start()
    assert ended(job) == Progress("done", done=1, total=1, new=1)


def test_the_problem_is_logged(make_job, storage, caplog):
    storage.root.rmdir()
    job = make_job()
    job.start()
    ended(job)
    assert "the scan stopped" in caplog.text


def test_a_name_with_control_characters_is_shown_without(make_job, storage, add_photo):
    gate = Turnstile()
    job = make_job(gate)
    job.add([storage.source(add_photo("two\nlines.jpg"))])
    gate.wait()
    assert job.progress.current == "two�lines.jpg"
    gate.let_pass()
    ended(job)
