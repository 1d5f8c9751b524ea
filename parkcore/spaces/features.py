"""What is distinctive on photos, and which of it is alike on two of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

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

LEAST = 25
"""Features that a photo has at least for any to be looked for on another."""

NEARBY, NEARBY_TURN, NEARBY_ZOOM = 0.22, 20.0, 1.6
"""Within these a feature is looked for where a nudged camera sees it; wider than the limits above,
as a corner of the photo moves farther than its middle."""

Array: TypeAlias = npt.NDArray[np.float64]
Grey: TypeAlias = npt.NDArray[np.uint8]
Size: TypeAlias = tuple[int, ...]
"""Width and height in pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """What is distinctive on a photo, n places."""

    points: Array
    """Shape (n, 2), 0..1."""
    descriptors: npt.NDArray[np.float32]
    """Shape (n, 128), each of length 1."""
    angles: npt.NDArray[np.float32]
    """In degrees."""
    sizes: npt.NDArray[np.float32]
    """In pixels of the compared photo."""

    def __len__(self) -> int:
        return len(self.points)


def prepared(image: Image, vehicles: Sequence[Box], side: int = SIDE) -> tuple[Grey, Grey]:
    """The photo in grey at the compared size, its contrast evened out, and where to look."""
    scale = side / image.shape[1]
    size = (side, max(1, round(scale * image.shape[0])))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    grey = cv2.cvtColor(cv2.resize(image, size, interpolation=way), cv2.COLOR_RGB2GRAY)
    mask = np.full(grey.shape, 255, np.uint8)
    for box in vehicles:
        x1, y1, x2, y2 = (round(scale * value) for value in box.as_tuple())
        mask[max(0, y1) : y2, max(0, x1) : x2] = 0
    evened = cv2.createCLAHE(clipLimit=3.0, tileGridSize=(8, 8)).apply(grey)
    return np.asarray(evened, np.uint8), mask


def find_features(small: Grey, mask: Grey, most: int = FEATURES) -> Features:
    sift = cv2.SIFT.create(nfeatures=most, contrastThreshold=0.02)  # not shared by threads
    found, descriptors = sift.detectAndCompute(small, mask)
    if not len(found):
        none = np.zeros(0, np.float32)
        return Features(np.zeros((0, 2)), np.zeros((0, 128), np.float32), none, none)
    points = np.array([point.pt for point in found]) / small.shape[::-1]
    angles, sizes = np.array([(p.angle, p.size) for p in found], np.float32).T
    rooted = np.sqrt(descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-6))
    # RootSIFT (Arandjelović and Zisserman 2012)
    return Features(points, rooted.astype(np.float32), angles, sizes)


def alike(ref: Features, features: Features) -> npt.NDArray[np.intp]:
    """Numbers of features that are one another's likeness, shape (n, 2)."""
    if min(len(ref), len(features)) < LEAST:
        return np.zeros((0, 2), np.intp)
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(ref.descriptors, features.descriptors, k=2)
    good = [p[0] for p in pairs if len(p) == 2 and p[0].distance < RATIO * p[1].distance]
    return np.array([(m.queryIdx, m.trainIdx) for m in good], np.intp).reshape(-1, 2)


def fit(here: Array, there: Array, sizes: tuple[Size, Size]) -> tuple[Array | None, Array]:
    """What takes most of some places, 0..1, to others, and the places that agree with it."""
    before, after = (np.diag([*size, 1.0]) for size in sizes)
    found: Any
    inliers: Any
    found, inliers = cv2.findHomography(
        here * sizes[0], there * sizes[1],
        cv2.USAC_MAGSAC, REPROJECTION, maxIters=5000, confidence=0.999,
    )  # fmt: skip
    if found is None or inliers is None:
        return None, np.zeros((0, 2))
    return np.asarray(np.linalg.inv(after) @ found @ before), here[inliers.ravel() > 0]


def spread(places: Array) -> float:
    """Share of the photo that places span."""
    return float(np.prod(np.ptp(places, axis=0))) if len(places) else 0.0


def alike_nearby(ref: Features, features: Features, size: Size) -> tuple[Array, Array]:
    """Places of the reference and of the photo, matched both ways and by the ratio test."""
    if min(len(ref), len(features)) < LEAST:
        return np.zeros((0, 2)), np.zeros((0, 2))
    here, there = ((f.points * size).astype(np.float32) for f in (ref, features))
    turned = (features.angles - ref.angles[:, None] + 180) % 360 - 180
    zoomed = np.abs(np.log(features.sizes / ref.sizes[:, None]))
    apart = np.hypot(*(there.T[:, None] - here.T[:, :, None]))
    is_near = (apart < NEARBY * size[0]) & (np.abs(turned) < NEARBY_TURN)
    is_near &= zoomed < np.log(NEARBY_ZOOM)
    likeness = np.where(is_near, ref.descriptors @ features.descriptors.T, -1)
    rows, best = np.arange(len(here)), likeness.argmax(axis=1)
    first = likeness[rows, best]
    is_mutual = (likeness.argmax(axis=0)[best] == rows) & (first > 0)
    rows, best, first = rows[is_mutual], best[is_mutual], first[is_mutual]
    others = likeness[rows]
    others[np.hypot(*(there.T[:, None] - there[best].T[:, :, None])) < 5] = -1  # of the same place
    second = others.max(axis=1)
    # of vectors of length 1 the squared distance is 2 - 2 × their product
    is_clear = 1 - first < RATIO**2 * (1 - second)
    return ref.points[rows[is_clear]], features.points[best[is_clear]]
