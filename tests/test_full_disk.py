"""A disk that is full for a while: what cannot be recorded waits, and nothing is lost."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from conftest import MADRID, PaintDetector, draw_lot, encode

from parkcore.ingest import Analyser
from parkcore.service.watcher import Watcher
from parkcore.storage import Storage
from parkcore.store import Store

ATTEMPTS = 3
WAIT_S = 60


class FreesTheDisk(PaintDetector):
    """Lifts the limit of the database's size after some attempts, in the thread that uses it."""

    def __init__(self) -> None:
        self.looks = 0
        self.store: Store | None = None

    def detect(self, image, imgsz=None):
        self.looks += 1
        if self.looks == ATTEMPTS + 1:
            self.store._db.execute("pragma max_page_count = 1000000")
        return super().detect(image, imgsz)


def test_photos_wait_for_a_full_disk_and_none_is_lost(storage: Storage, tmp_path: Path) -> None:
    """SQLite itself says that the disk is full, as its file may not grow any more."""
    db, detector, stop = tmp_path / "history.db", FreesTheDisk(), threading.Event()
    Store.open(db).close()
    watching: list[int] = []

    def open_store() -> Store:
        store = Store.open(db)
        if threading.get_ident() == watching[0] and detector.looks <= ATTEMPTS:
            [[pages]] = store._db.execute("pragma page_count").fetchall()
            store._db.execute(f"pragma max_page_count = {pages}")
            detector.store = store
        return store

    def watch() -> None:
        watching.append(threading.get_ident())
        Watcher(storage, Analyser(detector, MADRID, 50), open_store).run(stop)

    for number in range(5):
        (storage.root / f"{number}.jpg").write_bytes(encode(draw_lot(2, seed=number)))
    thread = threading.Thread(target=watch)
    thread.start()
    deadline = time.monotonic() + WAIT_S
    with Store.open(db) as seen:
        while seen.count() < 5 and time.monotonic() < deadline:
            time.sleep(0.1)
        stop.set()
        thread.join(WAIT_S)
        assert seen.count() == 5
        assert seen.failures() == []
        assert "disk is full" in seen.parts()[0].last_failure
        assert seen.check() == "ok"
    assert detector.looks > ATTEMPTS
