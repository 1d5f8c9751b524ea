"""An old archive of photos becomes a curve at its true times, in whatever order it is read."""

from __future__ import annotations

import io
from collections import deque
from datetime import UTC, datetime, timedelta
from pathlib import Path

import PIL.Image
import pytest
from conftest import MADRID, draw_lot
from test_hours import EVER

from parkcore.folder import pending, scan
from parkcore.ingest import Analyser, content_id
from parkcore.storage import Storage
from parkcore.store import Store

DAYS = [
    *(datetime(2025, 11, day, tzinfo=MADRID) for day in (3, 10, 30)),
    *(datetime(2026, 1, day, tzinfo=MADRID) for day in (1, 2, 3)),
    *(datetime(2026, 3, day, tzinfo=MADRID) for day in (28, 29, 30)),  # the clock is put forward
]


def taken(day: int, half_hour: int) -> int:
    """How many vehicles there are in a half-hour from eight on of one of the days."""
    return (3 * day + half_hour) % 9


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Photos from eight to eleven of nine days of three months: of every second day the time is
    in the names, of the others in the photos."""
    root = tmp_path / "archive"
    for number, day in enumerate(DAYS):
        for half_hour in range(6):
            at = day + timedelta(hours=8, minutes=30 * half_hour)
            picture = draw_lot(taken(number, half_hour), seed=6 * number + half_hour + 1)
            exif = PIL.Image.Exif()
            if number % 2:
                exif.get_ifd(0x8769)[0x9003] = f"{at:%Y:%m:%d %H:%M:%S}"
                name = f"IMG_{1000 - 6 * number - half_hour}.jpg"
            else:
                name = f"{at:%Y-%m-%d/%H-%M-%S}.jpg"
            path = root / "north" / "gate" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            out = io.BytesIO()
            PIL.Image.fromarray(picture).save(out, "JPEG", quality=95, exif=exif)
            path.write_bytes(out.getvalue())
    return root


def read(archive: Path, analyser: Analyser, *, seed: int | None = None) -> list[dict]:
    """The hours after a scan of the archive in the order of its names, or shuffled."""
    storage = Storage(archive, "default")
    with Store.in_memory() as store:
        sources = pending(archive, storage, store).sources
        if seed is not None:
            sources.sort(key=lambda source: content_id(f"{seed} {source.file}".encode()))
        tally = scan(deque(sources), analyser, store, root=archive)
        assert (tally.new, tally.failed) == (54, 0)
        found = store.hours(["north"], *EVER, held=True)
        store.rebuild_hours()
        assert store.hours(["north"], *EVER, held=True) == found
    return found


def test_an_archive_becomes_a_curve_at_its_true_times(archive: Path, analyser: Analyser) -> None:
    rows = read(archive, analyser)
    expected = {}
    for number, day in enumerate(DAYS):
        for hour in range(3):
            at = (day + timedelta(hours=8 + hour)).astimezone(UTC)
            looks = taken(number, 2 * hour), taken(number, 2 * hour + 1)
            expected[at] = (2, 3600, 1800 * sum(looks), min(looks), max(looks))
        # the last look stands until it is an hour old, half of it in the hour after
        last = taken(number, 5)
        at = (day + timedelta(hours=11)).astimezone(UTC)
        expected[at] = (0, 1800, 1800 * last, last, last)
    found = {
        datetime.fromtimestamp(row["hour"], UTC): (
            row["photos"], row["seen_s"], row["taken_s"], row["least"], row["most"],
        )
        for row in rows
    }  # fmt: skip
    assert found == expected


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_the_files_does_not_matter(
    archive: Path, analyser: Analyser, seed: int
) -> None:
    in_order = read(archive, analyser)
    assert read(archive, analyser, seed=seed) == in_order
