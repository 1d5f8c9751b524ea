"""A camera by HTTP: one JPEG, or the first one of an MJPEG stream."""

from __future__ import annotations

import logging
import re
import ssl
from collections.abc import AsyncIterator, Generator, Iterator
from typing import Any

import httpx

from parkcore.cameras.addresses import Login, split_secrets, with_secrets
from parkcore.cameras.connecting import (
    NEEDS_LOGIN,
    NO_ANSWER,
    WRONG_LOGIN,
    Steps,
    bad_certificate,
    causes,
    os_fault,
    tls,
)
from parkcore.domain import IpCamera
from parkcore.errors import CameraError

logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs addresses whole

MAX_BYTES = 64_000_000
"""More than any camera's picture has."""

_ASKED = (
    "connection.connect_tcp.complete",
    "connection.start_tls.complete",
    "http11.send_request_headers.started",  # once more with the login
)
"""What httpx tells of before the camera has to answer."""


async def http(camera: IpCamera, login: Login, steps: Steps) -> bytes:
    url = with_secrets(camera.address, login, in_address=False)
    context = tls(camera) if camera.address.startswith("https:") else False
    auth = _Auth(login)
    opened: list[Any] = []
    steps.begin("connect")

    async def trace(event: str, info: dict[str, Any]) -> None:
        if event == "connection.connect_tcp.complete":
            opened.append(info["return_value"])
        if event in _ASKED:
            steps.begin("answer")
        elif event == "http11.receive_response_headers.complete":
            steps.begin("picture")

    try:
        async with (
            httpx.AsyncClient(
                verify=context, timeout=httpx.Timeout(None), follow_redirects=False, trust_env=False
            ) as client,
            client.stream(
                "GET",
                url,
                auth=auth if login.user else None,
                headers={"Accept": "image/*, multipart/x-mixed-replace, */*;q=0.1"},
                extensions={"trace": trace},
            ) as answer,
        ):
            if answer.status_code == 401 and auth.fault:
                raise CameraError(auth.fault)
            _check_status(answer, has_login=bool(login.user))
            return await _picture(answer, steps)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise CameraError("this address cannot be asked; check it") from error
    except httpx.HTTPError as error:
        raise CameraError(_connection_fault(error, steps)) from error
    finally:
        for stream in opened:  # httpcore leaves it open when its TLS handshake is cancelled
            await stream.aclose()


class _Auth(httpx.Auth):
    """Digest where the camera offers it (RFC 7616), else Basic (RFC 7617); nothing unasked."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self.fault = ""
        """Why the camera's challenge cannot be met."""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        answer = yield request
        if answer.status_code != 401:
            return
        offers = list(_challenges(answer.headers.get_list("www-authenticate")))
        for challenge in offers:
            if not challenge.lower().startswith("digest "):
                continue
            try:
                yield self._digest(request, challenge)
                return
            except (KeyError, NotImplementedError, ValueError, httpx.ProtocolError):
                self.fault = (
                    "the camera asks for a kind of Digest login that cannot be used here; set it to"
                    " Basic, or use plain letters in user and password"
                )
        if any(re.match(r"basic\b", challenge, re.IGNORECASE) for challenge in offers):
            yield from httpx.BasicAuth(self._login.user, self._login.password).auth_flow(request)

    def _digest(self, request: httpx.Request, challenge: str) -> httpx.Request:
        """The request again, with httpx' answer to the challenge that was met."""
        flow = httpx.DigestAuth(self._login.user, self._login.password).auth_flow(request)
        next(flow)
        return flow.send(
            httpx.Response(401, headers={"www-authenticate": challenge}, request=request)
        )


def _challenges(headers: list[str]) -> Iterator[str]:
    """Each way to log in that is offered, best first: in headers or lines of their own, or several
    in one line, where commas part them as well as what each consists of (RFC 9110, 11.6.1)."""
    for header in headers:
        offer = ""
        for item in re.findall(r'(?:"(?:\\.|[^"\\])*"|[^",])+', header):
            if re.match(r"\s*[^\s=\"]+(?:\s+[^\s=]|\s*$)", item):
                if offer:
                    yield offer
                offer = item.strip()
            else:
                offer = f"{offer},{item}"
        yield offer


