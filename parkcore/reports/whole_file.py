"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from parkcore.errors import OutputError

_UNFINISHED = ".parkcore-out-"
LEFT_S = 24 * 3600
"""What is unfinished for so long was left by a process that was killed."""


@contextmanager
def whole_file(path: Path, *, make_folder: bool = False) -> Iterator[Path]:
    """A file to write beside `path`, which takes its place, all at once, where nothing fails.

    Args:
        make_folder: make the folder of the file where there is none.

    Raises:
        OutputError: it cannot be written; what was there before is still there.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise OutputError(f"{path} is not a file; name one, in a folder that can be written")
    try:
        if make_folder:
            target.parent.mkdir(parents=True, exist_ok=True)
        _clean(target.parent)
        with TemporaryDirectory(prefix=_UNFINISHED, dir=target.parent) as folder:
            unfinished = Path(folder) / target.name
            yield unfinished
            _settle(unfinished)
            unfinished.replace(target)
    except FileNotFoundError as error:
        raise OutputError(f"there is no folder {target.parent} to write {path.name} to") from error
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written ({error.strerror or error}); free some space, make the"
            " folder writable, or name another file"
        ) from error


def _settle(file: Path) -> None:
    with file.open("rb") as written:
        os.fsync(written.fileno())
    with suppress(OSError):
        file.chmod(0o644)


def _clean(folder: Path) -> None:
    for left in folder.glob(f"{_UNFINISHED}*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > LEFT_S:
                shutil.rmtree(left)
