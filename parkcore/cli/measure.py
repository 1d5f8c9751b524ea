"""`doctor` and `evaluate`: is the installation in order, and how right is the model?"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from parkcore.settings import Settings, toml_file


@click.command()
@click.pass_obj
def doctor(settings: Settings) -> None:
    """Check model, database, folders and set-up; say what to do about each fault.

    Exit status: 0, 1 if there is a fault.
    """
    from parkcore.doctor import examine

    is_there = toml_file().is_file()
    click.echo(f"settings file: {toml_file()}{'' if is_there else ' (none; defaults are used)'}")
    faults = 0
    for check in examine(settings):
        sign, colour = ("✓", "green") if check.ok else ("✗", "red")
        click.echo(f"{click.style(sign, fg=colour)} {check.name}: {check.found}")
        if not check.ok:
            faults += 1
            click.echo(f"  → {check.advice}")
    sys.exit(1 if faults else 0)


class _Numbers(click.ParamType[list[float]]):
    """Numbers with commas between them."""

    name = "NUMBERS"

    def convert(
        self, value: str | list[float], param: click.Parameter | None, ctx: click.Context | None
    ) -> list[float]:
        if isinstance(value, list):
            return value
        try:
            return [float(text) for text in value.split(",")]
        except ValueError:
            self.fail(f"{value!r} are not numbers; expected such as 0.1,0.2", param, ctx)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--split", help="Only photos of this split (in sets with spaces.json).")
@click.option("--sizes", type=_Numbers(), default="640,1280", help="Analysis sizes in pixels.")
@click.option("--confidences", type=_Numbers(), default="0.1,0.15,0.2,0.25", help="Confidences.")
@click.option("--models", help="Models, separated by commas; else the one of the settings.")
@click.option("--every", type=click.IntRange(1), default=1, help="Look at each n-th photo only.")
@click.pass_obj
def evaluate(
    settings: Settings,
    folder: Path,
    split: str | None,
    sizes: list[float],
    confidences: list[float],
    models: str | None,
    every: int,
) -> None:
    """Measure how right the model is on the labelled photos of FOLDER; prints a table.

    FOLDER has spaces.json (every marked space, occupied or not) or labels/*.txt (YOLO boxes),
    and the photos in images/.
    """
    from parkcore.detect import YoloDetector, find_weights, model_folders
    from parkcore.evaluate import evaluate as score
    from parkcore.evaluate import markdown, read_truth

    truths = read_truth(folder, split=split)[::every]
    rows: list[dict[str, str]] = []
    for model in (models or settings.model).split(","):
        weights = find_weights(model, folders=model_folders())
        for size in sizes:
            detector = YoloDetector(weights, confidence=min(confidences), imgsz=int(size))
            label = f"{weights.name} at {size:.0f}"
            with click.progressbar(truths, label=label, file=sys.stderr) as bar:
                rows += score(bar, detector, sorted(confidences))
    of_split = f" ({split})" if split else ""
    click.echo(f"{len(truths)} photos of {folder.name}{of_split}\n\n{markdown(rows)}")
