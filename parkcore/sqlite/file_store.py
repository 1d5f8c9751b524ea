"""The files that were read, in SQLite, and those that could not be."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from parkcore.domain import Failure
from parkcore.sqlite.database import Connection
from parkcore.sqlite.records import to_failure, to_text


@dataclass(frozen=True, slots=True)
class FileStamp:
    """What tells, without reading it, that a file has not changed."""

    size_bytes: int
    mtime_ns: int

    @classmethod
    def of(cls, stat: os.stat_result) -> FileStamp:
        """Of a file; a time that SQLite's 64 bits do not hold, before 1678 or after 2262, becomes
        the nearest that they do."""
        return cls(stat.st_size, max(-(2**63), min(2**63 - 1, stat.st_mtime_ns)))


class FileStore(Connection):
    """Files and failures. Every method may raise `StoreError`."""

    def record_failure(self, failure: Failure, stamp: FileStamp | None = None) -> None:
        """Record that a photo could not be read; the same content again counts one more."""
        with self._write() as db:
            if stamp is not None:  # other content is attempted for the first time
                db.execute(
                    "delete from failures where file = ? and exists (select 1 from files f where"
                    " f.file = failures.file and (f.size_bytes, f.mtime_ns) <> (?, ?))",
                    [failure.file, stamp.size_bytes, stamp.mtime_ns],
                )
            remember_file_row(db, failure.file, stamp, None)
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

    def recorded_elsewhere(self) -> dict[str, tuple[str, bool]]:
        """Of the files that hold a photo which is recorded as another file: that one, and whether
        it was seen to hold another photo by now."""
        rows = self._rows(
            "select f.file, s.file recorded, coalesce(o.sha256 <> s.sha256, 0) replaced"
            " from files f join snapshots s on s.sha256 = f.sha256 and s.file <> f.file"
            " and s.photo_gone_at is null"
            " left join files o on o.file = s.file"
        )
        return {row["file"]: (row["recorded"], bool(row["replaced"])) for row in rows}

    def file_content(self, file: str) -> tuple[int, str] | None:
        """Size in bytes and SHA-256 of what a file held when it was read as a good photo."""
        rows = self._rows(
            "select size_bytes, sha256 from files where file = ? and sha256 is not null", [file]
        )
        return (rows[0]["size_bytes"], rows[0]["sha256"]) if rows else None

    def remember_file(
        self, file: str, stamp: FileStamp, sha256: str, *, moved: bool = False
    ) -> None:
        """Note that a file holds a photo that is known already.

        Args:
            moved: it is no copy; from now on the photo is there.
        """
        with self._write() as db:
            remember_file_row(db, file, stamp, sha256)
            db.execute("delete from failures where file = ?", [file])
            # a photo that was thinned and came back is there again
            db.execute(
                "update snapshots set photo_gone_at = null, file = :file where sha256 = :sha256"
                " and (file = :file or :moved)",
                {"file": file, "sha256": sha256, "moved": moved},
            )


def remember_file_row(db: Database, file: str, stamp: FileStamp | None, sha256: str | None) -> None:
    if stamp is not None:
        db.execute(
            "insert or replace into files (file, size_bytes, mtime_ns, sha256) values (?, ?, ?, ?)",
            [file, stamp.size_bytes, stamp.mtime_ns, sha256],
        )
