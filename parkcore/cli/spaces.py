"""`spaces`: how each space was used."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import click

from parkcore.cli.stats import Day, days_asked
from parkcore.cli.words import Name, one_line
from parkcore.errors import LayoutError
from parkcore.settings import Settings

if TYPE_CHECKING:  # what this brings along would slow down every --help
    from parkcore.spaces.space_use import SpaceAnswer


@click.command()
@click.option("--lot", required=True, type=Name("lot"), help="The lot whose spaces are meant.")
@click.option("--camera", type=Name("camera"), help="Only the spaces of this camera.")
@click.option("--from", "first", type=Day(), help="The first day; else the latest seven days.")
@click.option("--to", "last", type=Day(), help="The last day.")
@click.option("--open", "only_open", is_flag=True, help="Only the opening hours of the settings.")
@click.option("--json", "form", flag_value="json", help="One JSON object a line and space.")
@click.option("--csv", "form", flag_value="csv", help="CSV with a heading.")
@click.pass_obj
def spaces(
    settings: Settings,
    lot: str,
    camera: str | None,
    first: date | None,
    last: date | None,
    only_open: bool,
    form: str | None,
) -> None:
    """Print how each marked space was used: utilisation, turnover and dwell.

    Utilisation is the time that it was taken of the time that it was seen, 0..1 in JSON. Turnover
    (how often it was taken) and dwell (for how long at a time) are lower bounds, as nobody knows
    what happened between two photos. Runs whose beginning or end was not seen are counted as cut.
    """
    from parkcore.spaces.space_use import SpaceQuestion, as_csv
    from parkcore.wiring import read_store

    if only_open and settings.opening is None:
        raise click.UsageError("when lots are open is not set: set PARKCORE_OPENING_HOURS")
    now = datetime.now(UTC)
    with read_store(settings) as store:
        lot_id = store.lot(lot).id
        marked = [of for (its_lot, of), each in store.layouts().items()
                  if its_lot == lot_id and each.spaces and camera in (None, of)]  # fmt: skip
        if not marked:
            which = f"{lot_id}/{camera}" if camera else lot_id
            raise LayoutError(f"no spaces are marked at {which}; mark them on the page Spaces")
        days = days_asked(store, settings, ((lot_id,), first, last), now)
        opening = settings.opening if only_open else None
        hold_s = 60 * settings.stale_minutes
        asked = (
            SpaceQuestion(lot_id, of, days, settings.zone, hold_s, opening)
            for of in sorted(marked)
        )  # fmt: skip
        answers = [answer for each in asked if (answer := each.answer(store, now))]
    records = [record for answer in answers for record in answer.records()]
    if form == "json":
        for record in records:
            click.echo(json.dumps(record, ensure_ascii=False))
    elif form == "csv":
        click.echo(as_csv(records, settings.time_zone), nl=False)
    else:
        for answer in answers:
            _say(answer)
    if not answers and form is None:
        click.echo(f"No photos that say which spaces were taken: {days}.", err=True)


def _say(answer: SpaceAnswer) -> None:
    from parkcore.spaces import space_use as words

    asked = answer.question
    hours = f", only {asked.opening}" if asked.opening else ""
    click.echo(
        f"{one_line(asked.lot_id)}/{one_line(asked.camera_id)}, {asked.days},"
        f" times of {asked.zone}{hours}"
    )
    for each in answer.spaces:
        anew = f" (drawn anew: only since {each.since:%Y-%m-%d})" if each.since else ""
        click.echo(f"  {one_line(each.space.id)}: {words.say_use(each.use)}{anew}")
    for line in (f"All: {words.say_use(answer.all)}", *words.say_extremes(answer)):
        click.echo(one_line(line))
    click.echo(f"{words.say_seen_share(answer)}.")
    if answer.only_since:
        click.echo(f"Only the newest photos were looked at, from {answer.only_since:%Y-%m-%d} on.")
