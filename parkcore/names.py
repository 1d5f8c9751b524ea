"""What lots and cameras may be called, and how many spaces they may have. Pure."""

from __future__ import annotations

import re

DATE_FOLDER = re.compile(r"(19|20)\d\d([-_.]?(0[1-9]|1[0-2])([-_.]?(0[1-9]|[12]\d|3[01]))?)?")
"""Folders of such names only sort photos by date; they name neither a lot nor a camera."""


def check_capacity(capacity: int | None) -> None:
    whole = isinstance(capacity, int) and not isinstance(capacity, bool)
    if capacity is not None and not (whole and 1 <= capacity <= 1_000_000):
        raise ValueError(f"a capacity is a whole number from 1 to 1,000,000, but got {capacity!r}")


def check_name(kind: str, name: str) -> None:
    """Lots and cameras are named like their folders, so a name must be possible as one."""
    if name != folder_name(name) or not name:
        raise ValueError(
            f"{name!r} cannot name a {kind}: a name has 1 to 80 characters, none of them"
            ' / \\ : * ? " < > | or a control character, and no dot or space at its ends'
        )
    if DATE_FOLDER.fullmatch(name):
        raise ValueError(
            f"{name!r} cannot name a {kind}: it is a date, and folders of dates only sort photos"
        )


def folder_name(text: str) -> str:
    """The nearest text to `text` that can name a folder on every system; may be empty."""
    kept = "".join("_" if c in '/\\:*?"<>|' or not c.isprintable() else c for c in text)
    return kept.lstrip(" .")[:80].rstrip(" .")
