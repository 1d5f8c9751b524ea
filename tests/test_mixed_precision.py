"""Training in 16 bits: the same network, nearly the same answers, steps in 32 bits."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import WEIGHTS

from parkcore.detect import load, ultralytics

ultralytics()  # before what imports it
from parkcore.training import mixed_precision  # noqa: E402


@pytest.mark.parametrize(
    "told, is_worth_it",
    [("flags\t: avx2 amx_bf16 amx_tile\n", True), ("flags\t: avx2\n", False), (None, False)],
    ids=["AMX", "none", "no Linux"],
)
def test_it_is_for_cpus_that_multiply_matrices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str | None, is_worth_it: bool
) -> None:
    if told:
        (tmp_path / "cpuinfo").write_text(told)
    monkeypatch.setattr(mixed_precision, "CPU", tmp_path / "cpuinfo")
    assert mixed_precision.is_worth_it(torch.nn.Linear(1, 1)) == is_worth_it
    assert not mixed_precision.is_worth_it(torch.nn.Linear(1, 1, device="meta")), "no CPU"


def answered(model: Any, images: torch.Tensor) -> dict[str, torch.Tensor]:
    said = model(images)
    (said["boxes"].square().mean() + said["scores"].square().mean()).backward()
    return {"boxes": said["boxes"], "scores": said["scores"]}


def test_answers_and_gradients_are_nearly_those_of_32_bits() -> None:
    whole, half = (load(WEIGHTS).model.float().train() for _ in range(2))
    mixed_precision.in_half(half)
    images = torch.rand(2, 3, 128, 160, generator=torch.Generator().manual_seed(0))
    for model in (whole, half):
        for parameter in model.parameters():
            parameter.requires_grad = True
    exact, rough = answered(whole, images), answered(half, images)
    for name, wanted in exact.items():
        assert rough[name].dtype == torch.float32
        error = (rough[name] - wanted).abs().mean() / wanted.abs().mean()
        assert 0 < error < 0.03, "computed in 16 bits, and rightly"
    gradients = [
        torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])
        for model in (whole, half)
    ]
    assert gradients[1].dtype == torch.float32
    assert torch.cosine_similarity(*gradients, dim=0) > 0.95


@torch.inference_mode()
def test_a_copy_answers_for_itself() -> None:
    model = load(WEIGHTS).model.float().eval()
    mixed_precision.in_half(model)
    images = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    said = model(images)[0]
    for copied in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):  # noqa: S301 – its own
        assert torch.equal(copied(images)[0], said)
        for parameter in copied.parameters():
            parameter.zero_()
        assert not torch.equal(copied(images)[0], said)
