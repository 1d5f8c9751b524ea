"""Training pictures of 640 × 640 pixels, cut and packed from photos with completed labels.

From photos of car parks come windows at the scales at which vehicles appear there, from far CCTV
to near phone; street photos come whole, and four to a picture, so that they show small vehicles
too. What is doubtful is painted grey: it teaches nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from models.training.sources import Floats, Vehicles
from parkcore.domain import Image
from parkcore.geometry import ious

SIDE = 640
GREY = 114
SMALLEST, LARGEST = 16.0, 120.0
"""Square root of a vehicle's area in pixels, that a window's scale is drawn for."""
ENLARGE = 1.5
LEAST_PIXELS = 6
LEAST_VISIBLE = 0.3
"""Share of a vehicle that must be in the window for it to be taught."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A picture with what is taught of it."""

    image: Image
    """RGB."""
    vehicles: Vehicles
    doubtful: Floats

    def scaled(self, factor: float) -> Labelled:
        height, width = self.image.shape[:2]
        size = max(1, round(width * factor)), max(1, round(height * factor))
        how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
        return Labelled(
            np.asarray(cv2.resize(self.image, size, interpolation=how)),
            replace(self.vehicles, boxes=self.vehicles.boxes * factor),
            self.doubtful * factor,
        )

    def window(self, left: int, top: int, width: int = SIDE, height: int = SIDE) -> Labelled:
        """What lies in a window; vehicles of which too little does become places of doubt."""
        image = self.image[top : top + height, left : left + width].copy()
        limits = np.array([image.shape[1], image.shape[0]] * 2, float)
        shift = np.array([left, top] * 2, float)
        whole = self.vehicles.boxes - shift
        cut = np.clip(whole, 0, limits)
        sides = cut[:, 2:] - cut[:, :2]
        visible = sides.prod(1) / np.maximum(1e-9, (whole[:, 2:] - whole[:, :2]).prod(1))
        seen = (sides.min(1, initial=math.inf) > 0) & (visible > 0)
        taught = seen & (sides.min(1, initial=math.inf) >= LEAST_PIXELS)
        taught &= visible >= LEAST_VISIBLE
        doubtful = np.vstack([np.clip(self.doubtful - shift, 0, limits), cut[seen & ~taught]])
        doubtful = doubtful[(doubtful[:, 2:] - doubtful[:, :2]).min(1, initial=math.inf) > 1]
        vehicles = replace(self.vehicles, boxes=cut).where(taught)
        return Labelled(image, vehicles, doubtful)


def windows(photo: Labelled, count: int, random: np.random.Generator) -> Iterator[Labelled]:
    """Windows of a photo at drawn scales, most of them where vehicles are."""
    sides = np.sqrt((photo.vehicles.boxes[:, 2:] - photo.vehicles.boxes[:, :2]).prod(1))
    typical = float(np.median(sides)) if len(sides) else math.sqrt(SMALLEST * LARGEST)
    for _ in range(count):
        wanted = math.exp(random.uniform(math.log(SMALLEST), math.log(LARGEST)))
        least = SIDE / max(photo.image.shape[:2])
        scaled = photo.scaled(min(max(wanted / typical, least), max(ENLARGE, least)))
        height, width = scaled.image.shape[:2]
        room = max(0, width - SIDE), max(0, height - SIDE)
        left, top = (int(random.integers(0, each + 1)) for each in room)
        if len(scaled.vehicles) and random.random() < 0.85:
            chosen = scaled.vehicles.boxes[random.integers(len(scaled.vehicles))]
            left, top = (
                int(np.clip((a + b) / 2 - random.uniform(0.1, 0.9) * SIDE, 0, limit))
                for a, b, limit in zip(chosen[:2], chosen[2:], room, strict=True)
            )
        yield scaled.window(left, top)


def packed(photos: Sequence[Labelled], random: np.random.Generator) -> Labelled:
    """Four photos in one picture, each made smaller."""
    canvas = np.full((SIDE, SIDE, 3), GREY, np.uint8)
    vehicles, doubtful = Vehicles(), np.zeros((0, 4))
    x, y = (int(SIDE * random.uniform(0.35, 0.65)) for _ in range(2))
    places = [(0, 0, x, y), (x, 0, SIDE, y), (0, y, x, SIDE), (x, y, SIDE, SIDE)]
    for photo, (left, top, right, bottom) in zip(photos, places, strict=True):
        width, height = right - left, bottom - top
        fill = max(width / photo.image.shape[1], height / photo.image.shape[0])
        part = photo.scaled(fill)
        spare = part.image.shape[1] - width, part.image.shape[0] - height
        dx, dy = (int(random.integers(0, max(0, each) + 1)) for each in spare)
        part = part.window(dx, dy, width, height)
        h, w = part.image.shape[:2]
        canvas[top : top + h, left : left + w] = part.image
        shift = np.array([left, top] * 2, float)
        vehicles = vehicles.plus(replace(part.vehicles, boxes=part.vehicles.boxes + shift))
        doubtful = np.vstack([doubtful, part.doubtful + shift])
    return Labelled(canvas, vehicles, doubtful)


def worse_light(image: Image, random: np.random.Generator) -> Image:
    """The picture as by night, in haze, out of focus or from a poor camera."""
    kind = random.choice(["night", "haze", "blur", "contrast"])
    values = image.astype(np.float32) / 255
    if kind == "night":
        values = values ** random.uniform(1.3, 2.4) * random.uniform(0.3, 0.8)
        values *= np.array([random.uniform(0.85, 1.2), 1.0, random.uniform(0.7, 1.1)], np.float32)
        values += random.normal(0, random.uniform(0.01, 0.05), values.shape).astype(np.float32)
    elif kind == "haze":
        veil = random.uniform(0.25, 0.6)
        values = values * (1 - veil) + random.uniform(0.5, 0.85) * veil
    elif kind == "blur":
        values[:] = cv2.GaussianBlur(values, (0, 0), random.uniform(0.6, 1.6))
    else:
        values = np.clip((values - 0.5) * random.uniform(1.2, 1.7) + 0.5, 0, 1)
    return np.asarray(np.clip(values * 255, 0, 255).astype(np.uint8))


def write(picture: Labelled, folder: Path, name: str, random: np.random.Generator) -> None:
    """Put a picture and its labels where Ultralytics looks for them; the picture comes last."""
    image = picture.image.copy()
    for x1, y1, x2, y2 in picture.doubtful.round().astype(int):
        place = np.array([[x1, y1, x2, y2]], float)
        if ious(place, picture.vehicles.boxes).max(initial=0) < 0.15:
            image[y1:y2, x1:x2] = GREY
    height, width = image.shape[:2]
    lines = []
    for box, number in zip(picture.vehicles.boxes, picture.vehicles.types, strict=True):
        cx, cy = (box[0] + box[2]) / 2 / width, (box[1] + box[3]) / 2 / height
        w, h = (box[2] - box[0]) / width, (box[3] - box[1]) / height
        lines.append(f"{number} {cx:.5f} {cy:.5f} {w:.5f} {h:.5f}\n")
    (folder / "labels").mkdir(parents=True, exist_ok=True)
    (folder / "images").mkdir(parents=True, exist_ok=True)
    (folder / "labels" / f"{name}.txt").write_text("".join(lines))
    quality = int(random.integers(60, 96))
    done, data = cv2.imencode(".jpg", image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"{name}: a picture of {width} × {height} could not be written")
    (folder / "images" / f"{name}.jpg").write_bytes(data.tobytes())
