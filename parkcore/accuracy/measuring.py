"""Detectors on labelled photos: Parkcore as it is set, and the plain alternative beside it.

The plain alternative is shown twice. By its defaults: `plain_yolo`, a space being occupied where
the middle of a box lies in it. And at the best settings that a patient user would find: of all
in `PATIENT_SIZES` and `PATIENT_CONFIDENCES`, and with boxes of two types on one vehicle merged
or not, those that come out best on these very photos, which favours it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal, TypeAlias

from parkcore.accuracy import box_figures, evaluate_spaces
from parkcore.accuracy.box_figures import f1_at_least
from parkcore.accuracy.box_matching import PhotoSeen, seen
from parkcore.accuracy.evaluate_spaces import Judging, PhotoJudged, judge_photo, judge_plainly
from parkcore.accuracy.photo_light import light_of
from parkcore.accuracy.plain_yolo import DEFAULT_CONFIDENCE, DEFAULT_SIZE, PlainYolo
from parkcore.accuracy.truth import Truth
from parkcore.analysis_size import fitting_size, space_sizes
from parkcore.detect import Detector, each_vehicle_once
from parkcore.domain import Detection, Image
from parkcore.errors import UnreadablePhoto
from parkcore.images import decode

log = logging.getLogger(__name__)

FLOOR = 0.02
"""Confidence from which detections are ranked for average precision, of every model alike."""

PATIENT_SIZES = (640, 960, 1280, 1920)
PATIENT_CONFIDENCES = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5)

Photo: TypeAlias = PhotoSeen | PhotoJudged


@dataclass(frozen=True, slots=True)
class Way:
    """Parkcore with one model, analysis size and confidence.

    Args:
        detector: its own confidence must be no more than this one, and `FLOOR` on boxes: leaving
            out the less sure afterwards is the same as never asking for them, as suppression
            goes from sure to unsure.
    """

    detector: Detector
    confidence: float
    judging: Judging = judge_photo
    who: str = "Parkcore"
    fits_size: bool = False
    """Look larger where a photo's spaces are small, as at a camera with these spaces marked."""


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one way over the photos of one set, or of several."""

    who: str
    model: str
    settings: str
    """Such as "1280 px, 0.2"."""
    photos: tuple[Photo, ...]
    imgsz: int | None = None
    confidence: float | None = None
    """None where they differ from set to set."""
    fitted: frozenset[int] = frozenset()
    """The sizes that photos were looked at in, where these were fitted to their spaces."""

    def figures(self) -> dict[str, Any]:
        judged = [photo for photo in self.photos if isinstance(photo, PhotoJudged)]
        boxes = [photo for photo in self.photos if isinstance(photo, PhotoSeen)]
        given = evaluate_spaces.figures(judged) if judged else box_figures.figures(boxes)
        said = {"who": self.who, "model": self.model, "settings": self.settings}
        return {**said, "imgsz": self.imgsz, "confidence": self.confidence, **given}


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of all ways over one set, or over several."""

    name: str
    kind: Literal["spaces", "boxes"]
    rows: tuple[Row, ...]
    split: str | None = None


@dataclass(slots=True)
class _Tried:
    """What the plain alternative made of the photos, by its settings."""

    model: str
    photos: dict[tuple[int, float, bool], list[Photo]] = field(default_factory=dict)

    def add(self, size: int, confidence: float, merged: bool, photo: Photo) -> None:
        self.photos.setdefault((size, confidence, merged), []).append(photo)

    def rows(self) -> list[Row]:
        default = (DEFAULT_SIZE, DEFAULT_CONFIDENCE, False)
        best = max(self.photos, key=lambda key: (_goodness(self.photos[key]), key == default))
        return [self._row("plain, its defaults", default), self._row("plain, best settings", best)]

    def _row(self, who: str, key: tuple[int, float, bool]) -> Row:
        size, confidence, merged = key
        said = f"{size} px, {confidence:g}{', merged' if merged else ''}"
        return Row(who, self.model, said, tuple(self.photos[key]), size, confidence)


def measure(
    name: str,
    truths: Iterable[Truth],
    ways: Sequence[Way],
    plain: PlainYolo | None,
    *,
    sizes: Sequence[int] = PATIENT_SIZES,
    confidences: Sequence[float] = PATIENT_CONFIDENCES,
    split: str | None = None,
) -> Measured:
    """Look at every photo of a set in every way.

    Args:
        truths: all with spaces or all with boxes.
        plain: the plain alternative, detecting from `FLOOR`; None to go without.
        sizes, confidences: what a patient user tries; the defaults are always among them.

    Raises:
        ModelError: a model cannot be loaded.
        UnreadablePhoto: none of the photos can be read. A single one is said and left out.
    """
    ours: list[list[Photo]] = [[] for _ in ways]
    sizes_of: list[set[int]] = [set() for _ in ways]
    tried = _Tried(plain.name if plain else "")
    kind: Literal["spaces", "boxes"] = "boxes"
    for detector in {id(way.detector): way.detector for way in ways}.values():
        detector.load()
    if plain:
        plain.load()
    for truth in truths:
        kind = "spaces" if truth.layout else "boxes"
        try:
            image = decode(truth.photo.read_bytes(), max_megapixels=500).image
        except (OSError, UnreadablePhoto) as error:
            log.warning("%s is left out: %s", truth.photo, error)
            continue
        truth = truth if truth.light else replace(truth, light=light_of(image))
        looked: dict[tuple[int, int | None], tuple[list[Detection], float]] = {}
        for way, photos, used in zip(ways, ours, sizes_of, strict=True):
            size = _fitting_size(way, truth)
            used.add(size or way.detector.info.imgsz)
            key = id(way.detector), size
            if key not in looked:
                looked[key] = _timed(partial(way.detector.detect, image, size))
            photos.append(_scored(truth, image, *looked[key], way))
        for size in sorted({DEFAULT_SIZE, *sizes}) if plain else ():
            look = _timed(partial(plain.detect, image, size)) if plain else ([], 0.0)
            _try(tried, truth, image, look, size, sorted({DEFAULT_CONFIDENCE, *confidences}))
    if not all(ours):
        raise UnreadablePhoto(f"none of the photos of {name} can be read")
    rows = [
        Row(
            way.who,
            way.detector.info.model,
            _settings(used, way.confidence, fitted=way.fits_size),
            tuple(photos),
            way.detector.info.imgsz,
            way.confidence,
            frozenset(used if way.fits_size else ()),
        )
        for way, photos, used in zip(ways, ours, sizes_of, strict=True)
    ]
    return Measured(name, kind, (*rows, *(tried.rows() if plain else ())), split)


