"""`doctor` and `evaluate`: is the installation in order, and how right is the model?"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from parkcore.errors import ModelError
from parkcore.settings import Settings, toml_file

if TYPE_CHECKING:  # what these bring along would slow down every --help
    from parkcore.accuracy.evaluate import Truth
    from parkcore.detect import YoloDetector


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
@click.option("--sizes", type=_Numbers(), help="Analysis sizes in pixels.")
@click.option("--confidences", type=_Numbers(), help="Confidences.")
@click.option("--models", help="Models, separated by commas; else the one of the settings.")
@click.option("--every", type=click.IntRange(1), default=1, help="Look at each n-th photo only.")
@click.option(
    "--baseline", default="yolov8n.pt", help="The model of the plain alternative for spaces."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def evaluate(
    settings: Settings,
    folder: Path,
    split: str | None,
    sizes: list[float] | None,
    confidences: list[float] | None,
    models: str | None,
    every: int,
    baseline: str,
    as_json: bool,
) -> None:
    """Measure how right the model is on the labelled photos of FOLDER.

    FOLDER has the photos in images/, and spaces.json (every marked space, occupied or not) or
    labels/*.txt (YOLO boxes). Spaces are measured beside the plain alternative: YOLOv8n at its
    default size and confidence (640 px, 0.25), a space being occupied where the middle of a box
    lies in it.
    """
    from parkcore.accuracy.evaluate import read_truth

    truths = read_truth(folder, split=split)[::every]
    names = (models or settings.model).split(",")
    of_split = f" ({split})" if split else ""
    title = f"{len(truths)} photos of {folder.name}{of_split}"
    if truths[0].layout is None:
        rows = _boxes(truths, names, sizes or [640, 1280], confidences or [0.1, 0.15, 0.2, 0.25])
        from parkcore.accuracy.evaluate import markdown as box_table

        click.echo(json.dumps(rows, indent=2) if as_json else f"{title}\n\n{box_table(rows)}")
        return
    from parkcore.accuracy.evaluate_spaces import markdown

    found = _spaces(truths, names, sizes or [settings.imgsz], confidences or [settings.confidence])
    plain = _plain(truths, baseline, names[0])
    if as_json:
        click.echo(json.dumps({**found[0], "others": found[1:], "baseline": plain}, indent=2))
    else:
        click.echo(f"{title}\n\n{markdown([*found, plain])}")


def _detector(model: str, size: float, confidence: float) -> YoloDetector:
    from parkcore.detect import YoloDetector, find_weights, model_folders

    weights = find_weights(model, folders=model_folders())
    return YoloDetector(weights, confidence=confidence, imgsz=int(size))


def _boxes(
    truths: Sequence[Truth], models: list[str], sizes: list[float], confidences: list[float]
) -> list[dict[str, str]]:
    from parkcore.accuracy.evaluate import evaluate as score

    return _rows(score, truths, models, sizes, confidences)


def _spaces(
    truths: Sequence[Truth], models: list[str], sizes: list[float], confidences: list[float]
) -> list[dict[str, Any]]:
    from parkcore.accuracy.evaluate_spaces import score

    rows = _rows(score, truths, models, sizes, confidences)
    return [{**row, "judged_by": "Parkcore"} for row in rows]


def _rows(
    score: Callable[..., list[dict[str, Any]]],
    truths: Sequence[Truth],
    models: list[str],
    sizes: list[float],
    confidences: list[float],
) -> list[dict[str, Any]]:
    """What `score` says of every model at every size, one pass over the photos each."""
    rows = []
    for model in models:
        for size in sizes:
            detector = _detector(model, size, min(confidences))
            with _bar(truths, f"{detector.info.model} at {size:.0f}") as bar:
                rows += score(bar, detector, sorted(confidences))
    return rows


def _plain(truths: Sequence[Truth], model: str, instead: str) -> dict[str, Any]:
    """YOLOv8n at Ultralytics' default size and confidence, and the middle of the box. Where its
    weights cannot be had, Parkcore's own are taken, and its name says so."""
    from parkcore.accuracy.evaluate_spaces import centre_in_polygon, score

    try:
        detector = _detector(model, 640, 0.25)
        detector.load()
    except ModelError as error:
        click.echo(f"the baseline takes {instead} instead of {model}: {error}", err=True)
        detector = _detector(instead, 640, 0.25)
    with _bar(truths, f"baseline {detector.info.model}") as bar:
        [row] = score(bar, detector, [0.25], centre_in_polygon)
    return {**row, "judged_by": "box centre in polygon"}


def _bar(truths: Sequence[Truth], label: str) -> Any:
    return click.progressbar(truths, label=label, file=sys.stderr)
