"""Which photos are held back for measuring and never trained on. Pure.

Photos of one clip or one drone flight show the same vehicles from the same place, so they stay
together. A stable hash of the group decides, not a list: whoever adds photos, or another set,
needs to change nothing, and the same photo in two sets falls on the same side.
"""

from __future__ import annotations

import hashlib
import re
from typing import Literal, TypeAlias

Split: TypeAlias = Literal["train", "valid"]

NAMES = ("train", "valid", "val", "validation", "test")
"""What the folders of splits are called."""

ONE_IN = 5

# The first number by which one of the highway set's five clips is held back, of a day of its
# own, and one of the aerial set's six flights, over a place of its own: a sixth of each set, and
# about a fifth of the others. No figure of any model was looked at to choose it.
SALT = "parkcore 22"

_EXPORTED = re.compile(r"\.rf\.[0-9A-Za-z]+$")
"""What Roboflow adds to a name; copies of one photo differ in it alone."""
_SUFFIX = re.compile(r"[._](jpe?g|png|webp|bmp)$", re.IGNORECASE)
_FRAMES = (
    re.compile(r"^(.+[._](?:mp4|avi|mov|mkv|m4v))[-_]\d+$", re.IGNORECASE),
    re.compile(r"^(.*frame)[-_]?\d+$", re.IGNORECASE),
    re.compile(r"^(DJI[-_]\d+)-\d+$"),
    re.compile(r"^(.*MOS)\d+$"),
    re.compile(r"^(seq\d+)_\d{4}-.*$"),
)
"""Names of frames of a clip, a flight or a fixed camera: the group is what comes before the
number. A name that looks otherwise is a photo of its own."""


def group_of(stem: str) -> str:
    """What a photo belongs to: its clip, flight or fixed camera, else the photo itself.

    Args:
        stem: the photo's file name without its ending, as `Path.stem` gives it.
    """
    name = _SUFFIX.sub("", _EXPORTED.sub("", stem))
    for pattern in _FRAMES:
        if match := pattern.match(name):
            return match[1].removesuffix("-MOS")
    return name


def held_back(stem: str) -> bool:
    """Whether a photo is for measuring only: one group in five is.

    Args:
        stem: the photo's file name without its ending, as `Path.stem` gives it.
    """
    digest = hashlib.sha256(f"{SALT}/{group_of(stem)}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % ONE_IN == 0


def called(split: str | None) -> str | None:
    """A split by one name, whichever of its names a set uses."""
    return "valid" if split in ("val", "validation") else split


def split_of(stem: str) -> Split:
    """`valid` where a photo is held back, else `train`."""
    return "valid" if held_back(stem) else "train"
