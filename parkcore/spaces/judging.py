"""A photo held against its camera's layout: followed where the camera has moved, then judged."""

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
from parkcore.spaces.judgement import judge
from parkcore.spaces.layout import Layout
from parkcore.spaces.registration import Reference, Registration, reference, register
from parkcore.spaces.verdict import MOVED, Judged

KEPT = 64
"""References whose features are kept in memory, about 1 MB each."""


@dataclass(slots=True)
class Judge:
    """Judges photos; remembers what it needs of the layouts' reference photos."""

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
        last_homography: npt.NDArray[np.float64] | None = None,
    ) -> Judged:
        """What a photo says of the spaces of a layout.

        Args:
            reference_jpeg: gives the photo that the layout was drawn on; without it the camera is
                taken not to have moved.
            last_homography: of the photo before, used where this one cannot tell.
        """
        registration = self._register(layout, image, detections, reference_jpeg)
        blind = fault(image) if not detections else None
        homography, note = registration.homography, registration.said
        if registration.status == "moved":
            blind = f"{MOVED}: {note}".replace(": moved by", " by")
        elif registration.status == "unclear":
            homography = last_homography
        size = (image.shape[1], image.shape[0])
        judgement = judge(layout, detections, size, blind=blind or "", homography=homography)
        return Judged(layout.id or 0, judgement, homography, blind or note)

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
