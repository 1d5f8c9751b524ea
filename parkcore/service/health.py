"""How the service is doing: what is stale, failing or silent, from what was recorded."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from parkcore.cameras import rounds
from parkcore.domain import PartState
from parkcore.service import watcher
from parkcore.service.camera_health import CameraHealth, Level, examine_cameras, iso, say_age
from parkcore.settings import Settings
from parkcore.store import Store

SILENT_S = 15.0
"""A part that has said nothing for so long does not run, or hangs."""

LEAST_FREE_BYTES = 1_000_000_000


@dataclass(frozen=True, slots=True)
class PartHealth:
    """The watcher, or the rounds of the cameras."""

    name: str
    level: Level
    said: str
    state: PartState | None

    def record(self) -> dict[str, Any]:
        """As `parkcore status --json` gives it."""
        record: dict[str, Any] = {"level": self.level, "said": self.said}
        if (state := self.state) is not None:
            record |= {
                "pid": state.pid,
                "queue": state.queue,
                "started_at": iso(state.started_at),
                "seen_at": iso(state.seen_at),
                "last_success_at": iso(state.last_success_at),
                "last_failure_at": iso(state.last_failure_at),
                "last_failure": state.last_failure or None,
            }
        return record


@dataclass(frozen=True, slots=True)
class Health:
    """Everything at one moment."""

    at: datetime
    cameras: tuple[CameraHealth, ...]
    parts: tuple[PartHealth, ...]
    photos_last_hour: int
    snapshots: int
    """Recorded so far, those included that were deleted or thinned since."""
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
            "at": iso(self.at),
            "problems": self.problems,
            "cameras": [camera.record(self.at) for camera in self.cameras],
            "parts": {part.name: part.record() for part in self.parts},
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
        cameras=tuple(examine_cameras(store, settings, now, per_hour)),
        parts=tuple(_parts(store, now)),
        photos_last_hour=sum(per_hour.values()),
        snapshots=store.newest_id(),  # counting ten million takes a second
        failures=len(store.failures()),
        disk_free_bytes=_free(settings.storage),
        database_bytes=_size(settings.db),
    )


def runs(store: Store, part: str) -> bool:
    """Whether a part of the service is at work."""
    return any(
        each.name == part and each.level == "ok" for each in _parts(store, datetime.now(UTC))
    )


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


def _free(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def _size(db: Path) -> int:
    """Of the database with its journal."""
    paths = (db, db.with_name(f"{db.name}-wal"))
    return sum(path.stat().st_size for path in paths if path.exists())
