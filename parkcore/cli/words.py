"""What several commands say, or understand, alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from parkcore.domain import Occupancy, Snapshot, Vehicles
from parkcore.names import check_name
from parkcore.settings import Settings

if TYPE_CHECKING:  # what these bring along would slow down every --help
    from parkcore.history.rollups import Look
    from parkcore.spaces.verdict import Judgement


def say_vehicles(vehicles: Vehicles) -> str:
    counts = ", ".join(f"{n} {label}" for label, n in vehicles.as_dict().items() if n)
    return f"{vehicles.total} vehicles" + (f" ({counts})" if counts else "")


def say_occupancy(occupancy: Occupancy, settings: Settings) -> str:
    """Counts, rate and level in one line; more vehicles than spaces is said, not clipped."""
    said = say_vehicles(occupancy.vehicles)
    if occupancy.rate is None or occupancy.free is None:
        return f"{said}, number of spaces not known"
    level = settings.thresholds.level(occupancy.rate)
    beyond = f", {-occupancy.free} more than there are spaces" if occupancy.free < 0 else ""
    return f"{said} for {occupancy.capacity} spaces, {occupancy.percent}%, {level}{beyond}"


def say_look(snapshot: Snapshot, look: Look, settings: Settings) -> str:
    """The same of a photo of the history: by its spaces, where they were judged."""
    told = look.told if look.vehicles is not None else None
    if not told or look.taken == snapshot.counted.total:
        return say_occupancy(Occupancy(snapshot.counted, told), settings)
    level = settings.thresholds.level(look.taken / told)
    return (
        f"{say_vehicles(snapshot.counted)}, {look.taken} of {told} spaces taken,"
        f" {100 * look.taken // told}%, {level}"
    )


def say_spaces(judgement: Judgement) -> str:
    """How many spaces are free and taken, in one line, and how sure that is."""
    if not judgement.spaces and not judgement.areas:
        counted = judgement.counted
        if counted is None:
            return "how many vehicles there are cannot be told"
        return f"{_vehicles(counted)}, those to be ignored left out"
    low, high = judgement.interval
    between = f"{low}–{high}" if low < high else f"{low}"
    unknown = f", {judgement.unknown} cannot be told" if judgement.unknown else ""
    beside = f", {_vehicles(len(judgement.outside))} in no space" if judgement.outside else ""
    said = []
    if judgement.spaces:
        said.append(
            f"{judgement.vacant} free, {judgement.occupied} taken ({between} of"
            f" {len(judgement.spaces)}){unknown}"
        )
    for area in judgement.areas:
        inside = "cannot be told" if area.vehicles is None else _vehicles(area.vehicles)
        room = f" of {area.capacity}" if area.capacity else ""
        said.append(f"{one_line(area.id)}: {inside}{room}")
    return ", ".join(said) + beside


def _vehicles(count: int) -> str:
    return "1 vehicle" if count == 1 else f"{count} vehicles"


def say_when(snapshot: Snapshot, settings: Settings) -> str:
    return f"{snapshot.photo.captured_at.astimezone(settings.zone):%Y-%m-%d %H:%M:%S}"


def one_line(text: str) -> str:
    """Text fit for a terminal, whatever a file's name may hold."""
    return "".join(c if c.isprintable() else "�" for c in text)


class Name(click.ParamType[str]):
    """The name of a lot or camera, which must be possible as that of a folder."""

    def __init__(self, kind: str) -> None:
        self.name = kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            check_name(self.name, value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        return str(value)
