"""`accuracy`: how right spaces are judged, as people answered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from parkcore.cli.words import Name, one_line
from parkcore.settings import Settings

if TYPE_CHECKING:  # what this brings along would slow down every --help
    from parkcore.accuracy.meter import Meter, Tally


@click.command()
@click.option("--lot", type=Name("lot"), help="Only the spaces of this lot.")
@click.option("--camera", type=Name("camera"), help="Only the spaces of this camera.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line and camera.")
@click.pass_obj
def accuracy(settings: Settings, lot: str | None, camera: str | None, as_json: bool) -> None:
    """Print how right each camera's spaces are judged, by the answers on the page Accuracy.

    That page asks about a few spaces a day, drawn by chance. Accuracy is the share of answers
    that agree, of the spaces that were judged, with the interval that holds the true one 95 times
    of 100; shares are 0..1 in JSON.
    """
    from parkcore.accuracy.meter import Meter
    from parkcore.wiring import read_store

    with read_store(settings) as store:
        if lot is not None:
            store.lot(lot)
        checks = store.checks(lot, camera)
    places = sorted({(check.lot_id, check.camera_id) for check in checks})
    for place in places:
        its = tuple(check for check in checks if (check.lot_id, check.camera_id) == place)
        meter = Meter(its, settings.zone)
        if as_json:
            record = {"lot": place[0], "camera": place[1], **meter.record()}
            click.echo(json.dumps(record, ensure_ascii=False))
        else:
            _say(place, meter)
    if not places and not as_json:
        click.echo("No answers yet: the page Accuracy asks about a few spaces a day.", err=True)


def _say(place: tuple[str, str], meter: Meter) -> None:
    from parkcore.accuracy import meter_words as words

    click.echo(f"{'/'.join(map(one_line, place))}: {words.say_accuracy(meter.all)}")
    click.echo(f"  {words.say_wrong(meter.all)}")
    click.echo(f"  {words.say_missing(meter.all)}")
    for title, tallies in (
        ("hours", meter.by_hours()),
        ("light", meter.by_light()),
        ("model", meter.by_model()),
    ):
        _say_parts(title, tallies)
    if (drift := meter.drift()) is not None:
        click.echo(f"  {words.say_drift(drift)}")


def _say_parts(title: str, tallies: dict[str, Tally]) -> None:
    from parkcore.accuracy.meter_words import say_accuracy

    for name, tally in tallies.items():
        click.echo(f"  {title} {one_line(name)}: {say_accuracy(tally)}")
