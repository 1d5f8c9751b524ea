"""Detections drawn on their photo, so that every count can be checked by eye."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont

from parkcore.colours import SPACE, STRAY, USE, VEHICLE
from parkcore.domain import Detection, Image
from parkcore.spaces.ground import Floats, moved
from parkcore.spaces.layout import Layout
from parkcore.spaces.strays import Stray
from parkcore.spaces.verdict import Judged, State


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


def draw_spaces(
    image: Image, layout: Layout, judged: Judged, *, states: Mapping[str, State] | None = None
) -> Image:
    """A copy of the image with every space in green, red or grey, and its name.

    Nothing is drawn where the camera looks elsewhere, as nobody knows where the spaces are.

    Args:
        states: per space, where other photos say more; else what this photo says.
    """
    if judged.is_elsewhere:
        return image.copy()
    base = PIL.Image.fromarray(image).convert("RGBA")
    layer = PIL.Image.new("RGBA", base.size)
    draw = PIL.ImageDraw.Draw(layer)
    line = max(2, round(max(base.size) / 480))
    shown = {space.id: space.state for space in judged.judgement.spaces} | dict(states or {})
    for area in layout.areas:
        corners = _corners(area.polygon, judged, base.size)
        draw.line([*corners, corners[0]], fill="#3BA7E8", width=line)
    for space in layout.spaces:
        corners = _corners(space.polygon, judged, base.size)
        colour = SPACE[shown[space.id]]
        draw.polygon(corners, fill=f"{colour}55", outline=colour, width=line)
    for space in layout.spaces:  # above its neighbours
        outline = np.array(_corners(space.polygon, judged, base.size))
        font = _name_font(space.id, outline, base.size)
        draw.text(
            tuple(outline.mean(axis=0)), space.id, font=font, fill="#FFFFFF", anchor="mm",
            stroke_width=2, stroke_fill="#0B1413",
        )  # fmt: skip
    return np.asarray(PIL.Image.alpha_composite(base, layer).convert("RGB"))


def _name_font(
    name: str, outline: Floats, size: tuple[int, int]
) -> PIL.ImageFont.FreeTypeFont | PIL.ImageFont.ImageFont:
    """As large as its space is wide; a letter is 0.6 as wide as high."""
    fitting = np.ptp(outline[:, 0]) / (0.6 * max(2, len(name)))
    largest, least = max(size) / 45, max(11, max(size) / 90)
    return PIL.ImageFont.load_default(size=round(min(largest, max(least, fitting))))


def draw_use(
    image: Image, layout: Layout, shares: Mapping[str, float | None], *, named: bool = False
) -> Image:
    """A copy of the image with every space in the colour of its utilisation, and its percent; grey
    with a question mark where it was not seen.

    Args:
        image: the photo that the layout was drawn on, in any size.
        shares: per space its utilisation, 0..1.
        named: write the name of each space in place of its percent.
    """
    base = PIL.Image.fromarray(image).convert("RGBA")
    layer = PIL.Image.new("RGBA", base.size)
    draw = PIL.ImageDraw.Draw(layer)
    line = max(2, round(max(base.size) / 480))
    outlines = {space.id: np.array(space.polygon) * base.size for space in layout.spaces}
    for name, outline in outlines.items():
        colour, corners = use_colour(shares.get(name)), list(map(tuple, outline.tolist()))
        draw.polygon(corners, fill=f"{colour}E6", outline="#0B1413", width=line)
    for name, outline in outlines.items():  # above its neighbours
        share = shares.get(name)
        told = "?" if share is None else f"{math.floor(100 * share + 1e-6)}%"
        text = name if named else told
        is_light = share is not None and share < 0.4
        inks = ("#0B1413", "#FFFFFF") if is_light else ("#FFFFFF", "#0B1413")
        draw.text(
            tuple(outline.mean(axis=0)), text, font=_name_font(text, outline, base.size),
            fill=inks[0], anchor="mm", stroke_width=2, stroke_fill=inks[1],
        )  # fmt: skip
    return np.asarray(PIL.Image.alpha_composite(base, layer).convert("RGB"))


def use_colour(share: float | None) -> str:
    """Of a space that was taken for this share, 0..1, of the time that it was seen."""
    if share is None:
        return SPACE["unknown"]
    return USE[min(len(USE) - 1, int(len(USE) * share + 1e-9))]


def mark_strays(image: Image, strays: Sequence[Stray]) -> Image:
    """A copy of the image with the vehicles that stand in no space boxed and numbered."""
    picture = PIL.Image.fromarray(image)
    draw = PIL.ImageDraw.Draw(picture)
    line = max(3, round(max(picture.size) / 320))
    radius = max(10, round(max(picture.size) / 75))
    font = PIL.ImageFont.load_default(size=1.3 * radius)
    for stray in strays:
        box = stray.vehicle.box
        draw.rectangle(box.as_tuple(), outline="#0B1413", width=line + 2)
        draw.rectangle(box.as_tuple(), outline=STRAY, width=line)
    for stray in strays:
        at = _badge_place(stray, radius, picture.size)
        draw.circle(at, radius, fill=STRAY, outline="#0B1413", width=2)
        draw.text(at, str(stray.number), font=font, fill="#0B1413", anchor="mm")
    return np.asarray(picture)


def _badge_place(stray: Stray, radius: int, size: tuple[int, int]) -> tuple[float, float]:
    """Over the middle of its box's upper edge, and wholly on the photo."""
    box = stray.vehicle.box
    x, y = (box.x1 + box.x2) / 2, box.y1
    return min(max(x, radius), size[0] - radius), min(max(y, radius), size[1] - radius)


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
