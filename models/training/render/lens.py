"""Where a point of the world appears in a picture. Metres; z is up; pixels from the top left."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from models.training.render.fields import Floats


@dataclass(frozen=True)
class Camera:
    """A camera on a mast, a building or in a hand."""

    place: tuple[float, float, float]
    target: tuple[float, float, float]
    field: float
    """Field of view across the picture, radians."""
    size: tuple[int, int]
    """Width and height of the picture, pixels."""
    fisheye: bool = False
    """An equisolid fisheye, r = 2 f sin(angle / 2), instead of a lens that keeps lines straight."""
    roll: float = 0.0
    """How crooked it hangs, radians."""

    def __post_init__(self) -> None:
        most = math.tau if self.fisheye else math.pi
        if not 0 < self.field < most:
            raise ValueError(f"a field of view of {self.field} radians; expected 0 to {most:.2f}")
        if math.dist(self.place, self.target) < 1e-6:
            raise ValueError(f"the camera at {self.place} looks at itself")

    @property
    def focal(self) -> float:
        """The focal length in pixels."""
        half = self.size[0] / 2
        if self.fisheye:
            return half / (2 * math.sin(self.field / 4))
        return half / math.tan(self.field / 2)

    @property
    def axes(self) -> Floats:
        """Right, up and back of the camera as rows (3, 3): a turn from world to camera."""
        back = np.subtract(self.place, self.target)
        back = back / np.linalg.norm(back)
        right = np.cross([0.0, 0.0, 1.0], back)
        if np.linalg.norm(right) < 1e-9:
            right = np.array([1.0, 0.0, 0.0])
        right = right / np.linalg.norm(right)
        up = np.cross(back, right)
        c, s = math.cos(self.roll), math.sin(self.roll)
        return np.array([c * right + s * up, c * up - s * right, back])

    def project(self, points: Floats) -> tuple[Floats, Floats]:
        """Points (n, 3) to pixels (n, 2) and depths (n,) along the view; behind it is negative."""
        seen = (np.asarray(points, float) - self.place) @ self.axes.T
        depth = -seen[:, 2]
        if self.fisheye:
            aside = np.hypot(seen[:, 0], seen[:, 1])
            angle = np.arctan2(aside, depth)
            factor = 2 * self.focal * np.sin(angle / 2) / np.maximum(aside, 1e-9)
        else:
            factor = self.focal / np.maximum(depth, 1e-3)
        width, height = self.size
        pixels = np.stack([width / 2 + seen[:, 0] * factor, height / 2 - seen[:, 1] * factor], 1)
        return pixels, depth

    def ground_distance(self, horizon: float = 400.0) -> Floats:
        """How far the ground (z = 0) is in each pixel (h, w), metres, the horizon at most."""
        width, height = self.size
        x, y = np.meshgrid(np.arange(width) + 0.5 - width / 2, height / 2 - np.arange(height) - 0.5)
        if self.fisheye:
            r = np.hypot(x, y)
            angle = 2 * np.arcsin(np.clip(r / (2 * self.focal), 0, 1))
            aside = np.sin(angle) / np.maximum(r, 1e-9)
            rays = np.stack([x * aside, y * aside, -np.cos(angle)], -1)
        else:
            rays = np.stack([x, y, np.full_like(x, -self.focal)], -1)
            rays /= np.linalg.norm(rays, axis=-1, keepdims=True)
        down = -(rays @ self.axes)[..., 2]
        far = np.where(down > 1e-3, self.place[2] / np.maximum(down, 1e-3), horizon)
        return np.minimum(far, horizon)
