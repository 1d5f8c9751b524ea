"""Every page, with and without a history, on a desk and on a phone, by day and by night."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from .app import MENU, App, fits, follow, visit

PAGES = {
    "/": "How full is it?",
    "/lot": "Which spaces are free?",
    "/expect": "What to expect",
    "/upload": "Upload photos",
    "/scan": "Folder scan",
    "/camera": "Cameras",
    "/history": "History",
    "/statistics": "Statistics",
    "/space_use": "Use of spaces",
    "/accuracy": "Accuracy",
    "/reports": "Reports",
    "/spaces": "Spaces",
    "/lots": "Lots",
    "/keeping": "Storage",
    "/reprocessing": "Judge again",
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
                days = page.get_by_role("button", name=re.compile(r"2026: .*%"))
                expect(days.first).to_be_visible()
            case "/statistics":
                charts = page.get_by_test_id("stVegaLiteChart").locator("svg, canvas")
                expect(charts).to_have_count(4)  # also of what is 95 % full: 35 of 36 at 12:30
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
        "/history": "There are no photos yet.",
        "/statistics": "There is nothing to count yet.",
        "/space_use": "No spaces are marked yet.",
        "/accuracy": "No spaces are marked yet.",
        "/expect": "There are no photos yet.",
        "/lots": "Add a lot",
        "/keeping": "There are no photos yet.",
        "/reprocessing": "No photos were judged again yet.",
        "/health": "Everything works.",
    }
    for path in PAGES:
        looks_whole(page, path, size)
        expect(page.get_by_text(said.get(path, PAGES[path])).first).to_be_visible()


def test_no_page_asks_any_host_but_its_own(samples: App, open_page) -> None:
    """Not even for the icon in the browser's tab."""
    page = open_page(samples)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for path, title in PAGES.items():
        visit(page, path, title)
        icon = page.locator("link[rel~=icon]").get_attribute("href")
        assert icon.startswith("data:image/svg+xml"), "the icon is not Parkcore's"
    own = (samples.url, samples.url.replace("http", "ws", 1), "data:", "blob:")
    assert len(asked) > len(PAGES)
    assert [url for url in asked if not url.startswith(own)] == []
