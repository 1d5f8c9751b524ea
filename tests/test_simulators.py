"""The simulated cameras are honest: clients that know nothing of them see what they should."""

from __future__ import annotations

import io
import json
import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import PIL.Image
import pytest
from conftest import SAMPLES
from simulators import Camera, HttpCamera, RtspCamera, encode_h264, free_port

from parkcore import images

OPEN = images._open
"""Pillow's own: a test before may have loaded Ultralytics, which replaces it."""

PHOTO = SAMPLES / "sample-north/gate/2026-05-04_10-00.jpg"
LOGIN = ("admin", "p@s:s/w?rd %#")
WRONG = ("admin", "secret")
LOOK = """
import json, sys, cv2
wait = int(sys.argv[2])
limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, wait, cv2.CAP_PROP_READ_TIMEOUT_MSEC, wait]
photo = cv2.imread(sys.argv[1])
for address in sys.argv[3:]:
    video = cv2.VideoCapture(address, cv2.CAP_FFMPEG, limits)
    distances = []
    while video.isOpened() and len(distances) < 12:
        got, frame = video.read()
        if not got:
            break
        assert frame.shape == photo.shape
        distances.append(float(cv2.absdiff(frame, photo).mean()))
    print(json.dumps([video.isOpened(), distances]))
"""


def photo() -> bytes:
    return PHOTO.read_bytes()


