"""A look at a camera: its picture, or the precise reason why there is none, and never for long."""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager

import numpy as np
import PIL.Image
import psutil
import pytest
from conftest import SAMPLES, encode
from simulators import Camera, HttpCamera, RtspCamera, encode_h264, free_port

from parkcore.cameras import grab
from parkcore.cameras.addresses import Login, split_secrets
from parkcore.cameras.connecting import causes, os_fault
from parkcore.cameras.looking import Look, look
from parkcore.domain import IpCamera
from parkcore.errors import CameraError

MARK = "Xq7Zk2"
"""Part of every password here, and of nothing else."""

USER, PASSWORD = "admin", f"p@s:s/w?rd %#&{MARK}"
LOGIN = Login(USER, PASSWORD, {"pwd": MARK})
WRONG = Login(USER, f"other {MARK}", {"pwd": MARK})
SECRET = f"?pwd={MARK}"
PATHS = HttpCamera.paths
DEADLINE_S = 1.5
SLACK_S = 2.0
PATIENTLY_S = 20.0


def sample(size: tuple[int, int] = (640, 360)) -> np.ndarray:
    with PIL.Image.open(SAMPLES / "sample-north/gate/2026-05-04_10-00.jpg") as picture:
        return np.asarray(picture.convert("RGB").resize(size))


PHOTO = sample()
JPEG = encode(PHOTO)
BLACK = encode(np.zeros_like(PHOTO))


@pytest.fixture(scope="module")
def h264() -> list[list[bytes]]:
    return encode_h264([PHOTO] * 10)


async def ask(
    address: str,
    login: Login | None = None,
    *,
    verify_tls: bool = True,
    deadline_s: float = PATIENTLY_S,
    max_megapixels: float = 50,
) -> Look:
    """As the rounds do it: the address without its secrets, and the login beside it."""
    public, inside = split_secrets(address)
    camera = IpCamera("north", "gate", public, verify_tls=verify_tls)
    return await look(camera, login or inside, deadline_s=deadline_s, max_megapixels=max_megapixels)


async def refusal(looking: Awaitable[Look]) -> str:
    """Why there was no picture; no part of the error holds a password."""
    try:
        seen = await looking
    except CameraError as error:
        chain = [str(error), *map(repr, causes(error)), *traceback.format_exception(error)]
        assert [said for said in chain if MARK in said] == []
        return str(error)
    raise AssertionError(f"there is a picture of {seen.image.shape}")


def why_not(*args, **options) -> str:
    return asyncio.run(refusal(ask(*args, **options)))


def sees(*args, **options) -> np.ndarray:
    return asyncio.run(ask(*args, **options)).image


def is_photo(image: np.ndarray) -> bool:
    return image.shape == PHOTO.shape and bool(np.abs(image.astype(int) - PHOTO).mean() < 4)


@contextmanager
def started(*cameras: Camera) -> Iterator[None]:
    with ExitStack() as stack:
        for camera in cameras:
            stack.enter_context(camera)
        yield


# -- pictures -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"login": (USER, PASSWORD), "scheme": "basic"},
        {"login": (USER, PASSWORD), "scheme": "digest"},
        {"login": (USER, PASSWORD), "scheme": "digest", "tls": True},
    ],
    ids=["open", "Basic", "Digest", "Digest over TLS"],
)
def test_a_picture_by_http(options, path):
    with HttpCamera(lambda: JPEG, **options) as camera:
        picture = asyncio.run(ask(camera.address(path + SECRET), LOGIN, verify_tls=False))
        assert picture.data == JPEG, "as the camera sent it"
        assert is_photo(picture.image)
        assert set(picture.seconds) == {"name", "connect", "answer", "picture", "decode"}
        assert 0 < picture.milliseconds < 1000 * PATIENTLY_S


@pytest.mark.parametrize("kind", ["JPEG", "H.264"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"login": (USER, PASSWORD), "scheme": "basic"},
        {"login": (USER, PASSWORD), "scheme": "digest"},
        {"login": (USER, PASSWORD), "scheme": "digest", "tls": True},
    ],
    ids=["open", "Basic", "Digest", "Digest over TLS"],
)
def test_a_picture_by_rtsp(h264, options, kind):
    with RtspCamera(h264 if kind == "H.264" else lambda: JPEG, **options) as camera:
        picture = asyncio.run(ask(camera.address("/cam1" + SECRET), LOGIN, verify_tls=False))
        assert is_photo(picture.image)
        assert set(picture.seconds) - {"answer"} == {"name", "connect", "picture", "decode"}


