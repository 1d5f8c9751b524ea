"""The lots in SQLite: their cameras, and what those of them are asked at that have an address."""

from __future__ import annotations

import logging
import math
from datetime import datetime

from sqlite_utils import Database

from parkcore.domain import Camera, IpCamera, Lot
from parkcore.errors import StoreError, UnknownLot
from parkcore.history.capacities import LOT, Capacities
from parkcore.sqlite.database import Connection, explained
from parkcore.sqlite.records import ip_camera_row, to_ip_camera, to_lot, to_text, to_time
from parkcore.sqlite.rolling import read_capacities, roll

log = logging.getLogger(__name__)

_OF_A_LOT = (
    "ip_cameras", "camera_states", "failures", "layouts", "capacities", "hours", "thinned",
    "retention",
)  # fmt: skip

_told: set[tuple[str, str, str]] = set()
"""Cameras that cannot be used and why: this process has logged it."""


class LotStore(Connection):
    """Lots and cameras. Every method may raise `StoreError`."""

    def lots(self) -> list[Lot]:
        """Every lot, own ones before samples, by name."""
        return [
            to_lot(row) for row in self._rows("select * from lots order by is_sample, name, id")
        ]

    def lot(self, lot_id: str) -> Lot:
        """
        Raises:
            UnknownLot: there is none of that id.
        """
        rows = self._rows("select * from lots where id = ?", [lot_id])
        if not rows:
            known = ", ".join(repr(lot.id) for lot in self.lots()) or "none yet"
            raise UnknownLot(f"there is no lot {lot_id!r}; the lots are: {known}")
        return to_lot(rows[0])

    def ensure_lot(self, lot: Lot) -> bool:
        """Add a lot if there is none of its id; whether it was added."""
        with self._write() as db:
            return insert_lot(db, lot)

    def change_lot(self, lot: Lot, *, capacity_since: datetime | None = None) -> None:
        """Give the lot of that id the name and capacity of `lot`.

        Args:
            capacity_since: when it came to have that capacity; None where it always had.
        """
        self.lot(lot.id)
        with self._write() as db:
            db.table("lots").update(lot.id, {"name": lot.name, "is_sample": lot.is_sample})
            set_capacity(db, lot.id, LOT, lot.capacity, since=capacity_since)

    def delete_lot(self, lot_id: str) -> None:
        """Remove a lot that has no snapshots, with its cameras.

        Raises:
            StoreError: it has snapshots, or IP cameras, whose logins are kept elsewhere.
        """
        with self._write() as db:
            for table, what in (("snapshots", "snapshots"), ("ip_cameras", "IP cameras")):
                if db.execute(f"select 1 from {table} where lot_id = ?", [lot_id]).fetchone():
                    raise StoreError(f"the lot {lot_id!r} has {what} and is not removed")
            db.execute("delete from cameras where lot_id = ?", [lot_id])
            for table in _OF_A_LOT:
                db.execute(f"delete from {table} where lot_id = ?", [lot_id])
            db.execute("delete from lots where id = ?", [lot_id])

    def cameras(self, lot_id: str | None = None) -> list[Camera]:
        """The cameras of a lot, or all of them, by name."""
        rows = self._rows(
            "select * from cameras where :lot is null or lot_id = :lot order by lot_id, id",
            {"lot": lot_id},
        )
        return [Camera(row["lot_id"], row["id"], row["capacity"]) for row in rows]

    def save_camera(self, camera: Camera, *, capacity_since: datetime | None = None) -> None:
        """Add a camera, or give the one of that name another capacity.

        Args:
            capacity_since: when it came to see so many spaces; None where it always did.
        """
        self.lot(camera.lot_id)
        with self._write() as db:
            set_capacity(db, camera.lot_id, camera.id, camera.capacity, since=capacity_since)

    def redate_capacity(self, lot_id: str, camera_id: str, since: datetime) -> None:
        """Say on another day that the capacity of a camera, or with `LOT` of a lot, came to be
        what it is.

        Raises:
            StoreError: it never changed, or there was another change after that day.
        """
        with self._write() as db:
            of = [lot_id, camera_id]
            what = f"the capacity of {' / '.join(filter(None, of))}"
            changes = db.execute(
                "select since from capacities where lot_id = ? and camera_id = ?"
                " order by since desc limit 2",
                of,
            ).fetchall()
            if len(changes) < 2:
                raise StoreError(f"{what} never changed, so that there is no day to put right")
            (last,), (before,) = changes
            begin = to_text(since)
            if begin <= before:
                day = to_time(before).astimezone(since.tzinfo)
                raise StoreError(
                    f"{what} changed on {day:%Y-%m-%d} too; name a later day than that"
                )
            db.execute(
                "update capacities set since = ? where lot_id = ? and camera_id = ? and since = ?",
                [begin, *of, last],
            )
            roll(db, lot_id, to_time(min(last, begin)).timestamp())

    def capacity_history(self) -> Capacities:
        """How many spaces every lot and camera has, and had."""
        with explained(self._name):
            return read_capacities(self._db)

    # -- IP cameras -----------------------------------------------------------------------

    def ip_cameras(self) -> list[IpCamera]:
        """Every camera with an address, by lot and name, but those that cannot be used."""
        return self._ip_cameras()[0]

    def unusable_ip_cameras(self) -> dict[tuple[str, str], str]:
        """Per (lot, camera) why what is recorded of it cannot be used."""
        return self._ip_cameras()[1]

    def _ip_cameras(self) -> tuple[list[IpCamera], dict[tuple[str, str], str]]:
        cameras, unusable = [], {}
        for row in self._rows("select * from ip_cameras order by lot_id, camera_id"):
            try:
                cameras.append(to_ip_camera(row))
            except ValueError as error:
                said = row["lot_id"], row["camera_id"], str(error)
                unusable[said[:2]] = said[2]
                if said not in _told:  # the list is read every few seconds
                    log.error("camera %s/%s cannot be used: %s; remove it, or add it anew", *said)
                _told.add(said)
        return cameras, unusable

    def ip_camera(self, lot_id: str, camera_id: str) -> IpCamera:
        """
        Raises:
            UnknownLot: there is none of that name that can be used.
        """
        cameras, unusable = self._ip_cameras()
        for camera in cameras:
            if (camera.lot_id, camera.id) == (lot_id, camera_id):
                return camera
        if reason := unusable.get((lot_id, camera_id)):
            raise UnknownLot(
                f"the IP camera {lot_id}/{camera_id} cannot be used: {reason}; remove it with"
                " `parkcore camera remove`, or add it anew"
            )
        known = ", ".join(f"{each.lot_id}/{each.id}" for each in cameras) or "none yet"
        raise UnknownLot(f"there is no IP camera {lot_id}/{camera_id}; there are: {known}")

    def save_ip_camera(self, camera: IpCamera, lot: Lot | None = None) -> None:
        """Add a camera with an address, or change the one of that name.

        Args:
            lot: added where there is none of its id; without it, one by the id alone.
        """
        with self._write() as db:
            insert_lot(db, lot or Lot(camera.lot_id, camera.lot_id))
            insert_camera(db, camera.lot_id, camera.id)
            db.table("ip_cameras").upsert(ip_camera_row(camera), pk=("lot_id", "camera_id"))

    def remove_ip_camera(self, lot_id: str, camera_id: str) -> None:
        """Ask a camera no more. Its photos stay, and with them its name in the lot."""
        with self._write() as db:
            for table in ("ip_cameras", "camera_states"):
                db.execute(
                    f"delete from {table} where lot_id = ? and camera_id = ?", [lot_id, camera_id]
                )
            db.execute(
                "delete from cameras where lot_id = :lot and id = :camera and capacity is null"
                " and not exists (select 1 from snapshots where lot_id = :lot and"
                " camera_id = :camera)",
                {"lot": lot_id, "camera": camera_id},
            )


