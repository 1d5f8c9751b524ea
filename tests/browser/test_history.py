"""The history page: find, look at, and take along what was recorded."""

from __future__ import annotations

import csv

import pytest
from playwright.sync_api import Locator, Page, expect

from parkcore.domain import LABELS
from parkcore.filters import HistoryFilter

from .app import App, choose, settled, visit


@pytest.fixture(scope="module")
def app(make_module_app, with_samples) -> App:
    made = with_samples(make_module_app())
    made.start()
    return made


def found(page: Page, number: int) -> None:
    """So many snapshots are said, and that many rows shown."""
    expect(page.get_by_text(f"{number} snapshot{'' if number == 1 else 's'}")).to_be_visible()
    table = page.get_by_test_id("stDataFrame")
    expect(table.locator("table")).to_have_attribute("aria-rowcount", str(number + 1))
    settled(page)


def type_date(page: Page, label: str, date: str) -> None:
    for part, value in zip(("year", "month", "day"), date.split("-"), strict=True):
        page.get_by_role("spinbutton", name=f"{part}, {label}").press_sequentially(value)
    page.get_by_role("heading", level=1).click()


def test_filters_and_their_address(app: App, open_page) -> None:
    page = open_page(app)
    visit(page, "/history", "History")
    found(page, 16)

    choose(page, "Lot", "South yard")
    found(page, 2)
    page.get_by_label("File name").fill("16-05")
    page.get_by_label("File name").press("Enter")
    found(page, 1)
    address = page.url
    assert "lot=" in address and "text=16-05" in address

    anew = open_page(app)
    visit(anew, address, "History")
    found(anew, 1)
    expect(anew.get_by_label("File name")).to_have_value("16-05")
    expect(anew.get_by_role("combobox", name="Lot")).to_have_value("South yard")


def test_type_and_dates(app: App, open_page) -> None:
    page = open_page(app)
    with app.store() as store:
        with_bus = store.count(HistoryFilter(label="bus"))
    visit(page, "/history", "History")
    choose(page, "Type", "bus")
    found(page, with_bus)
    visit(page, "/history", "History")
    type_date(page, "From", "2026-05-05")
    found(page, 1)
    assert "from=2026-05-05" in page.url
    visit(page, "/history?to=2026-05-04", "History")
    found(page, 15)
    visit(page, "/history?text=nowhere", "History")
    expect(page.get_by_text("No snapshot matches.")).to_be_visible()
    expect(page.get_by_test_id("stDownloadButton").get_by_role("button")).to_be_disabled()


def select_first_row(page: Page) -> Locator:
    """The table is a canvas: a row is selected by a click where its box is drawn."""
    table = page.get_by_test_id("stDataFrame")
    table.scroll_into_view_if_needed()
    expect(table.get_by_test_id("glide-cell-2-0")).to_be_attached()
    settled(page)
    table.click(position={"x": 15, "y": 38 + 32})
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("img")).to_be_visible()
    settled(page)
    return dialog


def test_open_a_snapshot_large(app: App, open_page) -> None:
    page = open_page(app)
    visit(page, "/history?text=sample-south/kiosk/2026-05-04_16-05", "History")
    found(page, 1)
    [record] = [each for each in app.history() if each["photo"].endswith("2026-05-04_16-05.jpg")]
    for how in ("Close", "Escape"):
        dialog = select_first_row(page)
        expect(dialog).to_contain_text(f"{record['total']} of {record['capacity']} spaces taken")
        expect(dialog).to_contain_text(record["photo"])
        picture = dialog.get_by_role("img")
        with_boxes = picture.get_attribute("src")
        dialog.get_by_text("Show the boxes").click()
        expect(picture).not_to_have_attribute("src", with_boxes)
        without = picture.get_attribute("src")
        images = [page.request.get(src).body() for src in (with_boxes, without)]
        assert images[0] != images[1]
        settled(page)
        if how == "Close":
            dialog.get_by_role("button", name="Close").click()
        else:
            page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        settled(page)
        page.get_by_label("File name").fill("sample-south/kiosk/2026-05-04")  # another run
        page.get_by_label("File name").press("Enter")
        found(page, 2)
        expect(dialog).to_have_count(0)


def test_download_as_csv(app: App, open_page) -> None:
    page = open_page(app)
    visit(page, "/history?type=motorcycle", "History")
    with page.expect_download() as download:
        page.get_by_test_id("stDownloadButton").click()
    assert download.value.suggested_filename == "parkcore-history.csv"
    with download.value.path().open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    expected = [each for each in app.history() if each["vehicles"]["motorcycle"]]
    assert expected
    assert [row["photo"] for row in rows] == [each["photo"] for each in expected]
    for row, record in zip(rows, expected, strict=True):
        assert {label: int(row[label]) for label in LABELS} == record["vehicles"]
        assert int(row["total"]) == record["total"]
