"""One picture of one IP camera, with a deadline over all of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import urlsplit

from parkcore.cameras.addresses import PORTS, Login
from parkcore.cameras.connecting import Steps, resolve
from parkcore.cameras.http_camera import http
from parkcore.cameras.rtsp_camera import rtsp
from parkcore.domain import IpCamera
from parkcore.errors import CameraError


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture as the camera sent it, not decoded yet, and the seconds that each step took."""

    data: bytes
    seconds: dict[str, float]


async def grab(camera: IpCamera, login: Login, *, deadline_s: float) -> Frame:
    """Open, take one picture, close.

    Args:
        deadline_s: for everything together, whatever the camera does.

    Raises:
        CameraError: there is no picture; its text says precisely why, and never a password.
    """
    steps = Steps()
    address = urlsplit(camera.address)
    try:
        async with asyncio.timeout(deadline_s):
            steps.begin("name")
            port = address.port or PORTS[address.scheme]
            await resolve(address.hostname or "", port)
            if address.scheme in ("http", "https"):
                data = await http(camera, login, steps)
            else:
                data = await rtsp(camera, login, port, steps, deadline_s)
    except TimeoutError as error:
        raise CameraError(_timed_out(steps, deadline_s)) from error
    steps.end()
    return Frame(data, steps.seconds)


def _timed_out(steps: Steps, deadline_s: float) -> str:
    met = {
        "name": "while its name was looked up; is the name server reachable?",
        "connect": "nothing answers at this address and port; is the camera on, and is this"
        " machine allowed to reach it?",
        "answer": "it took the connection but did not answer",
    }
    received = f" ({steps.received:,} bytes arrived)" if steps.received else ""
    doing = met.get(steps.doing, f"the picture did not arrive whole{received}")
    return f"timed out after {deadline_s:g} s: {doing}"
