"""Keeping and thinning in SQLite: the rules, what is still there, and taking it away."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlite_utils import Database

from parkcore.sqlite.database import Connection, explained
from parkcore.sqlite.file_store import FileStamp
from parkcore.sqlite.records import Row, to_text, to_time
from parkcore.sqlite.rolling import freeze
from parkcore.upkeep.retention import Retention, Share, Thinning

BATCH = 500
"""Rows a transaction: others write between them."""

OF_A_SNAPSHOT = (
    "detections", "thumbnails", "judgements", "corrections",
    "run_snapshots", "run_detections", "run_judgements",
)  # fmt: skip
"""The tables whose rows go with their snapshot."""

_IN_STORAGE = "s.file not like '/%' and s.file not like '_:%'"
"""Files outside the storage folder are recorded with their whole path."""

_PHOTO = (
    "select s.id, s.lot_id, s.file, s.sha256, s.size_bytes, s.captured_at,"
    " c.snapshot_id is not null corrected, f.size_bytes known_bytes, f.mtime_ns"
    " from snapshots s left join corrections c on c.snapshot_id = s.id"
    " left join files f on f.file = s.file and f.sha256 = s.sha256"
    f" where s.photo_gone_at is null and {_IN_STORAGE}"
)


@dataclass(frozen=True, slots=True)
class StoredPhoto:
    """A photo in the storage folder, as far as it is known."""

    snapshot_id: int
    lot_id: str
    file: str
    sha256: str
    size_bytes: int
    captured_at: datetime
    corrected: bool
    stamp: FileStamp | None
    """Of the file when it was read."""


@dataclass(frozen=True, slots=True)
class Old:
    """Which of a lot's snapshots are old."""

    lot_id: str
    before: datetime
    corrected_too: bool
    binned_before: datetime
    """Those that were deleted before this are purged by themselves and not counted."""

    @property
    def values(self) -> dict[str, str]:
        return {
            "lot": self.lot_id,
            "before": to_text(self.before),
            "binned": to_text(self.binned_before),
        }

    @property
    def snapshots(self) -> str:
        return f"from snapshots s where {self._condition}"

    @property
    def thumbnails(self) -> str:
        return f"from snapshots s join thumbnails t on t.snapshot_id = s.id where {self._condition}"

    @property
    def _condition(self) -> str:
        but = " and not exists (select 1 from corrections c where c.snapshot_id = s.id)"
        return (
            "s.lot_id = :lot and s.captured_at < :before"
            " and (s.deleted_at is null or s.deleted_at >= :binned)"
            f"{'' if self.corrected_too else but}"
        )