@pytest.mark.parametrize("kind", [HttpCamera, RtspCamera])
def test_a_login_pasted_into_the_address(kind):
    login = (USER, PASSWORD)
    with kind(lambda: JPEG, login=login, scheme="digest") as camera:
        assert is_photo(sees(camera.address(login=login)))


def test_the_query_s_secret_is_sent():
    asked = []

    class Curious(HttpCamera):
        def admits(self, method, target, authorization):
            asked.append(target)
            return super().admits(method, target, authorization)

    with Curious(lambda: JPEG) as camera:
        assert is_photo(sees(camera.address(f"/snapshot.jpg?w=1&pwd={MARK}&h=2")))
    assert asked == [f"/snapshot.jpg?w=1&pwd={MARK}&h=2"]


def test_no_password_is_sent_before_the_camera_asks_for_one():
    sent = []

    class Curious(HttpCamera):
        def admits(self, method, target, authorization):
            sent.append((authorization or "none").partition(" ")[0])
            return super().admits(method, target, authorization)

    with Curious(lambda: JPEG) as camera:
        assert is_photo(sees(camera.address(), LOGIN))
        camera.login = (USER, PASSWORD)
        camera.scheme = "digest"
        assert is_photo(sees(camera.address(), LOGIN))
    assert set(sent) == {"none", "Digest"}


@pytest.mark.parametrize("path", PATHS)
def test_a_picture_that_changes_its_size(path):
    frames = [encode(sample(size)) for size in ((640, 360), (1280, 720), (320, 240))]
    with HttpCamera(lambda: frames[0]) as camera:
        for height, width in ((360, 640), (720, 1280), (240, 320)):
            assert sees(camera.address(path)).shape == (height, width, 3)
            frames.append(frames.pop(0))


def test_a_stream_that_changes_its_size(h264):
    with RtspCamera(h264) as camera:
        assert sees(camera.address()).shape == (360, 640, 3)
        camera.source = encode_h264([sample((320, 240))] * 10)
        assert sees(camera.address()).shape == (240, 320, 3)


def test_a_snapshot_need_be_no_jpeg():
    with HttpCamera(lambda: encode(PHOTO, "PNG")) as camera:
        assert (sees(camera.address()) == PHOTO).all()


