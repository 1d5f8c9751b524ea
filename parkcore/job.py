"""A scan in the background: it goes on when nobody looks, and everybody sees the same one."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from parkcore.errors import ParkcoreError
from parkcore.folder import pending, scan
from parkcore.ingest import Analyser, Outcome, Source
from parkcore.storage import Storage
from parkcore.store import Store

log = logging.getLogger(__name__)


Status: TypeAlias = Literal["idle", "running", "done", "cancelled", "stopped"]


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a scan stands. `total` grows when photos are added while it runs."""

    status: Status = "idle"
    done: int = 0
    total: int = 0
    current: str = ""
    new: int = 0
    known: int = 0
    failed: int = 0
    problem: str | None = None
    """Why it stopped by itself before the end."""

    @property
    def running(self) -> bool:
        return self.status == "running"


class ScanJob:
    """At most one scan at a time in this process, in a thread of its own.

    Args:
        open_store: opens the history; called in the thread, as a store is not shared by threads.
        analyser: judges the photos.
        storage: the folder that `start` looks through.
    """

    def __init__(
        self, open_store: Callable[[], Store], analyser: Analyser, storage: Storage
    ) -> None:
        self._open_store, self._analyser, self._storage = open_store, analyser, storage
        self._lock = threading.RLock()
        self._cancel = threading.Event()
        self._queue: deque[Source] = deque()
        self._progress = Progress()
        self._must_look = False
        self._thread: threading.Thread | None = None

    @property
    def progress(self) -> Progress:
        with self._lock:
            return self._progress

    def start(self) -> None:
        """Read everything in the storage folder that is not known yet."""
        self._run([], look=True)

    def add(self, sources: list[Source]) -> None:
        """Read these photos next, whether a scan runs or not."""
        self._run(sources, look=False)

    def cancel(self) -> None:
        """Stop after the photo in hand; what is recorded stays."""
        with self._lock:
            self._queue.clear()
            self._must_look = False
            self._cancel.set()

    def join(self, timeout_s: float | None = None) -> None:
        """Wait for the running scan to end."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout_s)

    def _run(self, first: list[Source], *, look: bool) -> None:
        with self._lock:
            self._queue.extendleft(reversed(first))
            self._must_look |= look
            self._cancel.clear()
            if self._progress.running:
                self._progress = replace(self._progress, total=self._progress.total + len(first))
                return
            self._progress = Progress("running", total=len(self._queue))
            self._thread = threading.Thread(target=self._work, name="parkcore-scan", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        try:
            with self._open_store() as store:
                while self._has_more():
                    if self._must_look:
                        self._look(store)
                    if self._queue:
                        self._scan(store)
        except ParkcoreError as error:
            log.warning("the scan stopped: %s", error)
            self._end("stopped", str(error))
        except BaseException:
            self._end("stopped", "an unexpected error stopped the scan; the log has the details")
            raise

    def _has_more(self) -> bool:
        """Whether there is work; where there is none, the scan ends in the same moment, so that
        photos added later begin another."""
        with self._lock:
            if (self._queue or self._must_look) and not self._cancel.is_set():
                return True
            self._end("cancelled" if self._cancel.is_set() else "done")
            return False

    def _end(self, status: Status, problem: str | None = None) -> None:
        with self._lock:
            self._queue.clear()
            self._must_look = False
            self._progress = replace(self._progress, status=status, problem=problem, current="")

    def _look(self, store: Store) -> None:
        self._must_look = False
        found = pending(self._storage.root, self._storage, store)
        with self._lock:
            queued = {source.file for source in self._queue}
            self._queue.extend(source for source in found.sources if source.file not in queued)
            progress = self._progress
            self._progress = replace(
                progress,
                total=progress.done + len(self._queue),
                known=max(progress.known, found.known - progress.new),
            )

    def _scan(self, store: Store) -> None:
        self._set(current="loading the model …")
        self._analyser.detector.load()
        scan(
            self._queue,
            self._analyser,
            store,
            root=self._storage.root,
            on_photo=lambda source: self._set(current=source.said),
            on_outcome=self._count,
            cancelled=self._cancel.is_set,
        )

    def _count(self, outcome: Outcome) -> None:
        with self._lock:
            p = self._progress
            self._progress = replace(
                p,
                done=p.done + 1,
                new=p.new + (outcome.status == "new"),
                known=p.known + (outcome.status == "known"),
                failed=p.failed + (outcome.status == "failed"),
            )

    def _set(self, *, current: str) -> None:
        with self._lock:
            self._progress = replace(self._progress, current=current)
