"""What is known of data sets besides their labels: which vehicles they leave unlabelled.

A TOML file with a table for each set, by the name of its folder:

    [nepal_street_vehicles]
    role = "train"                  # or "measure": wholly held back
    complete = false                # some vehicles have no box: precision cannot be told
    unlabelled = ["car"]            # of these types none has a box
    types = { tempo = "truck" }     # a name for its boxes that is not understood; "" for
                                    # what is neither right nor wrong when it is found
    light = "day"                   # of every photo, where its pixels do not tell
    view = "from a mast"            # from where its photos were taken
    rendered = true                 # drawn, not taken: left out of what all sets have together
    licence = "CC BY 4.0"
    source = "where it is from"
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from parkcore.accuracy.photo_light import Light
from parkcore.accuracy.vehicle_names import is_neutral, vehicle_type
from parkcore.domain import Label
from parkcore.errors import FolderError


@dataclass(frozen=True, slots=True)
class SetNotes:
    """What is known of one set."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # a slip of the pen would teach what measures

    role: Literal["train", "measure"] = "train"
    complete: bool = True
    unlabelled: tuple[Label, ...] = ()
    types: Mapping[str, Label | Literal[""]] = field(default_factory=dict)
    light: Light | None = None
    view: str = ""
    rendered: bool = False
    licence: str = ""
    source: str = ""

    def type_of(self, name: str) -> Label | None:
        """The type that a name for its boxes means; None for anything else."""
        return self.types[name] or None if name in self.types else vehicle_type(name)

    def is_neutral(self, name: str) -> bool:
        """Whether to detect what has this name is neither right nor wrong."""
        return self.types[name] == "" if name in self.types else is_neutral(name)


_NOTES = TypeAdapter(dict[str, SetNotes])


def read_notes(path: Path) -> dict[str, SetNotes]:
    """The notes on each set, by the name of its folder.

    Raises:
        FolderError: the file cannot be read or understood.
    """
    try:
        return _NOTES.validate_python(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FolderError(f"the notes on data sets {path} cannot be read: {error}") from error
    except ValidationError as error:
        [first, *_] = error.errors()
        where = ".".join(map(str, first["loc"]))
        raise FolderError(
            f"the notes on data sets {path} say {where} = {first['input']!r}: {first['msg']}"
        ) from error
