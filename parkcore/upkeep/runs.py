"""Photos judged again: which, by what, and what came of it. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from parkcore.domain import Detection, DetectorInfo, Snapshot, Vehicles
from parkcore.spaces.verdict import Judged
from parkcore.sqlite.filters import HistoryFilter

Outcome = Literal["judged", "gone", "unreadable"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which photos a run looks at, and by which version of their camera's layout."""

    lot_id: str | None = None
    camera_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    layout_version: int | None = None
    """None for the latest."""

    @property
    def which(self) -> HistoryFilter:
        return HistoryFilter(self.lot_id, self.camera_id, self.since, self.until)


@dataclass(frozen=True, slots=True)
class Run:
    """Photos judged again in one go, by one model and by layouts that stay the same all along."""

    id: int
    wanted: Wanted
    detector: DetectorInfo
    layouts: Mapping[tuple[str, str], int]
    """Per (lot, camera) the id of the layout."""
    newest_snapshot: int
    """Of what was recorded later nothing is judged."""
    created_at: datetime
    finished_at: datetime | None = None
    used_at: datetime | None = None
    outcomes: Mapping[Outcome, int] = field(default_factory=dict)

    @property
    def judged(self) -> int:
        return self.outcomes.get("judged", 0)


@dataclass(frozen=True, slots=True)
class Result:
    """What a run says of one snapshot."""

    snapshot_id: int
    outcome: Outcome
    detections: tuple[Detection, ...] = ()
    milliseconds: float = 0.0
    note: str = ""
    judged: Judged | None = None
    imgsz: int | None = None
    """The analysis size, where it is not the run's own."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the machine counted on a photo, and what it said of the marked places."""

    vehicles: Vehicles
    judged: Judged | None


@dataclass(frozen=True, slots=True)
class Pair:
    """A snapshot with what is in use and what the run has, whichever of them is the older."""

    snapshot: Snapshot
    in_use: Verdict
    beside: Verdict
