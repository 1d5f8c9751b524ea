"""What changes in a folder, told by the system's events, or by polling where these fall short."""

from __future__ import annotations

import os
import stat
import threading
import time
from functools import partial
from pathlib import Path
from typing import Literal, TypeAlias

import psutil
from watchdog.events import (
    DirCreatedEvent,
    DirMovedEvent,
    FileAttribEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver
from watchdog.observers.polling import PollingEmitter

from parkcore.errors import FolderError

Mode: TypeAlias = Literal["auto", "events", "polling"]

POLL_S, LONGEST_POLL_S = 1.0, 60.0
SPARING = 4
"""A pass of polling that took t seconds is followed by a pause of so many times t."""

_REMOTE = (
    *("nfs", "cifs", "smb", "9p", "virtiofs", "vboxsf", "vmhgfs", "prl_fs", "drvfs", "fuse"),
    *("afs", "ceph", "gluster", "lustre", "beegfs", "ncp", "davfs", "webdav", "ftp"),
)
"""How the types of file systems begin on which others write without this machine being told."""

_TELLING = (
    *(FileCreatedEvent, FileModifiedEvent, FileClosedEvent, FileMovedEvent),
    *(DirCreatedEvent, DirMovedEvent),
    FileAttribEvent,  # perhaps it may be read now
)


class Changes(FileSystemEventHandler):
    """Collects the paths below a folder that something happened to.

    No event is enough by itself: a file moved in tells of its creation only, one that is written
    slowly tells much. So each only says where to look.

    Args:
        mode: `auto` polls where events would not tell everything.
    """

    def __init__(self, root: Path, mode: Mode = "auto") -> None:
        self._root, self._paths, self._lock = root, set[Path](), threading.Lock()
        self._real = root.resolve()  # the system tells nothing of what is behind a link
        self._why_polling = ""
        remote = remote_type(root) if mode == "auto" else None
        try:
            with os.scandir(root):  # inotify takes one that may not be listed, and tells nothing
                pass
            if mode == "polling":
                self._poll("by setting")
            elif remote:
                self._poll(f"the folder is on {remote}, where events do not tell everything")
            else:
                self._listen()
        except FileNotFoundError as error:
            raise FolderError(f"the folder {root} is missing") from error
        except OSError as error:
            raise FolderError(f"{root} cannot be watched ({error.strerror})") from error

    @property
    def how(self) -> str:
        """How changes are noticed at present, in words."""
        if not self._why_polling:
            return "by events"
        pauses = [e.pause_s for e in self._observer.emitters if isinstance(e, _SparingEmitter)]
        return f"by polling every {max(pauses, default=POLL_S):.2g} s ({self._why_polling})"

    def take(self) -> set[Path]:
        """Files and folders with changes since the last call."""
        with self._lock:
            paths, self._paths = self._paths, set()
        return paths

    @property
    def is_alive(self) -> bool:
        """False when the folder was removed, even if one of its name is back."""
        return self._observer.is_alive() and all(e.is_alive() for e in self._observer.emitters)

    def stop(self) -> None:
        self._observer.stop()
        self._observer.join(5)

    def on_any_event(self, event: FileSystemEvent) -> None:
        # Reading a file tells of opening and closing too: listening to that would never end.
        if isinstance(event, _TELLING):
            path = Path(os.fsdecode(event.dest_path or event.src_path))
            if path.is_relative_to(self._real):
                path = self._root / path.relative_to(self._real)
            with self._lock:
                self._paths.add(path)

    def _listen(self) -> None:
        try:
            self._start(Observer())
        except FileNotFoundError:
            raise
        except OSError as error:
            self._poll(f"the system refuses events: {error.strerror}")

    def _poll(self, why: str) -> None:
        self._why_polling = why
        emitter = partial(_SparingEmitter, stat=_stat, listdir=os.scandir)
        self._start(BaseObserver(emitter))  # type: ignore[arg-type]  # as watchdog's own do

    def _start(self, observer: BaseObserver) -> None:
        self._observer = observer
        try:
            observer.schedule(self, str(self._real), recursive=True)
            observer.start()
        except OSError:
            observer.stop()  # a thread of it runs already
            raise


class _SparingEmitter(PollingEmitter):
    """Polls the less often the longer that takes: a large network folder is not asked about all
    of its files each second."""

    pause_s = POLL_S

    def on_thread_start(self) -> None:
        started = time.monotonic()
        super().on_thread_start()
        self.pause_s = pause_after(time.monotonic() - started)

    def queue_events(self, timeout: float) -> None:
        if self.stopped_event.wait(self.pause_s):
            return
        started = time.monotonic()
        super().queue_events(0)
        self.pause_s = pause_after(time.monotonic() - started)


def pause_after(took_s: float) -> float:
    """The seconds until the next pass of polling, from what the last one cost."""
    return min(LONGEST_POLL_S, max(POLL_S, SPARING * took_s))


def _stat(path: str) -> os.stat_result:
    """Links to folders are not followed: they may lead in a circle."""
    found = Path(path).stat()
    return Path(path).lstat() if stat.S_ISDIR(found.st_mode) else found


def remote_type(folder: Path) -> str | None:
    """The type of the file system that a folder is on, where other machines may write to it."""
    real = folder.resolve()
    mounts = {Path(each.mountpoint): each.fstype for each in psutil.disk_partitions(all=True)}
    for place in (real, *real.parents):
        if place in mounts:
            kind = mounts[place].lower()
            return kind if kind.startswith(_REMOTE) else None
    return None
