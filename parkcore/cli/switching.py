"""Which model is used: what `train` made is offered, and switched to when the user says so."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import click

from parkcore.chosen_models import Part, choose
from parkcore.settings import DEFAULT_MODEL, chosen_file, load

if TYPE_CHECKING:  # what it brings along would slow down every --help
    from parkcore.training.own_model import Measured

KINDS: dict[Part, str] = {"second_opinion": "spaces", "model": "vehicles"}
"""What the files of own models are called after."""

Gain: TypeAlias = Literal["better", "perhaps better"]

NAMES: dict[Part, str] = {"second_opinion": "classifier of spaces", "model": "detector"}


def say_table(before: Measured, results: Mapping[tuple[Part, ...], Measured]) -> None:
    """How right what is in use is on the days that were held back, and each that was tried."""
    from parkcore.accuracy.meter import Tally
    from parkcore.accuracy.meter_words import say_accuracy, say_wrong
    from parkcore.training.own_model import Change

    rows = {"in use": before}
    rows |= {f"new {' and '.join(NAMES[p] for p in parts)}": r for parts, r in results.items()}
    click.echo("On the days that were held back:")
    wide = max(map(len, rows))
    for name, measured in rows.items():
        tally = Tally.of_pairs((trial.state, trial.said) for trial in measured)
        said = f"  {name:{wide}}  {say_accuracy(tally)}; {say_wrong(tally)}"
        if measured is not before:
            change = Change.between(before, measured)
            said += f"; judged better than now {change.better}, worse {change.worse}"
        click.echo(said)


def offer(new: Mapping[Part, Path], gain: Gain, *, switch: bool) -> None:
    """Switch over where the user says so: to all of `new`, as they were measured together.

    Args:
        gain: what was measured; "perhaps better" where it may be chance.
        switch: switch over without asking to what is better, but not to what may be.
    """
    what = " and ".join(NAMES[part] for part in new)
    how = " and ".join(f"`parkcore train --use {kept}`" for kept in new.values())
    said = f"With the new {what} it is better"
    if gain == "perhaps better":
        said += ", but by so little that it may be chance: more answers would tell"
    can_ask = sys.stdin.isatty() and not switch
    if (switch and gain == "better") or (can_ask and click.confirm(f"{said}. Use the new {what}?")):
        switch_over(new)
    else:
        click.echo(f"{said}. Nothing is switched. {how} would do it.")


def say_left(part: Part, weights: Path, *, gains: bool) -> None:
    """Tell of new weights that are not offered, and how to use them all the same.

    Args:
        gains: whether it is better with them than before, if less so than with what is offered.
    """
    how = "better, but less so" if gains else "no better"
    said = f"With the new {NAMES[part]} alone it is {how}"
    click.echo(f"{said}. It is left; `parkcore train --use {weights}` would use it.")


def part_of(weights: Path) -> Part:
    for part, kind in KINDS.items():
        if weights.suffix == ".pt" and weights.name.startswith(f"parkcore-{kind}"):
            return part
    raise click.UsageError(
        f"{weights.name} is none that `parkcore train` made: those are called"
        " parkcore-spaces-….pt or parkcore-vehicles-….pt; set PARKCORE_MODEL to use another"
        " detector"
    )


def switch_over(new: Mapping[Part, Path]) -> None:
    """Use weights from now on; `train --back` takes all of them back at once.

    Raises:
        ModelError: one of them cannot be loaded; then nothing is switched.
    """
    for part, weights in new.items():
        _check(part, weights)
    choose(chosen_file(), new)
    say_in_use()
    click.echo("`parkcore train --back` undoes it.")
    if "model" in new and _is_slower(new["model"]):
        click.echo("It has no 8-bit form: a photo takes about twice as long as with Parkcore's.")
    now = load()
    for part, weights in new.items():
        if Path(getattr(now, part)).name != weights.name:
            click.echo(
                f"But the setting {part} says {getattr(now, part)}, and comes first: take it out"
                f" of parkcore.toml and PARKCORE_{part.upper()}",
                err=True,
            )


def _check(part: Part, weights: Path) -> None:
    if part == "model":
        from parkcore.detect import YoloDetector

        YoloDetector(weights, confidence=0.5, imgsz=640).load()
    else:
        from parkcore.spaces.second_opinion import SecondOpinion

        SecondOpinion(weights).load()


def _is_slower(weights: Path) -> bool:
    """Whether the model that Parkcore brings runs in 8 bit here, and this one does not."""
    from parkcore.model_files import find_weights, model_folders
    from parkcore.quantised import quantised

    brought = find_weights(DEFAULT_MODEL, folders=model_folders())
    return quantised(weights) is None and quantised(brought) is not None


def say_in_use() -> None:
    now = load()
    for part, name in NAMES.items():
        click.echo(f"{name}: {getattr(now, part)}")
    click.echo("Start the service anew, and it judges with these.")
