"""Hours made anew where snapshots change, within the transaction that changes them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlite_utils import Database

from parkcore.domain import LABELS
from parkcore.errors import StoreError
from parkcore.history.capacities import ALWAYS, LOT, Capacities
from parkcore.history.rollups import (
    HOUR_S,
    IN_SERVICE_S,
    Hour,
    Look,
    Segment,
    absences,
    hours,
    segments,
)
from parkcore.sqlite.records import Row, to_text
from parkcore.sqlite.shared_places import marked_places, shared_on

COLUMNS = (
    "lot_id", "hour", "photos", "seen_s", *(f"{label}_s" for label in LABELS), "taken_s",
    "rated_s", "rate_s", "least", "most", "most_at", "highest_rate", "highest_rate_at", "held",
)  # fmt: skip

_STANDING = "deleted_at is null"

LOOKS = (
    "select s.id, s.lot_id, s.captured_at, s.camera_id, "
    + ", ".join(f"coalesce(c.{label}, s.{label}) {label}" for label in LABELS)
    + ","
    " j.layout_id, j.states, j.in_areas, j.area_room from snapshots s"
    " left join corrections c on c.snapshot_id = s.id"
    " left join judgements j on j.snapshot_id = s.id"
)
"""What a look is made of; `to_look` reads these rows."""

_LOOKS = (
    f"{LOOKS} where s.lot_id = :lot and s.camera_id in (select id from cameras where lot_id = :lot)"
    " and s.captured_at >= :since and s.captured_at < :until and s.deleted_at is null"
    " order by s.captured_at, s.id"
)


def roll_around(db: Database, lot_id: str, camera_id: str, at: datetime) -> None:
    """Within a transaction: make anew the hours that a look counts in, or did before it went."""
    moment, hold_s = at.timestamp(), rules(db)[0]
    before = _neighbour(db, lot_id, camera_id, to_text(at), "<", "desc")
    after = _neighbour(db, lot_id, camera_id, to_text(at), ">", "asc")
    since, until = moment, moment + hold_s
    if before is not None and moment - before <= IN_SERVICE_S:
        since = min(since, before + hold_s)
    if after is not None and after - moment <= IN_SERVICE_S:
        until = after
    if before is None:  # from its first look on a camera is part of the lot
        until = max(until, math.inf if after is None else after)
    roll(db, lot_id, since, until)


def roll(db: Database, lot_id: str, since: float = -math.inf, until: float = math.inf) -> None:
    """Within a transaction: make anew the hours of a lot that overlap a stretch of time."""
    hold_s, phase_s = rules(db)
    first = max(_floor(since, phase_s), _thinned(db, lot_id, phase_s))
    end = _floor(until, phase_s) + HOUR_S
    db.execute(
        "delete from hours where lot_id = ? and hour >= ? and hour < ?", [lot_id, first, end]
    )
    looks, stretches = seen(db, lot_id, first - hold_s, end)
    made = hours(stretches, (look for look in looks if look.at >= first), phase_s=phase_s)
    db.conn.executemany(
        f"insert into hours ({', '.join(COLUMNS)}) values ({', '.join('?' * len(COLUMNS))})",
        (_hour_row(lot_id, hour) for hour in made if first <= hour.start < end),
    )


def freeze(db: Database, lot_id: str, before: datetime) -> None:
    """Within a transaction: leave the hours as they are in which looks before a moment count, so
    that these looks may go but for the newest of each camera.

    Raises:
        StoreError: the hours were not made of all that is recorded yet.
    """
    hold_s, phase_s = rules(db)
    if not db.execute("select complete from hour_rules").fetchone()[0]:
        raise StoreError("the hours are being made anew; thin the history when that is done")
    until = _text(-_floor(-(before.timestamp() + hold_s), -phase_s))
    db.execute(
        "insert into thinned values (?, ?) on conflict (lot_id)"
        " do update set until = max(until, excluded.until)",
        [lot_id, until],
    )


def seen(
    db: Database, lot_id: str, since: float, until: float
) -> tuple[list[Look], Iterator[Segment]]:
    """The looks of a stretch of time, and what of it is known of the lot."""
    hold_s, _ = rules(db)
    looks = list(_looks(db, lot_id, since, until))
    return looks, _segments(db, lot_id, looks, until, hold_s)


def stretches_of(
    db: Database, lot_id: str, since: float, until: float, hold_s: float
) -> tuple[list[Look], Iterator[Segment]]:
    """The looks that count in a stretch of time, and what follows from them."""
    looks = list(_looks(db, lot_id, since - hold_s, until))
    return looks, _segments(db, lot_id, looks, until, hold_s)


def _segments(
    db: Database, lot_id: str, looks: list[Look], until: float, hold_s: float
) -> Iterator[Segment]:
    begun = _begun(db, lot_id)
    absent: list[tuple[float, float]] = []
    if len(begun) > 1:
        times = [(look.camera_id, look.at) for look in looks]
        absent = absences(_with_neighbours(db, lot_id, begun, times, until), hold_s=hold_s)
    return segments(looks, absent, hold_s=hold_s, begun=sorted(begun.values()))


def _begun(db: Database, lot_id: str) -> dict[str, float]:
    """When each camera took its first photo; without those that took none, such as one that never
    answers: they see no part of the lot."""
    rows = db.execute(
        "select c.id, (select min(s.captured_at) from snapshots s where s.lot_id = c.lot_id"
        f" and s.camera_id = c.id and s.{_STANDING}) first from cameras c where c.lot_id = ?",
        [lot_id],
    )
    return {row[0]: datetime.fromisoformat(row[1]).timestamp() for row in rows if row[1]}


def _hour_row(lot_id: str, hour: Hour) -> list[Any]:
    held = [[taken, told, round(seconds, 3)] for (taken, told), seconds in hour.held.items()]
    return [
        lot_id, hour.start, hour.photos, hour.seen_s, *hour.vehicle_s, hour.taken_s, hour.rated_s,
        hour.rate_s, hour.least, hour.most, hour.most_at, hour.highest_rate, hour.highest_rate_at,
        json.dumps(held, separators=(",", ":")),
    ]  # fmt: skip


def _looks(db: Database, lot_id: str, since: float, until: float) -> Iterator[Look]:
    capacities = read_capacities(db, lot_id)
    rows = _dicts(db, _LOOKS, {"lot": lot_id, "since": _text(since), "until": _text(until)})
    places = marked_places(db, lot_id)
    for row in rows:
        look = to_look(row, capacities, lot_id)
        if _tells_of_places(row):
            marked = len(row["states"]) + places.rooms[row["layout_id"]]
            names = places.shared.get(row["layout_id"])
            shared = shared_on(db, row, names) if names else None
            look = replace(look, marked=marked, shared=shared)
        yield look


def to_look(row: Row, capacities: Capacities, lot_id: str) -> Look:
    """What a photo counts for by itself, against the places that its camera alone sees."""
    at, camera_id, states = (
        datetime.fromisoformat(row["captured_at"]),
        row["camera_id"],
        row["states"],
    )
    vehicles = tuple(row[label] for label in LABELS)
    own = capacities.own(lot_id, camera_id, at)
    look = Look(
        at.timestamp(), camera_id, vehicles, sum(vehicles), own, capacities.own(lot_id, LOT, at)
    )
    if states is None:
        return look
    if _tells_of_places(row):
        taken = states.count("o") + (row["in_areas"] or 0)
        return replace(look, taken=taken, told=_told(row))
    if row["in_areas"] is None:
        return replace(look, vehicles=None)
    return replace(look, taken=row["in_areas"])


def _tells_of_places(row: Row) -> bool:
    """Whether places are marked, of which something can be told; else vehicles are counted."""
    return row["states"] is not None and _told(row) > 0


def _told(row: Row) -> int:
    told: int = len(row["states"]) - row["states"].count("u") + row["area_room"]
    return told


def read_capacities(db: Database, lot_id: str | None = None) -> Capacities:
    """Within or without a transaction: the capacities of one lot, or of all."""
    chosen = "where (:lot is null or lot_id = :lot)"
    rows = db.execute(
        f"select lot_id, camera_id, since, capacity from capacities {chosen}", {"lot": lot_id}
    ).fetchall()
    cameras: dict[str, frozenset[str]] = {}
    with_photos = (
        f"select lot_id, id from cameras c {chosen} and exists (select 1 from snapshots s where"
        f" s.lot_id = c.lot_id and s.camera_id = c.id and s.{_STANDING})"
    )
    for lot, camera in db.execute(with_photos, {"lot": lot_id}):
        cameras[lot] = cameras.get(lot, frozenset()) | {camera}
    return Capacities.of(
        (
            (lot, camera, datetime.fromisoformat(since) if since else ALWAYS, capacity)
            for lot, camera, since, capacity in rows
        ),
        cameras,
    )


def _with_neighbours(
    db: Database, lot_id: str, cameras: Iterable[str], times: list[tuple[str, float]], end: float
) -> list[tuple[str, float]]:
    """The looks with, of each camera, the one before and the one after them."""
    found: list[tuple[str, float]] = []
    for camera_id in cameras:
        own = [each for each in times if each[0] == camera_id]
        edge = own[0][1] if own else end
        before = _neighbour(db, lot_id, camera_id, _text(edge), "<", "desc")
        after = _neighbour(db, lot_id, camera_id, _text(end), ">=", "asc")
        found += [(camera_id, before)] if before is not None else []
        found += own
        found += [(camera_id, after)] if after is not None else []
    return found


def _neighbour(
    db: Database, lot_id: str, camera_id: str, at: str, side: str, order: str
) -> float | None:
    row = db.execute(
        f"select captured_at from snapshots where lot_id = ? and camera_id = ? and captured_at"
        f" {side} ? and {_STANDING} order by captured_at {order} limit 1",
        [lot_id, camera_id, at],
    ).fetchone()
    return datetime.fromisoformat(row[0]).timestamp() if row else None


def rules(db: Database) -> tuple[float, int]:
    hold_s, phase_s = db.execute("select hold_s, phase_s from hour_rules").fetchone()
    return hold_s, phase_s


def _thinned(db: Database, lot_id: str, phase_s: int) -> float:
    """The first hour of a lot whose snapshots are all there."""
    row = db.execute("select until from thinned where lot_id = ?", [lot_id]).fetchone()
    if row is None:
        return -math.inf
    return -_floor(-datetime.fromisoformat(row[0]).timestamp(), -phase_s)


def _floor(at: float, phase_s: int) -> float:
    return at if math.isinf(at) else (at - phase_s) // HOUR_S * HOUR_S + phase_s


def _text(at: float) -> str:
    if math.isinf(at):
        return "" if at < 0 else "9"
    return to_text(datetime.fromtimestamp(at, UTC))


def _dicts(db: Database, sql: str, values: dict[str, Any]) -> Iterator[Row]:
    cursor = db.execute(sql, values)
    names = [column[0] for column in cursor.description]
    return (dict(zip(names, row, strict=True)) for row in cursor)
