"""The page Use of spaces: what the command line says, on the photo and in a table."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import PIL.Image
import pytest
from playwright.sync_api import Page, expect
from test_store import record, snapshot

from parkcore.colours import SPACE, USE
from parkcore.domain import Lot
from parkcore.history.stats_words import percent
from parkcore.spaces.layout import Layout, Space
from parkcore.spaces.verdict import Judged, Judgement, SpaceState

from .app import NORTH, App, choose, fits, settled, visit

TITLE = "Use of spaces"
MONDAY = datetime(2026, 5, 4, tzinfo=ZoneInfo("Europe/Madrid"))
WORDS = {"o": ("occupied", 0.9), "v": ("vacant", 0.1), "u": ("unknown", None)}


def space(name: str, x: float, **more: str) -> Space:
    return Space(name, ((x, 0.5), (x + 0.15, 0.5), (x + 0.15, 0.8), (x, 0.8)), **more)


LAYOUT = Layout((
    space("A1", 0.1, group="front"),
    space("A2", 0.3, type="disabled", group="front"),
    space("A3", 0.5),
    space("A4", 0.7),
))  # fmt: skip


def look(app: App, layout: Layout, at: datetime, letters: str, place=("north", "gate")) -> None:
    lot, camera = place
    states = tuple(
        SpaceState(each.id, WORDS[said][0], 0.9 if said != "u" else 0.0, "", WORDS[said][1])
        for each, said in zip(layout.spaces, letters, strict=True)
    )
    with app.store() as store:
        what = snapshot(f"{lot} {at}", lot=lot, camera=camera, at=at)
        judged = Judged(layout.id, Judgement(states))
        record(store, what, lot=Lot(lot, lot.capitalize()), judged=judged)


@pytest.fixture(scope="module")
def app(make_module_app) -> App:
    """A1 is always taken, A2 for two hours of four on each of two days, A3 never, A4 not seen."""
    made = make_module_app(PARKCORE_OPENING_HOURS="mon-fri 9-11")
    photo = (NORTH / "2026-05-04_07-00.jpg").read_bytes()
    with made.store() as store:
        layout = store.save_layout("north", "gate", LAYOUT, photo, based_on=0)
        south = store.save_layout("south", "door", LAYOUT, None, based_on=0)
    for day in range(2):
        for slot in range(7):
            at = MONDAY + timedelta(days=day, hours=8, minutes=30 * slot)
            look(made, layout, at, "oovu" if 2 <= slot < 6 else "ovvu")
    look(made, south, MONDAY + timedelta(hours=8), "ovvv", ("south", "door"))
    made.start()
    return made


def rows(app: App, *words: str) -> dict[str, dict]:
    """What the command line says, by space."""
    said = app.command("spaces", "--lot", "north", "--json", *words)
    return {row["space"]: row for row in map(json.loads, said.splitlines())}


def cells(page: Page, number: int) -> list[str]:
    """The last table's row."""
    table = page.get_by_test_id("stDataFrame").last
    table.scroll_into_view_if_needed()
    expect(table.locator("table [role=gridcell]").first).to_be_attached()
    return table.locator(
        f"table tr[aria-rowindex='{number + 1}'] [role=gridcell]"
    ).all_inner_texts()


def picture(page: Page) -> PIL.Image.Image:
    image = page.get_by_test_id("stImage").locator("img")
    expect(image).to_be_visible()
    source = image.evaluate("element => element.src")
    return PIL.Image.open(io.BytesIO(page.request.get(source).body())).convert("RGB")


def nearest(image: PIL.Image.Image, x: float, y: float) -> str:
    """Which of the scale's colours a place of the photo comes nearest to, by its lightness."""
    seen = image.getpixel((round(x * image.width), round(y * image.height)))

    def apart(colour: str) -> int:
        wanted = (int(colour[n : n + 2], 16) for n in (1, 3, 5))
        return sum(abs(a - b) for a, b in zip(seen, wanted, strict=True))

    return min((*USE, SPACE["unknown"]), key=apart)


