"""The history as tables for other programs: snapshots, hours and spaces, part by part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

import pandas as pd

from parkcore.domain import LABELS, Label, Said
from parkcore.history.capacities import ALWAYS, LOT, Capacities
from parkcore.occupancy import Thresholds
from parkcore.reports.columns import COLUMNS, Column, Kind, TableName
from parkcore.spaces.corrections import corrected
from parkcore.spaces.verdict import Judged
from parkcore.sqlite.filters import HistoryFilter
from parkcore.sqlite.records import Row
from parkcore.store import Store

_NAMES = {"lot_id": "lot", "camera_id": "camera", "id": "snapshot", "file": "photo"}

HOURS_AT_ONCE = pd.Timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which part of the history: lots by id, and capture times from `since` until before
    `until`. The rest is for snapshots and spaces; see `HistoryFilter`."""

    lot_ids: tuple[str, ...]
    since: datetime | None = None
    until: datetime | None = None
    camera_id: str | None = None
    label: Label | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of a history, with times in the site's zone."""

    store: Store
    zone: tzinfo
    thresholds: Thresholds

    def parts(self, name: TableName, choice: Choice) -> Iterator[pd.DataFrame]:
        """A table by lot, camera and time, in parts of some ten thousand rows, none empty.

        Columns are those of `COLUMNS`, without the `utc` ones; times are aware.
        """
        columns = [each for each in COLUMNS[name] if each.kind != "utc"]
        makers: dict[TableName, Callable[[Choice], Iterator[pd.DataFrame]]] = {
            "snapshots": self._snapshots,
            "hours": self._hours,
            "spaces": self._spaces,
        }
        names = {lot.id: lot.name for lot in self.store.lots()}
        for part in makers[name](choice):
            part["lot_name"] = part["lot"].map(names)
            yield _typed(part, columns, self.zone)

    def _cameras(self, choice: Choice) -> Iterator[HistoryFilter]:
        for lot_id in choice.lot_ids:
            for camera in self.store.cameras(lot_id):
                if choice.camera_id in (None, camera.id):
                    yield HistoryFilter(
                        lot_id, camera.id, choice.since, choice.until, choice.label, choice.text
                    )

    def _snapshots(self, choice: Choice) -> Iterator[pd.DataFrame]:
        capacities = self.store.capacity_history()
        for which in self._cameras(choice):
            for page in self.store.snapshot_pages(which):
                yield self._snapshot_frame(page, capacities)

    def _snapshot_frame(self, page: list[Row], capacities: Capacities) -> pd.DataFrame:
        frame = pd.DataFrame(page).rename(
            columns={"lot_id": "lot", "camera_id": "camera", "id": "snapshot", "file": "photo"}
        )
        frame["taken_at"] = pd.to_datetime(frame["captured_at"], utc=True, format="ISO8601")
        frame["vehicles"] = frame[list(LABELS)].sum(axis=1)
        frame["corrected"] = frame["corrected_at"].notna()
        told = _places(frame, capacities)
        frame["rate"] = frame["taken"].astype("Float64") / told.where(told > 0)
        frame["places"] = told
        frame["level"] = frame["rate"].astype(object).map(self._level)
        return frame

    def _level(self, rate: float | None) -> str | None:
        return None if pd.isna(rate) else self.thresholds.level(rate)

    def _hours(self, choice: Choice) -> Iterator[pd.DataFrame]:
        for lot_id in choice.lot_ids:
            span = self.store.span([lot_id])
            if span is None:
                continue
            start, end = (
                max(span[0], choice.since or span[0]),
                min(span[1], choice.until or span[1]),
            )
            while start < end:
                stop = min(end, start + HOURS_AT_ONCE)
                if rows := self.store.hours([lot_id], start, stop):
                    yield _hour_frame(rows)
                start = stop

    def _spaces(self, choice: Choice) -> Iterator[pd.DataFrame]:
        for which in self._cameras(choice):
            for page in self.store.judged_pages(which):
                rows = [each for photo in page for each in _space_rows(*photo)]
                if rows:
                    yield pd.DataFrame(rows).assign(lot=which.lot_id, camera=which.camera_id)


def _places(frame: pd.DataFrame, capacities: Capacities) -> pd.Series[Any]:
    """How many places the photos could tell of; sets `taken`, `vacant` and `unknown`.

    By the rules of the hours: marked places count themselves, else every vehicle counts against
    the capacity that the camera had then.
    """
    own = pd.Series(pd.NA, frame.index, dtype="Int64")
    lot_id, camera_id = str(frame.at[0, "lot"]), str(frame.at[0, "camera"])
    keys = ((lot_id, LOT), (lot_id, camera_id))
    for since in sorted({at for key in keys for at, _ in capacities.changes.get(key, ())}):
        held = frame["taken_at"] >= since if since != ALWAYS else pd.Series(True, frame.index)
        own[held] = capacities.seen_by(lot_id, camera_id, since)
    states = frame["states"].astype("string")
    is_judged, counts = states.notna(), {letter: states.str.count(letter) for letter in "ovu"}
    in_areas = frame["in_areas"].astype("Int64")
    told = counts["o"] + counts["v"] + frame["area_room"].astype("Int64").fillna(0)
    blind = is_judged & (told == 0) & in_areas.isna()
    taken = (counts["o"] + in_areas.fillna(0)).where(is_judged, frame["vehicles"])
    frame["taken"] = taken.astype("Int64").mask(blind)
    frame["vacant"], frame["unknown"] = counts["v"], counts["u"]
    judged_places = told.astype("Int64").mask(told == 0, own)
    return judged_places.where(is_judged, own).mask(blind)


def _hour_frame(rows: list[Row]) -> pd.DataFrame:
    frame = pd.DataFrame(rows).rename(columns={"lot_id": "lot", "hour": "hour_at"})
    for name in ("hour_at", "most_at", "highest_rate_at"):
        frame[name] = pd.to_datetime(frame[name], unit="s", utc=True)
    seen, rated = frame["seen_s"].where(frame["seen_s"] > 0), frame["rated_s"]
    frame["mean_taken"] = frame["taken_s"] / seen
    frame["mean_rate"] = frame["rate_s"] / rated.where(rated > 0)
    for label in LABELS:
        frame[f"mean_{label}"] = frame[f"{label}_s"] / seen
    return frame


def _space_rows(row: Row, judged: Judged, said: Mapping[str, Said]) -> Iterator[Row]:
    at = datetime.fromisoformat(row["captured_at"])
    spaces = judged.judgement.spaces
    for space, seen in zip(corrected(judged.judgement, said).spaces, spaces, strict=True):
        yield {
            "taken_at": at, "snapshot": row["id"], "photo": row["file"], "space": space.id,
            "state": space.state, "confidence": space.confidence, "corrected": space.id in said,
            "seen_state": seen.state, "reason": space.reason,
        }  # fmt: skip


def _typed(frame: pd.DataFrame, columns: Sequence[Column], zone: tzinfo) -> pd.DataFrame:
    made = {}
    for column in columns:
        values = frame.get(column.name)
        if values is None:
            values = pd.Series(None, frame.index, dtype=object)
        if column.kind == "time":
            at = pd.to_datetime(values, utc=True)
            made[column.name] = at.dt.as_unit("us").dt.tz_convert(zone)
        else:
            made[column.name] = values.astype(_TYPES[column.kind])
    return pd.DataFrame(made)


_TYPES: dict[Kind, Any] = {
    "text": "string", "whole": "Int64", "number": "Float64", "share": "Float64",
    "truth": "boolean",
}  # fmt: skip
