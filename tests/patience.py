"""Waiting for what happens beside a test, and making it wait for the test."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from conftest import PaintDetector

WAIT_S = 30
"""No test waits that long unless it fails. Less than the watcher's pause between two looks through
the whole folder, so that these do not find what the events should have told."""


def wait_until(
    condition: Callable[[], bool], what: str | Callable[[], str], *, at_most_s: float = WAIT_S
) -> None:
    """
    Args:
        what: what is wrong when it does not become so.
    """
    deadline = time.monotonic() + at_most_s
    while not condition():
        assert time.monotonic() < deadline, what if isinstance(what, str) else what()
        time.sleep(0.03)


class Turnstile(PaintDetector):
    """Lets photos through one by one, when the test says so."""

    def __init__(self) -> None:
        self.arrived, self._may_pass = threading.Semaphore(0), threading.Semaphore(0)

    def detect(self, image, imgsz=None):
        self.arrived.release()
        assert self._may_pass.acquire(timeout=WAIT_S)
        return super().detect(image, imgsz)

    def wait(self) -> None:
        """Until a photo is in hand."""
        assert self.arrived.acquire(timeout=WAIT_S)

    def let_pass(self, photos: int = 1) -> None:
        self._may_pass.release(photos)
