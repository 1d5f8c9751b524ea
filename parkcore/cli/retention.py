"""`keep`: for how long what is kept, what would go, and letting it go."""

from __future__ import annotations

import json
import logging
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from parkcore.cli.words import Name, one_line
from parkcore.errors import StoreError
from parkcore.settings import Settings

if TYPE_CHECKING:  # what these bring along would slow down every --help
    from parkcore.upkeep.retention import Retention, Thinning

log = logging.getLogger(__name__)

EVERY_LOT = "all lots without a rule of their own"


@click.group()
def keep() -> None:
    """Say for how long photos and snapshots are kept, and thin what is older.

    By default everything is kept for ever. Photos go first, then snapshots; the hours that were
    made of them stay, so that no figure of an hour, day or month changes.
    """


@keep.command("show")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def keep_show(settings: Settings, as_json: bool) -> None:
    """Show the rules, what was thinned last, and the size of the database."""
    from parkcore.upkeep.retention import KEEP_ALL
    from parkcore.wiring import read_store

    with read_store(settings) as store:
        rules, until = store.retention(), store.thinned_until()
        last, (size, free) = store.last_thinning(), store.file_bytes()
    if as_json:
        record = {
            "rules": {lot or "*": asdict(rule) for lot, rule in rules.items()},
            "only_hours_before": {lot: at.isoformat() for lot, at in until.items()},
            "last": last and {"ran_at": last[0].isoformat(), **last[1].record()},
            "database_bytes": size,
            "database_free_bytes": free,
        }
        click.echo(json.dumps(record))
        return
    for lot_id, rule in ({"": KEEP_ALL} | rules).items():
        click.echo(f"{one_line(lot_id) or EVERY_LOT}: {rule.said}")
    for lot_id, at in until.items():
        before = f"{at.astimezone(settings.zone):%Y-%m-%d %H:%M}"
        click.echo(f"{one_line(lot_id)}: only hours before {before}; they stay as they are")
    if last is not None:
        click.echo(f"last thinned {last[0].astimezone(settings.zone):%Y-%m-%d %H:%M}")
        for problem in last[1].problems:
            click.secho(f"→ {one_line(problem)}", fg="red", err=True)
    click.echo(f"database {size / 1e6:,.1f} MB, {free / 1e6:,.1f} MB of it free within the file")


