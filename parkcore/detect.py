"""Finding vehicles: the `Detector` protocol and its YOLOv8 implementation.

A new detector goes beside `YoloDetector`; `tests/test_detectors.py` says what all must keep to.
"""

from __future__ import annotations

import hashlib
import logging
import math
import os
import pickle
import threading
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np

from parkcore.domain import LABELS, Box, Detection, DetectorInfo, Image, Label
from parkcore.errors import ModelError

log = logging.getLogger(__name__)

IOU = 0.6
"""Boxes that overlap more are one vehicle, whatever its type. See `models/README.md`."""

MAX_VEHICLES = 2000
"""Ultralytics keeps 300 boxes of a photo unless told otherwise: too few for a large lot."""


ENLARGE = 1.5
"""Small photos are enlarged by no more than this: beyond it the model finds less, not more."""


class Detector(Protocol):
    """Finds vehicles in an image."""

    @property
    def info(self) -> DetectorInfo:
        """What judges. May read the weights' file, but loads nothing."""

    def load(self) -> None:
        """Get ready now what the first `detect` would otherwise wait for.

        Raises:
            ModelError: the model cannot be loaded.
        """

    def detect(self, image: Image) -> list[Detection]:
        """The vehicles in an upright RGB image, surest first, boxes inside the image.

        Raises:
            ModelError: the model cannot be loaded.
        """


class YoloDetector:
    """YOLOv8 by Ultralytics. Loaded at the first photo; may be shared by threads.

    Args:
        weights: the model's file, or what finds (and may fetch) it when it is needed first.
        confidence: detections less sure are left out, 0..1.
        imgsz: the image's longer side in pixels as the model sees it.
    """

    def __init__(
        self, weights: Path | Callable[[], Path], *, confidence: float, imgsz: int
    ) -> None:
        self._given, self._confidence, self._imgsz = weights, confidence, imgsz
        self._lock = threading.Lock()  # one Ultralytics predictor serves one thread at a time

    @cached_property
    def _weights(self) -> Path:
        return self._given if isinstance(self._given, Path) else self._given()

    @cached_property
    def info(self) -> DetectorInfo:
        try:
            version = hashlib.sha256(self._weights.read_bytes()).hexdigest()[:12]
        except OSError as error:
            raise ModelError(f"the model {self._weights} cannot be read: {error}") from error
        return DetectorInfo(self._weights.name, version, self._confidence, self._imgsz)

    def load(self) -> None:
        """Load the model now instead of at the first photo (takes seconds).

        Raises:
            ModelError: the file is damaged, or finds none of the four types.
        """
        with self._lock:
            _ = self._model

    def detect(self, image: Image) -> list[Detection]:
        with self._lock:
            [result] = self._model.predict(
                image[:, :, ::-1],  # Ultralytics takes arrays as BGR
                imgsz=analysis_size(image.shape[1], image.shape[0], self._imgsz),
                conf=self._confidence,
                iou=IOU,
                agnostic_nms=True,
                classes=list(self._labels),
                max_det=MAX_VEHICLES,
                verbose=False,
            )
        height, width = image.shape[:2]
        boxes = result.boxes
        found = zip(boxes.cls.tolist(), boxes.conf.tolist(), boxes.xyxy.tolist(), strict=True)
        detections = []
        for number, confidence, (x1, y1, x2, y2) in found:
            inside = max(x1, 0.0), max(y1, 0.0), min(x2, width), min(y2, height)
            if inside[0] < inside[2] and inside[1] < inside[3]:
                detections.append(Detection(self._labels[int(number)], confidence, Box(*inside)))
        return detections

    @cached_property
    def _model(self) -> Any:
        log.info("loading the model %s", self._weights)
        yolo = _ultralytics()
        try:
            model = yolo(self._weights, task="detect")
            names = model.names
            blank = np.zeros((32, 32, 3), np.uint8)
            model.predict(blank, imgsz=32, verbose=False)  # the first look sets things up
        except (OSError, RuntimeError, ValueError, TypeError, KeyError, AttributeError, EOFError,
                ImportError, pickle.UnpicklingError) as error:  # fmt: skip
            raise ModelError(
                f"{self._weights} is not a YOLO model that can be loaded ({error}); put a good"
                " copy there or set PARKCORE_MODEL to another"
            ) from error
        if not set(names.values()) & set(LABELS):
            raise ModelError(
                f"{self._weights} finds {', '.join(map(str, list(names.values())[:8]))}, but none"
                f" of {', '.join(LABELS)}; set PARKCORE_MODEL to a model that does"
            )
        return model

    @cached_property
    def _labels(self) -> dict[int, Label]:
        """The model's class numbers of the four types; other classes are never looked at."""
        return {n: cast(Label, name) for n, name in self._model.names.items() if name in LABELS}


def analysis_size(width: int, height: int, imgsz: int) -> int:
    """The longer side, in pixels, at which a photo is looked at: `imgsz`, less where the photo
    would have to be enlarged too much; a multiple of 32, the model's coarsest grid."""
    wanted = min(imgsz, ENLARGE * max(width, height))
    return max(32, 32 * math.ceil(wanted / 32))


def find_weights(
    model: str, *, folders: tuple[Path, ...], announce: Callable[[str], None] = log.warning
) -> Path:
    """The file of a model given as a path or as a name in one of `folders`.

    An official YOLOv8 name that is nowhere is downloaded by Ultralytics into the first folder,
    which `announce` is told before.

    Raises:
        ModelError: no such file, and none that could be downloaded.
    """
    path = Path(model).expanduser()
    for candidate in (path, *(folder / path for folder in folders)):
        if os.path.isfile(candidate):  # noqa: PTH113 – Path.is_file raises without permission
            return candidate
    target = folders[0] / path.name
    if path.name != model or not _is_official(path.name):
        raise ModelError(
            f"there is no model at {path.absolute()}; put the file there, or set PARKCORE_MODEL to"
            " another file or to an official name such as yolov8s.pt"
        )
    announce(f"downloading {path.name} from Ultralytics to {target} (once)")
    return _download(target)


def model_folders() -> tuple[Path, ...]:
    """Where models are looked for: the working folder's, the repository's, the package's own."""
    package = Path(__file__).parent
    return Path("models"), package.parent / "models", package / "weights"


def _is_official(name: str) -> bool:
    stem, dot, suffix = name.partition(".")
    return name.startswith("yolov8") and stem[6:] in set("nsmlx") and dot + suffix == ".pt"


def _download(target: Path) -> Path:
    _ultralytics()
    from ultralytics.utils.downloads import attempt_download_asset

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        attempt_download_asset(target, retry=1)
    except (OSError, MemoryError) as error:
        raise ModelError(_how_to_fetch(target)) from error
    if not target.is_file():
        raise ModelError(_how_to_fetch(target))
    return target


def _how_to_fetch(target: Path) -> str:
    return (
        f"{target.name} could not be downloaded (is there an internet connection?); download it on"
        f" another machine from the release page of Ultralytics' assets and put it at"
        f" {target.absolute()}, or use {LOCAL_MODEL_HINT}"
    )


LOCAL_MODEL_HINT = "the model that Parkcore brings, parkcore-yolov8n.pt"


def _ultralytics() -> Any:
    """Import Ultralytics and PyTorch (seconds): only who detects pays for it."""
    # Read at import: no look-ups of outside hosts, no usage statistics, no packages installed.
    os.environ.setdefault("YOLO_OFFLINE", "true")
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")
    os.environ.setdefault("YOLO_VERBOSE", "false")
    from ultralytics import YOLO

    return YOLO
