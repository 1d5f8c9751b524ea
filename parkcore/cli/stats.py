"""`stats`: how full lots were."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import click

from parkcore.cli.words import one_line
from parkcore.settings import Settings

if TYPE_CHECKING:  # what this brings along would slow down every --help
    from parkcore.history.questions import Answer
    from parkcore.history.stats import Period
    from parkcore.store import Store

PERIODS = ("hour", "day", "week", "month")


class Day(click.ParamType[date]):
    name = "DAY"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a day; expected such as 2026-05-04", param, ctx)


@click.command()
@click.option("--lot", "lots", multiple=True, help="Only this lot; can be given several times.")
@click.option("--from", "first", type=Day(), help="The first day; else the latest seven days.")
@click.option("--to", "last", type=Day(), help="The last day.")
@click.option("--period", type=click.Choice(PERIODS), help="A row for each; else one for all days.")
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1000, min_open=True),
    help="Percent from which time is counted as over it; else those from which a lot is full.",
)
@click.option("--open", "only_open", is_flag=True, help="Only the opening hours of the settings.")
@click.option("--json", "form", flag_value="json", help="One JSON object a line and row.")
@click.option("--csv", "form", flag_value="csv", help="CSV with a heading.")
@click.pass_obj
def stats(
    settings: Settings,
    lots: tuple[str, ...],
    first: date | None,
    last: date | None,
    period: Period | None,
    threshold: float | None,
    only_open: bool,
    form: str | None,
) -> None:
    """Print how full lots were: means, peaks and percentiles, weighted by time.

    Days are those of the site's clock. Rates are 0..1 in JSON and CSV, times are the site's, and
    seen_s of period_s says for how many seconds it is known.
    """
    from parkcore.history.questions import Question
    from parkcore.history.stats_words import as_csv
    from parkcore.wiring import read_store

    if only_open and settings.opening is None:
        raise click.UsageError("when lots are open is not set: set PARKCORE_OPENING_HOURS")
    now = datetime.now(UTC)
    with read_store(settings) as store:
        lot_ids = tuple(store.lot(lot).id for lot in lots) or tuple(lot.id for lot in store.lots())
        names = {lot.id: lot.name for lot in store.lots()}
        answer = Question(
            lot_ids,
            days_asked(store, settings, (lot_ids, first, last), now),
            settings.zone,
            threshold / 100 if threshold else settings.thresholds.full,
            settings.opening if only_open else None,
        ).answer(store, now)
    rows = answer.records(period)
    if form == "json":
        for row in rows:
            click.echo(json.dumps(row, ensure_ascii=False))
    elif form == "csv":
        click.echo(as_csv(rows, settings.time_zone), nl=False)
    elif rows:
        _say(answer, names, period)
    if not rows and form is None:
        click.echo(f"No photos: {answer.question.days}.", err=True)


def days_asked(
    store: Store,
    settings: Settings,
    asked: tuple[tuple[str, ...], date | None, date | None],
    now: datetime,
) -> Any:
    from parkcore.history.questions import latest_day
    from parkcore.history.ranges import Days, preset

    lot_ids, first, last = asked
    today = now.astimezone(settings.zone).date()
    latest = latest_day(store, lot_ids, settings.zone, now) or today
    usual = preset("latest", today, last or latest)
    try:
        return Days(first or usual.first, last or max(usual.last, first or usual.last))
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _say(answer: Answer, names: dict[str, str], period: Period | None) -> None:
    from parkcore.history import stats_words as words

    asked = answer.question
    hours = f", only {asked.opening}" if asked.opening else ""
    click.echo(f"{asked.days}, times of {asked.zone}{hours}")
    periods = answer.by_period(period).to_dict("records") if period else []
    for row in answer.summary().to_dict("records"):
        click.echo(f"\n{one_line(names[row['lot']])}: {words.say_mean(row)}")
        for line in (
            words.say_peak(row, asked.zone),
            words.say_over(row, asked.threshold),
            words.say_seen(row["seen_s"], row["period_s"]).capitalize(),
        ):
            click.echo(f"  {line}")
        for each in periods:
            if each["lot"] == row["lot"]:
                start = f"{each['start']:%Y-%m-%d %H:%M}"[: 16 if period == "hour" else 10]
                seen = words.say_seen(each["seen_s"], each["period_s"])
                click.echo(f"  {start}  {words.say_mean(each)}; {seen}")
    if corrected := words.say_corrected(answer.corrected, answer.photos):
        click.echo(f"\n{corrected}")
