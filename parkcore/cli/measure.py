"""`doctor`: is the installation in order?"""

from __future__ import annotations

import sys

import click

from parkcore.settings import Settings, toml_file


@click.command()
@click.pass_obj
def doctor(settings: Settings) -> None:
    """Check model, database, folders and set-up; say what to do about each fault.

    Exit status: 0, 1 if there is a fault.
    """
    from parkcore.doctor import examine

    is_there = toml_file().is_file()
    click.echo(f"settings file: {toml_file()}{'' if is_there else ' (none; defaults are used)'}")
    faults = 0
    for check in examine(settings):
        sign, colour = ("✓", "green") if check.ok else ("✗", "red")
        click.echo(f"{click.style(sign, fg=colour)} {check.name}: {check.found}")
        if not check.ok:
            faults += 1
            click.echo(f"  → {check.advice}")
    sys.exit(1 if faults else 0)
