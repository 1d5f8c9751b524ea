"""Looking through the whole folder now and then, beside the work that goes on."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable

from parkcore.errors import FolderError, StoreError
from parkcore.folder import Pending

log = logging.getLogger(__name__)

RECONCILE_S = 60.0
AGAIN_S = 2.0
"""The pause after a look through the folder that failed."""

PATIENCE = 20
"""A look that took t seconds is followed by the next after so many times t at the earliest: a
slow network drive is to be read, not only listed."""


class Survey:
    """Finds what no event told of: there before the start, lost, behind a link to a folder.

    In a thread: with many photos it takes seconds, and new ones need not wait for that. `now` is
    the time of `time.monotonic`, in seconds.

    Args:
        look: looks through the folder; called in that thread.
    """

    def __init__(self, look: Callable[[], Pending]) -> None:
        self._look, self._due_at = look, 0.0
        self._thread: threading.Thread | None = None
        self._found: queue.SimpleQueue[Pending | FolderError | StoreError] = queue.SimpleQueue()

    def take(self) -> Pending | FolderError | StoreError | None:
        """What a look that is over found, or why it failed; None where there is nothing new."""
        try:
            return self._found.get_nowait()
        except queue.Empty:
            return None

    def be_due(self, at: float) -> None:
        """Have the next look at that time, or when the one that is under way is over."""
        self._due_at = at

    def begin_if_due(self, now: float) -> None:
        if now < self._due_at or (self._thread and self._thread.is_alive()):
            return
        self._due_at = now + RECONCILE_S
        self._thread = threading.Thread(target=self._run, name="parkcore-survey", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        started = time.monotonic()
        try:
            self._found.put(self._look())
        except (FolderError, StoreError) as error:
            self._found.put(error)
        except Exception as error:  # a look that only died would be missed by nobody
            log.exception("the storage folder could not be looked through")
            self._found.put(
                FolderError(f"an unexpected error ({error!r}); the log has the details")
            )
        took = time.monotonic() - started
        self._due_at = max(self._due_at, started + PATIENCE * took)
