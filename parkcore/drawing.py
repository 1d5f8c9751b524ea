"""Detections drawn on their photo, so that every count can be checked by eye."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont

from parkcore.colours import VEHICLE
from parkcore.domain import Detection, Image


def annotate(image: Image, detections: Sequence[Detection]) -> Image:
    """A copy of the image with a box around each vehicle, its confidence where there is room,
    and its type in words where it is not the usual car."""
    picture = PIL.Image.fromarray(image)
    draw = PIL.ImageDraw.Draw(picture)
    line = max(2, round(max(picture.size) / 480))
    font = PIL.ImageFont.load_default(size=max(11, round(max(picture.size) / 100)))
    farthest_first = sorted(detections, key=lambda detection: detection.box.y2)
    for detection in farthest_first:
        draw.rectangle(detection.box.as_tuple(), outline="#0B1413", width=line + 2)
        draw.rectangle(detection.box.as_tuple(), outline=VEHICLE[detection.label], width=line)
    for detection in farthest_first:
        _tag(draw, detection, font)
    return np.asarray(picture)


def _tag(
    draw: PIL.ImageDraw.ImageDraw,
    detection: Detection,
    font: PIL.ImageFont.FreeTypeFont | PIL.ImageFont.ImageFont,
) -> None:
    box = detection.box
    sure = f"{detection.confidence:.0%}"
    for text in (sure,) if detection.label == "car" else (f"{detection.label} {sure}", sure):
        left, _, right, bottom = draw.textbbox((box.x1 + 3, box.y1 + 2), text, font=font)
        if right - left + 8 <= box.x2 - box.x1:
            draw.rectangle((box.x1, box.y1, right + 4, bottom + 3), fill=VEHICLE[detection.label])
            draw.text((box.x1 + 3, box.y1 + 2), text, font=font, fill="#0B1413")
            return
