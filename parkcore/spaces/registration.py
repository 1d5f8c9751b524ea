"""Has the camera moved? Each photo is held against the one that the layout was drawn on.

SIFT features (Lowe 2004) of what does not drive away, matched with the ratio test, give a
homography by MAGSAC++ (Barath et al. 2020), which is robust to most matches being wrong. Where
too few agree, as between day and night, each feature is looked for again only where a nudged
camera would see it: near its place, turned and zoomed little. (Phase correlation of the edges was
tried as a last resort; it also found shifts between photos of different lots.)

That a camera looks somewhere else must be shown: either all agrees on how far it has moved, or
nothing is alike though there is much to see and the light is no excuse. Otherwise it is unclear.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import cv2
import numpy as np

from parkcore.domain import Box, Image
from parkcore.spaces.features import (
    Array,
    Features,
    Size,
    alike,
    alike_nearby,
    find_features,
    fit,
    prepared,
    spread,
)

LEAST_INLIERS = 25
"""Features that must agree."""

LEAST_SPREAD = 0.08
"""Share of the photo that the agreeing features must span: a few on one sign prove nothing."""

STILL = 0.003
"""Shift, as a share of the width, below which the camera counts as not moved at all."""

MOST_BENT = 1.15
"""Factor by which one diagonal of the photo may have become longer than the other: no nudge bends
a view more, but a homography of few features does where none of them lie."""

MOST_SHIFT, MOST_TURN, MOST_ZOOM = 0.15, 8.0, 1.2
"""Beyond these, as a share of the width, degrees and factor, a layout is not carried along."""

NEARBY_REPROJECTION = 6.0
"""Pixels within which such matches agree with one shift, turn and zoom, which perspective bends."""

LEAST_NEARBY, LEAST_NEARBY_SHARE, LEAST_NEARBY_SPREAD = 20, 0.22, 0.5
"""Of such matches so many must agree, that share of them, over that share of the photo. Measured:
23 or more, 26 % and 52 % of the photo for one camera in other light or season (PKLot, samples);
for other views at most 28, but then 14 %, and a third of the photo."""

FEW_NEARBY = 14
"""As many agree by chance; from here it cannot be ruled out that it is the same view."""

DARK_BELOW, OTHER_LIGHT = 70, 1.8
"""Where a photo's medium brightness, 0..255, is below this and the other's larger by this factor,
it may be the light alone that leaves nothing alike."""

COLOURLESS, COLOURFUL = 4.0, 10.0
"""Mean difference between the colour channels, 0..255, of an infrared picture and of one by day."""

CLOSER_SIDE, CLOSER_FEATURES = 1280, 5000
"""A closer look, for a camera that was moved far."""

CLOSER_INLIERS, CLOSER_SHARE, CLOSER_SPREAD = 20, 0.25, 0.15
"""So many matches, that share of them, over that share of the photo, must agree for spaces to be
carried over. Measured: 22 or more, 27 % and 24 % between noon and night at 25 % of shift, 12° or
zoom 1.3; 9 at most between other views."""

MOST_SCALE = 4.0
"""Factor by which anything may be larger or smaller on a view that spaces are carried over to."""

Status: TypeAlias = Literal["still", "shifted", "moved", "unclear"]
"""`moved` is too far, or another view; `unclear` is too dark or featureless to tell."""


@dataclass(frozen=True, slots=True, eq=False)
class Registration:
    """Where a photo looks, compared with the reference."""

    status: Status
    homography: Array | None = None
    """3 × 3, takes places of the reference, 0..1, to the photo; None unless `shifted`."""
    said: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """What of a reference photo is needed to hold others against it."""

    features: Features
    light: tuple[float, float]
    """Medium brightness and colourfulness, 0..255."""
    aspect: float
    """Width by height."""


def reference(image: Image, vehicles: Sequence[Box] = ()) -> Reference:
    """Take from a photo what others are held against.

    Args:
        vehicles: boxes in pixels of what may drive away.
    """
    small, mask = prepared(image, vehicles)
    aspect = image.shape[1] / image.shape[0]
    return Reference(find_features(small, mask), _light(image), aspect)


def register(image: Image, ref: Reference, vehicles: Sequence[Box] = ()) -> Registration:
    """Find out how the camera has moved since the reference photo.

    Args:
        vehicles: boxes in pixels of what may drive away.
    """
    if abs(image.shape[1] / image.shape[0] / ref.aspect - 1) > 0.02:
        return Registration("moved", None, "the photo has another shape than the reference")
    small, mask = prepared(image, vehicles)
    size, features, agreeing = small.shape[::-1], find_features(small, mask), 0
    found = _by_features(ref.features, features, size)
    if found is None:
        found, agreeing = _by_features_nearby(ref.features, features, size)
    if found is not None:
        return _classified(found, ref.aspect)
    if min(len(features), len(ref.features)) < 3 * LEAST_INLIERS:
        return Registration("unclear", None, "too little can be seen to tell whether it has moved")
    if agreeing >= FEW_NEARBY or _is_other_light(ref.light, _light(image)):
        return Registration("unclear", None, "the light is too different to tell whether it moved")
    return Registration(
        "moved", None, "the camera looks somewhere else than on the reference photo"
    )


def overlap(before: Image, now: Image) -> Array | None:
    """How the places of one photo lie on another, however far the camera was moved between them.

    Returns:
        The homography, 3 × 3, of the first to the second, both 0..1; None where too little agrees
        to be sure of it.
    """
    if abs(before.shape[1] * now.shape[0] / (before.shape[0] * now.shape[1]) - 1) <= 0.02:
        nudged = register(now, reference(before))
        if nudged.status in ("still", "shifted"):
            return np.eye(3) if nudged.homography is None else nudged.homography
    (one, one_mask), (other, other_mask) = (prepared(i, (), CLOSER_SIDE) for i in (before, now))
    here = find_features(one, one_mask, CLOSER_FEATURES)
    there = find_features(other, other_mask, CLOSER_FEATURES)
    pairs = alike(here, there)
    if len(pairs) < CLOSER_INLIERS:
        return None
    sizes = one.shape[::-1], other.shape[::-1]
    found, agreeing = fit(here.points[pairs[:, 0]], there.points[pairs[:, 1]], sizes)
    enough = max(CLOSER_INLIERS, CLOSER_SHARE * len(pairs))
    if found is None or len(agreeing) < enough or spread(agreeing) < CLOSER_SPREAD:
        return None
    return found if _is_sane(found, agreeing) else None


def _is_sane(homography: Array, places: Array) -> bool:
    """Whether it folds or mirrors nothing around these places, and keeps sizes within reason.

    The determinant of its Jacobian is det H / w³: the factor of small areas.
    """
    w = np.column_stack([places, np.ones(len(places))]) @ homography[2]
    if (w <= 0).any():
        return False
    scale = np.linalg.det(homography) / w**3
    return bool(scale.min() > MOST_SCALE**-2 and scale.max() < MOST_SCALE**2)


def _by_features(ref: Features, features: Features, size: Size) -> Array | None:
    """The homography of the reference to the photo, both 0..1; None where too little agrees."""
    pairs = alike(ref, features)
    if len(pairs) < LEAST_INLIERS:
        return None
    here, there = ref.points[pairs[:, 0]], features.points[pairs[:, 1]]
    found, agreeing = fit(here, there, (size, size))
    return found if len(agreeing) >= LEAST_INLIERS and spread(agreeing) >= LEAST_SPREAD else None


def _by_features_nearby(ref: Features, features: Features, size: Size) -> tuple[Array | None, int]:
    """The same, and how many agree, where a nudged camera would see them."""
    here, there = alike_nearby(ref, features, size)
    if len(here) < FEW_NEARBY:
        return None, 0
    estimated: Any = cv2.estimateAffinePartial2D(
        here * size, there * size, method=cv2.RANSAC,
        ransacReprojThreshold=NEARBY_REPROJECTION, maxIters=3000, confidence=0.999,
    )  # fmt: skip
    if estimated[1] is None:
        return None, 0
    agree = estimated[1].ravel() > 0
    count = int(agree.sum())
    if count < max(LEAST_NEARBY, LEAST_NEARBY_SHARE * len(here)):
        return None, count
    if spread(here[agree]) < LEAST_NEARBY_SPREAD:
        return None, count
    return fit(here[agree], there[agree], (size, size))[0], count


def _light(image: Image) -> tuple[float, float]:
    small = cv2.resize(image, (160, 90), interpolation=cv2.INTER_AREA).astype(np.float32)
    return float(np.median(small.mean(axis=2))), float(np.ptp(small, axis=2).mean())


def _is_other_light(one: tuple[float, float], other: tuple[float, float]) -> bool:
    darker, brighter = sorted((one[0], other[0]))
    grey, coloured = sorted((one[1], other[1]))
    is_by_night = darker < DARK_BELOW and brighter > OTHER_LIGHT * darker
    return is_by_night or (grey < COLOURLESS and coloured > COLOURFUL)


def _classified(homography: Array, aspect: float) -> Registration:
    """What a homography means: nothing, a nudge that is followed, or too much."""
    corners = np.array([[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9], [0.5, 0.5]])
    mapped = np.column_stack([corners, np.ones(5)]) @ homography.T
    if (mapped[:, 2] <= 0).any():
        return Registration("moved", None, "the camera looks somewhere else")
    to_width = np.array([1.0, 1 / aspect])  # both axes in shares of the width
    before, after = corners * to_width, mapped[:, :2] / mapped[:, 2:] * to_width
    shift = float(np.linalg.norm(after - before, axis=1).max())
    across, across_now = before[2] - before[0], after[2] - after[0]
    one = float(np.linalg.norm(across_now) / np.linalg.norm(across))
    other = float(np.linalg.norm(after[3] - after[1]) / np.linalg.norm(before[3] - before[1]))
    if not 1 / MOST_BENT < one / max(other, 1e-9) < MOST_BENT:
        return Registration("unclear", None, "too little agrees to tell how it has moved")
    zoom = (one + other) / 2
    turn = float(np.degrees(np.arctan2(*across_now[::-1]) - np.arctan2(*across[::-1])))
    centre = float(np.linalg.norm(after[4] - before[4]))
    said = f"moved by {100 * centre:.1f} % of the width, {turn:+.1f}°, zoom {zoom:.2f}"
    if shift < STILL:
        return Registration("still")
    if centre > MOST_SHIFT or abs(turn) > MOST_TURN or not 1 / MOST_ZOOM < zoom < MOST_ZOOM:
        return Registration("moved", None, said)
    return Registration("shifted", homography, said)
