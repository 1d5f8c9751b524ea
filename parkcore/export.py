"""Snapshots as plain rows: what `--json`, `--csv` and the app's downloads have in common."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from parkcore.domain import LABELS, Detection, Lot, Occupancy, Snapshot
from parkcore.history.capacities import Capacities
from parkcore.history.rollups import Look
from parkcore.ingest import Source
from parkcore.occupancy import LotState, Thresholds
from parkcore.spaces.verdict import Judged

HISTORY_COLUMNS = (
    "photo", "captured_at", "time_source", "lot", "camera", *LABELS, "total", "capacity", "rate",
    "level", "corrected", "milliseconds", "model", "model_version",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Exporter:
    """Turns snapshots into rows, with times in the site's zone and rates as derived now.

    Args:
        capacities: as `Store.capacity_history` gives them; each photo's rate is held against
            those of its time.
    """

    capacities: Capacities
    thresholds: Thresholds
    zone: tzinfo

    def occupancy(self, snapshot: Snapshot) -> Occupancy:
        """A snapshot's vehicles, as a person put them right where one did, against the spaces
        that its camera sees."""
        photo = snapshot.photo
        capacity = self.capacities.seen_by(photo.lot_id, photo.camera_id, photo.captured_at)
        return Occupancy(snapshot.counted, capacity)

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
            "vehicles": snapshot.counted.as_dict(),
            "total": snapshot.counted.total,
            "capacity": occupancy.capacity,
            "rate": None if occupancy.rate is None else round(occupancy.rate, 4),
            "level": self.thresholds.level(occupancy.rate),
        }
        if snapshot.detections is not None:
            record["detections"] = [_detection(each) for each in snapshot.detections]
        if judged is not None:
            record |= self._spaces(judged, occupancy.capacity)
            record["vehicles_outside"] = _outside(snapshot, judged)
        return {**record, "milliseconds": round(snapshot.milliseconds, 1), "error": None}

    def _spaces(self, judged: Judged, seen_by_camera: int | None) -> dict[str, Any]:
        judgement = judged.judgement
        capacity, rate = judgement.capacity or None, judgement.rate
        if not judgement.has_places and judgement.counted is not None:
            capacity = seen_by_camera
            rate = judgement.counted / capacity if capacity else None
        return {
            "capacity": capacity,
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
            "double_parked": len(judgement.double),
            "camera_moved": judged.note if judged.has_moved else None,
            "note": judged.note or None,
            "second_opinion": judged.second_opinion or None,
        }

    def lot_record(self, lot: Lot, state: LotState | None, *, is_stale: bool) -> dict[str, Any]:
        """How a lot stands now as a JSON object; its places null where their number is not known.

        Args:
            state: None where there is no photo of it yet.
            is_stale: whether it was seen too long ago to be taken for how it is now.
        """
        record: dict[str, Any] = {"lot": lot.id, "name": lot.name}
        record |= dict.fromkeys(
            ("capacity", "free", "taken", "unknown", "interval", "rate", "level", "vehicles",
             "total", "seen_at")
        )  # fmt: skip
        if state is not None:
            seen_at = max(view.seen_at for view in state.current)
            record["vehicles"] = state.vehicles.as_dict()
            record["total"] = state.vehicles.total
            record["seen_at"] = seen_at.astimezone(self.zone).isoformat()
        if state is not None and state.capacity is not None:
            record["capacity"] = state.capacity
            record["free"], record["taken"] = state.free, state.taken
            record["unknown"], record["interval"] = state.unknown, list(state.between)
            record["rate"] = None if state.rate is None else round(state.rate, 4)
            record["level"] = self.thresholds.level(state.rate)
        return {**record, "stale": is_stale}

    def history_record(self, snapshot: Snapshot, look: Look) -> dict[str, Any]:
        """One row of the history: the record with what judged it; how full it was by its spaces,
        where they were judged.

        Args:
            look: what the snapshot counts for, as `Store.looks` gives it.
        """
        detector = snapshot.detector
        told = look.told if look.vehicles is not None else None
        rate = look.taken / told if told else None
        return {
            **self.record(snapshot),
            "capacity": told,
            "rate": None if rate is None else round(rate, 4),
            "level": self.thresholds.level(rate),
            "corrected": snapshot.correction is not None,
            "model": detector.model,
            "model_version": detector.version,
        }

    def csv(self, looked_at: Iterable[tuple[Snapshot, Look]]) -> str:
        """The history as CSV, a column per type of vehicle."""
        return "".join(self.csv_lines(looked_at))

    def csv_lines(self, looked_at: Iterable[tuple[Snapshot, Look]]) -> Iterator[str]:
        """The same line by line, the heading first."""
        out = io.StringIO()
        writer = csv.DictWriter(out, HISTORY_COLUMNS, extrasaction="ignore")
        writer.writeheader()
        yield out.getvalue()
        for snapshot, look in looked_at:
            out.seek(0)
            out.truncate()
            record = self.history_record(snapshot, look)
            row = {**record, **record["vehicles"]}
            writer.writerow({key: unformula(value) for key, value in row.items()})
            yield out.getvalue()


def _detection(detection: Detection) -> dict[str, Any]:
    return {
        "label": detection.label,
        "confidence": round(detection.confidence, 4),
        "box": [round(value, 1) for value in detection.box.as_tuple()],
    }


def _outside(snapshot: Snapshot, judged: Judged) -> list[dict[str, Any]]:
    """The vehicles in no space and no area that are sure enough; see `Judgement.outside`."""
    judgement, seen = judged.judgement, snapshot.detections or ()
    return [
        {**_detection(seen[number]), "double_parked": number in judgement.double}
        for number in judgement.outside
        if number < len(seen)
    ]


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


def unformula(value: Any) -> Any:
    """Keep spreadsheets from running a name such as `=cmd()` (OWASP, CSV injection)."""
    if isinstance(value, str) and value.lstrip().startswith(tuple("=+-@＝＋－＠")):
        return "'" + value
    return value