def test_a_proxy_is_not_for_cameras(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    with HttpCamera(lambda: JPEG) as camera:
        assert is_photo(sees(camera.address()))


# -- faults ---------------------------------------------------------------------------------

NO_WHOLE = "no picture: the camera closed its stream before the first one was whole"
HTTP_FAULTS = {
    "half": "no picture: the camera broke the connection off after ",
    "drop": "no picture: the camera broke the connection off after ",
    "truncated": "not an image that can be read: the photo is damaged or cut off",
    "html": "not an image: the camera answered with text/html, such as a log-in page",
    "empty": "no picture: the camera answered with nothing (0 bytes)",
    "forbidden": "forbidden (HTTP 403)",
    "missing": "no picture at this address (HTTP 404): check the path",
    "broken": "the camera answers with an error: HTTP 500",
    "redirect": "it sends on to http://127.0.0.1:",
    "elsewhere": "it sends on to http://127.0.0.1:",
    "not-an-image": "not an image that can be read: this is not a photo",
}


@pytest.mark.parametrize("mode, said", HTTP_FAULTS.items(), ids=HTTP_FAULTS.keys())
def test_a_fault_by_http_and_its_end(mode, said):
    with HttpCamera(lambda: JPEG, login=(USER, PASSWORD), fps=50) as camera:
        for path in PATHS:
            camera.mode = mode
            whole = NO_WHOLE if mode in ("half", "drop") and "video" in path else said
            assert why_not(camera.address(path + SECRET), LOGIN).startswith(whole)
            camera.mode = "ok"
            assert is_photo(sees(camera.address(path + SECRET), LOGIN))


def test_where_a_camera_sends_on_to_is_told_without_its_secrets():
    with HttpCamera(lambda: JPEG, mode="redirect") as camera:
        here = f"http://127.0.0.1:{camera.port}"
        assert f"{here}/snapshot.jpg instead" in why_not(camera.address(f"/snapshot.jpg{SECRET}"))
        camera.mode = "elsewhere"
        assert f"{here}/other.jpg instead" in why_not(camera.address())


RTSP_FAULTS = {
    "drop": "no picture: the stream stopped before one was whole",
    "missing": "no picture at this address (RTSP 404)",
    "not-rtsp": "not an image: what answers there does not speak RTSP",
}


@pytest.mark.parametrize("mode, said", RTSP_FAULTS.items(), ids=RTSP_FAULTS.keys())
def test_a_fault_by_rtsp_and_its_end(h264, mode, said):
    with RtspCamera(h264, mode=mode) as camera:
        assert why_not(camera.address("/cam1" + SECRET), LOGIN).startswith(said)
        camera.mode = "ok"
        assert is_photo(sees(camera.address("/cam1" + SECRET), LOGIN))


@pytest.mark.parametrize("scheme", ["basic", "digest"])
@pytest.mark.parametrize("kind", [HttpCamera, RtspCamera])
def test_a_wrong_password_and_none(kind, scheme):
    with kind(lambda: JPEG, login=(USER, PASSWORD), scheme=scheme) as camera:
        assert why_not(camera.address(), WRONG) == (
            "wrong password: the camera does not accept this user and password"
        )
        assert why_not(camera.address()) == (
            "wrong password: the camera asks for a user and password, and none are given"
        )
        assert is_photo(sees(camera.address(), LOGIN))


@pytest.mark.parametrize("scheme", ["http", "https", "rtsp", "rtsps"])
def test_nobody_listens(scheme):
    address = f"{scheme}://127.0.0.1:{free_port()}/a{SECRET}"
    assert why_not(address, LOGIN).startswith("refused: the machine is there, but nothing listens")


def test_a_camera_that_was_off_is_seen_when_it_is_on():
    with HttpCamera(lambda: JPEG) as camera:
        camera.stop()
        assert why_not(camera.address()).startswith("refused: ")
        camera.start()
        assert is_photo(sees(camera.address()))


@pytest.mark.parametrize("scheme", ["http", "rtsp"])
@pytest.mark.parametrize("name", ["cam..example", f"{64 * 'x'}.example"])
def test_a_name_that_nobody_has(scheme, name):
    """Names that cannot be: their lookup ends on this machine."""
    said = why_not(f"{scheme}://{name}/a{SECRET}", LOGIN)
    assert said.startswith(f"name not found: no machine is called {name!r} (")


@pytest.mark.parametrize("scheme", ["http", "rtsp"])
def test_a_name_server_that_cannot_be_reached(monkeypatch, scheme):
    def look_up(*_, **__):
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    said = why_not(f"{scheme}://cam.example/a{SECRET}", LOGIN)
    assert said.startswith("the name server does not answer, so that 'cam.example' cannot be found")


def test_a_name_server_that_does_not_answer(monkeypatch):
    answers = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers.wait(30))
    try:
        started_at = time.monotonic()
        said = why_not("rtsp://cam.example/a", LOGIN, deadline_s=0.5)
        assert time.monotonic() - started_at < 0.5 + SLACK_S, "not even ending waits for it"
        assert said.startswith("timed out after 0.5 s: while its name was looked up")
    finally:
        answers.set()


@pytest.mark.parametrize("kind", [HttpCamera, RtspCamera])
def test_a_certificate_that_the_camera_made_itself(kind):
    with kind(lambda: JPEG, tls=True) as camera:
        said = why_not(camera.address(), LOGIN)
        assert said.startswith("its certificate is not valid (self-signed certificate)")
        assert "switch the check off for this camera" in said
        assert is_photo(sees(camera.address(), LOGIN, verify_tls=False))


@pytest.mark.parametrize(
    "kind, scheme, said",
    [
        (HttpCamera, "https", "no encrypted connection can be made (WRONG_VERSION_NUMBER); is it"),
        (HttpCamera, "rtsp", "not an image: what answers there does not speak RTSP"),
        pytest.param(
            RtspCamera,
            "http",
            "not an image: what answers there does not speak HTTP",
        ),
    ],
    ids=["no TLS", "no RTSP", "no HTTP"],
)
def test_what_answers_speaks_something_else(kind, scheme, said):
    with kind(lambda: JPEG) as camera:
        assert why_not(f"{scheme}://127.0.0.1:{camera.port}/cam1{SECRET}", LOGIN).startswith(said)


