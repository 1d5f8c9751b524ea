"""Every page, with and without a history, on a desk and on a phone, by day and by night."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from .app import MENU, App, fits, follow, visit

PAGES = {
    "/": "How full is it?",
    "/upload": "Upload photos",
    "/scan": "Folder scan",
    "/camera": "Cameras",
    "/history": "History",
    "/statistics": "Statistics",
    "/spaces": "Spaces",
    "/lots": "Lots",
    "/health": "Health",
}
DESK, PHONE = (1280, 900), (390, 844)


@pytest.fixture(scope="module")
def empty(make_module_app) -> App:
    app = make_module_app()
    app.storage.mkdir()
    app.start()
    return app


@pytest.fixture(scope="module")
def samples(make_module_app, with_samples) -> App:
    app = with_samples(make_module_app())
    app.start()
    return app


def test_a_deep_link_as_the_very_first_request(make_app, open_page) -> None:
    app = make_app()
    app.storage.mkdir()
    app.start()
    page = open_page(app, width=1600)
    visit(page, "/history", "History")
    expect(page).to_have_title("History")
    expect(page.get_by_test_id("stSidebarNavLink")).to_contain_text(MENU)
    width = page.get_by_test_id("stMainBlockContainer").bounding_box()["width"]
    assert width > 1200, "the layout is not the wide one"


def looks_whole(page: Page, path: str, size: tuple[int, int]) -> None:
    if size == PHONE or path == "/":
        visit(page, path, PAGES[path])
    else:
        follow(page, MENU[list(PAGES).index(path)], PAGES[path])
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)
    fits(page)


@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (DESK, "dark"), (PHONE, "light")])
def test_pages_with_the_samples(samples: App, open_page, size, scheme: str) -> None:
    page = open_page(samples, width=size[0], height=size[1], color_scheme=scheme)
    for path in PAGES:
        looks_whole(page, path, size)
        match path:
            case "/":
                expect(page.get_by_test_id("stImage")).to_have_count(2)
                expect(page.get_by_test_id("stVegaLiteChart")).to_have_count(2)
            case "/history":
                expect(page.get_by_test_id("stDataFrame")).to_be_visible()
            case "/statistics":
                charts = page.get_by_test_id("stVegaLiteChart").locator("svg, canvas")
                expect(charts).to_have_count(3)
                fits(page)
            case "/lots":
                expect(page.get_by_test_id("stForm")).to_have_count(3)
    background = page.get_by_test_id("stApp").evaluate("e => getComputedStyle(e).backgroundColor")
    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(11, 20, 19)"}[scheme]


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_pages_without_a_history(empty: App, open_page, size) -> None:
    page = open_page(empty, width=size[0], height=size[1])
    said = {
        "/": "There are no photos yet.",
        "/scan": "Nothing new.",
        "/history": "No snapshot",
        "/statistics": "There is nothing to count yet.",
        "/lots": "Add a lot",
        "/health": "Everything works.",
    }
    for path in PAGES:
        looks_whole(page, path, size)
        expect(page.get_by_text(said.get(path, PAGES[path])).first).to_be_visible()
