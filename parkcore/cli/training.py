"""`export-training` and `train`: what people said becomes a data set, and a model of one's own."""

from __future__ import annotations

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from parkcore.chosen_models import Part, go_back
from parkcore.cli.switching import (
    KINDS,
    NAMES,
    Gain,
    offer,
    part_of,
    say_in_use,
    say_left,
    say_table,
    switch_over,
)
from parkcore.errors import ModelError, NotEnoughHistory, OutputError
from parkcore.settings import OFF, Settings, chosen_file

if TYPE_CHECKING:  # what these bring along would slow down every --help
    from parkcore.domain import Detection, Image
    from parkcore.spaces.layout import Layout
    from parkcore.spaces.verdict import Judged
    from parkcore.training.own_model import Amount, Judging, Measured, Told


@click.command("export-training")
@click.argument("folder", type=click.Path(path_type=Path))
@click.pass_obj
def export_training(settings: Settings, folder: Path) -> None:
    """Write what people said of photos to FOLDER, as a data set for training.

    images/ has the photos that were corrected or asked about (page Accuracy); spaces.json their
    spaces, as `parkcore evaluate FOLDER` reads it, occupied or free where a person said so and
    null elsewhere; counts.csv the vehicles that a person counted. Every fifth day of a camera is
    held back for measuring (split: valid). FOLDER must not be there yet. It is written whole or
    not at all.
    """
    from parkcore.accuracy.training_export import export_training as write
    from parkcore.wiring import open_storage, read_store

    with read_store(settings) as store:
        done = write(store, open_storage(settings), folder, settings.zone)
    photos = "1 photo" if done.photos == 1 else f"{done.photos:,} photos"
    click.echo(
        f"{photos} in {folder}: {done.by_hand:,} spaces put right, {done.by_check:,} asked about,"
        f" {done.held_back:,} answers held back; {done.counts:,} counts"
    )
    if done.gone:
        click.echo(f"{done.gone:,} left out: their files are not there as they were", err=True)


@click.command()
@click.option(
    "--from",
    "source",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of export-training, instead of what people said in this history.",
)
@click.option("--detector", is_flag=True, help="Fine-tune the detector as well; takes long.")
@click.option("--detector-only", is_flag=True, help="Fine-tune the detector alone.")
@click.option("--epochs", type=click.IntRange(1, 300), help="Passes over the data at most.")
@click.option(
    "--seed", type=int, default=0, help="Where chance begins, so that it can be repeated."
)
@click.option(
    "--switch", is_flag=True, help="Switch over without asking where it is surely better."
)
@click.option("--back", is_flag=True, help="Train nothing; use the model before the last switch.")
@click.option(
    "--use",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Train nothing; switch over to weights that were trained before.",
)
@click.pass_obj
def train(
    settings: Settings,
    source: Path | None,
    detector: bool,
    detector_only: bool,
    epochs: int | None,
    seed: int,
    switch: bool,
    back: bool,
    use: Path | None,
) -> None:
    """Train a model of your own on what people said of this car park's photos.

    Corrections and the answers of the page Accuracy fine-tune the classifier of spaces, in
    minutes, and with --detector the detector. Both are measured before and after on the answers
    of days that are held back. The new weights are a file of their own in the folder models; they
    are used only when you say so. Photos judged before stay as they are: see `parkcore reprocess`.
    """
    if back and use is not None:
        raise click.UsageError("--back and --use: one of them at a time")
    if back:
        go_back(chosen_file())
        say_in_use()
        return
    if use is not None:
        switch_over({part_of(use): use})
        return
    parts: list[Part] = [] if detector_only else ["second_opinion"]
    if detector or detector_only:
        parts.append("model")
    try:
        with tempfile.TemporaryDirectory(prefix="parkcore-train-") as made:
            _train(settings, parts, Path(made), source, epochs, seed, switch=switch)
    except OSError as error:
        raise OutputError(
            f"what is trained on cannot be written to {tempfile.gettempdir()} ({error.strerror});"
            " make room there, or name another folder by TMPDIR"
        ) from error


def _train(
    settings: Settings,
    parts: list[Part],
    made: Path,
    source: Path | None,
    epochs: int | None,
    seed: int,
    *,
    switch: bool,
) -> None:
    from parkcore.training.own_model import LEAST_HELD_BACK, Amount, Change, measure, read_told

    folder = source or _export(settings, made / "set")
    told = read_told(folder)
    amount = Amount.of(told)
    amount.check(detector="model" in parts)
    click.echo(
        f"{amount.spaces} spaces that people spoke of, and {amount.held_back} answers held back"
        " to measure"
    )
    _check_start(settings, parts, made)
    held_back = [each for each in told if each.split == "valid"]

    def measured(by: Settings) -> Measured:
        return measure(held_back, _judging(by), max_megapixels=by.max_megapixels)

    before = measured(settings)
    if len(before) < LEAST_HELD_BACK:
        raise NotEnoughHistory(
            f"only {len(before)} of the {amount.held_back} answers held back are about photos that"
            f" can be read, and at least {LEAST_HELD_BACK} are needed"
        )
    new: dict[Part, Path] = {}
    for part in parts:
        fitted = made / f"{KINDS[part]}.pt"
        if part == "model":
            _fine_tune(settings, told, made, fitted, epochs or 4, seed)
        elif not _fit(settings, folder, fitted, epochs or 8, seed):
            click.echo("No pass over the data made the classifier better; it stays as it is.")
            continue
        new[part] = _keep(fitted, part, amount)
        click.echo(f"Kept as {new[part]}; not in use.")
    # They judge together: two that are better alone need not be so as a pair.
    tries: list[tuple[Part, ...]] = [(part,) for part in new]
    if len(new) > 1:
        tries.append(tuple(new))
    results = {
        tried: measured(settings.model_copy(update={part: str(new[part]) for part in tried}))
        for tried in tries
    }
    say_table(before, results)
    changes = {tried: Change.between(before, after) for tried, after in results.items()}
    best = max(tries, key=lambda tried: changes[tried].gain, default=())
    if best and changes[best].gain <= 0:
        best = ()
    if best:
        is_sure = changes[best].is_more_than_chance(len(tries))
        gain: Gain = "better" if is_sure else "perhaps better"
        offer({part: new[part] for part in best}, gain, switch=switch)
    for part, kept in new.items():
        if part not in best:
            say_left(part, kept, gains=changes[(part,)].gain > 0)


