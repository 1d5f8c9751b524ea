"""Several processes at the same photos, and processes that die: the real command each time."""

from __future__ import annotations

import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from conftest import ROOT, SAMPLES

from parkcore.store import Store

PHOTOS = 200


@pytest.fixture(scope="module")
def many_photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """200 different photos with cars: a sample, made small and each marked in a corner."""
    root = tmp_path_factory.mktemp("many") / "storage_photo"
    folder = root / "north" / "gate"
    folder.mkdir(parents=True)
    with PIL.Image.open(SAMPLES / "sample-north/gate/2026-05-04_12-30.jpg") as sample:
        small = np.asarray(sample.resize((640, 360)))
    for number in range(PHOTOS):
        marked = small.copy()
        for bit in range(8):
            marked[:8, 8 * bit : 8 * bit + 8] = 255 * (number >> bit & 1)
        out = io.BytesIO()
        PIL.Image.fromarray(marked).save(out, "JPEG", quality=80)
        minute, hour = number % 60, 6 + number // 60
        (folder / f"2026-05-04_{hour:02}-{minute:02}.jpg").write_bytes(out.getvalue())
    return root


def command(db: Path, storage: Path, *words: str) -> subprocess.Popen[str]:
    environ = {**os.environ, "PARKCORE_DB": str(db), "PARKCORE_STORAGE": str(storage)}
    environ |= {"PARKCORE_IMGSZ": "320", "OMP_NUM_THREADS": "1", "PARKCORE_TIME_ZONE": "UTC"}
    return subprocess.Popen(  # one group per process, so that a test can end it alone
        [sys.executable, "-m", "parkcore", *words],
        env=environ,
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=heed_interrupts,
    )


def heed_interrupts() -> None:
    """Also where the tests run in the background, in which shells have Ctrl-C ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def is_whole(db: Path) -> bool:
    """Every snapshot has its thumbnail and as many detections as it counts vehicles."""
    with sqlite3.connect(db) as connection:
        [[broken]] = connection.execute(
            "select count(*) from snapshots s where"
            " car + motorcycle + bus + truck"
            " != (select count(*) from detections d where d.snapshot_id = s.id)"
            " or not exists (select 1 from thumbnails t where t.snapshot_id = s.id)"
        )
        [[verdict]] = connection.execute("pragma integrity_check")
    return broken == 0 and verdict == "ok"


def test_four_scans_at_once_record_every_photo_once(many_photos: Path, tmp_path: Path) -> None:
    db = tmp_path / "history.db"
    scans = [command(db, many_photos, "scan") for _ in range(4)]
    ended = [(*scan.communicate(timeout=170), scan.returncode) for scan in scans]
    assert [code for _, _, code in ended] == [0] * 4, ended
    assert sum(int(out.split(" new")[0]) for out, _, _ in ended) == PHOTOS
    with Store.open(db) as store:
        assert store.count() == PHOTOS
        assert len({snapshot.photo.sha256 for snapshot in store.snapshots()}) == PHOTOS
        assert store.failures() == []
    assert is_whole(db)


def test_a_scan_killed_in_the_middle_loses_nothing_and_goes_on(
    many_photos: Path, tmp_path: Path
) -> None:
    db = tmp_path / "history.db"
    for least in (20, 60):  # twice, at different moments of the work
        scan = command(db, many_photos, "scan")
        wait_for_snapshots(db, least, scan)
        os.killpg(scan.pid, signal.SIGKILL)
        scan.communicate()
        with Store.open(db) as store:
            before = {snapshot.photo.sha256: snapshot.vehicles for snapshot in store.snapshots()}
        assert least <= len(before) < PHOTOS
        assert is_whole(db)
    out, err = command(db, many_photos, "scan").communicate(timeout=170)
    assert f"{PHOTOS - len(before)} new, {len(before)} known already, 0 failed" in out, err
    with Store.open(db) as store:
        after = {snapshot.photo.sha256: snapshot.vehicles for snapshot in store.snapshots()}
    assert len(after) == PHOTOS
    assert before.items() <= after.items()
    assert is_whole(db)


def test_an_interrupted_scan_says_so_and_keeps_what_it_has(
    many_photos: Path, tmp_path: Path
) -> None:
    db = tmp_path / "history.db"
    scan = command(db, many_photos, "scan")
    wait_for_snapshots(db, 5, scan)
    os.killpg(scan.pid, signal.SIGINT)
    _, err = scan.communicate(timeout=30)
    assert scan.returncode == 130
    assert "run the same command again" in err
    assert is_whole(db)


def test_many_processes_open_a_fresh_database_at_once(tmp_path: Path) -> None:
    """Creating and migrating is a race too; nobody may fail."""
    program = (
        "import sys, pathlib; from parkcore.store import Store; from parkcore.domain import Lot\n"
        "for n in range(20):\n"
        "    with Store.open(pathlib.Path(sys.argv[1]) / f'{n}.db') as store:\n"
        "        store.ensure_lot(Lot(sys.argv[2], 'x'))\n"
    )
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path), f"lot{n}"],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
        )
        for n in range(4)
    ]
    errors = [racer.communicate(timeout=120)[1] for racer in racers]
    assert [racer.returncode for racer in racers] == [0] * 4, errors
    for n in range(20):
        with Store.open(tmp_path / f"{n}.db") as store:
            assert [lot.id for lot in store.lots()] == ["lot0", "lot1", "lot2", "lot3"]


def test_the_history_is_the_same_on_the_command_line_and_in_the_database(
    many_photos: Path, tmp_path: Path
) -> None:
    db, few = tmp_path / "history.db", tmp_path / "storage_photo"
    (few / "north").mkdir(parents=True)
    for photo in sorted((many_photos / "north" / "gate").iterdir())[:3]:
        (few / "north" / photo.name).write_bytes(photo.read_bytes())
    command(db, few, "scan").communicate(timeout=120)
    out, _ = command(db, few, "history", "--json").communicate(timeout=60)
    analysed, _ = command(db, few, "analyse", "--json", str(few)).communicate(timeout=120)
    records = [json.loads(line) for line in out.splitlines()]
    with sqlite3.connect(db) as connection:
        rows = connection.execute("select file, car, motorcycle, bus, truck from snapshots")
        stored = {file: list(counts) for file, *counts in rows}
    assert {r["photo"]: list(r["vehicles"].values()) for r in records} == stored
    looked = [json.loads(line)["vehicles"] for line in analysed.splitlines()]
    assert looked == [record["vehicles"] for record in records]
    assert sum(record["total"] for record in records) > 0


def wait_for_snapshots(db: Path, least: int, scan: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 90
    while scan.poll() is None and time.monotonic() < deadline:
        if db.exists():
            with Store.open(db) as store:
                if store.count() >= least:
                    return
        time.sleep(0.05)
    raise AssertionError(f"no {least} snapshots; {scan.communicate()}")
