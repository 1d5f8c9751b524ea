"""The snapshots in SQLite, for reading."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice

from parkcore.domain import Detection, Snapshot
from parkcore.sqlite.filters import EVERYTHING, HistoryFilter, where
from parkcore.sqlite.lot_store import LotStore
from parkcore.sqlite.records import SNAPSHOTS, Row, to_detection, to_snapshot, to_text, to_time

LIVE_MIN = 15
"""Minutes from taking to recording within which a photo came live."""

_LAST = datetime.max.replace(tzinfo=UTC)
_FROM = "from snapshots s left join corrections c on c.snapshot_id = s.id"


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
        newest_first: bool = True,
        after: Snapshot | None = None,
    ) -> list[Snapshot]:
        """Snapshots without their detections, by capture time.

        Args:
            after: the last one of the page before this one.
        """
        pages = [
            self._page(each, SNAPSHOTS, limit, newest_first=newest_first, after=after)
            for each in self._by_camera(which)
        ]
        return [to_snapshot(row) for row in islice(_merged(pages, newest_first), limit)]

    def stream(self, which: HistoryFilter = EVERYTHING, *, batch: int = 1000) -> Iterator[Snapshot]:
        """All of them, oldest first, read in batches, so that millions need no memory."""
        last: Snapshot | None = None
        while page := self.snapshots(which, limit=batch, newest_first=False, after=last):
            yield from page
            last = page[-1]

    def moments(self, which: HistoryFilter, *, limit: int) -> list[tuple[int, datetime]]:
        """Of the first snapshots the number and when they were taken, oldest first."""
        select = f"select s.id, s.captured_at {_FROM}"
        pages = [
            self._page(each, select, limit, newest_first=False) for each in self._by_camera(which)
        ]
        rows = islice(_merged(pages, newest_first=False), limit)
        return [(row["id"], to_time(row["captured_at"])) for row in rows]

    def _page(
        self,
        which: HistoryFilter,
        select: str,
        limit: int | None,
        *,
        newest_first: bool,
        after: Snapshot | None = None,
    ) -> list[Row]:
        condition, values = where(which)
        order, side = ("desc", "<") if newest_first else ("asc", ">")
        plus = "+" if which.is_few else ""  # sorted after they are found
        if after is not None:
            condition += f" and ({plus}s.captured_at, s.id) {side} (:after, :after_id)"
            values |= {"after": to_text(after.photo.captured_at), "after_id": after.id}
        return self._rows(
            f"{select} where {condition}"
            f" order by {plus}s.captured_at {order}, s.id {order} limit :limit",
            {**values, "limit": -1 if limit is None else limit},
        )

    def _by_camera(self, which: HistoryFilter) -> list[HistoryFilter]:
        """The same camera by camera, each of which the index has in the order of time."""
        has_both = which.lot_id is not None and which.camera_id is not None
        has_none = which.lot_id is None and which.camera_id is None
        if which.is_few or has_both or has_none:
            return [which]
        return [
            replace(which, lot_id=camera.lot_id, camera_id=camera.id)
            for camera in self.cameras(which.lot_id)
            if which.camera_id in (None, camera.id)
        ]

    def reach(
        self, which: HistoryFilter, *, most: int, after: Snapshot | None = None
    ) -> Snapshot | None:
        """Back to which snapshot at most so many of these places and times lie, newest first;
        None where there are fewer. A search that no index helps is kept within it.

        Args:
            after: the one from which on they are looked through.
        """
        places = self._by_camera(replace(which, label=None, text=None))
        until = after.photo.captured_at if after else None
        found = []
        for place in places:
            values = {
                "lot": place.lot_id,
                "camera": place.camera_id,
                "since": to_text(place.since) if place.since else "",
                "until": to_text(min(filter(None, (place.until, until)), default=_LAST)),
                "most": most // len(places),
            }
            at = "lot_id = :lot and camera_id = :camera and" if place.lot_id else ""
            found += self._rows(
                f"select id, captured_at from snapshots where {at} captured_at >= :since"
                " and captured_at <= :until order by captured_at desc limit 1 offset :most",
                values,
            )
        bound = max(found, key=lambda row: row["captured_at"], default=None)
        return self.snapshot(bound["id"]) if bound else None

    def count(self, which: HistoryFilter = EVERYTHING, *, most: int | None = None) -> int:
        """How many there are; counting ends at `most`."""
        total = 0
        for each in self._by_camera(which):
            condition, values = where(each)
            rest = -1 if most is None else most - total
            rows = self._rows(
                f"select count(*) n from (select 1 {_FROM} where {condition} limit :rest)",
                {**values, "rest": rest},
            )
            total += int(rows[0]["n"])
        return total

    def newest_id(self) -> int:
        """The number of the snapshot that was recorded last: about how many there are."""
        return int(self._rows("select coalesce(max(id), 0) n from snapshots")[0]["n"])

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
        rows = self._rows(  # camera by camera, which the index serves
            "select * from (select c.lot_id, c.id camera_id, (select count(*) from snapshots s"
            " where s.lot_id = c.lot_id and s.camera_id = c.id and s.captured_at >= ?"
            " and s.deleted_at is null) n from cameras c) where n > 0",
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
        """The detections of a camera's latest photos, one list a photo, an empty one included.

        Photos of another size than the newest are left out: their pixels are others.
        """
        latest = self.snapshots(HistoryFilter(lot_id, camera_id), limit=limit)
        sizes = [(each.photo.width, each.photo.height) for each in latest]
        listed = [each for each, size in zip(latest, sizes, strict=True) if size == sizes[0]]
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


def _merged(pages: Sequence[Sequence[Row]], newest_first: bool) -> Iterator[Row]:
    def moment(row: Row) -> tuple[str, int]:
        return row["captured_at"], row["id"]

    return heapq.merge(*pages, key=moment, reverse=newest_first)
