"""What all kinds of cameras have in common: being found, connected to, and their faults said."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import threading
import time
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass, field

from parkcore.domain import IpCamera
from parkcore.errors import CameraError


@dataclass(slots=True)
class Steps:
    """What is being done, so that a deadline can say what it met."""

    doing: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    received: int = 0
    _since: float = 0.0

    def begin(self, doing: str) -> None:
        self.end()
        self.doing, self._since = doing, time.perf_counter()

    def end(self) -> None:
        if self.doing:
            spent = time.perf_counter() - self._since
            self.seconds[self.doing] = self.seconds.get(self.doing, 0.0) + spent
        self.doing = ""


async def resolve(host: str, port: int) -> None:
    """Look a name up in a thread that nobody has to wait for: the system knows no deadline."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def settle(error: OSError | None) -> None:
        if done.done():  # nobody waits any more
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    def look_up() -> None:
        error: OSError | None = None
        try:
            socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except UnicodeError:
            error = socket.gaierror(socket.EAI_NONAME, "not a name")
        except OSError as caught:
            error = caught
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, error)

    threading.Thread(target=look_up, name="parkcore-name", daemon=True).start()
    try:
        await done
    except OSError as error:
        if error.errno == socket.EAI_AGAIN:
            raise CameraError(
                f"the name server does not answer, so that {host!r} cannot be found; check the"
                " network of this machine, or write the camera's number instead of its name"
            ) from error
        raise CameraError(
            f"name not found: no machine is called {host!r} ({error.strerror}); check the address"
        ) from error


WRONG_LOGIN = "wrong password: the camera does not accept this user and password"
NEEDS_LOGIN = "wrong password: the camera asks for a user and password, and none are given"
REFUSED = "refused: the machine is there, but nothing listens on this port; check the port"
NO_ANSWER = (
    "not reachable: nothing answers at this address and port; is the camera on, and is this machine"
    " allowed to reach it?"
)


def os_fault(error: OSError) -> str | None:
    # asyncio says of a name with several numbers only in words what each of them met.
    if isinstance(error, ConnectionRefusedError) or f"[Errno {errno.ECONNREFUSED}]" in str(error):
        return REFUSED
    if isinstance(error, TimeoutError):
        return NO_ANSWER
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return "no picture: the camera broke the connection off"
    if error.errno is not None and error.errno > 0:
        return f"not reachable ({error.strerror}); check the address and the network"
    return None


def bad_certificate(error: ssl.SSLCertVerificationError) -> str:
    return (
        f"its certificate is not valid ({error.verify_message}); if the camera made it itself and"
        " you trust the network, switch the check off for this camera"
    )


def causes(error: BaseException) -> Generator[BaseException]:
    """An error with everything that led to it."""
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop(0)
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, BaseExceptionGroup):
            waiting.extend(one.exceptions)
        waiting += [one.__cause__, one.__context__]


def tls(camera: IpCamera) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not camera.verify_tls:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
