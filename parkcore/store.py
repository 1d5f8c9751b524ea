"""The history in SQLite: snapshots, failures and the files that were read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

from sqlite_utils import Database

from parkcore.domain import LABELS, Detection, Failure, Lot, Snapshot
from parkcore.filters import EVERYTHING, HistoryFilter, where
from parkcore.judgement import Judged
from parkcore.layout_store import LayoutStore, insert_judged
from parkcore.lot_store import LotStore, insert_lot
from parkcore.records import (
    Row,
    detection_rows,
    snapshot_row,
    to_detection,
    to_failure,
    to_snapshot,
    to_text,
)
from parkcore.service_store import ServiceStore

LIVE_MIN = 15
"""Minutes from taking to recording within which a photo came live."""


@dataclass(frozen=True, slots=True)
class FileStamp:
    """What tells, without reading it, that a file has not changed."""

    size_bytes: int
    mtime_ns: int


class Store(LotStore, LayoutStore, ServiceStore):
    """The history. Every method may raise `StoreError`, whose text says what to do."""

    # -- snapshots ------------------------------------------------------------------------

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
            judged: what it says of its camera's spaces.
            supersedes: the SHA-256 of the same file half written, whose snapshot goes.

        Returns:
            The snapshot as recorded, and whether it is new.
        """
        photo = snapshot.photo
        with self._write() as db:
            _remember_file(db, photo.file, stamp, photo.sha256)
            db.execute("delete from failures where file = ?", [photo.file])
            known = _row(db, "select * from snapshots where sha256 = ?", [photo.sha256])
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
            if judged is not None:
                insert_judged(db, snapshot_id, judged)
        return replace(snapshot, id=snapshot_id), True

    def known(self, sha256: str) -> Snapshot | None:
        """The snapshot of a photo by its content."""
        rows = self._rows("select * from snapshots where sha256 = ?", [sha256])
        return to_snapshot(rows[0]) if rows else None

    def snapshot(self, snapshot_id: int) -> Snapshot | None:
        """One snapshot with its detections."""
        rows = self._rows("select * from snapshots where id = ?", [snapshot_id])
        if not rows:
            return None
        detections = self._rows(
            "select * from detections where snapshot_id = ? order by number", [snapshot_id]
        )
        return replace(to_snapshot(rows[0]), detections=tuple(map(to_detection, detections)))

    def snapshots(
        self,
        which: HistoryFilter = EVERYTHING,
        *,
        limit: int | None = None,
        offset: int = 0,
        newest_first: bool = True,
    ) -> list[Snapshot]:
        """Snapshots without their detections, by capture time."""
        condition, values = where(which)
        order = "desc" if newest_first else "asc"
        rows = self._rows(
            f"select * from snapshots where {condition}"
            f" order by captured_at {order}, id {order} limit :limit offset :offset",
            {**values, "limit": -1 if limit is None else limit, "offset": offset},
        )
        return [to_snapshot(row) for row in rows]

    def counts(self, which: HistoryFilter = EVERYTHING) -> list[dict[str, Any]]:
        """Per snapshot `captured_at` (UTC, ISO 8601), `lot_id`, `camera_id` and the counts."""
        condition, values = where(which)
        return self._rows(
            f"select captured_at, lot_id, camera_id, {', '.join(LABELS)} from snapshots"
            f" where {condition} order by captured_at",
            values,
        )

    def count(self, which: HistoryFilter = EVERYTHING) -> int:
        condition, values = where(which)
        return int(
            self._rows(f"select count(*) n from snapshots where {condition}", values)[0]["n"]
        )

    def is_live(self, lot_id: str, camera_id: str) -> bool:
        """Whether a camera's newest photo was recorded soon after it was taken: an archive that
        was read at once is not expected to go on."""
        rows = self._rows(
            "select 24 * 60 * (julianday(recorded_at) - julianday(captured_at)) late from snapshots"
            " where lot_id = ? and camera_id = ? order by captured_at desc, id desc limit 1",
            [lot_id, camera_id],
        )
        return bool(rows) and rows[0]["late"] is not None and abs(rows[0]["late"]) <= LIVE_MIN

    def photos_since(self, at: datetime) -> dict[tuple[str, str], int]:
        """Per (lot, camera) how many photos were taken since."""
        rows = self._rows(
            "select lot_id, camera_id, count(*) n from snapshots where captured_at >= ?"
            " group by lot_id, camera_id",
            [to_text(at)],
        )
        return {(row["lot_id"], row["camera_id"]): row["n"] for row in rows}

    def latest(self, lot_id: str) -> list[Snapshot]:
        """The latest snapshot of each of a lot's cameras that has one, latest first."""
        found = [
            self.snapshots(HistoryFilter(lot_id=lot_id, camera_id=camera.id), limit=1)
            for camera in self.cameras(lot_id)
        ]
        return sorted(
            (snapshot for snapshots in found for snapshot in snapshots),
            key=lambda snapshot: snapshot.photo.captured_at,
            reverse=True,
        )

    def vehicles_seen(self, lot_id: str, camera_id: str, *, limit: int) -> list[list[Detection]]:
        """The detections of a camera's latest photos, one list a photo."""
        rows = self._rows(
            "select d.* from detections d where d.snapshot_id in (select id from snapshots where"
            " lot_id = ? and camera_id = ? order by captured_at desc, id desc limit ?)"
            " order by d.snapshot_id, d.number",
            [lot_id, camera_id, limit],
        )
        looks: dict[int, list[Detection]] = {}
        for row in rows:
            looks.setdefault(row["snapshot_id"], []).append(to_detection(row))
        return list(looks.values())

    def thumbnails(self, snapshot_ids: Sequence[int]) -> dict[int, bytes]:
        """The small JPEGs of some snapshots (at most a few hundred)."""
        marks = ", ".join("?" * len(snapshot_ids))
        rows = self._rows(
            f"select * from thumbnails where snapshot_id in ({marks})", list(snapshot_ids)
        )
        return {row["snapshot_id"]: row["jpeg"] for row in rows}

    def delete_snapshots(self, sha256s: Sequence[str]) -> None:
        """Remove snapshots by content, with all that belongs to them."""
        with self._write() as db:
            for sha256 in sha256s:
                _delete_snapshot(db, sha256)
                db.execute("delete from files where sha256 = ?", [sha256])

    # -- failures and files ---------------------------------------------------------------

    def record_failure(self, failure: Failure, stamp: FileStamp | None = None) -> None:
        """Record that a photo could not be read; the same file again counts one more attempt."""
        with self._write() as db:
            _remember_file(db, failure.file, stamp, None)
            db.execute(
                "insert into failures"
                " (file, lot_id, camera_id, reason, failed_at, attempts, in_storage)"
                " values (?, ?, ?, ?, ?, 1, ?) on conflict (file) do update set"
                " reason = excluded.reason, failed_at = excluded.failed_at,"
                " attempts = attempts + 1, in_storage = excluded.in_storage",
                [failure.file, failure.lot_id, failure.camera_id, failure.reason,
                 to_text(failure.failed_at), failure.in_storage],
            )  # fmt: skip

    def failures(self) -> list[Failure]:
        """Every photo that could not be read and has not been since, latest first."""
        rows = self._rows("select * from failures order by failed_at desc, id desc")
        return [to_failure(row) for row in rows]

    def forget_failures(self, files: Sequence[str]) -> None:
        """Take failures off the list for good; a scan tries again those that are still there."""
        with self._write() as db:
            for file in files:
                db.execute("delete from failures where file = ?", [file])
                db.execute("delete from files where file = ? and sha256 is null", [file])

    def files(self) -> dict[str, tuple[FileStamp, bool]]:
        """Every file that was read, with its stamp then and whether it was a good photo."""
        rows = self._rows("select file, size_bytes, mtime_ns, sha256 from files")
        return {
            row["file"]: (FileStamp(row["size_bytes"], row["mtime_ns"]), row["sha256"] is not None)
            for row in rows
        }

    def file_content(self, file: str) -> tuple[int, str] | None:
        """Size in bytes and SHA-256 of what a file held when it was read as a good photo."""
        rows = self._rows(
            "select size_bytes, sha256 from files where file = ? and sha256 is not null", [file]
        )
        return (rows[0]["size_bytes"], rows[0]["sha256"]) if rows else None

    def remember_file(self, file: str, stamp: FileStamp, sha256: str) -> None:
        """Note that a file holds a photo that is known already."""
        with self._write() as db:
            _remember_file(db, file, stamp, sha256)
            db.execute("delete from failures where file = ?", [file])

    # -- the database itself --------------------------------------------------------------

    def check(self) -> str:
        """SQLite's own verdict on the file: `ok`, or what is wrong."""
        return str(self._rows("pragma quick_check(1)")[0]["quick_check"])


