"""The 8-bit form of a detector: the same weights in integers, run by OpenVINO.

It takes a third of the time on a CPU and judges as well (see `models/README.md`). For `x.pt` it is
the folder `x_int8_openvino_model` beside it; `models/training/quantise.py` makes it.
"""

from __future__ import annotations

import hashlib
import logging
from importlib.util import find_spec
from pathlib import Path

import yaml

log = logging.getLogger(__name__)

SUFFIX = "_int8_openvino_model"
"""Of the folder's name; Ultralytics tells by its end how to run what is in it."""

MADE_OF = "made_of"
"""What the folder's metadata calls the SHA-256 of the weights that it was made of."""


def folder_of(weights: Path) -> Path:
    """Where the 8-bit form of some weights is, or would be."""
    return weights.with_name(f"{weights.stem}{SUFFIX}")


def quantised(weights: Path) -> Path | None:
    """The folder with the 8-bit form of these very weights; None where there is none, where it is
    of others, or where OpenVINO is not installed (it is for 64-bit PCs)."""
    folder = folder_of(weights)
    try:
        described = yaml.safe_load((folder / "metadata.yaml").read_text(encoding="utf-8"))
        of_these = described[MADE_OF] == hashlib.sha256(weights.read_bytes()).hexdigest()
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, yaml.YAMLError) as error:
        log.warning("%s is left aside, as it cannot be read: %s", folder, error)
        return None
    if not of_these:
        log.warning("%s is left aside: it was made of another %s", folder, weights.name)
        return None
    return folder if find_spec("openvino") else None


def content(folder: Path) -> bytes:
    """What judges: the network and its weights.

    Raises:
        OSError: they cannot be read.
    """
    files = sorted(path for path in folder.iterdir() if path.suffix in {".xml", ".bin"})
    return b"".join(path.read_bytes() for path in files)
