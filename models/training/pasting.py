"""Real motorcycles pasted over rendered ones: real looks where the renderer says what stands where.

    python -m models.training.pasting DATASETS RENDERED OUT

does it with a folder of rendered photos to measure with: with motorcycles of photos that are held
back, so that none of them was taught.

Dwibedi, Misra and Hebert, "Cut, Paste and Learn: Surprisingly Easy Synthesis for Instance
Detection", 2017: a detector learns a thing's look from cut-outs of it, pasted into other pictures.
Rows of motorcycles in photos are few and not wholly labelled, and rendered motorcycles look all
alike; so those of which a photo shows the whole are cut out (Rother, Kolmogorov and Blake,
"GrabCut", 2004) and drawn into the boxes of rendered ones, from far to near.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import click
import cv2
import numpy as np
import numpy.typing as npt

from models.training.crops import Labelled
from models.training.sources import Source, read, read_rendered
from parkcore.cli.told_errors import TellingCommand
from parkcore.domain import LABELS, Image
from parkcore.errors import NothingLabelled
from parkcore.geometry import shares_inside
from parkcore.images import decode

MOTORCYCLE = LABELS.index("motorcycle")
LEAST_SIDE = 48.0
"""Pixels, the square root of the area of a motorcycle that is cut out."""
MOST_COVERED = 0.2
"""Share of its box that another vehicle's may cover."""
AROUND = 0.35
"""Of its longer side: what of its surroundings tells it from them."""
LARGEST = 160
"""Pixels of the longer side of a cut-out."""
FILLS = (0.25, 0.9)
"""Share of its box that a motorcycle fills where it was cut out well."""
REACHES = 0.8
"""Of its box's sides: what is cut out well reaches from one to the other."""
ALIKE = 8
"""One of so many cut-outs is drawn whose shape is most like the box's."""
MOST_STRETCHED = 1.5
"""A cut-out is stretched to its box by no more than this."""
LIGHT = (0.3, 1.5)
"""How much darker or lighter a cut-out is made for its place, at most."""
KINDS = (2, 12)
"""So many times `ALIKE` cut-outs at least, and fewer than so many times, are in one picture."""


@dataclass(frozen=True, slots=True)
class CutOut:
    """A motorcycle without its surroundings."""

    pixels: Image
    """RGB."""
    share: npt.NDArray[np.float32]
    """Of each pixel, how far it shows the motorcycle, 0..1."""

    @property
    def shape(self) -> float:
        """Width over height."""
        height, width = self.pixels.shape[:2]
        return float(width / height)


def cut_outs(sources: Sequence[Source]) -> list[CutOut]:
    """The motorcycles that people labelled on photos and of which the whole is seen."""
    return [cut_out for source in sources for cut_out in _of_photo(source)]


def _of_photo(source: Source) -> Iterator[CutOut]:
    boxes = source.vehicles.boxes
    inside = shares_inside(boxes, boxes)
    np.fill_diagonal(inside, 0)
    sides = np.sqrt((boxes[:, 2:] - boxes[:, :2]).prod(1))
    is_free = (sides >= LEAST_SIDE) & (inside.max(1, initial=0) <= MOST_COVERED)
    chosen = np.flatnonzero(is_free & (source.vehicles.types == MOTORCYCLE))
    if not len(chosen):
        return
    image = decode(source.photo.read_bytes(), max_megapixels=500).image
    limits = np.array([image.shape[1], image.shape[0]])
    for box in boxes[chosen]:
        if (box[:2] > 2).all() and (box[2:] < limits - 2).all():
            cut_out = _cut_out(image, box)
            if cut_out is not None:
                yield cut_out


