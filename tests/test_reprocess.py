"""Stored photos judged again: beside what is in use, compared, switched over and back."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from conftest import MADRID, NOON, ROOT, SAMPLES, PaintDetector
from test_hours import hours

from parkcore.cli import cli
from parkcore.domain import Correction, DetectorInfo, Lot, Vehicles
from parkcore.errors import RunError, UnknownLot
from parkcore.ingest import Analyser
from parkcore.occupancy import Thresholds
from parkcore.spaces.judging import Judge
from parkcore.spaces.layout import Layout, Space
from parkcore.spaces.second_opinion import SecondOpinion
from parkcore.spaces.space_net import SpaceNet
from parkcore.sqlite.filters import HistoryFilter
from parkcore.storage import Storage
from parkcore.store import Store
from parkcore.training.fit_classifier import write
from parkcore.upkeep.comparing import compare
from parkcore.upkeep.reprocess import begin, reprocess, switch_back, switch_over
from parkcore.upkeep.runs import Run, Wanted

LEVELS = Thresholds(0.5, 0.8, 0.95)
TABLES = ("snapshots", "detections", "judgements", "corrections", "hours", "thumbnails", "files")


class Nearsighted(PaintDetector):
    """Another model: it misses the vehicle that the first sees last."""

    info = DetectorInfo("near", "2", 0.5, 640)

    def detect(self, image, imgsz=None):
        return super().detect(image, imgsz)[:-1]


def rows(store: Store) -> dict[str, list]:
    """Everything that is in use, row by row."""
    return {table: sorted(map(repr, store._rows(f"select * from {table}"))) for table in TABLES}


@pytest.fixture
def near() -> Analyser:
    return Analyser(Nearsighted(), MADRID, 50, now=lambda: NOON)


@pytest.fixture
def recorded(store: Store, storage: Storage, analyser: Analyser, add_photo) -> Store:
    """20 photos of two cameras, one with marked spaces, half an hour apart."""
    store.ensure_lot(Lot("north", "North", 10))
    spaces = tuple(
        Space(f"A{n}", ((x, 0.0), (x + 0.125, 0.0), (x + 0.125, 0.2), (x, 0.2)))
        for n, x in enumerate(n / 8 for n in range(8))
    )
    store.save_layout("north", "gate", Layout(spaces, (), (320, 200)), None, based_on=0)
    for number in range(20):
        camera = ("gate", "roof")[number % 2]
        minutes = 30 * (number // 2)
        name = f"north/{camera}/2026-05-04_{6 + minutes // 60:02}-{minutes % 60:02}.jpg"
        path = add_photo(name, vehicles=1 + number % 8, seed=number)
        assert analyser.ingest(storage.source(path), store).status == "new"
    return store


def judge(store: Store, storage: Storage, by: Analyser, wanted: Wanted | None = None) -> Run:
    run, _ = begin(store, by, wanted or Wanted())
    list(reprocess(store, storage, by, run))
    return store.run(run.id)


def test_the_new_verdicts_stand_beside_the_old(recorded: Store, storage, near) -> None:
    before = rows(recorded)
    run = judge(recorded, storage, near)
    assert rows(recorded) == before, "nothing changes until the run is used"
    assert (run.outcomes, run.used_at) == ({"judged": 20}, None) and run.finished_at
    pairs = list(recorded.run_pairs(run))
    assert [pair.in_use.vehicles.total - pair.beside.vehicles.total for pair in pairs] == [1] * 20
    assert [pair.beside.judged is not None for pair in pairs] == [True, False] * 10
    first = pairs[0].snapshot
    assert len(recorded.run_detections(run.id, pairs[5].snapshot.id)) == 5
    assert recorded.run_detections(run.id, first.id) == ()


@pytest.mark.parametrize("fits, sizes", [(True, {640, 1280}), (False, {640})])
def test_what_was_looked_at_larger_is_so_again(
    recorded: Store, storage, near, fits: bool, sizes: set[int]
) -> None:
    with recorded._write() as db:
        db.execute("update snapshots set imgsz = 1280 where camera_id = 'roof'")
    run = judge(recorded, storage, replace(near, fits_size=fits))
    recorded.switch_run(run.id, use=True)
    assert {s.detector.imgsz for s in recorded.snapshots(HistoryFilter(camera_id="roof"))} == {
        max(sizes)
    }
    assert {s.detector.imgsz for s in recorded.snapshots()} == sizes


def test_switched_over_all_figures_are_the_runs_and_back_all_is_as_it_was(
    recorded: Store, storage, near, analyser
) -> None:
    corrected = recorded.snapshots()[3]
    recorded.correct(corrected.id, Correction(Vehicles(car=9), {"A1": "occupied"}))
    before, hours_before = rows(recorded), hours(recorded)
    run = judge(recorded, storage, near)
    assert recorded.switch_run(run.id, use=True) == 20
    seen = recorded.snapshots()
    assert {each.detector.model for each in seen} == {"near"}
    assert sum(each.vehicles.total for each in seen) == sum(1 + n % 8 for n in range(20)) - 20
    assert recorded.snapshot(corrected.id).counted == Vehicles(car=9), "corrections stay"
    for each in seen:
        whole = recorded.snapshot(each.id)
        assert len(whole.detections) == each.vehicles.total
    kept = hours(recorded)
    recorded.rebuild_hours()
    assert hours(recorded) == kept != hours_before
    assert recorded.run(run.id).used_at is not None
    recorded.switch_run(run.id, use=False)
    assert rows(recorded) == before
    recorded.switch_run(run.id, use=True)
    assert hours(recorded) == kept


def test_what_happens_while_a_run_is_in_use_outlives_it(recorded: Store, storage, near) -> None:
    run = judge(recorded, storage, near)
    recorded.switch_run(run.id, use=True)
    first, second, third = recorded.snapshots(newest_first=False)[:3]
    recorded.correct(first.id, Correction(Vehicles(bus=2)))
    recorded.delete([second.id])
    recorded.delete_snapshots([third.photo.sha256])
    recorded.switch_run(run.id, use=False)
    assert recorded.snapshot(first.id).counted == Vehicles(bus=2)
    assert recorded.snapshot(first.id).detector.model == "paint"
    assert recorded.snapshot(second.id).deleted_at and recorded.snapshot(third.id) is None
    assert recorded.snapshot(second.id).detector.model == "paint"
    kept = hours(recorded)
    recorded.rebuild_hours()
    assert hours(recorded) == kept


def test_runs_are_switched_back_in_the_order_of_their_use(recorded: Store, storage, near) -> None:
    before = rows(recorded)
    blind = replace(near, detector=type("Blind", (PaintDetector,), {
        "info": DetectorInfo("blind", "3", 0.5, 640), "detect": lambda self, image, imgsz: [],
    })())  # fmt: skip
    one, other = judge(recorded, storage, near), judge(recorded, storage, blind)
    recorded.switch_run(one.id, use=True)
    recorded.switch_run(other.id, use=True)
    with pytest.raises(RunError, match=f"undo run {other.id} first"):
        recorded.switch_run(one.id, use=False)
    with pytest.raises(RunError, match="in use already"):
        recorded.switch_run(other.id, use=True)
    recorded.switch_run(other.id, use=False)
    recorded.switch_run(one.id, use=False)
    assert rows(recorded) == before
    with pytest.raises(RunError, match="nothing to undo"):
        recorded.switch_run(one.id, use=False)


def test_a_run_says_what_it_changes(recorded: Store, storage, near) -> None:
    recorded.correct(recorded.snapshots(newest_first=False)[0].id, Correction(Vehicles(car=1)))
    run = judge(recorded, storage, near)
    found = compare(recorded, run, LEVELS)
    assert (found.snapshots, found.counts_changed) == (20, 20)
    assert (found.before.total, found.after.total) == (82, 62)
    assert found.growth == pytest.approx(-20 / 82)
    # the gate's photos show 1, 3, 5, 7, 1, … cars in as many of its 8 spaces, then one less:
    # two go from busy to moderate. How many spaces the roof has is not known.
    assert (found.rated, found.spaces, found.spaces_changed) == (10, 80, 10)
    assert found.levels_changed == 2
    assert (found.corrected, found.error_before, found.error_after) == (1, 0, 1)
    assert found.said[0] == (
        "new verdicts: -24.4 % vehicles (82 before, 62 after); another count on 20 of 20 snapshots"
    )
    recorded.switch_run(run.id, use=True)
    assert compare(recorded, recorded.run(run.id), LEVELS).said == found.said
    assert [change.weight for change in found.changes] == [2] * 10 + [1] * 10


def test_photos_that_are_gone_or_changed_stay_as_they_are(
    recorded: Store, storage: Storage, near
) -> None:
    one, other, third = recorded.snapshots(newest_first=False)[:3]
    storage.path(one.photo.file).unlink()
    storage.path(other.photo.file).write_bytes(b"another file took its name")
    run = judge(recorded, storage, near)
    assert run.outcomes == {"gone": 2, "judged": 18}
    recorded.switch_run(run.id, use=True)
    models = [recorded.snapshot(each.id).detector.model for each in (one, other, third)]
    assert models == ["paint", "paint", "near"]


def test_an_unfinished_run_goes_on_and_is_not_used(recorded: Store, storage, near) -> None:
    run, is_new = begin(recorded, near, Wanted())
    assert is_new
    steps = reprocess(recorded, storage, near, run)
    for _ in range(7):
        next(steps)
    steps.close()
    with pytest.raises(RunError, match="not finished"):
        recorded.switch_run(run.id, use=True)
    same, is_new = begin(recorded, near, Wanted())
    assert (same.id, is_new, recorded.run_left(same)) == (run.id, False, 13)
    other, is_new = begin(recorded, near, Wanted(camera_id="gate"))
    assert is_new and other.id != run.id
    left = recorded.layout("north", "gate")
    anew = recorded.save_layout("north", "gate", left, None, based_on=1)
    other, is_new = begin(recorded, near, Wanted())
    assert is_new and other.layouts["north", "gate"] == anew.id, "not half by one, half by another"
    assert len(list(reprocess(recorded, storage, near, same))) == 13
    assert recorded.run(run.id).finished_at


def test_only_what_was_wanted_is_judged(recorded: Store, storage, near) -> None:
    since = NOON.replace(hour=6)  # 08:00 in Madrid
    assert judge(recorded, storage, near, Wanted("north", "gate")).judged == 10
    assert judge(recorded, storage, near, Wanted(since=since)).judged == 12
    with pytest.raises(UnknownLot):
        begin(recorded, near, Wanted("nowhere"))
    with pytest.raises(RunError, match="no photo is recorded"):
        begin(recorded, near, Wanted(since=NOON + timedelta(days=9)))
    with pytest.raises(RunError, match="version 9"):
        begin(recorded, near, Wanted(layout_version=9))
    with pytest.raises(RunError, match="there is no run 99"):
        recorded.run(99)


def test_another_layout_is_judged_from_what_was_seen_already(
    recorded: Store, storage, analyser
) -> None:
    spaces = tuple(
        Space(f"B{n}", ((x, 0.0), (x + 0.125, 0.0), (x + 0.125, 0.2), (x, 0.2)))
        for n, x in enumerate(n / 8 for n in range(4))
    )
    recorded.save_layout("north", "gate", Layout(spaces, (), (320, 200)), None, based_on=1)
    before = rows(recorded)

    def look(image):
        raise AssertionError("the same model need not look again")

    analyser.detector.detect = look
    run = judge(recorded, storage, analyser, Wanted(camera_id="gate"))
    assert compare(recorded, run, LEVELS).growth == 0
    recorded.switch_run(run.id, use=True)
    newest = recorded.snapshots()[1]
    assert [space.id for space in recorded.judged(newest.id).judgement.spaces][:2] == ["B0", "B1"]
    recorded.switch_run(run.id, use=False)
    assert rows(recorded) == before
    old = judge(recorded, storage, analyser, Wanted(camera_id="gate", layout_version=1))
    found = compare(recorded, old, LEVELS)
    assert (found.spaces, found.spaces_changed, found.levels_changed) == (80, 0, 0)


def test_a_run_from_before_spaces_were_changed_is_not_used(recorded: Store, storage, near) -> None:
    run = judge(recorded, storage, near)
    before = rows(recorded)
    marked = recorded.layout("north", "gate")
    recorded.save_layout("north", "gate", marked, None, based_on=1)
    with pytest.raises(RunError, match="north/gate were marked or changed after run"):
        switch_over(recorded, run.id)
    assert rows(recorded) == before
    other = judge(recorded, storage, near)
    assert switch_over(recorded, other.id) == 20
    assert switch_back(recorded, other.id) == 20
    assert rows(recorded) == before


def test_a_run_is_forgotten_and_stays_in_use_where_it_was(recorded: Store, storage, near) -> None:
    before, run = rows(recorded), judge(recorded, storage, near)
    recorded.remove_run(run.id)
    assert recorded.runs() == [] and rows(recorded) == before
    run = judge(recorded, storage, near)
    recorded.switch_run(run.id, use=True)
    used = rows(recorded)
    recorded.remove_run(run.id)
    assert rows(recorded) == used
    for table in ("run_snapshots", "run_detections", "run_judgements", "runs"):
        assert recorded._rows(f"select * from {table}") == []


# -- the command -------------------------------------------------------------------------------


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A history of 8 rendered photos, judged at a coarse analysis size."""
    (tmp_path / "none.toml").touch()
    folder = tmp_path / "storage_photo/north/gate"
    folder.mkdir(parents=True)
    for photo in sorted((SAMPLES / "sample-north/gate").glob("*.jpg"))[:8]:
        (folder / photo.name).write_bytes(photo.read_bytes())
    environ = {
        "PARKCORE_DB": str(tmp_path / "p.db"), "PARKCORE_STORAGE": str(folder.parents[1]),
        "PARKCORE_TIME_ZONE": "Europe/Madrid", "PARKCORE_CONFIG": str(tmp_path / "none.toml"),
        "PARKCORE_IMGSZ": "320", "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    subprocess.run(
        [sys.executable, "-m", "parkcore", "scan"], cwd=ROOT, env={**os.environ, **environ},
        check=True, capture_output=True,
    )  # fmt: skip
    return environ


