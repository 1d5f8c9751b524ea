"""Fine-tuning YOLOv8 with Ultralytics: labelled photos and weights in, weights out."""

from __future__ import annotations

import ctypes
import datetime
import pickle
import shutil
import sys
from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from parkcore.detect import load
from parkcore.domain import LABELS, Label
from parkcore.errors import ModelError

AUGMENTATION: dict[str, float] = {
    "mosaic": 0.4,  # four photos in one: vehicles at more scales and cut by more edges
    "scale": 0.4,
    "degrees": 6.0,
    "translate": 0.1,
    "fliplr": 0.5,
    "hsv_h": 0.02,
    "hsv_s": 0.6,
    "hsv_v": 0.5,
    "erasing": 0.0,
}


def _trainer() -> Any:
    """Ultralytics' trainer without its validation after the last epoch: `parkcore evaluate` says
    more, and it took as long as half an epoch. In 16 bits where that is quicker."""
    from ultralytics.models.yolo.detect import DetectionTrainer
    from ultralytics.utils.torch_utils import strip_optimizer

    from parkcore.training import mixed_precision

    class Trainer(DetectionTrainer):  # type: ignore[misc]
        def _setup_train(self) -> None:
            super()._setup_train()
            if mixed_precision.is_worth_it(self.model):
                mixed_precision.in_half(self.model)

        def validate(self) -> tuple[dict[str, float], None]:
            return {}, None

        def final_eval(self) -> None:
            strip_optimizer(self.last)

    return Trainer


def four_types(weights: Path, out: Path) -> None:
    """Cut a detector with COCO's classes to the four types, with what it knows of them.

    Weights that know the four already, in their order, are copied.

    Raises:
        ModelError: they are no YOLOv8 weights, or lack one of the types.
    """
    import torch

    model = _model(weights)
    names = {name: number for number, name in model.names.items()}
    missing = [label for label in LABELS if label not in names]
    if missing:
        raise ModelError(
            f"{weights} knows no {' and no '.join(missing)}; a detector is trained on from weights"
            " that know all four types, such as Parkcore's own: name them by PARKCORE_MODEL"
        )
    rows = [names[label] for label in LABELS]
    head = model.model[-1]
    for branch in head.cv3:
        wide = branch[-1]
        narrow = torch.nn.Conv2d(wide.in_channels, len(LABELS), 1)
        narrow.load_state_dict({name: v[rows] for name, v in wide.state_dict().items()})
        branch[-1] = narrow
    head.nc, head.no = len(LABELS), len(LABELS) + 4 * head.reg_max
    model.nc, model.yaml["nc"] = len(LABELS), len(LABELS)
    model.names = dict(enumerate(LABELS))
    save(model, out)


