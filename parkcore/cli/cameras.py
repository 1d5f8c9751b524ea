"""`camera`: IP cameras that are asked for pictures on a schedule."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import click

from parkcore.cli.login import keep_login, split
from parkcore.cli.service import log_to_terminal
from parkcore.cli.words import Name, one_line
from parkcore.errors import CameraError
from parkcore.settings import Settings


@click.group()
def camera() -> None:
    """Add IP cameras, test them, and look at them on a schedule."""


def _place(command: Callable[..., None]) -> Callable[..., None]:
    command = click.argument("camera_id", metavar="CAMERA", type=Name("camera"))(command)
    return click.argument("lot_id", metavar="LOT", type=Name("lot"))(command)


def _schedule_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(
        (
            click.option("--every", help="The interval, such as 30s, 5m or 1h."),
            click.option("--hours", help="Only then, such as 07:00-21:30; '' for the whole day."),
            click.option("--weekdays", help="Only then, such as mon-fri or sat,sun; '' for all."),
            click.option("--user", help="The user that the camera knows."),
            click.option("--password-stdin", is_flag=True, help="Read the password from stdin."),
            click.option(
                "--verify-tls/--no-verify-tls",
                default=None,
                help="Whether the certificate of https and rtsps is checked.",
            ),
        )
    ):
        command = option(command)
    return command


@camera.command("add")
@_place
@click.argument("address")
@_schedule_options
@click.pass_obj
def camera_add(
    settings: Settings, /, lot_id: str, camera_id: str, address: str, **given: Any
) -> None:
    """Ask CAMERA of LOT for pictures at ADDRESS: http, https, rtsp or rtsps.

    A password in ADDRESS, or asked for where --user is given, goes into a file that only you may
    read, never into the database.
    """
    from parkcore.domain import IpCamera
    from parkcore.wiring import open_storage, open_store

    public, login = split(address)
    new = _with(IpCamera(lot_id, camera_id, public), given)
    with open_store(settings) as store:
        if any((each.lot_id, each.id) == (lot_id, camera_id) for each in store.ip_cameras()):
            raise click.UsageError(
                f"there is an IP camera {lot_id}/{camera_id} already; change it with: camera set"
            )
        is_known = any(lot.id == lot_id for lot in store.lots())
        lot = None if is_known else open_storage(settings).lot(lot_id)
        keep_login(settings, None, new, inside=login, given=given)
        store.save_ip_camera(new, lot)
    click.echo(f"added {lot_id}/{camera_id}: {new.address}, {new.schedule}")


@camera.command("set")
@_place
@click.option("--address", help="Another address.")
@_schedule_options
@click.pass_obj
def camera_set(
    settings: Settings, /, lot_id: str, camera_id: str, address: str | None, **given: Any
) -> None:
    """Change the address, the schedule or the login of a camera."""
    from parkcore.cameras.addresses import Login
    from parkcore.wiring import open_store

    with open_store(settings) as store:
        old, login = store.ip_camera(lot_id, camera_id), Login()
        public = old.address
        if address is not None:
            public, login = split(address)
        new = _with(replace(old, address=public), given)
        keep_login(settings, old, new, inside=login, given=given)
        store.save_ip_camera(new)
    click.echo(f"changed {lot_id}/{camera_id}: {new.address}, {new.schedule}")


@camera.command("pause")
@_place
@click.pass_obj
def camera_pause(settings: Settings, lot_id: str, camera_id: str) -> None:
    """Do not look at a camera until it is resumed."""
    _set_paused(settings, lot_id, camera_id, paused=True)


@camera.command("resume")
@_place
@click.pass_obj
def camera_resume(settings: Settings, lot_id: str, camera_id: str) -> None:
    """Look at a paused camera again."""
    _set_paused(settings, lot_id, camera_id, paused=False)


def _set_paused(settings: Settings, lot_id: str, camera_id: str, *, paused: bool) -> None:
    from parkcore.wiring import open_store

    with open_store(settings) as store:
        store.save_ip_camera(replace(store.ip_camera(lot_id, camera_id), paused=paused))
    click.echo(f"{'paused' if paused else 'resumed'} {lot_id}/{camera_id}")


@camera.command("remove")
@_place
@click.confirmation_option(prompt="Forget the address, schedule and login of this camera?")
@click.pass_obj
def camera_remove(settings: Settings, lot_id: str, camera_id: str) -> None:
    """Ask a camera no more. Its photos and their history stay."""
    from parkcore.cameras.addresses import Login
    from parkcore.wiring import open_credentials, open_store

    with open_store(settings) as store:
        if (lot_id, camera_id) not in store.unusable_ip_cameras():
            store.ip_camera(lot_id, camera_id)  # to say that there is none
        open_credentials(settings).put(lot_id, camera_id, Login())
        store.remove_ip_camera(lot_id, camera_id)
    click.echo(f"removed {lot_id}/{camera_id}")


@camera.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line and camera.")
@click.pass_obj
def camera_list(settings: Settings, as_json: bool) -> None:
    """List the IP cameras. Logins are shown as ***."""
    from parkcore.cameras.addresses import shown
    from parkcore.cameras.credentials import needs_escaping, variable
    from parkcore.wiring import open_credentials, read_store

    credentials = open_credentials(settings)
    with read_store(settings) as store:
        cameras = store.ip_cameras()
    for each in cameras:
        login = credentials.get(each.lot_id, each.id)
        address = shown(each.address, has_login=bool(login.user))
        if as_json:
            record = {
                "lot": each.lot_id,
                "camera": each.id,
                "address": address,
                "schedule": str(each.schedule),
                "interval_s": each.schedule.interval_s,
                "paused": each.paused,
                "verify_tls": each.verify_tls,
            }
            if needs_escaping(each.lot_id, each.id):
                record["login_variable"] = variable(each.lot_id, each.id)
            click.echo(json.dumps(record))
        else:
            paused = ", paused" if each.paused else ""
            place = one_line(f"{each.lot_id}/{each.id}")
            click.echo(f"{place}: {one_line(address)}, {each.schedule}{paused}")


@camera.command("test")
@_place
@click.pass_obj
def camera_test(settings: Settings, lot_id: str, camera_id: str) -> None:
    """Look at a camera once; say what each step took, or precisely what is wrong.

    Nothing is kept. Exit status: 0, 1 if there is no picture.
    """
    from parkcore.wiring import look_at, open_credentials, read_store

    with read_store(settings) as store:
        asked = store.ip_camera(lot_id, camera_id)
    login = open_credentials(settings).get(lot_id, camera_id)
    try:
        seen = look_at(settings, asked, login)
    except CameraError as error:
        click.secho(f"{lot_id}/{camera_id}: {error}", fg="red", err=True)
        sys.exit(1)
    steps = ", ".join(f"{step} {1000 * spent:.0f} ms" for step, spent in seen.seconds.items())
    height, width = seen.image.shape[:2]
    click.echo(f"{lot_id}/{camera_id}: {width} × {height} pixels; {steps}")


@camera.command("run")
@click.pass_obj
def camera_run(settings: Settings) -> None:
    """Look at all IP cameras on their schedules, until stopped.

    The pictures go into the storage folder, where `parkcore watch` finds them.
    """
    from datetime import timedelta

    from parkcore.cameras.rounds import Rounds, Rules
    from parkcore.service import stopping
    from parkcore.service.lock import only_one
    from parkcore.wiring import open_credentials, open_storage, open_store_unattended

    log_to_terminal("cameras")
    rules = Rules(
        settings.zone,
        settings.camera_timeout_s,
        timedelta(hours=settings.frozen_hours),
        settings.max_megapixels,
    )
    with only_one(settings.db, "camera-run"):
        stop = stopping.on_signals()
        stopping.with_supervisor(stop)
        credentials, storage = open_credentials(settings), open_storage(settings)
        Rounds(lambda: open_store_unattended(settings), storage, credentials, rules).run(stop)


def _with(old: Any, given: dict[str, Any]) -> Any:
    """The camera with what was given of its schedule and its TLS."""
    from parkcore.cameras.schedule import Schedule

    before = old.schedule
    try:
        fresh = Schedule.read(
            given["every"] or f"{before.interval_s:g}",
            given["hours"] or "",
            given["weekdays"] or "",
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if given["hours"] is None:
        fresh = replace(fresh, start=before.start, end=before.end)
    if given["weekdays"] is None:
        fresh = replace(fresh, weekdays=before.weekdays)
    verify = old.verify_tls if given["verify_tls"] is None else given["verify_tls"]
    return replace(old, schedule=fresh, verify_tls=verify)
