"""Training in 16 bits (bfloat16) where the CPU multiplies matrices of them (Intel's AMX).

Micikevicius et al., "Mixed Precision Training", 2018: weights, losses and steps stay in 32 bits,
what flows between the layers has 16. Ultralytics offers it on graphics cards alone. On two cores
of a Xeon a step took 1.4 s so, and 3.2 s without; on CPUs without AMX it is slower than 32 bits.
Only who trains imports this (PyTorch, Ultralytics).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from ultralytics.nn.modules.block import DFL
from ultralytics.nn.tasks import DetectionModel

CPU = Path("/proc/cpuinfo")
"""Where Linux says what the processor can do."""


def is_worth_it(model: Any) -> bool:
    """Whether a network is quicker so where it is."""
    told = CPU.read_text() if CPU.is_file() else ""
    return next(model.parameters()).device.type == "cpu" and "amx_bf16" in told.split()


def in_half(model: Any) -> None:
    """Have a YOLOv8 detector compute in 16 bits.

    The last convolutions, whose answers are the boxes and confidences, stay in 32: rounded to
    bfloat16's 8 bits, the sides of large boxes would be off by pixels.

    Args:
        model: the network, as Ultralytics trains it. Copies that were made of it before stay as
            they are.
    """
    model.to(memory_format=torch.channels_last)
    model.__class__ = HalfModel
    head = model.model[-1]
    for branch in (*head.cv2, *head.cv3):
        branch[-1].__class__ = FullConv
    head.dfl.__class__ = FullDfl


class HalfModel(DetectionModel):  # type: ignore[misc]
    """The network in 16 bits."""

    def predict(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        x = x.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            return super().predict(x, *args, **kwargs)


class FullConv(torch.nn.Conv2d):
    """A convolution in it that stays in 32."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", enabled=False):
            return super().forward(x.float())


class FullDfl(DFL):  # type: ignore[misc]
    """What makes boxes of its answers stays in 32."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", enabled=False):
            answered: torch.Tensor = super().forward(x.float())
        return answered
