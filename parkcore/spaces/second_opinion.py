"""A second opinion: each marked space looked at by itself, by a classifier of its crop.

The crop is upright and square, the space's own extent enlarged, so that its surroundings are seen;
that judges spaces better than the exact polygon does (Marek, "Image-Based Parking Space Occupancy
Classification: Dataset and Baseline", 2021). A fourth channel shows the space's outline.
"""

from __future__ import annotations

import hashlib
import logging
import math
import os
import pickle
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from parkcore.domain import Image
from parkcore.errors import ModelError
from parkcore.spaces.ground import Floats

log = logging.getLogger(__name__)

SIDE = 64
"""Pixels of the crop's sides as the network sees it."""

ENLARGED = 1.5
"""The crop's side over the longer side of the space's upright extent."""

BATCH = 64
"""Crops judged at once."""

MARKER, FORM = "parkcore-spaces", 1
"""What a file of weights says that it is."""


def cut(
    image: Image, outlines: Sequence[Floats], *, side: int = SIDE, enlarged: float = ENLARGED
) -> npt.NDArray[np.uint8]:
    """The crops of spaces: n × side × side × 4, red, green, blue and the mask (0 or 255).

    What lies outside the photo repeats its border.

    Args:
        outlines: each space's corners in pixels of the photo, k × 2.
    """
    crops = np.empty((len(outlines), side, side, 4), np.uint8)
    height, width = image.shape[:2]
    for number, outline in enumerate(outlines):
        low, high = outline.min(0), outline.max(0)
        extent = max(2.0, float((high - low).max())) * enlarged
        left, top = (low + high) / 2 - extent / 2
        x1, y1 = math.floor(left), math.floor(top)
        x2, y2 = math.ceil(left + extent), math.ceil(top + extent)
        inside = image[max(0, y1) : max(1, y2), max(0, x1) : max(1, x2)]
        if inside.size == 0:  # the space lies wholly outside
            crops[number] = 0
            continue
        beyond = (
            max(0, -y1), max(0, y2 - max(height, y1)), max(0, -x1), max(0, x2 - max(width, x1))
        )  # fmt: skip
        if any(beyond):
            inside = np.asarray(cv2.copyMakeBorder(inside, *beyond, cv2.BORDER_REPLICATE), np.uint8)
        shrinks = inside.shape[0] > side
        how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        crops[number, :, :, :3] = cv2.resize(inside, (side, side), interpolation=how)
        mask = np.zeros((side, side), np.uint8)
        scaled = (outline - (x1, y1)) * (side / (x2 - x1), side / (y2 - y1))
        cv2.fillPoly(mask, [np.round(scaled).astype(np.int32)], 255)
        crops[number, :, :, 3] = mask
    return crops


@dataclass(frozen=True, slots=True)
class OpinionInfo:
    """What gave a second opinion."""

    model: str
    version: str
    """The first twelve digits of the file's SHA-256."""

    @property
    def named(self) -> str:
        """As it is recorded with a judgement."""
        return f"{self.model} {self.version}"


class SecondOpinion:
    """The classifier of spaces. Loaded at the first photo; may be shared by threads.

    Args:
        weights: the classifier's file, or what finds it when it is needed first.
    """

    def __init__(self, weights: Path | Callable[[], Path]) -> None:
        self._given, self._lock = weights, threading.Lock()

    @cached_property
    def _weights(self) -> Path:
        return self._given if isinstance(self._given, Path) else self._given()

    @cached_property
    def info(self) -> OpinionInfo:
        try:
            version = hashlib.sha256(self._weights.read_bytes()).hexdigest()[:12]
        except OSError as error:
            raise ModelError(
                f"the classifier of spaces {self._weights} cannot be read: {error}"
            ) from error
        return OpinionInfo(self._weights.name, version)

    def load(self) -> None:
        """Load the classifier now instead of at the first space.

        Raises:
            ModelError: the file is missing or damaged.
        """
        with self._lock:
            _ = self._net

    def probabilities(self, image: Image, outlines: Sequence[Floats]) -> Floats:
        """Of being occupied, 0..1, for each space.

        Args:
            image: upright, RGB.
            outlines: each space's corners in pixels of the photo, k × 2.

        Raises:
            ModelError: the file is missing or damaged.
        """
        if not len(outlines):
            return np.empty(0)
        with self._lock:
            net, temperature = self._net
        odds = log_odds(net, cut(image, outlines)) / temperature
        probabilities: Floats = 1 / (1 + np.exp(-odds))
        return probabilities

    @cached_property
    def _net(self) -> tuple[Any, float]:
        log.info("loading the classifier of spaces %s", self._weights)
        net, temperature = read_weights(self._weights)
        from parkcore.spaces.space_net import fused

        return fused(net), temperature


def find_classifier(name: str, *, folders: Sequence[Path]) -> Path:
    """The file of a classifier given as a path or as a name in one of `folders`.

    Raises:
        ModelError: there is none.
    """
    path = Path(name).expanduser()
    for candidate in (path, *(folder / path for folder in folders)):
        if os.path.isfile(candidate):  # noqa: PTH113 – Path.is_file raises without permission
            return candidate
    raise ModelError(
        f"there is no classifier of spaces at {path.absolute()}; put the file there, or set"
        " PARKCORE_SECOND_OPINION to another, or to off to judge without it"
    )


def log_odds(net: Any, crops: npt.NDArray[np.uint8]) -> Floats:
    """What a network says of crops as `cut` makes them: the log odds of each, the mean of what it
    says of the crop and of its mirror image, which is right more often than either."""
    import torch

    said = []
    with torch.inference_mode():
        for start in range(0, len(crops), BATCH):
            batch = torch.from_numpy(crops[start : start + BATCH]).permute(0, 3, 1, 2)
            seen = batch.float().div_(255)
            said.append(((net(seen) + net(seen.flip(3))) / 2).double().numpy())
    return np.concatenate(said) if said else np.empty(0)


def read_weights(path: Path) -> tuple[Any, float]:
    """The network of a file, ready to judge, and the temperature that its log odds are divided by.

    Raises:
        ModelError: the file is missing, damaged or of another form; its text says what to do.
    """
    import torch

    from parkcore.spaces.space_net import SpaceNet

    try:
        kept = torch.load(path, map_location="cpu", weights_only=True)
        meta, state = kept["meta"], kept["state"]
        if (meta["what"], meta["form"], meta["side"], meta["enlarged"]) != (
            MARKER, FORM, SIDE, ENLARGED,
        ):  # fmt: skip
            raise ValueError(f"it is {meta}, expected {MARKER} of form {FORM}")
        net = SpaceNet()
        net.load_state_dict({name: value.float() for name, value in state.items()})
        temperature = float(meta["temperature"])
    except (OSError, RuntimeError, ValueError, TypeError, KeyError, AttributeError, EOFError,
            IndexError, pickle.UnpicklingError) as error:  # fmt: skip
        raise ModelError(
            f"{path} is not a classifier of spaces that can be loaded ({error}); put a good copy"
            " there, set PARKCORE_SECOND_OPINION to another, or to off to judge without it"
        ) from error
    return net.eval(), temperature
