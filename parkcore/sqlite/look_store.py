"""What single photos count for, and how full a lot was from moment to moment, from SQLite."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import islice

from parkcore.domain import Snapshot
from parkcore.history.capacities import Capacities
from parkcore.history.rollups import HOUR_S, Look, Segment
from parkcore.spaces.verdict import Judged
from parkcore.sqlite.database import explained
from parkcore.sqlite.hour_store import HourStore
from parkcore.sqlite.records import Row, to_judged
from parkcore.sqlite.rolling import LOOKS, read_capacities, seen, to_look

PART = 200


class LookStore(HourStore):
    """Looks. Every method may raise `StoreError`."""

    def looks(self, snapshot_ids: Sequence[int]) -> dict[int, Look]:
        """Per snapshot what it counts for in the hours (at most a few hundred), against the
        places that its camera alone sees."""
        marks = ", ".join("?" * len(snapshot_ids))
        rows = self._rows(f"{LOOKS} where s.id in ({marks})", list(snapshot_ids))
        with explained(self._name):
            known = read_capacities(self._db)
        return {row["id"]: _alone(row, known) for row in rows}

    def with_looks(self, snapshots: Iterable[Snapshot]) -> Iterator[tuple[Snapshot, Look]]:
        """Snapshots, each with what it counts for, read a part at a time; those that were removed
        meanwhile are left out."""
        remaining = iter(snapshots)
        while part := list(islice(remaining, PART)):
            looks = self.looks([snapshot.id or 0 for snapshot in part])
            yield from ((each, looks[each.id or 0]) for each in part if each.id in looks)

    def judged_by_machine(self, snapshot_id: int) -> Judged | None:
        """What a photo said of its camera's spaces, whatever a person says instead."""
        rows = self._rows("select * from judgements where snapshot_id = ?", [snapshot_id])
        return to_judged(rows[0]) if rows else None

    def stretches(self, lot_id: str, since: datetime, until: datetime) -> list[Segment]:
        """How full a lot was, as far as it is known, from look to look."""
        first, end = since.timestamp(), until.timestamp()
        hold_s = self._rows("select hold_s from hour_rules")[0]["hold_s"]
        with explained(self._name):
            _, found = seen(self._db, lot_id, first - hold_s, end)
            return [
                replace(each, start=max(each.start, first), end=min(each.end, end))
                for each in found
                if each.end > first and each.start < end
            ]

    def months(self, lot_id: str, zone: tzinfo) -> list[date]:
        """The first days of the months of the site's clock in which a lot has hours."""
        found: list[date] = []
        since = -(2**60)
        while True:
            rows = self._rows(
                "select min(hour) hour from hours where lot_id = ? and hour >= ?", [lot_id, since]
            )
            if rows[0]["hour"] is None:
                return found
            month = datetime.fromtimestamp(rows[0]["hour"], zone).date().replace(day=1)
            found += [month] if month not in found[-1:] else []
            if (following := month_after(month)) is None:
                return found
            # An hour that began before midnight belongs to the month that it ends in, unless the
            # zone's hours are not the clock's: then it must not be found for ever.
            begins = int(datetime.combine(following, time(), zone).timestamp())
            since = max(begins - HOUR_S, rows[0]["hour"]) + 1


def _alone(row: Row, known: Capacities) -> Look:
    look = to_look(row, known, row["lot_id"])
    if look.told is not None or look.vehicles is None:
        return look
    at = datetime.fromisoformat(row["captured_at"])
    return replace(look, told=known.seen_by(row["lot_id"], row["camera_id"], at))


def month_after(month: date) -> date | None:
    """The first day of the month after that of a first day; None at the end of the calendar."""
    try:
        return (month + timedelta(days=31)).replace(day=1)
    except OverflowError:
        return None
