"""Layouts in SQLite, every version of them, and what photos were judged by them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from sqlite_utils import Database

from parkcore.domain import Lot
from parkcore.errors import LayoutConflict
from parkcore.names import check_name
from parkcore.spaces.layout import Layout
from parkcore.spaces.layout_files import read_layout
from parkcore.spaces.layout_writing import write_layout
from parkcore.spaces.verdict import Judged
from parkcore.sqlite.database import Connection, explained
from parkcore.sqlite.lot_store import insert_camera, insert_lot, set_capacity
from parkcore.sqlite.records import (
    CORRECTED,
    Row,
    figures_row,
    judged_row,
    to_judged,
    to_text,
    to_time,
)

_JUDGED = (
    f"select j.*, s.captured_at, {CORRECTED} from judgements j"
    " join snapshots s on s.id = j.snapshot_id"
    " left join corrections c on c.snapshot_id = j.snapshot_id"
)
"""Judgements with what a person said of them; `to_judged` reads these rows."""


class LayoutStore(Connection):
    """Layouts. Every method may raise `StoreError`."""

    def layout(self, lot_id: str, camera_id: str, version: int | None = None) -> Layout | None:
        """A camera's layout, the latest or one of its versions; None where there is none."""
        rows = self._rows(
            "select id, version, created_at, layout from layouts where lot_id = :lot and"
            " camera_id = :camera and (:version is null or version = :version)"
            " order by version desc limit 1",
            {"lot": lot_id, "camera": camera_id, "version": version},
        )
        return _to_layout(rows[0]) if rows else None

    def layouts(self) -> dict[tuple[str, str], Layout]:
        """Per (lot, camera) the latest layout; cameras without spaces and areas are left out."""
        rows = self._rows(
            "select id, lot_id, camera_id, version, created_at, layout from layouts l where"
            " version = (select max(version) from layouts o where o.lot_id = l.lot_id and"
            " o.camera_id = l.camera_id)"
        )
        latest = {(row["lot_id"], row["camera_id"]): _to_layout(row) for row in rows}
        return {key: layout for key, layout in latest.items() if layout.spaces or layout.areas}

    def layout_by_id(self, layout_id: int) -> Layout | None:
        rows = self._rows(
            "select id, version, created_at, layout from layouts where id = ?", [layout_id]
        )
        return _to_layout(rows[0]) if rows else None

    def layout_reference(self, layout_id: int) -> bytes | None:
        """The photo that a layout was drawn on, as JPEG; kept here, as its file may go."""
        rows = self._rows("select reference from layouts where id = ?", [layout_id])
        return rows[0]["reference"] if rows else None

    def save_layout(
        self,
        lot_id: str,
        camera_id: str,
        layout: Layout,
        reference: bytes | None,
        *,
        based_on: int,
        lot: Lot | None = None,
    ) -> Layout:
        """Store a camera's layout as its next version; those before stay.

        Args:
            reference: the photo that it was drawn on, as JPEG.
            based_on: the version that was changed, 0 for none; `Layout.version` of what was read.
            lot: added where there is none of its id; without it, one by the id alone.

        Raises:
            LayoutConflict: there is a newer version than `based_on`.
        """
        check_name("lot", lot_id)
        check_name("camera", camera_id)
        now = datetime.now(UTC)
        with self._write() as db:
            row = db.execute(
                "select version, layout from layouts where lot_id = ? and camera_id = ?"
                " order by version desc limit 1",
                [lot_id, camera_id],
            ).fetchone()
            latest = row[0] if row else 0
            if latest != based_on:
                raise LayoutConflict(
                    f"the spaces of {lot_id}/{camera_id} were changed by somebody else meanwhile"
                    f" (version {latest}, yours began at {based_on}); load them anew and repeat"
                )
            insert_lot(db, lot or Lot(lot_id, lot_id))
            # The spaces that are marked are those that the camera sees, from now on; where none
            # are nor were, somebody may have said how many it sees.
            insert_camera(db, lot_id, camera_id)
            if layout.capacity or (row and read_layout(row[1]).capacity):
                set_capacity(db, lot_id, camera_id, layout.capacity or None, since=now)
            cursor = db.execute(
                "insert into layouts (lot_id, camera_id, version, created_at, layout, reference)"
                " values (?, ?, ?, ?, ?, ?)",
                [lot_id, camera_id, latest + 1, to_text(now), write_layout(layout), reference],
            )
            layout_id = cursor.lastrowid
        return replace(layout, id=layout_id, version=latest + 1, created_at=now)

    # -- judgements -----------------------------------------------------------------------

    def judged(self, snapshot_id: int) -> Judged | None:
        """What a photo said of its camera's spaces; None where there was no layout then."""
        rows = self._rows(f"{_JUDGED} where j.snapshot_id = ?", [snapshot_id])
        return to_judged(rows[0]) if rows else None

    def latest_judged(
        self, layout_id: int, *, limit: int, before: datetime | None = None
    ) -> list[tuple[datetime, Judged]]:
        """The latest photos judged by a layout, or those before a moment, oldest first, with
        their capture times."""
        # With lot and camera, SQLite reads that camera's newest photos alone, not all lots'.
        earlier = "" if before is None else " and s.captured_at < :before"
        rows = self._rows(
            f"{_JUDGED} join layouts l on l.id = :layout where j.layout_id = l.id"
            " and s.lot_id = l.lot_id and s.camera_id = l.camera_id and s.deleted_at is null"
            f"{earlier} order by s.captured_at desc, s.id desc limit :limit",
            {"layout": layout_id, "limit": limit, "before": before and to_text(before)},
        )
        return [(to_time(row["captured_at"]), to_judged(row)) for row in reversed(rows)]

    def looks_between(
        self, lot_id: str, camera_id: str, since: datetime, until: datetime, *, limit: int
    ) -> list[tuple[datetime, int, str]]:
        """What a camera's photos say of its spaces, corrections included, oldest first: capture
        time, the id of the layout it was judged by, and its letter for each space of that.

        Args:
            limit: of more photos, the newest ones.
        """
        with explained(self._name):
            found = self._db.execute(
                "select s.captured_at, j.layout_id, j.states from snapshots s"
                " join judgements j on j.snapshot_id = s.id"
                " where s.lot_id = ? and s.camera_id = ? and s.captured_at >= ?"
                " and s.captured_at < ? and s.deleted_at is null and j.states is not null"
                " order by s.captured_at desc, s.id desc limit ?",
                [lot_id, camera_id, to_text(since), to_text(until), limit],
            ).fetchall()
        return [(to_time(at), layout_id, states) for at, layout_id, states in reversed(found)]


def insert_judged(db: Database, snapshot_id: int, judged: Judged) -> None:
    """Within a transaction: store what a photo says of the spaces."""
    row = {"snapshot_id": snapshot_id, **judged_row(judged), **figures_row(judged.judgement)}
    db.table("judgements").insert(row, replace=True)
    refresh_figures(db, snapshot_id)


def refresh_figures(db: Database, snapshot_id: int) -> None:
    """Within a transaction: bring what figures are made of in step with what a person said."""
    cursor = db.execute(f"{_JUDGED} where j.snapshot_id = ?", [snapshot_id])
    names = [column[0] for column in cursor.description]
    for values in cursor.fetchall():
        judged = to_judged(dict(zip(names, values, strict=True)))
        db.table("judgements").update(snapshot_id, figures_row(judged.judgement))


def _to_layout(row: Row) -> Layout:
    layout = read_layout(row["layout"])
    return replace(
        layout, id=row["id"], version=row["version"], created_at=to_time(row["created_at"])
    )
