"""The page Reports: a week chosen, its figure read, and files that say the same."""

from __future__ import annotations

import io
import json
import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pymupdf
import pytest
from playwright.sync_api import Page, expect
from test_store import record, snapshot

from parkcore.domain import Correction, Vehicles
from parkcore.sqlite.filters import HistoryFilter

from .app import App, choose, fits, settled, visit

MADRID = ZoneInfo("Europe/Madrid")
WEEK = "2026-W19"
LOT = "sample-north"


@pytest.fixture(scope="module")
def app(make_module_app, with_samples) -> App:
    made = with_samples(make_module_app())
    made.start()
    return made


def download(page: Page, name: str):
    with page.expect_download() as found:
        page.get_by_role("button", name=name).click()
    return found.value


def mean_percent(app: App) -> str:
    """What `parkcore stats` says of the week, as a report shows it."""
    said = app.command(
        "stats", "--lot", LOT, "--from", "2026-05-04", "--to", "2026-05-10", "--json"
    )  # fmt: skip
    return f"{100 * json.loads(said)['mean_rate']:.1f}"


@pytest.mark.parametrize(
    "size, scheme", [((1280, 900), "light"), ((390, 844), "dark")], ids=["desk", "phone"]
)
def test_the_preview_shows_the_figures_of_the_command(app: App, open_page, size, scheme) -> None:
    page = open_page(app, width=size[0], height=size[1], color_scheme=scheme)
    visit(page, f"/reports?lot={LOT}&period={WEEK}", "Reports")
    shown = page.frame_locator("iframe").first
    expect(shown.get_by_role("heading", level=1)).to_have_text("North car park")
    tile = shown.locator(".tile").filter(has_text="Mean occupancy")
    expect(tile.locator(".value")).to_have_text(re.compile(rf"{mean_percent(app)}\s%"))
    expect(shown.get_by_text("Week 19 of 2026: Monday 4 to Sunday 10 May 2026")).to_be_visible()
    charts = shown.locator(".narrow svg" if size[0] == 390 else ".wide svg")
    expect(charts).to_have_count(3)
    expect(charts.first).to_be_visible()
    fits(page)


def test_pdf_and_html_are_downloaded(app: App, open_page, tmp_path: Path) -> None:
    page = open_page(app)
    visit(page, f"/reports?lot={LOT}&period={WEEK}", "Reports")
    pdf = download(page, "Download as PDF")
    assert pdf.suggested_filename == f"{LOT}_{WEEK}.pdf"
    with pymupdf.open("pdf", pdf.path().read_bytes()) as document:
        text = " ".join(document[0].get_text().split())
    assert f"{mean_percent(app)} %" in text and "North car park" in text
    html = download(page, "Download as one HTML file")
    assert html.suggested_filename == f"{LOT}_{WEEK}.html"
    file = tmp_path / "report.html"
    html.save_as(file)
    alone = page.context.new_page()
    asked: list[str] = []
    alone.on("request", lambda request: asked.append(request.url))
    alone.goto(file.as_uri())
    expect(alone.get_by_role("heading", level=1)).to_have_text("North car park")
    assert asked == [file.as_uri()], "it needs nothing but itself"
    alone.close()


def test_it_opens_with_the_last_week_that_was_seen(make_app, open_page) -> None:
    """The last photo is of a Sunday's last hour, and stands until midnight."""
    app = make_app()
    with app.store() as store:
        at = datetime(2026, 5, 31, 22, 30, tzinfo=MADRID)
        record(store, snapshot("a", at=at))
    app.start()
    page = open_page(app)
    visit(page, "/reports?lot=north", "Reports")
    shown = page.frame_locator("iframe").first
    expect(shown.get_by_text("Monday 25 to Sunday 31 May 2026")).to_be_visible()


def test_a_month_and_another_lot(app: App, open_page) -> None:
    page = open_page(app)
    visit(page, "/reports", "Reports")
    choose(page, "Lot", "South yard")
    shown = page.frame_locator("iframe").first
    expect(shown.get_by_role("heading", level=1)).to_have_text("South yard")
    page.get_by_role("radio", name="Month").click()
    expect(shown.get_by_text("May 2026: Friday 1 to Sunday 31 May 2026")).to_be_visible()
    settled(page)
    anew = open_page(app)
    visit(anew, page.url, "Reports")
    again = anew.frame_locator("iframe").first
    expect(again.get_by_text("May 2026: Friday 1 to Sunday 31 May 2026")).to_be_visible()
    expect(anew.get_by_role("combobox", name="Lot")).to_have_value("South yard")
    assert "lot=sample-south&by=month&period=2026-05" in page.url


def test_excel_is_downloaded_and_opened_again(app: App, open_page) -> None:
    page = open_page(app)
    visit(page, "/reports", "Reports")
    page.get_by_role("tab", name="Data").click()
    got = download(page, "Download snapshots as Excel")
    assert got.suggested_filename == "parkcore-snapshots.xlsx"
    book = openpyxl.load_workbook(io.BytesIO(got.path().read_bytes()))
    [heads, *cells] = book["Snapshots"].iter_rows(values_only=True)
    rows = {row["Photo"]: row for row in (dict(zip(heads, row, strict=True)) for row in cells)}
    expected = app.history()
    assert len(rows) == len(expected) == 16
    for said in expected:
        row = rows[said["photo"]]
        at = datetime.fromisoformat(said["captured_at"]).astimezone(MADRID)
        assert row["Taken (Europe/Madrid)"] == at.replace(tzinfo=None)
        assert (row["Vehicles"], row["Cars"]) == (said["total"], said["vehicles"]["car"])


def test_a_correction_is_in_the_report_at_once(make_app, with_samples, open_page) -> None:
    app = with_samples(make_app())
    app.start()
    page = open_page(app)
    visit(page, f"/reports?lot={LOT}&period={WEEK}", "Reports")
    shown = page.frame_locator("iframe").first
    before = shown.locator(".value").first.inner_text()
    with app.store() as store:
        for snapshot in store.snapshots(HistoryFilter(lot_id=LOT)):
            store.correct(snapshot.id, Correction(Vehicles(car=1)))
    page.reload()
    expect(shown.get_by_text("photos were corrected by hand")).to_be_visible(timeout=20_000)
    after = shown.locator(".value").first.inner_text()
    assert before != after == f"{mean_percent(app)}\u00a0%"


def test_a_table_of_one_lot_as_csv(app: App, open_page) -> None:
    page = open_page(app)
    visit(page, "/reports", "Reports")
    page.get_by_role("tab", name="Data").click()
    choose(page, "Table", "Hours")
    page.get_by_role("radio", name="CSV").click()
    got = download(page, "Download hours as CSV")
    lines = got.path().read_text("utf-8-sig").splitlines()
    assert lines[0].startswith("Hour from (Europe/Madrid),Hour from (UTC),Lot,")
    assert {line.split(",")[2] for line in lines[1:]} == {"sample-north", "sample-south"}


def test_without_a_history_the_page_says_what_to_do(make_app, open_page) -> None:
    app = make_app()
    app.storage.mkdir()
    app.start()
    page = open_page(app)
    visit(page, "/reports", "Reports")
    expect(page.get_by_text("There is nothing to report on yet.")).to_be_visible()