@pytest.mark.parametrize(
    "error, said",
    [
        (OSError(errno.EHOSTUNREACH, "No route to host"), "not reachable (No route to host)"),
        (OSError(errno.ENETUNREACH, "Network is down"), "not reachable (Network is down)"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), "refused: "),
        (ConnectionResetError(errno.ECONNRESET, "reset"), "no picture: the camera broke the"),
        (TimeoutError(errno.ETIMEDOUT, "timed out"), "not reachable: nothing answers"),
        (
            OSError(
                "Multiple exceptions: [Errno 111] Connect call failed ('::1', 80), [Errno 111]"
            ),
            "refused: ",
        ),
    ],
)
def test_what_the_system_says_of_a_connection(error, said):
    """Loopback is always there, so that these cannot be had for real."""
    assert os_fault(error).startswith(said)


def test_a_picture_that_shows_nothing():
    with HttpCamera(lambda: BLACK) as camera:
        assert why_not(camera.address()) == (
            "the picture is black; look at the camera, its picture is not counted"
        )


def test_a_picture_that_is_too_large_or_too_small():
    with HttpCamera(lambda: JPEG) as camera:
        said = why_not(camera.address(), max_megapixels=0.2)
        assert said.startswith("not an image that can be read: the photo has 640 × 360 pixels")
        camera.frame = lambda: encode(PHOTO[:20, :20])
        assert "the photo has 20 × 20 pixels" in why_not(camera.address())


@pytest.mark.parametrize(
    "path",
    [
        PATHS[0],
        *(pytest.param(path) for path in PATHS[1:]),
    ],
)
def test_a_picture_without_an_end(path):
    """It is given up because of its size, long before the deadline."""
    with HttpCamera(lambda: JPEG, mode="huge") as camera:
        said = why_not(camera.address(path), deadline_s=4)
        assert said.startswith("not an image: more than 64 MB arrived and no end")


# -- hanging --------------------------------------------------------------------------------


async def timed(looking: Awaitable[Look]) -> tuple[str, float]:
    started_at = time.monotonic()
    said = await refusal(looking)
    return said, time.monotonic() - started_at


def test_whatever_hangs_ends_at_the_deadline_and_works_again(h264):
    """All at once, and none of them waits for another."""
    no_answer, not_whole = "it took the connection but did not answer", "did not arrive whole"
    cases: list[tuple[Camera, str, str]] = []
    for path in PATHS:
        for mode in ("mute", "slow-headers", "drip", "stall"):
            said = no_answer if mode in ("mute", "slow-headers") else not_whole
            cases.append((HttpCamera(lambda: JPEG, mode=mode), path, said))
    cases.append((HttpCamera(lambda: JPEG, mode="mute", tls=True), PATHS[0], no_answer))
    cases.append((HttpCamera(lambda: JPEG, mode="drip", tls=True), PATHS[0], not_whole))
    for mode in ("mute", "noframes", "stall"):
        said = no_answer if mode == "mute" else not_whole
        cases.append((RtspCamera(h264, mode=mode), "/cam1", said))
    cases.append((RtspCamera(h264, mode="mute", tls=True), "/cam1", no_answer))

    async def look_at_all(deadline_s: float, judge: Callable) -> list:
        return await asyncio.gather(
            *(
                judge(
                    ask(
                        camera.address(path + SECRET),
                        LOGIN,
                        verify_tls=False,
                        deadline_s=deadline_s,
                    )
                )
                for camera, path, _ in cases
            )
        )

    with started(*(camera for camera, _, _ in cases)):
        results = asyncio.run(look_at_all(DEADLINE_S, timed))
        for (camera, path, expected), (said, seconds) in zip(cases, results, strict=True):
            where = f"{camera.protocol} {camera.mode} {path}"
            assert said.startswith(f"timed out after {DEADLINE_S:g} s: "), where
            assert expected in said, where
            assert DEADLINE_S - 0.1 <= seconds < DEADLINE_S + SLACK_S, where
        for camera, _, _ in cases:
            camera.mode = "ok"

        async def passes(looking: Awaitable[Look]) -> Look:
            return await looking

        assert all(is_photo(seen.image) for seen in asyncio.run(look_at_all(PATIENTLY_S, passes)))


