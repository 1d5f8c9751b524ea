"""Parkcore's errors as a command's message and exit status 1."""

from __future__ import annotations

from typing import Any

import click

from parkcore.errors import ParkcoreError


class _Telling:
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)  # type: ignore[misc]
        except ParkcoreError as error:
            raise click.ClickException(str(error)) from error


class TellingCommand(_Telling, click.Command):
    """A command that tells errors by their text, without a traceback."""


class TellingGroup(_Telling, click.Group):
    """The same for all commands of a group."""
