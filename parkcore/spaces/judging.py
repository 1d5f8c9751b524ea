"""A photo held against its camera's layout: followed where the camera has moved, then judged, with
a second opinion where the detections leave doubt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import numpy.typing as npt

from parkcore.domain import Detection, Image
from parkcore.errors import UnreadablePhoto
from parkcore.images import decode
from parkcore.picture import fault
from parkcore.spaces.judgement import judge, outlines_of
from parkcore.spaces.layout import Layout
from parkcore.spaces.registration import Reference, Registration, reference, register
from parkcore.spaces.second_opinion import SecondOpinion
from parkcore.spaces.verdict import MOVED, Judged, Judgement

KEPT = 64
"""References whose features are kept in memory, about 1 MB each."""

ASKED_FROM, ASKED_TO = 0.005, 0.99
"""Spaces whose probability by the detections alone lies between are given a second opinion: all
where no vehicle was seen, as one may have been missed, and those where one may be another's."""


def judge_twice(
    second: SecondOpinion | None,
    layout: Layout,
    image: Image,
    detections: Sequence[Detection],
    *,
    homography: npt.NDArray[np.float64] | None = None,
) -> Judgement:
    """Judge a photo by its detections, and where they leave doubt by a second opinion as well.

    Raises:
        ModelError: the second opinion's weights cannot be loaded.
    """
    size = (image.shape[1], image.shape[0])
    first = judge(layout, detections, size, homography=homography)
    if second is None:
        return first
    asked = [
        number
        for number, (space, marked) in enumerate(zip(first.spaces, layout.spaces, strict=True))
        if marked.type != "motorcycle"  # the classifier has learned from cars
        and space.probability is not None
        and ASKED_FROM < space.probability < ASKED_TO
    ]
    if not asked:
        return first
    outlines = outlines_of(layout, size, homography)
    opinions: list[float | None] = [None] * len(outlines)
    said = second.probabilities(image, [outlines[number] for number in asked])
    for number, opinion in zip(asked, said.tolist(), strict=True):
        opinions[number] = opinion
    return judge(layout, detections, size, homography=homography, opinions=opinions)


@dataclass(slots=True)
class Judge:
    """Judges photos; remembers what it needs of the layouts' reference photos."""

    second: SecondOpinion | None = None
    """None where photos are judged by their detections alone."""
    _references: dict[tuple[int | None, datetime | None], Reference | None] = field(
        default_factory=dict
    )

    def judge(
        self,
        layout: Layout,
        image: Image,
        detections: Sequence[Detection],
        *,
        reference_jpeg: Callable[[], bytes | None] = lambda: None,
        before: Judged | None = None,
    ) -> Judged:
        """What a photo says of the spaces of a layout.

        Args:
            reference_jpeg: gives the photo that the layout was drawn on; without it the camera is
                taken not to have moved.
            before: the photo before, by the same layout: where this one cannot tell how the camera
                stands, as at night, it stands as it did then.

        Raises:
            ModelError: the second opinion's weights cannot be loaded.
        """
        registration = self._register(layout, image, detections, reference_jpeg)
        blind = fault(image) if not detections else None
        homography, note = registration.homography, registration.said
        if registration.status == "moved":
            blind = f"{MOVED}: {note}".replace(": moved by", " by")
        elif registration.status == "unclear" and before is not None:
            homography = before.homography
            blind = before.note if before.is_elsewhere else blind
        if blind:
            size = (image.shape[1], image.shape[0])
            judgement = judge(layout, detections, size, blind=blind, homography=homography)
            return Judged(layout.id or 0, judgement, homography, blind)
        judgement = judge_twice(self.second, layout, image, detections, homography=homography)
        by = self.second.info.named if self.second and layout.spaces else ""
        return Judged(layout.id or 0, judgement, homography, note, by)

    def _register(
        self,
        layout: Layout,
        image: Image,
        detections: Sequence[Detection],
        reference_jpeg: Callable[[], bytes | None],
    ) -> Registration:
        key = layout.id, layout.created_at  # ids begin anew in another database
        if key not in self._references or layout.id is None:
            if len(self._references) >= KEPT:
                self._references.clear()
            self._references[key] = _features(reference_jpeg())
        known = self._references[key]
        if known is None:
            return Registration("still")
        return register(image, known, [detection.box for detection in detections])


def _features(jpeg: bytes | None) -> Reference | None:
    if jpeg is None:
        return None
    try:
        return reference(decode(jpeg, max_megapixels=500).image)
    except UnreadablePhoto:  # a layout without its photo is still a layout
        return None
