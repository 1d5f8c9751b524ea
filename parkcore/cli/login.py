"""Where a camera's login comes from on the command line, and where it is kept."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from parkcore.settings import Settings

if TYPE_CHECKING:
    from parkcore.cameras.addresses import Login
    from parkcore.cameras.credentials import Credentials
    from parkcore.domain import IpCamera


def split(address: str) -> tuple[str, Login]:
    """The public part of an address, and the login that was written in it."""
    from parkcore.cameras.addresses import split_secrets

    try:
        public, login = split_secrets(address)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if login.password:
        click.secho(
            "a password in an argument can be read by everybody on this machine while the command"
            " runs; rather use --user, which asks for it, or --password-stdin",
            fg="yellow",
            err=True,
        )
    return public, login


def keep_login(
    settings: Settings,
    old: IpCamera | None,
    new: IpCamera,
    *,
    inside: Login,
    given: dict[str, Any],
) -> None:
    """Put what was given of the login aside; a password that was not given is asked for.

    A new camera, of which there is no `old` one, begins without a login.

    Args:
        inside: what was written in the address.
        given: what was said by `--user` and `--password-stdin`.
    """
    from parkcore.cameras.addresses import DROPPED, Login, is_elsewhere, lacks, still_valid
    from parkcore.wiring import open_credentials

    credentials = open_credentials(settings)
    user, password = given["user"] or inside.user, inside.password
    if user or password or given["password_stdin"]:
        _check_environment(credentials, new)
    if given["password_stdin"]:
        password = sys.stdin.readline().rstrip("\r\n")
    elif given["user"] and not password:
        password = click.prompt("Password", hide_input=True, default="", show_default=False)
    kept = credentials.kept(new.lot_id, new.id)
    before = still_valid(kept, old=old.address, new=new.address) if old else Login()
    after = replace(before, query=before.query | inside.query)
    if user or password:
        after = replace(after, user=user or before.user, password=password)
    if after != kept:
        credentials.put(new.lot_id, new.id, after)
    if old and is_elsewhere(old.address, new.address) and lacks(after, kept, new.address):
        click.secho(DROPPED, fg="yellow", err=True)


def _check_environment(credentials: Credentials, camera: IpCamera) -> None:
    from parkcore.cameras.credentials import variable

    if credentials.is_in_environment(camera.lot_id, camera.id):
        raise click.UsageError(
            f"the login of {camera.lot_id}/{camera.id} comes from the environment variable"
            f" {variable(camera.lot_id, camera.id)}; change it there"
        )