def _fitting_size(way: Way, truth: Truth) -> int | None:
    marked = truth.marked or truth.layout
    if not (way.fits_size and marked):
        return None
    photo_size, least = marked.image_size, way.detector.info.imgsz
    if truth.imgsz:
        return max(truth.imgsz, least)
    sizes = space_sizes((space.polygon for space in marked.spaces), photo_size)
    return fitting_size(sizes, photo_size, least=least, now=least)


def _settings(sizes: Collection[int], confidence: float, *, fitted: bool) -> str:
    said = "–".join(map(str, sorted({min(sizes), max(sizes)})))
    return f"{said} px,{' fitted,' * fitted} {confidence:g}"


def _timed(look: Callable[[], list[Detection]]) -> tuple[list[Detection], float]:
    started = time.perf_counter()
    found = look()
    return found, 1000 * (time.perf_counter() - started)


def _scored(
    truth: Truth, image: Image, found: Sequence[Detection], milliseconds: float, way: Way
) -> Photo:
    if truth.layout is None:
        return _seen(truth, found, way.confidence, milliseconds)
    sure = [d for d in found if d.confidence >= way.confidence]
    started = time.perf_counter()
    judgement = way.judging(truth.marked or truth.layout, image, sure)
    milliseconds += 1000 * (time.perf_counter() - started)
    return PhotoJudged.of(truth, judgement, milliseconds)


def _seen(
    truth: Truth, found: Sequence[Detection], confidence: float, milliseconds: float
) -> PhotoSeen:
    return replace(
        seen(
            truth.boxes,
            truth.labels,
            found,
            confidence=confidence,
            neutral=truth.neutral,
            unlabelled=truth.unlabelled,
            is_complete=truth.is_complete,
        ),
        light=truth.light or "",
        view=truth.view,
        milliseconds=milliseconds,
    )


def _try(
    tried: _Tried,
    truth: Truth,
    image: Image,
    look: tuple[list[Detection], float],
    size: int,
    confidences: Sequence[float],
) -> None:
    found, milliseconds = look
    if truth.layout is None:
        for merged in (False, True):
            kept = each_vehicle_once(found) if merged else found
            photo = _seen(truth, kept, FLOOR, milliseconds)
            for confidence in confidences:
                tried.add(size, confidence, merged, replace(photo, confidence=confidence))
        return
    for confidence in confidences:
        sure = [d for d in found if d.confidence >= confidence]
        judgement = judge_plainly(truth.layout, image, sure)
        tried.add(size, confidence, False, PhotoJudged.of(truth, judgement, milliseconds))


def _goodness(photos: Sequence[Photo]) -> float:
    """F1 of boxes, share of the spaces judged rightly: what the best settings are best by."""
    judged = [photo for photo in photos if isinstance(photo, PhotoJudged)]
    if not judged:
        return f1_at_least(photo for photo in photos if isinstance(photo, PhotoSeen))
    right = spaces = 0
    for photo in judged:
        known = zip(photo.judgement.spaces, photo.truth.occupied, strict=True)
        right += sum((space.state == "occupied") == occupied for space, occupied in known)
        spaces += len(photo.truth.occupied)
    return right / max(1, spaces)


def pooled(sets: Sequence[Measured]) -> list[Measured]:
    """All sets of one kind as one, where there are several. Of the plain alternative's best
    settings, each set has its own."""
    together = []
    for kind, name in (("spaces", "all spaces"), ("boxes", "all vehicles")):
        if len(same := [each for each in sets if each.kind == kind]) > 1:
            rows = tuple(_together(rows) for rows in zip(*(s.rows for s in same), strict=True))
            together.append(Measured(name, same[0].kind, rows, same[0].split))
    return together


def _together(rows: Sequence[Row]) -> Row:
    photos = tuple(photo for row in rows for photo in row.photos)
    if len({row.settings for row in rows}) == 1:
        return replace(rows[0], photos=photos)
    first, confidence = rows[0], rows[0].confidence
    is_same = len({(bool(row.fitted), row.imgsz, row.confidence) for row in rows}) == 1
    if is_same and first.fitted and confidence is not None:
        fitted = frozenset[int]().union(*(row.fitted for row in rows))
        said = _settings(fitted, confidence, fitted=True)
        return replace(first, photos=photos, fitted=fitted, settings=said)
    return replace(rows[0], photos=photos, settings="each set's own", imgsz=None, confidence=None)


def as_json(sets: Sequence[Measured], notes: Mapping[str, Any]) -> dict[str, Any]:
    """All figures, to be written as JSON."""
    return {
        **notes,
        "sets": [
            {
                "name": each.name,
                "split": each.split,
                "kind": each.kind,
                "rows": [row.figures() for row in each.rows],
            }
            for each in sets
        ],
    }
