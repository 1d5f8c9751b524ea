"""The small network that judges one space by its crop. Only who judges imports this (PyTorch).

It begins as YOLOv8n does (Jocher and others, Ultralytics, 2023: the first seven layers, to a
sixteenth of the crop's size), whose filters know vehicles already, with a fourth channel that
shows which space is meant. Its head sees what lies in the space and what lies around it apart, at
an eighth and at a sixteenth: the mean and the largest of the features under the mask, and the mean
of all.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

NEAR, FAR = 64, 128
"""Features for each place at an eighth and at a sixteenth of the crop's size."""
NEAR_LAYERS = 5
"""Layers of the body to an eighth."""


class _Conv(nn.Module):
    def __init__(self, inside: int, out: int, kernel: int = 1, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inside, out, kernel, stride, kernel // 2, bias=False)
        self.bn: nn.Module = nn.BatchNorm2d(out, eps=1e-3, momentum=0.03)

    def forward(self, x: Tensor) -> Tensor:
        return functional.silu(self.bn(self.conv(x)))


class _Bottleneck(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.cv1, self.cv2 = _Conv(width, width, 3), _Conv(width, width, 3)

    def forward(self, x: Tensor) -> Tensor:
        added: Tensor = x + self.cv2(self.cv1(x))
        return added


class _C2f(nn.Module):
    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        self.cv1 = _Conv(width, width)
        self.cv2 = _Conv((2 + depth) * width // 2, width)
        self.m = nn.ModuleList(_Bottleneck(width // 2) for _ in range(depth))

    def forward(self, x: Tensor) -> Tensor:
        parts = list(self.cv1(x).chunk(2, 1))
        for each in self.m:
            parts.append(each(parts[-1]))
        joined: Tensor = self.cv2(torch.cat(parts, 1))
        return joined


class SpaceNet(nn.Module):
    """Crops of spaces, n × 4 × side × side: red, green, blue and the mask, each 0..1 → n log odds
    of being occupied. The names of the body's weights are those of YOLOv8's `model.model`."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _Conv(4, 16, 3, 2), _Conv(16, 32, 3, 2), _C2f(32, 1), _Conv(32, NEAR, 3, 2),
            _C2f(NEAR, 2), _Conv(NEAR, FAR, 3, 2), _C2f(FAR, 2),
        )  # fmt: skip
        self.head = nn.Sequential(
            nn.Dropout(0.2), nn.Linear(3 * (NEAR + FAR), 48), nn.SiLU(), nn.Linear(48, 1)
        )

    def forward(self, crops: Tensor) -> Tensor:
        near = self.body[:NEAR_LAYERS](crops)
        far = self.body[NEAR_LAYERS:](near)
        odds: Tensor = self.head(torch.cat([_seen(near, crops), _seen(far, crops)], 1))[:, 0]
        return odds


def fused(net: SpaceNet) -> SpaceNet:
    """The same network, for judging alone: each normalisation becomes part of its convolution,
    which takes a fifth less time."""
    net.eval()
    for layer in net.modules():
        if isinstance(layer, _Conv) and isinstance(layer.bn, nn.BatchNorm2d):
            layer.conv, layer.bn = fuse_conv_bn_eval(layer.conv, layer.bn), nn.Identity()
    return net


def _seen(features: Tensor, crops: Tensor) -> Tensor:
    """What a map of features says of the space and of its surroundings."""
    height, width = features.shape[-2:]
    mask = functional.adaptive_avg_pool2d(crops[:, 3:], (height, width))
    inside = (features * mask).sum((2, 3)) / (mask.sum((2, 3)) + 1e-3)
    largest = (features * mask).amax((2, 3))
    return torch.cat([inside, largest, features.mean((2, 3))], 1)


def from_detector(weights: dict[str, Any]) -> SpaceNet:
    """A network that begins with a YOLOv8n detector's first layers; its head knows nothing yet.

    Args:
        weights: the state of the detector's `model.model`: names such as `0.conv.weight`.
    """
    net = SpaceNet()
    layers = {str(number) for number in range(len(net.body))}
    known = {name: value.float() for name, value in weights.items() if name.split(".")[0] in layers}
    first = known["0.conv.weight"]
    known["0.conv.weight"] = torch.cat([first, torch.zeros_like(first[:, :1])], 1)
    net.body.load_state_dict(known)
    return net
