"""The supervisor: starts the parts of the service, and each again when it ends."""

from __future__ import annotations

import logging
import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from parkcore.service.stopping import SUPERVISED

log = logging.getLogger(__name__)

TICK_S = 0.2
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 60.0
RUNS_WELL_S = 30.0
"""A part that ran for so long is started again after the shortest pause."""

STOP_S = 20.0
"""What a part gets to finish the photo in hand."""


@dataclass(slots=True)
class Part:
    """A process that must run: how to start it, and how that went."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    _process: subprocess.Popen[bytes] | None = None
    _started_at: float = 0.0
    _start_at: float = 0.0
    _pause_s: float = FIRST_PAUSE_S

    def see_to_it(self) -> None:
        """Start the process where it is not running and its pause is over."""
        now = time.monotonic()
        if self._process is not None:
            status = self._process.poll()
            if status is None:
                return
            if now - self._started_at >= RUNS_WELL_S:
                self._pause_s = FIRST_PAUSE_S
            log.warning("%s ended (%s); again in %g s", self.name, _how(status), self._pause_s)
            self._let_go()
            self._start_at = now + self._pause_s
            self._pause_s = min(LONGEST_PAUSE_S, 2 * self._pause_s)
        if now >= self._start_at:
            self._start(now)

    def _start(self, now: float) -> None:
        own = {SUPERVISED: "1", **self.environment}
        try:
            # Ctrl+C reaches the whole group of a terminal: the parts are told by us alone.
            self._process = subprocess.Popen(
                self.command,
                env={**os.environ, **own},
                stdin=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            log.error("%s cannot be started: %s", self.name, error)
            self._start_at = now + self._pause_s
            self._pause_s = min(LONGEST_PAUSE_S, 2 * self._pause_s)
            return
        self._started_at = now
        log.info("%s started (process %d)", self.name, self._process.pid)

    def _let_go(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        self._process = None

    def ask_to_end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def wait(self, deadline: float) -> None:
        """Until the process has ended; at the deadline it is killed."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("%s does not end and is killed", self.name)
            self._process.kill()
            self._process.wait()
        self._let_go()


@dataclass(slots=True)
class Chore(Part):
    """A process that does its work once in a while, and ends by itself."""

    first_s: float = 600.0
    """Seconds after which it is started first, so that the parts can get going before."""
    every_s: float = 24 * 3600.0

    def see_to_it(self) -> None:
        """Start the process where it is due and not running."""
        now = time.monotonic()
        if self._process is not None:
            status = self._process.poll()
            if status is None:
                return
            if status:
                log.warning("%s ended (%s)", self.name, _how(status))
            self._let_go()
        if not self._start_at:
            self._start_at = now + self.first_s
        if now >= self._start_at:
            self._start_at = now + self.every_s
            self._start(now)


def supervise(parts: Sequence[Part], stop: threading.Event) -> None:
    """Keep the parts running until `stop` is set, then end them in an orderly way."""
    try:
        while not stop.is_set():
            for part in parts:
                part.see_to_it()
            stop.wait(TICK_S)
    finally:
        for part in parts:
            part.ask_to_end()
        deadline = time.monotonic() + STOP_S
        for part in parts:
            part.wait(deadline)
        log.info("stopped")


def _how(status: int) -> str:
    return f"killed by signal {-status}" if status < 0 else f"exit status {status}"
