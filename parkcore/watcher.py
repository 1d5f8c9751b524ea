"""The watcher: every photo that arrives in the storage folder is analysed by itself."""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from parkcore.domain import Lot, PartState
from parkcore.errors import FolderError, ModelError, ParkcoreError, StoreError
from parkcore.folder import Pending, find_photos, is_in_place, is_photo, pending
from parkcore.ingest import Analyser, Outcome, refusal
from parkcore.storage import Storage
from parkcore.store import FileStamp, Store
from parkcore.watch import Changes, Mode

log = logging.getLogger(__name__)

NAME = "watcher"

SETTLE_S = 0.5
"""Size and time of a file must have held for so long before it is read."""

TICK_S = 0.1
RECONCILE_S = 60.0
AGAIN_S = 2.0
"""The pause after a look through the folder that failed."""

REPORT_S = 2.0

RETRY_S = (2.0, 10.0, 60.0, 600.0)
"""The pauses after which a photo that could not be read is tried again."""

OLD_S = 10.0
"""A file that has not changed for so long is not being written any more."""

_Stamp = tuple[int, int]


@dataclass(slots=True)
class _Waiting:
    """Files that may still be written, those that are ready, and those to be tried again."""

    unsettled: dict[Path, tuple[FileStamp, float]] = field(default_factory=dict)
    ready: deque[Path] = field(default_factory=deque)
    again: dict[Path, float] = field(default_factory=dict)
    attempts: dict[Path, tuple[int, FileStamp | None]] = field(default_factory=dict)
    """How often a file failed as it is."""

    def __len__(self) -> int:
        return len(self.unsettled) + len(self.ready)

    def notice(self, path: Path, now: float) -> None:
        """Something happened to a file: it is a new one, however often it failed before."""
        self.attempts.pop(path, None)
        self.again.pop(path, None)
        if path not in self.unsettled and (stamp := _stamp(path)):
            self.unsettled[path] = (stamp, now)

    def settle(self, now: float) -> None:
        """Move the files that have held to the ready ones, and those whose pause is over."""
        for path, (before, since) in list(self.unsettled.items()):
            stamp = _stamp(path)
            if stamp is None:
                del self.unsettled[path]
            elif stamp != before:
                self.unsettled[path] = (stamp, now)
            elif now - since >= SETTLE_S:
                del self.unsettled[path]
                self.ready.append(path)
        for path in [path for path, due in self.again.items() if due <= now]:
            del self.again[path]
            self.ready.append(path)

    def failed(self, path: Path, now: float) -> None:
        """Try a photo again after a pause that grows, until it is left as a failure."""
        count, before = self.attempts.get(path, (0, None))
        stamp = _stamp(path)
        self.remember(path, count + 1 if stamp == before else 1, stamp, now)

    def remember(self, path: Path, count: int, stamp: FileStamp | None, now: float) -> None:
        self.attempts[path] = count, stamp
        if count <= len(RETRY_S):
            self.again[path] = now + RETRY_S[count - 1]

    def has_given_up(self, path: Path, stamp: FileStamp) -> bool:
        """Whether a file failed as it is; then only its retries read it again."""
        return path in self.attempts and self.attempts[path][1] == stamp


