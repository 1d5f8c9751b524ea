"""The database's schema as numbered migrations. An applied one is never edited: add the next."""

import json
from typing import Any

from sqlite_utils import Database, Migrations

migrations = Migrations("parkcore")


@migrations()
def m001_lots_snapshots_failures(db: Database) -> None:
    db.table("lots", strict=True).create(
        {"id": str, "name": str, "capacity": int, "is_sample": int},
        pk="id",
        not_null={"name", "is_sample"},
        defaults={"is_sample": 0},
    )
    db.table("cameras", strict=True).create(
        {"lot_id": str, "id": str, "capacity": int},
        pk=("lot_id", "id"),
        foreign_keys=[("lot_id", "lots", "id")],
    )
    snapshots = db.table("snapshots", strict=True)
    snapshots.create(
        {
            "id": int,
            "sha256": str,
            "file": str,
            "lot_id": str,
            "camera_id": str,
            "captured_at": str,
            "time_source": str,
            "size_bytes": int,
            "width": int,
            "height": int,
            "car": int,
            "motorcycle": int,
            "bus": int,
            "truck": int,
            "model": str,
            "model_version": str,
            "confidence": float,
            "imgsz": int,
            "milliseconds": float,
            "note": str,
            "recorded_at": str,
        },
        pk="id",
        not_null={
            "sha256", "file", "lot_id", "camera_id", "captured_at", "time_source",
            "car", "motorcycle", "bus", "truck",
        },
        foreign_keys=[("lot_id", "lots", "id")],
    )  # fmt: skip
    snapshots.create_index(["sha256"], unique=True)
    snapshots.create_index(["lot_id", "camera_id", "captured_at"])
    snapshots.create_index(["captured_at"])
    db.table("detections", strict=True).create(
        {
            "snapshot_id": int,
            "number": int,
            "label": str,
            "confidence": float,
            "x1": float,
            "y1": float,
            "x2": float,
            "y2": float,
        },
        pk=("snapshot_id", "number"),
        foreign_keys=[("snapshot_id", "snapshots", "id")],
    )
    db.table("thumbnails", strict=True).create(
        {"snapshot_id": int, "jpeg": bytes},
        pk="snapshot_id",
        foreign_keys=[("snapshot_id", "snapshots", "id")],
    )
    failures = db.table("failures", strict=True)
    failures.create(
        {
            "id": int,
            "file": str,
            "lot_id": str,
            "camera_id": str,
            "reason": str,
            "failed_at": str,
            "attempts": int,
            "in_storage": int,
        },
        pk="id",
        not_null={"file", "reason", "failed_at", "attempts", "in_storage"},
    )
    failures.create_index(["file"], unique=True)
    # What a scan has read already, so that it need not hash every file again. sha256 is null
    # where the file could not be read.
    db.table("files", strict=True).create(
        {"file": str, "size_bytes": int, "mtime_ns": int, "sha256": str}, pk="file"
    )


@migrations()
def m002_ip_cameras_and_service(db: Database) -> None:
    # An address never holds a login: those are kept outside the database.
    db.table("ip_cameras", strict=True).create(
        {
            "lot_id": str,
            "camera_id": str,
            "address": str,
            "interval_s": float,
            "start": str,
            "end": str,
            "weekdays": str,
            "paused": int,
            "verify_tls": int,
        },
        pk=("lot_id", "camera_id"),
        not_null={"address", "interval_s", "start", "end", "weekdays", "paused", "verify_tls"},
    )
    db.table("camera_states", strict=True).create(
        {
            "lot_id": str,
            "camera_id": str,
            "last_success_at": str,
            "last_failure_at": str,
            "last_failure": str,
            "failures_in_row": int,
            "milliseconds": float,
            "fingerprint": bytes,
            "same_since": str,
        },
        pk=("lot_id", "camera_id"),
    )
    db.table("parts", strict=True).create(
        {
            "name": str,
            "pid": int,
            "started_at": str,
            "seen_at": str,
            "queue": int,
            "last_success_at": str,
            "last_failure_at": str,
            "last_failure": str,
            "note": str,
            "fault": str,
        },
        pk="name",
    )


@migrations()
def m003_layouts_and_judgements(db: Database) -> None:
    layouts = db.table("layouts", strict=True)
    layouts.create(
        {
            "id": int,
            "lot_id": str,
            "camera_id": str,
            "version": int,
            "created_at": str,
            "layout": str,
            "reference": bytes,
        },
        pk="id",
        not_null={"lot_id", "camera_id", "version", "created_at", "layout"},
    )
    layouts.create_index(["lot_id", "camera_id", "version"], unique=True)
    # The raw look: what one photo says by itself. What is settled over time follows from it.
    judgements = db.table("judgements", strict=True)
    judgements.create(
        {
            "snapshot_id": int,
            "layout_id": int,
            "judgement": str,
            "homography": str,
            "note": str,
        },
        pk="snapshot_id",
        not_null={"layout_id", "judgement"},
        foreign_keys=[("snapshot_id", "snapshots", "id"), ("layout_id", "layouts", "id")],
    )


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


NAMES = frozenset(name for name in list(globals()) if name.startswith("m0"))
"""The migrations that this Parkcore knows."""