def test_a_machine_that_does_not_even_connect_or_encrypt():
    """A queue of connections that is full, and a listener that never says a word."""
    with (
        socket.create_server(("127.0.0.1", 0), backlog=0) as full,
        socket.create_server(("127.0.0.1", 0)) as silent,
        ExitStack() as stack,
    ):
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())

        async def both() -> list[tuple[str, float]]:
            return await asyncio.gather(
                *(
                    timed(ask(f"{scheme}://127.0.0.1:{port}/a", LOGIN, deadline_s=DEADLINE_S))
                    for port in (full.getsockname()[1], silent.getsockname()[1])
                    for scheme in ("http", "https", "rtsp", "rtsps")
                )
            )

        results = asyncio.run(both())
    assert all(seconds < DEADLINE_S + SLACK_S for _, seconds in results)
    assert all(said.startswith(f"timed out after {DEADLINE_S:g} s: ") for said, _ in results)
    assert all("nothing answers at this address and port" in said for said, _ in results[:4])
    assert ["did not answer" in said for said, _ in results[4:]] == [True] * 4


def test_a_handshake_that_is_given_up_leaves_no_connection():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        for scheme in ("https", "rtsps"):
            assert "did not answer" in why_not(f"{scheme}://127.0.0.1:{port}/a", deadline_s=0.5)
            assert [each for each in psutil.Process().net_connections() if each.raddr
                    and each.raddr.port == port] == []  # fmt: skip


def children() -> list[psutil.Process]:
    """The processes that take pictures by RTSP for us."""
    found = []
    for child in psutil.Process().children(recursive=True):
        try:
            if grab.__file__ in child.cmdline():
                found.append(child)
        except psutil.NoSuchProcess:  # it has just ended
            continue
    return found


def test_the_process_for_rtsp_shows_no_password_and_is_gone_at_the_deadline():
    async def run(address: str) -> tuple[list[str], list[psutil.Process]]:
        looking = asyncio.create_task(refusal(ask(address, LOGIN, deadline_s=2.5)))
        for _ in range(100):
            await asyncio.sleep(0.02)
            if running := children():
                break
        await asyncio.sleep(0.5)
        shown = [repr((child.cmdline(), child.environ())) for child in running]
        assert (await looking).startswith("timed out after 2.5 s")
        return shown, running

    with RtspCamera(lambda: JPEG, mode="noframes") as camera:
        [shown], [child] = asyncio.run(run(camera.address("/cam1" + SECRET)))
    assert MARK not in shown
    assert not child.is_running()
    assert children() == []


def test_a_look_that_is_given_up_leaves_no_process():
    async def run(address: str) -> None:
        looking = asyncio.create_task(ask(address, LOGIN))
        while not children():
            await asyncio.sleep(0.02)
        looking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await looking

    with RtspCamera(lambda: JPEG, mode="noframes") as camera:
        asyncio.run(run(camera.address()))
    assert children() == []


# -- odd cameras ----------------------------------------------------------------------------


class Challenging(HttpCamera):
    """Asks for a login in its own way."""

    asks = ""

    def challenge(self) -> str:
        return self.asks or f'Basic realm="x", {super().challenge()}'


def test_two_ways_to_log_in_offered_in_one_line():
    """RFC 9110, 11.6.1: a list, separated by commas."""
    with Challenging(lambda: JPEG, login=(USER, PASSWORD), scheme="digest") as camera:
        assert is_photo(sees(camera.address(), LOGIN))


TOO_NEW = 'Digest realm="x, y", nonce="n\\"", algorithm=SHA-512-256, qop="auth, auth-int"'


@pytest.mark.parametrize("parted_by", ["\r\nWWW-Authenticate: ", ", "], ids=["lines", "commas"])
def test_the_first_digest_that_is_known_is_taken(parted_by):
    """RFC 7616, 3.7: the best one comes first; the old one names no algorithm at all."""

    class Modern(HttpCamera):
        qop = False

        def challenge(self) -> str:
            return parted_by.join([TOO_NEW, super().challenge(), 'Basic realm="x"'])

    with Modern(lambda: JPEG, login=(USER, PASSWORD), scheme="digest") as camera:
        assert is_photo(sees(camera.address(), LOGIN))


@pytest.mark.parametrize("parted_by", ["\r\nWWW-Authenticate: ", ", "], ids=["lines", "commas"])
def test_basic_is_taken_where_no_digest_is_known(parted_by):
    class Modern(HttpCamera):
        def challenge(self) -> str:
            return parted_by.join([TOO_NEW, super().challenge()])

    with Modern(lambda: JPEG, login=(USER, PASSWORD)) as camera:
        assert is_photo(sees(camera.address(), LOGIN))


