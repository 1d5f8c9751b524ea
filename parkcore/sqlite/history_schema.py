"""Migrations of the history: hours, corrections, keeping, runs. An applied one is never edited."""

import json
from typing import Any

from sqlite_utils import Database

from parkcore.sqlite.first_schema import migrations


@migrations()
def m004_hours_and_corrections(db: Database) -> None:
    # A snapshot that was deleted stays for a while, so that it can be brought back.
    db.table("snapshots", strict=True).add_column("deleted_at", str)
    db.execute("create index idx_snapshots_deleted on snapshots (deleted_at) where deleted_at > ''")
    # What a person says instead of what the machine saw; null where they say nothing.
    db.table("corrections", strict=True).create(
        {
            "snapshot_id": int,
            "car": int,
            "motorcycle": int,
            "bus": int,
            "truck": int,
            "spaces": str,
            "corrected_at": str,
        },
        pk="snapshot_id",
        not_null={"corrected_at"},
        foreign_keys=[("snapshot_id", "snapshots", "id")],
    )
    # Per space a letter, o v or u, in the order of the judgement, corrections included: figures
    # over many photos follow from these without reading the judgements.
    judgements = db.table("judgements", strict=True)
    judgements.add_column("states", str)
    judgements.add_column("in_areas", int)
    judgements.add_column("area_room", int)
    for snapshot_id, judgement in db.execute("select snapshot_id, judgement from judgements"):
        judgements.update(snapshot_id, _m004_figures(json.loads(judgement)))
    # The long text last: SQLite reads a row's columns in order, over many pages where it is long.
    judgements.transform(
        column_order=[
            "snapshot_id", "layout_id", "states", "in_areas", "area_room", "note", "homography",
        ]
    )  # fmt: skip
    # camera_id is '' for the lot itself, since is '' for always: old rates keep old capacities.
    db.table("capacities", strict=True).create(
        {"lot_id": str, "camera_id": str, "since": str, "capacity": int},
        pk=("lot_id", "camera_id", "since"),
    )
    db.execute(
        "insert into capacities select id, '', '', capacity from lots where capacity is not null"
        " union all select lot_id, id, '', capacity from cameras where capacity is not null"
    )
    db.execute(
        "create table hours (lot_id text not null, hour integer not null, photos integer not null,"
        " seen_s real not null, car_s real not null, motorcycle_s real not null,"
        " bus_s real not null, truck_s real not null, taken_s real not null,"
        " rated_s real not null, rate_s real not null, least integer, most integer, most_at real,"
        " highest_rate real, highest_rate_at real, held text not null,"
        " primary key (lot_id, hour)) strict, without rowid"
    )
    # What the hours are made with, and whether they were made of all that is recorded.
    db.execute(
        "create table hour_rules (hold_s real not null, phase_s integer not null,"
        " complete integer not null) strict"
    )
    db.execute("insert into hour_rules select 3600, 0, not exists (select 1 from snapshots)")
    # Before this moment a lot has no snapshots any more, only its hours.
    db.table("thinned", strict=True).create(
        {"lot_id": str, "until": str}, pk="lot_id", not_null={"until"}
    )


def _m004_figures(judgement: dict[str, Any]) -> dict[str, Any]:
    told = [area for area in judgement["areas"] if area["vehicles"] is not None]
    return {
        "states": "".join(space["state"][0] for space in judgement["spaces"]),
        "in_areas": sum(area["vehicles"] for area in told) if told else None,
        "area_room": sum(area["capacity"] or 0 for area in told),
    }


@migrations()
def m005_keeping_and_runs(db: Database) -> None:
    # When the file of a photo was removed, or found to be gone; null where it is still there.
    db.table("snapshots", strict=True).add_column("photo_gone_at", str)
    # How long what is kept, per lot; lot_id is '' for all lots without a rule of their own.
    # Null is for ever.
    db.table("retention", strict=True).create(
        {
            "lot_id": str,
            "photos_days": int,
            "photos_mb": int,
            "thumbnails_days": int,
            "snapshots_days": int,
            "corrected_too": int,
        },
        pk="lot_id",
        not_null={"corrected_too"},
    )
    # What was thinned last, per time; believed_at is the clock as far as it was believed.
    db.table("thinnings", strict=True).create(
        {"id": int, "at": str, "believed_at": str, "report": str},
        pk="id",
        not_null={"at", "believed_at", "report"},
    )
    # Photos judged again: what a run says of a snapshot, beside what is in use. After the run was
    # taken into use its rows hold what was there before.
    db.table("runs", strict=True).create(
        {
            "id": int,
            "created_at": str,
            "wanted": str,
            "layouts": str,
            "newest_snapshot": int,
            "model": str,
            "model_version": str,
            "confidence": float,
            "imgsz": int,
            "finished_at": str,
            "used_at": str,
        },
        pk="id",
        not_null={"created_at", "wanted", "layouts", "newest_snapshot"},
    )
    key = "snapshot_id integer not null, run_id integer not null"
    db.execute(
        f"create table run_snapshots ({key}, outcome text not null, car integer,"
        " motorcycle integer, bus integer, truck integer, model text, model_version text,"
        " confidence real, imgsz integer, milliseconds real, note text,"
        " primary key (snapshot_id, run_id)) strict, without rowid"
    )
    db.execute(
        f"create table run_detections ({key}, number integer not null, label text,"
        " confidence real, x1 real, y1 real, x2 real, y2 real,"
        " primary key (snapshot_id, run_id, number)) strict, without rowid"
    )
    db.execute(
        f"create table run_judgements ({key}, layout_id integer not null,"
        " judgement text not null, homography text, note text, states text, in_areas integer,"
        " area_room integer, primary key (snapshot_id, run_id)) strict, without rowid"
    )
