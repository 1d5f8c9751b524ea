"""What columns the tables of the history have.

Each column has two names. `name` is for programs (JSON, Parquet) and `heading` for people (CSV,
Excel); both say the unit. A share is 0..1 for programs and percent for people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import pandas as pd

from parkcore.domain import LABELS

Kind: TypeAlias = Literal["text", "whole", "number", "share", "truth", "time", "utc"]
TableName: TypeAlias = Literal["snapshots", "hours", "spaces"]

_ZONE = "{zone}"


@dataclass(frozen=True, slots=True)
class Column:
    """A column. A `utc` one repeats the time of that name for people, whose wall clock has an hour
    twice in autumn; for programs the time itself is enough."""

    name: str
    heading_form: str
    kind: Kind

    def heading(self, zone: str) -> str:
        """
        Args:
            zone: the name of the site's zone.
        """
        return self.heading_form.replace(_ZONE, zone)


_WORDS = {"car": "Cars", "motorcycle": "Motorcycles", "bus": "Buses", "truck": "Trucks"}


def _place(at: str, said: str) -> tuple[Column, ...]:
    return (
        Column(at, f"{said} ({_ZONE})", "time"),
        Column(at, f"{said} (UTC)", "utc"),
        Column("lot", "Lot", "text"),
        Column("lot_name", "Name of the lot", "text"),
    )


COLUMNS: dict[TableName, tuple[Column, ...]] = {
    "snapshots": (
        *_place("taken_at", "Taken"),
        Column("camera", "Camera", "text"),
        *(Column(label, _WORDS[label], "whole") for label in LABELS),
        Column("vehicles", "Vehicles", "whole"),
        Column("corrected", "Corrected by hand", "truth"),
        Column("seen", "Vehicles that the machine saw", "whole"),
        Column("taken", "Places taken", "whole"),
        Column("places", "Places that could be told", "whole"),
        Column("rate", "Occupancy (%)", "share"),
        Column("level", "Level", "text"),
        Column("vacant", "Spaces free", "whole"),
        Column("unknown", "Spaces that cannot be told", "whole"),
        Column("photo", "Photo", "text"),
        Column("time_source", "Time from", "text"),
        Column("milliseconds", "Analysis (ms)", "number"),
        Column("model", "Model", "text"),
        Column("model_version", "Version of the model", "text"),
        Column("confidence", "Confidence from (0..1)", "number"),
        Column("note", "Note", "text"),
        Column("snapshot", "Snapshot", "whole"),
    ),
    "hours": (
        *_place("hour_at", "Hour from"),
        Column("photos", "Photos", "whole"),
        Column("seen_s", "Seen (s)", "number"),
        Column("mean_taken", "Places taken, mean", "number"),
        Column("mean_rate", "Mean occupancy (%)", "share"),
        Column("least", "Fewest taken", "whole"),
        Column("most", "Most taken", "whole"),
        Column("most_at", f"Most taken at ({_ZONE})", "time"),
        Column("highest_rate", "Highest occupancy (%)", "share"),
        Column("highest_rate_at", f"Highest occupancy at ({_ZONE})", "time"),
        *(Column(f"mean_{label}", f"{_WORDS[label]}, mean", "number") for label in LABELS),
    ),
    "spaces": (
        *_place("taken_at", "Taken"),
        Column("camera", "Camera", "text"),
        Column("space", "Space", "text"),
        Column("state", "State", "text"),
        Column("confidence", "Confidence (%)", "share"),
        Column("corrected", "Corrected by hand", "truth"),
        Column("seen_state", "State that the machine saw", "text"),
        Column("reason", "Reason", "text"),
        Column("photo", "Photo", "text"),
        Column("snapshot", "Snapshot", "whole"),
    ),
}


def shown(values: pd.Series[Any], kind: Kind) -> pd.Series[Any]:
    """Figures as people get them: shares in percent, and no more digits than mean something."""
    if kind == "share":
        return (100 * values).round(2)
    return values.round(4) if kind == "number" else values
