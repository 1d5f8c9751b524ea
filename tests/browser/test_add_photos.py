"""Upload and camera: from a file or the camera to numbers on the page and rows in the history."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from .app import (
    NORTH,
    App,
    another,
    card,
    choose,
    counts,
    eventually,
    follow,
    settled,
    upload,
    visit,
)

FIRST_ANALYSIS = 30_000
"""Milliseconds; it loads the model."""


@pytest.fixture(scope="module")
def app(make_module_app) -> App:
    made = make_module_app()
    made.storage.mkdir()
    made.start()
    return made


def recorded(app: App) -> list[str]:
    with app.store() as store:
        return [snapshot.photo.file for snapshot in store.snapshots(newest_first=False)]


def refused(app: App) -> dict[str, str]:
    with app.store() as store:
        return {f.file.partition(" (upload ")[0]: f.reason for f in store.failures()}


def test_a_bad_photo_among_good_ones(app: App, open_page) -> None:
    page = open_page(app)
    visit(page, "/upload", "Upload photos")
    cut = (NORTH / "2026-05-04_09-00.jpg").read_bytes()
    morning = (NORTH / "2026-05-04_08-00.jpg").read_bytes()
    upload(
        page,
        ("morning.jpg", morning),
        ("cut.jpg", cut[: len(cut) // 2]),
        ("🚗 *lot* [1].jpg", (NORTH / "2026-05-04_16-30.jpg").read_bytes()),
    )
    expect(page.get_by_text(re.compile(r"\d of 2 analysed"))).to_be_visible()
    expect(page.get_by_test_id("stImage")).to_have_count(2, timeout=FIRST_ANALYSIS)
    settled(page)

    expect(page.get_by_test_id("stProgress")).to_have_count(0)
    error = page.get_by_test_id("stAlertContentError")
    expect(error).to_have_count(1)
    expect(error).to_contain_text("cut.jpg: the photo is damaged or cut off")
    assert list(refused(app)) == ["cut.jpg"]

    history = app.history()
    shown = [card(page, "morning.jpg"), card(page, "🚗 *lot* [1].jpg")]
    assert [counts(each) for each in shown] == [each["vehicles"] for each in history]
    for each, record in zip(shown, history, strict=True):
        expect(
            each.get_by_role("img", name=f"Photo with {record['total']} vehicles")
        ).to_be_visible()
        expect(each).to_contain_text(f"{record['total']} vehicles")
    assert history[1]["photo"].startswith("default/main/2026-05-04/")
    assert "🚗" in history[1]["photo"]
    assert all((app.storage / record["photo"]).is_file() for record in history)

    upload(page, ("again.jpg", morning))
    expect(card(page, "again.jpg")).to_contain_text("recorded before")
    settled(page)
    assert counts(card(page, "again.jpg")) == history[0]["vehicles"]
    assert len(recorded(app)) == 2


@pytest.mark.parametrize("leaves_at", ["Keeping", "of 8 analysed"])
def test_leaving_the_page_loses_nothing(app: App, open_page, leaves_at: str) -> None:
    page = open_page(app)
    visit(page, "/upload", "Upload photos")
    names = [f"left at {leaves_at} {number}.jpg" for number in range(8)]
    start = {"Keeping": 100, "of 8 analysed": 200}[leaves_at]
    upload(
        page,
        *(
            (name, another(NORTH / "2026-05-04_20-00.jpg", start + number, width=640))
            for number, name in enumerate(names)
        ),
    )
    expect(page.get_by_text(leaves_at).first).to_be_visible()
    follow(page, "History", "History")

    def all_there() -> bool:
        return sum(f"left at {leaves_at} " in file for file in recorded(app)) == len(names)

    eventually(all_there)
    visit(page, f"/history?text=left+at+{leaves_at.replace(' ', '+')}", "History")
    expect(page.get_by_text(f"{len(names)} snapshots")).to_be_visible()


def test_what_is_no_photo_is_refused(app: App, open_page) -> None:
    page = open_page(app)
    before = recorded(app)
    visit(page, "/upload", "Upload photos")
    upload(page, ("notes.jpg", b"Remember to buy milk."), ("empty.jpg", b""))
    errors = page.get_by_test_id("stAlertContentError")
    expect(errors.filter(has_text="notes.jpg: this is not a photo")).to_be_visible()
    expect(errors.filter(has_text="empty.jpg: the file is empty (0 bytes)")).to_be_visible()
    settled(page)
    expect(page.get_by_test_id("stImage")).to_have_count(0)
    assert recorded(app) == before
    assert {"notes.jpg", "empty.jpg"} <= set(refused(app))

    visit(page, "/scan", "Folder scan")
    with app.store() as store:
        [listed] = [f.file for f in store.failures() if f.file.startswith("notes.jpg (upload ")]
    card(page, listed).get_by_role("button", name="Dismiss").click()
    expect(page.get_by_text(listed)).to_have_count(0)
    settled(page)
    assert "notes.jpg" not in refused(app)


def take_photo(page: Page) -> None:
    """Click until it is taken: on a busy machine the browser may still be about to draw the
    camera anew, and the click is lost."""
    taken = page.get_by_test_id("stCameraInput").get_by_role("button", name="Clear photo")
    for _ in range(5):
        page.wait_for_function(
            "() => { const video = document.querySelector('[data-testid=stCameraInput] video');"
            " return video && video.readyState >= 2 && video.videoWidth > 0; }"
        )
        page.get_by_test_id("stCameraInputButton").click()
        with suppress(PlaywrightTimeout):
            taken.wait_for(timeout=5000)
            return
    raise AssertionError("five clicks took no photo")


def test_a_photo_from_the_camera(app: App, open_page) -> None:
    page = open_page(app)
    visit(page, "/camera", "Cameras")
    choose(page, "Lot", "Street side")
    settled(page)
    take_photo(page)
    expect(page.get_by_text("Not kept yet")).to_be_visible(timeout=FIRST_ANALYSIS)
    settled(page)
    seen = counts(card(page, "Keep this photo"))
    assert seen["car"] > 20, "the fake camera films a full car park"
    assert not any(file.startswith("Street side") for file in recorded(app))

    page.get_by_role("button", name="Keep this photo").click()
    expect(page.get_by_text("Kept in the history")).to_be_visible()
    settled(page)
    assert counts(card(page, "Kept in the history")) == seen
    [record] = [record for record in app.history() if record["lot"] == "Street side"]
    assert record["vehicles"] == seen
    assert record["photo"].startswith("Street side/main/")

    follow(page, "History", "History")
    choose(page, "Lot", "Street side")
    expect(page.get_by_test_id("stMarkdown").get_by_text(", 1 photo")).to_be_visible()
