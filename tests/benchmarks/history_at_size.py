"""How quick the pages' data are, and how large the database, from ten thousand to ten million
snapshots of a hundred lots.

    python -m tests.benchmarks.history_at_size [--snapshots 10000,1000000,10000000] [--folder DIR]

Fills a database with a generated year (no photos), makes its hours with the product's own code,
and prints for what each page reads the median and the worst, cold (the file's pages dropped from
memory, a new connection) and warm. Ten million take about ten minutes and 8 GB of disk.
"""

from __future__ import annotations

import argparse
import os
import resource
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from parkcore.domain import LABELS, Lot
from parkcore.history import stats
from parkcore.sqlite.filters import HistoryFilter
from parkcore.store import Store
from tests.generated_year import fleet

ZONE = ZoneInfo("Europe/Madrid")
COLUMNS = (
    "sha256", "file", "lot_id", "camera_id", "captured_at", "time_source", "size_bytes", "width",
    "height", *LABELS, "model", "model_version", "confidence", "imgsz", "milliseconds", "note",
    "recorded_at",
)  # fmt: skip
TIMES = 7


def fill(path: Path, snapshots: int) -> None:
    """A database of so many snapshots, spread over a year of a hundred lots."""
    rest = snapshots
    with Store.open(path) as store:
        for lot_id, kind, capacity, looks in fleet():
            store.ensure_lot(Lot(lot_id, f"{kind.capitalize()} {lot_id}", capacity))
            share = looks.iloc[:: max(1, 100 * len(looks) // snapshots)][:rest]
            rest -= len(share)
            _insert(path, lot_id, share)
        store.rebuild_hours()


def _insert(path: Path, lot_id: str, looks) -> None:
    rows = _rows(lot_id, looks)
    db = sqlite3.connect(path)
    db.execute("pragma cache_size = -1000000")  # the index of contents is in no order
    with db:
        cameras = {(lot_id, camera) for camera in looks["camera"].unique()}
        db.executemany("insert or ignore into cameras (lot_id, id) values (?, ?)", cameras)
        marks = ", ".join("?" * len(COLUMNS))
        db.executemany(f"insert into snapshots ({', '.join(COLUMNS)}) values ({marks})", rows)
    db.close()


def _rows(lot_id: str, looks) -> Iterator[tuple]:
    for number, look in enumerate(looks.itertuples(index=False)):
        at = look.captured_at.isoformat(timespec="microseconds")
        file = f"{lot_id}/{look.camera}/{at[:10]}/{at[11:19].replace(':', '-')}.jpg"
        counts = [int(getattr(look, label)) for label in LABELS]
        yield (
            f"{hash((lot_id, number)) & (2**64 - 1):064x}", file, lot_id, look.camera, at, "exif",
            250_000, 1280, 720, *counts, "parkcore-yolov8n.pt", "0123456789ab", 0.2, 1280, 300.0,
            "", at,
        )  # fmt: skip


def reads(store: Store) -> dict[str, Callable[[], object]]:
    """What each page asks for, as it asks for it."""
    lots = [lot.id for lot in store.lots()]
    first, last = store.span()
    middle = first + (last - first) / 2
    one = lots[len(lots) // 2]
    of_one = store.snapshots(HistoryFilter(one), limit=1)[0]

    def summary(lot_ids, days):
        since = last - timedelta(days=days)
        frame = stats.hours_frame(store.hours(lot_ids, since, last, held=True))
        return stats.summary(frame, since, last, threshold=0.9)

    def by_period(lot_ids, days, period):
        frame = stats.hours_frame(store.hours(lot_ids, last - timedelta(days=days), last))
        return stats.by_period(frame, ZONE, period)

    day = HistoryFilter(one, since=middle, until=middle + timedelta(days=1))
    return {
        "Overview: the latest of 100 lots": lambda: [store.latest(lot) for lot in lots],
        "Overview: the last day of 100 lots": lambda: store.hours(
            lots, last - timedelta(days=1), last
        ),
        "History: the newest 50": lambda: store.snapshots(limit=50),
        "History: 50 from half a year ago": lambda: store.snapshots(
            HistoryFilter(until=middle), limit=50
        ),
        "History: 50 of a lot with a bus": lambda: store.snapshots(
            HistoryFilter(one, label="bus"), limit=50
        ),
        "History: how many, up to 10,000": lambda: store.count(most=10_000),
        "History: a month of the calendar": lambda: store.hours(
            [one], middle, middle + timedelta(days=31)
        ),
        "History: a day of a lot": lambda: store.snapshots(day),
        "Snapshot: by its number": lambda: store.snapshot(of_one.id),
        "Statistics: a week of a lot": lambda: summary([one], 7),
        "Statistics: a year of a lot by day": lambda: by_period([one], 365, "day"),
        "Statistics: a year of a lot, figures": lambda: summary([one], 365),
        "Statistics: a quarter of 10 lots": lambda: by_period(lots[:10], 91, "day"),
        "Statistics: a week of 100 lots": lambda: summary(lots, 7),
        "Health: photos of the last hour": lambda: store.photos_since(last - timedelta(hours=1)),
    }


def drop(path: Path) -> None:
    """Out of the system's memory, as after a restart of the machine."""
    for file in path.parent.glob(f"{path.name}*"):
        handle = os.open(file, os.O_RDONLY)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(handle)


def timed(read: Callable[[], object]) -> float:
    started = time.perf_counter()
    read()
    return 1000 * (time.perf_counter() - started)


def measure(path: Path) -> dict[str, tuple[float, float, float, float]]:
    """Per read the median and worst of cold and of warm, in milliseconds."""
    with Store.open(path) as store:
        names = list(reads(store))
    found = {}
    for name in names:
        cold = []
        for _ in range(TIMES):
            with Store.open(path) as store:
                read = reads(store)[name]
                drop(path)
                cold.append(timed(read))
        with Store.open(path) as store:
            read = reads(store)[name]
            read()
            warm = [timed(read) for _ in range(TIMES)]
        found[name] = statistics.median(cold), max(cold), statistics.median(warm), max(warm)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--snapshots", default="10000,100000,1000000,10000000")
    parser.add_argument("--folder", type=Path)
    chosen = parser.parse_args()
    sizes = [int(each) for each in chosen.snapshots.split(",")]
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        tables = {}
        for size in sizes:
            path = Path(folder) / f"{size}.db"
            started = time.perf_counter()
            fill(path, size)
            with Store.open(path) as store:
                recorded = store.count()
            took, bytes_each = time.perf_counter() - started, path.stat().st_size / recorded
            click.echo(f"{recorded:,} snapshots: made in {took:.0f} s, {bytes_each:.0f} bytes each")
            tables[size] = measure(path)
            path.unlink()
    click.echo("\nmilliseconds: cold median (worst), warm median (worst)\n")
    for name in tables[sizes[0]]:
        figures = [
            f"{cold:,.0f} ({cold_worst:,.0f}), {warm:,.0f} ({warm_worst:,.0f})"
            for cold, cold_worst, warm, warm_worst in (tables[size][name] for size in sizes)
        ]
        click.echo(f"| {name} | " + " | ".join(figures) + " |")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    click.echo(f"\nmost memory of this process: {most:.0f} MB · {datetime.now(UTC):%Y-%m-%d}")


if __name__ == "__main__":
    main()
