"""From the detector's weights to their 8-bit form, which OpenVINO runs on a CPU.

    python -m models.training.quantise models/parkcore-yolov8n.pt WORK/pictures-0

Weights and what flows between the layers become integers of 8 bits (post-training quantisation:
Jacob and others, "Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference", 2018; done by NNCF). Their ranges are those that come up on
some of the pictures that the weights were trained with. It takes a minute.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt
import yaml

from models.training.crops import SIDE
from models.training.sources import digest as digest_of
from parkcore.cli.told_errors import TellingCommand
from parkcore.detect import load, ultralytics
from parkcore.images import SUFFIXES, decode
from parkcore.quantised import CONTENT, MADE_OF, digest, folder_of

PICTURES = 300
"""So many tell the ranges."""

EXACT = [r".*model\.22.*/(Add|Sub|Mul|Div).*", r".*model\.22.*dfl.*"]
"""Of the last layer, what makes boxes of its numbers keeps its decimals: pixels need more than the
256 values of an integer. As Ultralytics' own export does."""


@click.command(cls=TellingCommand)
@click.argument("weights", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("pictures", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--seed", default=0, show_default=True)
def main(weights: Path, pictures: Path, seed: int) -> None:
    """Make the 8-bit form of WEIGHTS beside them, with the training PICTURES."""
    check_installed()
    click.echo(f"{quantise(weights, pictures, seed=seed)}")


def check_installed() -> None:
    """Say now what an hour of training would end with.

    Raises:
        click.UsageError: what this needs is not installed.
    """
    missing = [name for name in ("openvino", "nncf") if find_spec(name) is None]
    if missing:
        raise click.UsageError(f"needs {' and '.join(missing)}: pip install {' '.join(missing)}")


def quantise(weights: Path, pictures: Path, *, seed: int) -> Path:
    """Make the 8-bit form of some weights, beside them.

    Args:
        pictures: a folder with `images`.
    """
    ultralytics()  # first, as it keeps the libraries from telling their makers
    os.environ.setdefault("NNCF_CI", "1")  # as this does NNCF
    import nncf
    import openvino

    beside = (pictures / "images").iterdir()
    images = sorted(path for path in beside if path.suffix.lower() in SUFFIXES)
    chosen = np.random.default_rng(seed).permutation(len(images))[:PICTURES]
    with tempfile.TemporaryDirectory() as made:
        copy = Path(made) / weights.name
        shutil.copyfile(weights, copy)
        exported = Path(load(copy).export(format="openvino", dynamic=True, verbose=False))
        model = nncf.quantize(
            openvino.Core().read_model(exported / f"{weights.stem}.xml"),
            nncf.Dataset([images[n] for n in chosen], _as_seen),
            preset=nncf.QuantizationPreset.MIXED,
            ignored_scope=nncf.IgnoredScope(patterns=EXACT),
            subset_size=len(chosen),
        )
        unfinished = folder_of(weights).with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        openvino.save_model(model, unfinished / f"{weights.stem}.xml")
        described: dict[str, Any] = yaml.safe_load((exported / "metadata.yaml").read_text())
        del described["date"]
        described |= {MADE_OF: digest_of(weights), CONTENT: digest(unfinished)}
        (unfinished / "metadata.yaml").write_text(yaml.safe_dump(described, sort_keys=False))
    out = folder_of(weights)
    if out.exists():
        shutil.rmtree(out)
    return unfinished.rename(out)


def _as_seen(path: Path) -> npt.NDArray[np.float32]:
    """One picture as the network takes it: 1 × 3 × SIDE × SIDE, 0..1."""
    from ultralytics.data.augment import LetterBox

    image = LetterBox(SIDE)(image=decode(path.read_bytes(), max_megapixels=500).image)
    seen: npt.NDArray[np.float32] = (image.transpose(2, 0, 1)[None] / 255).astype(np.float32)
    return seen


if __name__ == "__main__":
    main()
