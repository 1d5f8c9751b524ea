"""The history in SQLite: what is recorded, put right and deleted, with its hours kept in step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

from sqlite_utils import Database

from parkcore.domain import Correction, Lot, Snapshot
from parkcore.errors import StoreError
from parkcore.spaces.verdict import Judged
from parkcore.sqlite.check_store import CheckStore
from parkcore.sqlite.export_store import ExportStore
from parkcore.sqlite.file_store import FileStamp, FileStore, remember_file_row
from parkcore.sqlite.layout_store import LayoutStore, insert_judged, refresh_figures
from parkcore.sqlite.look_store import LookStore
from parkcore.sqlite.lot_store import insert_lot
from parkcore.sqlite.records import (
    SNAPSHOTS,
    Row,
    correction_row,
    detection_rows,
    snapshot_row,
    to_snapshot,
    to_text,
    to_time,
)
from parkcore.sqlite.reprocess_store import ReprocessStore
from parkcore.sqlite.retention_store import OF_A_SNAPSHOT, RetentionStore
from parkcore.sqlite.rolling import roll_around
from parkcore.sqlite.service_store import ServiceStore
from parkcore.sqlite.snapshot_store import SnapshotStore

__all__ = ["FileStamp", "Store"]


class Store(
    SnapshotStore,
    LayoutStore,
    LookStore,
    FileStore,
    ServiceStore,
    ExportStore,
    RetentionStore,
    ReprocessStore,
    CheckStore,
):
    """The history. Every method may raise `StoreError`, whose text says what to do."""

    def record(
        self,
        snapshot: Snapshot,
        thumbnail: bytes,
        *,
        lot: Lot,
        stamp: FileStamp | None = None,
        judged: Judged | None = None,
        supersedes: str | None = None,
    ) -> tuple[Snapshot, bool]:
        """Record a snapshot whole, or nothing of it.

        A photo whose content is known stays as it was recorded first.

        Args:
            lot: added with the snapshot where there is none of its id.
            stamp: of the photo's file, so that a scan need not read it again.
            judged: what it says of its camera's spaces; left out where these are gone by now.
            supersedes: the SHA-256 of the same file half written, whose snapshot goes.

        Returns:
            The snapshot as recorded, and whether it is new.
        """
        photo = snapshot.photo
        with self._write() as db:
            remember_file_row(db, photo.file, stamp, photo.sha256)
            db.execute("delete from failures where file = ?", [photo.file])
            known = _row(db, f"{SNAPSHOTS} where s.sha256 = ?", [photo.sha256])
            if known:
                return to_snapshot(known), False
            if supersedes is not None:
                _delete_snapshot(db, supersedes, only_of=photo.file)
            insert_lot(db, lot)
            db.execute(
                "insert or ignore into cameras (lot_id, id) values (?, ?)",
                [photo.lot_id, photo.camera_id],
            )
            snapshot_id = _insert_snapshot(db, snapshot, thumbnail)
            if (
                judged is not None
                and db.execute("select 1 from layouts where id = ?", [judged.layout_id]).fetchone()
            ):  # a sample's goes with the samples, also while one is looked at
                insert_judged(db, snapshot_id, judged)
            roll_around(db, photo.lot_id, photo.camera_id, photo.captured_at)
        return replace(snapshot, id=snapshot_id), True

    def correct(self, snapshot_id: int, correction: Correction | None) -> None:
        """Keep what a person says of a snapshot, instead of what they said before; None takes it
        back. What the machine saw stays as it is.

        Raises:
            StoreError: the snapshot is not there any more.
        """
        with self._write() as db:
            if not db.execute("select 1 from snapshots where id = ?", [snapshot_id]).fetchone():
                raise StoreError("the snapshot was removed meanwhile; nothing was corrected")
            db.execute("delete from corrections where snapshot_id = ?", [snapshot_id])
            if correction and (correction.vehicles or correction.spaces):
                row = correction_row(correction, datetime.now(UTC))
                db.table("corrections").insert({"snapshot_id": snapshot_id, **row})
                db.execute(
                    "update corrections set layout_id = (select layout_id from judgements"
                    " where snapshot_id = :id) where snapshot_id = :id",
                    {"id": snapshot_id},
                )
            refresh_figures(db, snapshot_id)
            _roll_around_ids(db, [snapshot_id])

    def delete(self, snapshot_ids: Sequence[int]) -> None:
        """Take snapshots out of the history; `restore` brings them back until they are purged."""
        self._mark_deleted(snapshot_ids, to_text(datetime.now(UTC)))

    def restore(self, snapshot_ids: Sequence[int]) -> None:
        """Bring deleted snapshots back."""
        self._mark_deleted(snapshot_ids, None)

    def _mark_deleted(self, snapshot_ids: Sequence[int], at: str | None) -> None:
        with self._write() as db:
            for snapshot_id in snapshot_ids:
                db.execute("update snapshots set deleted_at = ? where id = ?", [at, snapshot_id])
            _roll_around_ids(db, snapshot_ids)

    def purge(self, before: datetime) -> list[str]:
        """Remove for good what was deleted before a moment; their files are not read again.

        Returns:
            The files of their photos, which are left to the caller.
        """
        with self._write() as db:
            rows = db.execute(
                "select id, file from snapshots where deleted_at > '' and deleted_at < ?",
                [to_text(before)],
            ).fetchall()
            for snapshot_id, _ in rows:
                _remove_row(db, snapshot_id)
        return [file for _, file in rows]

    def delete_snapshots(self, sha256s: Sequence[str]) -> None:
        """Remove snapshots by content, with all that belongs to them, for good and at once."""
        with self._write() as db:
            for sha256 in sha256s:
                _delete_snapshot(db, sha256)
                db.execute("delete from files where sha256 = ?", [sha256])

    def save_judged(self, snapshot_id: int, judged: Judged) -> None:
        """Judge a photo anew, such as by a layout that was drawn after it was taken."""
        with self._write() as db:
            insert_judged(db, snapshot_id, judged)
            _roll_around_ids(db, [snapshot_id])

    def check(self) -> str:
        """SQLite's own verdict on the file: `ok`, or what is wrong."""
        return str(self._rows("pragma quick_check(1)")[0]["quick_check"])


