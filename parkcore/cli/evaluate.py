"""`evaluate`: how right is the model?"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from parkcore.cli.contenders import NO_PLAIN, PLAIN, plain_yolo, second_opinion, ways_of
from parkcore.errors import FolderError, NothingLabelled, OutputError, UnreadablePhoto
from parkcore.reports.whole_file import whole_file
from parkcore.settings import Settings

if TYPE_CHECKING:  # what these bring along would slow down every --help
    from parkcore.accuracy.measuring import Measured
    from parkcore.accuracy.set_notes import SetNotes
    from parkcore.accuracy.truth import Truth

NOTES = Path(__file__).parents[2] / "models" / "training" / "sets.toml"
"""What is known of the open sets, where Parkcore runs from its repository."""

ON_SCREEN = "-"


class _Numbers(click.ParamType[list[float]]):
    """Numbers with commas between them, none below `least` or above `most`."""

    name = "NUMBERS"

    def __init__(self, least: float, most: float) -> None:
        self._least, self._most = least, most

    def convert(
        self, value: str | list[float], param: click.Parameter | None, ctx: click.Context | None
    ) -> list[float]:
        if isinstance(value, list):
            return value
        expected = f"expected numbers from {self._least:g} to {self._most:g}, such as"
        expected += f" {self._least:g},{self._most:g}"
        try:
            numbers = [float(text) for text in value.split(",")]
        except ValueError:
            self.fail(f"{value!r} are not numbers; {expected}", param, ctx)
        if wrong := [number for number in numbers if not self._least <= number <= self._most]:
            self.fail(f"{wrong[0]:g} is out of range; {expected}", param, ctx)
        return numbers


_SIZES, _CONFIDENCES = _Numbers(32, 16_384), _Numbers(0.01, 1)


class _Command(click.Command):
    """Keeps the words that it was called with, for whoever wants to repeat it; of `--json FOLDER`
    the folder is one to measure, not a file to write."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[__name__] = list(args)
        for number in range(len(args) - 1, 0, -1):
            if args[number - 1] == "--json" and Path(args[number]).is_dir():
                args = [*args[:number], ON_SCREEN, *args[number:]]
        return super().parse_args(ctx, args)


_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(cls=_Command)
@click.argument("folders", metavar="FOLDER...", nargs=-1, required=True, type=Path)
@click.option(
    "--split",
    help="Only photos of this split: as spaces.json or folders such as valid/labels say; of other"
    " sets, valid is one in five photos, clips and flights whole, and train the rest.",
)
@click.option("--sizes", type=_SIZES, help="Analysis sizes in pixels; else of the settings.")
@click.option("--confidences", type=_CONFIDENCES, help="Confidences; else of the settings.")
@click.option(
    "--model", "--models", "models", help="Models, separated by commas; else that of the settings."
)
@click.option("--every", type=click.IntRange(1), default=1, help="Look at each n-th photo only.")
@click.option(
    "--baseline",
    help=f"The weights of the plain alternative, else {PLAIN}; or {NO_PLAIN}.",
)
@click.option(
    "--baseline-sizes", type=_SIZES, help="Sizes that a patient user tries: 640,960,1280,1920."
)
@click.option(
    "--about",
    type=_FILE,
    help="A TOML file with what is known of the sets, such as which vehicles are not labelled;"
    " else models/training/sets.toml, where it is there.",
)
@click.option(
    "--unlabelled",
    default="",
    help="Types that are not labelled, such as car,motorcycle: neither right nor wrong.",
)
@click.option(
    "--json", "as_json", is_flag=False, flag_value=ON_SCREEN,
    metavar="[FILE]", help="All figures as one JSON object, into a file or, without one, printed.",
)  # fmt: skip
@click.option("--markdown", "as_markdown", type=_FILE, help="Write the tables to this file.")
@click.option(
    "--card", type=_FILE, help="Put the tables between the marks <!-- results --> of this file."
)
@click.pass_context
def evaluate(
    context: click.Context,
    folders: tuple[Path, ...],
    split: str | None,
    sizes: list[float] | None,
    confidences: list[float] | None,
    models: str | None,
    every: int,
    baseline: str | None,
    baseline_sizes: list[float] | None,
    about: Path | None,
    unlabelled: str,
    as_json: str | None,
    as_markdown: Path | None,
    card: Path | None,
) -> None:
    """Measure how right the model is on the labelled photos of each FOLDER, and of all together.

    FOLDER has the photos in images/, and spaces.json (every marked space, occupied or not) or
    data.yaml and labels/*.txt (YOLO boxes; a folder for each split is fine). Everything is
    measured beside the plain alternative in the same run: YOLOv8n by Ultralytics' defaults
    (640 px, 0.25, a space being occupied where the middle of a box lies in it), and at the best
    settings that a patient user would find by trying on these very photos.
    """
    from parkcore.accuracy.measuring import as_json as all_figures
    from parkcore.accuracy.measuring import measure, pooled
    from parkcore.accuracy.result_tables import document
    from parkcore.accuracy.results_card import around, provenance, section, write_card

    settings: Settings = context.obj
    for path in (as_json, as_markdown, card):
        if path and path != ON_SCREEN and not Path(path).absolute().parent.is_dir():
            raise OutputError(f"{path} cannot be written: its folder is not there")
    if card:
        around(card)  # hours before anything is to be written into it
    found, is_all = _labelled(folders, split, about, unlabelled)
    sets = [(folder, notes, truths[::every]) for folder, notes, truths in found]
    names = (models or settings.model).split(",")
    plain = plain_yolo(baseline, names[0])
    second = second_opinion(settings)
    chosen = sizes or [settings.imgsz], confidences or [settings.confidence]
    ways_by = partial(ways_of, settings, names, *chosen)
    ways = {
        "spaces": ways_by(second=second, fits_size=settings.fit_size and not sizes),
        "boxes": ways_by(ranks=True),
    }
    measured: list[Measured] = []
    of_photos: list[Measured] = []
    tries = [int(size) for size in baseline_sizes] if baseline_sizes else None
    for folder, notes, truths in sets:
        with click.progressbar(truths, label=folder.resolve().name, file=sys.stderr) as bar:
            options = {"sizes": tries} if tries else {}
            way, name = ways[_kind(truths)], folder.resolve().name
            try:
                measured.append(measure(name, bar, way, plain, split=split, **options))
                of_photos += [] if notes.rendered else measured[-1:]
            except UnreadablePhoto as error:
                if len(sets) == 1:
                    raise
                is_all = False
                click.echo(f"left out: {error}", err=True)
    if not measured:
        raise UnreadablePhoto("none of the photos of any set can be read")
    day = datetime.now(UTC).date()
    made_by = provenance(context.meta[__name__], day, settings)
    result = all_figures([*measured, *pooled(of_photos)], made_by)
    tables = document(result)
    click.echo(json.dumps(_flat(result), indent=2) if as_json == ON_SCREEN else tables)
    if as_json and as_json != ON_SCREEN:
        _write(Path(as_json), json.dumps(_flat(result), indent=2))
    if as_markdown:
        _write(as_markdown, f"# How right it is\n\n{section(result, tables)}\n")
    if card:
        write_card(card, section(result, document(result, folds=True)))
    if not is_all:
        context.exit(1)


