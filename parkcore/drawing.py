"""Detections drawn on their photo, so that every count can be checked by eye."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont

from parkcore.colours import SPACE, VEHICLE
from parkcore.domain import Detection, Image
from parkcore.judgement import Judged, moved
from parkcore.layout import Layout


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


def draw_spaces(image: Image, layout: Layout, judged: Judged) -> Image:
    """A copy of the image with every space in green, red or grey, and its name."""
    base = PIL.Image.fromarray(image).convert("RGBA")
    layer = PIL.Image.new("RGBA", base.size)
    draw = PIL.ImageDraw.Draw(layer)
    line = max(2, round(max(base.size) / 480))
    font = PIL.ImageFont.load_default(size=max(11, round(max(base.size) / 90)))
    states = {space.id: space.state for space in judged.judgement.spaces}
    for area in layout.areas:
        corners = _corners(area.polygon, judged, base.size)
        draw.line([*corners, corners[0]], fill="#3BA7E8", width=line)
    for space in layout.spaces:
        corners = _corners(space.polygon, judged, base.size)
        colour = SPACE[states[space.id]]
        draw.polygon(corners, fill=f"{colour}55", outline=colour, width=line)
        middle = tuple(np.mean(corners, axis=0))
        draw.text(
            middle, space.id, font=font, fill="#FFFFFF", anchor="mm", stroke_width=2,
            stroke_fill="#0B1413",
        )  # fmt: skip
    return np.asarray(PIL.Image.alpha_composite(base, layer).convert("RGB"))


def _corners(
    polygon: Sequence[tuple[float, float]], judged: Judged, size: tuple[int, int]
) -> list[tuple[float, float]]:
    return [(x * size[0], y * size[1]) for x, y in moved(polygon, judged.homography).tolist()]


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
