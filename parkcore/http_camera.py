"""A camera by HTTP: one JPEG, or the first one of an MJPEG stream."""

from __future__ import annotations

import re
import ssl
from collections.abc import AsyncIterator, Generator

import httpx

from parkcore.addresses import Login, split_secrets, with_secrets
from parkcore.connecting import (
    NEEDS_LOGIN,
    REFUSED,
    WRONG_LOGIN,
    Steps,
    bad_certificate,
    causes,
    os_fault,
    tls,
)
from parkcore.domain import IpCamera
from parkcore.errors import CameraError

MAX_BYTES = 64_000_000
"""More than any camera's picture has."""


async def http(camera: IpCamera, login: Login, steps: Steps) -> bytes:
    url = with_secrets(camera.address, login, in_address=False)
    context = tls(camera) if camera.address.startswith("https:") else False
    steps.begin("connect")

    async def trace(event: str, info: object) -> None:
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
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
                auth=_Auth(login) if login.user else None,
                headers={"Accept": "image/*, multipart/x-mixed-replace, */*;q=0.1"},
                extensions={"trace": trace},
            ) as answer,
        ):
            _check_status(answer, has_login=bool(login.user))
            return await _picture(answer, steps)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise CameraError("this address cannot be asked; check it") from error
    except httpx.HTTPError as error:
        raise CameraError(_connection_fault(error, steps)) from error


class _Auth(httpx.Auth):
    """Digest where the camera offers it (RFC 7616), else Basic (RFC 7617); nothing unasked."""

    def __init__(self, login: Login) -> None:
        self._login = login

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        answer = yield request
        offers = [each.lower() for each in answer.headers.get_list("www-authenticate")]
        if answer.status_code != 401:
            return
        user, password = self._login.user, self._login.password
        if any("digest " in offer for offer in offers):
            yield from httpx.DigestAuth(user, password).auth_flow(request)
        elif any("basic" in offer for offer in offers):
            yield from httpx.BasicAuth(user, password).auth_flow(request)


def _check_status(answer: httpx.Response, *, has_login: bool) -> None:
    status = answer.status_code
    if status == 200:
        return
    if status == 401:
        raise CameraError(WRONG_LOGIN if has_login else NEEDS_LOGIN)
    if answer.has_redirect_location:
        try:
            target = split_secrets(str(answer.url.join(answer.headers["location"])))[0]
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
    kind = answer.headers.get("content-type", "").lower()
    if kind.startswith("multipart/"):
        data = await _first_part(answer, kind, steps)
    else:
        parts = [chunk async for chunk in _chunks(answer, steps)]
        data = b"".join(parts)
    if not data:
        raise CameraError("no picture: the camera answered with nothing (0 bytes)")
    if kind.startswith("text/") or data.lstrip()[:1] in (b"<", b"{"):
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
    found = re.search(r'boundary="?([^";]+)', kind)
    boundary = b"--" + (found[1] if found else "").removeprefix("--").encode()
    data = b""
    async for chunk in _chunks(answer, steps):
        data += chunk
        head, end, body = data.partition(b"\r\n\r\n")
        if not end:
            continue
        length = re.search(rb"content-length:\s*(\d+)", head, re.IGNORECASE)
        if length and len(body) >= int(length[1]):
            return body[: int(length[1])]
        ended = body.lower().find(b"\r\n" + boundary.lower())
        if not length and ended >= 0:
            return body[:ended]
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
        return REFUSED
    received = f" after {steps.received:,} bytes" if steps.received else ""
    if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError):
        return f"no picture: the camera broke the connection off{received}"
    return f"no picture: {type(error).__name__}"
