"""Answers about single spaces in SQLite, and which photos can be asked about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlite_utils import Database

from parkcore.accuracy.meter import Check
from parkcore.errors import StoreError
from parkcore.spaces.verdict import MOVED
from parkcore.sqlite.database import Connection
from parkcore.sqlite.records import Row, to_text, to_time

_JUDGED = (
    "from snapshots s join judgements j on j.snapshot_id = s.id"
    " where s.lot_id = :lot and s.camera_id = :camera and s.deleted_at is null"
    " and s.photo_gone_at is null and j.states > '' and coalesce(j.note, '') not like :moved"
)
"""Photos on which spaces can be shown: where the camera looks elsewhere nobody knows where they
are."""


class CheckStore(Connection):
    """Answers. Every method may raise `StoreError`."""

    def newest_judged(
        self, lot_id: str, camera_id: str, *, before: datetime | None = None
    ) -> datetime | None:
        """When the newest photo was taken that can be asked about."""
        before_sql = " and s.captured_at < :before" if before else ""
        rows = self._rows(
            f"select s.captured_at {_JUDGED}{before_sql} order by s.captured_at desc limit 1",
            {**_place(lot_id, camera_id), "before": before and to_text(before)},
        )
        return to_time(rows[0]["captured_at"]) if rows else None

    def judged_photos(
        self, lot_id: str, camera_id: str, since: datetime, until: datetime
    ) -> list[tuple[int, int]]:
        """The ids of the photos that can be asked about, and how many spaces each has."""
        rows = self._rows(
            f"select s.id, length(j.states) spaces {_JUDGED}"
            " and s.captured_at >= :since and s.captured_at < :until",
            {**_place(lot_id, camera_id), "since": to_text(since), "until": to_text(until)},
        )
        return [(row["id"], row["spaces"]) for row in rows]

    def checks(self, lot_id: str | None = None, camera_id: str | None = None) -> list[Check]:
        """All answers, or those about one lot or camera, oldest photo first; of photos that were
        deleted none."""
        criteria = {"lot_id": lot_id, "camera_id": camera_id}
        used = {name: value for name, value in criteria.items() if value is not None}
        which = "".join(f"c.{name} = :{name} and " for name in used)
        rows = self._rows(
            "select c.* from checks c left join snapshots s on s.id = c.snapshot_id"
            f" where {which}s.deleted_at is null order by c.captured_at, c.id",
            used,
        )
        return [_to_check(row) for row in rows]

    def checks_of(self, snapshot_ids: Sequence[int]) -> list[Check]:
        """The answers about some photos (at most a few hundred)."""
        marks = ", ".join("?" * len(snapshot_ids))
        rows = self._rows(
            f"select * from checks where snapshot_id in ({marks}) order by id", list(snapshot_ids)
        )
        return [_to_check(row) for row in rows]

    def save_check(self, check: Check) -> None:
        """Keep an answer, instead of an earlier one about the same space on the same photo.

        Raises:
            StoreError: the snapshot is not there any more.
        """
        row = {name: getattr(check, name) for name in Check.__slots__} | {
            "captured_at": to_text(check.captured_at),
            "answered_at": to_text(check.answered_at),
        }
        with self._write() as db:
            if not db.execute(
                "select 1 from snapshots where id = ?", [check.snapshot_id]
            ).fetchone():
                raise StoreError("the snapshot was removed meanwhile; the answer was not kept")
            _remove(db, check)
            db.table("checks").insert(row)

    def remove_check(self, check: Check) -> None:
        """Take an answer back; that of a snapshot that is not kept any more stays."""
        with self._write() as db:
            _remove(db, check)


def _remove(db: Database, check: Check) -> None:
    db.execute(
        "delete from checks where snapshot_id = ? and space_id = ?",
        [check.snapshot_id, check.space_id],
    )


def _place(lot_id: str, camera_id: str) -> Row:
    return {"lot": lot_id, "camera": camera_id, "moved": f"{MOVED}%"}


def _to_check(row: Row) -> Check:
    known = {name: row[name] for name in Check.__slots__}
    return Check(
        **known
        | {
            "captured_at": to_time(row["captured_at"]),
            "answered_at": to_time(row["answered_at"]),
            "model": row["model"] or "",
            "model_version": row["model_version"] or "",
            "second_opinion": row["second_opinion"] or "",
            "light": row["light"] or "",
        }
    )
