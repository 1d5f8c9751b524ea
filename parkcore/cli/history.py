"""`history`: what was recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import click

from parkcore.cli.words import one_line, say_look, say_when
from parkcore.domain import LABELS, Label, Snapshot
from parkcore.settings import Settings

if TYPE_CHECKING:  # what these bring along would slow down every --help
    from parkcore.export import Exporter
    from parkcore.history.rollups import Look


class Moment(click.ParamType[datetime]):
    """A date or a date with a time; a date stands for its beginning, in `--to` for its end."""

    name = "TIME"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            self.fail(
                f"{value!r} is not a time; expected 2026-05-04 or 2026-05-04T10:30", param, ctx
            )
        if param is not None and param.name == "until" and len(value) <= len("2026-05-04"):
            try:
                return datetime.combine(at.date() + timedelta(days=1), time())
            except OverflowError:
                self.fail(f"{value!r} is too late a day", param, ctx)
        return at


@click.command()
@click.option("--lot", help="Only this lot.")
@click.option("--camera", help="Only this camera.")
@click.option("--from", "since", type=Moment(), help="From this time on: 2026-05-04[T10:30].")
@click.option("--to", "until", type=Moment(), help="Up to this time; a date includes its day.")
@click.option("--type", "label", type=click.Choice(LABELS), help="Only with such a vehicle.")
@click.option("--corrected", is_flag=True, help="Only what was corrected by hand.")
@click.option("--deleted", is_flag=True, help="What was deleted and can be brought back.")
@click.option("--json", "form", flag_value="json", help="One JSON object a line and snapshot.")
@click.option("--csv", "form", flag_value="csv", help="CSV with a heading.")
@click.pass_obj
def history(
    settings: Settings,
    lot: str | None,
    camera: str | None,
    since: datetime | None,
    until: datetime | None,
    label: Label | None,
    corrected: bool,
    deleted: bool,
    form: str | None,
) -> None:
    """Print what was recorded, oldest first; counts are those that a person put right, if any."""
    from parkcore.export import Exporter
    from parkcore.sqlite.filters import HistoryFilter
    from parkcore.wiring import read_store

    def here(at: datetime | None) -> datetime | None:
        return at.replace(tzinfo=at.tzinfo or settings.zone) if at else None

    with read_store(settings) as store:
        if lot is not None:
            store.lot(lot)
        which = HistoryFilter(
            lot, camera, here(since), here(until), label, deleted=deleted, corrected=corrected
        )
        exporter = Exporter(store.capacity_history(), settings.thresholds, settings.zone)
        is_empty = True
        for text in _lines(store.with_looks(store.stream(which)), exporter, settings, form):
            click.echo(text, nl=form != "csv")
            is_empty = False
    if is_empty and form is None:
        click.echo("No snapshots. Record some with: parkcore scan", err=True)


def _lines(
    looked_at: Iterator[tuple[Snapshot, Look]],
    exporter: Exporter,
    settings: Settings,
    form: str | None,
) -> Iterator[str]:
    """One at a time, as there may be millions."""
    if form == "csv":
        yield from exporter.csv_lines(looked_at)
        return
    for snapshot, look in looked_at:
        if form == "json":
            yield json.dumps(exporter.history_record(snapshot, look))
            continue
        place = one_line(f"{snapshot.photo.lot_id}/{snapshot.photo.camera_id}")
        said = say_look(snapshot, look, settings)
        by_hand = ", corrected by hand" if snapshot.correction else ""
        yield f"{say_when(snapshot, settings)}  {place}: {said}{by_hand}"
