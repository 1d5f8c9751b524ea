"""The statistics page: the figures of the command line, for people."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, expect
from test_store import record, snapshot

from parkcore.domain import Correction, Lot, Vehicles
from parkcore.history.stats_words import percent

from .app import App, choose, fits, settled, visit

MADRID = ZoneInfo("Europe/Madrid")
FIRST = datetime(2026, 4, 20, tzinfo=MADRID)
"""A Monday; three weeks of photos follow, each hour from 7:00 to 18:00."""
WEEK = ("--from", "2026-04-27", "--to", "2026-05-03")
IN_WEEK = "/statistics?lots=north&range=Own+days&from=2026-04-27&to=2026-05-03"


def fill(app: App) -> App:
    with app.store() as store:
        for lot, capacity in (("north", 20), ("south", None)):
            for day in range(21):
                for hour in range(7, 19):
                    at = FIRST + timedelta(days=day, hours=hour)
                    cars = 2 + (day + hour) % 18 if day != 9 or hour != 12 else 20
                    what = snapshot(f"{lot} {day} {hour}", lot=lot, at=at, labels=("car",) * cars)
                    record(store, what, lot=Lot(lot, lot.capitalize(), capacity))
    return app


@pytest.fixture(scope="module")
def app(make_module_app) -> App:
    made = fill(make_module_app(PARKCORE_OPENING_HOURS="mon-fri 8-14"))
    made.start()
    return made


def figures(app: App, *words: str) -> list[dict]:
    """What the command line says."""
    return [json.loads(line) for line in app.command("stats", "--json", *words).splitlines()]


def tile(page: Page, name: str) -> Locator:
    """A figure in large."""
    named = page.locator(".tiles > div").filter(has=page.get_by_text(name, exact=True))
    return named.locator("b")


def type_date(page: Page, label: str, date: str) -> None:
    for part, value in zip(("year", "month", "day"), date.split("-"), strict=True):
        page.get_by_role("spinbutton", name=f"{part}, {label}").press_sequentially(value)
    page.get_by_role("heading", level=1).click()


def test_what_is_in_the_address_is_not_written_again(app: App, open_page) -> None:
    """Else it would undo what the browser has written since, in the midst of typing."""
    page, received = open_page(app), []
    page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda frame: received.append(frame)),
    )
    visit(page, "/statistics", "Statistics")
    assert any(b"lots=north" in frame for frame in received)
    received.clear()
    choose(page, "Days", "Own days")
    expect(page.get_by_role("group", name="From")).to_be_visible()
    settled(page)
    assert received
    assert not any(b"lots=north" in frame for frame in received)


def test_a_week_has_the_figures_of_the_command_line(app: App, open_page) -> None:
    page = open_page(app)
    visit(page, "/statistics", "Statistics")
    expect(page.get_by_text("Mon 4 May 2026 – Sun 10 May 2026")).to_be_visible()
    choose(page, "Days", "Own days")
    type_date(page, "From", "2026-04-27")
    settled(page)
    type_date(page, "To", "2026-05-03")
    expect(page.get_by_text("Mon 27 Apr 2026 – Sun 3 May 2026")).to_be_visible()
    settled(page)

    [row] = figures(app, "--lot", "north", *WEEK)
    expect(tile(page, "Mean")).to_have_text(percent(row["mean_rate"], 1))
    expect(tile(page, "Median")).to_have_text(percent(row["p50"], 1))
    expect(tile(page, "Highest")).to_have_text("100.0 %")
    expect(tile(page, "At 95 % or more")).to_have_text(f"{row['over_s'] // 3600:.0f} h")
    expect(tile(page, "Photos")).to_have_text(f"{row['photos']}")
    expect(page.get_by_text("Fullest on Wed 29 Apr 2026 at 12:00: 100 %")).to_be_visible()
    expect(page.get_by_text("Seen 84 h of 168 h (50 %).")).to_be_visible()
    expect(page.get_by_test_id("stVegaLiteChart").locator("svg, canvas")).to_have_count(4)

    for named in ("from=2026-04-27", "to=2026-05-03"):
        expect(page).to_have_url(re.compile(named))
    shared = open_page(app)
    visit(shared, page.url, "Statistics")
    expect(tile(shared, "Mean")).to_have_text(percent(row["mean_rate"], 1))


def test_a_correction_changes_the_statistics(make_app, open_page) -> None:
    app = fill(make_app())
    app.start()
    page = open_page(app)
    visit(page, IN_WEEK, "Statistics")
    expect(tile(page, "Highest")).to_have_text("100.0 %")
    before = tile(page, "Mean").inner_text()
    with app.store() as store:
        known = snapshot("north 9 12", lot="north").photo.sha256
        store.correct(store.known(known).id, Correction(Vehicles(car=4)))
    page.reload()
    expect(tile(page, "Highest")).not_to_have_text("100.0 %", timeout=15_000)
    settled(page)
    [row] = figures(app, "--lot", "north", *WEEK)
    expect(tile(page, "Mean")).to_have_text(percent(row["mean_rate"], 1))
    assert tile(page, "Mean").inner_text() != before
    expect(page.get_by_text("1 of 84 photos was corrected by hand")).to_be_visible()


def test_several_lots_by_day_and_the_same_to_take_along(app: App, open_page) -> None:
    page = open_page(app)
    visit(page, f"{IN_WEEK}&lots=south&by=Day&over=50", "Statistics")
    rows = page.locator(".figures").first.locator("tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(1)).to_contain_text("North")
    expect(rows.nth(2)).to_contain_text("South")
    expect(page.get_by_role("heading", name="By day")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_test_id("stDownloadButton").click()
    found = list(csv.DictReader(io.StringIO(download.value.path().read_text())))
    said = app.command("stats", *WEEK, "--period", "day", "--threshold", "50", "--csv")
    assert sorted(map(str, found)) == sorted(map(str, csv.DictReader(io.StringIO(said))))
    assert len(found) == 14


def test_before_and_after(app: App, open_page) -> None:
    page = open_page(app)
    visit(page, f"{IN_WEEK}&with=The+days+before", "Statistics")
    expect(page.get_by_text("Before: Mon 20 Apr 2026 – Sun 26 Apr 2026")).to_be_visible()
    [earlier] = figures(app, "--lot", "north", "--from", "2026-04-20", "--to", "2026-04-26")
    [later] = figures(app, "--lot", "north", *WEEK)
    mean = page.locator(".figures tr").filter(has_text="Mean")
    expect(mean.locator("td").nth(1)).to_have_text(percent(earlier["mean_rate"], 1))
    expect(mean.locator("td").nth(2)).to_have_text(percent(later["mean_rate"], 1))
    expect(mean.locator("td").nth(3)).to_contain_text("points")


def test_only_the_opening_hours(app: App, open_page) -> None:
    page = open_page(app)
    visit(page, IN_WEEK, "Statistics")
    expect(page.get_by_text("Seen 84 h of 168 h (50 %).")).to_be_visible()
    page.get_by_text("Only opening hours").click()
    expect(page.get_by_text("Seen 30 h of 30 h (360 of 360 five-minute slots).")).to_be_visible()
    expect(page.get_by_text("only mon-fri 8-14")).to_be_visible()
    [row] = figures(app, "--lot", "north", *WEEK, "--open")
    expect(tile(page, "Mean")).to_have_text(percent(row["mean_rate"], 1))


@pytest.mark.parametrize(
    "days, said",
    [
        ("from=2026-05-03&to=2026-04-27", "“From” is after “To”"),
        ("from=2020-01-01&to=2020-12-31", "North: no photo was taken on these days."),
        ("from=1970-01-01&to=2100-12-31", "Seen 252 h of"),
        ("from=2026-05-10&to=2026-05-10", "Sun 10 May 2026"),
    ],
    ids=["the wrong way round", "without a photo", "ages", "one day"],
)
def test_any_range_is_answered(app: App, open_page, days: str, said: str) -> None:
    page = open_page(app)
    visit(page, f"/statistics?lots=north&range=Own+days&{days}", "Statistics")
    expect(page.get_by_text(said).first).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_one_single_photo(make_app, open_page) -> None:
    app = make_app()
    with app.store() as store:
        record(store, snapshot("one", at=FIRST + timedelta(hours=8)))
    app.start()
    page = open_page(app)
    visit(page, "/statistics", "Statistics")
    expect(tile(page, "Mean")).to_have_text("3.0 vehicles")
    expect(page.get_by_text("Seen 1 h of 168 h (less than 1 %).")).to_be_visible()
    expect(page.get_by_text("How full is not known")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_sticks_out(app: App, open_page, scheme: str) -> None:
    page = open_page(app, width=390, height=844, color_scheme=scheme)
    visit(page, f"{IN_WEEK}&lots=south&with=The+days+before", "Statistics")
    expect(page.get_by_test_id("stVegaLiteChart").first).to_be_visible()
    fits(page)


def test_on_paper_there_is_no_menu(app: App, open_page) -> None:
    page = open_page(app, color_scheme="dark")
    visit(page, f"{IN_WEEK}&by=Day", "Statistics")
    button = page.get_by_role("button", name="Print this page")
    expect(button).to_be_visible()
    page.evaluate("window.print = () => { window.printed = true }")
    button.click()
    assert page.evaluate("window.printed")
    page.emulate_media(media="print")
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    expect(page.get_by_test_id("stMultiSelect")).to_be_hidden()
    expect(button).to_be_hidden()
    expect(tile(page, "Mean")).to_be_visible()
    expect(page.get_by_text("times of Europe/Madrid")).to_be_visible()
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", "rgb(255, 255, 255)")
    axis = page.get_by_test_id("stVegaLiteChart").first.locator(".role-axis-label text").first
    expect(axis).to_have_css("fill", "rgb(18, 33, 30)")
    expect(page.locator(".only_on_paper tr")).to_have_count(8)
