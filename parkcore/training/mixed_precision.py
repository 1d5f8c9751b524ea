"""Training in 16 bits (bfloat16) where the CPU multiplies matrices of them (Intel's AMX).

Micikevicius et al., "Mixed Precision Training", 2018: weights, losses and steps stay in 32 bits,
what flows between the layers has 16. Ultralytics offers it on graphics cards alone. On two cores
of a Xeon a step took 1.4 s so, and 3.2 s without; on CPUs without AMX it is slower than 32 bits.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

CPU = Path("/proc/cpuinfo")
"""Where Linux says what the processor can do."""


def is_worth_it() -> bool:
    """Whether this computer trains quicker so."""
    return CPU.is_file() and "amx_bf16" in CPU.read_text().split()


def in_half(model: Any) -> None:
    """Have a YOLOv8 detector compute in 16 bits.

    The last convolutions, whose answers are the boxes and confidences, stay in 32: rounded to
    bfloat16's 8 bits, the sides of large boxes would be off by pixels.

    Args:
        model: the network, as Ultralytics trains it. Copies that were made of it before stay as
            they are.
    """
    import torch

    model.to(memory_format=torch.channels_last)
    head = model.model[-1]
    for last in (*(branch[-1] for branch in (*head.cv2, *head.cv3)), head.dfl):
        last.forward = _in_full(last.forward)
    through = model.predict

    def predict(images: Any, *args: Any, **kwargs: Any) -> Any:
        images = images.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            return through(images, *args, **kwargs)

    model.predict = predict


def _in_full(forward: Callable[[Any], Any]) -> Callable[[Any], Any]:
    import torch

    def in_full(x: Any) -> Any:
        with torch.autocast("cpu", enabled=False):
            return forward(x.float())

    return in_full
