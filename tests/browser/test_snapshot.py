"""A snapshot's own page: what it says, putting it right, and taking that back."""

from __future__ import annotations

import io
import json
import re
import zipfile
from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from parkcore.domain import Correction, Snapshot
from parkcore.spaces.layout import Layout, Space
from parkcore.spaces.verdict import Judged, Judgement, SpaceState
from parkcore.sqlite.filters import HistoryFilter

from .app import NORTH, App, eventually, settled, upload, visit

EVER = datetime(1900, 1, 1, tzinfo=UTC), datetime(2900, 1, 1, tzinfo=UTC)
SPACES = tuple(
    Space(name, ((x, 0.6), (x + 0.08, 0.6), (x + 0.08, 0.75), (x, 0.75)))
    for name, x in (("A1", 0.1), ("A2", 0.3), ("A3", 0.5))
)


@pytest.fixture
def app(make_app, with_samples) -> App:
    made = with_samples(make_app())
    made.start()
    return made


def of(app: App, lot: str) -> list[Snapshot]:
    """A lot's snapshots, oldest first."""
    with app.store() as store:
        return [
            store.snapshot(e.id) for e in store.snapshots(HistoryFilter(lot), newest_first=False)
        ]


def taken_s(app: App, lot: str) -> float:
    with app.store() as store:
        return sum(row["taken_s"] for row in store.hours([lot], *EVER))


def open_form(page: Page) -> None:
    page.get_by_text("Correct it", exact=True).click()
    expect(page.get_by_label("Cars", exact=True)).to_be_visible()
    settled(page)


def save_correction(page: Page) -> None:
    """A click is lost where the page is drawn anew under the hand; then nothing is saved."""
    save = page.get_by_role("button", name="Save the correction", disabled=False)

    def is_saved() -> bool:
        return not save.is_visible()  # asked in one go: the button may vanish at any moment

    def is_saved_by_a_click() -> bool:
        with suppress(AssertionError, PlaywrightTimeout):
            save.click(timeout=5_000)
            eventually(is_saved, timeout_s=10)
        return is_saved()

    eventually(is_saved_by_a_click, timeout_s=40)


def saved(page: Page, said: str) -> None:
    expect(page.get_by_test_id("stAlert").filter(has_text=said)).to_be_visible(timeout=30_000)
    settled(page)


def test_every_number_and_the_neighbours(app: App, open_page) -> None:
    before, shown, after = of(app, "sample-north")[3:6]
    page = open_page(app)
    visit(page, f"/snapshot?id={shown.id}", "Snapshot")
    main = page.get_by_test_id("stMain")
    for said in (
        shown.photo.file, shown.photo.sha256[:16], shown.detector.model, shown.detector.version,
        f"confidence from {shown.detector.confidence:g}", f"analysis size {shown.detector.imgsz}",
        f"{shown.photo.width} × {shown.photo.height} pixels", "time from the camera",
        f"The vehicles that the machine saw: {shown.vehicles.total}",
    ):  # fmt: skip
        expect(main).to_contain_text(said)
    picture = page.get_by_role("img", name=re.compile("^Photo with"))
    with_boxes = picture.get_attribute("src")
    page.get_by_test_id("stButtonGroup").get_by_text("Boxes").click()
    expect(picture).not_to_have_attribute("src", with_boxes)
    expect(page.get_by_test_id("stSidebarNavLink").filter(has_text="Snapshot")).to_have_count(0)
    for label, other in (("After", after), ("Before", shown), ("Before", before)):
        page.get_by_role("button", name=label).click()
        expect(page.get_by_text(other.photo.file, exact=True)).to_be_visible()
        eventually(lambda number=other.id: page.url.endswith(f"id={number}"))
        settled(page)


