"""One frame of an RTSP stream, in a process of its own.

OpenCV opens streams one after the other within a process, so that a camera that hangs would
hold up all the others; and a decoder that crashes takes only this process with it.

Reads `{"address": …, "timeout_ms": …, "verify_tls": …}` from standard input, as arguments are for
everybody to see, and writes the frame as JPEG to standard output.
"""

from __future__ import annotations

import faulthandler
import json
import os
import ssl
import sys

NOT_OPENED, NO_FRAME = 3, 4
"""Exit statuses."""

SPARE_S = 3
"""After its deadlines the process ends by itself, should nobody be left to end it."""


def main() -> int:
    asked = json.load(sys.stdin)
    timeout_ms = asked["timeout_ms"]
    faulthandler.dump_traceback_later(timeout_ms / 1000 + SPARE_S, exit=True)
    os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = "|".join(_options(asked["verify_tls"]))
    # These would put FFmpeg's messages among the picture's bytes.
    for variable in ("OPENCV_FFMPEG_DEBUG", "OPENCV_FFMPEG_LOGLEVEL"):
        os.environ.pop(variable, None)
    import cv2

    stream = cv2.VideoCapture(
        asked["address"],
        cv2.CAP_FFMPEG,
        [
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
            timeout_ms,
            cv2.CAP_PROP_READ_TIMEOUT_MSEC,
            timeout_ms,
        ],
    )
    if not stream.isOpened():
        return NOT_OPENED
    is_read, frame = stream.read()
    # FFmpeg makes up the rest of a picture that breaks off in the middle. Only the next one
    # coming tells that the first was whole.
    if not is_read or not stream.grab():
        return NO_FRAME
    _, jpeg = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 92])
    sys.stdout.buffer.write(jpeg.tobytes())
    sys.stdout.buffer.flush()
    os._exit(0)  # closing a stream politely can hang, and the system closes it as well


def _options(verify_tls: bool) -> list[str]:
    # Over TCP, as packets lost over UDP smear the picture; short probing opens in a tenth of the
    # time, and one picture needs no more.
    options = ["rtsp_transport;tcp", "analyzeduration;200000", "probesize;200000"]
    authorities = ssl.get_default_verify_paths().cafile
    if verify_tls and authorities:
        options += ["tls_verify;1", f"ca_file;{authorities}"]
    return options


if __name__ == "__main__":
    sys.exit(main())
