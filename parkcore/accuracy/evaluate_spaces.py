"""How right spaces are judged, measured on photos whose spaces are known, beside the plain way."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self, TypeAlias

import numpy as np
from shapely import Polygon, points

from parkcore.accuracy.average_precision import resampled
from parkcore.accuracy.intervals import clustered_interval, wilson_interval
from parkcore.accuracy.slices import Shares, rounded_interval
from parkcore.accuracy.truth import Truth
from parkcore.domain import Detection, Image
from parkcore.picture import fault
from parkcore.spaces.judgement import judge
from parkcore.spaces.judging import judge_twice
from parkcore.spaces.layout import Layout, Space
from parkcore.spaces.second_opinion import SecondOpinion
from parkcore.spaces.verdict import Judgement, SpaceState

Judging: TypeAlias = Callable[[Layout, Image, Sequence[Detection]], Judgement]


def judge_photo(
    layout: Layout,
    image: Image,
    detections: Sequence[Detection],
    *,
    second: SecondOpinion | None = None,
) -> Judgement:
    """A photo judged as Parkcore does, its camera taken not to have moved. Where nothing is found
    on a picture that shows nothing, nothing can be told.

    Raises:
        ModelError: the second opinion's weights cannot be loaded.
    """
    if not detections and (blind := fault(image)):
        return judge(layout, detections, (image.shape[1], image.shape[0]), blind=blind)
    return judge_twice(second, layout, image, detections)


@dataclass(frozen=True, slots=True)
class PhotoJudged:
    """What was made of one photo with marked spaces."""

    truth: Truth
    judgement: Judgement
    """Of the spaces of which the truth is known."""
    light: str = ""
    milliseconds: float = 0.0

    @classmethod
    def of(cls, truth: Truth, judgement: Judgement, milliseconds: float) -> Self:
        """Of a judgement of all spaces that are marked."""
        known = {space.id for space in truth.layout.spaces} if truth.layout else set()
        spaces = tuple(space for space in judgement.spaces if space.id in known)
        return cls(truth, replace(judgement, spaces=spaces), truth.light or "", milliseconds)


@dataclass(slots=True)
class SpaceScore:
    """What is right and wrong on the photos of one set."""

    photos: list[Counter[str]] = field(default_factory=list)
    """Of each photo how many spaces are right, judged and so on; they are right together."""
    count_errors: list[int] = field(default_factory=list)
    in_interval: int = 0
    interval_widths: list[int] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)
    by: Shares = field(default_factory=Shares)

    def add(self, photo: PhotoJudged) -> None:
        truth, judgement = photo.truth, photo.judgement
        shapes = truth.layout.spaces if truth.layout else (None,) * len(truth.occupied)
        pixels = truth.layout.image_size if truth.layout else (0, 0)
        known = zip(judgement.spaces, truth.occupied, shapes, strict=True)
        sums: Counter[str] = Counter()
        self.by.begin_photo()
        for space, occupied, shape in known:
            size = size_of(shape, pixels) if shape else 0.0
            sums["spaces"] += 1
            if space.state == "unknown":
                self.by.add(size, photo.light, truth.view, None)
                guess = space.probability is not None and space.probability >= 0.5
                sums["right guessed"] += guess == occupied
                continue
            claimed = space.state == "occupied"
            is_right = claimed == occupied
            sums["judged"] += 1
            sums["right"] += is_right
            sums["right guessed"] += is_right
            sums["claimed"] += claimed
            sums["there"] += occupied
            sums["right occupied"] += claimed and occupied
            self.by.add(size, photo.light, truth.view, is_right)
        self.photos.append(sums)
        count = sum(truth.occupied)
        low, high = judgement.interval
        self.count_errors.append(abs(judgement.occupied - count))
        self.in_interval += low <= count <= high
        self.interval_widths.append(high - low)
        self.milliseconds.append(photo.milliseconds)

    def figures(self) -> dict[str, Any]:
        """Shares 0..1; of nothing 0, and then without an interval. Accuracy, precision, recall and
        F1 are of the spaces that were judged."""
        sums = sum(self.photos, Counter[str]())
        spaces, photos = sums["spaces"], len(self.photos)
        errors = np.array(self.count_errors)
        exact = sum(error == 0 for error in self.count_errors)
        return {
            "photos": photos,
            "spaces": spaces,
            **self._share_of("accuracy", "right", "judged"),
            **self._share_of("precision", "right occupied", "claimed"),
            **self._share_of("recall", "right occupied", "there"),
            "f1": _share(2 * sums["right occupied"], sums["claimed"] + sums["there"]),
            "unknown": _share(spaces - sums["judged"], spaces),
            **self._share_of("accuracy_of_all", "right guessed", "spaces"),
            "count_mae": round(statistics.mean(self.count_errors), 4),
            "count_mae_interval": rounded_interval(
                resampled(photos, lambda weights: float(np.average(errors, weights=weights)))
            ),
            "error_per_100": round(100 * sum(self.count_errors) / spaces, 4) if spaces else 0.0,
            "exact": _share(exact, photos),
            "exact_interval": rounded_interval(wilson_interval(exact, photos)),
            "interval_coverage": _share(self.in_interval, photos),
            "interval_width": round(statistics.mean(self.interval_widths), 2),
            "by": self.by.table("spaces", "accuracy"),
            "milliseconds": round(statistics.median(self.milliseconds), 1),
            "milliseconds_range": [round(f(self.milliseconds), 1) for f in (min, max)],
        }

    def _share_of(self, name: str, part: str, whole: str) -> dict[str, Any]:
        parts, wholes = ([photo[of] for photo in self.photos] for of in (part, whole))
        return {
            name: _share(sum(parts), sum(wholes)),
            f"{name}_interval": rounded_interval(clustered_interval(parts, wholes)),
        }


def figures(photos: Sequence[PhotoJudged]) -> dict[str, Any]:
    """The figures of photos; see `SpaceScore.figures`."""
    score = SpaceScore()
    for photo in photos:
        score.add(photo)
    return score.figures()


def size_of(space: Space, image_size: tuple[int, int]) -> float:
    """The square root of a space's area, in pixels of a photo of that width and height."""
    return math.sqrt(Polygon(space.polygon).area * image_size[0] * image_size[1])


def centre_in_polygon(
    layout: Layout, detections: Sequence[Detection], image_size: tuple[int, int]
) -> Judgement:
    """The plain way, as Ultralytics' ParkingManagement judges: a space is occupied where the
    middle of any box lies in it. It knows neither doubt nor intervals."""
    boxes = np.array([d.box.as_tuple() for d in detections]).reshape(-1, 4)
    middles = points((boxes[:, :2] + boxes[:, 2:]) / 2 / image_size)
    states = []
    for space in layout.spaces:
        taken = bool(len(middles)) and bool(Polygon(space.polygon).contains(middles).any())
        p = float(taken)
        states.append(SpaceState(space.id, "occupied" if taken else "vacant", 1.0, "", p))
    return Judgement(tuple(states))


def judge_plainly(layout: Layout, image: Image, detections: Sequence[Detection]) -> Judgement:
    return centre_in_polygon(layout, detections, (image.shape[1], image.shape[0]))


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
