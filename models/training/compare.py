"""Weights beside each other, as under "Spread" in the model's card.

    python -m models.training.compare SET [SET ...] --weights ONE.pt --weights OTHER.pt

Each is joined with the street model, and none runs in 8 bit, so that weights can be compared
before they have that form. The judgement's constants are those of the code, for all.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np

from models.training.space_card import NOTES, Told, told_of
from parkcore.accuracy.labelled_sets import read_truth
from parkcore.accuracy.measuring import FLOOR, Way, measure
from parkcore.accuracy.result_tables import NOT_TOLD, markdown
from parkcore.accuracy.set_notes import SetNotes, read_notes
from parkcore.accuracy.truth import Truth
from parkcore.cli.told_errors import TellingCommand
from parkcore.settings import Settings, load
from parkcore.wiring import make_detector, make_second_opinion

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(cls=TellingCommand)
@click.argument("folders", nargs=-1, required=True, type=_FOLDER)
@click.option(
    "--weights",
    multiple=True,
    required=True,
    type=_FILE,
    help="Weights to measure; the others are held against the first.",
)
@click.option("--split", default="valid", show_default=True, help="Only photos of this split.")
def main(folders: Sequence[Path], weights: Sequence[Path], split: str) -> None:
    """Measure weights on the photos of each of FOLDERS, and print a table."""
    settings = load().model_copy(update={"eight_bit": False})
    notes = read_notes(NOTES)
    rows: list[dict[str, str]] = []
    for folder in folders:
        name = folder.resolve().name
        about = notes.get(name, SetNotes())
        truths = read_truth(folder, split=split, notes=about, to_measure=True)
        ours = [settings.model_copy(update={"model": str(path)}) for path in weights]
        rows += on_spaces(name, truths, ours) if truths[0].layout else on_boxes(name, truths, ours)
    click.echo(markdown(rows))


def on_spaces(name: str, truths: Sequence[Truth], ours: Sequence[Settings]) -> list[dict[str, str]]:
    """A table's rows: how many spaces each judges wrongly, and how much less probable than the
    first each calls the truth, with twice the standard error over photos."""
    wrong, losses = {}, []
    for settings in ours:
        detector, second = make_detector(settings), make_second_opinion(settings)
        if second is None:
            raise click.UsageError("second_opinion is off; expected the classifier that ships")
        told = [told_of(name, truth, detector, second)[0] for truth in truths]
        losses.append([sum(map(log_loss, photo)) for photo in told])
        wrong[settings.model] = str(sum(is_wrong(space) for photo in told for space in photo))
    names = [settings.model for settings in ours]
    more = zip(names, (difference(losses[0], each) for each in losses), strict=True)
    spaces = sum(len(truth.occupied) for truth in truths)
    return [
        {"": f"{name}: wrong of {spaces:,} spaces, the unknown guessed", **wrong},
        {"": f"{name}: log loss, more than the first, ± twice its standard error", **dict(more)},
    ]


def on_boxes(name: str, truths: Sequence[Truth], ours: Sequence[Settings]) -> list[dict[str, str]]:
    """A table's row: mAP50, and what share is found and, where it can be told, right."""
    row = {"": f"{name}: mAP50, found, right"}
    for settings in ours:
        detector = make_detector(settings.model_copy(update={"confidence": FLOOR}))
        [found] = measure(name, truths, [Way(detector, settings.confidence)], None).rows
        figures = found.figures()
        shares = [figures["recall"], figures["precision"]]
        told = [f"{share:.0%}" for share in shares if share is not None]
        if figures["map50"] is not None:
            told.insert(0, f"{figures['map50']:.2f}")
        row[settings.model] = ", ".join(told) or NOT_TOLD
    return [row]


def log_loss(told: Told) -> float:
    """Of the probability of both judges together, bounded so that one space cannot decide."""
    p = min(max(told.probabilities[-1], 1e-4), 1 - 1e-4)
    return -float(np.log(p if told.occupied else 1 - p))


def is_wrong(told: Told) -> bool:
    return (told.probabilities[-1] >= 0.5) != told.occupied


def difference(first: Sequence[float], other: Sequence[float]) -> str:
    """Of two sums over the same photos, with twice the standard error of their difference."""
    apart = np.subtract(other, first)
    if not apart.any():
        return "0"
    error = 2 * apart.std(ddof=1) * len(apart) ** 0.5
    return f"{apart.sum():+.1f} ± {error:.1f}"


if __name__ == "__main__":
    main()