def _check_status(answer: httpx.Response, *, has_login: bool) -> None:
    status = answer.status_code
    if status == 200:
        return
    if status == 401:
        raise CameraError(WRONG_LOGIN if has_login else NEEDS_LOGIN)
    if answer.has_redirect_location:
        try:
            target = str(answer.url.join(answer.headers["location"]))
            target = split_secrets(target)[0].partition("?")[0]
        except (ValueError, httpx.InvalidURL):
            target = "an address that cannot be asked"
        raise CameraError(f"it sends on to {target} instead of a picture; use the final address")
    said = {
        403: "forbidden (HTTP 403): this user may not see pictures; give it the right to, or use"
        " another",
        404: "no picture at this address (HTTP 404): check the path, in the camera's manual or"
        " with its maker's list of snapshot addresses",
    }
    known = said.get(status, f"the camera answers with an error: HTTP {status}; restart it or"
                     " check its address")  # fmt: skip
    raise CameraError(known)


async def _picture(answer: httpx.Response, steps: Steps) -> bytes:
    kind = answer.headers.get("content-type", "").strip()
    if kind.lower().startswith("multipart/"):
        data = await _first_part(answer, kind, steps)
    else:
        parts = [chunk async for chunk in _chunks(answer, steps)]
        data = b"".join(parts)
    if not data:
        raise CameraError("no picture: the camera answered with nothing (0 bytes)")
    is_text = kind.lower().startswith("text/") and not data.startswith(b"\xff\xd8")
    if is_text or data.lstrip()[:1] in (b"<", b"{"):
        raise CameraError(
            f"not an image: the camera answered with {kind.partition(';')[0] or 'text'}, such as a"
            " log-in page; use the address of its snapshot"
        )
    return data


async def _chunks(answer: httpx.Response, steps: Steps) -> AsyncIterator[bytes]:
    async for chunk in answer.aiter_bytes():
        steps.received += len(chunk)
        if steps.received > MAX_BYTES:
            raise CameraError(
                f"not an image: more than {MAX_BYTES / 1e6:.0f} MB arrived and no end; use the"
                " address of a snapshot or an MJPEG stream"
            )
        yield chunk


async def _first_part(answer: httpx.Response, kind: str, steps: Steps) -> bytes:
    """The first JPEG of a stream (RFC 2046), by its length, else up to the next boundary."""
    named = re.search(r'boundary="?([^";]+)', kind, re.IGNORECASE)
    boundary = b"\r\n--" + (named[1] if named else "").strip().removeprefix("--").encode()
    data, start, length, searched = bytearray(), 0, None, 0
    async for chunk in _chunks(answer, steps):
        data += chunk
        if not start:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                continue
            start = searched = end + 4
            found = re.search(rb"content-length:[ \t]*([0-9]+)", data[:end], re.IGNORECASE)
            length = int(found[1]) if found else None
        if length is not None:
            if len(data) - start >= length:
                return bytes(data[start : start + length])
            continue
        ended = data.find(boundary, searched)
        if ended >= 0:
            return bytes(data[start:ended])
        searched = max(start, len(data) - len(boundary))
    raise CameraError("no picture: the camera closed its stream before the first one was whole")


def _connection_fault(error: httpx.HTTPError, steps: Steps) -> str:
    for cause in causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return bad_certificate(cause)
        if isinstance(cause, ssl.SSLError):
            return f"no encrypted connection can be made ({cause.reason}); is it http, not https?"
        if isinstance(cause, OSError) and (said := os_fault(cause)):
            return said
    if isinstance(error, httpx.ConnectError):
        return NO_ANSWER
    received = f" after {steps.received:,} bytes" if steps.received else ""
    if isinstance(error, httpx.RemoteProtocolError) and not re.search(
        "disconnect|closed|incomplete", str(error), re.IGNORECASE
    ):
        return "not an image: what answers there does not speak HTTP; check the port"
    if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError):
        return f"no picture: the camera broke the connection off{received}"
    return f"no picture: {type(error).__name__}"
