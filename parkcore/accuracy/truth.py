"""What is known of a labelled photo: the truth that figures are measured against."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from parkcore.accuracy.photo_light import Light
from parkcore.domain import Box, Label
from parkcore.spaces.layout import Layout


@dataclass(frozen=True, slots=True)
class Truth:
    """One photo and what is known of it: its vehicles' boxes, or its spaces and which of them
    are occupied."""

    photo: Path
    boxes: tuple[Box, ...] = ()
    layout: Layout | None = None
    """The spaces of which it is known whether they are occupied."""
    occupied: tuple[bool, ...] = ()
    marked: Layout | None = None
    """All spaces that are marked, as the photo's camera is judged with."""
    imgsz: int | None = None
    """The analysis size that its camera has, where the set says it."""
    labels: tuple[Label, ...] = ()
    """The type of each box."""
    neutral: tuple[Box, ...] = ()
    """What is there is neither right nor wrong when it is found, such as rickshaws."""
    unlabelled: tuple[Label, ...] = ()
    """Vehicles of these types have no box."""
    is_complete: bool = True
    """Whether every vehicle of the other types has a box."""
    light: Light | None = None
    """None where the set does not say it."""
    view: str = ""
    """From where it was taken, where the set says it."""
