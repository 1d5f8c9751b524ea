"""A camera by RTSP: OpenCV takes the picture, in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

from parkcore.cameras import grab
from parkcore.cameras.addresses import Login, with_secrets
from parkcore.cameras.connecting import (
    NEEDS_LOGIN,
    NO_ANSWER,
    WRONG_LOGIN,
    Steps,
    bad_certificate,
    os_fault,
    tls,
)
from parkcore.domain import IpCamera
from parkcore.errors import CameraError

LONGEST_LOGIN = 120
"""Characters of the address up to its @; FFmpeg cuts what is beyond 128."""


async def rtsp(camera: IpCamera, login: Login, port: int, steps: Steps, deadline_s: float) -> bytes:
    steps.begin("connect")
    await _knock(camera, with_secrets(camera.address, login, in_address=False), port, steps)
    steps.begin("picture")
    address = with_secrets(camera.address, login, in_address=True)
    has_login = login.user or login.password
    if has_login and len(address.partition("@")[0]) > LONGEST_LOGIN:
        raise CameraError(
            "user and password together are too long for RTSP: FFmpeg takes about 100 characters,"
            " of which special ones count as three"
        )
    asked = {
        "address": address,
        "timeout_ms": round(1000 * deadline_s),
        "verify_tls": camera.verify_tls and camera.address.startswith("rtsps:"),
    }
    async with _process(sys.executable, "-P", grab.__file__) as process:
        data, said = await process.communicate(json.dumps(asked).encode())
    if process.returncode == 0 and data:
        return data
    raise CameraError(_rtsp_fault(process.returncode or 0, said.decode(errors="replace"), login))


async def _knock(camera: IpCamera, url: str, port: int, steps: Steps) -> None:
    """Connect, ask what the camera can do as FFmpeg does first, and part at its answer: OpenCV
    cannot say whether a camera is there and answers at all, and does not check certificates."""
    host = urlsplit(camera.address).hostname or ""
    context = tls(camera) if camera.address.startswith("rtsps:") else None
    try:
        reader, writer = await asyncio.open_connection(host, port)
    except OSError as error:
        raise CameraError(os_fault(error) or NO_ANSWER) from error
    steps.begin("answer")
    try:
        if context is not None:
            await writer.start_tls(context, server_hostname=host)
        with suppress(OSError):  # FFmpeg meets it too, and its words are understood below
            writer.write(f"OPTIONS {url} RTSP/1.0\r\nCSeq: 1\r\n\r\n".encode())
            await reader.read(1)
    except ssl.SSLCertVerificationError as error:
        raise CameraError(bad_certificate(error)) from error
    except ssl.SSLError as error:
        raise CameraError(
            f"no encrypted connection can be made ({error.reason}); is it rtsp, not rtsps?"
        ) from error
    except OSError as error:
        raise CameraError(os_fault(error) or NO_ANSWER) from error
    finally:
        writer.transport.abort()


@asynccontextmanager
async def _process(*command: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that is gone afterwards, whatever happens, and that inherits no secret."""
    pipe = asyncio.subprocess.PIPE
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PARKCORE_")}
    process = await asyncio.create_subprocess_exec(
        *command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def _rtsp_fault(status: int, said: str, login: Login) -> str:
    """FFmpeg's words in ours. They may hold the address with its password: none are passed on."""
    if "failed: 401" in said:
        return WRONG_LOGIN if login.user else NEEDS_LOGIN
    if "failed: 403" in said:
        return "forbidden (RTSP 403): this user may not see the stream"
    if "failed: 404" in said:
        return "no picture at this address (RTSP 404): check the path of the stream"
    if status < 0:
        return (
            f"the process that took the picture was ended (signal {-status}); it will be repeated"
        )
    if "verify failed" in said:
        return "its certificate is not valid"
    if status == grab.NOT_OPENED:
        return (
            "not an image: what answers there does not speak RTSP, or sends no video; check port"
            " and path"
        )
    if status == grab.NO_FRAME:
        return "no picture: the stream stopped before one was whole"
    return f"no picture: the process that took it failed (exit status {status})"
