"""The Health page, and what the Overview says of it: fine, dead, back again."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil
import pytest
from playwright.sync_api import Locator, Page, expect

from .app import (
    NORTH,
    ROOT,
    App,
    another,
    card,
    end_all,
    eventually,
    living,
    red,
    settled,
    visit,
)

RENEWED = 15_000
"""Milliseconds; the Overview looks again every ten seconds, the Health page every five."""
NOTICED = 40_000
"""Milliseconds; a part is called dead when it has been silent for fifteen seconds."""


@pytest.fixture(scope="module")
def served(make_module_app) -> App:
    """The whole service, with its watcher at work."""
    made = make_module_app(PARKCORE_IMGSZ="320")
    made.storage.mkdir()
    made.start(serve=True)
    eventually(lambda: watcher(made).note.startswith("watching"), timeout_s=60)
    return made


@pytest.fixture
def alone(make_app) -> App:
    """The web app without the service."""
    made = make_app(PARKCORE_IMGSZ="320")
    made.storage.mkdir()
    made.start()
    return made


def watcher(app: App):
    """What the watcher last said of itself."""
    with app.store() as store:
        said = {part.name: part for part in store.parts()}
    return said.get("watcher") or NotYet


class NotYet:
    note, pid, queue = "", 0, 0


def errors(page: Page) -> Locator:
    return page.get_by_test_id("stAlertContentError")


def part(page: Page, name: str) -> Locator:
    """The box of the watcher, or of the camera schedule."""
    about = page.get_by_text({"Watcher": "Analyses what", "Camera schedule": "Asks the IP"}[name])
    return page.get_by_test_id("stLayoutWrapper").filter(has=about).last


def test_everything_fine_is_green(served: App, open_page) -> None:
    page = open_page(served)
    visit(page, "/health", "Health")
    expect(page.get_by_test_id("stAlertContentSuccess")).to_have_text(re.compile("works"))
    for name, said in {"Watcher": "Watching by events", "Camera schedule": "Looking at 0"}.items():
        expect(part(page, name).locator(".stMarkdownBadge")).to_contain_text("works")
        expect(part(page, name)).to_contain_text(said)
    expect(errors(page)).to_have_count(0)
    visit(page, "/", "How full is it?")
    expect(page.get_by_text("There are no photos yet.")).to_be_visible()
    expect(errors(page)).to_have_count(0)


def test_a_photo_that_arrives_appears_on_the_open_overview(served: App, open_page) -> None:
    page = open_page(served)
    visit(page, "/", "How full is it?")
    folder = served.storage / "arrivals" / "gate"
    folder.mkdir(parents=True)
    photo = another(NORTH / "2026-05-04_10-00.jpg", 1, width=640)
    (folder / "a.jpg").write_bytes(photo)
    expect(card(page, "arrivals")).to_contain_text(re.compile(r"\d+ vehicles"), timeout=RENEWED)
    visit(page, "/health", "Health")
    expect(part(page, "Watcher")).to_contain_text("Last photo analysed")
    expect(page.get_by_text("arrivals / gate")).to_be_visible()


def test_waiting_photos_are_counted_on_the_overview(served: App, open_page) -> None:
    folder = served.storage / "queue" / "gate"
    folder.mkdir(parents=True)
    for number in range(60):
        photo = another(NORTH / "2026-05-04_10-00.jpg", 10 + number, width=640)
        (folder / f"{number}.jpg").write_bytes(photo)
    eventually(lambda: watcher(served).queue > 0)
    held = psutil.Process(watcher(served).pid)
    held.suspend()
    try:
        page = open_page(served)
        visit(page, "/", "How full is it?")
        waiting = watcher(served).queue
        said = "1 photo is" if waiting == 1 else f"{waiting} photos are"
        expect(page.get_by_text(f"{said} waiting to be analysed.")).to_be_visible()
    finally:
        held.resume()
    expect(page.get_by_text("waiting to be analysed.")).to_have_count(0, timeout=60_000)
    expect(errors(page)).to_have_count(0)
    with served.store() as store:
        assert len(store.latest("queue")) == 1
        assert store.failures() == []


def test_a_killed_watcher_is_started_again(served: App, open_page) -> None:
    page = open_page(served)
    visit(page, "/health", "Health")
    before = watcher(served).pid
    assert before in [each.pid for each in served.processes()]
    os.kill(before, signal.SIGKILL)
    eventually(lambda: watcher(served).pid != before, timeout_s=30)
    eventually(lambda: watcher(served).note.startswith("watching"), timeout_s=60)
    assert watcher(served).pid in [each.pid for each in served.processes()]
    expect(page.get_by_text("Everything works.")).to_be_visible(timeout=RENEWED)
    assert "watcher ended (killed by signal 9)" in served.log


def test_a_missing_storage_folder_is_said_until_it_is_back(served: App, open_page) -> None:
    page = open_page(served)
    visit(page, "/health", "Health")
    expect(page.get_by_text("Everything works.")).to_be_visible()
    away = served.root / "away"
    served.storage.rename(away)
    expect(red(page, "the storage folder is missing; create it or mount it")).to_be_visible()
    expect(red(page, f"watcher: the folder {served.storage} is missing")).to_be_visible()
    expect(page.get_by_test_id("stMetric").filter(has_text="Free disk space")).to_contain_text("–")
    expect(part(page, "Watcher").locator(".stMarkdownBadge")).to_contain_text("failing")
    visit(page, "/", "How full is it?")
    expect(red(page, "the storage folder is missing")).to_be_visible()

    away.rename(served.storage)
    expect(errors(page)).to_have_count(0, timeout=RENEWED)
    visit(page, "/health", "Health")
    expect(page.get_by_text("Everything works.")).to_be_visible()


def test_nothing_is_red_where_no_service_was_ever_started(alone: App, open_page) -> None:
    page = open_page(alone)
    visit(page, "/", "How full is it?")
    expect(page.get_by_text("There are no photos yet.")).to_be_visible()
    expect(errors(page)).to_have_count(0)
    visit(page, "/health", "Health")
    expect(page.get_by_text("Everything works.")).to_be_visible()
    for name in ("Watcher", "Camera schedule"):
        expect(part(page, name).locator(".stMarkdownBadge")).to_contain_text("not running")
        expect(part(page, name)).to_contain_text(re.compile("Never started; .*parkcore serve"))
    expect(errors(page)).to_have_count(0)


@contextmanager
def service(app: App) -> Iterator[Callable[[], list[psutil.Process]]]:
    """The watcher and the cameras' schedule beside an app; yields what lists their processes."""
    with (app.root / "service.log").open("ab") as log:
        started = subprocess.Popen(
            [sys.executable, "-m", "parkcore", "serve", "--no-app"],
            cwd=ROOT, env=app.environment, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    own = psutil.Process(started.pid)

    def processes() -> list[psutil.Process]:
        return [own, *own.children()]

    eventually(lambda: len(processes()) == 3)
    everything = processes()
    try:
        yield processes
    finally:
        if started.poll() is None:
            started.terminate()
        started.wait(25)
        end_all(everything[1:])


def test_a_dead_watcher_is_red_until_it_runs_again(alone: App, open_page) -> None:
    with service(alone) as processes:
        eventually(lambda: watcher(alone).note.startswith("watching"), timeout_s=60)
        overview, page = open_page(alone), open_page(alone)
        visit(overview, "/", "How full is it?")
        visit(page, "/health", "Health")
        expect(part(page, "Watcher").locator(".stMarkdownBadge")).to_contain_text("works")
        supervisor, *parts = processes()
        [watching] = [each for each in parts if each.pid == watcher(alone).pid]
        supervisor.kill()
        watching.kill()
        eventually(lambda: not living(parts))
        dead = re.compile("watcher: .*`parkcore serve` starts it")
        expect(red(page, dead)).to_be_visible(timeout=NOTICED)
        expect(part(page, "Watcher").locator(".stMarkdownBadge")).to_contain_text("failing")
        expect(red(overview, dead)).to_be_visible(timeout=RENEWED)
        settled(page)
        expect(page.get_by_text("Everything works.")).to_have_count(0)

    with service(alone):
        expect(page.get_by_text("Everything works.")).to_be_visible(timeout=NOTICED)
        expect(errors(overview)).to_have_count(0, timeout=RENEWED)
