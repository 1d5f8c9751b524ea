"""From the open data sets to the detector's weights.

    python -m models.training DATASETS --start yolov8n.pt --work WORK

Teachers propose vehicles on every photo (`proposing`), training pictures are made (`pictures`),
YOLOv8n is fine-tuned on them (`parkcore.training.fine_tune`), once for each seed; the mean of the
seeds' weights is blended with those they started from, and with others that know what those have
unlearned (`--recall`). Then what it says of each type is shifted until one confidence serves all
(`confidences`), unless it is joined with another detector, which was measured to go better
without. Last, its 8-bit form is made (`quantise`).
A call that was ended goes on after the last photo that was looked at, or the last epoch; what was
made of other photos, labels, teachers or settings is made anew.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from models.training.completing import complete
from models.training.confidences import look, shifts
from models.training.pictures import digest_of, make_pictures, what_of
from models.training.proposing import look_for_vehicles, proposed
from models.training.quantise import check_installed, quantise
from models.training.sources import Source, digest, read, read_rendered
from parkcore.accuracy.splits import Split
from parkcore.cli.told_errors import TellingCommand
from parkcore.domain import Label
from parkcore.errors import NothingLabelled
from parkcore.training.fine_tune import blend, fine_tune, four_types, shift_confidences


@click.command(cls=TellingCommand)
@click.argument("datasets", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--start", required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--teacher", "teachers", multiple=True, type=click.Path(exists=True, path_type=Path))
@click.option("--rendered", type=click.Path(exists=True, path_type=Path))
@click.option("--only", "chosen", multiple=True, help="Name of a data set; instead of all.")
@click.option("--work", required=True, type=click.Path(path_type=Path))
@click.option("--out", default=Path("models/parkcore-yolov8n.pt"), type=click.Path(path_type=Path))
@click.option("--epochs", default=8, show_default=True)
@click.option("--learning-rate", default=1e-3, show_default=True, help="Of the first steps.")
@click.option(
    "--frozen", default=0, show_default=True, help="Of the first layers, how many stay as they are."
)
@click.option(
    "--seed",
    "seeds",
    multiple=True,
    type=int,
    default=(0, 1),
    show_default=True,
    help="Trained once for each; the mean of their weights is taken.",
)
@click.option(
    "--blend", "share", default=0.95, show_default=True, help="Share of the trained part."
)
@click.option(
    "--recall",
    "recalled",
    multiple=True,
    type=(click.Path(exists=True, path_type=Path), float),
    metavar="WEIGHTS SHARE",
    help="Other weights that a share is taken of, for what they know; the rest is of the start.",
)
@click.option(
    "--shift/--no-shift",
    "wants_shift",
    default=True,
    show_default=True,
    help="Shift what it says of each type until one confidence serves all.",
)
@click.option("--only-pictures", is_flag=True, help="Stop before training.")
def main(
    datasets: Path,
    start: Path,
    teachers: Sequence[Path],
    rendered: Path | None,
    chosen: Sequence[str],
    work: Path,
    out: Path,
    epochs: int,
    learning_rate: float,
    frozen: int,
    seeds: Sequence[int],
    share: float,
    recalled: Sequence[tuple[Path, float]],
    wants_shift: bool,
    only_pictures: bool,
) -> None:
    """Make the detector's weights from the data sets in the folder DATASETS."""
    if share + sum(part for _, part in recalled) > 1:
        raise click.UsageError("--blend and the shares of --recall are together more than 1")
    if not only_pictures:
        check_installed()
    folders = _folders(datasets, chosen)
    if out.resolve() in {path.resolve() for path in (start, *teachers, *(w for w, _ in recalled))}:
        raise click.UsageError(f"{out} would be written over, but is to be learned from; set --out")
    sources = _all(folders, "train")
    held_back = _all(folders, "valid")
    if rendered:
        sources += read_rendered(rendered)
    teacher_files = list(teachers) or [start]
    taught_by = digest_of([digest(teacher) for teacher in teacher_files])
    proposals = look_for_vehicles(sources, teacher_files, work / f"proposals-{taught_by}")
    first = work / "start.pt"
    four_types(start, first)
    trained = []
    for seed in seeds:
        made_of = what_of(sources, taught_by, seed)
        dataset = make_pictures(sources, proposals, work / f"pictures-{seed}", made_of, seed)
        how = [made_of, digest(start), epochs, learning_rate, frozen]
        trained.append(work / f"trained-{digest_of(how)}.pt")
        if not only_pictures and not trained[-1].is_file():
            with click.progressbar(length=1, label=f"Seed {seed}", file=sys.stderr) as bar:
                fine_tune(
                    dataset, first, trained[-1], epochs=epochs, learning_rate=learning_rate,
                    frozen_layers=frozen, seed=seed, progress=_on(bar),
                )  # fmt: skip
    if only_pictures:
        return
    blended = work / "blended.pt"
    blend(shares_of(first, trained, share, recalled, work), blended)
    log_odds = _shifts(blended, held_back, proposals, teacher_files) if wants_shift else {}
    shift_confidences(blended, log_odds, out)
    click.echo(f"{out}: {out.stat().st_size / 1e6:.2f} MB, SHA-256 {digest(out)}")
    click.echo(f"its 8-bit form: {quantise(out, work / f'pictures-{seeds[0]}', seed=seeds[0])}")


def _folders(datasets: Path, chosen: Sequence[str]) -> list[Path]:
    """The data sets that were chosen; all, where none was."""
    folders = [folder for folder in sorted(datasets.iterdir()) if folder.is_dir()]
    unknown = sorted(set(chosen) - {folder.name for folder in folders})
    if unknown:
        raise click.UsageError(f"{datasets} has no data set {' and no '.join(unknown)}")
    return [folder for folder in folders if not chosen or folder.name in chosen]


def _all(folders: Sequence[Path], split: Split) -> list[Source]:
    """The photos of all sets; some sets have none of a split."""
    sources: list[Source] = []
    for folder in folders:
        with suppress(NothingLabelled):
            sources += read(folder, split)
    return sources


def _on(bar: Any) -> Callable[[int, int], None]:
    def progress(done: int, of: int) -> None:
        bar.length = of
        bar.update(done - bar.pos)

    return progress


def shares_of(
    start: Path,
    trained: Sequence[Path],
    share: float,
    recalled: Sequence[tuple[Path, float]],
    work: Path,
) -> dict[Path, float]:
    """Of all weights that are blended; those that are recalled are cut to the four types."""
    shares = {weights: share / len(trained) for weights in trained}
    for number, (weights, part) in enumerate(recalled):
        cut = work / f"recalled-{number}.pt"
        four_types(weights, cut)
        shares[cut] = part
    return {start: 1 - sum(shares.values()), **shares}


def _shifts(
    weights: Path, held_back: Sequence[Source], proposals: Path, teachers: list[Path]
) -> dict[Label, float]:
    """From photos with boxes that are held back from training; lots with spaces stay unseen."""
    boxed = [source for source in held_back if not source.spaces]
    look_for_vehicles(boxed, teachers, proposals)
    completed = [(source, *complete(source, proposed(source, proposals))) for source in boxed]
    found = shifts(look(weights, completed))
    click.echo(f"log odds added: {', '.join(f'{t} {s:+.2f}' for t, s in found.items())}")
    return found


if __name__ == "__main__":
    main()