@pytest.fixture
def command(environ) -> Callable[..., tuple[int, str]]:
    def run(*words: str, answer: str = "") -> tuple[int, str]:
        done = CliRunner(env=environ).invoke(cli, ["reprocess", *words], input=answer)
        return done.exit_code, done.output

    return run


def state(db: str) -> dict[str, list]:
    with sqlite3.connect(db) as connection:
        return {
            table: sorted(map(repr, connection.execute(f"select * from {table}").fetchall()))
            for table in TABLES
        }


def test_killed_in_the_middle_it_goes_on_and_switches_over_and_back(command, environ) -> None:
    db = environ["PARKCORE_DB"]
    before = state(db)
    process = subprocess.Popen(
        [sys.executable, "-m", "parkcore", "reprocess", "--imgsz", "640"],
        cwd=ROOT, env={**os.environ, **environ}, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        with Store.open(Path(db)) as store:
            if sum(run.judged for run in store.runs()) >= 2:
                break
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    with Store.open(Path(db)) as store:
        [run] = store.runs()
        assert 2 <= run.judged < 8 and run.finished_at is None
    assert state(db) == before
    status, said = command("--imgsz", "640")
    assert status == 0 and f"run {run.id} goes on: {8 - run.judged} photos" in said
    assert "8 judged" in said and "reprocess compare 1" in said
    status, said = command("compare", "1")
    assert status == 0 and "of 8 snapshots" in said and "%" in said
    found = json.loads(command("compare", "1", "--json")[1])
    assert found["snapshots"] == 8
    before_and_after = [sum(found[f"vehicles_{when}"].values()) for when in ("before", "after")]
    assert min(before_and_after) > 150
    assert "not in use" in command("list")[1]
    status, said = command("use", "1")
    assert status == 0 and "in use for 8 snapshots" in said and "change the settings" in said
    assert state(db) != before
    assert json.loads(command("list", "--json")[1])["in_use"]
    assert command("undo", "1")[0] == 0
    assert state(db) == before
    assert command("remove", "1", answer="n\n")[0] == 1
    assert command("remove", "1", answer="y\n")[0] == 0
    assert "No runs" in command("list")[1]


def test_options_belong_to_the_run_itself(command) -> None:
    assert command("--imgsz", "640", "list")[0] == 2
    assert command("--model", "nowhere.pt")[0] == 1
    assert command("use", "7")[0] == 1 and "there is no run 7" in command("use", "7")[1]


def test_a_runs_second_opinion_changes_places_with_the_one_in_use(
    recorded: Store, storage, near, tmp_path
) -> None:
    file = tmp_path / "spaces.pt"
    torch.manual_seed(0)
    write(file, SpaceNet(), 1.0)
    second = SecondOpinion(file)
    run = judge(recorded, storage, replace(near, judge=Judge(second)))
    [seen, *_] = recorded.snapshots(HistoryFilter(camera_id="gate"))
    assert recorded.judged(seen.id).second_opinion == ""
    assert recorded.run_judged(run.id, seen.id).second_opinion == second.info.named
    recorded.switch_run(run.id, use=True)
    assert recorded.judged(seen.id).second_opinion == second.info.named
    assert recorded.run_judged(run.id, seen.id).second_opinion == ""
    recorded.switch_run(run.id, use=False)
    assert recorded.judged(seen.id).second_opinion == ""
