"""The files of recorded photos: whether each is where it was, and taking it away."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from parkcore.ingest import content_id
from parkcore.names import DATE_FOLDER
from parkcore.sqlite.file_store import FileStamp
from parkcore.sqlite.retention_store import StoredPhoto
from parkcore.storage import Storage, below

Place: TypeAlias = Literal["here", "gone", "out of reach"]


@dataclass(frozen=True, slots=True)
class PhotoFiles:
    """The photos of a storage folder."""

    storage: Storage
    problem: Callable[[str], None]
    """Told what could not be looked at or taken away, and why."""

    def place(self, photo: StoredPhoto) -> Place:
        """Where a photo is; a folder that is not mounted has lost nothing."""
        path = self.storage.path(photo.file)
        if below(path, self.storage.root) is None:
            return "out of reach"
        try:
            stat = path.stat()
            if FileStamp.of(stat) == photo.stamp:
                return "here"
            is_it = stat.st_size == photo.size_bytes and (
                content_id(path.read_bytes()) == photo.sha256
            )
            return "here" if is_it else "gone"  # another photo took its name
        except (FileNotFoundError, NotADirectoryError):
            top = self.storage.path(photo.file.split("/")[0]) if "/" in photo.file else None
            if _has_content(top or self.storage.root):
                return "gone"
            self.problem(f"{top or self.storage.root} is missing or empty: nothing of it is taken")
        except OSError as error:
            self.problem(f"{path} cannot be looked at ({error.strerror})")
        return "out of reach"

    def unlink(self, photo: StoredPhoto) -> bool:
        path = self.storage.path(photo.file)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            self.problem(f"{path} cannot be deleted ({error.strerror}); check its permissions")
            return False
        with suppress(OSError):  # something else is in it
            for folder in path.parents:
                if folder == self.storage.root or not DATE_FOLDER.fullmatch(folder.name):
                    break
                folder.rmdir()
        return True


def _has_content(folder: Path) -> bool:
    try:
        return any(folder.iterdir())
    except OSError:
        return False
