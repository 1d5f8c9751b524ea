"""The storage folder: whose a photo is by its place, and putting photos into it."""

from __future__ import annotations

import fnmatch
import logging
import os
import re
import time
import tomllib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile

from parkcore.domain import DEFAULT_CAMERA, Lot
from parkcore.errors import FolderError
from parkcore.images import SUFFIXES
from parkcore.ingest import Source
from parkcore.names import DATE_FOLDER, folder_name

log = logging.getLogger(__name__)

LOT_FILE = "lot.toml"
"""In a lot's folder: `name` and `capacity`, taken over when the folder is seen first."""

LAYOUT_FILE = "spaces.json"
"""In the folder of a sample's camera: its spaces, marked when its first photo is recorded."""

_UNFINISHED = ".parkcore-"
LEFT_S = 3600
"""A file of ours that is unfinished for so long was left by a process that was killed."""

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
        inside = below(path, self.root)
        relative = inside or below(path, base or path.parent) or Path(path.name)
        lot_id, camera_id = self._place(relative)
        file = _text(inside.as_posix() if inside else str(path.absolute()))
        folders = _folders(relative)
        lot = (describe or self.lot)(lot_id, folders[0] if folders else None)
        marked = self.root.joinpath(*folders[:2], LAYOUT_FILE) if lot.is_sample else None
        return Source(path, file, lot, camera_id, layout_file=marked)

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

    def described(self, lot_id: str, folder: str | None = None) -> Lot:
        """The same; where the file cannot be used, which is logged, by its id alone: that is no
        reason not to read its photos."""
        try:
            return self.lot(lot_id, folder)
        except FolderError as error:
            log.warning("%s", error)
            return Lot(lot_id, lot_id)

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
            with NamedTemporaryFile(
                dir=folder, prefix=_UNFINISHED, suffix=".part", delete=False
            ) as out:
                unfinished = Path(out.name)
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            with suppress(OSError):  # not every network drive lets it
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

    def clean(self) -> None:
        """Remove what processes that were killed left half-written."""
        for folder, _, names in os.walk(self.root):  # passes over what cannot be looked at
            for name in fnmatch.filter(names, f"{_UNFINISHED}*.part"):
                left = Path(folder) / name
                with suppress(OSError):
                    if time.time() - left.stat().st_mtime > LEFT_S:
                        left.unlink()

    def _place(self, relative: Path) -> tuple[str, str]:
        folders = _folders(relative)
        lot_id = folder_name(_text(folders[0])) if folders else ""
        camera_id = folder_name(_text(folders[1])) if len(folders) > 1 else ""
        return lot_id or self.default_lot, camera_id or DEFAULT_CAMERA


def below(path: Path, root: Path) -> Path | None:
    """`path` relative to `root`, None where it is not in it."""
    path, root = Path(os.path.abspath(path)), Path(os.path.abspath(root))  # noqa: PTH100 – links stay
    return path.relative_to(root) if path.is_relative_to(root) else None


def _folders(relative: Path) -> list[str]:
    """The folders above a file that are no dates."""
    path = _YEAR_MONTH_DAY.sub("/", f"/{relative.parent.as_posix()}/")
    names = Path(path).parts[1:]
    return [name for name in names if not DATE_FOLDER.fullmatch(folder_name(_text(name)))]


def _text(name: str) -> str:
    """A file's name as valid text; bytes that are none become `\\xff`."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