def insert_lot(db: Database, lot: Lot) -> bool:
    """Within a transaction: add a lot if there is none of its id; whether it was added."""
    cursor = db.execute(
        "insert or ignore into lots (id, name, is_sample) values (?, ?, ?)",
        [lot.id, lot.name, lot.is_sample],
    )
    is_new = cursor.rowcount == 1
    if is_new and lot.capacity is not None:
        set_capacity(db, lot.id, LOT, lot.capacity, since=None)
    return is_new


def insert_camera(db: Database, lot_id: str, camera_id: str) -> None:
    """Within a transaction: add a camera if there is none of its name."""
    db.execute("insert or ignore into cameras (lot_id, id) values (?, ?)", [lot_id, camera_id])


def set_capacity(
    db: Database, lot_id: str, camera_id: str, capacity: int | None, *, since: datetime | None
) -> None:
    """Within a transaction: give a camera, or with `LOT` a lot, another capacity, adding the
    camera where there is none; the hours since then are made anew.

    Args:
        since: None where it always was so; the first that is said always was, too.
    """
    if camera_id == LOT:
        db.execute("update lots set capacity = ? where id = ?", [capacity, lot_id])
    else:
        db.execute(
            "insert into cameras (lot_id, id, capacity) values (?, ?, ?)"
            " on conflict (lot_id, id) do update set capacity = excluded.capacity",
            [lot_id, camera_id, capacity],
        )
    before = db.execute(
        "select since, capacity from capacities where lot_id = ? and camera_id = ?"
        " order by since desc",
        [lot_id, camera_id],
    ).fetchall()
    if (before[0][1] if before else None) == capacity:
        return
    begin = to_text(since) if since and before else ""
    db.execute(
        "delete from capacities where lot_id = ? and camera_id = ? and since >= ?",
        [lot_id, camera_id, begin],
    )
    db.execute("insert into capacities values (?, ?, ?, ?)", [lot_id, camera_id, begin, capacity])
    roll(db, lot_id, since.timestamp() if since and before else -math.inf)
