"""Domain values as rows of the database, and back. Times are UTC in ISO 8601, of one width, so
that they sort as text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, time
from typing import Any, TypeAlias

import numpy as np

from parkcore.cameras.schedule import Schedule
from parkcore.domain import (
    LABELS,
    Box,
    CameraState,
    Correction,
    Detection,
    DetectorInfo,
    Failure,
    IpCamera,
    Lot,
    PartState,
    Photo,
    Said,
    Snapshot,
    Vehicles,
)
from parkcore.spaces.corrections import corrected, same_places
from parkcore.spaces.layout_files import read_layout
from parkcore.spaces.verdict import AreaCount, Judged, Judgement, SpaceState

Row: TypeAlias = dict[str, Any]


def snapshot_row(snapshot: Snapshot, recorded_at: datetime) -> Row:
    photo, detector = snapshot.photo, snapshot.detector
    return {
        "sha256": photo.sha256,
        "file": photo.file,
        "lot_id": photo.lot_id,
        "camera_id": photo.camera_id,
        "captured_at": to_text(photo.captured_at),
        "time_source": photo.time_source,
        "size_bytes": photo.size_bytes,
        "width": photo.width,
        "height": photo.height,
        **snapshot.vehicles.as_dict(),
        "model": detector.model,
        "model_version": detector.version,
        "confidence": detector.confidence,
        "imgsz": detector.imgsz,
        "milliseconds": snapshot.milliseconds,
        "note": snapshot.note,
        "recorded_at": to_text(recorded_at),
    }


def detection_rows(snapshot_id: int, snapshot: Snapshot) -> Iterator[Row]:
    for number, detection in enumerate(snapshot.detections or ()):
        yield {
            "snapshot_id": snapshot_id,
            "number": number,
            "label": detection.label,
            "confidence": detection.confidence,
            **dict(zip(("x1", "y1", "x2", "y2"), detection.box.as_tuple(), strict=True)),
        }


def to_lot(row: Row) -> Lot:
    return Lot(row["id"], row["name"], row["capacity"], bool(row["is_sample"]))


_NOW = "(select layout_id from judgements where snapshot_id = c.snapshot_id)"
CORRECTED = (
    "c.spaces corrected_spaces,"
    f" (select layout from layouts where id = c.layout_id and id <> {_NOW}) corrected_in,"
    f" (select layout from layouts where id = {_NOW} and id <> c.layout_id) judged_in"
)
"""What a person said of spaces, from corrections c; and where the photo is judged by another
layout by now, both layouts. `corrected_spaces` reads it."""

SNAPSHOTS = (
    f"select s.*, c.corrected_at, {CORRECTED}, "
    + ", ".join(f"c.{label} corrected_{label}" for label in LABELS)
    + " from snapshots s left join corrections c on c.snapshot_id = s.id"
)
"""Snapshots with what a person said of them; `to_snapshot` reads these rows."""


def to_snapshot(row: Row) -> Snapshot:
    return Snapshot(
        Photo(
            row["file"], row["sha256"], row["size_bytes"], row["width"], row["height"],
            to_time(row["captured_at"]), row["time_source"], row["lot_id"], row["camera_id"],
        ),
        Vehicles(**{label: row[label] for label in LABELS}),
        DetectorInfo(row["model"], row["model_version"], row["confidence"], row["imgsz"]),
        row["milliseconds"],
        note=row["note"] or "",
        id=row["id"],
        correction=to_correction(row),
        deleted_at=row["deleted_at"] and to_time(row["deleted_at"]),
    )  # fmt: skip


def correction_row(correction: Correction, now: datetime) -> Row:
    said = correction.vehicles
    counts: Row = dict(said.as_dict()) if said else dict.fromkeys(LABELS)
    spaces = json.dumps(dict(correction.spaces)) if correction.spaces else None
    return {**counts, "spaces": spaces, "corrected_at": to_text(now)}


def to_correction(row: Row) -> Correction | None:
    if row["corrected_at"] is None:
        return None
    counts = {label: row[f"corrected_{label}"] for label in LABELS}
    vehicles = None if None in counts.values() else Vehicles(**counts)
    return Correction(vehicles, corrected_spaces(row), to_time(row["corrected_at"]))


def corrected_spaces(row: Row) -> dict[str, Said]:
    """What a person said of spaces that are still where they were; the rest is kept for the day
    on which its layout judges the photo again."""
    said: dict[str, Said] = json.loads(row.get("corrected_spaces") or "{}")
    if said and row["corrected_in"] and row["judged_in"]:
        before, now = read_layout(row["corrected_in"]), read_layout(row["judged_in"])
        kept = same_places(before, now)
        return {name: state for name, state in said.items() if name in kept}
    return said


def to_detection(row: Row) -> Detection:
    return Detection(
        row["label"], row["confidence"], Box(row["x1"], row["y1"], row["x2"], row["y2"])
    )


def to_failure(row: Row) -> Failure:
    return Failure(
        row["file"], row["lot_id"], row["camera_id"], row["reason"], to_time(row["failed_at"]),
        row["attempts"], bool(row["in_storage"]), row["id"],
    )  # fmt: skip


def ip_camera_row(camera: IpCamera) -> Row:
    schedule = camera.schedule
    return {
        "lot_id": camera.lot_id,
        "camera_id": camera.id,
        "address": camera.address,
        "interval_s": float(schedule.interval_s),
        "start": schedule.start.isoformat("minutes"),
        "end": schedule.end.isoformat("minutes"),
        "weekdays": "".join(str(day) for day in sorted(schedule.weekdays)),
        "paused": int(camera.paused),
        "verify_tls": int(camera.verify_tls),
    }


def to_ip_camera(row: Row) -> IpCamera:
    schedule = Schedule(
        row["interval_s"],
        time.fromisoformat(row["start"]),
        time.fromisoformat(row["end"]),
        frozenset(map(int, row["weekdays"])),
    )
    return IpCamera(
        row["lot_id"], row["camera_id"], row["address"], schedule,
        bool(row["paused"]), bool(row["verify_tls"]),
    )  # fmt: skip


def camera_state_row(state: CameraState) -> Row:
    return {
        **{name: getattr(state, name) for name in CameraState.__slots__},
        **_texts(state, "last_success_at", "last_failure_at", "same_since"),
    }


def to_camera_state(row: Row) -> CameraState:
    return CameraState(**_times(row, "last_success_at", "last_failure_at", "same_since"))


_PART_TIMES = ("started_at", "seen_at", "last_success_at", "last_failure_at")


def part_state_row(state: PartState) -> Row:
    return {
        **{name: getattr(state, name) for name in PartState.__slots__},
        **_texts(state, *_PART_TIMES),
    }


def to_part_state(row: Row) -> PartState:
    return PartState(**_times(row, *_PART_TIMES))


def judged_row(judged: Judged) -> Row:
    judgement, moved = judged.judgement, judged.homography
    return {
        "layout_id": judged.layout_id,
        "judgement": json.dumps(asdict(judgement), separators=(",", ":")),
        "homography": None if moved is None else json.dumps(moved.tolist()),
        "note": judged.note,
        "second_opinion": judged.second_opinion or None,
    }


def figures_row(judgement: Judgement) -> Row:
    """What figures over many photos are made of; see the migration that made the columns."""
    told = [area for area in judgement.areas if area.vehicles is not None and area.capacity]
    in_areas = sum(area.vehicles or 0 for area in told) if told else None
    return {
        "states": "".join(space.state[0] for space in judgement.spaces),
        "in_areas": in_areas if judgement.has_places else judgement.counted,
        "area_room": sum(area.capacity or 0 for area in told),
    }


def to_judged(row: Row) -> Judged:
    data, moved = json.loads(row["judgement"]), row["homography"]
    judgement = Judgement(
        tuple(SpaceState(**each) for each in map(_unsaid, data["spaces"])),
        tuple(AreaCount(**each) for each in data["areas"]),
        tuple(data["outside"]),
        tuple(data["double"]),
        # earlier versions took for outside what counts where only areas are to be ignored
        data.get("unmarked", len(data["outside"])),
    )
    if said := corrected_spaces(row):
        judgement = corrected(judgement, said)
    homography = None if moved is None else np.array(json.loads(moved))
    by = row.get("second_opinion") or ""
    return Judged(row["layout_id"], judgement, homography, row["note"] or "", by)


def _unsaid(space: Row) -> Row:
    """0.5 is how earlier versions wrote that nothing can be told of a space."""
    return space | {"probability": None} if space["probability"] == 0.5 else space


def _texts(state: object, *names: str) -> Row:
    values = {name: getattr(state, name) for name in names}
    return {name: None if at is None else to_text(at) for name, at in values.items()}


def _times(row: Row, *names: str) -> Row:
    return row | {name: None if row[name] is None else to_time(row[name]) for name in names}


def to_text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def to_time(text: str) -> datetime:
    return datetime.fromisoformat(text)
