"""`forecast` and `what-if`: what to expect of a lot, and with another number of spaces."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from parkcore.cli.history import Moment
from parkcore.cli.words import Name, one_line
from parkcore.settings import Settings

if TYPE_CHECKING:  # what these bring along would slow down every --help
    from parkcore.history.expectation import Expectation, Rules

Command = TypeVar("Command", bound=Callable[..., Any])
LEAST_WEEKS, MOST_WEEKS = 1, 520


class _Day(click.ParamType[date]):
    name = "DAY"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a day; expected such as 2026-12-24", param, ctx)


def _asked(command: Command) -> Command:
    """The options of both commands."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="One JSON object."),
        click.option(
            "--without", multiple=True, type=_Day(),
            help="A day to leave out, as it was an exception; can be given several times.",
        ),
        click.option("--at", type=Moment(), help="As it was then: 2026-05-04T10:30; else now."),
        click.option("--lot", "lot_id", required=True, type=Name("lot"), help="Of which lot."),
    ):  # fmt: skip
        command = option(command)
    return command


@click.command()
@_asked
@click.pass_obj
def forecast(
    settings: Settings, lot_id: str, at: datetime | None, without: tuple[date, ...], as_json: bool
) -> None:
    """Print when a lot will be full, how full until midnight, and how good such words were.

    Of a lot whose newest photo is older than a day, it is what was to be expected when that was
    taken. Exit status: 0, 1 where too little was seen to tell.
    """
    from parkcore.history import expectation, expectation_words
    from parkcore.wiring import read_store

    now, rules = _now(settings, at), _rules(settings, without)
    with read_store(settings) as store:
        seen = expectation.expect(store, lot_id, now, rules)
    if as_json:
        click.echo(json.dumps(expectation_words.record(seen), ensure_ascii=False))
    else:
        _say(seen)


@click.command("what-if")
@_asked
@click.option("--spaces", type=int, required=True, help="How many more; -20 for 20 fewer.")
@click.option(
    "--weeks", type=click.IntRange(LEAST_WEEKS, MOST_WEEKS), default=13, show_default=True,
    help="Over the last so many weeks.",
)  # fmt: skip
@click.pass_obj
def what_if(
    settings: Settings,
    lot_id: str,
    at: datetime | None,
    without: tuple[date, ...],
    as_json: bool,
    spaces: int,
    weeks: int,
) -> None:
    """Print how many hours a week a lot would have been full with more or fewer spaces.

    Exit status: 0, 1 where too little was seen to tell.
    """
    from parkcore.history import expectation_words, space_change
    from parkcore.wiring import read_store

    if not spaces:
        raise click.BadParameter("0 spaces more change nothing", param_hint="--spaces")
    now, rules = _now(settings, at), _rules(settings, without)
    with read_store(settings) as store:
        try:
            changed = space_change.change_spaces(
                store, lot_id, now, rules, change=spaces, weeks=weeks
            )
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--spaces") from error
    if as_json:
        record = expectation_words.changed_record(lot_id, changed)
        click.echo(json.dumps(record, ensure_ascii=False))
        return
    click.echo(changed.found.text)
    click.echo(expectation_words.say_changed(changed, rules))


def _now(settings: Settings, at: datetime | None) -> datetime:
    return at.replace(tzinfo=at.tzinfo or settings.zone) if at else datetime.now(UTC)


def _rules(settings: Settings, without: tuple[date, ...]) -> Rules:
    from parkcore.history.expectation import Rules

    return Rules(settings.zone, settings.thresholds.full, frozenset(without))


def _say(seen: Expectation) -> None:
    from parkcore.history import expectation_words as words
    from parkcore.history.seasonal import EXPLAINED

    zone = seen.rules.zone
    full = seen.full()
    at = f"{seen.present.now.tz_convert(zone):%a %Y-%m-%d %H:%M}"
    click.echo(f"{one_line(seen.lot.name)}, {at}, times of {zone}")
    for line in (words.say_present(seen), words.say_full(seen, full), words.say_basis(seen, full)):
        if line:
            click.echo(f"  {line}")
    click.echo(f"  {words.say_compared(seen)}")
    for other in seen.unlike():
        click.echo(f"  {words.say_unlike(other)} If it was an exception: --without {other}")
    click.echo("\nUntil midnight")
    for line in words.say_ahead(seen):
        click.echo(f"  {line}")
    click.echo("\nUsually fullest")
    for day in seen.week():
        full_days = words.say_full_days(day)
        click.echo(f"  {day.day:%a %Y-%m-%d}  {words.say_day(day)}{full_days and f'; {full_days}'}")
    found = seen.back_test()
    click.echo("\nHow good that is")
    for line in (*map(words.say_error, found.itertuples()), words.say_worse(found), EXPLAINED):
        if line:
            click.echo(f"  {line}")
