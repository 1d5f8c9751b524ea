"""`lot` and `samples`: what there is to look at."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import click

from parkcore.cli.words import Name, one_line
from parkcore.domain import Camera
from parkcore.errors import UnknownLot
from parkcore.history.capacities import LOT
from parkcore.settings import Settings


@click.group()
def lot() -> None:
    """Add lots, list them, set their names and capacities."""


def _capacity_option(of: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(
        "--capacity",
        type=click.IntRange(0, 1_000_000),
        help=f"The number of spaces {of}; 0 for unknown.",
    )


@lot.command("add")
@click.argument("lot_id", metavar="LOT", type=Name("lot"))
@click.option("--name", help="The name to show; else LOT itself.")
@_capacity_option("of the lot")
@click.pass_obj
def lot_add(settings: Settings, lot_id: str, name: str | None, capacity: int | None) -> None:
    """Add LOT; its photos go into the folder of that name below the storage folder."""
    from parkcore.wiring import open_storage, open_store

    described = open_storage(settings).lot(lot_id)
    new = replace(described, name=name or described.name, capacity=capacity or described.capacity)
    with open_store(settings) as store:
        if not store.ensure_lot(new):
            raise click.UsageError(f"there is a lot {lot_id!r} already; change it with: lot set")
    click.echo(f"added {lot_id}")


@lot.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line and lot.")
@click.pass_obj
def lot_list(settings: Settings, as_json: bool) -> None:
    """List the lots with their capacities and cameras."""
    from parkcore.wiring import read_store

    with read_store(settings) as store:
        lots, cameras = store.lots(), store.cameras()
    for each in lots:
        own = {camera.id: camera.capacity for camera in cameras if camera.lot_id == each.id}
        if as_json:
            record = {
                "id": each.id,
                "name": each.name,
                "capacity": each.capacity,
                "sample": each.is_sample,
                "cameras": own,
            }
            click.echo(json.dumps(record))
        else:
            spaces = f"{each.capacity} spaces" if each.capacity else "capacity not set"
            named = one_line(f"{each.id}: {each.name}")
            click.echo(f"{named}, {spaces}, cameras: {one_line(', '.join(own)) or 'none'}")


@lot.command("set")
@click.argument("lot_id", metavar="LOT")
@click.option("--name", help="The name to show.")
@_capacity_option("of the lot, or with --camera those that the camera sees")
@click.option("--camera", type=Name("camera"), help="Set the capacity of this camera instead.")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The capacity changed on this day; older rates keep the old one. Else it always was so."
    " Where the capacity stays, the day of its last change is put right.",
)
@click.pass_obj
def lot_set(
    settings: Settings,
    lot_id: str,
    name: str | None,
    capacity: int | None,
    camera: str | None,
    since: datetime | None,
) -> None:
    """Change the name or the capacity of LOT, or the capacity of one of its cameras."""
    from parkcore.wiring import open_store

    if name is None and capacity is None and since is None:
        raise click.UsageError("nothing to set; give --name, --capacity or --since")
    day = since and since.replace(tzinfo=settings.zone)
    with open_store(settings) as store:
        old = store.lot(lot_id)
        new = replace(old, name=name or old.name)
        own = {each.id: each.capacity for each in store.cameras(lot_id)}
        if camera is not None and camera not in own:
            known = ", ".join(map(repr, own)) or "none yet"
            raise UnknownLot(f"{lot_id!r} has no camera {camera!r}; its cameras are: {known}")
        now = old.capacity if camera is None else own[camera]
        changes = store.capacity_history().changes.get((lot_id, camera or LOT), ())
        is_same = (capacity or None) == now and len(changes) > 1
        if day is not None and (capacity is None or is_same):
            store.redate_capacity(lot_id, camera or LOT, day)
        elif camera is not None and capacity is not None:
            store.save_camera(Camera(lot_id, camera, capacity or None), capacity_since=day)
        elif capacity is not None:
            new = replace(new, capacity=capacity or None)
        store.change_lot(new, capacity_since=day)
    click.echo(f"changed {one_line(lot_id)}")


@click.group()
def samples() -> None:
    """The rendered sample photos that Parkcore brings."""


@samples.command("remove")
@click.confirmation_option(prompt="Delete the sample photos and their history?")
@click.pass_obj
def samples_remove(settings: Settings) -> None:
    """Delete the sample photos, their lots and their history; nothing else."""
    from parkcore.samples import remove_samples
    from parkcore.wiring import open_storage, open_store

    with open_store(settings) as store:
        click.echo(f"removed {remove_samples(store, open_storage(settings))} sample snapshots")
