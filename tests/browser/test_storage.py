"""Storage and judging again: nothing goes and nothing changes before somebody agreed to it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from parkcore.sqlite.filters import HistoryFilter

from .app import NORTH, App, another, eventually, settled, visit

DAYS = 10


@pytest.fixture(scope="module")
def app(make_module_app) -> App:
    """Ten photos of ten days of one lot."""
    made = make_module_app(PARKCORE_IMGSZ="320")
    folder = made.storage / "west" / "gate"
    folder.mkdir(parents=True)
    for number in range(DAYS):
        data = another(NORTH / "2026-05-04_10-00.jpg", number, width=640, exif=False)
        (folder / f"2026-05-{number + 1:02}_10-00.jpg").write_bytes(data)
    made.command("lot", "add", "west", "--name", "West car park", "--capacity", "37")
    made.command("scan")
    made.start()
    return made


def photos(app: App) -> int:
    return len(list(app.storage.rglob("*.jpg")))


def enter_days(page: Page, label: str, days: str) -> None:
    box = page.get_by_role("spinbutton", name=label, exact=True)
    box.fill(days)
    box.press("Tab")


def test_judged_again_compared_used_and_undone(app: App, open_page) -> None:
    app.command("reprocess", "--imgsz", "640")
    found = json.loads(app.command("reprocess", "compare", "1", "--json"))
    before = [each["total"] for each in app.history()]
    page = open_page(app)
    visit(page, "/reprocessing", "Judge again")
    expect(page.get_by_text("not in use")).to_be_visible()
    growth = page.get_by_test_id("stMetric").filter(has_text="Vehicles").first
    expect(growth).to_contain_text(f"{100 * found['growth']:+.1f} %")
    expect(page.get_by_text("Before: ").first).to_be_visible()
    pairs = page.get_by_test_id("stImage").get_by_role("img")
    expect(pairs).to_have_count(6)
    settled(page)
    one, other = (page.request.get(pairs.nth(n).get_attribute("src")).body() for n in (0, 1))
    assert one != other, "the boxes before and after"

    page.get_by_role("button", name="Use it").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("10 snapshots become those of this run")
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)
    assert [each["total"] for each in app.history()] == before
    page.get_by_role("button", name="Use it").click()
    dialog.get_by_role("button", name="Switch over").click()
    expect(page.get_by_role("button", name="Go back")).to_be_visible()
    assert sum(each["total"] for each in app.history()) == sum(found["vehicles_after"].values())
    expect(page.get_by_text("What it changed")).to_be_visible()
    settled(page)

    page.get_by_role("button", name="Go back").click()
    dialog.get_by_role("button", name="Go back").click()
    expect(page.get_by_role("button", name="Use it")).to_be_visible()
    assert [each["total"] for each in app.history()] == before
    settled(page)
    page.get_by_role("button", name="Forget").click()
    dialog.get_by_role("button", name="Forget").click()
    expect(page.get_by_text("No photos were judged again yet.")).to_be_visible()
    settled(page)


def test_a_rule_is_agreed_to_and_takes_what_was_said(app: App, open_page) -> None:
    page = open_page(app)
    visit(page, "/keeping", "Storage")
    with app.store() as store:
        newest = store.snapshots(limit=1)[0].photo.captured_at
        hours = store.hours(["west"], newest - timedelta(days=99), newest, held=True)
    enter_days(page, "Snapshots: days", "5")
    page.get_by_role("button", name="Check and save").click()
    expect(page.get_by_text("photos go before their snapshots")).to_be_visible()
    enter_days(page, "Photos: days", "5")
    page.get_by_role("button", name="Check and save").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("4 photos")
    expect(dialog).to_contain_text("from 2026-05-01 to 2026-05-04")
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)
    with app.store() as store:
        assert store.retention() == {}, "not agreed to, not kept"
    settled(page)
    page.get_by_role("button", name="Check and save").click()
    dialog.get_by_role("button", name="Keep the rule").click()
    expect(dialog).to_have_count(0)
    eventually(lambda: "photos 5 days" in app.command("keep", "show"))
    assert photos(app) == DAYS

    settled(page)
    page.get_by_role("button", name="What would go now?").click()
    said = json.loads(app.command("keep", "dry-run", "--json"))["lots"][0]
    expect(dialog).to_contain_text(f"{said['photos']['number']} photos")
    expect(dialog).to_contain_text(f"{said['snapshots']['number']} snapshots")
    dialog.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("Thinned last")).to_be_visible()
    assert photos(app) == DAYS - said["photos"]["number"] == 6
    with app.store() as store:
        assert store.count(HistoryFilter("west")) == DAYS - said["snapshots"]["number"] == 7
        assert store.hours(["west"], newest - timedelta(days=99), newest, held=True) == hours
    settled(page)
    page.get_by_role("button", name="What would go now?").click()
    expect(page.get_by_text("Nothing would go.")).to_be_visible()