def look(*addresses: str, wait: float = 5) -> list[tuple[bool, list[float]]]:
    """What OpenCV sees at each: whether it opens, and how far each frame is from the photo."""
    options = "rtsp_transport;tcp|analyzeduration;200000|probesize;200000"
    done = subprocess.run(
        [sys.executable, "-c", LOOK, str(PHOTO), str(int(wait * 1000)), *addresses],
        env={**os.environ, "OPENCV_FFMPEG_CAPTURE_OPTIONS": options},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


def get(
    camera: HttpCamera, path: str = "/snapshot.jpg", *, wait: float = 5, **options: Any
) -> httpx.Response:
    with httpx.Client(trust_env=False, timeout=wait) as client:
        return client.get(camera.address(path), **options)


@pytest.fixture(scope="module")
def h264() -> list[list[bytes]]:
    with PIL.Image.open(PHOTO) as picture:
        return encode_h264([np.asarray(picture)] * 10)


def test_a_snapshot_is_the_photo_and_every_request_counts() -> None:
    with HttpCamera(photo) as camera:
        reply = get(camera)
        assert (reply.status_code, reply.content) == (200, photo())
        assert get(camera, "/nothing.jpg").status_code == 404
        assert camera.looks == 2


@pytest.mark.parametrize(
    ("scheme", "proof"), [("basic", httpx.BasicAuth), ("digest", httpx.DigestAuth)]
)
def test_only_the_right_password_opens(
    scheme: str, proof: Callable[[str, str], httpx.Auth]
) -> None:
    with HttpCamera(photo, login=LOGIN, scheme=scheme) as camera:
        assert get(camera, auth=proof(*LOGIN)).content == photo()
        assert get(camera, auth=proof(*WRONG)).status_code == 401
        assert get(camera, auth=proof("root", LOGIN[1])).status_code == 401
        refused = get(camera)
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"].lower().startswith(scheme)
        other = {"basic": httpx.DigestAuth, "digest": httpx.BasicAuth}[scheme]
        assert get(camera, auth=other(*LOGIN)).status_code == 401


def test_digest_takes_a_proof_once_and_for_one_address_only() -> None:
    proof = httpx.DigestAuth(*LOGIN)
    with HttpCamera(photo, login=LOGIN, scheme="digest") as camera:
        first, second = get(camera, auth=proof), get(camera, auth=proof)
        assert camera.looks == 3  # the second request proves itself with the nonce of the first
        assert (first.status_code, second.status_code) == (200, 200)
        said = {"Authorization": second.request.headers["Authorization"]}
        assert get(camera, headers=said).status_code == 401
        assert get(camera, "/video.mjpg", headers=said).status_code == 401


@pytest.mark.parametrize(
    ("mode", "status", "body"),
    [
        ("truncated", 200, photo()[: len(photo()) // 2]),
        ("empty", 200, b""),
        ("forbidden", 403, b"No"),
        ("missing", 404, b"No"),
        ("broken", 500, b"No"),
        ("redirect", 302, b""),
        ("elsewhere", 302, b""),
    ],
)
def test_faults_with_a_whole_answer(mode: str, status: int, body: bytes) -> None:
    with HttpCamera(photo, mode=mode) as camera:
        reply = get(camera)
        assert (reply.status_code, reply.content) == (status, body)
        target = {"redirect": "/snapshot.jpg", "elsewhere": "/other.jpg?user=admin&pwd=secret"}
        assert reply.headers.get("Location") == target.get(mode)
        camera.mode = "ok"
        assert get(camera).content == photo()


@pytest.mark.parametrize(("mode", "kind"), [("html", "text/html"), ("not-an-image", "image/jpeg")])
def test_faults_with_something_else_than_a_photo(mode: str, kind: str) -> None:
    with HttpCamera(photo, mode=mode) as camera:
        reply = get(camera)
    assert (reply.status_code, reply.headers["Content-Type"].split(";")[0]) == (200, kind)
    with pytest.raises(PIL.UnidentifiedImageError):
        OPEN(io.BytesIO(reply.content))


@pytest.mark.parametrize("mode", ["mute", "slow-headers", "drip", "stall", "half"])
def test_faults_without_an_end_and_recovery(mode: str) -> None:
    error = httpx.RemoteProtocolError if mode == "half" else httpx.ReadTimeout
    with HttpCamera(photo, mode=mode) as camera:
        with pytest.raises(error):
            get(camera, wait=0.2)
        camera.mode = "ok"
        assert get(camera).content == photo()


def test_a_huge_answer_has_no_end() -> None:
    with HttpCamera(photo, mode="huge") as camera, httpx.Client(trust_env=False) as client:
        with client.stream("GET", camera.address()) as reply:
            read = 0
            for chunk in reply.iter_raw():
                read += len(chunk)
                if read > 30_000_000:
                    break
        assert read > 30_000_000


def test_a_video_that_drops_ends_within_its_first_photo() -> None:
    with HttpCamera(photo, mode="drop") as camera:
        received = get(camera, "/video.mjpg").content
        assert f"Content-Length: {len(photo())}\r\n".encode() in received
        assert received.endswith(photo()[: len(photo()) // 2])


@pytest.mark.parametrize("kind", [HttpCamera, RtspCamera])
def test_the_certificate_of_a_camera_is_not_trusted(kind: type[Camera]) -> None:
    with kind(photo, tls=True) as camera:
        context = ssl.create_default_context()
        with (
            socket.create_connection(("127.0.0.1", camera.port)) as connection,
            pytest.raises(ssl.SSLCertVerificationError, match="self-signed"),
        ):
            context.wrap_socket(connection, server_hostname="127.0.0.1")
        assert camera.looks == 0


def test_opencv_sees_the_photo_in_every_kind_of_stream(h264: list[list[bytes]]) -> None:
    with (
        HttpCamera(photo, login=LOGIN, fps=50) as http,
        RtspCamera(photo, login=LOGIN, fps=50) as jpeg,
        RtspCamera(h264, login=LOGIN, scheme="digest", fps=50) as video,
        RtspCamera(h264[5:] + h264[:5], tls=True, fps=50) as secure,
    ):
        seen = look(
            *(http.address(f"/video{end}.mjpg", login=LOGIN) for end in ("", "-nolength")),
            *(camera.address(login=LOGIN) for camera in (jpeg, video)),
            secure.address(),
        )
        assert (jpeg.looks, video.looks, secure.looks) == (1, 1, 1)
    for opened, distances in seen:
        assert opened and len(distances) == 12
        assert max(distances) < 3, seen


def test_opencv_opens_no_camera_that_refuses(h264: list[list[bytes]]) -> None:
    with (
        RtspCamera(photo, login=LOGIN) as basic,
        RtspCamera(h264, login=LOGIN, scheme="digest") as digest,
        RtspCamera(photo, mode="missing") as missing,
        RtspCamera(photo, mode="not-rtsp") as page,
    ):
        cameras = (basic, digest)
        seen = look(
            *(camera.address(login=WRONG) for camera in cameras),
            *(camera.address() for camera in cameras),
            *(camera.address("/cam2", login=LOGIN) for camera in cameras),
            missing.address(),
            page.address(),
            f"rtsp://127.0.0.1:{free_port()}/cam1",
        )
    assert seen == [(False, [])] * 9


def test_a_stream_that_drops_shows_no_whole_frame(h264: list[list[bytes]]) -> None:
    with RtspCamera(photo, mode="drop") as jpeg, RtspCamera(h264, mode="drop") as video:
        [from_jpeg, (_, distances)] = look(jpeg.address(), video.address())
    assert from_jpeg == (True, [])
    assert len(distances) <= 1  # the decoder of H.264 makes up what is missing
    assert all(distance > 10 for distance in distances)


def test_streams_without_a_frame_and_their_recovery() -> None:
    with (
        RtspCamera(photo, mode="mute", fps=100) as mute,
        RtspCamera(photo, mode="noframes", fps=100) as noframes,
        RtspCamera(photo, mode="stall", fps=100) as stall,
    ):
        cameras = (mute, noframes, stall)
        seen = look(*(camera.address() for camera in cameras), wait=0.2)
        assert seen[0] == (False, [])
        assert [distances for _, distances in seen] == [[], [], []]
        for camera in cameras:
            camera.mode = "ok"
        for opened, distances in look(*(camera.address() for camera in cameras)):
            assert opened and len(distances) == 12


@pytest.mark.parametrize("kind", [HttpCamera, RtspCamera])
@pytest.mark.parametrize("tls", [False, True])
def test_no_mode_keeps_a_camera_from_stopping(kind: type[Camera], tls: bool) -> None:
    """Not even with clients that wait, that do not read, or that never say anything."""
    hello = (
        b"GET /video.mjpg HTTP/1.1\r\n\r\n" if kind is HttpCamera else b"PLAY x RTSP/1.0\r\n\r\n"
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with kind(photo, tls=tls, fps=1000) as camera:
        clients = [socket.create_connection(("127.0.0.1", camera.port))]
        for mode in kind.modes:
            camera.mode = mode
            client = socket.create_connection(("127.0.0.1", camera.port))
            clients.append(context.wrap_socket(client) if tls else client)
            clients[-1].sendall(hello)
            time.sleep(0.01)
        started = time.monotonic()
        camera.stop()
        assert time.monotonic() - started < 0.9
        port = camera.port
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
        camera.start()  # as after a power cut
        assert camera.port == port
        for client in clients:
            client.close()


def test_a_fault_of_the_simulator_itself_is_no_fault_of_a_camera() -> None:
    with pytest.raises(ValueError, match="no mode 'mut'"):
        HttpCamera(photo, mode="mut")
    with (
        pytest.raises(AssertionError, match="itself failed"),
        RtspCamera(lambda: b"no photo") as camera,
    ):
        look(camera.address())
