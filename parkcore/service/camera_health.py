"""How each camera is doing: the pictures of it that came, and the looks at it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

from parkcore.cameras import rounds
from parkcore.cameras.addresses import shown
from parkcore.cameras.credentials import Credentials
from parkcore.domain import CameraState, IpCamera
from parkcore.errors import SettingsError
from parkcore.settings import Settings
from parkcore.sqlite.filters import HistoryFilter
from parkcore.store import Store

LATE_S = 15.0
"""A look may come so much later than two intervals and the deadline of one look."""

Level: TypeAlias = Literal["ok", "off", "stale", "failing"]
"""`off` is meant to be silent: paused, out of hours, or never started."""


@dataclass(frozen=True, slots=True)
class CameraHealth:
    """One camera: the pictures of it that there are, and the looks at it."""

    lot_id: str
    camera_id: str
    level: Level
    said: str
    """In words, what is wrong or that nothing is."""
    last_picture_at: datetime | None
    photos_last_hour: int
    address: str | None = None
    """With its login hidden; None for a camera that is only a folder."""
    last_success_at: datetime | None = None
    last_failure_at: datetime | None = None
    last_failure: str = ""
    milliseconds: float | None = None

    def age_s(self, now: datetime) -> float | None:
        at = self.last_picture_at
        return None if at is None else (now - at).total_seconds()

    def record(self, now: datetime) -> dict[str, Any]:
        """As `parkcore status --json` gives it."""
        return {
            "lot": self.lot_id,
            "camera": self.camera_id,
            "level": self.level,
            "said": self.said,
            "address": self.address,
            "last_picture_at": iso(self.last_picture_at),
            "age_s": _rounded(self.age_s(now)),
            "photos_last_hour": self.photos_last_hour,
            "last_success_at": iso(self.last_success_at),
            "last_failure_at": iso(self.last_failure_at),
            "last_failure": self.last_failure or None,
            "milliseconds": _rounded(self.milliseconds),
        }


def examine_cameras(
    store: Store, settings: Settings, now: datetime, per_hour: dict[tuple[str, str], int]
) -> Iterator[CameraHealth]:
    """
    Args:
        per_hour: per (lot, camera) the photos taken in the last hour.
    """
    asked = {(each.lot_id, each.id): each for each in store.ip_cameras()}
    states = store.camera_states()
    rounds_state = store.part(rounds.NAME)
    begun = rounds_state.started_at if rounds_state else None
    samples = {lot.id for lot in store.lots() if lot.is_sample}
    for camera in store.cameras():
        key = camera.lot_id, camera.id
        if camera.lot_id in samples and key not in asked:
            continue
        latest = store.snapshots(HistoryFilter(lot_id=key[0], camera_id=key[1]), limit=1)
        at = latest[0].photo.captured_at if latest else None
        if key in asked:
            state = states.get(key, CameraState(*key))
            level, said = _looks(asked[key], state, settings, now, begun)
            yield CameraHealth(
                *key,
                level,
                said,
                at,
                per_hour.get(key, 0),
                shown(asked[key].address, has_login=_has_login(asked[key], settings)),
                state.last_success_at,
                state.last_failure_at,
                state.last_failure,
                state.milliseconds,
            )
        else:
            level, said = _folder(at, settings, now, is_live=store.is_live(*key))
            yield CameraHealth(*key, level, said, at, per_hour.get(key, 0))


def _folder(
    at: datetime | None, settings: Settings, now: datetime, *, is_live: bool
) -> tuple[Level, str]:
    if at is None:
        return "off", "no photo yet"
    if now - at <= timedelta(minutes=settings.stale_minutes):
        return "ok", "photos arrive"
    since = say_age((now - at).total_seconds())
    if not is_live:
        return "off", f"its latest photo is {since} old, and was added later"
    return "stale", f"no new photo for {since}; is its recorder still on, and its folder reachable?"


def _looks(
    camera: IpCamera,
    state: CameraState,
    settings: Settings,
    now: datetime,
    begun: datetime | None,
) -> tuple[Level, str]:
    """How the looks at a camera go; `begun` is when the schedule was started."""
    if camera.paused:
        return "off", "paused"
    if not camera.schedule.is_on(now.astimezone(settings.zone)):
        return "off", "out of its hours"
    if state.failures_in_row:
        times = "" if state.failures_in_row == 1 else f" ({state.failures_in_row} times in a row)"
        return "failing", f"{state.last_failure}{times}"
    if state.last_success_at is None:
        return "off", "not looked at yet"
    patience = timedelta(
        seconds=2 * camera.schedule.interval_s + settings.camera_timeout_s + LATE_S
    )
    since = max(filter(None, (state.last_success_at, begun)), default=None)
    was_on = camera.schedule.is_on((now - patience).astimezone(settings.zone))
    if since is not None and was_on and now - since > patience:
        return "stale", f"not looked at for {say_age((now - since).total_seconds())}"
    return "ok", "works"


def _has_login(camera: IpCamera, settings: Settings) -> bool:
    try:
        return bool(Credentials(settings.credentials).get(camera.lot_id, camera.id).user)
    except SettingsError:  # said where the login is used
        return True


def say_age(seconds: float) -> str:
    """A span in words, in the largest unit that it has two of."""
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"


def iso(at: datetime | None) -> str | None:
    """A moment as programs are told it, in ISO 8601 with seconds."""
    return None if at is None else at.isoformat(timespec="seconds")


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