@pytest.mark.parametrize("number", ["99999", "", "abc", "1 or 1", "²", "-1", "9" * 40])
def test_a_snapshot_that_is_not_there(app: App, open_page, number: str) -> None:
    page = open_page(app)
    visit(page, f"/snapshot?id={number}", "Snapshot")
    expect(page.get_by_text("There is no such snapshot")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_jumps_as_the_photo_comes(app: App, open_page, width: int) -> None:
    page, held = open_page(app, width=width), []
    page.route("**/media/*.jpg", lambda route: held.append(route))
    with page.expect_request("**/media/*.jpg"):
        page.goto(f"/snapshot?id={of(app, 'sample-south')[0].id}", wait_until="commit")
    photo = page.get_by_role("img", name="Photo with")
    below = page.get_by_text("Correct it", exact=True)
    expect(below).to_be_visible(timeout=15_000)
    settled(page)
    before = photo.bounding_box(), below.bounding_box()
    assert before[0]["height"] == pytest.approx(before[0]["width"] * 720 / 1280, abs=1)
    held[0].continue_()
    page.wait_for_function("[...document.images].every(each => each.naturalWidth > 0)")
    assert (photo.bounding_box(), below.bounding_box()) == before


def test_a_count_is_put_right_and_the_machines_comes_back(app: App, open_page) -> None:
    shown = of(app, "sample-south")[0]
    page, before = open_page(app), taken_s(app, "sample-south")
    visit(page, f"/snapshot?id={shown.id}", "Snapshot")
    open_form(page)
    save = page.get_by_role("button", name="Save the correction")
    expect(save).to_be_disabled()
    page.get_by_label("Cars", exact=True).fill(str(shown.vehicles.car + 2))
    page.get_by_label("Cars", exact=True).press("Enter")
    total = shown.vehicles.total
    expect(page.get_by_text(f"The machine says {total} vehicles, you count")).to_contain_text(
        f"{total + 2}"
    )
    save.click()
    saved(page, "The correction is saved")
    saved(page, f"The machine counted {total}")
    main = page.get_by_test_id("stMain")
    expect(main).to_contain_text(f"{shown.vehicles.car + 2} cars")
    assert of(app, "sample-south")[0].counted.total == total + 2
    assert taken_s(app, "sample-south") == before + 2 * 3600

    here = shown.photo.captured_at.astimezone(ZoneInfo("Europe/Madrid"))
    visit(page, f"/history?lot=sample-south&day={here:%Y-%m-%d}", "History")
    expect(page.get_by_text("1 of 2 photos was corrected by hand")).to_be_visible()

    visit(page, "/history?show=table&lot=sample-south&only=corrected", "History")
    cells = page.get_by_test_id("stDataFrame").locator("table [role=gridcell]")
    expect(cells.filter(has_text="corrected")).to_have_count(1)
    with page.expect_download() as download:
        page.get_by_test_id("stDownloadButton").filter(has_text="Training data").click()
    with zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())) as archive:
        assert f",{total + 2 - shown.vehicles.total + shown.vehicles.car}," in (
            f",{archive.read('training/counts.csv').decode().splitlines()[1].split(',', 1)[1]},"
        )

    visit(page, f"/snapshot?id={shown.id}", "Snapshot")
    open_form(page)
    expect(page.get_by_label("Cars", exact=True)).to_have_value(str(shown.vehicles.car + 2))
    page.get_by_role("button", name="Take the correction back").click()
    saved(page, "The correction was taken back")
    assert taken_s(app, "sample-south") == before
    assert of(app, "sample-south")[0].correction is None


def test_spaces_are_put_right(app: App, open_page) -> None:
    shown = of(app, "sample-south")[0]
    place = shown.photo.lot_id, shown.photo.camera_id
    with app.store() as store:
        layout = store.save_layout(*place, Layout(SPACES), None, based_on=0)
        states = (("A1", "occupied", 0.9), ("A2", "vacant", 0.1), ("A3", "vacant", 0.2))
        seen = tuple(SpaceState(name, state, 0.9, "", p) for name, state, p in states)
        store.save_judged(shown.id, Judged(layout.id, Judgement(seen)))
    page = open_page(app)
    visit(page, f"/snapshot?id={shown.id}", "Snapshot")
    expect(page.get_by_text("1 of 3 spaces taken")).to_be_visible()
    expect(page.get_by_text(re.compile("version 1, of"))).to_be_visible()
    picture = page.get_by_role("img", name=re.compile("^Photo with"))
    as_judged = picture.get_attribute("src")
    open_form(page)
    preview = page.get_by_text("2 of 3 spaces are taken instead of 1")

    def is_chosen() -> bool:
        """The list may close under the hand that opens it, while the page is drawn anew."""
        page.get_by_label("Spaces that are taken").last.click()
        page.keyboard.type("A3", delay=30)
        page.keyboard.press("Enter")
        page.wait_for_timeout(1500)
        page.mouse.click(700, 30)  # beside the list; Escape would empty it where it closed already
        return preview.is_visible()

    eventually(is_chosen, timeout_s=40)
    expect(picture).not_to_have_attribute("src", as_judged)
    settled(page)
    save_correction(page)
    saved(page, "Spaces put right: A3")
    expect(page.get_by_text("2 of 3 spaces taken")).to_be_visible()
    with app.store() as store:
        assert dict(store.snapshot(shown.id).correction.spaces) == {"A3": "occupied"}
        assert store.looks([shown.id])[shown.id].taken == 2
    record = json.loads(app.command("history", "--json", "--corrected"))
    assert record["photo"] == shown.photo.file and record["corrected"] is True
    assert (record["capacity"], record["rate"]) == (3, 0.6667), "by the spaces, as the page says"

    with app.store() as store:
        store.correct(shown.id, Correction(spaces={"A3": "vacant"}))
    visit(page, f"/snapshot?id={shown.id}", "Snapshot")
    open_form(page)
    eventually(is_chosen, timeout_s=40)  # the other way round
    settled(page)
    save_correction(page)
    expect(page.get_by_text("2 of 3 spaces taken")).to_be_visible()
    with app.store() as store:
        assert dict(store.snapshot(shown.id).correction.spaces) == {"A3": "occupied"}


def test_a_deleted_photo_that_is_uploaded_again_can_be_brought_back(app: App, open_page) -> None:
    name = "2026-05-04_10-00.jpg"
    shown = next(each for each in of(app, "sample-north") if each.photo.file.endswith(name))
    page = open_page(app)
    visit(page, f"/snapshot?id={shown.id}", "Snapshot")
    page.get_by_role("button", name="Delete …").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    saved(page, "This snapshot was deleted on")
    visit(page, "/upload", "Upload photos")
    upload(page, (name, (NORTH / name).read_bytes()))
    expect(page.get_by_text("This photo was deleted from the history")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Bring back").click()
    eventually(lambda: shown.id in {each.id for each in of(app, "sample-north")})
    expect(page.get_by_text("This photo was recorded before")).to_be_visible()
    settled(page)