def fine_tune(
    dataset: Path,
    start: Path,
    out: Path,
    *,
    epochs: int,
    imgsz: int = 640,
    batch: int = 16,
    learning_rate: float = 4e-4,
    frozen_layers: int = 4,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> None:
    """Train on labelled photos; goes on where an earlier call with the same `out` was ended.

    Args:
        dataset: Ultralytics' `data.yaml` of the photos.
        start: weights of the four types, in their order; see `four_types`.
        out: where the weights go, whole or not at all. What is not finished is kept beside it
            in a folder of the same name, to go on from.
        imgsz: pixels of a photo's longer side in training.
        frozen_layers: this many of the first layers keep what they know.
        progress: told the batches done, of all epochs together, and of how many, after each.

    Raises:
        ModelError: the weights cannot be read.
    """
    _keep_memory()
    folder = out.with_suffix("")
    last = folder / "weights" / "last.pt"
    resumed = _checkpoint(last)
    if resumed and _is_finished(resumed):
        epochs = 0
    yolo = load(last if resumed else start)
    _tell(progress, yolo)
    if resumed and epochs:
        yolo.train(trainer=_trainer(), resume=True)
    elif epochs:
        yolo.train(
            trainer=_trainer(),
            **AUGMENTATION,
            data=str(dataset),
            imgsz=imgsz,
            epochs=epochs,
            batch=batch,
            nbs=batch,  # a step after every batch: short trainings have few
            optimizer="AdamW",
            lr0=learning_rate,
            lrf=0.05,
            cos_lr=True,
            warmup_epochs=0.3,
            freeze=frozen_layers,
            close_mosaic=1,
            seed=seed,
            deterministic=True,
            workers=1,
            amp=False,
            val=False,
            plots=False,
            save_period=-1,
            project=str(folder.parent.absolute()),
            name=folder.name,
            exist_ok=True,
            verbose=False,
        )
    save(_model(last), out)
    shutil.rmtree(folder)


def _tell(progress: Callable[[int, int], None], yolo: Any) -> None:
    """Have a training tell after each batch how far it is."""
    done = 0

    def begin(trainer: Any) -> None:
        nonlocal done
        done = trainer.epoch * len(trainer.train_loader)

    def batch(trainer: Any) -> None:
        nonlocal done
        done += 1
        progress(done, trainer.epochs * len(trainer.train_loader))

    yolo.add_callback("on_train_epoch_start", begin)
    yolo.add_callback("on_train_batch_end", batch)


def save(model: Any, out: Path) -> None:
    """Write a detector as Ultralytics loads it, in half precision, whole or not at all."""
    import torch
    from ultralytics import __version__

    model = deepcopy(model).half()
    for parameter in model.parameters():
        parameter.requires_grad = False
    model.args = {"task": "detect", "imgsz": 640}
    model.pt_path = out.name  # not where it was read from on this computer
    checkpoint = {
        "model": model,
        "ema": None,
        "epoch": -1,
        "optimizer": None,
        "train_args": {"task": "detect", "imgsz": 640, "model": "yolov8n.yaml"},
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "version": __version__,
        "license": "AGPL-3.0-or-later",
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    unfinished = out.with_suffix(".unfinished")
    torch.save(checkpoint, unfinished)
    unfinished.replace(out)


def blend(shares: Mapping[Path, float], out: Path) -> None:
    """The weighted mean of detectors' weights.

    Wortsman et al., "Model soups", 2022: the mean of weights that were trained from the same start
    with other seeds is better than each of them. The same, "Robust fine-tuning of zero-shot
    models", 2022: between where training began and where it ended lie models that keep more of
    what the beginning knew.

    Args:
        shares: of each detector of the four types; together 1.
    """
    models = {weights: _model(weights) for weights in shares}
    states = {weights: model.state_dict() for weights, model in models.items()}
    blended = next(iter(models.values()))
    mixed = {
        name: sum(share * states[weights][name] for weights, share in shares.items())
        if value.is_floating_point() else value
        for name, value in blended.state_dict().items()
    }  # fmt: skip
    blended.load_state_dict(mixed)
    save(blended, out)


def shift_confidences(weights: Path, log_odds: Mapping[Label, float], out: Path) -> None:
    """Make a detector of the four types surer, or less sure, of some of them.

    Args:
        log_odds: added to those of what it says of each type.
    """
    import torch

    model = _model(weights)
    with torch.no_grad():
        for label, shift in log_odds.items():
            for branch in model.model[-1].cv3:
                branch[-1].bias[LABELS.index(label)] += shift
    save(model, out)


def _keep_memory() -> None:
    """Have glibc keep what a step of training is done with for the next one.

    Given back to the system and asked for anew, the memory of large tensors took a fifth of the
    time, and with both cores waiting for it, a third.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        trim_threshold, top_pad, mmap_max, arena_max = -1, -2, -4, -8
        libc.mallopt(mmap_max, 0)
        libc.mallopt(trim_threshold, 2**31 - 1)
        libc.mallopt(top_pad, 2**28)
        libc.mallopt(arena_max, 1)


def _checkpoint(path: Path) -> dict[str, Any] | None:
    """What an earlier training left; None where there is none, or only a part of it: Ultralytics
    does not write it whole or not at all."""
    import torch

    if not path.is_file():
        return None
    try:
        kept: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=False)
    except (OSError, RuntimeError, ValueError, EOFError, pickle.UnpicklingError):
        return None
    return kept


def _is_finished(checkpoint: Mapping[str, Any]) -> bool:
    """Ultralytics takes the optimizer out of its checkpoint after the last epoch, unless it is
    ended before it comes to that."""
    is_last: bool = checkpoint["epoch"] + 1 >= checkpoint["train_args"]["epochs"]
    return checkpoint["optimizer"] is None or is_last


def _model(weights: Path) -> Any:
    return load(weights).model.float()
