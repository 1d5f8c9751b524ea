"""`layout`: the marked spaces of a camera, in and out."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import click

from parkcore.cli.words import Name, one_line
from parkcore.errors import FolderError, UnknownLot
from parkcore.settings import Settings
from parkcore.sqlite.filters import HistoryFilter

FORMS = ("parkcore", "ultralytics", "coco", "labelme")
LOOKS = 500


@click.group()
def layout() -> None:
    """Import, export, propose and realign the marked spaces of a camera."""


def _place(command: Any) -> Any:
    command = click.argument("camera_id", metavar="CAMERA", type=Name("camera"))(command)
    return click.argument("lot_id", metavar="LOT", type=Name("lot"))(command)


class Size(click.ParamType[tuple[int, int]]):
    """Width and height in pixels, such as 1280x720."""

    name = "WIDTHxHEIGHT"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        found = re.fullmatch(r"([1-9][0-9]{0,4})[x×]([1-9][0-9]{0,4})", str(value))
        if not found:
            self.fail(f"{value!r} is no size; expected such as 1280x720", param, ctx)
        return int(found[1]), int(found[2])


@layout.command("import")
@_place
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--size", type=Size(), help="Of the photo it was drawn on, where FILE does not say.")
@click.pass_obj
def layout_import(
    settings: Settings, lot_id: str, camera_id: str, file: Path, size: tuple[int, int] | None
) -> None:
    """Take the spaces of CAMERA from FILE: Parkcore's JSON, Ultralytics' bounding_boxes.json,
    COCO or LabelMe. The version before is kept."""
    from parkcore.spaces.layout import overlapping
    from parkcore.spaces.layout_files import read_layout
    from parkcore.spaces.references import newest_jpeg
    from parkcore.wiring import open_storage, open_store

    read = read_layout(read_text(file), image_size=size)
    with open_store(settings) as store:
        before = store.layout(lot_id, camera_id)
        reference = newest_jpeg(store, open_storage(settings), lot_id, camera_id)
        based_on = before.version if before else 0
        saved = store.save_layout(lot_id, camera_id, read, reference, based_on=based_on)
    for one, other in overlapping(saved):
        click.secho(f"{one} and {other} overlap: check them", fg="yellow", err=True)
    if reference is None:
        click.echo("no photo of this camera yet: a moved camera will not be noticed", err=True)
    click.echo(f"{lot_id}/{camera_id}: {len(saved.spaces)} spaces, version {saved.version}")


@layout.command("export")
@_place
@click.option("--format", "form", type=click.Choice(FORMS), default="parkcore", help="Whose form.")
@click.pass_obj
def layout_export(settings: Settings, lot_id: str, camera_id: str, form: Any) -> None:
    """Print the spaces of CAMERA as JSON."""
    from parkcore.spaces.layout_writing import write_layout
    from parkcore.wiring import read_store

    with read_store(settings) as store:
        found = store.layout(lot_id, camera_id)
    if found is None:
        raise UnknownLot(f"{lot_id}/{camera_id} has no marked spaces")
    click.echo(write_layout(found, form))


@layout.command("propose")
@_place
@click.pass_obj
def layout_propose(settings: Settings, lot_id: str, camera_id: str) -> None:
    """Print spaces where vehicles stood again and again, as JSON to look at and import."""
    from parkcore.spaces.layout import Layout
    from parkcore.spaces.layout_writing import write_layout
    from parkcore.spaces.proposals import propose
    from parkcore.wiring import read_store

    with read_store(settings) as store:
        latest = store.snapshots(HistoryFilter(lot_id=lot_id, camera_id=camera_id), limit=1)
        if not latest:
            raise UnknownLot(f"{lot_id}/{camera_id} has no photos yet to learn from")
        looks = store.vehicles_seen(lot_id, camera_id, limit=LOOKS)
    size = latest[0].photo.width, latest[0].photo.height
    spaces = propose([[d.box for d in look] for look in looks], size)
    click.echo(write_layout(Layout(tuple(spaces), (), size)))
    click.echo(f"{len(spaces)} spaces proposed from {len(looks)} photos", err=True)


@layout.command("judge")
@_place
@click.pass_obj
def layout_judge(settings: Settings, lot_id: str, camera_id: str) -> None:
    """Judge the photos of CAMERA that are recorded already by the spaces that are marked now.

    May be interrupted and repeated. What was counted on them stays as it is.
    """
    from parkcore.spaces.rejudge import judge_again
    from parkcore.wiring import make_analyser, open_storage, open_store

    with open_store(settings) as store:
        if store.layout(lot_id, camera_id) is None:
            raise UnknownLot(f"{lot_id}/{camera_id} has no marked spaces")
        photos = judge_again(
            store, open_storage(settings), make_analyser(settings), lot_id, camera_id
        )
        total = store.count(HistoryFilter(lot_id=lot_id, camera_id=camera_id))
        with click.progressbar(photos, total, "Judging", file=sys.stderr) as bar:
            done = [is_there for _, is_there in bar]
    gone = f", {done.count(False)} are no longer there" if not all(done) else ""
    click.echo(f"{done.count(True)} photos judged{gone}")


@layout.command("realign")
@_place
@click.pass_obj
def layout_realign(settings: Settings, lot_id: str, camera_id: str) -> None:
    """Carry the spaces of CAMERA over to its newest photo, after it was moved far.

    They are stored as the next version; the version before is kept.
    """
    from parkcore.spaces.layout import lost
    from parkcore.spaces.realign import realign
    from parkcore.spaces.rejudge import judge_again
    from parkcore.wiring import make_analyser, open_storage, open_store

    storage = open_storage(settings)
    with open_store(settings) as store:
        before = store.layout(lot_id, camera_id)
        saved = realign(store, storage, lot_id, camera_id)
        list(judge_again(store, storage, make_analyser(settings), lot_id, camera_id, limit=1))
    if before and (gone := lost(before, saved)):
        names = one_line(", ".join(gone))
        click.secho(f"no longer in view and left out: {names}", fg="yellow", err=True)
    click.echo(f"{lot_id}/{camera_id}: {len(saved.spaces)} spaces, version {saved.version}")


def read_text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise FolderError(f"{one_line(str(file))} cannot be read: {error}") from error
