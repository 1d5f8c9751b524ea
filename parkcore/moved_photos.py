"""Photos that are no longer where they were recorded."""

from __future__ import annotations

import os
from pathlib import Path

from parkcore.domain import Photo
from parkcore.store import Store


def was_moved(photo: Photo, path: Path, file: str, store: Store) -> bool:
    """Whether a known photo is no longer where it was recorded, but where it was found now.

    Args:
        path, file: where that is, and how it would be recorded.
    """
    inner = Path(file)
    if file == photo.file or inner.is_absolute():
        return False
    there = store.file_content(photo.file)
    is_replaced = there is not None and there[1] != photo.sha256
    root = Path(os.path.abspath(path)).parents[len(inner.parts) - 1]  # noqa: PTH100
    return is_replaced or is_lost(root, photo.file)


def is_lost(root: Path, file: str) -> bool:
    """Whether nothing is any more where a photo was recorded below the storage folder. A folder
    that is empty, as one that is not mounted, or that cannot be read has lost nothing; of a name
    that is no text, which is recorded with its bytes escaped, it cannot be told."""
    top = root / Path(file).parts[0]
    try:
        if "\\" in file or os.path.lexists(root / file):
            return False
        is_away = top.is_symlink() and not top.exists()
        return not is_away and not (top.is_dir() and not any(top.iterdir()))
    except OSError:
        return False
