"""The results in a model card: written by the command that measured them, never by hand."""

from __future__ import annotations

import os
import platform
import shlex
from collections.abc import Sequence
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from parkcore.errors import OutputError
from parkcore.reports.whole_file import whole_file

BEGIN, END = "<!-- results -->", "<!-- /results -->"
LIBRARIES = ("parkcore", "ultralytics", "ultralytics-opencv-headless", "torch", "numpy")


def provenance(arguments: Sequence[str], day: date) -> dict[str, Any]:
    """What makes figures repeatable: the command, when, on what, with which versions."""
    return {
        "command": shlex.join(["parkcore", "evaluate", *map(_shortened, arguments)]),
        "date": day.isoformat(),
        "machine": machine(),
        "versions": {"python": platform.python_version(), **_versions()},
    }


def _shortened(argument: str) -> str:
    """Without the folders of this machine: a set is known by its folder's name."""
    option, is_given, value = argument.rpartition("=")
    names = (
        Path(name).name if name.startswith(("/", "..", "~")) else name for name in value.split(",")
    )
    return f"{option}{is_given}{','.join(names)}"


def machine() -> str:
    """Cores and processor, without the machine's name."""
    return f"{os.cpu_count()} cores, {_processor()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names and names[0] else platform.machine()


def _versions() -> dict[str, str]:
    versions = {}
    for library in LIBRARIES:
        try:
            versions[library] = version(library)
        except PackageNotFoundError:  # run from its folder, not installed
            continue
    return versions


def section(result: dict[str, Any], tables: str) -> str:
    """The tables below what made them."""
    versions = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    return (
        f"Measured on {result['date']}, {result['machine']}; {versions}:\n\n"
        f"```sh\n{result['command']}\n```\n\n{tables}"
    )


def write_card(path: Path, text: str) -> None:
    """Put a text between the marks of a model card, in place of what is there.

    Raises:
        OutputError: the card cannot be read or written, or has not both marks, once each.
    """
    try:
        card = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise OutputError(f"the model card {path} cannot be read: {error}") from error
    before, begin, rest = card.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end) or BEGIN in after or END in before + after:
        raise OutputError(
            f"{path} needs the marks {BEGIN} and {END}, once each and in this order, for the"
            " results to go between"
        )
    with whole_file(path) as unfinished:
        unfinished.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")