class RetentionStore(Connection):
    """Rules, and what they take away. Every method may raise `StoreError`."""

    def retention(self) -> dict[str, Retention]:
        """Per lot its own rule, under `EVERY_LOT` that of all others; only where one was set."""
        return {
            row.pop("lot_id"): Retention(**row | {"corrected_too": bool(row["corrected_too"])})
            for row in self._rows("select * from retention order by lot_id")
        }

    def save_retention(self, lot_id: str, rule: Retention | None) -> None:
        """Give a lot, or `EVERY_LOT`, a rule; None takes it away."""
        with self._write() as db:
            db.execute("delete from retention where lot_id = ?", [lot_id])
            if rule is not None:
                db.table("retention").insert({"lot_id": lot_id, **asdict(rule)})

    def last_thinning(self) -> tuple[datetime, Thinning] | None:
        """When the last one was, and what went; its `at` is the clock as it was believed."""
        rows = self._rows("select at, report from thinnings order by id desc limit 1")
        if not rows:
            return None
        return to_time(rows[0]["at"]), Thinning.of(json.loads(rows[0]["report"]))

    def save_thinning(self, done: Thinning) -> None:
        """Note what went; the latest hundred are kept."""
        with self._write() as db:
            db.table("thinnings").insert(
                {
                    "at": to_text(datetime.now(UTC)),
                    "believed_at": to_text(done.at),
                    "report": json.dumps(done.record()),
                }
            )
            db.execute("delete from thinnings where id <= (select max(id) - 100 from thinnings)")

    def thinned_until(self) -> dict[str, datetime]:
        """Per lot that was thinned the moment before which only its hours are left."""
        return {row["lot_id"]: to_time(row["until"]) for row in self._rows("select * from thinned")}

    def newest_photo(self, lot_id: str) -> datetime | None:
        """When a lot's newest photo was taken."""
        return self._edge(lot_id, "max", max)

    def oldest_photo(self, lot_id: str) -> datetime | None:
        """When the oldest photo was taken whose snapshot is there."""
        return self._edge(lot_id, "min", min)

    def _edge(self, lot_id: str, edge: str, choose: Any) -> datetime | None:
        rows = self._rows(
            f"select (select {edge}(captured_at) from snapshots s where s.lot_id = c.lot_id and"
            " s.camera_id = c.id and deleted_at is null) at from cameras c where lot_id = ?",
            [lot_id],
        )
        found = [row["at"] for row in rows if row["at"]]
        return to_time(choose(found)) if found else None

    # -- photos ---------------------------------------------------------------------------

    def stored_photos(self, lot_id: str, camera_id: str) -> Iterator[StoredPhoto]:
        """A camera's photos in the storage folder that are not known to be gone, oldest first,
        deleted ones included. Read as it goes on, so that they may be marked meanwhile."""
        after: tuple[str, int] = ("", 0)
        while rows := self._rows(
            f"{_PHOTO} and s.lot_id = ? and s.camera_id = ? and (s.captured_at, s.id) > (?, ?)"
            " order by s.captured_at, s.id limit ?",
            [lot_id, camera_id, *after, BATCH],
        ):
            yield from map(_stored_photo, rows)
            after = rows[-1]["captured_at"], rows[-1]["id"]

    def binned_photos(self, before: datetime) -> list[StoredPhoto]:
        """The photos in the storage folder of what was deleted before a moment."""
        rows = self._rows(f"{_PHOTO} and s.deleted_at > '' and s.deleted_at < ?", [to_text(before)])
        return list(map(_stored_photo, rows))

    def binned(self, before: datetime) -> int:
        """How many snapshots were deleted before a moment."""
        [row] = self._rows(
            "select count(*) n from snapshots where deleted_at > '' and deleted_at < ?",
            [to_text(before)],
        )
        return int(row["n"])

    def photo_bytes(self, lot_ids: Sequence[str]) -> int:
        """What the photos of some lots take in the storage folder, as far as that is known."""
        marks = ", ".join("?" * len(lot_ids))
        [row] = self._rows(
            "select coalesce(sum(size_bytes), 0) n from snapshots s"
            f" where s.lot_id in ({marks}) and s.photo_gone_at is null and {_IN_STORAGE}",
            list(lot_ids),
        )
        return int(row["n"])

    def photos_kept(self) -> dict[str, tuple[int, int]]:
        """Per lot how many photos are in the storage folder, and their bytes, as far as that is
        known."""
        rows = self._rows(
            "select s.lot_id, count(*) n, coalesce(sum(s.size_bytes), 0) size from snapshots s"
            f" where s.photo_gone_at is null and {_IN_STORAGE} group by s.lot_id"
        )
        return {row["lot_id"]: (row["n"], row["size"]) for row in rows}

    def mark_gone(self, photos: Sequence[StoredPhoto]) -> None:
        """Note that the files of photos are not there any more."""
        at = to_text(datetime.now(UTC))
        with self._write() as db:
            for photo in photos:
                db.execute(
                    "update snapshots set photo_gone_at = ? where id = ? and file = ?",
                    [at, photo.snapshot_id, photo.file],
                )
                db.execute(
                    "delete from files where file = ? and sha256 = ?", [photo.file, photo.sha256]
                )

    # -- small photos ---------------------------------------------------------------------

    def old_thumbnails(self, which: Old) -> Share:
        """The small photos that may go."""
        [row] = self._rows(
            "select count(*) n, coalesce(sum(length(t.jpeg)), 0) size, min(s.captured_at) first,"
            f" max(s.captured_at) last {which.thumbnails}",
            which.values,
        )
        return _share(row)

    def drop_thumbnails(self, which: Old) -> Share:
        """Take some of them away; an empty share where there is none left."""
        with self._write() as db:
            rows = db.execute(
                f"select s.id, length(t.jpeg), s.captured_at {which.thumbnails} limit {BATCH}",
                which.values,
            ).fetchall()
            _delete(db, ("thumbnails",), [row[0] for row in rows])
        return _sum((size, at) for _, size, at in rows)

    # -- snapshots ------------------------------------------------------------------------

    def old_snapshots(self, which: Old) -> Share:
        """The snapshots that may go once their photos are gone."""
        with explained(self._name):
            kept = _newest(self._db, which)
        [row] = self._rows(
            "select count(*) n, 0 size, min(captured_at) first, max(captured_at) last"
            f" {which.snapshots} and s.id not in ({kept})",
            which.values,
        )
        return _share(row)

    def drop_snapshots(self, which: Old) -> Share:
        """Take some of those away whose photos are gone; the hours in which they count stay as
        they are from then on. An empty share where there is none left."""
        with self._write() as db:
            rows = db.execute(
                f"select s.id, captured_at, s.deleted_at {which.snapshots}"
                f" and s.id not in ({_newest(db, which)})"
                f" and (s.photo_gone_at is not null or not ({_IN_STORAGE})) limit {BATCH}",
                which.values,
            ).fetchall()
            if rows:
                freeze(db, which.lot_id, which.before)
            _delete(db, OF_A_SNAPSHOT, [row[0] for row in rows])
            # An answer outlives a photo that is thinned, but not one that was deleted.
            _delete(db, ["checks"], [row[0] for row in rows if row[2] is not None])
            db.conn.executemany("delete from snapshots where id = ?", [row[:1] for row in rows])
        return _sum((0, at) for _, at, _ in rows)


def _newest(db: Database, which: Old) -> str:
    """Of each camera its last snapshot from before that moment: it tells since when the camera
    was silent. Their ids, separated by commas."""
    rows = db.execute(
        "select (select s.id from snapshots s where s.lot_id = c.lot_id and s.camera_id = c.id and"
        " s.captured_at < :before and s.deleted_at is null order by s.captured_at desc, s.id desc"
        " limit 1) from cameras c where c.lot_id = :lot",
        which.values,
    )
    return ", ".join(str(row[0]) for row in rows if row[0] is not None)


def _delete(db: Database, tables: Sequence[str], snapshot_ids: Sequence[int]) -> None:
    for table in tables:
        db.conn.executemany(
            f"delete from {table} where snapshot_id = ?", [(each,) for each in snapshot_ids]
        )


def _stored_photo(row: Row) -> StoredPhoto:
    known = row["mtime_ns"] is not None
    return StoredPhoto(
        row["id"], row["lot_id"], row["file"], row["sha256"], row["size_bytes"] or 0,
        to_time(row["captured_at"]), bool(row["corrected"]),
        FileStamp(row["known_bytes"], row["mtime_ns"]) if known else None,
    )  # fmt: skip


def _share(row: Row) -> Share:
    first, last = (row[name] and to_time(row[name]) for name in ("first", "last"))
    return Share(row["n"], row["size"], first, last)


def _sum(rows: Iterable[tuple[int, str]]) -> Share:
    return sum((Share(1, size, to_time(at), to_time(at)) for size, at in rows), Share())