def _cut_out(image: Image, box: npt.NDArray[np.float64]) -> CutOut | None:
    """None where it cannot be told from what is around it."""
    longer = (box[2:] - box[:2]).max()
    scale = min(1.0, LARGEST / longer)
    low = np.maximum(box[:2] - AROUND * longer, 0).astype(int)
    high = (box[2:] + AROUND * longer).astype(int)
    around = image[low[1] : high[1], low[0] : high[0]]
    around = np.asarray(cv2.resize(around, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    left, top, right, bottom = (((box - np.tile(low, 2)) * scale).astype(int)).tolist()
    mask = np.zeros(around.shape[:2], np.uint8)
    told = np.zeros((1, 65)), np.zeros((1, 65))
    within = (left, top, right - left, bottom - top)
    cv2.grabCut(around[..., ::-1].copy(), mask, within, *told, 4, cv2.GC_INIT_WITH_RECT)
    shown = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD))[top:bottom, left:right]
    reaches = min(shown.any(0).mean(), shown.any(1).mean())
    if not FILLS[0] <= shown.mean() <= FILLS[1] or reaches < REACHES:
        return None
    soft = cv2.GaussianBlur(shown.astype(np.float32), (3, 3), 0)
    return CutOut(around[top:bottom, left:right].copy(), np.asarray(soft, np.float32))


def pasted(photo: Labelled, cut: Sequence[CutOut], random: np.random.Generator) -> Labelled:
    """A rendered picture with real motorcycles where it shows rendered ones; labels stay."""
    image = photo.image.copy()
    count = min(len(cut), ALIKE * int(random.integers(*KINDS)))
    kinds = [cut[number] for number in random.permutation(len(cut))[:count]]
    shapes = np.array([kind.shape for kind in kinds])
    boxes = photo.vehicles.boxes[photo.vehicles.types == MOTORCYCLE].round().astype(int)
    for box in boxes[np.argsort(boxes[:, 3], kind="stable")]:
        left, top, right, bottom = box.tolist()
        unlike = np.abs(np.log(shapes * max(1, bottom - top) / max(1, right - left)))
        alike = np.argsort(unlike, kind="stable")[:ALIKE]
        drawn = int(random.choice(alike))
        if unlike[drawn] <= math.log(MOST_STRETCHED):
            _paste(image[top:bottom, left:right], kinds[drawn], mirrored=random.random() < 0.5)
    return Labelled(image, photo.vehicles, photo.doubtful)


def _paste(place: Image, cut_out: CutOut, *, mirrored: bool) -> None:
    """Draw a cut-out into its place, in the light that is there."""
    if not place.size:
        return
    step = -1 if mirrored else 1
    size = place.shape[1], place.shape[0]
    pixels, share = (
        cv2.resize(part[:, ::step].astype(np.float32), size, interpolation=cv2.INTER_AREA)
        for part in (cut_out.pixels, cut_out.share)
    )
    share = share[..., None]
    grey = pixels.mean(2, keepdims=True)
    own_light = (grey * share).sum() / max(1e-6, share.sum())
    light = np.clip(place.mean() / max(1.0, own_light), *LIGHT)
    own_colour = np.ptp(pixels, axis=2).mean()
    colour = min(1.0, np.ptp(place, axis=2).mean() / max(1.0, own_colour))
    lit = (grey + colour * (pixels - grey)) * light
    place[:] = np.clip(place * (1 - share) + lit * share, 0, 255).astype(np.uint8)


@click.command(cls=TellingCommand)
@click.argument("datasets", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("rendered", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--seed", default=3, show_default=True)
def main(datasets: Path, rendered: Path, out: Path, seed: int) -> None:
    """Copy the folder RENDERED to OUT, with motorcycles of held-back photos of DATASETS."""
    held_back: list[Source] = []
    for folder in sorted(path for path in datasets.iterdir() if path.is_dir()):
        with suppress(NothingLabelled):
            held_back += read(folder, "valid")
    cut, random = cut_outs(held_back), np.random.default_rng(seed)
    if not cut:
        raise click.UsageError(f"no photo in {datasets} shows the whole of a motorcycle")
    shutil.copytree(rendered, out)
    for source in read_rendered(rendered):
        image = decode(source.photo.read_bytes(), max_megapixels=500).image
        picture = pasted(Labelled(image, source.vehicles, source.doubtful), cut, random)
        place = out / source.photo.relative_to(rendered)
        cv2.imwrite(str(place), picture.image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])
    click.echo(f"{out}: {len(cut)} motorcycles")


if __name__ == "__main__":
    main()
