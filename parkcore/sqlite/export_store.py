"""Rows of the history for files, page by page, so that ten million need no memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from parkcore.domain import LABELS, Said
from parkcore.spaces.verdict import Judged
from parkcore.sqlite.database import Connection
from parkcore.sqlite.filters import HistoryFilter, where
from parkcore.sqlite.records import CORRECTED, Row, corrected_spaces, to_judged, to_text

PAGE = 20_000
JUDGED_PAGE = 1_000

_FROM = (
    " from snapshots s left join corrections c on c.snapshot_id = s.id"
    " {join} judgements j on j.snapshot_id = s.id where {condition}"
    " and (s.captured_at, s.id) > (:after, :after_id)"
    " order by s.captured_at, s.id limit :limit"
)
_COUNTED = ", ".join(f"coalesce(c.{label}, s.{label}) {label}" for label in LABELS)
_SEEN = " + ".join(f"s.{label}" for label in LABELS)
_SNAPSHOTS = (
    "select s.id, s.file, s.lot_id, s.camera_id, s.captured_at, s.time_source,"
    f" {_COUNTED}, {_SEEN} seen, c.corrected_at, j.states, j.in_areas, j.area_room,"
    " s.milliseconds, s.model, s.model_version, s.confidence, s.note"
    + _FROM.replace("{join}", "left join")
)  # fmt: skip
_JUDGED = (
    f"select s.id, s.file, s.captured_at, j.*, {CORRECTED}"
    + _FROM.replace("{join}", "join")
)  # fmt: skip


class ExportStore(Connection):
    """What files are made of. Every method may raise `StoreError`."""

    def snapshot_pages(self, which: HistoryFilter) -> Iterator[list[Row]]:
        """Snapshots, oldest first, with what figures are made of: the counts as a person put them
        right where one did, and `seen`, the vehicles that the machine saw.

        Args:
            which: those of one camera, by which they are found quickly.
        """
        return self._pages(_SNAPSHOTS, which, PAGE)

    def judged_pages(
        self, which: HistoryFilter
    ) -> Iterator[list[tuple[Row, Judged, dict[str, Said]]]]:
        """Photos that were judged by a layout, oldest first, with what the machine says of each
        space, and what a person says instead.

        Args:
            which: those of one camera, as above.
        """
        for page in self._pages(_JUDGED, which, JUDGED_PAGE):
            yield [
                (row, to_judged({**row, "corrected_spaces": None}), corrected_spaces(row))
                for row in page
            ]

    def put_right(self, lot_id: str, since: datetime, until: datetime) -> tuple[int, int]:
        """How many snapshots of a lot were corrected by hand, and how many are deleted."""
        row = self._rows(
            "select count(c.snapshot_id) filter (where s.deleted_at is null) corrected,"
            " count(s.deleted_at) deleted from snapshots s"
            " left join corrections c on c.snapshot_id = s.id"
            " where s.lot_id = :lot and s.camera_id in (select id from cameras where lot_id = :lot)"
            " and s.captured_at >= :since and s.captured_at < :until",
            {"lot": lot_id, "since": to_text(since), "until": to_text(until)},
        )[0]
        return row["corrected"], row["deleted"]

    def _pages(self, sql: str, which: HistoryFilter, limit: int) -> Iterator[list[Row]]:
        condition, values = where(which)
        values |= {"after": "", "after_id": 0, "limit": limit}
        while page := self._rows(sql.replace("{condition}", condition), values):
            yield page
            at = page[-1]["captured_at"]
            values |= {"after": at, "after_id": page[-1]["id"]}
            if "since" in values:  # where the search begins
                values["since"] = at
