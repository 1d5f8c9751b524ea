"""The classifier of spaces, trained or trained further on samples. PyTorch, on the processor.

AdamW with a one-cycle rate (Loshchilov and Hutter 2019; Smith and Topin 2019) over the cross
entropy, a running mean of the weights (Polyak), and of all epochs the one with the least loss on
the samples that are held back; what is written is that one.
"""

from __future__ import annotations

import contextlib
import copy
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from parkcore.spaces.ground import Floats
from parkcore.spaces.second_opinion import (
    ENLARGED,
    FORM,
    MARKER,
    SIDE,
    log_odds,
    read_weights,
)
from parkcore.training.space_crops import MARGIN, Sample

BATCH = 64
RATE, RATE_FURTHER = 2e-3, 3e-4
"""Greatest learning rates: from a detector's layers, and from a classifier that is one already."""
DECAY = 0.02
SMOOTHING = 0.05
"""Truths are taken for so much less sure: some labels and outlines are wrong."""
PATIENCE = 5
"""Epochs without a better one after which training ends."""


@dataclass(frozen=True, slots=True)
class Figures:
    """How right a classifier is on samples."""

    spaces: int
    right: float
    """Share, 0..1, where 0.5 and more is called occupied."""
    false_occupied: int
    false_vacant: int
    log_loss: float
    """Natural logarithm, mean over the spaces; the smaller the better. NaN without spaces."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What training came to, measured on the samples held back."""

    before: Figures
    after: Figures
    epochs: int
    """Of the epoch that was written; 0 where none was better than the start."""


Progress = Callable[[int, int, Figures], None]


def fit(
    samples_train: Sequence[Sample],
    samples_valid: Sequence[Sample],
    start: Path,
    out: Path,
    *,
    epochs: int = 8,
    seed: int = 0,
    progress: Progress = lambda epoch, of, figures: None,
) -> Fitted:
    """Train a classifier further and write its best epoch, whole or not at all.

    Args:
        samples_valid: held back: they choose the epoch and give the figures.
        start: a classifier's file. Where nothing is better, `out` judges as it does.

    Raises:
        ModelError: `start` is missing or damaged.
        ValueError: there are no samples, or all of one kind; the text says what there is.
    """
    check(samples_train, samples_valid)
    net, temperature = read_weights(start)
    before = figures(odds_of(net, samples_valid) / temperature, samples_valid)
    best, after, chosen = train(
        net, samples_train, samples_valid, epochs=epochs, seed=seed, rate=RATE_FURTHER,
        further=True, progress=progress,
    )  # fmt: skip
    if after.log_loss >= before.log_loss:
        best, after, chosen = read_weights(start)[0], before, 0
    else:
        temperature = 1.0
    write(out, best, temperature)
    return Fitted(before, after, chosen)


def check(samples_train: Sequence[Sample], samples_valid: Sequence[Sample]) -> None:
    occupied = sum(sample.occupied for sample in samples_train)
    if not 0 < occupied < len(samples_train) or not samples_valid:
        raise ValueError(
            f"{len(samples_train)} spaces to train on, {occupied} of them occupied, and"
            f" {len(samples_valid)} to measure on: expected some occupied and some vacant to train"
            " on and some to measure on; mark more photos"
        )


