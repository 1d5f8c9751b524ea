"""The results in a model card: written by the command that measured them, never by hand."""

from __future__ import annotations

import os
import platform
import shlex
from collections.abc import Iterator, Sequence
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from parkcore.errors import OutputError
from parkcore.reports.whole_file import whole_file
from parkcore.settings import Settings

BEGIN, END = "<!-- results -->", "<!-- /results -->"
LIBRARIES = (
    "parkcore", "ultralytics", "ultralytics-opencv-headless", "torch", "openvino",
    "opencv-python-headless", "numpy", "scipy",
)  # fmt: skip


MEASURED_BY = (
    "model", "imgsz", "confidence", "street_model", "second_opinion", "eight_bit", "fit_size",
)  # fmt: skip
"""The settings that figures depend on."""


def provenance(arguments: Sequence[str], day: date, settings: Settings) -> dict[str, Any]:
    """What makes figures repeatable: the command with the settings that are not the defaults,
    wherever those were set, when, on what, with which versions."""
    words = ["parkcore", *_flags(settings), "evaluate", *map(_shortened, arguments)]
    return {
        "command": shlex.join(words),
        "date": day.isoformat(),
        "machine": machine(),
        "versions": {"python": platform.python_version(), **_versions()},
    }


def _flags(settings: Settings) -> Iterator[str]:
    for name in MEASURED_BY:
        value = getattr(settings, name)
        if value != Settings.model_fields[name].default:
            yield f"--{name.replace('_', '-')}={_shortened(str(value))}"


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


def write_card(path: Path, text: str, marks: tuple[str, str] = (BEGIN, END)) -> None:
    """Put a text between the marks of a model card, in place of what is there.

    Raises:
        OutputError: the card cannot be read or written, or has not both marks, once each.
    """
    before, after = around(path, marks)
    begin, end = marks
    with whole_file(path) as unfinished:
        unfinished.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")


def around(path: Path, marks: tuple[str, str] = (BEGIN, END)) -> tuple[str, str]:
    """What a model card says before and after its results.

    Raises:
        OutputError: the card cannot be read, or has not both marks, once each.
    """
    try:
        card = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise OutputError(f"the model card {path} cannot be read: {error}") from error
    begin, end = marks
    before, begins, rest = card.partition(begin)
    _, ends, after = rest.partition(end)
    if not (begins and ends) or begin in after or end in before + after:
        raise OutputError(
            f"{path} needs the marks {begin} and {end}, once each and in this order, for the"
            " results to go between"
        )
    return before, after