def test_the_figures_are_those_of_the_command_line(app: App, open_page) -> None:
    page = open_page(app)
    visit(page, "/space_use", TITLE)
    expect(page.get_by_text("Wed 29 Apr 2026 – Tue 5 May 2026")).to_be_visible()
    expect(page).to_have_url(f"{app.url}/space_use?lot=north&camera=gate")
    said = rows(app)
    assert (said["A2"]["utilisation"], said["A2"]["turnover"]) == (0.5, 2)
    found = cells(page, 2)
    assert found[:3] == ["A2", "disabled", "front"]
    assert found[3].startswith("50")
    assert found[4:] == ["8", "2", "1", "1.5", "1.5", "0"]
    mean = sum(row["occupied_s"] for row in said.values()) / sum(
        row["seen_s"] for row in said.values()
    )
    expect(page.get_by_text(percent(mean, 1), exact=True)).to_be_visible()
    expect(page.get_by_text("Most used: A1 (100 %)")).to_be_visible()
    expect(page.get_by_text("Least used: A3 (0 %)")).to_be_visible()
    expect(page.get_by_text("Seen 3 % of the time of 4 spaces, in 14 photos.")).to_be_visible()
    for name in ("By type", "By group", "Every space"):
        expect(page.get_by_role("heading", name=name)).to_be_visible()


def test_each_space_has_its_colour_on_the_photo(app: App, open_page) -> None:
    page = open_page(app)
    visit(page, "/space_use?lot=north&camera=gate", TITLE)
    seen = picture(page)
    shown = [nearest(seen, x + 0.02, 0.54) for x in (0.1, 0.3, 0.5, 0.7)]
    assert shown == [USE[4], USE[2], USE[0], SPACE["unknown"]]
    expect(page.get_by_text("not seen", exact=True)).to_be_visible()
    before = page.get_by_test_id("stImage").locator("img").get_attribute("src")
    page.get_by_role("radio", name="Names").click()
    expect(page.get_by_test_id("stImage").locator("img")).not_to_have_attribute("src", before)


def test_days_and_place_are_in_the_address(app: App, open_page) -> None:
    page = open_page(app)
    address = "/space_use?lot=north&camera=gate&range=Own+days&from=2026-05-04&to=2026-05-04"
    visit(page, address, TITLE)
    expect(page.get_by_text("Mon 4 May 2026", exact=False).first).to_be_visible()
    expect(page.get_by_text("of 4 spaces, in 7 photos.")).to_be_visible()
    page.get_by_text("Only opening hours").click()
    expect(page.get_by_text("only mon-fri 9-11")).to_be_visible()
    expect(page.get_by_text("Seen 75 % of the time of 4 spaces")).to_be_visible()
    settled(page)
    shared = open_page(app)
    visit(shared, page.url, TITLE)
    expect(shared.get_by_text("Seen 75 % of the time of 4 spaces")).to_be_visible()
    choose(page, "Lot", "South")
    expect(page.get_by_text("There is no photo of these spaces to draw on.")).to_be_visible()
    settled(page)
    assert {"lot=south", "camera=door"} <= set(page.url.partition("?")[2].split("&"))


def test_the_same_to_take_along(app: App, open_page) -> None:
    page = open_page(app)
    visit(page, "/space_use?lot=north&camera=gate", TITLE)
    with page.expect_download() as download:
        page.get_by_test_id("stDownloadButton").click()
    assert download.value.suggested_filename == "parkcore-spaces-north-gate.csv"
    found = list(csv.reader(io.StringIO(download.value.path().read_text())))
    said = app.command("spaces", "--lot", "north", "--csv")
    assert found == list(csv.reader(io.StringIO(said)))
    assert len(found) == 5


def test_what_is_missing_is_said(app: App, open_page, make_app) -> None:
    page = open_page(app)
    visit(page, "/space_use?range=Own+days&from=2020-01-01&to=2020-01-02", TITLE)
    expect(page.get_by_text("No photo of these days says which spaces were taken")).to_be_visible()
    visit(page, "/space_use?lot=nowhere", TITLE)
    expect(page.get_by_text("There is no lot “nowhere” with marked spaces.")).to_be_visible()

    bare = make_app()
    with bare.store() as store:
        record(store, snapshot("one", at=MONDAY))
    bare.start()
    page = open_page(bare)
    visit(page, "/space_use", TITLE)
    expect(page.get_by_text("No spaces are marked yet.")).to_be_visible()
    page.get_by_role("link", name="Mark the spaces").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Spaces")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_sticks_out(app: App, open_page, scheme: str) -> None:
    page = open_page(app, width=390, height=844, color_scheme=scheme)
    visit(page, "/space_use?lot=north&camera=gate", TITLE)
    expect(page.get_by_test_id("stImage")).to_be_visible()
    fits(page)
