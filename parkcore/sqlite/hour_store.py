"""Hours in SQLite, kept in step with the snapshots: see `rollups` for what they say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from parkcore.history.rollups import (
    HOUR_S,
    Segment,
)
from parkcore.sqlite.database import Connection, explained
from parkcore.sqlite.records import Row
from parkcore.sqlite.rolling import COLUMNS, roll, rules, stretches_of


class HourStore(Connection):
    """The hours of every lot. Every method may raise `StoreError`."""

    def hours(
        self, lot_ids: Sequence[str], since: datetime, until: datetime, *, held: bool = False
    ) -> list[Row]:
        """The hours of some lots that begin from `since` on and before `until`, by lot and time.

        Args:
            held: with how long each number of taken places was held, JSON; see `Hour.held`.
        """
        marks = ", ".join("?" * len(lot_ids))
        columns = ", ".join(COLUMNS if held else COLUMNS[:-1])
        return self._rows(
            f"select {columns} from hours where lot_id in ({marks}) and hour >= ? and hour < ?"
            " order by lot_id, hour",
            [*lot_ids, since.timestamp(), until.timestamp()],
        )

    def segments(self, lot_id: str, since: datetime, until: datetime) -> list[Segment]:
        """What a lot's total was from moment to moment, made from its snapshots as the hours are;
        for curves of a few days or weeks."""
        with explained(self._name):
            hold_s, _ = rules(self._db)
            first, end = since.timestamp(), until.timestamp()
            _, stretches = stretches_of(self._db, lot_id, first, end, hold_s)
            return [
                replace(each, start=max(first, each.start), end=min(end, each.end))
                for each in stretches
                if each.end > first and each.start < end
            ]

    def span(self, lot_ids: Sequence[str] | None = None) -> tuple[datetime, datetime] | None:
        """From when to when there are hours, of some lots or of all; None where there are none."""
        chosen = "" if lot_ids is None else f" where lot_id in ({', '.join('?' * len(lot_ids))})"
        row = self._rows(
            f"select min(hour) first, max(hour) last from hours{chosen}", list(lot_ids or ())
        )[0]
        if row["first"] is None:
            return None
        first, last = row["first"], row["last"] + HOUR_S
        return datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(last, UTC)

    def ensure_hours(self, *, hold_s: float, phase_s: int) -> bool:
        """Make all hours anew where they were made by other rules; whether they were.

        Args:
            hold_s: for how many seconds a look stands at most.
            phase_s: seconds past the full hour of UTC at which the site's hours begin.
        """
        known = self._rows("select * from hour_rules")[0]
        if (known["hold_s"], known["phase_s"]) == (hold_s, phase_s) and known["complete"]:
            return False
        with self._write() as db:
            db.execute(
                "update hour_rules set hold_s = ?, phase_s = ?, complete = 0", [hold_s, phase_s]
            )
        self.rebuild_hours()
        return True

    def rebuild_hours(self, said: Callable[[str], None] = lambda lot_id: None) -> None:
        """Make the hours of every lot anew, one lot at a time; what was thinned stays.

        Args:
            said: told each lot that is done.
        """
        for row in self._rows("select id from lots"):
            with self._write() as db:
                roll(db, row["id"])
            said(row["id"])
        with self._write() as db:
            db.execute("update hour_rules set complete = 1")
