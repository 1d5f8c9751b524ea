"""YOLO as Ultralytics' own `predict` uses it: what Parkcore is measured beside."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any, cast

from parkcore.detect import load
from parkcore.domain import LABELS, Box, Detection, Image, Label

DEFAULT_SIZE, DEFAULT_CONFIDENCE = 640, 0.25
"""Ultralytics' defaults. Its others are never changed here: overlap (IoU) 0.7 in the suppression,
each type for itself, at most 300 boxes."""


class PlainYolo:
    """A model as it is, without any of Parkcore's settings; only the four types are kept.

    Args:
        confidence: detections less sure are left out, 0..1.
    """

    def __init__(self, weights: Path, *, confidence: float) -> None:
        self.name = weights.name
        self._weights, self._confidence = weights, confidence

    def load(self) -> None:
        """Load the model now.

        Raises:
            ModelError: the file cannot be loaded.
        """
        _ = self._model

    def detect(self, image: Image, imgsz: int) -> list[Detection]:
        """The vehicles in an upright RGB image, surest first, looked at in the given size."""
        bgr = image[:, :, ::-1]
        [result] = self._model.predict(bgr, imgsz=imgsz, conf=self._confidence, verbose=False)
        names, boxes = self._model.names, result.boxes
        found = zip(boxes.cls.tolist(), boxes.conf.tolist(), boxes.xyxy.tolist(), strict=True)
        return [
            Detection(cast(Label, names[int(number)]), confidence, Box(*corners))
            for number, confidence, corners in found
            if names[int(number)] in LABELS and corners[0] < corners[2] and corners[1] < corners[3]
        ]

    @cached_property
    def _model(self) -> Any:
        return load(self._weights)
