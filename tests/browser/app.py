"""The app as its own process, and the browser's steps that several tests take."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import psutil
from playwright.sync_api import Locator, Page, expect

from parkcore.store import Store

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "storage_photo"
NORTH = SAMPLES / "sample-north" / "gate"
START_S = 30
STOP_S = 25
"""More than a supervisor gives its parts."""

MENU = [
    "Overview", "One lot", "What to expect", "Upload", "Folder scan", "Cameras", "History",
    "Statistics", "Use of spaces", "Accuracy", "Reports", "Spaces", "Lots", "Storage",
    "Judge again", "Health",
]  # fmt: skip


@dataclass
class App:
    """One app on a free port of this machine, with a history and storage of its own."""

    root: Path
    settings: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    url: str = ""

    def __post_init__(self) -> None:
        (self.root / "parkcore.toml").touch()  # so that the developer's own is not read

    @property
    def db(self) -> Path:
        return self.root / "parkcore.db"

    @property
    def storage(self) -> Path:
        return self.root / "storage_photo"

    @property
    def credentials(self) -> Path:
        return self.root / "parkcore-credentials.json"

    @property
    def environment(self) -> dict[str, str]:
        own = {
            "PARKCORE_DB": str(self.db),
            "PARKCORE_STORAGE": str(self.storage),
            "PARKCORE_CREDENTIALS": str(self.credentials),
            "PARKCORE_TIME_ZONE": "Europe/Madrid",
            "PARKCORE_CONFIG": str(self.root / "parkcore.toml"),
        }
        kept = {name: value for name, value in os.environ.items() if name[:9] != "PARKCORE_"}
        return {**kept, **own, **self.settings}

    def start(self, *, serve: bool = False) -> None:
        """Start the app alone, or with `serve` the whole service: the app, watcher and cameras."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = str(probe.getsockname()[1])
        self.url = f"http://127.0.0.1:{port}"
        alone = ["streamlit", "run", "streamlit_app.py", "--server.address", "127.0.0.1"]
        service = ["parkcore", "serve", "--address", "127.0.0.1", "--port", port]
        words = service if serve else [*alone, "--server.port", port]
        with (self.root / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *words],
                cwd=ROOT, env=self.environment, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self._wait_until_healthy()

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self.process.poll() is None:
            with (
                contextlib.suppress(OSError),
                urllib.request.urlopen(  # noqa: S310 – our own address
                    f"{self.url}/_stcore/health", timeout=1
                ) as answer,
            ):
                if answer.read() == b"ok":
                    return
            time.sleep(0.05)
        self.stop()
        raise RuntimeError(f"the app did not start:\n{self.log}")

    def processes(self) -> list[psutil.Process]:
        """The one that was started, first, and the parts that it started; those that still live."""
        if self.process is None or self.process.poll() is not None:
            return []
        own = psutil.Process(self.process.pid)
        # What a part calls itself (ldconfig, to find a library) is gone in a moment: no part.
        return [own, *own.children()]

    def stop(self) -> None:
        """End this process with its parts, and no other."""
        if self.process is None:
            return
        parts = self.processes()[1:]
        self.process.terminate()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        end_all(parts)

    @property
    def log(self) -> str:
        return (self.root / "server.log").read_text(errors="replace")

    def store(self) -> Store:
        """The app's own database, read (or prepared) from outside."""
        return Store.open(self.db)

    def command(self, *arguments: str) -> str:
        """What `python -m parkcore …` prints with the app's settings."""
        done = subprocess.run(
            [sys.executable, "-m", "parkcore", *arguments],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout

    def history(self) -> list[dict[str, Any]]:
        """`parkcore history --json`, which reads the database without the app."""
        return [json.loads(line) for line in self.command("history", "--json").splitlines()]


def living(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Those that still run; who is dead and was not buried by its parent does not."""

    def lives(process: psutil.Process) -> bool:
        with contextlib.suppress(psutil.NoSuchProcess):
            return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        return False

    return [process for process in processes if lives(process)]


def end_all(parts: Iterable[psutil.Process]) -> None:
    """Kill the parts that do not end by themselves although their supervisor is gone."""
    deadline = time.monotonic() + 5
    while living(parts) and time.monotonic() < deadline:
        time.sleep(0.1)
    for part in living(parts):
        with contextlib.suppress(psutil.NoSuchProcess):
            part.kill()


def settled(page: Page) -> None:
    """Wait for the end of the script run. Call it after the expected content was seen."""
    app = page.locator(
        '[data-testid="stApp"][data-test-script-state="notRunning"]'
        '[data-test-connection-state="CONNECTED"]'
    )
    expect(app).to_be_visible(timeout=15_000)


def visit(page: Page, path: str, title: str) -> None:
    """Open a page and wait until it is there whole."""
    page.goto(path)
    expect(page.get_by_role("heading", level=1)).to_have_text(title, timeout=15_000)
    settled(page)


def follow(page: Page, label: str, title: str) -> None:
    """Go to another page by the menu, in the same session."""
    named = page.get_by_text(label, exact=True)
    page.get_by_test_id("stSidebarNavLink").filter(has=named).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title, timeout=15_000)
    settled(page)


def fits(page: Page) -> None:
    """Nothing sticks out to the right, so that a page only scrolls up and down."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    main = page.get_by_test_id("stMain")
    assert main.evaluate("element => element.scrollWidth <= element.clientWidth")


def red(page: Page, text: str | re.Pattern[str]) -> Locator:
    """What the page says in red, with this text in it."""
    return page.get_by_test_id("stAlertContentError").filter(has_text=text)


def card(page: Page, text: str) -> Locator:
    """The innermost container around a text: a result with its picture and numbers."""
    return (
        page.get_by_test_id("stLayoutWrapper").filter(has=page.get_by_text(text, exact=True)).last
    )


def counts(shown: Locator) -> dict[str, int]:
    """The vehicles per type that a result says."""
    words = {"car": "cars?", "motorcycle": "motorcycles?", "bus": "bus(?:es)?", "truck": "trucks?"}
    expect(shown).to_contain_text(re.compile(r"\d+ trucks?"))  # the last; shown after the rest
    said = shown.inner_text()
    return {label: int(re.search(rf"(\d+) {word}\b", said)[1]) for label, word in words.items()}


def choose(where: Page | Locator, label: str, option: str) -> None:
    """Pick one of a select box's options, or type a new one."""
    box = where.get_by_role("combobox", name=label, exact=True)
    box.click()
    box.fill(option)
    page = where if isinstance(where, Page) else where.page  # the options hang above everything
    page.get_by_role("option", name=option).first.click()


def eventually(is_so: Callable[[], bool], *, timeout_s: float = 20) -> None:
    """Wait for something that happens outside the browser."""
    deadline = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline, f"did not happen within {timeout_s} s"
        time.sleep(0.1)


def upload(page: Page, *files: tuple[str, bytes]) -> None:
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        [{"name": name, "mimeType": "image/jpeg", "buffer": data} for name, data in files]
    )


def another(photo: Path, seed: int, *, width: int | None = None, exif: bool = True) -> bytes:
    """The photo with other pixels in one corner: to Parkcore one that it never saw.

    Args:
        seed: another one, below 2²⁰, makes another photo.
    """
    with PIL.Image.open(photo) as opened:
        image = opened.convert("RGB")
        kept = opened.info.get("exif", b"") if exif else b""
    if width is not None:
        image = image.resize((width, round(width * image.height / image.width)))
    pixels = np.asarray(image).copy()
    for bit in range(20):  # black or white, so that no compression makes two of them alike
        pixels[:8, 8 * bit : 8 * bit + 8] = 255 * (seed >> bit & 1)
    out = io.BytesIO()
    PIL.Image.fromarray(pixels).save(out, "JPEG", quality=90, exif=kept)
    return out.getvalue()


def video(photo: Path) -> bytes:
    """What Chromium's fake camera films: the photo, as it stands, in raw frames (Y4M)."""
    with PIL.Image.open(photo) as opened:
        y, cb, cr = opened.convert("RGB").resize((1280, 720)).convert("YCbCr").split()
    half = (640, 360)
    frame = b"".join(plane.tobytes() for plane in (y, cb.resize(half), cr.resize(half)))
    return b"YUV4MPEG2 W1280 H720 F5:1 Ip A1:1 C420jpeg\n" + 5 * (b"FRAME\n" + frame)
