"""The 8-bit form of a detector: the same weights in integers, run by OpenVINO.

It judges as rightly, and the network takes a third of the time on a CPU (see `models/README.md`).
For `x.pt` it is the folder `x_int8_openvino_model` beside it, which `models/training/quantise.py`
makes.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml

log = logging.getLogger(__name__)

SUFFIX = "_int8_openvino_model"
"""Of the folder's name; Ultralytics tells by its end how to run what is in it."""

MADE_OF, CONTENT = "made_of", "content"
"""What its metadata calls the SHA-256 of the weights that it was made of, and its own."""

HIGHEST = "ONEDNN_MAX_CPU_ISA"
"""The newest instructions that OpenVINO's oneDNN computes with; read when it is loaded."""


def folder_of(weights: Path) -> Path:
    """Where the 8-bit form of some weights is, or would be."""
    return weights.with_name(f"{weights.stem}{SUFFIX}")


def quantised(weights: Path) -> Path | None:
    """The folder with the 8-bit form of these very weights.

    None where there is none, where it is damaged or of other weights, and where it cannot be run:
    without OpenVINO, which Parkcore installs on PCs.
    """
    folder = folder_of(weights)
    try:
        described = yaml.safe_load((folder / "metadata.yaml").read_text(encoding="utf-8"))
        made_of = described[MADE_OF]
        if described[CONTENT] != digest(folder):
            raise ValueError("it is not as it was made")
        of_these = made_of == hashlib.sha256(weights.read_bytes()).hexdigest()
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, yaml.YAMLError) as error:
        log.warning("%s is left aside, as it is damaged: %s", folder, error)
        return None
    if not of_these:
        log.warning("%s is left aside: it was made of another %s", folder, weights.name)
        return None
    return folder if find_spec("openvino") else None


def digest(folder: Path) -> str:
    """SHA-256 of what judges: the network and its weights.

    Raises:
        OSError: they cannot be read.
    """
    summed = hashlib.sha256()
    for suffix in ("xml", "bin"):
        summed.update(next(iter(folder.glob(f"*.{suffix}")), folder / suffix).read_bytes())
    return summed.hexdigest()


@contextmanager
def below_amx() -> Iterator[None]:
    """Have OpenVINO compute without AMX if it is loaded in here: with it, networks in 8 bit that
    take photos of any size crash on some CPUs (https://github.com/openvinotoolkit/openvino/issues/37577).

    The instructions of AVX-512 give the same figures. What has computed before keeps what it uses.
    """
    before = os.environ.get(HIGHEST)
    os.environ[HIGHEST] = before or "AVX512_CORE_FP16"
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(HIGHEST, None)  # another thread may have loaded its own meanwhile


def as_wanted(model: Any, folder: Path) -> None:
    """Look at each photo in its own size, and compute in 32 bits what is not in 8, on every CPU
    alike; left alone, OpenVINO takes 16 on some of them, and on CPUs with AMX Ultralytics looks
    at every photo in one size.

    Args:
        model: of Ultralytics, after its first look.
    """
    backend = model.predictor.model.backend
    [network] = folder.glob("*.xml")
    backend.ov_compiled_model = backend.ov.Core().compile_model(
        str(network), "CPU", {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    )
    backend.dynamic, backend.read_model = True, None