def _check_start(settings: Settings, parts: list[Part], made: Path) -> None:
    """Before hours of measuring and training: is there what is to be trained on from here?

    Raises:
        ModelError: there is not.
    """
    if "second_opinion" in parts and settings.second_opinion == OFF:
        raise ModelError(
            "the second opinion is switched off (second_opinion = off), so there is no classifier"
            " to train; give its weights back, or train with --detector-only"
        )
    if "model" in parts:
        from parkcore.model_files import find_weights, model_folders
        from parkcore.training.fine_tune import four_types

        four_types(find_weights(settings.model, folders=model_folders()), made / "start.pt")


def _export(settings: Settings, folder: Path) -> Path:
    from parkcore.accuracy.training_export import export_training as write
    from parkcore.wiring import open_storage, read_store

    with read_store(settings) as store:
        done = write(store, open_storage(settings), folder, settings.zone)
    if done.gone:
        click.echo(f"{done.gone} photos that people spoke of are no longer there; to keep them"
                   " longer, see `parkcore keep`.")  # fmt: skip
    return folder


def _judging(settings: Settings) -> Judging:
    from parkcore.wiring import make_analyser

    analyser = make_analyser(settings)
    analyser.detector.load()

    def judge(layout: Layout, image: Image, imgsz: int | None) -> tuple[list[Detection], Judged]:
        detections = analyser.detector.detect(image, imgsz)
        return detections, analyser.judge.judge(layout, image, detections)

    return judge


def _fit(settings: Settings, folder: Path, out: Path, epochs: int, seed: int) -> bool:
    """Fine-tune the classifier; whether a pass over the data made it better."""
    from parkcore.model_files import model_folders
    from parkcore.spaces.second_opinion import find_classifier
    from parkcore.training.fit_classifier import Figures, fit
    from parkcore.training.own_model import days_to_stop_by
    from parkcore.training.space_crops import read_samples

    def progress(epoch: int, of: int, figures: Figures) -> None:
        click.echo(f"  pass {epoch} of {of}: {figures.right:.1%} of {figures.spaces} right")

    samples = read_samples(folder, split="train")
    stop = days_to_stop_by(sample.group for sample in samples)
    learn = [sample for sample in samples if sample.group not in stop]
    stop_by = [sample for sample in samples if sample.group in stop]
    if not samples:
        raise NotEnoughHistory(
            "the classifier learns from cars, and people spoke of spaces for motorcycles alone;"
            " answer on the page Accuracy for others"
        )
    if not learn:
        click.echo("All of one camera's day: what it learns from tells as well when to stop.")
        learn = samples
    if len({sample.occupied for sample in learn}) < 2:
        kind = "occupied" if learn[0].occupied else "free"
        raise NotEnoughHistory(
            f"all spaces for cars to learn from are {kind}, but for those of the days that tell"
            f" when to stop ({', '.join(sorted(stop))}); answer on the page Accuracy for more days"
        )
    start = find_classifier(settings.second_opinion, folders=model_folders())
    click.echo(f"Training the {NAMES['second_opinion']} from {start.name} on …")
    fitted = fit(learn, stop_by, start, out, epochs=epochs, seed=seed, progress=progress)
    return fitted.epochs > 0


def _fine_tune(
    settings: Settings, told: list[Told], made: Path, out: Path, epochs: int, seed: int
) -> None:
    from parkcore.model_files import find_weights, model_folders
    from parkcore.training import detector_set
    from parkcore.training.fine_tune import fine_tune

    start = find_weights(settings.model, folders=model_folders())
    click.echo(f"Training the {NAMES['model']} from {start.name} on; this takes long …")
    limit = settings.max_megapixels
    data = detector_set.write(told, _judging(settings), made / "boxes", max_megapixels=limit)
    with click.progressbar(length=1, label="  Batches", file=sys.stderr) as bar:

        def progress(done: int, of: int) -> None:
            bar.length = of
            bar.update(done - bar.pos)

        fine_tune(data, made / "start.pt", out, epochs=epochs, seed=seed, progress=progress)


def _keep(fitted: Path, part: Part, amount: Amount) -> Path:
    """The weights among the models, under a name of their own."""
    from parkcore.training.own_model import keep_weights, new_weights

    folder = chosen_file().parent / "models"
    number = amount.photos if part == "model" else amount.spaces
    day = datetime.now(UTC).astimezone().date()
    kept = new_weights(folder, KINDS[part], day, number)
    keep_weights(fitted, kept)
    return kept
