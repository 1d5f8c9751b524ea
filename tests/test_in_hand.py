"""Photos at which the process dies: they are known afterwards, and hold up nobody."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from conftest import ROOT, draw_lot, encode
from patience import wait_until

from parkcore.domain import Failure
from parkcore.ingest import Analyser, Outcome
from parkcore.service.in_hand import InHand
from parkcore.service.serve import Part, supervise
from parkcore.service.watcher import DIED, Watcher
from parkcore.storage import Storage
from parkcore.store import Store

DEADLY = 13
"""A photo with so many vehicles kills the process that looks at it."""

PROGRAM = f"""
import os, signal, sys, time
from pathlib import Path
from conftest import MADRID, PaintDetector
from parkcore.service import stopping, waiting
from parkcore.service.in_hand import InHand
from parkcore.ingest import Analyser
from parkcore.storage import Storage
from parkcore.store import Store
from parkcore.service.watcher import Watcher

db, root, looking = map(Path, sys.argv[1:])

class Mortal(PaintDetector):
    def detect(self, image, imgsz=None):
        found = super().detect(image, imgsz)
        if len(found) == {DEADLY}:
            os.kill(os.getpid(), signal.SIGKILL)
        if not looking.exists():
            looking.write_text(str(os.getpid()))
            time.sleep(60)
        return found

