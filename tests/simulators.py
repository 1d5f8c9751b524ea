"""Simulated IP cameras on loopback: they answer as real ones do, and fail as real ones do.

The mode of a camera may be changed while it runs: so tests simulate a fault and its recovery. A
camera that was stopped may be started again and keeps its port. What goes wrong in a simulator
itself, such as a `frame` that raises, is raised by `stop`.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
import secrets
import socket
import socketserver
import ssl
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from functools import cache, lru_cache
from http.server import BaseHTTPRequestHandler
from itertools import pairwise
from typing import Any, ClassVar, Literal, NamedTuple, Self
from urllib.parse import quote, urlsplit
from urllib.request import parse_http_list, parse_keqv_list

import av
import numpy as np
import PIL.Image
import trustme

Login = tuple[str, str]
"""User and password."""
REALM = "IP Camera"
RTP_PAYLOAD = 1400
"""Bytes a packet: what fits into Ethernet, as cameras have it even over TCP."""


def free_port() -> int:
    """A port of 127.0.0.1 on which nothing listens: connections are refused."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class Camera:
    """What both kinds of camera share: to start and stop, who may look, and encryption."""

    modes: ClassVar[tuple[str, ...]]
    session: ClassVar[type[socketserver.BaseRequestHandler]]
    protocol: ClassVar[str]
    qop: ClassVar[bool]
    """Whether Digest counts the requests (RFC 7616) or is the old one (RFC 2069)."""

    def __init__(
        self,
        *,
        mode: str = "ok",
        login: Login | None = None,
        scheme: Literal["basic", "digest"] = "basic",
        tls: bool = False,
        fps: float = 10,
    ) -> None:
        self.mode = mode
        self.login = login
        self.scheme = scheme
        self.tls = tls
        self.fps = fps
        self.port = 0
        self.looks = 0
        self.stopping = threading.Event()
        self.faults: list[BaseException] = []
        self._lock = threading.Lock()
        self._server: _Server | None = None
        self._nonces: dict[str, int] = {}

    @property
    def mode(self) -> str:
        """What the camera does from the next request or frame on."""
        return self._mode

    @mode.setter
    def mode(self, mode: str) -> None:
        if mode not in self.modes:  # a misspelt fault would be a camera that works
            raise ValueError(f"no mode {mode!r}; there are {', '.join(self.modes)}")
        self._mode = mode

    def address(self, path: str, *, login: Login | None = None) -> str:
        """Where to look; with `login` the user and the password stand in the address."""
        who = ":".join(quote(word, safe="") for word in login) + "@" if login else ""
        return f"{self.protocol}{'s' if self.tls else ''}://{who}127.0.0.1:{self.port}{path}"

    def start(self) -> Self:
        self.stopping.clear()
        self._server = _Server(self)
        self.port = self._server.server_address[1]
        self._server.start()
        return self

    def stop(self) -> None:
        """End every connection, whatever it waits for; then tell what broke in the simulator."""
        if self._server is not None:
            self.stopping.set()
            self._server.stop()
            self._server = None
        if self.faults:
            raise AssertionError("the simulated camera itself failed") from self.faults.pop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def count_look(self) -> None:
        with self._lock:
            self.looks += 1

    def challenge(self) -> str:
        """The `WWW-Authenticate` of a 401; each Digest one has a nonce of its own."""
        if self.scheme == "basic":
            return f'Basic realm="{REALM}"'
        nonce = secrets.token_hex(16)
        with self._lock:
            self._nonces[nonce] = 0
        qop = ', qop="auth", algorithm=MD5' if self.qop else ""
        return f'Digest realm="{REALM}", nonce="{nonce}"{qop}'

    def admits(self, method: str, target: str, authorization: str | None) -> bool:
        """Whether this request may pass: no login is needed, or it proves to know it."""
        if self.login is None:
            return True
        scheme, _, proof = (authorization or "").partition(" ")
        if scheme.lower() != self.scheme:
            return False
        if self.scheme == "basic":
            return proof.strip() == base64.b64encode(":".join(self.login).encode()).decode()
        said = parse_keqv_list([part for part in parse_http_list(proof) if "=" in part])
        wanted = {"username": self.login[0], "realm": REALM, "uri": target}
        return (
            said.items() >= wanted.items()
            and said.get("response") == self._digest(self.login, method, said)
            and self._is_new(said)
        )

    def _digest(self, login: Login, method: str, said: Mapping[str, str]) -> str:
        """The response that only somebody who knows the password can give."""
        names = ("nonce", "nc", "cnonce", "qop") if self.qop else ("nonce",)
        secret, request = _md5(login[0], REALM, login[1]), _md5(method, said["uri"])
        return _md5(secret, *(said.get(name, "") for name in names), request)

    def _is_new(self, said: Mapping[str, str]) -> bool:
        """The nonce is one of ours, and with `qop` nobody replays a request that he overheard."""
        nonce, count = said.get("nonce", ""), said.get("nc", "")
        with self._lock:
            if nonce not in self._nonces or not self.qop:
                return nonce in self._nonces
            if said.get("qop") != "auth" or not said.get("cnonce"):
                return False
            if not re.fullmatch("[0-9a-f]{8}", count) or int(count, 16) <= self._nonces[nonce]:
                return False
            self._nonces[nonce] = int(count, 16)
            return True


