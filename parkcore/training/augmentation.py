"""Crops of spaces as other days, cameras and hands would have made them. PyTorch, seeded.

Everything works on a whole batch: n × 4 × side × side, red, green, blue, mask, each 0..1.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional


def augmented(wide: Tensor, side: int, random: torch.Generator) -> Tensor:
    """What the network sees of wider samples: moved, mirrored, in another light and weather.

    Args:
        wide: n × 4 × w × w with w > side; the space is in the middle.
    """
    seen = _moved(wide, side, random)
    colours = _light(seen[:, :3], random)
    colours = _weather(colours, random)
    colours = _camera(colours, random)
    return torch.cat([colours.clamp(0, 1), seen[:, 3:]], 1)


def _uniform(n: int, low: float, high: float, random: torch.Generator) -> Tensor:
    return low + (high - low) * torch.rand(n, 1, 1, 1, generator=random)


def _some(n: int, share: float, random: torch.Generator) -> Tensor:
    """1 for so large a share of a batch, else 0."""
    return (torch.rand(n, 1, 1, 1, generator=random) < share).float()


def _moved(wide: Tensor, side: int, random: torch.Generator) -> Tensor:
    """Mirrored; and the photo moved under its outline, as hands draw imprecisely."""
    n, share = len(wide), side / wide.shape[-1]
    flip = 1 - 2 * _some(n, 0.5, random).view(n)
    draw = {
        name: _uniform(n, low, high, random).view(n)
        for name, low, high in (
            *(("turn", -0.09, 0.09), ("scale", 0.88, 1.14), ("aspect", 0.94, 1.06)),
            *(("x", -0.07, 0.07), ("y", -0.07, 0.07), ("mask", 0.92, 1.08)),
        )
    }
    cos, sin = torch.cos(draw["turn"]) * draw["scale"], torch.sin(draw["turn"]) * draw["scale"]
    photo = torch.stack(
        [
            torch.stack([flip * cos * draw["aspect"] * share, -sin * share, draw["x"]], 1),
            torch.stack([flip * sin * share, cos / draw["aspect"] * share, draw["y"]], 1),
        ],
        1,
    )
    zero = torch.zeros(n)
    outline = torch.stack(
        [
            torch.stack([flip * share * draw["mask"], zero, zero], 1),
            torch.stack([zero, share * draw["mask"], zero], 1),
        ],
        1,
    )
    size = [n, 1, side, side]
    views = [
        functional.grid_sample(
            part,
            functional.affine_grid(where, size, align_corners=False),
            padding_mode="border",
            align_corners=False,
        )
        for part, where in ((wide[:, :3], photo), (wide[:, 3:], outline))
    ]
    return torch.cat(views, 1)


def _light(x: Tensor, random: torch.Generator) -> Tensor:
    """Exposure, gamma, colour of the light; night with its noise; a shadow's edge."""
    n, _, height, width = x.shape
    x = x.clamp(1e-4, 1) ** torch.exp(_uniform(n, -0.4, 0.4, random))
    tint = 1 + 0.12 * (2 * torch.rand(n, 3, 1, 1, generator=random) - 1)
    x = x * torch.exp(_uniform(n, -0.35, 0.3, random)) * tint
    grey = x.mean(1, keepdim=True)
    x = grey + (x - grey) * _uniform(n, 0.3, 1.3, random)
    mean = x.mean((1, 2, 3), keepdim=True)
    x = mean + (x - mean) * _uniform(n, 0.7, 1.3, random)
    night = _some(n, 0.12, random)
    lamp = 1 + night * 0.35 * (2 * torch.rand(n, 3, 1, 1, generator=random) - 1)
    x = x * (1 - night * _uniform(n, 0.5, 0.88, random)) * lamp
    x = x + night * 0.03 * torch.randn(x.shape, generator=random)
    across = torch.linspace(-1, 1, width).view(1, 1, 1, width)
    down = torch.linspace(-1, 1, height).view(1, 1, height, 1)
    angle = _uniform(n, 0, 6.283, random)
    side = torch.cos(angle) * across + torch.sin(angle) * down - _uniform(n, -0.6, 0.6, random)
    shadow = torch.sigmoid(side * 25) * _some(n, 0.25, random) * _uniform(n, 0.2, 0.65, random)
    return x * (1 - shadow)


def _weather(x: Tensor, random: torch.Generator) -> Tensor:
    """Fog draws towards its grey; rain streaks down in bright lines."""
    n, _, height, width = x.shape
    fog = _some(n, 0.12, random) * _uniform(n, 0.2, 0.75, random)
    x = x * (1 - fog) + fog * _uniform(n, 0.35, 0.85, random)
    drops = (torch.rand(n, 1, height, width, generator=random) > 0.985).float()
    streaks = functional.avg_pool2d(drops, (9, 1), 1, (4, 0)) * 3
    return x + _some(n, 0.08, random) * streaks * _uniform(n, 0.1, 0.5, random)


def _camera(x: Tensor, random: torch.Generator) -> Tensor:
    """Blur of a far or poor lens, the sensor's noise, the JPEG's blocks."""
    n, _, height, width = x.shape
    smooth = functional.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
    x = torch.lerp(x, smooth, _some(n, 0.3, random) * _uniform(n, 0.3, 1, random))
    coarse = functional.interpolate(
        functional.avg_pool2d(x, 3, 3, ceil_mode=True, count_include_pad=False),
        (height, width),
        mode="bilinear",
    )
    x = torch.lerp(x, coarse, _some(n, 0.12, random))
    x = x + _uniform(n, 0, 0.04, random) * torch.randn(x.shape, generator=random)
    chosen = torch.nonzero(torch.rand(n, generator=random) < 0.25)[:, 0].tolist()
    qualities = torch.randint(25, 80, (n,), generator=random).tolist()
    for number in chosen:
        x[number] = _jpeg(x[number], qualities[number])
    return x


def _jpeg(x: Tensor, quality: int) -> Tensor:
    pixels = (x.clamp(0, 1) * 255).byte().permute(1, 2, 0).numpy()
    kept = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    shown = np.asarray(cv2.imdecode(kept, cv2.IMREAD_COLOR))
    return torch.from_numpy(shown).permute(2, 0, 1).float() / 255
