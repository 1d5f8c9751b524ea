"""Runs over photos that are recorded already, in SQLite: what another model or layout says of
them, kept beside what is in use."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any, cast

from sqlite_utils import Database

from parkcore.domain import LABELS, Detection, DetectorInfo, Snapshot, Vehicles
from parkcore.errors import RunError
from parkcore.spaces.verdict import Judged
from parkcore.sqlite.database import Connection
from parkcore.sqlite.filters import where
from parkcore.sqlite.records import (
    SNAPSHOTS,
    Row,
    figures_row,
    judged_row,
    to_detection,
    to_judged,
    to_snapshot,
    to_text,
    to_time,
)
from parkcore.sqlite.run_switch import switch
from parkcore.upkeep.runs import Outcome, Pair, Result, Run, Verdict, Wanted

BATCH = 200

CORNERS = ("x1", "y1", "x2", "y2")


class ReprocessStore(Connection):
    """Runs. Every method may raise `StoreError`."""

    def start_run(
        self, wanted: Wanted, detector: DetectorInfo, layouts: Mapping[tuple[str, str], int]
    ) -> tuple[Run, bool]:
        """Begin a run, or go on with one of the same that was not finished; whether it is new."""
        text = _wanted_text(wanted)
        places = json.dumps([[*of, each] for of, each in sorted(layouts.items())])
        with self._write() as db:
            row = db.execute(
                "select id from runs where finished_at is null and wanted = ? and layouts = ?"
                " and model_version = ? and confidence = ? and imgsz = ? order by id desc limit 1",
                [text, places, detector.version, detector.confidence, detector.imgsz],
            ).fetchone()
            [newest] = db.execute("select coalesce(max(id), 0) from snapshots").fetchone()
            number = row[0] if row else db.table("runs").insert(
                {
                    "created_at": to_text(datetime.now(UTC)),
                    "wanted": text,
                    "layouts": places,
                    "newest_snapshot": newest,
                    "model": detector.model,
                    "model_version": detector.version,
                    "confidence": detector.confidence,
                    "imgsz": detector.imgsz,
                }
            ).last_pk  # fmt: skip
        return self.run(cast(int, number)), row is None

    def runs(self) -> list[Run]:
        """Every run, latest first."""
        outcomes: dict[int, dict[Outcome, int]] = {}
        for row in self._rows(
            "select run_id, outcome, count(*) n from run_snapshots group by run_id, outcome"
        ):
            outcomes.setdefault(row["run_id"], {})[row["outcome"]] = row["n"]
        rows = self._rows("select * from runs order by id desc")
        return [replace(_to_run(row), outcomes=outcomes.get(row["id"], {})) for row in rows]

    def run(self, run_id: int) -> Run:
        """
        Raises:
            RunError: there is none of that number.
        """
        found = next((each for each in self.runs() if each.id == run_id), None)
        if found is None:
            known = ", ".join(str(each.id) for each in self.runs()) or "none yet"
            raise RunError(f"there is no run {run_id}; the runs are: {known}")
        return found

    def run_left(self, run: Run) -> int:
        """How many photos a run has still to look at."""
        condition, values = _open(run)
        [row] = self._rows(f"select count(*) n from snapshots s where {condition}", values)
        return int(row["n"])

    def run_next(self, run: Run) -> Iterator[Snapshot]:
        """The photos that a run has still to look at, camera by camera, oldest first."""
        condition, values = _open(run)
        after: dict[str, Any] = {"l": "", "c": "", "a": "", "i": 0}
        while rows := self._rows(
            f"{SNAPSHOTS} where {condition}"
            " and (s.lot_id, s.camera_id, s.captured_at, s.id) > (:l, :c, :a, :i)"
            f" order by s.lot_id, s.camera_id, s.captured_at, s.id limit {BATCH}",
            values | after,
        ):
            yield from map(to_snapshot, rows)
            last = rows[-1]
            names = ("lot_id", "camera_id", "captured_at", "id")
            after = dict(zip(after, (last[name] for name in names), strict=True))

    def run_cameras(self, run: Run) -> list[tuple[str, str]]:
        """The (lot, camera) of the photos that a run judged."""
        rows = self._rows(
            "select distinct s.lot_id, s.camera_id from run_snapshots r"
            " join snapshots s on s.id = r.snapshot_id"
            " where r.run_id = ? and r.outcome = 'judged' order by 1, 2",
            [run.id],
        )
        return [(row["lot_id"], row["camera_id"]) for row in rows]

    def save_result(self, run: Run, result: Result) -> None:
        """Keep what a run says of a photo, beside what is in use."""
        key = {"snapshot_id": result.snapshot_id, "run_id": run.id}
        with self._write() as db:
            row: Row = {**key, "outcome": result.outcome}
            if result.outcome == "judged":
                row |= Vehicles.count(result.detections).as_dict() | {
                    "model": run.detector.model,
                    "model_version": run.detector.version,
                    "confidence": run.detector.confidence,
                    "imgsz": result.imgsz or run.detector.imgsz,
                    "milliseconds": result.milliseconds,
                    "note": result.note,
                }
            _insert(db, "run_snapshots", row)
            for number, seen in enumerate(result.detections):
                corners = dict(zip(CORNERS, seen.box.as_tuple(), strict=True))
                values = {"number": number, "label": seen.label, "confidence": seen.confidence}
                _insert(db, "run_detections", key | values | corners)
            if (judged := result.judged) is not None:
                figures = figures_row(judged.judgement)
                _insert(db, "run_judgements", key | judged_row(judged) | figures)

    def run_judged_before(self, run: Run, snapshot: Snapshot) -> Judged | None:
        """What the run says of the camera's photo before this one; None where it did not look at
        it."""
        photo = snapshot.photo
        rows = self._rows(
            "select j.*, s.captured_at from snapshots s"
            " join run_judgements j on j.snapshot_id = s.id and j.run_id = ?"
            " where s.lot_id = ? and s.camera_id = ? and s.captured_at < ?"
            " order by s.captured_at desc, s.id desc limit 1",
            [run.id, photo.lot_id, photo.camera_id, to_text(photo.captured_at)],
        )
        return to_judged(rows[0]) if rows else None

    def finish_run(self, run: Run) -> None:
        with self._write() as db:
            db.execute(
                "update runs set finished_at = ? where id = ?", [to_text(datetime.now(UTC)), run.id]
            )

    def remove_run(self, run_id: int) -> None:
        """Forget a run. Of one that is in use what was there before it is forgotten, so that it
        cannot be undone any more; figures stay as they are."""
        with self._write() as db:
            for table in ("run_snapshots", "run_detections", "run_judgements"):
                db.execute(f"delete from {table} where run_id = ?", [run_id])
            db.execute("delete from runs where id = ?", [run_id])

    # -- what it would change -------------------------------------------------------------

    def run_pairs(self, run: Run) -> Iterator[Pair]:
        """Every snapshot that a run judged and that stands in the history, with both verdicts of
        the machine; what people put right is in the snapshot."""
        after, seen = 0, ", ".join(f"r.{label} run_{label}" for label in LABELS)
        sql = SNAPSHOTS.replace("select s.*", f"select {seen}, s.*") + (
            " join run_snapshots r on r.snapshot_id = s.id and r.run_id = ?"
            " where r.outcome = 'judged' and s.deleted_at is null and s.id > ?"
            f" order by s.id limit {BATCH}"
        )
        while rows := self._rows(sql, [run.id, after]):
            ids = [row["id"] for row in rows]
            now, then = self._judgements("judgements", ids), self._judgements(
                "run_judgements", ids, run.id
            )  # fmt: skip
            for row in rows:
                snapshot = to_snapshot(row)
                counts = Vehicles(**{label: row[f"run_{label}"] for label in LABELS})
                yield Pair(
                    snapshot,
                    Verdict(snapshot.vehicles, now.get(row["id"])),
                    Verdict(counts, then.get(row["id"])),
                )
            after = ids[-1]

    def _judgements(
        self, table: str, ids: Sequence[int], run_id: int | None = None
    ) -> dict[int, Judged]:
        """What the machine said, before anybody put it right."""
        only = "" if run_id is None else f" and run_id = {run_id:d}"
        marks = ", ".join("?" * len(ids))
        rows = self._rows(f"select * from {table} where snapshot_id in ({marks}){only}", list(ids))
        return {row["snapshot_id"]: to_judged(row) for row in rows}

    def run_detections(self, run_id: int, snapshot_id: int) -> tuple[Detection, ...]:
        """The vehicles that a run has of a snapshot."""
        rows = self._rows(
            "select * from run_detections where run_id = ? and snapshot_id = ? order by number",
            [run_id, snapshot_id],
        )
        return tuple(map(to_detection, rows))

    def run_judged(self, run_id: int, snapshot_id: int) -> Judged | None:
        """What a run has on the spaces of a snapshot."""
        return self._judgements("run_judgements", [snapshot_id], run_id).get(snapshot_id)

    # -- switching ------------------------------------------------------------------------

    def switch_run(self, run_id: int, *, use: bool) -> int:
        """Put a run's verdicts in the place of those in use, or back; whole, or not at all.

        What people put right and what they deleted stays; the hours are made anew.

        Returns:
            How many snapshots changed their verdict.

        Raises:
            RunError: it is not finished, is in use already or is not; or another run was taken
                into use after it.
        """
        run = self.run(run_id)
        with self._write() as db:
            return switch(db, run, use=use)


def _open(run: Run) -> tuple[str, dict[str, Any]]:
    """The condition for the snapshots that a run has still to look at."""
    condition, values = where(run.wanted.which)
    condition += (
        " and s.id <= :newest and not exists (select 1 from run_snapshots r"
        " where r.snapshot_id = s.id and r.run_id = :run)"
    )
    return condition, values | {"newest": run.newest_snapshot, "run": run.id}


def _insert(db: Database, table: str, row: Row) -> None:
    marks = ", ".join(f":{name}" for name in row)
    db.execute(f"insert or replace into {table} ({', '.join(row)}) values ({marks})", row)


def _wanted_text(wanted: Wanted) -> str:
    values = asdict(wanted)
    return json.dumps(
        {k: to_text(v) if isinstance(v, datetime) else v for k, v in values.items()},
        ensure_ascii=False,
    )


def _to_run(row: Row) -> Run:
    wanted = json.loads(row["wanted"])
    times = {name: wanted[name] and to_time(wanted[name]) for name in ("since", "until")}
    return Run(
        row["id"],
        Wanted(**wanted | times),
        DetectorInfo(row["model"], row["model_version"], row["confidence"], row["imgsz"]),
        {(lot, camera): layout_id for lot, camera, layout_id in json.loads(row["layouts"])},
        row["newest_snapshot"],
        to_time(row["created_at"]),
        row["finished_at"] and to_time(row["finished_at"]),
        row["used_at"] and to_time(row["used_at"]),
    )
