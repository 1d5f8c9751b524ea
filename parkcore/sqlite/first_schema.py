"""The first migrations: lots, snapshots, cameras, layouts. None of them is ever edited."""

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
