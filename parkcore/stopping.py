"""When a part of the service has to end: it is told to, or its supervisor is gone."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType

SUPERVISOR = "PARKCORE_SUPERVISOR"
"""The variable in which a supervisor tells its parts its process id."""

CHECK_S = 0.5


def on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set. To be called in the main thread."""
    stop = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    return stop


def with_supervisor(stop: threading.Event) -> None:
    """Set the event when the supervisor that started this process is gone, even killed."""
    supervisor = os.environ.get(SUPERVISOR)
    if supervisor is None:
        return

    def watch() -> None:
        while os.getppid() == int(supervisor) and not stop.wait(CHECK_S):
            pass
        stop.set()

    threading.Thread(target=watch, name="parkcore-supervisor", daemon=True).start()
