"""From the open data sets to the classifier of spaces.

    python -m models.training.classifier DATASETS --out models/parkcore-spaces.pt [--rendered DIR]

The training lots of ACPDS are divided into `FOLDS` parts, by lot; one classifier is trained
without a part and asked of it, so that there are honest second opinions of training photos: what
`tests.benchmarks.calibrate_judgement` joins with the detections. The one that is shipped is
trained on all of them. PKLot's UFPR05 is not trained on: it stays an unseen camera. A part whose
classifier is in WORK, made of the same, is not trained again. About ten minutes on an idle core.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np

from models.training.sources import digest
from parkcore.cli.told_errors import TellingCommand
from parkcore.images import decode
from parkcore.spaces.ground import Floats
from parkcore.spaces.space_net import from_detector
from parkcore.training.fit_classifier import Figures, figures, odds_of, train, write
from parkcore.training.space_crops import Sample, read_samples

FOLDS = 3
BLOCK = (6, 14)
"""Photos that follow each other and are taken for one lot: at least, at most."""
START = Path("models/parkcore-yolov8n.pt")


@click.command(cls=TellingCommand)
@click.argument("datasets", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--out", default=Path("models/parkcore-spaces.pt"), type=click.Path(path_type=Path))
@click.option("--start", default=START, type=click.Path(exists=True, path_type=Path),
              help="The YOLOv8n detector whose first layers it begins with.")  # fmt: skip
@click.option("--rendered", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="A further folder with spaces.json, only ever trained on.")  # fmt: skip
@click.option("--work", default=Path("runs/spaces"), type=click.Path(path_type=Path),
              help="Where the classifiers of the parts are kept.")  # fmt: skip
@click.option("--epochs", default=8, show_default=True)
@click.option("--threads", default=1, show_default=True)
@click.option("--parts", default=1, show_default=True, type=click.IntRange(0, FOLDS),
              help="For how many parts a classifier is trained without them.")  # fmt: skip
def main(
    datasets: Path, out: Path, start: Path, rendered: Path | None, work: Path, epochs: int,
    threads: int, parts: int,
) -> None:  # fmt: skip
    """Train the classifier of spaces on DATASETS, the folder that holds acpds."""
    import torch

    torch.set_num_threads(threads)
    folds = fold_of_photos(datasets / "acpds", "train")
    samples = read_samples(datasets / "acpds", split="train", group=lambda name, _: name)
    more = read_samples(rendered, group=lambda name, _: name) if rendered else []
    body = detector_layers(start)
    _forget_others(work, {"start": digest(start), "epochs": epochs, "folds": folds,
                          "samples": digest_of([*samples, *more])})  # fmt: skip
    for fold in range(parts):
        kept = fold_file(work, fold)
        held_back = [sample for sample in samples if folds[sample.group] == fold]
        if not kept.exists():
            learnt = [sample for sample in samples if folds[sample.group] != fold]
            net, _, _ = train(
                _beginning(body, fold), [*learnt, *more], held_back, epochs=epochs, seed=fold,
                progress=_tell, last=True,
            )  # fmt: skip
            write(kept, net, 1.0)
            _tell(0, fold, figures(odds_of(net, held_back), held_back))
    net, _, _ = train(
        _beginning(body, FOLDS), [*samples, *more], samples[:500], epochs=epochs, seed=FOLDS,
        progress=partial(_tell, of_what="that it learns from"), last=True,
    )  # fmt: skip
    write(out, net, 1.0)


def _beginning(body: dict[str, Any], seed: int) -> Any:
    import torch

    torch.manual_seed(seed)  # for the head, which knows nothing yet
    return from_detector(body)


def digest_of(samples: Sequence[Sample]) -> str:
    """Of what is learned: the crops, and what stood there."""
    summed = hashlib.sha256()
    for sample in samples:
        summed.update(sample.crop.tobytes() + bytes([sample.occupied]))
    return summed.hexdigest()


def _forget_others(work: Path, made_of: dict[str, Any]) -> None:
    """Remove the classifiers of the parts where they were made of anything else."""
    work.mkdir(parents=True, exist_ok=True)
    noted, wanted = work / "made-of.json", json.dumps(made_of, sort_keys=True)
    if not noted.is_file() or noted.read_text(encoding="utf-8") != wanted:
        for fold in range(FOLDS):
            fold_file(work, fold).unlink(missing_ok=True)
        noted.write_text(wanted, encoding="utf-8")


def fold_file(work: Path, fold: int) -> Path:
    """The classifier that was trained without a part of the lots."""
    return work / f"without-{fold}.pt"


def fold_of_photos(folder: Path, split: str) -> dict[str, int]:
    """Which part each photo belongs to: photos of one lot are in one part.

    The names of ACPDS count up as its lots were photographed one after the other. So photos that
    follow each other are one lot, up to the pair that looks least alike within `BLOCK`.
    """
    photos: dict[str, Any] = json.loads((folder / "spaces.json").read_text(encoding="utf-8"))
    names = sorted(name for name, photo in photos.items() if photo.get("split") == split)
    looks = [_look(folder / "images" / name) for name in names]
    folds: dict[str, int] = {}
    for block, photos_of_one in enumerate(blocks(looks)):
        folds.update((names[number], block % FOLDS) for number in photos_of_one)
    return folds


def blocks(looks: Sequence[Floats]) -> list[range]:
    """A row of looks in pieces of `BLOCK`'s lengths, each cut where the looks differ most."""
    pieces, start = [], 0
    least, most = BLOCK
    while len(looks) - start > most:
        # what is left must be a piece as well
        steps = range(start + least, min(start + most, len(looks) - least) + 1)
        end = max(steps, key=lambda n: float(np.abs(looks[n] - looks[n - 1]).sum()))
        pieces.append(range(start, end))
        start = end
    return [*pieces, range(start, len(looks))]


def _look(photo: Path) -> Floats:
    """A photo's shares of 6 × 6 × 6 colours."""
    image = decode(photo.read_bytes(), max_megapixels=500).image[::8, ::8].reshape(-1, 3)
    counts, _ = np.histogramdd(image.astype(float), bins=6, range=[(0, 256)] * 3)
    shares: Floats = counts / counts.sum()
    return shares


def detector_layers(weights: Path) -> dict[str, Any]:
    """The state of a YOLOv8 detector's layers."""
    from ultralytics import YOLO

    state: dict[str, Any] = YOLO(weights, task="detect").model.model.state_dict()
    return state


def _tell(epoch: int, of: int, now: Figures, of_what: str = "held back") -> None:
    click.echo(
        f"{epoch}/{of}: {now.right:.2%} of {now.spaces} {of_what}, taken for occupied"
        f" {now.false_occupied}, for vacant {now.false_vacant}, log loss {now.log_loss:.4f}"
    )


if __name__ == "__main__":
    main()
