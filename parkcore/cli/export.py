"""`export`: the history as a file for other programs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from parkcore.cli.history import Moment
from parkcore.errors import OutputError
from parkcore.settings import Settings

if TYPE_CHECKING:  # what this brings along would slow down every --help
    from parkcore.reports.columns import TableName

SAY_EVERY_S = 1.0
TABLES = ("snapshots", "hours", "spaces")


@click.command()
@click.argument("table", type=click.Choice(TABLES))
@click.option("--lot", "lots", multiple=True, help="Only this lot; may be given several times.")
@click.option("--from", "since", type=Moment(), help="From this time on: 2026-05-04[T10:30].")
@click.option("--to", "until", type=Moment(), help="Up to this time; a date includes its day.")
@click.option(
    "--to-file", "path", required=True, type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write: .csv, .xlsx, .parquet, .json or .jsonl (an object a line).",
)  # fmt: skip
@click.option("--format", "form", help="The form, where the file's ending does not say it.")
@click.pass_obj
def export(
    settings: Settings,
    table: TableName,
    lots: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    path: Path,
    form: str | None,
) -> None:
    """Write snapshots, hours or spaces to a file, whole or not at all.

    snapshots: a row per photo. hours: a row per lot and hour, weighted by time. spaces: a row per
    photo and marked space. Rows are by lot, camera and time; headings say units and time zone.
    """
    from parkcore.reports.table_files import form_of, write_table
    from parkcore.reports.tables import Choice, Tables
    from parkcore.wiring import read_store

    def here(at: datetime | None) -> datetime | None:
        return at.replace(tzinfo=at.tzinfo or settings.zone) if at else None

    start, end = here(since), here(until)
    if start and end and start >= end:
        raise OutputError(f"--from ({start}) is not before --to ({end}); exchange them")
    with read_store(settings) as store:
        known = [store.lot(lot).id for lot in lots] or [lot.id for lot in store.lots()]
        parts = Tables(store, settings.zone, settings.thresholds).parts(
            table, Choice(tuple(known), start, end)
        )
        written = write_table(
            path, table, parts, form=form_of(path, form), zone=settings.zone, said=_progress()
        )
    click.echo(f"Wrote {written} to {path}", err=True)


def _progress() -> Callable[[int], None]:
    """Say from time to time how many rows are written, on a terminal only."""
    said_at = time.monotonic()

    def say(rows: int) -> None:
        nonlocal said_at
        if sys.stderr.isatty() and time.monotonic() - said_at >= SAY_EVERY_S:
            said_at = time.monotonic()
            click.echo(f"\r{rows:,} rows …  ", nl=False, err=True)

    return say