def test_an_at_in_the_path_of_a_stream_is_no_login():
    with RtspCamera(lambda: JPEG) as camera:
        said = why_not(f"rtsp://localhost/{200 * 'x'}@b", deadline_s=5)
        assert "too long" not in said
        assert is_photo(sees(camera.address()))


@pytest.mark.parametrize(
    "asks",
    [
        'Digest realm="x", nonce="n", algorithm=SHA-512-256',
        'Digest realm="x", nonce="n", qop="auth-int"',
        "Digest nonsense",
        'Digest realm="x"',
        "Bearer",
    ],
)
def test_a_challenge_that_cannot_be_met_is_a_fault_of_the_camera(asks):
    with Challenging(lambda: JPEG, login=(USER, PASSWORD)) as camera:
        camera.asks = asks
        assert why_not(camera.address(), LOGIN)


@pytest.mark.parametrize(
    "kind, scheme", [(HttpCamera, "basic"), (RtspCamera, "basic"), (RtspCamera, "digest")]
)
def test_a_user_with_letters_beyond_ascii(kind, scheme):
    with kind(lambda: JPEG, login=("añ€", "pñ🚗"), scheme=scheme) as camera:
        assert is_photo(sees(camera.address(), Login("añ€", "pñ🚗")))


def test_digest_by_http_knows_plain_letters_only_and_says_so():
    with HttpCamera(lambda: JPEG, login=("añ€", "pñ🚗"), scheme="digest") as camera:
        assert "plain letters" in why_not(camera.address(), Login("añ€", "pñ🚗"))


LONG = 12 * "p@:/?%#"


def test_a_long_password():
    with HttpCamera(lambda: JPEG, login=(USER, LONG)) as camera:
        assert is_photo(sees(camera.address(), Login(USER, LONG)))


def test_a_password_that_ffmpeg_would_cut_off_is_said_to_be_too_long():
    with RtspCamera(lambda: JPEG, login=(USER, LONG)) as camera:
        assert "too long for RTSP" in why_not(camera.address(), Login(USER, LONG))


async def answering(answer: bytes) -> Look:
    """What is seen on a server that gives this answer, byte for byte."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        return await ask(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/a")


@pytest.mark.parametrize(
    "head",
    [
        "HTTP/1.0 200 OK",
        "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream",
        'HTTP/1.1 200 OK\r\nContent-Type: Multipart/X; Boundary="--My"'
        "\r\n\r\n--My\r\nContent-length:{n}",
        pytest.param(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain",
        ),
    ],
    ids=["HTTP 1.0", "of no known type", "a boundary with its dashes", "of the wrong type"],
)
def test_an_odd_answer_with_a_picture(head):
    head = head.format(n=len(JPEG))
    assert is_photo(asyncio.run(answering(head.encode() + b"\r\n\r\n" + JPEG)).image)


@pytest.mark.parametrize(
    "answer, said",
    [
        (b"", "no picture: the camera broke the connection off"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "the camera answers with an error: HTTP 204"),
        (b"HTTP/1.1 302 Found\r\n\r\n", "the camera answers with an error: HTTP 302"),
        (
            b"HTTP/1.1 302 Found\r\nLocation: ftp://a:Xq7Zk2@cam/\r\n\r\n",
            "it sends on to an address that cannot be asked",
        ),
        (
            b"HTTP/1.1 302 Found\r\nLocation: https://a:Xq7Zk2@cam/b\r\n\r\n",
            "it sends on to https://cam/b",
        ),
        pytest.param(
            b"HTTP/1.1 302 Found\r\nLocation: /login?next=%2Fa%3Fpwd%3DXq7Zk2\r\n\r\n",
            "it sends on to http://127.0.0.1",
        ),
        (
            b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"error": 1}',
            "not an image: the camera answered with application/json",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nno gzip",
            "no picture: DecodingError",
        ),
    ],
    ids=[
        "silence",
        "no content",
        "on to nowhere",
        "on to what is no camera",
        "on with a login",
        "on with the query inside a query",
        "JSON",
        "damaged",
    ],
)
def test_an_odd_answer_without_a_picture(answer, said):
    assert asyncio.run(refusal(answering(answer))).startswith(said)
