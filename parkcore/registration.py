"""Has the camera moved? Each photo is held against the one that the layout was drawn on.

SIFT features (Lowe 2004) of what does not drive away, matched with the ratio test, give a
homography by MAGSAC++ (Barath et al. 2020), which is robust to most matches being wrong. Where
light has changed too much for features, such as by night, the shift of the edges is taken
instead: phase correlation (Kuglin and Hines 1975) of the gradients.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from parkcore.domain import Box, Image

SIDE = 640
"""Photos are compared at this width, in pixels."""

FEATURES = 1500
RATIO = 0.8
REPROJECTION = 2.0
"""Pixels of the compared photo within which a match agrees with the homography."""

LEAST_INLIERS = 25
LEAST_SPREAD = 0.08
"""Share of the photo that the agreeing features must span: a few on one sign prove nothing."""

STILL = 0.003
"""Shift, as a share of the width, below which the camera counts as not moved at all."""

MOST_SHIFT, MOST_TURN, MOST_ZOOM = 0.15, 8.0, 1.2
"""Beyond these, as a share of the width, degrees and factor, a layout is not carried along."""

LEAST_PEAK = 0.12
"""Of phase correlation, 0..1."""

Status: TypeAlias = Literal["still", "shifted", "moved", "unclear"]
"""`moved` is too far, or another view; `unclear` is too dark or featureless to tell."""

_Array: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Registration:
    """Where a photo looks, compared with the reference."""

    status: Status
    homography: _Array | None = None
    """3 × 3, takes places of the reference, 0..1, to the photo; None unless `shifted`."""
    said: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """What of a reference photo is needed to hold others against it."""

    points: _Array
    """Shape (n, 2), 0..1."""
    descriptors: npt.NDArray[np.float32]
    edges: npt.NDArray[np.float32]
    aspect: float
    """Width by height."""


def reference(image: Image, vehicles: Sequence[Box] = ()) -> Reference:
    """Take from a photo what others are held against.

    Args:
        vehicles: boxes in pixels of what may drive away.
    """
    small, mask = _prepared(image, vehicles)
    points, descriptors = _features(small, mask)
    return Reference(points, descriptors, _edges(small), image.shape[1] / image.shape[0])


def register(image: Image, ref: Reference, vehicles: Sequence[Box] = ()) -> Registration:
    """Find out how the camera has moved since the reference photo.

    Args:
        vehicles: boxes in pixels of what may drive away.
    """
    if abs(image.shape[1] / image.shape[0] / ref.aspect - 1) > 0.02:
        return Registration("moved", None, "the photo has another shape than the reference")
    small, mask = _prepared(image, vehicles)
    points, descriptors = _features(small, mask)
    found = _by_features(ref, points, descriptors, small.shape)
    if found is None:
        found = _by_edges(ref, _edges(small))
    if found is not None:
        return _classified(found, ref.aspect)
    if len(points) < 3 * LEAST_INLIERS or len(ref.points) < 3 * LEAST_INLIERS:
        return Registration("unclear", None, "too little can be seen to tell whether it has moved")
    return Registration(
        "moved", None, "the camera looks somewhere else than on the reference photo"
    )


def _prepared(
    image: Image, vehicles: Sequence[Box]
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """The photo in grey at the compared size, its contrast evened out, and where to look."""
    scale = SIDE / image.shape[1]
    size = (SIDE, max(1, round(scale * image.shape[0])))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    grey = cv2.cvtColor(cv2.resize(image, size, interpolation=way), cv2.COLOR_RGB2GRAY)
    mask = np.full(grey.shape, 255, np.uint8)
    for box in vehicles:
        x1, y1, x2, y2 = (round(scale * value) for value in box.as_tuple())
        mask[max(0, y1) : y2, max(0, x1) : x2] = 0
    evened = cv2.createCLAHE(clipLimit=3.0, tileGridSize=(8, 8)).apply(grey)
    return np.asarray(evened, np.uint8), mask


def _features(
    small: npt.NDArray[np.uint8], mask: npt.NDArray[np.uint8]
) -> tuple[_Array, npt.NDArray[np.float32]]:
    sift = cv2.SIFT.create(nfeatures=FEATURES, contrastThreshold=0.02)  # not shared by threads
    found, descriptors = sift.detectAndCompute(small, mask)
    if not len(found):
        return np.zeros((0, 2)), np.zeros((0, 128), np.float32)
    height, width = small.shape
    points = np.array([point.pt for point in found]) / (width, height)
    rooted = np.sqrt(descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-6))
    return points, rooted.astype(np.float32)  # RootSIFT (Arandjelović and Zisserman 2012)


def _by_features(
    ref: Reference, points: _Array, descriptors: npt.NDArray[np.float32], shape: tuple[int, ...]
) -> _Array | None:
    """The homography of the reference to the photo, both 0..1; None where too little agrees."""
    if min(len(points), len(ref.points)) < LEAST_INLIERS:
        return None
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(ref.descriptors, descriptors, k=2)
    good = [p[0] for p in pairs if len(p) == 2 and p[0].distance < RATIO * p[1].distance]
    if len(good) < LEAST_INLIERS:
        return None
    size = np.array([shape[1], shape[0]], float)
    here = ref.points[[match.queryIdx for match in good]] * size
    there = points[[match.trainIdx for match in good]] * size
    found, inliers = cv2.findHomography(
        here, there, cv2.USAC_MAGSAC, REPROJECTION, maxIters=5000, confidence=0.999
    )
    if found is None or inliers is None or int(inliers.sum()) < LEAST_INLIERS:
        return None
    agreeing = here[inliers.ravel() > 0]
    spread = float(np.prod(np.ptp(agreeing, axis=0) / size))
    if spread < LEAST_SPREAD:
        return None
    scale = np.diag([*size, 1.0])
    return np.asarray(np.linalg.inv(scale) @ found @ scale)


def _edges(small: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Strength of the gradients, coarse, bounded, so that lamps do not outshine the rest."""
    grey = cv2.GaussianBlur(small, (0, 0), 2.0).astype(np.float32)
    strength = cv2.magnitude(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    bounded = np.minimum(strength, np.percentile(strength, 95) + 1e-3)
    return np.asarray(bounded - bounded.mean(), np.float32)


def _by_edges(ref: Reference, edges: npt.NDArray[np.float32]) -> _Array | None:
    if edges.shape != ref.edges.shape:
        return None
    window = cv2.createHanningWindow(edges.shape[::-1], cv2.CV_32F)
    (dx, dy), peak = cv2.phaseCorrelate(ref.edges, edges, window)
    if peak < LEAST_PEAK:
        return None
    moved = np.eye(3)
    moved[0, 2], moved[1, 2] = dx / edges.shape[1], dy / edges.shape[0]
    return moved


def _classified(homography: _Array, aspect: float) -> Registration:
    """What a homography means: nothing, a nudge that is followed, or too much."""
    corners = np.array([[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9], [0.5, 0.5]])
    mapped = np.column_stack([corners, np.ones(5)]) @ homography.T
    if (mapped[:, 2] <= 0).any():
        return Registration("moved", None, "the camera looks somewhere else")
    to_width = np.array([1.0, 1 / aspect])  # both axes in shares of the width
    before, after = corners * to_width, mapped[:, :2] / mapped[:, 2:] * to_width
    shift = float(np.linalg.norm(after - before, axis=1).max())
    across, across_now = before[2] - before[0], after[2] - after[0]
    zoom = float(np.linalg.norm(across_now) / np.linalg.norm(across))
    turn = float(np.degrees(np.arctan2(*across_now[::-1]) - np.arctan2(*across[::-1])))
    centre = float(np.linalg.norm(after[4] - before[4]))
    said = f"moved by {100 * centre:.1f} % of the width, {turn:+.1f}°, zoom {zoom:.2f}"
    if shift < STILL:
        return Registration("still")
    if centre > MOST_SHIFT or abs(turn) > MOST_TURN or not 1 / MOST_ZOOM < zoom < MOST_ZOOM:
        return Registration("moved", None, said)
    return Registration("shifted", homography, said)
