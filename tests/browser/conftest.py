"""A browser for all browser tests, an app as each of them needs it, and pages that are watched."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

from .app import NORTH, ROOT, SAMPLES, App, video

ARTIFACTS = ROOT / "tests" / "artifacts"
CHROMES = ("chromium", "google-chrome")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
]  # fmt: skip

expect.set_options(timeout=10_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker("browser")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


FAILED = pytest.StashKey[bool]()


@pytest.fixture(scope="package")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium, whose camera sees a sample photo. Gone before other folders' tests begin, as
    Playwright keeps an event loop running."""
    camera = tmp_path_factory.mktemp("camera") / "lot.y4m"
    camera.write_bytes(video(NORTH / "2026-05-04_10-00.jpg"))
    chrome = os.environ.get("CHROME") or next(filter(None, map(shutil.which, CHROMES)), None)
    with sync_playwright() as playwright:
        try:
            launched = playwright.chromium.launch(
                executable_path=chrome, args=[*FLAGS, f"--use-file-for-fake-video-capture={camera}"]
            )
        except Error as error:
            if os.environ.get("CI") or os.environ.get("BROWSER") == "required":
                raise
            pytest.skip(f"no browser: {error.message.splitlines()[0]}")
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Page]]:
    """Open a window on an app: `open_page(app, width=390, height=844, color_scheme="dark")`.

    At the end none of them may have met a script error; a failed test leaves its screenshots.
    """
    opened: list[Page] = []
    errors: list[str] = []

    def window(app: App, *, width: int = 1280, height: int = 900, **more: object) -> Page:
        context = browser.new_context(
            base_url=app.url,
            viewport={"width": width, "height": height},
            permissions=["camera"],
            locale="en-GB",
            timezone_id="Europe/Madrid",
            **more,
        )
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        opened.append(page)
        return page

    yield window
    left = [page for page in opened if not page.is_closed()]
    broken = any(page.get_by_test_id("stException").count() for page in left)
    if request.node.stash.get(FAILED, True) or broken or errors:
        ARTIFACTS.mkdir(exist_ok=True)
        name = re.sub(r"\W+", "-", request.node.name).strip("-")
        for number, page in enumerate(left):
            page.screenshot(path=ARTIFACTS / f"{name}-{number}.png", full_page=True)
    for page in opened:
        page.context.close()
    assert not errors, f"errors of the page's own scripts: {errors}"
    assert not broken, "a page shows a traceback"


def _apps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., App]]:
    made: list[App] = []

    def make(**settings: str) -> App:
        made.append(App(tmp_path_factory.mktemp("app"), settings))
        return made[-1]

    yield make
    for app in made:
        app.stop()


make_app = pytest.fixture(_apps, name="make_app")
"""Make an app for one test; it is not started yet."""
make_module_app = pytest.fixture(_apps, scope="module", name="make_module_app")
"""The same for all tests of a module."""


@pytest.fixture(scope="package")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> App:
    """The samples without their spaces, scanned by the command line; never started, only copied."""
    app = App(tmp_path_factory.mktemp("scanned"))
    for lot in SAMPLES.glob("sample-*"):
        shutil.copytree(lot, app.storage / lot.name, ignore=shutil.ignore_patterns("spaces.json"))
    app.command("scan")
    return app


@pytest.fixture(scope="package")
def with_samples(scanned: App) -> Callable[[App], App]:
    """Give an app that is not started yet a copy of the scanned samples."""

    def fill(app: App) -> App:
        shutil.copytree(scanned.storage, app.storage)
        shutil.copy(scanned.db, app.db)
        return app

    return fill