class Watcher:
    """Keeps the history in step with the storage folder until it is told to stop.

    Args:
        open_store: opens the history.
        on_outcome: told what became of each photo.
    """

    def __init__(
        self,
        storage: Storage,
        analyser: Analyser,
        open_store: Callable[[], Store],
        *,
        mode: Mode = "auto",
        on_outcome: Callable[[Outcome], None] = lambda outcome: None,
    ) -> None:
        self._storage, self._analyser, self._open_store = storage, analyser, open_store
        self._mode, self._on_outcome = mode, on_outcome
        self._waiting = _Waiting()
        self._changes: Changes | None = None
        self._root_id: _Stamp | None = None
        self._reconcile_at = self._report_at = 0.0
        self._survey: threading.Thread | None = None
        self._surveyed: queue.SimpleQueue[Pending | ParkcoreError] = queue.SimpleQueue()
        now = datetime.now(UTC)
        self._state = PartState(NAME, os.getpid(), now, now)

    def run(self, stop: threading.Event) -> None:
        """Watch until `stop` is set; the photo in hand is finished before.

        Raises:
            ModelError: nothing can be judged.
            StoreError: the history cannot be opened at all.
        """
        with self._open_store() as store:
            self._begin(store)
        while not stop.is_set():
            with self._open_store() as store:
                self._run(store, stop)
        self._forget_changes()

    def _begin(self, store: Store) -> None:
        """Go on from where a watcher before this one ended, and get ready."""
        now = datetime.now(UTC)
        before = store.part(NAME) or self._state
        self._state = replace(
            before, pid=os.getpid(), started_at=now, note="loading the model", queue=0
        )
        self._report(store)
        try:
            self._analyser.detector.load()
        except ModelError as error:
            self._state = replace(self._state, fault=str(error))
            self._report(store)
            raise
        self._remember_failures(store)
        self._storage.clean()

    def _run(self, store: Store, stop: threading.Event) -> None:
        """Until told to stop, or the database's file is another one."""
        pause_s, trouble = 1.0, ""
        while not stop.is_set() and not store.is_elsewhere:
            try:
                worked = self.tick(store)
                pause_s, trouble = 1.0, ""
            except StoreError as error:
                if trouble != str(error):  # said once, not every second
                    log.error("%s", error)
                trouble = str(error)
                self._note(failure=str(error))
                stop.wait(pause_s)
                pause_s = min(60.0, 2 * pause_s)
            else:
                if not worked:
                    stop.wait(TICK_S)
        with suppress(StoreError):
            self._report(store)

    def tick(self, store: Store) -> bool:
        """One round: look what has changed, read at most one photo. Whether one was read."""
        now = time.monotonic()
        if now >= self._report_at:
            self._report(store)
        if not self._is_attached(now):
            return False
        for path in self._changes.take() if self._changes else ():
            self._notice(path, now)
        self._reconcile(now)
        self._waiting.settle(now)
        if not self._waiting.ready:
            return False
        path = self._waiting.ready[0]  # taken off after it is recorded
        self._read(path, store)
        self._waiting.ready.popleft()
        return True

    def _read(self, path: Path, store: Store) -> None:
        source = self._storage.source(path, describe=self._describe)
        try:
            outcome = self._analyser.ingest(source, store)
        except ParkcoreError:
            raise
        except Exception as error:  # one photo must not stop those behind it
            log.exception("%s: an unexpected error", source.said)
            said = f"an unexpected error ({type(error).__name__}); the log has the details"
            store.record_failure(refusal(source, said, datetime.now(UTC)))
            outcome = Outcome("failed", source, reason=said)
        if outcome.status == "failed":
            self._waiting.failed(path, time.monotonic())
            self._note(failure=f"{source.said}: {outcome.reason}")
        elif outcome.status == "new":
            self._note()
        self._on_outcome(outcome)

    def _describe(self, lot_id: str, folder: str | None) -> Lot:
        try:
            return self._storage.lot(lot_id, folder)
        except FolderError as error:  # no reason not to read its photos
            log.warning("%s", error)
            return Lot(lot_id, lot_id)

    def _notice(self, path: Path, now: float) -> None:
        root = self._storage.root
        with suppress(FolderError, OSError):  # gone again, or not for us to see
            if path.is_dir():
                for photo in find_photos(path) if is_in_place(path / "any", root) else ():
                    self._waiting.notice(photo, now)
            elif is_in_place(path, root) and is_photo(path):
                self._waiting.notice(path, now)

    def _reconcile(self, now: float) -> None:
        """Find what no event told of: there before the start, lost, behind a link to a folder.

        In a thread: with many photos it takes seconds, and new ones need not wait for that.
        """
        with suppress(queue.Empty):
            self._take_in(self._surveyed.get_nowait(), now)
        if now < self._reconcile_at or (self._survey and self._survey.is_alive()):
            return
        self._reconcile_at = now + RECONCILE_S
        self._survey = threading.Thread(target=self._look_through, name="parkcore-survey")
        self._survey.daemon = True
        self._survey.start()

    def _look_through(self) -> None:
        started = time.monotonic()
        try:
            with self._open_store() as store:
                self._surveyed.put(pending(self._storage.root, self._storage, store))
        except (FolderError, StoreError) as error:
            self._surveyed.put(error)
        took = time.monotonic() - started  # a slow network drive is to be read, not only listed
        self._reconcile_at = max(self._reconcile_at, started + 20 * took)

    def _take_in(self, found: Pending | ParkcoreError, now: float) -> None:
        if isinstance(found, ParkcoreError):
            self._say_fault(str(found))
            self._reconcile_at = now + AGAIN_S
            if isinstance(found, FolderError):
                self._forget_changes()  # nothing is told of a folder that may not be listed
            return
        self._say_fault("")
        known, wall = set(self._waiting.ready), time.time()
        for source in found.sources:
            stamp = _stamp(source.path)
            if stamp is None or source.path in known or source.path in self._waiting.unsettled:
                continue
            if self._waiting.has_given_up(source.path, stamp):
                continue
            if wall - stamp.mtime_ns / 1e9 < OLD_S:
                self._waiting.notice(source.path, now)
            else:
                self._waiting.ready.append(source.path)
        for said in found.skipped:
            log.warning("%s", said)

    def _say_fault(self, fault: str) -> None:
        """Note what keeps the watcher from its work, and log it once."""
        if fault and fault != self._state.fault:
            log.error("%s", fault)
        self._state = replace(self._state, fault=fault)

    def _is_attached(self, now: float) -> bool:
        """See to it that the folder is watched that is there now; it may come and go."""
        root_id = _identity(self._storage.root)
        if self._changes and root_id == self._root_id and self._changes.is_alive:
            return True
        self._forget_changes()
        self._root_id = root_id
        try:
            if root_id is None:
                raise FolderError(f"the folder {self._storage.root} is missing")
            self._changes = Changes(self._storage.root, self._mode)
        except FolderError as error:
            self._say_fault(f"{error}; waiting for it to come back")
            return False
        self._say_fault("")
        log.info("watching %s %s", self._storage.root, self._changes.how)
        self._state = replace(self._state, note=f"watching {self._changes.how}")
        self._reconcile_at = now
        return True

    def _forget_changes(self) -> None:
        if self._changes is not None:
            self._changes.stop()
            self._changes = None

    def _remember_failures(self, store: Store) -> None:
        """Go on with the retries that a watcher before this one had begun."""
        files, now = store.files(), time.monotonic()
        for failure in store.failures():
            if failure.in_storage:
                path = self._storage.path(failure.file)
                stamp, _ = files.get(failure.file, (None, False))
                self._waiting.remember(path, failure.attempts, stamp, now)

    def _note(self, failure: str | None = None) -> None:
        now = datetime.now(UTC)
        if failure is None:
            self._state = replace(self._state, last_success_at=now)
        else:
            self._state = replace(self._state, last_failure_at=now, last_failure=failure)

    def _report(self, store: Store) -> None:
        self._report_at = time.monotonic() + REPORT_S
        self._state = replace(self._state, seen_at=datetime.now(UTC), queue=len(self._waiting))
        store.save_service(self._state)


def _stamp(path: Path) -> FileStamp | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return FileStamp(stat.st_size, stat.st_mtime_ns)


def _identity(folder: Path) -> _Stamp | None:
    try:
        stat = folder.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino
