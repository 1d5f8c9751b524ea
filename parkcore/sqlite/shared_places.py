"""What more than one camera of a lot has marked: places of one name are one place."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field

from sqlite_utils import Database

from parkcore.history.rollups import Shared
from parkcore.sqlite.records import CORRECTED, Row, to_judged

_JUDGED = (
    f"select j.*, {CORRECTED} from judgements j"
    " left join corrections c on c.snapshot_id = j.snapshot_id where j.snapshot_id = ?"
)


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


def shared_on(db: Database, snapshot_id: int, names: frozenset[str]) -> Shared:
    """What a judged photo says of places that other cameras may see too."""
    cursor = db.execute(_JUDGED, [snapshot_id])
    columns = [column[0] for column in cursor.description]
    row: Row = dict(zip(columns, cursor.fetchone(), strict=True))
    judgement = to_judged(row).judgement
    labels = dict(
        db.execute(
            "select number, label from detections where snapshot_id = ?", [snapshot_id]
        ).fetchall()
    )
    spaces = [space for space in judgement.spaces if space.id in names]
    return Shared(
        {space.id: space.state for space in spaces},
        tuple(area for area in judgement.areas if area.id in names),
        {space.id: labels[space.vehicle] for space in spaces if space.vehicle in labels},
    )
