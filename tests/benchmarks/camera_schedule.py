"""Do cameras that hang delay the others? `python -m tests.benchmarks.camera_schedule`.

Twenty simulated cameras are looked at every ten seconds, eight of them take the connection and
never answer. Measured is by how much the looks at the twelve others miss their schedule: first
with Parkcore's rounds, then with the plain alternative, `cv2.VideoCapture` in a thread per camera.
"""

from __future__ import annotations

import argparse
import io
import itertools
import logging
import os
import statistics
import tempfile
import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import PIL.Image

from parkcore.cameras.credentials import Credentials
from parkcore.cameras.rounds import Rounds, Rules
from parkcore.cameras.schedule import Schedule
from parkcore.domain import IpCamera
from parkcore.storage import Storage
from parkcore.store import Store
from tests.simulators import Camera, HttpCamera, RtspCamera

CAMERAS, HANGING = 20, 8
INTERVAL_S, TIMEOUT_S = 10, 10
PHOTO = Path(__file__).parents[2] / "storage_photo/sample-north/gate/2026-05-04_10-00.jpg"

Moments = dict[str, list[float]]


def start_cameras(stack: ExitStack) -> dict[str, Camera]:
    """Half of them HTTP, half RTSP; each frame is another picture, so that each look is kept."""
    pixels = np.asarray(PIL.Image.open(PHOTO).convert("RGB").resize((640, 360))).copy()
    number, lock = itertools.count(), threading.Lock()

    def frame() -> bytes:
        out = io.BytesIO()
        with lock:
            bits = next(number)
            for bit in range(20):
                pixels[:8, 8 * bit : 8 * bit + 8] = 255 * (bits >> bit & 1)
            PIL.Image.fromarray(pixels).save(out, "JPEG", quality=85)
        return out.getvalue()

    cameras: dict[str, Camera] = {}
    for index in range(CAMERAS):
        kind = HttpCamera if index % 2 else RtspCamera
        mode = "mute" if index < HANGING else "ok"
        cameras[f"{'hangs' if mode == 'mute' else 'good'}-{index:02}"] = stack.enter_context(
            kind(frame, mode=mode)
        )
    return cameras


def rounds(cameras: dict[str, Camera], seconds: float, folder: Path) -> Moments:
    """The moments at which Parkcore's rounds saw each camera."""
    db, root = folder / "parkcore.db", folder / "storage"
    root.mkdir()
    with Store.open(db) as store:
        for name, camera in cameras.items():
            store.save_ip_camera(
                IpCamera("lot", name, camera.address(), Schedule(interval_s=INTERVAL_S))
            )
    stop = threading.Event()
    threading.Timer(seconds, stop.set).start()
    Rounds(
        lambda: Store.open(db),
        Storage(root, "default"),
        Credentials(folder / "logins.json"),
        Rules(UTC, TIMEOUT_S, timedelta(hours=9), 50),
    ).run(stop)
    seen: Moments = {}
    for photo in root.rglob("*.jpg"):
        at = datetime.strptime(photo.stem.split("_")[1], "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC)
        seen.setdefault(photo.parts[-3], []).append(at.timestamp())
    return {name: sorted(moments) for name, moments in seen.items()}


def plain(cameras: dict[str, Camera], seconds: float) -> Moments:
    """The same by OpenCV in a thread per camera, with the same timeouts."""
    os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = (
        "rtsp_transport;tcp|analyzeduration;200000|probesize;200000"
    )
    import cv2

    timeouts = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, 1000 * TIMEOUT_S]
    timeouts += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, 1000 * TIMEOUT_S]
    seen: Moments = {}
    end = time.monotonic() + seconds

    def attend(name: str, address: str) -> None:
        due = time.monotonic()
        while due < end:
            time.sleep(max(0.0, due - time.monotonic()))
            stream = cv2.VideoCapture(address, cv2.CAP_FFMPEG, timeouts)
            if stream.isOpened() and stream.read()[0]:
                seen.setdefault(name, []).append(time.time())
            stream.release()
            due = max(due + INTERVAL_S, time.monotonic())

    threads = []
    for name, camera in cameras.items():
        path = "/video.mjpg" if isinstance(camera, HttpCamera) else "/cam1"
        threads.append(threading.Thread(target=attend, args=(name, camera.address(path))))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seen


def report(title: str, seen: Moments, seconds: float) -> None:
    """How far the gaps between looks were from the interval, over all cameras that work."""
    good = CAMERAS - HANGING
    gaps = [b - a for moments in seen.values() for a, b in itertools.pairwise(moments)]
    off = sorted(abs(gap - INTERVAL_S) for gap in gaps)
    looks, due = sum(map(len, seen.values())), good * int(seconds / INTERVAL_S)
    print(f"{title}: {looks} of about {due} looks at {len(seen)} of {good} cameras", end="")  # noqa: T201
    if off:
        late = sum(each > 2 for each in off)
        print(  # noqa: T201
            f"; off schedule by median {statistics.median(off):.2f} s,"
            f" 95 % within {off[int(0.95 * (len(off) - 1))]:.2f} s, at most {off[-1]:.2f} s,"
            f" {late} of {len(off)} by more than 2 s"
        )
    else:
        print("; no second look")  # noqa: T201


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10, help="of the rounds")
    parser.add_argument("--plain-minutes", type=float, default=2, help="of the alternative")
    asked = parser.parse_args()
    logging.getLogger("parkcore").setLevel(logging.ERROR)
    with ExitStack() as stack:
        cameras = start_cameras(stack)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        report("Parkcore", rounds(cameras, 60 * asked.minutes, folder), 60 * asked.minutes)
        seconds = 60 * asked.plain_minutes
        report("OpenCV in threads", plain(cameras, seconds), seconds)


if __name__ == "__main__":
    main()