waiting.RETRY_S = (0.2, 0.2)
stop = stopping.on_signals()
stopping.with_supervisor(stop)
in_hand = InHand(Path(str(db) + ".in-hand"))
analyser = Analyser(Mortal(), MADRID, 50)
Watcher(Storage(root, "default"), analyser, lambda: Store.open(db), in_hand=in_hand).run(stop)
"""


class Service:
    """A supervised watcher of a detector that dies, or sleeps, at photos."""

    def __init__(self, folder: Path, root: Path) -> None:
        self.db, self.looking = folder / "h.db", folder / "looking"
        self.note = folder / "h.db.in-hand"
        path = os.pathsep.join(map(str, (ROOT, ROOT / "tests")))
        words = [sys.executable, "-c", PROGRAM, str(self.db), str(root), str(self.looking)]
        self.part = Part("watcher", words, {"PYTHONPATH": path})

    def count(self) -> int:
        with Store.open(self.db) as store:
            return store.count()

    def failures(self) -> list[Failure]:
        with Store.open(self.db) as store:
            return store.failures()

    @contextmanager
    def running(self) -> Iterator[None]:
        stop = threading.Event()
        thread = threading.Thread(target=supervise, args=([self.part], stop), daemon=True)
        thread.start()
        yield
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


@pytest.fixture
def service(tmp_path: Path, storage: Storage) -> Service:
    return Service(tmp_path, storage.root)


def test_a_photo_that_kills_the_process_holds_up_nobody_and_is_left_in_the_end(
    service, storage, add_photo, caplog
):
    service.looking.touch()
    deadly = add_photo("0.jpg", vehicles=DEADLY)
    for number in (1, 2, 3):
        add_photo(f"{number}.jpg", seed=number)
    for path in storage.root.iterdir():
        os.utime(path, (1e9, 1e9))  # all are ready at the start, this one before the others

    def attempts() -> int:
        return sum(failure.attempts for failure in service.failures())

    with service.running():
        wait_until(lambda: service.count() == 3, lambda: f"only {service.count()}")
        wait_until(lambda: attempts() == 3, lambda: str(service.failures()))
        [failure] = service.failures()
        assert (failure.file, failure.reason) == ("0.jpg", DIED)
        died = caplog.text.count("killed by signal 9")
        assert died == 3
        add_photo("4.jpg", seed=4)
        wait_until(lambda: service.count() == 4, "it does not go on")
        assert caplog.text.count("killed by signal 9") == died, "it is tried for ever"
        deadly.write_bytes(encode(draw_lot(5)))
        wait_until(lambda: service.count() == 5, "what replaced it is not read")
        assert service.failures() == []
    assert not service.note.exists()


def test_a_photo_at_which_the_process_is_killed_by_somebody_is_read_soon(service, add_photo):
    add_photo("a.jpg")
    with service.running():
        wait_until(lambda: service.looking.exists() and service.note.exists(), "it does not look")
        psutil.Process(int(service.looking.read_text())).kill()
        wait_until(lambda: service.count() == 1, lambda: str(service.failures()))
        assert service.failures() == []
    with Store.open(service.db) as store:
        assert store.part("watcher").last_failure == f"a.jpg: {DIED}"


# -- the note by itself -------------------------------------------------------------------------


@pytest.fixture
def note(tmp_path: Path) -> InHand:
    return InHand(tmp_path / "note")


@pytest.mark.parametrize(
    "name",
    ["a.jpg", "Süd #1\n[2]/é.jpg", os.fsdecode(b"\xff.jpg")],
    ids=["plain", "odd", "no text"],
)
def test_a_photo_is_noted_while_it_is_in_hand(note, name):
    with note.holding(Path(name)):
        assert note.left() == Path(name)
    assert note.left() is None


def test_an_error_is_no_death(note):
    with pytest.raises(ZeroDivisionError), note.holding(Path("a.jpg")):
        _ = 1 / 0
    assert note.left() is None


@pytest.mark.parametrize("content", [b"", b"\0\0\0"], ids=["empty", "zeros"])
def test_what_a_power_cut_leaves_of_a_note_names_no_photo(note, content):
    note.file.write_bytes(content)
    assert note.left() is None


@pytest.mark.parametrize("file", [None, Path("/proc/nowhere/note")], ids=["nowhere", "impossible"])
def test_where_no_note_can_be_kept_the_work_goes_on(file):
    with InHand(file).holding(Path("a.jpg")):
        assert InHand(file).left() is None


# -- the watcher --------------------------------------------------------------------------------


@pytest.fixture
def watch(
    storage: Storage, analyser: Analyser, tmp_path: Path, note: InHand
) -> Callable[[], list[tuple[str, str]]]:
    """Run a watcher until it has read `z.jpg`; what became of each file."""

    def run() -> list[tuple[str, str]]:
        stop, became = threading.Event(), list[tuple[str, str]]()

        def tell(outcome: Outcome) -> None:
            became.append((outcome.source.file, outcome.status))
            if outcome.source.file == "z.jpg":
                stop.set()

        def open_store() -> Store:
            return Store.open(tmp_path / "h.db")

        Watcher(storage, analyser, open_store, in_hand=note, on_outcome=tell).run(stop)
        return became

    return run


def test_a_photo_that_was_in_hand_at_a_death_has_failed(watch, note, add_photo):
    note.file.write_bytes(os.fsencode(add_photo("a.jpg")))
    add_photo("z.jpg", seed=1)
    assert watch() == [("a.jpg", "failed"), ("z.jpg", "new")]
    assert note.left() is None


def test_a_photo_that_was_recorded_before_the_death_has_not_failed(watch, note, add_photo):
    photo = add_photo("a.jpg")
    os.utime(photo, (1e9, 1e9))
    add_photo("z.jpg", seed=1)
    assert watch() == [("a.jpg", "new"), ("z.jpg", "new")]
    note.file.write_bytes(os.fsencode(photo))
    add_photo("z.jpg", seed=2)
    assert watch() == [("z.jpg", "new")]


def test_a_photo_that_is_gone_or_in_another_folder_has_not_failed(
    watch, note, storage, add_photo, tmp_path
):
    elsewhere = tmp_path / "elsewhere.jpg"
    elsewhere.write_bytes(encode(draw_lot(3)))
    for number, path in enumerate((elsewhere, storage.root / "gone.jpg")):
        note.file.write_bytes(os.fsencode(path))
        add_photo("z.jpg", seed=number)
        assert watch() == [("z.jpg", "new")]
        assert note.left() is None
