"""A look at an IP camera: its picture, decoded and fit to be counted on, or why there is none."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from parkcore.cameras.addresses import Login
from parkcore.cameras.camera import grab
from parkcore.domain import CameraState, Image, IpCamera
from parkcore.errors import CameraError, UnreadablePhoto
from parkcore.images import decode
from parkcore.picture import fault, fingerprint, is_same

LEAST_DEADLINE_S = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One picture of a camera, as it was sent and decoded."""

    data: bytes
    image: Image
    at: datetime
    seconds: dict[str, float]
    """What each step took: name, connect, answer, picture, decode; those that there were."""

    @property
    def milliseconds(self) -> float:
        return 1000 * sum(self.seconds.values())


async def look(camera: IpCamera, login: Login, *, deadline_s: float, max_megapixels: float) -> Look:
    """Ask a camera for a picture once.

    Args:
        deadline_s: for the camera; decoding comes on top.

    Raises:
        CameraError: there is no picture, or nothing can be seen on it.
    """
    frame = await grab(camera, login, deadline_s=deadline_s)
    at = datetime.now(UTC)
    started = time.perf_counter()
    image = await asyncio.to_thread(_fit_image, frame.data, max_megapixels)
    seconds = {**frame.seconds, "decode": time.perf_counter() - started}
    return Look(frame.data, image, at, seconds)


def _fit_image(data: bytes, max_megapixels: float) -> Image:
    try:
        image = decode(data, max_megapixels=max_megapixels).image
    except UnreadablePhoto as error:
        what, _, _ = str(error).partition("; copy it again")
        raise CameraError(f"not an image that can be read: {what}") from error
    if said := fault(image):
        raise CameraError(f"{said}; look at the camera, its picture is not counted")
    return image


def deadline_s(camera: IpCamera, timeout_s: float) -> float:
    """How long a look may take: so that a camera that recovers is seen within one interval."""
    return min(timeout_s, max(LEAST_DEADLINE_S, camera.schedule.interval_s / 2))


def pause_s(camera: IpCamera, failures_in_row: int, timeout_s: float) -> float:
    """How long to wait after a failure: longer each time, within one interval with the look."""
    left = camera.schedule.interval_s - deadline_s(camera, timeout_s)
    return max(1.0, min(left, 5 * 2.0 ** min(failures_in_row - 1, 20)))


def seen(state: CameraState, picture: Look, *, frozen_after: timedelta) -> CameraState:
    """The state after a picture came; a failure where it has been the same for too long."""
    mark = fingerprint(picture.image)
    since = state.same_since
    if since is None or since > picture.at or not is_same(state.fingerprint, mark):
        since, state = picture.at, replace(state, fingerprint=mark)
    state = replace(state, same_since=since)
    if picture.at - since >= frozen_after:
        hours = (picture.at - since).total_seconds() / 3600
        said = f"the picture has been the same for {hours:.1f} hours: the camera is frozen"
        return missed(state, f"{said}; restart it, its picture is not counted", picture.at)
    return replace(
        state,
        last_success_at=picture.at,
        failures_in_row=0,
        milliseconds=picture.milliseconds,
    )


def missed(state: CameraState, reason: str, at: datetime) -> CameraState:
    """The state after a look without a picture that can be counted on."""
    return replace(
        state, last_failure_at=at, last_failure=reason, failures_in_row=state.failures_in_row + 1
    )