def _roll_around_ids(db: Database, snapshot_ids: Sequence[int]) -> None:
    for snapshot_id in snapshot_ids:
        row = _row(
            db, "select lot_id, camera_id, captured_at from snapshots where id = ?", [snapshot_id]
        )
        if row:
            roll_around(db, row["lot_id"], row["camera_id"], to_time(row["captured_at"]))


def _insert_snapshot(db: Database, snapshot: Snapshot, thumbnail: bytes) -> int:
    row = snapshot_row(snapshot, datetime.now(UTC))
    snapshot_id = cast(int, db.table("snapshots").insert(row).last_pk)
    db.table("detections").insert_all(detection_rows(snapshot_id, snapshot))
    db.table("thumbnails").insert({"snapshot_id": snapshot_id, "jpeg": thumbnail})
    return snapshot_id


def _delete_snapshot(db: Database, sha256: str, *, only_of: str | None = None) -> None:
    row = _row(
        db, "select id, file, lot_id, camera_id, captured_at from snapshots where sha256 = ?",
        [sha256],
    )  # fmt: skip
    if row and only_of in (None, row["file"]):
        _remove_row(db, row["id"])
        roll_around(db, row["lot_id"], row["camera_id"], to_time(row["captured_at"]))


def _remove_row(db: Database, snapshot_id: int) -> None:
    for table in (*OF_A_SNAPSHOT, "checks"):
        db.execute(f"delete from {table} where snapshot_id = ?", [snapshot_id])
    db.execute("delete from snapshots where id = ?", [snapshot_id])


def _row(db: Database, sql: str, values: Sequence[Any]) -> Row | None:
    cursor = db.execute(sql, values)
    found = cursor.fetchone()
    if found is None:
        return None
    return dict(zip([column[0] for column in cursor.description], found, strict=True))
