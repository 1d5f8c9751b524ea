"""The storage folder: which photos are still to be read, whose they are, reading them."""

from __future__ import annotations

import os
import random
import re
import tomllib
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile

from parkcore.domain import DATE_FOLDER, DEFAULT_CAMERA, Lot, folder_name
from parkcore.errors import FolderError
from parkcore.images import SUFFIXES, looks_like_photo
from parkcore.ingest import Analyser, Outcome, Source
from parkcore.store import FileStamp, Store

LOT_FILE = "lot.toml"
"""In a lot's folder: `name` and `capacity`, taken over when the folder is seen first."""

_UNFINISHED = (".part", ".tmp", ".temp", ".crdownload", ".partial", ".filepart", "~")
_NOT_OURS = {
    *("@eaDir", "#recycle", "#snapshot", "lost+found", "$RECYCLE.BIN"),
    "System Volume Information",
}
"""Folders that file systems and network drives keep for themselves."""

_YEAR_MONTH_DAY = re.compile(r"/(19|20)\d\d/(0[1-9]|1[0-2])(/(0[1-9]|[12]\d|3[01]))?/")


@dataclass(frozen=True, slots=True)
class Storage:
    """The storage folder and the lot of photos directly in it."""

    root: Path
    default_lot: str

    def source(
        self,
        path: Path,
        *,
        base: Path | None = None,
        describe: Callable[[str, str | None], Lot] | None = None,
    ) -> Source:
        """Whose photo a file is: `<lot>/<camera>/…` below the storage folder.

        Files right in a lot's folder are its main camera's; folders that are dates, as
        recorders make them, are no cameras.

        Args:
            base: the folder to read lot and camera from, for files outside the storage folder.
            describe: used instead of `lot`.
        """
        inside = _below(path, self.root)
        relative = inside or _below(path, base or path.parent) or Path(path.name)
        lot_id, camera_id = self._place(relative)
        file = _text(inside.as_posix() if inside else str(path.absolute()))
        folders = _folders(relative)
        lot = (describe or self.lot)(lot_id, folders[0] if folders else None)
        return Source(path, file, lot, camera_id)

    def lot(self, lot_id: str, folder: str | None = None) -> Lot:
        """A lot as its folder's `lot.toml` describes it, or by its id alone.

        Args:
            folder: its folder's name, where that could not be the id as it is.

        Raises:
            FolderError: the file is there but cannot be used.
        """
        file = self.root / (folder or lot_id) / LOT_FILE
        try:
            described = tomllib.loads(file.read_text(encoding="utf-8-sig"))
        except (FileNotFoundError, NotADirectoryError):
            return Lot(lot_id, lot_id)
        except (OSError, ValueError) as error:
            raise FolderError(f"{file} cannot be read: {error}") from error
        try:
            return Lot(
                lot_id,
                str(described.get("name", lot_id)),
                described.get("capacity"),
                is_sample=bool(described.get("sample_photos")),
            )
        except (ValueError, TypeError) as error:
            raise FolderError(f"{file}: {error}") from error

    def path(self, file: str) -> Path:
        """Where a recorded file is."""
        return self.root / file

    def add(
        self, data: bytes, name: str, *, lot: Lot, camera_id: str, at: datetime, sha256: str
    ) -> Source:
        """Write a photo from elsewhere into the storage folder, whole or not at all.

        Args:
            name: the file's name where it comes from; kept as far as a file system allows.
            at: the day to file it under.

        Raises:
            FolderError: it cannot be written.
        """
        stem, _, suffix = name.rpartition(".")
        if f".{suffix.lower()}" not in SUFFIXES:
            stem, suffix = name, "jpg"
        stem = folder_name(stem) or "photo"
        stem = stem.encode()[:200].decode(errors="ignore")
        folder = self.root / lot.id / camera_id / f"{at:%Y-%m-%d}"
        path = folder / f"{sha256[:8]}_{stem}.{suffix}"
        unfinished: Path | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=folder, prefix=".", suffix=".part", delete=False) as out:
                unfinished = Path(out.name)
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            unfinished.chmod(0o644)
            unfinished.replace(path)
        except OSError as error:
            if unfinished is not None:
                with suppress(OSError):
                    unfinished.unlink(missing_ok=True)
            raise FolderError(
                f"the photo cannot be kept in {folder} ({error.strerror}); free some space or make"
                " the folder writable, then try again"
            ) from error
        file = _text(path.relative_to(self.root).as_posix())
        return Source(path, file, lot, camera_id, arrived_just_now=True)

    def _place(self, relative: Path) -> tuple[str, str]:
        folders = _folders(relative)
        lot_id = folder_name(_text(folders[0])) if folders else ""
        camera_id = folder_name(_text(folders[1])) if len(folders) > 1 else ""
        return lot_id or self.default_lot, camera_id or DEFAULT_CAMERA


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
    """The photos of a folder that are not known yet, in the order of their names.

    Args:
        retry: those included that could not be read before.

    Raises:
        FolderError: the folder itself is missing or cannot be listed.
    """
    base = storage.root if _below(folder, storage.root) else folder
    files, found = store.files(), Pending()

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

    for path in find_photos(folder, on_skipped=skip):
        source = storage.source(path, base=base, describe=describe)
        before, good = files.get(source.file, (None, False))
        try:
            stat = path.stat()
        except OSError:
            stat = None  # reading it will say what is wrong
        is_same = stat is not None and before == FileStamp(stat.st_size, stat.st_mtime_ns)
        if not is_same or (retry and not good):
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

    A file is one by its suffix or, without a photo's suffix, by its first bytes. Hidden files
    and those that a program is still writing are passed over.

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
        folders[:] = sorted(n for n in folders if not n.startswith(".") and n not in _NOT_OURS)
        for name in sorted(names):
            path = Path(here, name)
            is_hidden = name.startswith(".")
            if not is_hidden and not name.lower().endswith(_UNFINISHED) and _is_photo(path):
                yield path


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


def _folders(relative: Path) -> list[str]:
    """The folders above a file that are no dates."""
    path = _YEAR_MONTH_DAY.sub("/", f"/{relative.parent.as_posix()}/")
    return [name for name in Path(path).parts[1:] if not DATE_FOLDER.fullmatch(name)]


def _below(path: Path, root: Path) -> Path | None:
    """`path` relative to `root`, None where it is not in it."""
    path, root = Path(os.path.abspath(path)), Path(os.path.abspath(root))  # noqa: PTH100 – links stay
    return path.relative_to(root) if path.is_relative_to(root) else None


def _text(name: str) -> str:
    """A file's name as valid text; bytes that are none become `\\xff`."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _is_photo(path: Path) -> bool:
    if path.suffix.lower() in SUFFIXES:
        return True
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return looks_like_photo(file.read(16))
    except OSError:
        return False
