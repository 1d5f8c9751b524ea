"""What is wrong with the installation is said on the page, in words and not as a traceback."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from .app import NORTH, another, upload, visit


def says(page: Page, *texts: str) -> None:
    error = page.get_by_test_id("stAlertContentError")
    expect(error).to_have_count(1)
    for text in texts:
        expect(error).to_contain_text(text)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_a_damaged_database(make_app, open_page) -> None:
    app = make_app()
    app.storage.mkdir()
    app.db.write_bytes(b"This is not a database. " * 500)
    app.start()
    page = open_page(app)
    for path in ("/", "/history", "/upload", "/camera", "/lots", "/statistics", "/scan", "/health"):
        page.goto(path)
        says(page, "parkcore.db")


def test_a_database_that_breaks_while_the_app_runs(make_app, with_samples, open_page) -> None:
    app = with_samples(make_app())
    app.start()
    page = open_page(app)
    visit(page, "/", "How full is it?")
    app.db.write_bytes(b"This is not a database. " * 500)
    page.get_by_role("button", name="Remove samples").click()
    says(page, "parkcore.db")


def test_no_model(make_app, open_page) -> None:
    app = make_app(PARKCORE_MODEL="nothing.pt")
    app.storage.mkdir()
    app.start()
    page = open_page(app)
    visit(page, "/upload", "Upload photos")
    upload(page, ("a.jpg", another(NORTH / "2026-05-04_20-00.jpg", 1, width=320)))
    says(page, "nothing.pt")
    page.goto("/scan")
    says(page, "nothing.pt")


def test_no_storage_folder(make_app, open_page) -> None:
    app = make_app()
    app.start()
    page = open_page(app)
    visit(page, "/scan", "Folder scan")
    says(page, "cannot be read", "PARKCORE_STORAGE")


@pytest.mark.parametrize(("name", "value"), [("CONFIDENCE", "abc")])
def test_a_setting_that_cannot_be(make_app, open_page, name: str, value: str) -> None:
    app = make_app(**{f"PARKCORE_{name}": value})
    app.start()
    page = open_page(app)
    for path in ("/history", "/upload"):
        page.goto(path)
        says(page, f"PARKCORE_{name}", value)
