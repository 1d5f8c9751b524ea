"""The history page: days and their photos, the table, what is deleted and brought back."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, expect
from test_store import snapshot

from parkcore.domain import LABELS, Lot
from parkcore.images import decode, thumbnail
from parkcore.sqlite.filters import HistoryFilter
from parkcore.store import Store

from .app import NORTH, App, choose, eventually, fits, settled, visit

MADRID = ZoneInfo("Europe/Madrid")
EVER = datetime(1900, 1, 1, tzinfo=UTC), datetime(2900, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def app(make_module_app, with_samples) -> App:
    made = with_samples(make_module_app())
    made.start()
    return made


def record(store: Store, name: str, at: datetime, lot: Lot) -> None:
    """A snapshot whose photo is gone, so that there can be many."""
    small = thumbnail(decode((NORTH / "2026-05-04_10-00.jpg").read_bytes(), max_megapixels=9).image)
    store.record(snapshot(name, lot=lot.id, at=at), small, lot=lot)


def found(page: Page, number: int) -> None:
    """So many snapshots are said, and that many rows shown."""
    said = re.compile(rf"^{number} snapshot{'' if number == 1 else 's'}$")
    expect(page.get_by_text(said)).to_be_visible()
    table = page.get_by_test_id("stDataFrame")
    expect(table.locator("table")).to_have_attribute("aria-rowcount", str(number + 1))
    settled(page)


def type_date(page: Page, label: str, date: str) -> None:
    for part, value in zip(("year", "month", "day"), date.split("-"), strict=True):
        page.get_by_role("spinbutton", name=f"{part}, {label}").press_sequentially(value)
    page.get_by_role("heading", level=1).click()


def table_page(page: Page, address: str = "") -> None:
    visit(page, f"/history?show=table{address}", "History")


def day(page: Page, date: str) -> Locator:
    return page.get_by_role("button", name=re.compile(f"^{date}"))


def test_filters_and_their_address(app: App, open_page) -> None:
    page = open_page(app)
    table_page(page)
    found(page, 16)

    choose(page, "Lot", "South yard")
    found(page, 2)
    page.get_by_label("File name").fill("16-05")
    page.get_by_label("File name").press("Enter")
    found(page, 1)
    eventually(lambda: "text=16-05" in page.url)
    assert "lot=sample-south" in page.url, "the id: names may change"

    anew = open_page(app)
    visit(anew, page.url, "History")
    found(anew, 1)
    expect(anew.get_by_label("File name")).to_have_value("16-05")
    expect(anew.get_by_role("combobox", name="Lot")).to_have_value("South yard")


def test_back_shows_what_was_there_before(app: App, open_page) -> None:
    page = open_page(app)
    table_page(page)
    found(page, 16)
    choose(page, "Lot", "South yard")
    found(page, 2)
    eventually(lambda: "lot=sample-south" in page.url)
    page.wait_for_timeout(2500)  # what the address says late is not taken for a wish
    page.go_back()
    found(page, 16)
    expect(page.get_by_role("combobox", name="Lot")).to_have_value("")


def test_type_and_dates(app: App, open_page) -> None:
    page = open_page(app)
    with app.store() as store:
        with_bus = store.count(HistoryFilter(label="bus"))
    table_page(page)
    choose(page, "Type", "bus")
    found(page, with_bus)
    table_page(page)
    type_date(page, "From", "2026-05-05")
    found(page, 1)
    eventually(lambda: "from=2026-05-05" in page.url)
    table_page(page, "&to=2026-05-04")
    found(page, 15)
    visit(page, "/history?text=nowhere", "History")
    expect(page.get_by_text("No snapshot matches.")).to_be_visible()
    expect(page.get_by_test_id("stDownloadButton").get_by_role("button")).to_be_disabled()
    table_page(page, "&from=2026-05-05&to=2026-05-01")
    expect(page.get_by_text("“From” is after “To”")).to_be_visible()
    table_page(page, "&lot=nowhere&camera=none&type=tank&from=soon&after=77")
    found(page, 16)


def test_download_as_csv(app: App, open_page) -> None:
    page = open_page(app)
    table_page(page, "&type=motorcycle")
    with page.expect_download() as download:
        page.get_by_test_id("stDownloadButton").click()
    assert download.value.suggested_filename == "parkcore-history.csv"
    with download.value.path().open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    expected = [each for each in app.history() if each["vehicles"]["motorcycle"]]
    assert expected
    assert [row["photo"] for row in rows] == [each["photo"] for each in expected]
    for row, other in zip(rows, expected, strict=True):
        assert {label: int(row[label]) for label in LABELS} == other["vehicles"]
        assert int(row["total"]) == other["total"]


def test_a_day_and_its_photos(app: App, open_page) -> None:
    page = open_page(app)
    visit(page, "/history?lot=sample-north", "History")
    expect(day(page, "Tue 5 May 2026")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("img", name="Wed 6 May 2026: not seen")).to_be_visible()
    day(page, "Mon 4 May 2026").click()
    expect(page.get_by_role("heading", name="Monday 4 May 2026")).to_be_visible()
    settled(page)
    expect(page.get_by_test_id("stVegaLiteChart")).to_be_visible()
    eventually(lambda: "day=2026-05-04" in page.url)
    with app.store() as store:
        photos = store.snapshots(
            HistoryFilter("sample-north", until=datetime(2026, 5, 4, 22, tzinfo=UTC)),
            newest_first=False,
        )
    seen = day(page, "Mon 4 May 2026").get_attribute("title")
    assert f"{len(photos)} photos" in seen
    expect(page.get_by_test_id("stMarkdown").filter(has_text=seen[18:50])).to_be_visible()

    def shows(number: int) -> None:
        at = photos[number].photo.captured_at.astimezone(MADRID)
        vehicles = photos[number].vehicles.total
        said = re.compile(rf"{at:%H:%M} · gate · {vehicles} vehicle")
        expect(page.get_by_test_id("stMarkdown").filter(has_text=said)).to_be_visible()
        expect(page.locator(".strip a[aria-current]")).to_contain_text(f"{at:%H:%M}")
        settled(page)

    middle = (len(photos) - 1) // 2
    shows(middle)
    page.get_by_role("button", name="Next photo").click()
    shows(middle + 1)
    page.get_by_role("button", name="Previous photo").click()
    shows(middle)
    page.get_by_role("slider").press("ArrowLeft")
    shows(middle - 1)

    chosen = photos[middle]
    page.locator(f'.strip a[href="snapshot?id={chosen.id}"]').click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Snapshot")
    eventually(lambda: page.url.endswith(f"/snapshot?id={chosen.id}"))
    expect(page.get_by_text(chosen.photo.file, exact=True)).to_be_visible()
    page.get_by_test_id("stPageLink").filter(has_text="Its day").click()
    expect(page.get_by_role("heading", name="Monday 4 May 2026")).to_be_visible()
    settled(page)


def rows_chosen(page: Page, *rows: int) -> None:
    """The table is a canvas: a row is chosen by a click where its box is drawn."""
    table = page.get_by_test_id("stDataFrame")
    table.scroll_into_view_if_needed()
    expect(table.get_by_test_id("glide-cell-2-0")).to_be_attached()
    for number, row in enumerate(rows, 1):
        settled(page)
        table.click(position={"x": 15, "y": 38 + 32 + 64 * row})
        said = f"{number} snapshot{'s' if number > 1 else ''} selected"
        expect(page.get_by_text(said)).to_be_visible()
    settled(page)


def test_delete_two_and_bring_them_back(make_app, with_samples, open_page) -> None:
    app = with_samples(make_app())
    app.start()
    page = open_page(app)
    with app.store() as store:
        before = store.hours(["sample-south"], *EVER)
        assert before
    table_page(page, "&lot=sample-south")
    rows_chosen(page, 0, 1)
    page.get_by_role("button", name="Delete …").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("2 snapshots go from the history")
    expect(dialog).to_contain_text("for 30 days")
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No snapshot matches.")).to_be_visible()
    settled(page)
    with app.store() as store:
        assert store.hours(["sample-south"], *EVER) == []

    choose(page, "Only", "Deleted")
    found(page, 2)
    rows_chosen(page, 0)
    page.get_by_test_id("stPageLink").filter(has_text="Open").click()
    expect(page.get_by_text("This snapshot was deleted on")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Snapshot")
    settled(page)
    page.get_by_role("button", name="Bring back").click()
    expect(page.get_by_test_id("stAlert").filter(has_text="brought back")).to_be_visible()
    settled(page)
    table_page(page, "&lot=sample-south&only=deleted")
    found(page, 1)
    rows_chosen(page, 0)
    page.get_by_role("button", name="Bring back").click()
    expect(page.get_by_text("No snapshot matches.")).to_be_visible()
    settled(page)
    with app.store() as store:
        assert store.hours(["sample-south"], *EVER) == before


def test_pages_by_their_keys_and_a_page_as_a_link(make_app, with_samples, open_page) -> None:
    app = with_samples(make_app())
    with app.store() as store:
        for number in range(120):
            at = datetime(2026, 6, 1, 12, number // 2, tzinfo=UTC)
            record(store, f"page {number}", at, Lot("town", "Town"))
    app.start()
    page = open_page(app)
    table_page(page, "&lot=town")

    def first_shown(where: Page) -> str:
        table = where.get_by_test_id("stDataFrame")
        cell = table.get_by_test_id("glide-cell-2-0")
        expect(cell).to_be_attached()
        return cell.inner_text()

    found_rows = page.get_by_test_id("stDataFrame").locator("table")
    expect(page.get_by_text(re.compile("^120 snapshots$"))).to_be_visible()
    expect(found_rows).to_have_attribute("aria-rowcount", "51")
    assert first_shown(page) == "2026-06-01 14:59"
    page.get_by_role("button", name="Older").click()
    eventually(lambda: first_shown(page) == "2026-06-01 14:34")
    page.get_by_role("button", name="Older").click()
    expect(found_rows).to_have_attribute("aria-rowcount", "21")
    expect(page.get_by_role("button", name="Older")).to_be_disabled()
    assert first_shown(page) == "2026-06-01 14:09"
    settled(page)
    other = open_page(app)
    visit(other, page.url, "History")
    eventually(lambda: first_shown(other) == "2026-06-01 14:09")
    other.get_by_role("button", name="Newer").click()
    eventually(lambda: first_shown(other) == "2026-06-01 14:34")
    other.get_by_role("button", name="Newer").click()
    eventually(lambda: first_shown(other) == "2026-06-01 14:59")
    expect(other.get_by_role("button", name="Newer")).to_be_disabled()


def test_months_are_stepped_through_however_far_apart(make_app, with_samples, open_page) -> None:
    app = with_samples(make_app())
    with app.store() as store:
        for year, month in ((1970, 1), (2026, 5), (2099, 12)):
            at = datetime(year, month, 2, 12, tzinfo=UTC)
            record(store, f"{year}", at, Lot("town", "<b>*T*</b> | 1"))
    app.start()
    page = open_page(app)
    visit(page, "/history?lot=town", "History")
    month = page.get_by_role("combobox", name="Month")
    expect(month).to_have_value("2026-05-01")
    expect(day(page, "Sat 2 May 2026")).to_be_visible()
    page.get_by_role("button", name="Earlier month").click()
    expect(day(page, "Fri 2 Jan 1970")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="Earlier month")).to_be_disabled()
    settled(page)
    month.select_option("December 2099")
    expect(day(page, "Wed 2 Dec 2099")).to_be_visible()
    expect(page.get_by_role("button", name="Later month")).to_be_disabled()
    settled(page)
    visit(page, "/history?lot=town&day=2011-03-04", "History")
    expect(page.get_by_text("Nothing was seen on Friday 4 March 2011")).to_be_visible()
    expect(month).to_have_value("2026-05-01")


def test_an_empty_history(make_app, open_page) -> None:
    app = make_app()
    app.start()
    page = open_page(app)
    visit(page, "/history?show=table&only=deleted", "History")
    expect(page.get_by_text("There are no photos yet.")).to_be_visible()


def test_on_a_phone_in_the_dark(app: App, open_page) -> None:
    page = open_page(app, width=390, height=844, color_scheme="dark")
    visit(page, "/history?lot=sample-north&day=2026-05-04", "History")
    expect(day(page, "Mon 4 May 2026")).to_be_visible()
    expect(page.get_by_test_id("stVegaLiteChart")).to_be_visible()
    fits(page)
    table_page(page)
    found(page, 16)
    fits(page)
    visit(page, "/snapshot?id=1", "Snapshot")
    expect(page.get_by_text("How it was recorded")).to_be_visible()
    fits(page)
