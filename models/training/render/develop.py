"""Linear light to the photo that a camera in that weather would have made of it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.training.render.fields import Floats
from models.training.render.plan import Light, Weather

Picture = NDArray[np.uint8]
KEY = {"day": 0.17, "overcast": 0.18, "dusk": 0.10, "night": 0.075}
"""The mean (of logarithms) brightness that the exposure aims at, white being 1."""
LUMA = np.array([0.2126, 0.7152, 0.0722])


def develop(
    linear: NDArray[Any],
    distance: Floats,
    light: Light,
    weather: Weather,
    rng: np.random.Generator,
) -> Picture:
    """A photo (h, w, 3) of linear light of the same shape and of the distances (h, w) in metres."""
    if linear.shape[:2] != distance.shape:
        raise ValueError(f"light of {linear.shape} needs as many distances, not {distance.shape}")
    x = np.maximum(linear.astype(np.float64), 0.0)
    dark = light.name in ("dusk", "night")
    x = _haze(x, distance, weather.haze, rng)
    if dark or rng.random() < 0.3:
        x = _bloom(x, float(rng.uniform(0.04, 0.25) if dark else 0.03))
    mean = math.exp(float(np.mean(np.log(x @ LUMA + 1e-4))))
    x = x * (KEY[light.name] / mean * 2**light.exposure)
    x = x * np.clip(rng.normal(1.0, 0.05, 3), 0.85, 1.15)
    if weather.drops:
        x = _drops(x, weather.drops, rng)
    if weather.name == "rain":
        x = _streaks(x, rng)
    softness = float(rng.choice([0.0, 0.0, 0.5, 0.9, 1.6], p=[0.35, 0.2, 0.2, 0.17, 0.08]))
    if softness:
        x = blur(x, softness)
    height, width = distance.shape
    v, u = np.mgrid[0:height, 0:width]
    aside = ((u - width / 2) / (width / 2)) ** 2 + ((v - height / 2) / (width / 2)) ** 2
    x = np.maximum(x * (1 - float(rng.uniform(0, 0.22)) * aside)[..., None], 0)
    y = x * (1 + x / 5.0) / (1 + x * 0.95)
    y = np.where(y <= 0.0031308, 12.92 * y, 1.055 * np.maximum(y, 1e-6) ** (1 / 2.4) - 0.055)
    y = np.clip(y, 0, 1)
    y = y + float(rng.uniform(0.0, 0.35)) * y * (1 - y) * (2 * y - 1)
    grey = y.mean(2, keepdims=True)
    infrared = light.name == "night" and rng.random() < 0.2
    y = grey + (y - grey) * (0.0 if infrared else float(rng.uniform(0.7, 1.15)))
    if rng.random() < 0.25:
        y = np.clip(y + 0.8 * (y - blur(y, 1.0)), 0, 1)
    grain = float(rng.uniform(0.003, 0.012)) * (2.2 if dark else 1.0)
    noise = rng.normal(0, grain, (height, width, 1)) + rng.normal(
        0, grain * 0.6, (height, width, 3)
    )
    y = y + noise * (1.2 - y)
    return np.asarray(np.clip(y, 0, 1) * 255 + 0.5, np.uint8)


def blur(x: Floats, sigma: float) -> Floats:
    """A Gaussian blur of (h, w, c) that repeats the edge."""
    reach = max(1, math.ceil(2.5 * sigma))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights /= weights.sum()
    for axis in (0, 1):
        padded = np.pad(x, [(reach, reach) if a == axis else (0, 0) for a in range(3)], mode="edge")
        size = x.shape[axis]
        x = sum(
            w * padded.take(np.arange(k, k + size), axis) for k, w in enumerate(weights.tolist())
        )
    return x


def _wide_blur(x: Floats, sigma: float) -> Floats:
    """A blur so wide that an eighth of the resolution is enough."""
    height, width = x.shape[:2]
    small = x[: height // 8 * 8, : width // 8 * 8].reshape(height // 8, 8, width // 8, 8, 3)
    soft = blur(small.mean((1, 3)), max(sigma / 8, 0.5))
    v = np.clip((np.arange(height) - 3.5) / 8, 0, soft.shape[0] - 1.001)
    u = np.clip((np.arange(width) - 3.5) / 8, 0, soft.shape[1] - 1.001)
    i, j = v.astype(int), u.astype(int)
    a, b = (v - i)[:, None, None], (u - j)[None, :, None]
    near = soft[i][:, j] * (1 - b) + soft[i][:, j + 1] * b
    far = soft[i + 1][:, j] * (1 - b) + soft[i + 1][:, j + 1] * b
    return np.asarray(near * (1 - a) + far * a)


def _haze(x: Floats, distance: Floats, haze: float, rng: np.random.Generator) -> Floats:
    clear = np.exp(-haze * distance / 100)[..., None]
    tone = np.quantile(x @ LUMA, 0.8) * rng.uniform(0.8, 1.2)
    return np.asarray(x * clear + np.array([0.96, 0.99, 1.03]) * tone * (1 - clear))


def _bloom(x: Floats, share: float) -> Floats:
    """Light spilled around what is far brighter than the rest."""
    bright = np.quantile(x @ LUMA, 0.98)
    over = np.maximum(np.minimum(x, bright * 30) - bright, 0)
    return np.asarray(x + share * (_wide_blur(over, 10) + 0.5 * _wide_blur(over, 36)))


def _drops(x: Floats, count: int, rng: np.random.Generator) -> Floats:
    """Drops on the lens: round spots in which everything is out of focus."""
    height, width = x.shape[:2]
    soft = _wide_blur(x, 22) * rng.uniform(1.0, 1.25)
    v, u = np.mgrid[0:height, 0:width]
    cover = np.zeros((height, width))
    for _ in range(count):
        radius = float(rng.gamma(3, 5)) + 4
        cy, cx = rng.uniform(0, height), rng.uniform(0, width)
        away = np.hypot((u - cx) * rng.uniform(0.85, 1.15), v - cy) / radius
        cover = np.maximum(cover, np.clip(1.8 * (1 - away), 0, 1) * rng.uniform(0.5, 0.95))
    return np.asarray(x * (1 - cover[..., None]) + soft * cover[..., None])


def _streaks(x: Floats, rng: np.random.Generator) -> Floats:
    """Falling rain: short, faint, nearly upright lines."""
    height, width = x.shape[:2]
    tone = np.quantile(x @ LUMA, 0.9)
    slope, long = rng.normal(0, 0.15), int(rng.integers(8, 30))
    fall = np.arange(long)
    for _ in range(int(rng.integers(100, 900))):
        top, left = rng.integers(0, height - long), rng.uniform(0, width)
        columns = np.clip((left + slope * fall).astype(int), 0, width - 1)
        x[top + fall, columns] += (tone - x[top + fall, columns]) * rng.uniform(0.05, 0.3)
    return x
