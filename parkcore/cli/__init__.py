"""The command line: read, ask parkcore, print."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import click
from pydantic import SecretStr

from parkcore import __version__
from parkcore.cli.accuracy import accuracy
from parkcore.cli.cameras import camera
from parkcore.cli.evaluate import evaluate
from parkcore.cli.export import export
from parkcore.cli.forecast import forecast, what_if
from parkcore.cli.history import history
from parkcore.cli.layout import layout
from parkcore.cli.measure import doctor
from parkcore.cli.photos import analyse, scan
from parkcore.cli.report import report
from parkcore.cli.reprocess import reprocess
from parkcore.cli.retention import keep
from parkcore.cli.service import serve, status, watch
from parkcore.cli.setup import lot, samples
from parkcore.cli.spaces import spaces
from parkcore.cli.stats import stats
from parkcore.cli.told_errors import TellingGroup
from parkcore.cli.training import export_training, train
from parkcore.errors import SettingsError
from parkcore.settings import Settings, load


def _settings_options(command: Callable[..., None]) -> Callable[..., None]:
    """A flag for every setting, named in the help with its environment variable and default.

    Secrets have none: everybody on a machine can read a command's arguments.
    """
    for name, setting in reversed(Settings.model_fields.items()):
        if SecretStr in get_args(setting.annotation):
            continue
        default = "this machine's" if setting.default_factory else setting.default
        command = click.option(
            f"--{name.replace('_', '-')}",
            name,
            metavar="PATH" if setting.annotation is Path else "VALUE",
            help=f"{setting.description}  [PARKCORE_{name.upper()}; default: {default}]",
        )(command)
    return command


@click.group(cls=TellingGroup, context_settings={"help_option_names": ["-h", "--help"]})
@_settings_options
@click.version_option(__version__, prog_name="parkcore")
@click.pass_context
def cli(ctx: click.Context, /, **given: str | None) -> None:
    """How full is the car park? Counts vehicles in photos and keeps the history.

    Every setting can be given here, as PARKCORE_<NAME> in the environment, or in parkcore.toml
    (another file: PARKCORE_CONFIG); the first of them wins. Secrets have no flag:
    PARKCORE_API_TOKEN is what programs that send photos to the app must know.
    """
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    try:
        ctx.obj = load(**{name: value for name, value in given.items() if value is not None})
    except SettingsError as error:
        raise click.UsageError(str(error)) from error


for command in (
    *(analyse, scan, history, stats, lot, samples, doctor, evaluate),
    *(serve, watch, camera, layout, status, reprocess, keep, report, export),
    *(export_training, train, forecast, what_if, spaces, accuracy),
):
    cli.add_command(command)


def main() -> None:
    cli(prog_name="parkcore")
