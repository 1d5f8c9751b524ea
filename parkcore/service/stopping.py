"""When a part of the service has to end: it is told to, or its supervisor is gone."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType

SUPERVISED = "PARKCORE_SUPERVISED"
"""The variable that tells a part that its standard input is a pipe from its supervisor."""


def on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set. To be called in the main thread."""
    stop = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    return stop


def with_supervisor(stop: threading.Event) -> None:
    """Set the event when the supervisor that started this process is gone, even killed: the
    system then closes its end of the pipe."""
    if os.environ.pop(SUPERVISED, None) is None:
        return

    def watch() -> None:
        while os.read(0, 1024):
            pass
        stop.set()

    threading.Thread(target=watch, name="parkcore-supervisor", daemon=True).start()
