"""Files on their way to being read: still being written, ready, or to be tried again."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from parkcore.store import FileStamp

SETTLE_S = 0.5
"""Size and time of a file must have held for so long before it is read."""

OLD_S = 10.0
"""A file that has not changed for so long is not being written any more."""

RETRY_S = (2.0, 10.0, 60.0, 600.0)
"""The pauses after which a photo that could not be read is tried again."""


@dataclass(slots=True)
class Waiting:
    """Which files are to be read, and when. `now` is the time of `time.monotonic`, in seconds."""

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
        if path not in self.unsettled and (stamp := stamp_of(path)):
            self.unsettled[path] = (stamp, now)

    def find(self, paths: Iterable[Path], now: float) -> None:
        """A look through the folder found these: of some no event told."""
        known, wall = {*self.ready, *self.unsettled}, time.time()
        for path in paths:
            stamp = stamp_of(path)
            if stamp is None or path in known or self._has_given_up(path, stamp):
                continue
            if wall - stamp.mtime_ns / 1e9 < OLD_S:
                self.notice(path, now)
            else:
                self.ready.append(path)

    def settle(self, now: float) -> None:
        """Move the files that have held to the ready ones, and those whose pause is over."""
        for path, (before, since) in list(self.unsettled.items()):
            stamp = stamp_of(path)
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
        stamp = stamp_of(path)
        self.remember(path, count + 1 if stamp == before else 1, stamp, now)

    def remember(self, path: Path, count: int, stamp: FileStamp | None, now: float) -> None:
        """A file failed so often, with this stamp: when it is tried again follows from that."""
        self.attempts[path] = count, stamp
        if count <= len(RETRY_S):
            self.again[path] = now + RETRY_S[count - 1]

    def _has_given_up(self, path: Path, stamp: FileStamp) -> bool:
        """Whether a file failed as it is; then only its retries read it again."""
        return path in self.attempts and self.attempts[path][1] == stamp


def stamp_of(path: Path) -> FileStamp | None:
    """What tells this version of a file from others; None where it is gone or out of reach."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return FileStamp.of(stat)
