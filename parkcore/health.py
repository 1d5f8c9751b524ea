"""How the service is doing: what is stale, failing or silent, from what was recorded."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, TypeAlias

from parkcore import rounds, watcher
from parkcore.addresses import shown
from parkcore.credentials import Credentials
from parkcore.domain import CameraState, IpCamera, PartState
from parkcore.errors import SettingsError
from parkcore.filters import HistoryFilter
from parkcore.settings import Settings
from parkcore.store import Store

SILENT_S = 15.0
"""A part that has said nothing for so long does not run, or hangs."""

LEAST_FREE_BYTES = 1_000_000_000

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


@dataclass(frozen=True, slots=True)
class PartHealth:
    """The watcher, or the rounds of the cameras."""

    name: str
    level: Level
    said: str
    state: PartState | None


@dataclass(frozen=True, slots=True)
class Health:
    """Everything at one moment."""

    at: datetime
    cameras: tuple[CameraHealth, ...]
    parts: tuple[PartHealth, ...]
    photos_last_hour: int
    snapshots: int
    failures: int
    disk_free_bytes: int | None
    """Where the photos are; None where that folder is missing."""
    database_bytes: int

    @property
    def problems(self) -> list[str]:
        """What somebody should see to, worst first."""
        found = [f"{p.name}: {p.said}" for p in self.parts if p.level in ("failing", "stale")]
        found += [
            f"camera {c.lot_id}/{c.camera_id}: {c.said}"
            for c in self.cameras
            if c.level in ("failing", "stale")
        ]
        if self.disk_free_bytes is None:
            found.append("the storage folder is missing; create it or mount it again")
        elif self.disk_free_bytes < LEAST_FREE_BYTES:
            free = self.disk_free_bytes / 1e9
            found.append(f"only {free:.1f} GB are free on the disk of the photos; free some space")
        return found

    @property
    def ok(self) -> bool:
        return not self.problems

    def record(self) -> dict[str, Any]:
        """As `parkcore status --json` and `/api/health` give it. Times are UTC."""
        return {
            "status": "ok" if self.ok else "degraded",
            "at": _text(self.at),
            "problems": self.problems,
            "cameras": [
                {
                    "lot": c.lot_id,
                    "camera": c.camera_id,
                    "level": c.level,
                    "said": c.said,
                    "address": c.address,
                    "last_picture_at": _text(c.last_picture_at),
                    "age_s": _rounded(c.age_s(self.at)),
                    "photos_last_hour": c.photos_last_hour,
                    "last_success_at": _text(c.last_success_at),
                    "last_failure_at": _text(c.last_failure_at),
                    "last_failure": c.last_failure or None,
                    "milliseconds": _rounded(c.milliseconds),
                }
                for c in self.cameras
            ],
            "parts": {part.name: _part_record(part) for part in self.parts},
            "photos_last_hour": self.photos_last_hour,
            "snapshots": self.snapshots,
            "failures": self.failures,
            "disk_free_bytes": self.disk_free_bytes,
            "database_bytes": self.database_bytes,
        }


def examine(store: Store, settings: Settings, *, now: datetime | None = None) -> Health:
    """Look at everything that was recorded.

    Raises:
        StoreError: the history cannot be read.
    """
    now = now or datetime.now(UTC)
    per_hour = store.photos_since(now - timedelta(hours=1))
    return Health(
        at=now,
        cameras=tuple(_cameras(store, settings, now, per_hour)),
        parts=tuple(_parts(store, now)),
        photos_last_hour=sum(per_hour.values()),
        snapshots=store.count(),
        failures=len(store.failures()),
        disk_free_bytes=_free(settings.storage),
        database_bytes=_size(settings.db),
    )


def runs(store: Store, part: str) -> bool:
    """Whether a part of the service is at work."""
    return any(
        each.name == part and each.level == "ok" for each in _parts(store, datetime.now(UTC))
    )


def _cameras(
    store: Store, settings: Settings, now: datetime, per_hour: dict[tuple[str, str], int]
) -> Iterator[CameraHealth]:
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
        seconds=2 * camera.schedule.interval_s + settings.camera_timeout_s + SILENT_S
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


def _parts(store: Store, now: datetime) -> Iterator[PartHealth]:
    states = {state.name: state for state in store.parts()}
    is_awaited = {
        watcher.NAME: False,
        rounds.NAME: any(not camera.paused for camera in store.ip_cameras()),
    }
    for name, awaited in is_awaited.items():
        state = states.get(name)
        if state is None:
            level: Level = "failing" if awaited else "off"
            yield PartHealth(name, level, "never started; `parkcore serve` starts it", None)
        else:
            yield _part(name, state, now)


def _part(name: str, state: PartState, now: datetime) -> PartHealth:
    silent_s = abs((now - state.seen_at).total_seconds())
    if silent_s > SILENT_S:
        why = f"; its last words: {state.fault}" if state.fault else ""
        said = (
            f"silent for {say_age(silent_s)}; it does not run (`parkcore serve` starts it) or"
            f" cannot write to the database{why}"
        )
        return PartHealth(name, "failing", said, state)
    if state.fault:
        return PartHealth(name, "failing", state.fault, state)
    return PartHealth(name, "ok", state.note, state)


def say_age(seconds: float) -> str:
    """A span in words, in the largest unit that it has two of."""
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"


def _part_record(part: PartHealth) -> dict[str, Any]:
    record: dict[str, Any] = {"level": part.level, "said": part.said}
    if (state := part.state) is not None:
        record |= {
            "pid": state.pid,
            "queue": state.queue,
            "started_at": _text(state.started_at),
            "seen_at": _text(state.seen_at),
            "last_success_at": _text(state.last_success_at),
            "last_failure_at": _text(state.last_failure_at),
            "last_failure": state.last_failure or None,
        }
    return record


def _free(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def _size(db: Path) -> int:
    """Of the database with its journal."""
    paths = (db, db.with_name(f"{db.name}-wal"))
    return sum(path.stat().st_size for path in paths if path.exists())


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
