"""Finding vehicles: the `Detector` protocol and its YOLOv8 implementation.

A new detector goes beside `YoloDetector`; `tests/test_detectors.py` says what all must keep to.
"""

from __future__ import annotations

import hashlib
import logging
import os
import pickle
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, cast

import cv2
import numpy as np

from parkcore.analysis_size import LARGE, OVERLAP, PART, WHOLE, analysis_size, parts, touches_seam
from parkcore.domain import LABELS, Box, Detection, DetectorInfo, Image, Label
from parkcore.errors import ModelError
from parkcore.geometry import distinct
from parkcore.quantised import SUFFIX, as_wanted, below_amx, digest, quantised

log = logging.getLogger(__name__)

IOU = 0.6
"""Boxes that overlap more are one vehicle, whatever its type. See `models/README.md`."""

EIGHT_BIT = "8 bit"
"""Told with the name of a model that runs so."""

MODEL_SETTING = "PARKCORE_MODEL"
"""What names the weights, unless said otherwise."""

MAX_VEHICLES = 2000
"""Ultralytics keeps 300 boxes of a photo unless told otherwise: too few for a large lot."""

FLAT = 6
"""Shades of 256 that an image must have between its darkest and its lightest pixel of a colour."""

SEAM = 3.0
"""Pixels, as the model sees them: a box that ends so near to a part's edge is cut by it."""


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

    def detect(self, image: Image, imgsz: int | None = None) -> list[Detection]:
        """The vehicles in an upright RGB image, surest first, boxes inside the image.

        Args:
            imgsz: look at it in this size instead of the detector's own.

        Raises:
            ModelError: the model cannot be loaded.
        """