def _insert_snapshot(db: Database, snapshot: Snapshot, thumbnail: bytes) -> int:
    row = snapshot_row(snapshot, datetime.now(UTC))
    snapshot_id = cast(int, db.table("snapshots").insert(row).last_pk)
    db.table("detections").insert_all(detection_rows(snapshot_id, snapshot))
    db.table("thumbnails").insert({"snapshot_id": snapshot_id, "jpeg": thumbnail})
    return snapshot_id


def _delete_snapshot(db: Database, sha256: str, *, only_of: str | None = None) -> None:
    row = _row(db, "select id, file from snapshots where sha256 = ?", [sha256])
    if row and only_of in (None, row["file"]):
        for table in ("detections", "thumbnails", "judgements"):
            db.execute(f"delete from {table} where snapshot_id = ?", [row["id"]])
        db.execute("delete from snapshots where id = ?", [row["id"]])


def _remember_file(db: Database, file: str, stamp: FileStamp | None, sha256: str | None) -> None:
    if stamp is not None:
        db.execute(
            "insert or replace into files (file, size_bytes, mtime_ns, sha256) values (?, ?, ?, ?)",
            [file, stamp.size_bytes, stamp.mtime_ns, sha256],
        )


def _row(db: Database, sql: str, values: Sequence[Any]) -> Row | None:
    cursor = db.execute(sql, values)
    found = cursor.fetchone()
    if found is None:
        return None
    return dict(zip([column[0] for column in cursor.description], found, strict=True))