def _md5(*words: str) -> str:
    return hashlib.md5(":".join(words).encode(), usedforsecurity=False).hexdigest()


@cache
def _encryption() -> ssl.SSLContext:
    """A certificate that signed itself, as cameras come with: in no trust store, without names."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with authority.cert_pem.tempfile() as cert, authority.private_key_pem.tempfile() as key:
        context.load_cert_chain(cert, key)
    return context


class _Server(socketserver.ThreadingTCPServer):
    """A thread per connection, and it can end all of them at once."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, camera: Camera) -> None:
        super().__init__(("127.0.0.1", camera.port), camera.session)
        self.camera = camera
        self.connections: set[socket.socket] = set()
        self.threads: list[threading.Thread] = []

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        for connection in list(self.connections):
            with suppress(OSError):  # it may have ended by itself; and no farewell of TLS first
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
        end = time.monotonic() + 0.8
        for thread in self.threads:
            thread.join(max(0.0, end - time.monotonic()))

    def process_request(self, request: Any, client_address: tuple[str, int]) -> None:
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        self.threads.append(thread)
        thread.start()

    def finish_request(self, request: Any, client_address: tuple[str, int]) -> None:
        """Encrypt here, in the connection's own thread, where a client may take its time."""
        if self.camera.tls:
            request = _encryption().wrap_socket(
                request, server_side=True, do_handshake_on_connect=False
            )
        with request:
            self.connections.add(request)
            if not self.camera.stopping.is_set():
                super().finish_request(request, client_address)
            self.connections.discard(request)

    def handle_error(self, request: Any, client_address: tuple[str, int]) -> None:
        """That a client leaves or refuses the certificate is daily life; the rest is a fault."""
        error = sys.exception()
        if error is not None and not isinstance(error, ConnectionError | ssl.SSLError):
            self.camera.faults.append(error)


