"""What more than one camera of a lot has marked: places of one name are one place."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from dataclasses import dataclass, field

from sqlite_utils import Database

from parkcore.domain import Label
from parkcore.history.rollups import Shared
from parkcore.spaces.verdict import AreaCount, State
from parkcore.sqlite.records import Row

log = logging.getLogger(__name__)

STATES: dict[str, State] = {"o": "occupied", "v": "vacant", "u": "unknown"}


@dataclass(frozen=True, slots=True)
class MarkedPlaces:
    """What a lot's layouts have marked."""

    rooms: dict[int, int] = field(default_factory=dict)
    """Per layout what its areas hold, of those that say so."""
    shared: dict[int, frozenset[str]] = field(default_factory=dict)
    """Per layout the names that another camera's have too, where there are any."""


def marked_places(db: Database, lot_id: str) -> MarkedPlaces:
    rows = db.execute("select id, camera_id, layout from layouts where lot_id = ?", [lot_id])
    rooms, names, cameras = {}, {}, defaultdict[str, set[str]](set)
    for layout_id, camera_id, text in rows.fetchall():
        layout = json.loads(text)
        areas = [area for area in layout["areas"] if area["kind"] == "count"]
        rooms[layout_id] = sum(area["capacity"] or 0 for area in areas)
        names[layout_id] = {place["id"] for place in (*layout["spaces"], *areas)}
        for name in names[layout_id]:
            cameras[name].add(camera_id)
    common = {name for name, seen_by in cameras.items() if len(seen_by) > 1}
    return MarkedPlaces(
        rooms, {each: frozenset(own & common) for each, own in names.items() if own & common}
    )


def shared_on(db: Database, row: Row, names: frozenset[str]) -> Shared:
    """What a judged photo says of places that other cameras may see too.

    Args:
        row: of `rolling.LOOKS`.
    """
    text = db.execute(
        "select judgement from judgements where snapshot_id = ?", [row["id"]]
    ).fetchone()
    if text is None:  # removed by another process in this moment
        return Shared()
    try:
        judgement = json.loads(text[0])
        spaces = zip(judgement["spaces"], row["states"], strict=True)
        known = {
            space["id"]: (STATES[s], space["vehicle"])
            for space, s in spaces
            if space["id"] in names
        }
        areas = [
            AreaCount(area["id"], area["vehicles"], area["capacity"])
            for area in judgement["areas"]
            if area["id"] in names
        ]
    except (ValueError, KeyError, TypeError) as error:
        log.warning("the judgement of snapshot %d cannot be read: %r", row["id"], error)
        return Shared()
    filled = {name: number for name, (state, number) in known.items() if state == "occupied"}
    labels = _labels(db, row["id"]) if any(n is not None for n in filled.values()) else {}
    return Shared(
        {name: state for name, (state, _) in known.items()},
        tuple(areas),
        {name: labels[number] for name, number in filled.items() if number in labels},
    )


def _labels(db: Database, snapshot_id: int) -> dict[int, Label]:
    return dict(
        db.execute(
            "select number, label from detections where snapshot_id = ?", [snapshot_id]
        ).fetchall()
    )
