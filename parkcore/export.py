"""Snapshots as plain rows: what `--json`, `--csv` and the app's downloads have in common."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from parkcore.domain import LABELS, Occupancy, Snapshot
from parkcore.ingest import Source
from parkcore.judgement import Judged
from parkcore.occupancy import Thresholds

HISTORY_COLUMNS = (
    "photo", "captured_at", "time_source", "lot", "camera", *LABELS, "total", "capacity", "rate",
    "level", "milliseconds", "model", "model_version",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Exporter:
    """Turns snapshots into rows, with times in the site's zone and rates as derived now.

    Args:
        capacities: per (lot, camera), as `Store.capacities` gives them.
    """

    capacities: dict[tuple[str, str], int | None]
    thresholds: Thresholds
    zone: tzinfo

    def occupancy(self, snapshot: Snapshot) -> Occupancy:
        """A snapshot's vehicles against the spaces that its camera sees."""
        photo = snapshot.photo
        return Occupancy(snapshot.vehicles, self.capacities.get((photo.lot_id, photo.camera_id)))

    def record(self, snapshot: Snapshot, judged: Judged | None = None) -> dict[str, Any]:
        """One snapshot as a JSON object; its detections where it has them, and its spaces where
        they were judged: then how full it is follows from them."""
        photo, occupancy = snapshot.photo, self.occupancy(snapshot)
        record = {
            "photo": photo.file,
            "captured_at": photo.captured_at.astimezone(self.zone).isoformat(),
            "time_source": photo.time_source,
            "lot": photo.lot_id,
            "camera": photo.camera_id,
            "vehicles": snapshot.vehicles.as_dict(),
            "total": snapshot.vehicles.total,
            "capacity": occupancy.capacity,
            "rate": None if occupancy.rate is None else round(occupancy.rate, 4),
            "level": self.thresholds.level(occupancy.rate),
        }
        if snapshot.detections is not None:
            record["detections"] = [
                {
                    "label": detection.label,
                    "confidence": round(detection.confidence, 4),
                    "box": [round(value, 1) for value in detection.box.as_tuple()],
                }
                for detection in snapshot.detections
            ]
        if judged is not None:
            record |= self._spaces(judged)
        return {**record, "milliseconds": round(snapshot.milliseconds, 1), "error": None}

    def _spaces(self, judged: Judged) -> dict[str, Any]:
        judgement = judged.judgement
        capacity = judgement.capacity
        is_told = any(space.state != "unknown" for space in judgement.spaces) or any(
            area.vehicles is not None for area in judgement.areas
        )
        rate = judgement.taken / capacity if capacity and is_told else None
        return {
            "capacity": capacity or None,
            "rate": None if rate is None else round(rate, 4),
            "level": self.thresholds.level(rate),
            "spaces": [
                {
                    "id": space.id,
                    "state": space.state,
                    "confidence": round(space.confidence, 4),
                    "reason": space.reason,
                }
                for space in judgement.spaces
            ],
            "areas": [
                {"id": area.id, "vehicles": area.vehicles, "capacity": area.capacity}
                for area in judgement.areas
            ],
            "occupied": judgement.occupied,
            "vacant": judgement.vacant,
            "unknown": judgement.unknown,
            "interval": list(judgement.interval),
            "outside": len(judgement.outside),
            "camera_moved": judged.note or None,
        }

    def history_record(self, snapshot: Snapshot) -> dict[str, Any]:
        """One row of the history: the record with what judged it."""
        detector = snapshot.detector
        return {
            **self.record(snapshot),
            "model": detector.model,
            "model_version": detector.version,
        }

    def csv(self, snapshots: Iterable[Snapshot]) -> str:
        """The history as CSV, a column per type of vehicle."""
        out = io.StringIO()
        writer = csv.DictWriter(out, HISTORY_COLUMNS, extrasaction="ignore")
        writer.writeheader()
        for snapshot in snapshots:
            record = self.history_record(snapshot)
            row = {**record, **record["vehicles"]}
            writer.writerow({key: _unformula(value) for key, value in row.items()})
        return out.getvalue()


def failed_record(photo: str, error: str, source: Source | None = None) -> dict[str, Any]:
    """The JSON object of a photo that could not be read: an error and no counts."""
    return {
        "photo": photo,
        "captured_at": None,
        "time_source": None,
        "lot": source and source.lot.id,
        "camera": source and source.camera_id,
        "vehicles": dict.fromkeys(LABELS),
        "total": None,
        "capacity": None,
        "rate": None,
        "level": None,
        "detections": [],
        "milliseconds": None,
        "error": error,
    }


def _unformula(value: Any) -> Any:
    """Keep spreadsheets from running a name such as `=cmd()` (OWASP, CSV injection)."""
    if isinstance(value, str) and value.lstrip().startswith(tuple("=+-@＝＋－＠")):
        return "'" + value
    return value