class YoloDetector:
    """YOLOv8 by Ultralytics. Loaded at the first photo; may be shared by threads.

    Args:
        weights: the model's file, or what finds (and may fetch) it when it is needed first.
        confidence: detections less sure are left out, 0..1.
        imgsz: the image's longer side in pixels as the model sees it.
        eight_bit: run the 8-bit form of the weights where there is one.
        setting: what names the weights, for messages.
    """

    def __init__(
        self,
        weights: Path | Callable[[], Path],
        *,
        confidence: float,
        imgsz: int,
        eight_bit: bool = True,
        setting: str = MODEL_SETTING,
    ) -> None:
        self._given, self._confidence, self._imgsz = weights, confidence, imgsz
        self._wants_eight_bit, self._setting = eight_bit, setting
        self._lock = threading.Lock()  # one Ultralytics predictor serves one thread at a time

    @cached_property
    def weights(self) -> Path:
        """The model's file.

        Raises:
            ModelError: it is not there, and cannot be fetched.
        """
        return self._given if isinstance(self._given, Path) else self._given()

    @cached_property
    def _eight_bit(self) -> Path | None:
        return quantised(self.weights) if self._wants_eight_bit else None

    @property
    def is_eight_bit(self) -> bool:
        """Whether it runs the 8-bit form of its weights."""
        return self._eight_bit is not None

    @cached_property
    def info(self) -> DetectorInfo:
        try:
            if self._eight_bit:
                name = f"{self._eight_bit.name.removesuffix(SUFFIX)} ({EIGHT_BIT})"
                version = digest(self._eight_bit)
            else:
                name = self.weights.name
                version = hashlib.sha256(self.weights.read_bytes()).hexdigest()
        except OSError as error:
            raise ModelError(f"the model {self.weights} cannot be read: {error}") from error
        return DetectorInfo(name, version[:12], self._confidence, self._imgsz)

    def load(self) -> None:
        """Load the model now instead of at the first photo (takes seconds).

        Raises:
            ModelError: the file is damaged, or finds none of the four types.
        """
        with self._lock:
            _ = self._model

    def detect(self, image: Image, imgsz: int | None = None) -> list[Detection]:
        if _is_flat(image[::8, ::8]) and _is_flat(image):
            return []
        height, width = image.shape[:2]
        size = analysis_size(width, height, imgsz or self._imgsz)
        if size <= WHOLE:
            return self._look(image, size)
        scale = size / max(width, height)
        whole = self._look(image, PART)
        found = [seen for seen in whole if seen.box.longer_side * scale >= LARGE]
        side, overlap = round(PART / scale), round(OVERLAP / scale)
        for part in parts(width, height, side, overlap):
            left, top, right, bottom = part
            for seen in self._look(image[top:bottom, left:right], PART):
                box = seen.box
                moved = Box(box.x1 + left, box.y1 + top, box.x2 + left, box.y2 + top)
                if not touches_seam(moved, part, (width, height), SEAM / scale):
                    found.append(replace(seen, box=moved))
        return each_vehicle_once(found)

    def _look(self, image: Image, size: int) -> list[Detection]:
        with self._lock:
            [result] = self._model.predict(
                cv2.cvtColor(image, cv2.COLOR_RGB2BGR),  # as Ultralytics takes arrays
                imgsz=size,
                conf=self._confidence,
                iou=IOU,
                agnostic_nms=True,
                classes=list(self._labels),
                max_det=MAX_VEHICLES,
                device=self._device,
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
        run = self._eight_bit or self.weights
        log.info("loading the model %s", run)
        with _loading(run, self._setting), below_amx() if self._eight_bit else nullcontext():
            model = load(run, self._setting)
            blank = np.zeros((32, 32, 3), np.uint8)
            model.predict(blank, imgsz=32, device=self._device, verbose=False)  # sets things up
            if self._eight_bit:
                as_wanted(model, self._eight_bit)
            names = model.names
        if not set(names.values()) & set(LABELS):
            raise ModelError(
                f"{self.weights} finds {', '.join(map(str, list(names.values())[:8]))}, but none"
                f" of {', '.join(LABELS)}; set {self._setting} to a model that does"
            )
        return model

    @property
    def _device(self) -> str | None:
        """OpenVINO would start a built-in graphics unit, which takes longer than it gains."""
        return "intel:cpu" if self._eight_bit else None

    @cached_property
    def _labels(self) -> dict[int, Label]:
        """The model's class numbers of the four types; other classes are never looked at."""
        return {n: cast(Label, name) for n, name in self._model.names.items() if name in LABELS}


def _is_flat(image: Image) -> bool:
    """Whether an image is of one colour. Of a small one the network took the whole for a car, on
    the grey that it is padded with."""
    return bool(np.ptp(image, axis=(0, 1)).max() < FLAT)


def each_vehicle_once(found: Sequence[Detection]) -> list[Detection]:
    """Of detections that overlap by more than `IOU`, of whatever type, the surest."""
    boxes = np.array([seen.box.as_tuple() for seen in found]).reshape(-1, 4)
    confidences = np.array([seen.confidence for seen in found])
    return [found[number] for number in distinct(boxes, confidences, IOU)]


def load(weights: Path, setting: str = MODEL_SETTING) -> Any:
    """A model of Ultralytics that uses all cores: left alone it leaves one idle, which is half
    of a small machine.

    Raises:
        ModelError: the file cannot be loaded.
    """
    yolo = ultralytics()
    import torch

    threads = torch.get_num_threads()
    with _loading(weights, setting):
        model = yolo(weights, task="detect")
    for start in ("on_predict_start", "on_train_start"):
        model.add_callback(start, lambda _: torch.set_num_threads(threads))
    return model


@contextmanager
def _loading(weights: Path, setting: str) -> Iterator[None]:
    """Damaged weights fail in many ways, according to where the damage is."""
    try:
        yield
    except (OSError, RuntimeError, ValueError, TypeError, KeyError, AttributeError, EOFError,
            ImportError, StopIteration, pickle.UnpicklingError) as error:  # fmt: skip
        itself = ", or set PARKCORE_EIGHT_BIT=false to go without it" if weights.is_dir() else ""
        raise ModelError(
            f"{weights} is not a YOLO model that can be loaded ({error}); put a good"
            f" copy there or set {setting} to another{itself}"
        ) from error


def ultralytics() -> Any:
    """Import Ultralytics and PyTorch (seconds): only who detects pays for it."""
    # Read at import: no look-ups of outside hosts, no usage statistics, no packages installed.
    os.environ.setdefault("YOLO_OFFLINE", "true")
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")
    os.environ.setdefault("YOLO_VERBOSE", "false")
    # The threads of one photo wait for each other spinning, unless told to give up soon: beside
    # another process that looks at photos, one took 750 ms instead of 350. Read at import, too.
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    # OpenVINO would tell its makers each time that it is imported; without this it goes on.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import torch  # noqa: F401 – first, as Ultralytics would tell it to use a single core
    from ultralytics import YOLO

    return YOLO