def _limit(name: str, about: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(f"--{name}", type=click.IntRange(0), help=f"{about}; 0 for ever.")


@keep.command("set")
@click.option("--lot", "lot_id", type=Name("lot"), help="The rule of this lot; else of all others.")
@_limit("photos-days", "Days for which photos are kept in the storage folder")
@_limit("photos-mb", "Megabytes that photos may take, the oldest go first")
@_limit("thumbnails-days", "Days for which small photos are kept in the database")
@_limit("snapshots-days", "Days for which snapshots are kept; then only their hours")
@click.option(
    "--corrected-too/--keep-corrected",
    "corrected_too",
    default=None,
    help="Whether those go too that people put right (they can teach a model).",
)
@click.option("--remove", is_flag=True, help="Take the rule away.")
@click.option("--yes", is_flag=True, help="Do not ask, whatever the rule would take away.")
@click.pass_obj
def keep_set(
    settings: Settings, /, lot_id: str | None, remove: bool, yes: bool, **given: int | None
) -> None:
    """Change the rule of a lot, or that of all lots without one of their own.

    What is not named stays as it is. `parkcore serve` thins by the rules once a day; samples are
    only thinned by rules of their own.
    """
    from parkcore.upkeep.keeping import dry_run
    from parkcore.upkeep.retention import EVERY_LOT as EVERY
    from parkcore.upkeep.retention import KEEP_ALL
    from parkcore.wiring import open_storage, open_store

    if all(value is None for value in given.values()) and not remove:
        raise click.UsageError("nothing to set; `parkcore keep show` shows the rules")
    place = lot_id or EVERY
    with open_store(settings) as store:
        if lot_id is not None:
            store.lot(lot_id)
        rules = store.retention()
        rule = None if remove else _changed(rules.get(place, KEEP_ALL), given)
        others = {of: each for of, each in rules.items() if of != place}
        found = dry_run(
            store,
            open_storage(settings),
            at=datetime.now(UTC),
            rules=others if rule is None else others | {place: rule},
        )
        say_thinning(found, settings, "would go at the next run")
        if not yes and not found.is_nothing:
            click.confirm("Keep this rule?", abort=True)
        store.save_retention(place, rule)
    said = "rule removed" if rule is None else rule.said
    click.echo(f"{one_line(lot_id or '') or EVERY_LOT}: {said}")


def _changed(rule: Retention, given: dict[str, int | None]) -> Retention:
    limits = {name: value or None for name, value in given.items() if value is not None}
    if (corrected_too := given["corrected_too"]) is not None:
        limits["corrected_too"] = bool(corrected_too)
    try:
        return replace(rule, **limits)  # type: ignore[arg-type]
    except ValueError as error:
        raise click.UsageError(str(error)) from error


@keep.command("dry-run")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def keep_dry_run(settings: Settings, as_json: bool) -> None:
    """Say exactly what `keep apply` would take away; nothing is changed."""
    from parkcore.upkeep.keeping import dry_run
    from parkcore.wiring import open_storage, read_store

    with read_store(settings) as store:
        found = dry_run(store, open_storage(settings), at=datetime.now(UTC))
    if as_json:
        click.echo(json.dumps(found.record()))
    else:
        say_thinning(found, settings, "would go")


@keep.command("apply")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option(
    "--unattended",
    is_flag=True,
    help="As the service does it: no question, once in 20 hours, and a clock that leaps is not"
    " believed.",
)
@click.pass_obj
def keep_apply(settings: Settings, yes: bool, as_json: bool, unattended: bool) -> None:
    """Take away what is older than the rules allow; what was deleted 30 days ago, too.

    May be interrupted and repeated. Exit status: 0, 1 if something could not be deleted.
    """
    from parkcore.cli.service import log_to_terminal
    from parkcore.service.lock import only_one
    from parkcore.upkeep.keeping import dry_run, is_due, thin, thin_unattended
    from parkcore.wiring import open_storage, open_store

    if as_json and not (yes or unattended):
        raise click.UsageError("--json asks nothing, so it needs --yes")
    storage, now = open_storage(settings), datetime.now(UTC)
    with only_one(settings.db, "keep-apply"), open_store(settings) as store:
        if unattended:
            log_to_terminal("keep")
            if is_due(store, now):
                _log(thin_unattended(store, storage, now=now), settings)
            return
        if not yes:
            found = dry_run(store, storage, at=now)
            say_thinning(found, settings, "would go")
            if not found.is_nothing:
                click.confirm("Take this away for good?", abort=True)
        done = thin(store, storage, at=now)
    if as_json:
        click.echo(json.dumps(done.record()))
    else:
        say_thinning(done, settings, "gone")
    sys.exit(1 if done.problems else 0)


@keep.command("compact")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def keep_compact(settings: Settings, yes: bool) -> None:
    """Make the database's file smaller by what is free in it.

    Rarely needed: what is free in the file is used again by what comes. Others cannot write
    meanwhile, and as much room again is needed on the disk.
    """
    from parkcore.wiring import open_store

    with open_store(settings) as store:
        size, free = store.file_bytes()
        click.echo(f"{free / 1e6:,.1f} of {size / 1e6:,.1f} MB are free in the file")
        room = shutil.disk_usage(settings.db.absolute().parent).free
        if room < 1.1 * (size - free):
            raise StoreError(
                f"the disk of {settings.db} has {room / 1e6:,.0f} MB left, too little to write the"
                f" file anew ({(size - free) / 1e6:,.0f} MB); free some space first"
            )
        if not yes:
            click.confirm("Write the file anew?", abort=True)
        store.compact()
        click.echo(f"{store.file_bytes()[0] / 1e6:,.1f} MB now")


def say_thinning(found: Thinning, settings: Settings, how: str) -> None:
    for line in found.lines(settings.zone):
        click.echo(f"{one_line(line)} {how}" if line[-1] != "." else one_line(line))
    for problem in found.problems:
        click.secho(f"→ {one_line(problem)}", fg="red", err=True)
    if found.is_nothing:
        click.echo(f"nothing {how}")


def _log(done: Thinning, settings: Settings) -> None:
    for line in done.lines(settings.zone):
        log.info("%s", line)
    for problem in done.problems:
        log.warning("%s", problem)
