"""The snapshots in SQLite, for reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from parkcore.domain import LABELS, Detection, Snapshot
from parkcore.filters import EVERYTHING, HistoryFilter, where
from parkcore.lot_store import LotStore
from parkcore.records import SNAPSHOTS, to_detection, to_snapshot, to_text

LIVE_MIN = 15
"""Minutes from taking to recording within which a photo came live."""


class SnapshotStore(LotStore):
    """Snapshots. Every method may raise `StoreError`."""

    def known(self, sha256: str) -> Snapshot | None:
        """The snapshot of a photo by its content, a deleted one included."""
        rows = self._rows(f"{SNAPSHOTS} where s.sha256 = ?", [sha256])
        return to_snapshot(rows[0]) if rows else None

    def snapshot(self, snapshot_id: int) -> Snapshot | None:
        """One snapshot with its detections, a deleted one included."""
        rows = self._rows(f"{SNAPSHOTS} where s.id = ?", [snapshot_id])
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
        after: Snapshot | None = None,
    ) -> list[Snapshot]:
        """Snapshots without their detections, by capture time.

        Args:
            after: the last one of the page before this one.
        """
        condition, values = where(which)
        order, side = ("desc", "<") if newest_first else ("asc", ">")
        if after is not None:
            condition += f" and (s.captured_at, s.id) {side} (:after, :after_id)"
            values |= {"after": to_text(after.photo.captured_at), "after_id": after.id}
        rows = self._rows(
            f"{SNAPSHOTS} where {condition}"
            f" order by s.captured_at {order}, s.id {order} limit :limit offset :offset",
            {**values, "limit": -1 if limit is None else limit, "offset": offset},
        )
        return [to_snapshot(row) for row in rows]

    def counts(self, which: HistoryFilter = EVERYTHING) -> list[dict[str, Any]]:
        """Per snapshot `captured_at` (UTC, ISO 8601), `lot_id`, `camera_id` and the counts, as a
        person put them right where one did."""
        condition, values = where(which)
        counted = ", ".join(f"coalesce(c.{label}, s.{label}) {label}" for label in LABELS)
        return self._rows(
            f"select s.captured_at, s.lot_id, s.camera_id, {counted} from snapshots s"
            f" left join corrections c on c.snapshot_id = s.id where {condition}"
            " order by s.captured_at",
            values,
        )

    def count(self, which: HistoryFilter = EVERYTHING, *, most: int | None = None) -> int:
        """How many there are; counting ends at `most`."""
        condition, values = where(which)
        rows = self._rows(
            "select count(*) n from (select 1 from snapshots s"
            " left join corrections c on c.snapshot_id = s.id"
            f" where {condition} limit :most)",
            {**values, "most": -1 if most is None else most},
        )
        return int(rows[0]["n"])

    def is_live(self, lot_id: str, camera_id: str) -> bool:
        """Whether a camera's newest photo was recorded soon after it was taken: an archive that
        was read at once is not expected to go on."""
        rows = self._rows(
            "select 24 * 60 * (julianday(recorded_at) - julianday(captured_at)) late from snapshots"
            " where lot_id = ? and camera_id = ? and deleted_at is null"
            " order by captured_at desc, id desc limit 1",
            [lot_id, camera_id],
        )
        return bool(rows) and rows[0]["late"] is not None and abs(rows[0]["late"]) <= LIVE_MIN

    def photos_since(self, at: datetime) -> dict[tuple[str, str], int]:
        """Per (lot, camera) how many photos were taken since."""
        rows = self._rows(
            "select lot_id, camera_id, count(*) n from snapshots where captured_at >= ?"
            " and deleted_at is null"
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
        """The detections of a camera's latest photos, one list a photo, an empty one included."""
        listed = self.snapshots(HistoryFilter(lot_id, camera_id), limit=limit)
        looks: dict[int | None, list[Detection]] = {each.id: [] for each in listed}
        marks = ", ".join("?" * len(looks))
        for row in self._rows(
            f"select * from detections where snapshot_id in ({marks}) order by snapshot_id, number",
            list(looks),
        ):
            looks[row["snapshot_id"]].append(to_detection(row))
        return list(looks.values())

    def thumbnails(self, snapshot_ids: Sequence[int]) -> dict[int, bytes]:
        """The small JPEGs of some snapshots (at most a few hundred)."""
        marks = ", ".join("?" * len(snapshot_ids))
        rows = self._rows(
            f"select * from thumbnails where snapshot_id in ({marks})", list(snapshot_ids)
        )
        return {row["snapshot_id"]: row["jpeg"] for row in rows}