def train(
    net: Any,
    samples_train: Sequence[Sample],
    samples_valid: Sequence[Sample],
    *,
    epochs: int,
    seed: int,
    rate: float = RATE,
    last: bool = False,
    further: bool = False,
    progress: Progress = lambda epoch, of, figures: None,
) -> tuple[Any, Figures, int]:
    """Train a network in place: its best running mean, how right that is, and of which epoch.

    Args:
        last: take the last epoch, whatever the samples held back say, so that they measure what
            they did not choose.
        further: the network knows spaces already. The means and spreads of its features (batch
            normalisation) then stay as they are: those of a few hundred spaces of one camera are
            none to go by. Trained on nine photos of a camera that it did not know, it judges 98 %
            of other photos' spaces rightly so, 96 % otherwise, and 91 % untrained; and what it
            knows it does not unlearn.
    """
    import torch
    from torch.nn import functional

    from parkcore.training.augmentation import augmented

    random = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)  # for dropout
    truth = torch.tensor([float(sample.occupied) for sample in samples_train])
    wide = torch.from_numpy(np.stack([sample.crop for sample in samples_train]))
    steps = math.ceil(len(truth) / BATCH)
    optimiser = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=DECAY)
    turns = steps * epochs + 1
    turns += turns == 5  # of which a fifth is one step: PyTorch would divide by the none before it
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, rate, total_steps=turns, pct_start=0.2
    )
    mean = copy.deepcopy(net).eval()
    best, best_figures, best_epoch = copy.deepcopy(mean), _nothing(), 0
    for epoch in range(1, epochs + 1):
        net.train()
        if further:
            _keep_spreads(net)
        order = torch.randperm(len(truth), generator=random)
        for batch in torch.split(order, BATCH):
            if len(batch) < 2:  # a batch's own mean and spread need more than one
                continue
            crops = wide[batch].permute(0, 3, 1, 2).float().div_(255)
            said = net(augmented(crops, SIDE, random))
            soft = truth[batch] * (1 - SMOOTHING) + SMOOTHING / 2
            loss = functional.binary_cross_entropy_with_logits(said, soft)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            _follow(mean, net, min(0.99, 1 - 2 / (2 + steps * (epoch - 1) + 10)))
        now = figures(odds_of(mean, samples_valid), samples_valid)
        progress(epoch, epochs, now)
        if last or not best_epoch or now.log_loss < best_figures.log_loss:
            best, best_figures, best_epoch = copy.deepcopy(mean), now, epoch
        elif epoch - best_epoch >= PATIENCE:
            break
    return best, best_figures, best_epoch


def _keep_spreads(net: Any) -> None:
    import torch

    for layer in net.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.eval()


def _follow(mean: Any, net: Any, share: float) -> None:
    """Draw the running mean towards the network; counters are taken as they are."""
    import torch

    with torch.no_grad():
        for kept, new in zip(mean.state_dict().values(), net.state_dict().values(), strict=True):
            if kept.dtype.is_floating_point:
                kept.lerp_(new, 1 - share)
            else:
                kept.copy_(new)


def odds_of(net: Any, samples: Sequence[Sample]) -> Floats:
    """The log odds that a network gives to samples as they are."""
    edge = int(SIDE * (MARGIN - 1)) // 2
    parts = [sample.crop[edge : edge + SIDE, edge : edge + SIDE] for sample in samples]
    return log_odds(net, np.stack(parts)) if parts else np.empty(0)


def figures(odds: Floats, samples: Sequence[Sample]) -> Figures:
    """How right log odds are."""
    if not len(samples):
        return _nothing()
    truth = np.array([sample.occupied for sample in samples])
    loss = np.logaddexp(0, np.where(truth, -odds, odds)).mean()
    called = odds >= 0
    return Figures(
        len(samples),
        float((called == truth).mean()),
        int((called & ~truth).sum()),
        int((~called & truth).sum()),
        float(loss),
    )


def _nothing() -> Figures:
    return Figures(0, math.nan, 0, 0, math.nan)


def write(out: Path, net: Any, temperature: float) -> None:
    """Write a classifier's file, whole or not at all; halves are precise enough."""
    import torch

    state = {
        name: value.half() if value.dtype.is_floating_point else value
        for name, value in net.state_dict().items()
    }
    meta = {
        "what": MARKER, "form": FORM, "side": SIDE, "enlarged": ENLARGED,
        "temperature": float(temperature),
    }  # fmt: skip
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        torch.save({"meta": meta, "state": state}, partial)
        partial.replace(out)
    finally:
        with contextlib.suppress(FileNotFoundError):
            partial.unlink()
