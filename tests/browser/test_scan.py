"""The folder scan: it runs in the server, whoever looks, and can be stopped and gone on with."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from playwright.sync_api import Page, expect

from .app import NORTH, App, another, card, eventually, settled, visit

PHOTOS = 40


@pytest.fixture
def app(make_app) -> App:
    made = make_app(PARKCORE_IMGSZ="320")
    folder = made.storage / "yard" / "gate"
    folder.mkdir(parents=True)
    for number in range(PHOTOS):
        photo = another(NORTH / "2026-05-04_09-00.jpg", number, width=640, exif=False)
        (folder / f"2026-05-04_{10 + number // 60}-{number % 60:02}.jpg").write_bytes(photo)
    good = another(NORTH / "2026-05-04_20-00.jpg", 0)
    (folder / "2026-05-04_09-59.jpg").write_bytes(good[: len(good) // 2])
    made.start()
    return made


def count(app: App) -> int:
    with app.store() as store:
        return store.count()


def metric(page: Page, label: str, value: int) -> None:
    shown = page.get_by_test_id("stMetric").filter(has_text=label)
    expect(shown.get_by_test_id("stMetricValue")).to_have_text(str(value))


@contextmanager
def held(app: App) -> Iterator[None]:
    """Make the scan wait at the photo in hand, as another process that writes would.

    The pages go on: who only reads never waits.
    """
    with closing(sqlite3.connect(app.db, timeout=30, isolation_level=None)) as connection:
        connection.execute("begin immediate")
        yield


def test_scan_cancel_go_on_and_retry(app: App, open_page) -> None:
    bad = "yard/gate/2026-05-04_09-59.jpg"
    first, second = open_page(app), open_page(app)
    for page in (first, second):
        visit(page, "/scan", "Folder scan")
        metric(page, "New photos", PHOTOS + 1)
        settled(page)
    first.get_by_role("button", name="Scan").click()
    eventually(lambda: count(app) >= 2, timeout_s=60)
    with held(app):
        now = re.compile(rf"[2-9]\d* of {PHOTOS + 1} photos · yard/gate/2026-05-04_10-")
        expect(first.get_by_text(now)).to_be_visible()
        expect(second.get_by_text(now)).to_be_visible()
        second.get_by_role("button", name="Cancel").click()
        settled(second)
    for page in (first, second):
        expect(page.get_by_text(re.compile(r"Cancelled: \d+ new"))).to_be_visible()
        settled(page)
    done = count(app)
    assert 2 <= done < PHOTOS
    said = f"Cancelled: {done} new, 0 known already, 1 could not be read."
    expect(first.get_by_text(said)).to_be_visible()
    metric(first, "New photos", PHOTOS - done)
    metric(first, "Known already", done)
    second.context.close()

    with held(app):
        first.get_by_role("button", name="Scan").click()
        expect(first.get_by_text(f"0 of {PHOTOS - done} photos")).to_be_visible()
        first.context.close()
        assert count(app) == done
    eventually(lambda: count(app) == PHOTOS)

    page = open_page(app)
    visit(page, "/scan", "Folder scan")
    expect(
        page.get_by_text(f"Done: {PHOTOS - done} new, {done} known already, 0 could not be read.")
    ).to_be_visible()
    metric(page, "New photos", 0)
    metric(page, "Could not be read so far", 1)
    failure = card(page, bad)
    expect(failure).to_contain_text("the photo is damaged or cut off")

    (app.storage / bad).write_bytes(another(NORTH / "2026-05-04_20-00.jpg", 0))
    failure.get_by_role("button", name="Retry").click()
    done_now = "Done: 1 new, 0 known already, 0 could not be read."
    expect(page.get_by_text(done_now)).to_be_visible()
    expect(page.get_by_text(bad)).to_have_count(0)
    metric(page, "Could not be read so far", 0)
    assert count(app) == PHOTOS + 1
    assert len(app.history()) == PHOTOS + 1