def _labelled(
    folders: Sequence[Path], split: str | None, about: Path | None, unlabelled: str
) -> tuple[list[tuple[Path, SetNotes, list[Truth]]], bool]:
    """The sets with what is known of them and their truth, and whether all could be read. Of
    several those are left out that cannot, or have no photo of the split, and that is said."""
    from parkcore.accuracy.labelled_sets import read_truth

    sets: list[tuple[Path, SetNotes, list[Truth]]] = []
    left_out: list[FolderError] = []
    for folder in folders:
        notes = _notes(folder, about, unlabelled)
        try:
            truths = read_truth(folder, split=split, notes=notes, to_measure=True)
            sets.append((folder, notes, truths))
        except FolderError as error:
            left_out.append(error)
    for reason in left_out if sets else left_out[1:]:
        click.echo(f"left out: {reason}", err=True)
    if not sets:
        raise left_out[0]
    return sets, all(isinstance(reason, NothingLabelled) for reason in left_out)


def _notes(folder: Path, about: Path | None, unlabelled: str) -> SetNotes:
    from dataclasses import replace

    from parkcore.accuracy.set_notes import SetNotes, read_notes
    from parkcore.domain import LABELS, Label

    path = about or (NOTES if NOTES.is_file() else None)
    notes = (read_notes(path) if path else {}).get(folder.resolve().name, SetNotes())
    types = [name.strip() for name in unlabelled.split(",") if name.strip()]
    if unknown := set(types) - set(LABELS):
        raise click.UsageError(
            f"--unlabelled {', '.join(sorted(unknown))}: expected some of {', '.join(LABELS)}"
        )
    more = tuple(cast(Label, name) for name in types)
    return replace(notes, unlabelled=(*notes.unlabelled, *more))


def _kind(truths: Sequence[Truth]) -> str:
    return "spaces" if truths[0].layout else "boxes"


def _flat(result: dict[str, Any]) -> dict[str, Any]:
    """With one set, its first row's figures stand at the top, and the plain alternative's (by its
    defaults) under `baseline`, for programs that want no more."""
    if len(result["sets"]) != 1:
        return result
    [only] = result["sets"]
    ours = [row for row in only["rows"] if row["who"].startswith("Parkcore")]
    ours = [{**row, "judged_by": row["who"]} for row in ours]
    plain = [{**row, "judged_by": "box centre in polygon"} for row in only["rows"][len(ours) :]]
    beside = dict(zip(("baseline", "baseline_best")[: len(plain)], plain, strict=True))
    return {**result, **ours[0], "others": ours[1:], **beside}


def _write(path: Path, text: str) -> None:
    with whole_file(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
