"""`serve`, `watch` and `status`: Parkcore without anybody at it."""

from __future__ import annotations

import json
import logging
import sys
from datetime import datetime
from pathlib import Path

import click

from parkcore.cli.words import one_line
from parkcore.errors import SettingsError
from parkcore.settings import Settings

APP = "streamlit_app.py"


def log_to_terminal(part: str) -> None:
    """One line an event, with its time, for terminals and journals."""
    form = f"%(asctime)s {part}: %(message)s"
    logging.basicConfig(format=form, datefmt="%Y-%m-%d %H:%M:%S", force=True)
    logging.getLogger("parkcore").setLevel(logging.INFO)


@click.command()
@click.pass_obj
def watch(settings: Settings) -> None:
    """Analyse every photo that arrives in the storage folder, until stopped.

    What is there already and not known yet is read first. Ctrl+C or SIGTERM ends it after the
    photo in hand.
    """
    from parkcore.ingest import Outcome
    from parkcore.service import stopping
    from parkcore.service.lock import only_one
    from parkcore.service.watcher import Watcher
    from parkcore.wiring import (
        make_analyser,
        note_in_hand,
        open_storage,
        open_store_unattended,
    )

    log_to_terminal("watch")
    log = logging.getLogger("parkcore.service.watch")

    def say(outcome: Outcome) -> None:
        if outcome.status == "failed":
            log.warning("%s: %s", outcome.source.said, outcome.reason)
        elif outcome.status == "new" and outcome.snapshot:
            log.info("%s: %d vehicles", outcome.source.said, outcome.snapshot.vehicles.total)

    with only_one(settings.db, "watch"):
        stop = stopping.on_signals()
        stopping.with_supervisor(stop)
        watcher = Watcher(
            open_storage(settings),
            make_analyser(settings),
            lambda: open_store_unattended(settings),
            mode=settings.watch,
            in_hand=note_in_hand(settings),
            on_outcome=say,
        )
        watcher.run(stop)


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="The app's port; else 8501.")
@click.option("--address", help="The address that the app listens at; else this machine alone.")
@click.option("--app/--no-app", "with_app", default=True, help="With or without the web app.")
@click.pass_context
def serve(ctx: click.Context, port: int | None, address: str | None, with_app: bool) -> None:
    """Run everything: the web app, the watcher and the cameras' schedule.

    Each is started again when it ends. Once a day what is older than `keep` allows is thinned.
    Every Monday and on the first of the month reports go to the folder PARKCORE_REPORTS.
    Ctrl+C or SIGTERM stops them all. One service a database.
    """
    from parkcore.service import stopping
    from parkcore.service.lock import only_one
    from parkcore.service.serve import Chore, Part, supervise
    from parkcore.wiring import open_store

    settings: Settings = ctx.obj
    parkcore = [sys.executable, "-m", "parkcore"]
    environment = _given(ctx)
    parts = [
        Part("watcher", [*parkcore, "watch"], environment),
        Part("cameras", [*parkcore, "camera", "run"], environment),
        Chore("keep", [*parkcore, "keep", "apply", "--unattended"], environment),
    ]
    if settings.reports is not None:
        due = [*parkcore, "report", "--due"]
        parts.append(Chore("reports", due, environment, first_s=60, every_s=3600))
    if with_app:
        parts.insert(0, Part("app", _app_command(port, address), environment))
    log_to_terminal("serve")
    with only_one(settings.db, "serve"):
        if not settings.db.exists():  # later a missing folder is a drive that is not mounted
            settings.storage.mkdir(parents=True, exist_ok=True)
        open_store(settings).close()  # a database that cannot be used is said once, and here
        supervise(parts, stopping.on_signals())


def _given(ctx: click.Context) -> dict[str, str]:
    """The flags of this command line, as the environment of the parts."""
    given = ctx.parent.params if ctx.parent else {}
    return {
        f"PARKCORE_{name.upper()}": str(value)
        for name, value in given.items()
        if value is not None and name in Settings.model_fields
    }


def _app_command(port: int | None, address: str | None) -> list[str]:
    command = [sys.executable, "-m", "streamlit", "run", str(_find_app())]
    for option, value in (("--server.port", port), ("--server.address", address)):
        if value is not None:
            command += [option, str(value)]
    return command


def _find_app() -> Path:
    for folder in (Path.cwd(), Path(__file__).parents[2]):
        if (folder / APP).is_file():
            return folder / APP
    raise SettingsError(
        f"{APP} is not here; start in the folder of the repository, or leave the app out with"
        " --no-app"
    )


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def status(settings: Settings, as_json: bool) -> None:
    """Say how the watcher, the cameras and the disk are doing.

    Exit status: 0, 1 if something needs to be seen to.
    """
    from parkcore.service.camera_health import say_age
    from parkcore.service.health import examine
    from parkcore.wiring import read_store

    with read_store(settings) as store:
        health = examine(store, settings)
    if as_json:
        click.echo(json.dumps(health.record(), indent=2))
        sys.exit(0 if health.ok else 1)
    colours = {"ok": "green", "off": None, "stale": "yellow", "failing": "red"}
    for part in health.parts:
        queue = f", {part.state.queue} waiting" if part.state and part.state.queue else ""
        click.echo(f"{part.name}: {click.style(part.said, fg=colours[part.level])}{queue}")
        if part.state is not None:
            _say_last(part.state.last_success_at, part.state.last_failure_at,
                      part.state.last_failure, settings)  # fmt: skip
    for camera in health.cameras:
        place = one_line(f"{camera.lot_id}/{camera.camera_id}")
        age = camera.age_s(health.at)
        picture = "no picture yet" if age is None else f"last picture {say_age(age)} old"
        said = click.style(one_line(camera.said), fg=colours[camera.level])
        click.echo(f"camera {place}: {said}; {picture}, {camera.photos_last_hour} an hour")
        _say_last(camera.last_success_at, camera.last_failure_at, camera.last_failure, settings)
    free = "?" if health.disk_free_bytes is None else f"{health.disk_free_bytes / 1e9:,.1f} GB"
    click.echo(
        f"{health.snapshots:,} snapshots, {health.photos_last_hour} of the last hour,"
        f" {health.failures} photos could not be read; database"
        f" {health.database_bytes / 1e6:,.1f} MB, {free} free"
    )
    for problem in health.problems:
        click.secho(f"→ {one_line(problem)}", fg="red", err=True)
    sys.exit(0 if health.ok else 1)


def _say_last(
    success: datetime | None, failure: datetime | None, reason: str, settings: Settings
) -> None:
    if success is not None:
        click.echo(f"  last success {success.astimezone(settings.zone):%Y-%m-%d %H:%M:%S}")
    if failure is not None:
        at = f"{failure.astimezone(settings.zone):%Y-%m-%d %H:%M:%S}"
        click.echo(f"  last failure {at}: {one_line(reason)}")
