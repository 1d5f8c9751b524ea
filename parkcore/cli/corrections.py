"""`export-corrections`: what people put right, as training data."""

from __future__ import annotations

from pathlib import Path

import click

from parkcore.settings import Settings


@click.command("export-corrections")
@click.argument("folder", type=click.Path(path_type=Path))
@click.pass_obj
def export_corrections(settings: Settings, folder: Path) -> None:
    """Write the photos that were corrected by hand to FOLDER, with what is right, for training.

    images/ has the photos; spaces.json every space of those of which a space was put right, as
    `parkcore evaluate FOLDER` reads it; counts.csv the vehicles that a person counted. FOLDER
    must not be there yet. It is written whole or not at all.
    """
    from parkcore.accuracy.training_export import export_corrections as write
    from parkcore.wiring import open_storage, read_store

    with read_store(settings) as store:
        done = write(store, open_storage(settings), folder)
    photos = "1 photo" if done.photos == 1 else f"{done.photos:,} photos"
    click.echo(f"{photos} in {folder}: {done.spaces:,} spaces, {done.counts:,} counts")
    if done.gone:
        click.echo(f"{done.gone:,} left out: their files are not there as they were", err=True)
