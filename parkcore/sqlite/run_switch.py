"""A run's verdicts in the place of those in use, and back, within one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlite_utils import Database

from parkcore.domain import LABELS
from parkcore.errors import RunError
from parkcore.sqlite.layout_store import refresh_figures
from parkcore.sqlite.records import to_text, to_time
from parkcore.sqlite.rolling import roll
from parkcore.upkeep.runs import Run

_SEEN = (
    *LABELS, "model", "model_version", "confidence", "imgsz", "milliseconds", "note",
)  # fmt: skip
"""What a snapshot says of how it was judged; these change places when a run is used."""

_DETECTIONS = ("number", "label", "confidence", "x1", "y1", "x2", "y2")
_JUDGEMENT = (
    "layout_id", "judgement", "homography", "note", "states", "in_areas", "area_room",
    "second_opinion",
)  # fmt: skip


def switch(db: Database, run: Run, *, use: bool) -> int:
    """Within a transaction: let the verdicts of a run and those in use change places.

    Returns:
        How many snapshots changed their verdict.

    Raises:
        RunError: as `ReprocessStore.switch_run` says.
    """
    _check_switch(db, run, use)
    stretches = db.execute(
        "select s.lot_id, min(s.captured_at), max(s.captured_at), count(*)"
        " from snapshots s join run_snapshots r on r.snapshot_id = s.id"
        " where r.run_id = ? and r.outcome = 'judged' group by s.lot_id",
        [run.id],
    ).fetchall()
    _swap_seen(db, run.id)
    _swap_rows(db, run.id, "detections", _DETECTIONS)
    _swap_rows(db, run.id, "judgements", _JUDGEMENT)
    for (corrected,) in db.execute(
        "select c.snapshot_id from corrections c join run_snapshots r"
        " on r.snapshot_id = c.snapshot_id and r.run_id = ?",
        [run.id],
    ).fetchall():
        refresh_figures(db, corrected)
    hold = timedelta(seconds=db.execute("select hold_s from hour_rules").fetchone()[0])
    for lot_id, first, last, _ in stretches:
        roll(db, lot_id, to_time(first).timestamp(), (to_time(last) + hold).timestamp())
    db.execute(
        "update runs set used_at = ? where id = ?",
        [to_text(datetime.now(UTC)) if use else None, run.id],
    )
    return sum(number for *_, number in stretches)


def _check_switch(db: Database, run: Run, use: bool) -> None:
    [finished, used] = db.execute(
        "select finished_at, used_at from runs where id = ?", [run.id]
    ).fetchone() or [None, None]
    if finished is None:
        raise RunError(f"run {run.id} is not finished; the same command again goes on with it")
    if use and used is not None:
        raise RunError(f"run {run.id} is in use already")
    if not use and used is None:
        raise RunError(f"run {run.id} is not in use, so there is nothing to undo")
    later = db.execute(
        "select max(o.id) from runs o where o.id <> :run and o.used_at > :used and exists"
        " (select 1 from run_snapshots a join run_snapshots b on b.snapshot_id = a.snapshot_id"
        " where a.run_id = :run and b.run_id = o.id)",
        {"run": run.id, "used": used or "9"},
    ).fetchone()[0]
    if later is not None:
        raise RunError(
            f"run {later} was taken into use after run {run.id} and judges the same photos; undo"
            f" run {later} first"
        )


def _swap_seen(db: Database, run_id: int) -> None:
    both, run = ", ".join(_SEEN), {"run": run_id}
    theirs = ", ".join(f"s.{name}" for name in _SEEN)
    db.execute(
        f"create temp table was as select snapshot_id id, {theirs}"
        " from snapshots s join run_snapshots r on r.snapshot_id = s.id"
        " where r.run_id = :run and r.outcome = 'judged'",
        run,
    )
    db.execute("create unique index temp.was_id on was (id)")
    db.execute(
        f"update snapshots set ({both}) = (select {both} from run_snapshots r where"
        " r.snapshot_id = snapshots.id and r.run_id = :run) where id in (select id from was)",
        run,
    )
    db.execute(
        f"update run_snapshots set ({both}) = (select {both} from was where id = snapshot_id)"
        " where run_id = :run and snapshot_id in (select id from was)",
        run,
    )
    db.execute("drop table temp.was")


def _swap_rows(db: Database, run_id: int, table: str, columns: Sequence[str]) -> None:
    names = ", ".join(columns)
    run = {"run": run_id}
    of_run = (
        "snapshot_id in (select snapshot_id from run_snapshots"
        " where run_id = :run and outcome = 'judged')"
    )
    db.execute(
        f"create temp table was as select snapshot_id, {names} from {table} where {of_run}", run
    )
    db.execute(f"delete from {table} where {of_run}", run)
    db.execute(
        f"insert into {table} (snapshot_id, {names}) select snapshot_id, {names}"
        f" from run_{table} where run_id = :run and {of_run}",
        run,
    )
    db.execute(f"delete from run_{table} where run_id = :run", run)
    db.execute(
        f"insert into run_{table} (run_id, snapshot_id, {names})"
        f" select :run, snapshot_id, {names} from was",
        run,
    )
    db.execute("drop table temp.was")
