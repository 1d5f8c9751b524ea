"""The watcher: every photo that arrives in the storage folder is analysed by itself."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from parkcore.domain import PartState
from parkcore.errors import FolderError, ModelError, ParkcoreError, StoreError
from parkcore.folder import Pending, find_photos, is_in_place, is_photo, pending
from parkcore.ingest import Analyser, Outcome, refusal
from parkcore.service.in_hand import InHand
from parkcore.service.survey import AGAIN_S, Survey
from parkcore.service.waiting import Waiting, stamp_of
from parkcore.service.watch import Changes, Mode
from parkcore.storage import Storage, below
from parkcore.store import Store

log = logging.getLogger(__name__)

NAME = "watcher"

TICK_S = 0.1
REPORT_S = 2.0

DIED = (
    "Parkcore ended while it looked at this photo (it crashed, had too little memory or was"
    " killed); if that comes again, remove the photo or make it smaller"
)


class Watcher:
    """Keeps the history in step with the storage folder until it is told to stop.

    Args:
        open_store: opens the history.
        in_hand: where it notes which photo it looks at.
        on_outcome: told what became of each photo.
    """

    def __init__(
        self,
        storage: Storage,
        analyser: Analyser,
        open_store: Callable[[], Store],
        *,
        mode: Mode = "auto",
        in_hand: InHand | None = None,
        on_outcome: Callable[[Outcome], None] = lambda outcome: None,
    ) -> None:
        self._storage, self._analyser, self._open_store = storage, analyser, open_store
        self._mode, self._on_outcome = mode, on_outcome
        self._in_hand = in_hand or InHand()
        self._waiting, self._survey = Waiting(), Survey(self._look_through)
        self._changes: Changes | None = None
        self._root_id: tuple[int, int] | None = None
        self._report_at = 0.0
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
            if (second := self._analyser.judge.second) is not None:
                second.load()
        except ModelError as error:
            self._fail(error, store)
            raise
        self._record_where_it_died(store)
        self._remember_failures(store)
        self._storage.clean()

    def _fail(self, error: ModelError, store: Store) -> None:
        """Leave word of why nothing can be judged."""
        self._state = replace(self._state, fault=str(error))
        with suppress(StoreError):
            self._report(store)

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
            except ModelError as error:  # its file went, or was damaged, since it began
                self._fail(error, store)
                raise
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
        if (found := self._survey.take()) is not None:
            self._take_in(found, now)
        self._survey.begin_if_due(now)
        self._waiting.settle(now)
        if not self._waiting.ready:
            return False
        path = self._waiting.ready[0]  # taken off after it is recorded
        with self._in_hand.holding(path):
            self._read(path, store)
        self._waiting.ready.popleft()
        return True

    def _read(self, path: Path, store: Store) -> None:
        source = self._storage.source(path, describe=self._storage.described)
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
        self._say(outcome)

    def _say(self, outcome: Outcome) -> None:
        if outcome.status == "failed":
            self._note(failure=f"{outcome.source.said}: {outcome.reason}")
        elif outcome.status == "new":
            self._note()
        self._on_outcome(outcome)

    def _notice(self, path: Path, now: float) -> None:
        root = self._storage.root
        with suppress(FolderError, OSError):  # gone again, or not for us to see
            if path.is_dir():
                for photo in find_photos(path) if is_in_place(path / "any", root) else ():
                    self._waiting.notice(photo, now)
            elif is_in_place(path, root) and is_photo(path):
                self._waiting.notice(path, now)

    def _look_through(self) -> Pending:
        with self._open_store() as store:
            return pending(self._storage.root, self._storage, store)

    def _take_in(self, found: Pending | ParkcoreError, now: float) -> None:
        if isinstance(found, ParkcoreError):
            self._say_fault(str(found))
            self._survey.be_due(now + AGAIN_S)
            if isinstance(found, FolderError):
                self._forget_changes()  # nothing is told of a folder that may not be listed
            return
        self._say_fault("")
        self._waiting.find((source.path for source in found.sources), now)
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
        self._survey.be_due(now)
        return True

    def _forget_changes(self) -> None:
        if self._changes is not None:
            self._changes.stop()
            self._changes = None

    def _record_where_it_died(self, store: Store) -> None:
        """A photo at which a watcher before this one died counts as failed.

        Else it would be the first to be read again, and again the end, for ever. If it was not
        the photo's fault, its first retry reads it soon.
        """
        path = self._in_hand.left()
        stamp = None if path is None else stamp_of(path)
        if path is not None and stamp is not None and below(path, self._storage.root):
            source = self._storage.source(path, describe=self._storage.described)
            if store.files().get(source.file) != (stamp, True):  # else it was done with it
                store.record_failure(refusal(source, DIED, datetime.now(UTC)), stamp)
                self._say(Outcome("failed", source, reason=DIED))
        self._in_hand.forget()

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
        if self._changes is not None:  # polling becomes slower as the folder grows
            self._state = replace(self._state, note=f"watching {self._changes.how}")
        self._state = replace(self._state, seen_at=datetime.now(UTC), queue=len(self._waiting))
        store.save_service(self._state)


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        stat = folder.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino
