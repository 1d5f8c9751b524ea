"""The page What to expect: its figures are those of the command line, and it says what is not
known."""

from __future__ import annotations

import json
import re

import pandas as pd
import pytest
from made_weeks import NOW, looks, record
from playwright.sync_api import Page, expect

from .app import App, choose, fits, settled, visit

TITLE = "What to expect"
YARD = "/expect?lot=yard"


@pytest.fixture(scope="module")
def app(make_module_app) -> App:
    """Photos of long ago, so that now is always when the newest of them was taken."""
    made = make_module_app()
    record(made.db, looks())
    record(made.db, looks(since=NOW - pd.DateOffset(days=3)), lot="new")
    record(made.db, looks(since=NOW - pd.DateOffset(days=3)), lot="endless", capacity=None)
    made.start()
    return made


def forecast(app: App, *more: str) -> dict:
    return json.loads(app.command("forecast", "--lot", "yard", "--json", *more))


def cells(page: Page) -> list[list[str]]:
    """The table of the back-test, without its heading."""
    table = page.get_by_test_id("stTable").locator("tbody tr")
    expect(table).to_have_count(3)
    rows = table.all()
    return [row.locator("th, td").all_inner_texts() for row in rows]


def test_the_page_says_what_the_command_line_says(app: App, open_page) -> None:
    found = forecast(app)
    page = open_page(app)
    visit(page, YARD, TITLE)
    expect(page.get_by_text(found["full"]["text"], exact=True)).to_be_visible()
    assert found["full"]["text"] == "Full by about 09:10 (09:10–09:10)"
    expect(page.get_by_text("The newest photo is of Tue 2 Jun 2026 at 07:30:")).to_be_visible()
    points = round(100 * (found["rate"] - found["usual_rate"]))
    expect(page.get_by_text(f"{points} points fuller than usual at this time")).to_be_visible()
    assert cells(page) == [
        [
            f"{row['ahead_h']:.0f} h",
            f"{100 * row['error']:.1f} points",
            f"{100 * row['naive_error']:.1f} points",
            f"{100 * row['held']:.0f} %",
        ]
        for row in found["back_test"]
    ]
    week = page.locator(".week-ahead .row")
    for row, day in zip(week.all_inner_texts(), found["week"], strict=True):
        assert str(int(day["day"][-2:])) in row
        assert f"{int(100 * day['peak'] + 1e-9)} % from {day['from']}" in row
        assert f"full on {day['full']} of {day['days']} " in row
    expect(page.get_by_test_id("stVegaLiteChart").locator("canvas, svg").first).to_be_visible()


def test_what_if(app: App, open_page) -> None:
    page = open_page(app)
    visit(page, YARD, TITLE)
    field = page.get_by_role("spinbutton", name="More spaces, or fewer with a minus")
    expect(field).to_have_value("-10")
    for spaces, weeks in (("-27", "4"), ("5", "52")):
        field.fill(spaces)
        field.press("Enter")
        page.get_by_test_id("stButtonGroup").get_by_text(weeks, exact=True).click()
        said = app.command("what-if", "--lot", "yard", "--spaces", spaces, "--weeks", weeks)
        first, *_ = re.split(r"(?<=seen\)\.) ", said)
        expect(page.get_by_text(first)).to_be_visible()
        settled(page)
        assert f"spaces={spaces}" in page.url and f"weeks={weeks}" in page.url
    field.fill("-100")
    field.press("Enter")
    expect(page.get_by_text("Of 100 spaces a change by -100 leaves none.")).to_be_visible()
    anew = open_page(app)
    visit(anew, f"{YARD}&spaces=-27&weeks=4", TITLE)
    expect(anew.get_by_text("With 27 spaces fewer it would have been full 44.2")).to_be_visible()


def test_a_day_is_left_out_and_taken_back(app: App, open_page) -> None:
    page = open_page(app)
    visit(page, YARD, TITLE)
    said = page.get_by_text("Tue 21 Apr 2026 was unlike the other Tuesdays.")
    expect(said).to_be_visible()
    page.get_by_role("button", name="Leave it out").click()
    expect(said).to_have_count(0)
    expect(page.get_by_text("each of the last 7 Tuesdays")).to_be_visible()
    settled(page)
    assert "without=2026-04-21" in page.url
    without = forecast(app, "--without", "2026-04-21")
    today = without["week"][0]
    expect(page.locator(".week-ahead .row").first).to_contain_text(
        f"full on {today['full']} of {today['days']} Tuesdays"
    )

    anew = open_page(app)
    visit(anew, page.url, TITLE)
    expect(anew.get_by_text("each of the last 7 Tuesdays")).to_be_visible()
    anew.get_by_role("button", name="Leave out days (1)").click()
    anew.get_by_test_id("stButtonGroup").get_by_text("Tue 21 Apr 2026").click()
    expect(anew.get_by_text("each of the last 8 Tuesdays")).to_be_visible()
    settled(anew)
    assert "without" not in anew.url


def test_days_are_left_out_by_their_dates(app: App, open_page) -> None:
    page = open_page(app)
    visit(page, YARD, TITLE)
    page.get_by_role("button", name="Leave out days").click()
    for which, value in (("start", "2026-05-12"), ("end", "2026-05-13")):
        for part, text in zip(("year", "month", "day"), value.split("-"), strict=True):
            spin = page.get_by_role("spinbutton", name=re.compile(rf"^{part}, .*{which}", re.I))
            spin.press_sequentially(text)
    page.get_by_text("Holidays, closures and events").click()
    expect(page).to_have_url(re.compile("without=2026-05-12&without=2026-05-13"))
    expect(page.get_by_text("each of the last 7 Tuesdays")).to_be_visible()


def test_too_little_history_is_said(app: App, open_page) -> None:
    page = open_page(app)
    visit(page, "/expect?lot=new", TITLE)
    expect(page.get_by_text("After 3 more Tuesdays there will be one.")).to_be_visible()
    expect(page.get_by_text("A what-if needs 7 days that were seen; there are 4.")).to_be_visible()
    expect(page.get_by_test_id("stVegaLiteChart")).to_be_visible()
    choose(page, "Lot", "The endless")
    expect(page.get_by_text("only when the number of spaces is known")).to_be_visible()
    settled(page)
    assert "lot=endless" in page.url
    page.get_by_role("link", name="Set the number of spaces").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Lots")
    settled(page)


def test_a_lot_that_is_not_there(app: App, open_page) -> None:
    page = open_page(app)
    visit(page, "/expect?lot=**no**&without=Easter&spaces=many", TITLE)
    expect(page.get_by_text("There is no lot “**no**”.")).to_be_visible()
    choose(page, "Lot", "The yard")
    expect(page.get_by_text("Full by about 09:10")).to_be_visible()
    settled(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone(app: App, open_page, scheme) -> None:
    page = open_page(app, width=390, height=844, color_scheme=scheme)
    visit(page, YARD, TITLE)
    expect(page.get_by_text("Full by about 09:10")).to_be_visible()
    expect(page.get_by_test_id("stTable")).to_be_visible()
    fits(page)
    for row in page.locator(".week-ahead .row").all():
        assert row.evaluate("e => e.scrollWidth <= e.clientWidth")