class _HttpSession(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    @property
    def camera(self) -> HttpCamera:
        assert isinstance(self.server.camera, HttpCamera)
        return self.server.camera

    def do_GET(self) -> None:
        camera, path = self.camera, urlsplit(self.path).path
        camera.count_look()
        if camera.mode == "mute":
            self._hang()
        elif camera.mode == "slow-headers":
            self._drip(b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 9999\r\n")
        elif not camera.admits("GET", self.path, self.headers["Authorization"]):
            self._reply(401, b"Unauthorized", {"WWW-Authenticate": camera.challenge()})
        elif path not in HttpCamera.paths:
            self._reply(404, b"Not found")
        elif not self._fails_politely(camera.mode):
            if path == "/snapshot.jpg":
                self._snapshot(camera.mode)
            else:
                self._video(with_length=path == "/video.mjpg")

    def _fails_politely(self, mode: str) -> bool:
        """Faults that are a whole answer of HTTP, only not the wanted one."""
        elsewhere = "/other.jpg?user=admin&pwd=secret"
        page = b"<!DOCTYPE html><title>Log in</title><form>User <input> Password <input></form>"
        match mode:
            case "html":
                self._reply(200, page)
            case "empty":
                self._reply(200, b"", {"Content-Type": "image/jpeg"})
            case "forbidden" | "missing" | "broken":
                self._reply({"forbidden": 403, "missing": 404, "broken": 500}[mode], b"No")
            case "redirect" | "elsewhere":
                location = self.path if mode == "redirect" else elsewhere
                self._reply(302, b"", {"Location": location})
            case _:
                return False
        return True

    def _snapshot(self, mode: str) -> None:
        photo = self._photo(mode)
        length = {"Connection": "close"} if mode == "huge" else {"Content-Length": len(photo)}
        self._head(200, {"Content-Type": "image/jpeg", **length})
        self._send(photo, mode)

    def _video(self, *, with_length: bool) -> None:
        kind = "multipart/x-mixed-replace; boundary=frame"
        self._head(200, {"Content-Type": kind, "Connection": "close"})
        self.close_connection = False  # from here on: whether this stream goes on
        while not self.close_connection:
            mode = self.camera.mode
            photo = self._photo(mode)
            length = b"Content-Length: %d\r\n" % len(photo) * (with_length and mode != "huge")
            self.wfile.write(b"--frame\r\nContent-Type: image/jpeg\r\n" + length + b"\r\n")
            self._send(photo, mode)
            if not self.close_connection:
                self.wfile.write(b"\r\n")
                self.close_connection = self.camera.stopping.wait(1 / self.camera.fps)
        self.close_connection = True

    def _photo(self, mode: str) -> bytes:
        if mode == "not-an-image":
            return hashlib.shake_128(b"noise").digest(20_000)
        photo = self.camera.frame()
        return photo[: len(photo) // 2] if mode == "truncated" else photo

    def _send(self, photo: bytes, mode: str) -> None:
        """The bytes of a photo, with the faults of a connection that fails on the way."""
        match mode:
            case "drip":
                self._drip(photo)
            case "stall":
                self.wfile.write(photo[:1000])
                self._hang()
            case "half" | "drop":
                self.wfile.write(photo[: len(photo) // 2])
                self.close_connection = True
            case "huge":
                self.wfile.write(photo)
                while not self.camera.stopping.is_set():
                    self.wfile.write(bytes(1 << 16))
                self.close_connection = True
            case _:
                self.wfile.write(photo)

    def _drip(self, data: bytes) -> None:
        for byte in data:
            self.wfile.write(bytes([byte]))
            if self.camera.stopping.wait(1):
                break
        self.close_connection = True

    def _hang(self) -> None:
        self.camera.stopping.wait()
        self.close_connection = True

    def _reply(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        known = {"Content-Type": "text/html; charset=utf-8", "Content-Length": len(body)}
        self._head(status, {**known, **(headers or {})})
        self.wfile.write(body)

    def _head(self, status: int, headers: Mapping[str, object]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, str(value))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing: the tests look at the answers."""


class HttpCamera(Camera):
    """A camera with a snapshot and with MJPEG videos; `frame` gives each photo as JPEG.

    `looks` counts the requests, those that get a 401 too. `half` and `drop` are the same: the
    connection ends in the middle of a photo, in a video of the first.
    """

    modes = (
        *("ok", "mute", "slow-headers", "drip", "stall", "half", "truncated", "html", "empty"),
        *("forbidden", "missing", "broken", "redirect", "elsewhere", "not-an-image", "drop"),
        "huge",
    )
    paths = ("/snapshot.jpg", "/video.mjpg", "/video-nolength.mjpg")
    session = _HttpSession
    protocol = "http"
    qop = True

    def __init__(self, frame: Callable[[], bytes], **options: Any) -> None:
        super().__init__(**options)
        self.frame = frame

    def address(self, path: str = "/snapshot.jpg", *, login: Login | None = None) -> str:
        return super().address(path, login=login)


class _Request(NamedTuple):
    method: str
    url: str
    headers: dict[str, str]


class _RtspSession(socketserver.BaseRequestHandler):
    """One connection: requests, their answers and the pictures, all in one thread and channel."""

    server: _Server

    @property
    def camera(self) -> RtspCamera:
        assert isinstance(self.server.camera, RtspCamera)
        return self.server.camera

    def setup(self) -> None:
        self.buffer = b""
        self.open = True
        self.playing = False
        self.frames = 0
        self.packets = 0

    def handle(self) -> None:
        if isinstance(self.request, ssl.SSLSocket):
            self.request.do_handshake()
        self.camera.count_look()
        while self.open:
            for request in self._requests():
                self._answer(request)
            if self.open and self.playing:
                self._play()
            if self.open:
                self._receive()

    def _receive(self) -> None:
        """Wait for the client; while playing no longer than until the next frame is due."""
        self.request.settimeout(1 / self.camera.fps if self.playing else None)
        with suppress(TimeoutError):
            received = self.request.recv(1 << 16)
            self.buffer += received
            self.open = bool(received)
        self.request.settimeout(None)

    def _requests(self) -> Iterator[_Request]:
        """The whole requests that came; the client's reports about the stream are skipped."""
        while self.buffer:
            if self.buffer.startswith(b"$"):
                size = 4 + int.from_bytes(self.buffer[2:4], "big")
                if len(self.buffer) < max(size, 4):
                    return
                self.buffer = self.buffer[size:]
                continue
            head, end, rest = self.buffer.partition(b"\r\n\r\n")
            if not end:
                return
            self.buffer = rest
            first, *lines = head.decode(errors="replace").split("\r\n")
            method, _, url = first.rpartition(" ")[0].partition(" ")
            fields = (line.partition(":") for line in lines)
            yield _Request(method, url, {name.lower(): said.strip() for name, _, said in fields})

    def _answer(self, request: _Request) -> None:
        camera, mode = self.camera, self.camera.mode
        if mode == "mute":
            return
        if mode == "not-rtsp":
            page = (
                b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<h1>Bad Request</h1>"
            )
            self.request.sendall(page)
            self.open = False
        elif request.method == "OPTIONS":
            public = "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN"
            self._reply(request, headers={"Public": public})
        elif not camera.admits(request.method, request.url, request.headers.get("authorization")):
            challenge = {"WWW-Authenticate": camera.challenge()}
            self._reply(request, "401 Unauthorized", challenge)
        elif request.method == "DESCRIBE":
            self._describe(request, mode)
        elif request.method == "SETUP":
            self._set_up(request)
        elif request.method in ("PLAY", "GET_PARAMETER", "TEARDOWN"):
            self._reply(request)
            self.playing = self.playing or request.method == "PLAY"
            self.open = request.method != "TEARDOWN"
        else:
            self._reply(request, "501 Not Implemented")

    def _describe(self, request: _Request, mode: str) -> None:
        if mode == "missing" or urlsplit(request.url).path.rstrip("/") != "/cam1":
            self._reply(request, "404 Not Found")
            return
        kind = {"Content-Base": f"{request.url}/", "Content-Type": "application/sdp"}
        self._reply(request, headers=kind, body=self.camera.description())

    def _set_up(self, request: _Request) -> None:
        if "RTP/AVP/TCP" in request.headers.get("transport", ""):
            transport = {"Transport": "RTP/AVP/TCP;unicast;interleaved=0-1"}
            self._reply(request, headers=transport)
        else:
            self._reply(request, "461 Unsupported Transport")

    def _reply(
        self,
        request: _Request,
        status: str = "200 OK",
        headers: Mapping[str, str] | None = None,
        body: str = "",
    ) -> None:
        fields = {"CSeq": request.headers.get("cseq", "0"), "Session": "4711", **(headers or {})}
        if body:
            fields["Content-Length"] = str(len(body.encode()))
        lines = [f"RTSP/1.0 {status}", *(f"{name}: {said}" for name, said in fields.items())]
        self.request.sendall("\r\n".join([*lines, "", body]).encode())

    def _play(self) -> None:
        """Send the next frame, or as much of it as the fault allows."""
        mode = self.camera.mode
        if mode == "noframes":
            return
        payloads = self.camera.payloads(self.frames)
        last = len(payloads) - 1
        packets = [self._packet(part, n == last) for n, part in enumerate(payloads)]
        self.frames += 1
        if mode in ("stall", "drop"):
            packets = packets[: len(packets) // 2]
            self.playing = False
            self.open = mode == "stall"
        self.request.sendall(b"".join(packets))

    def _packet(self, payload: bytes, last: bool) -> bytes:
        """A packet of RTP (RFC 3550) within the connection of RTSP (RFC 2326, 10.12)."""
        kind = self.camera.payload_type | (0x80 if last else 0)
        clock = int(self.frames * 90_000 / self.camera.fps) & 0xFFFFFFFF
        head = struct.pack(">BBHII", 0x80, kind, self.packets & 0xFFFF, clock, 0x5EED)
        self.packets += 1
        return b"$\0" + struct.pack(">H", len(head) + len(payload)) + head + payload


class RtspCamera(Camera):
    """A camera with one stream, `/cam1`, which it sends through the connection itself (TCP).

    It streams JPEG if `source` is a function that gives photos, else H.264: the frames that
    `encode_h264` gave, without end. `looks` counts the connections.
    """

    modes = ("ok", "mute", "noframes", "stall", "drop", "missing", "not-rtsp")
    session = _RtspSession
    protocol = "rtsp"
    qop = False

    def __init__(
        self, source: Callable[[], bytes] | Sequence[Sequence[bytes]], **options: Any
    ) -> None:
        super().__init__(**options)
        self.source = source

    def address(self, path: str = "/cam1", *, login: Login | None = None) -> str:
        return super().address(path, login=login)

    @property
    def payload_type(self) -> int:
        return 26 if callable(self.source) else 96

    def description(self) -> str:
        """What the stream is (SDP, RFC 8866)."""
        lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=Camera", "c=IN IP4 0.0.0.0", "t=0 0"]
        lines += [f"m=video 0 RTP/AVP {self.payload_type}", "a=control:track1"]
        if not callable(self.source):
            units = [unit for frame in self.source for unit in frame]
            sps, pps = (next(unit for unit in units if unit[0] & 31 == kind) for kind in (7, 8))
            sets = ",".join(base64.b64encode(unit).decode() for unit in (sps, pps))
            lines.append("a=rtpmap:96 H264/90000")
            lines.append(
                f"a=fmtp:96 packetization-mode=1;profile-level-id={sps[1:4].hex()};"
                f"sprop-parameter-sets={sets}"
            )
        return "\r\n".join([*lines, ""])

    def payloads(self, number: int) -> list[bytes]:
        """What the packets of a frame carry."""
        if callable(self.source):
            return _jpeg_payloads(self.source())
        units = self.source[number % len(self.source)]
        return [payload for unit in units for payload in _h264_payloads(unit)]


@lru_cache(maxsize=4)
def _jpeg_payloads(photo: bytes) -> list[bytes]:
    """A photo cut up as RFC 2435 says.

    It is encoded anew, since the format leaves out the Huffman tables: they must be the usual
    ones, and many a photo has its own.
    """
    out = io.BytesIO()
    with PIL.Image.open(io.BytesIO(photo)) as picture:
        width, height = picture.size
        if width % 8 or height % 8 or max(picture.size) > 2040:
            raise ValueError(f"RTP cannot carry a JPEG of {width} × {height} pixels")
        picture.convert("RGB").save(out, "JPEG", quality=95, subsampling="4:2:0")
    tables, scan = _jpeg_parts(out.getvalue())
    payloads, start = [], 0
    while start < len(scan):
        head = struct.pack(">IBBBB", start, 1, 255, width // 8, height // 8)
        if start == 0:
            head += struct.pack(">BBH", 0, 0, len(tables)) + tables
        part = scan[start : start + RTP_PAYLOAD - len(head)]
        payloads.append(head + part)
        start += len(part)
    return payloads


def _jpeg_parts(jpeg: bytes) -> tuple[bytes, bytes]:
    """The quantisation tables of a JPEG, and its coded pixels."""
    tables, at = b"", 2
    while True:
        marker, size = struct.unpack_from(">HH", jpeg, at)
        segment = jpeg[at + 4 : at + 2 + size]
        at += 2 + size
        if marker == 0xFFDB:
            tables += b"".join(segment[n + 1 : n + 65] for n in range(0, len(segment), 65))
        if marker == 0xFFDA:
            return tables, jpeg[at : jpeg.rindex(b"\xff\xd9")]


def _h264_payloads(unit: bytes) -> Iterator[bytes]:
    """A NAL unit as it is, or in fragments where it is too long for a packet (RFC 6184, FU-A)."""
    if len(unit) <= RTP_PAYLOAD:
        yield unit
        return
    cuts = [*range(1, len(unit), RTP_PAYLOAD - 2), len(unit)]
    for start, end in pairwise(cuts):
        edge = 0x80 * (start == 1) | 0x40 * (end == len(unit))
        yield bytes([unit[0] & 0xE0 | 28, edge | unit[0] & 0x1F]) + unit[start:end]


def encode_h264(images: Sequence[np.ndarray], fps: int = 10) -> list[list[bytes]]:
    """Each image as the NAL units of H.264; the first and every tenth is whole in itself."""
    height, width = images[0].shape[:2]
    context = av.CodecContext.create("libx264", "w")
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.framerate, context.time_base = Fraction(fps), Fraction(1, fps)
    context.gop_size = 10
    context.thread_count = 1
    context.options = {"preset": "veryfast", "tune": "zerolatency", "crf": "18"}
    frames = []
    for number, image in enumerate(images):
        frame = av.VideoFrame.from_ndarray(image, format="rgb24")
        frame.pts = number
        frames += context.encode(frame)
    frames += context.encode(None)
    return [
        [unit.rstrip(b"\0") for unit in bytes(frame).split(b"\0\0\1") if unit.strip(b"\0")]
        for frame in frames
    ]
