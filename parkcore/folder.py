"""Folders of photos: which are still to be read, and reading them one by one."""

from __future__ import annotations

import os
import random
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from parkcore.domain import Lot
from parkcore.errors import FolderError
from parkcore.images import SUFFIXES, looks_like_photo
from parkcore.ingest import Analyser, Outcome, Source
from parkcore.moved_photos import is_lost
from parkcore.storage import Storage, below
from parkcore.store import FileStamp, Store

_UNFINISHED = (".part", ".tmp", ".temp", ".crdownload", ".partial", ".filepart", "~")
_NOT_OURS = {
    *("@eaDir", "#recycle", "#snapshot", "lost+found", "$RECYCLE.BIN"),
    "System Volume Information",
}
"""Folders that file systems and network drives keep for themselves."""


@dataclass(slots=True)
class Pending:
    """What a look through a folder found."""

    sources: list[Source] = field(default_factory=list)
    known: int = 0
    """Files read before and unchanged since."""
    failed_before: int = 0
    """Of the unchanged files those that could not be read; only a retry reads them again."""
    skipped: list[str] = field(default_factory=list)
    """Folders that could not be listed and lots' descriptions that could not be used."""


@dataclass(slots=True)
class Tally:
    """How a scan went so far."""

    new: int = 0
    known: int = 0
    failed: int = 0
    problems: list[Outcome] = field(default_factory=list)
    """The failed, and the new with something doubtful about them."""

    def add(self, outcome: Outcome) -> None:
        match outcome.status:
            case "new":
                self.new += 1
                if outcome.snapshot and outcome.snapshot.note:
                    self.problems.append(outcome)
            case "known":
                self.known += 1
            case "failed":
                self.failed += 1
                self.problems.append(outcome)
            case "gone":
                pass


def pending(folder: Path, storage: Storage, store: Store, *, retry: bool = False) -> Pending:
    """The photos of a folder that are not known yet, or not there, in the order of their names.

    Args:
        retry: those included that could not be read before.

    Raises:
        FolderError: the folder itself is missing or cannot be listed.
    """
    base = storage.root if below(folder, storage.root) else folder
    files, elsewhere, found = store.files(), store.recorded_elsewhere(), Pending()
    lots: dict[str, Lot] = {}

    def skip(error: OSError) -> None:
        found.skipped.append(f"{error.filename} cannot be read ({error.strerror})")

    def describe(lot_id: str, lot_folder: str | None) -> Lot:
        if lot_id not in lots:
            try:
                lots[lot_id] = storage.lot(lot_id, lot_folder)
            except FolderError as error:  # no reason not to read its photos
                found.skipped.append(str(error))
                lots[lot_id] = Lot(lot_id, lot_id)
        return lots[lot_id]

    def was_moved(file: str) -> bool:
        if file not in elsewhere or Path(file).is_absolute():
            return False
        recorded, is_replaced = elsewhere[file]
        return is_replaced or is_lost(storage.root, recorded)

    for path in find_photos(folder, on_skipped=skip):
        source = storage.source(path, base=base, describe=describe)
        before, good = files.get(source.file, (None, False))
        try:
            stat = path.stat()
        except OSError:
            stat = None  # reading it will say what is wrong
        is_same = stat is not None and before == FileStamp.of(stat)
        if not is_same or (retry and not good) or was_moved(source.file):
            found.sources.append(source)
        elif good:
            found.known += 1
        else:
            found.failed_before += 1
    return found


def find_photos(
    folder: Path, *, on_skipped: Callable[[OSError], None] = lambda error: None
) -> Iterator[Path]:
    """The photos at any depth of a folder, by name; links to folders are followed once.

    What is one, says `is_photo`; hidden folders and those of the file system are passed over.

    Args:
        on_skipped: told of each folder below that cannot be listed; the others go on.

    Raises:
        FolderError: the folder itself is missing or cannot be listed.
    """

    def skip(error: OSError) -> None:
        if Path(error.filename) == folder:
            raise FolderError(
                f"the folder {folder} cannot be read ({error.strerror}); create it, mount it or"
                " make it readable, or set PARKCORE_STORAGE to another"
            ) from error
        if not isinstance(error, FileNotFoundError):  # deleted meanwhile: nothing to be said
            on_skipped(error)

    seen: set[Path] = set()
    for here, folders, names in os.walk(folder, onerror=skip, followlinks=True):
        if (real := Path(here).resolve()) in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(filter(_is_for_photos, folders))
        yield from (path for name in sorted(names) if is_photo(path := Path(here, name)))


def scan(
    queue: deque[Source],
    analyser: Analyser,
    store: Store,
    *,
    root: Path,
    on_photo: Callable[[Source], None] = lambda source: None,
    on_outcome: Callable[[Outcome], None] = lambda outcome: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Tally:
    """Ingest photo by photo until the queue is empty. Each is committed before the next is
    begun, so that a scan can be stopped at any moment and goes on where it stopped.

    Raises:
        FolderError: `root` vanished; what was recorded stays.
        ModelError, StoreError: nothing more can be judged or recorded.
    """
    tally = Tally()
    while not cancelled():
        try:
            source = queue.popleft()
        except IndexError:  # the end; others may take from the queue too
            break
        on_photo(source)
        outcome = analyser.ingest(source, store)
        if outcome.status == "gone" and not root.is_dir():
            raise FolderError(
                f"the folder {root} vanished during the scan; {tally.new} photos were recorded, the"
                " rest will be read by a scan once it is back"
            )
        tally.add(outcome)
        on_outcome(outcome)
        if outcome.raced:  # several processes at the same photos: part ways
            _shuffle(queue)
    return tally


def _shuffle(queue: deque[Source]) -> None:
    """In a way that loses nothing when another thread adds or clears meanwhile."""
    taken: list[Source] = []
    with suppress(IndexError):
        while True:
            taken.append(queue.popleft())
    random.shuffle(taken)
    queue.extend(taken)


def is_photo(path: Path) -> bool:
    """Whether a file is one to read: a photo by its suffix, or without a photo's suffix by its
    first bytes; neither hidden nor still being written by its name."""
    name = path.name
    if name.startswith(".") or name.lower().endswith(_UNFINISHED):
        return False
    if path.suffix.lower() in SUFFIXES:
        return True
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return looks_like_photo(file.read(16))
    except OSError:
        return False


def is_in_place(path: Path, root: Path) -> bool:
    """Whether none of the folders between `root` and a file is passed over."""
    inside = below(path, root)
    return inside is not None and all(map(_is_for_photos, inside.parts[:-1]))


def _is_for_photos(folder: str) -> bool:
    return not folder.startswith(".") and folder not in _NOT_OURS
