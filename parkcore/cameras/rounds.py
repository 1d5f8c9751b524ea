"""The rounds: every IP camera is looked at on its schedule, none ever waiting for another."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TypeAlias, TypeVar

from parkcore.cameras.credentials import Credentials
from parkcore.cameras.looking import Look, deadline_s, look, missed, pause_s, seen
from parkcore.domain import CameraState, IpCamera, Lot, PartState
from parkcore.errors import CameraError, FolderError, SettingsError, StoreError
from parkcore.ingest import Source, content_id
from parkcore.storage import Storage
from parkcore.store import Store

log = logging.getLogger(__name__)

NAME = "cameras"
RELOAD_S = 2.0
REPORT_S = 1.0
TICK_S = 0.1
SPREAD_S = 0.2
"""Cameras start so far apart, so that fifty of them do not all decode in the same moment."""

WORKERS = 32

_Key: TypeAlias = tuple[str, str]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Rules:
    """What the rounds keep to."""

    zone: tzinfo
    timeout_s: float
    frozen_after: timedelta
    max_megapixels: float


@dataclass(slots=True)
class _Attended:
    """A camera with the task that looks at it."""

    camera: IpCamera
    task: asyncio.Task[None]


@dataclass(slots=True)
class Rounds:
    """Looks at all IP cameras of a database until it is told to stop.

    What is configured may change meanwhile; it is read again every two seconds.
    """

    open_store: Callable[[], Store]
    storage: Storage
    credentials: Credentials
    rules: Rules
    _attended: dict[_Key, _Attended] = field(default_factory=dict)
    _states: dict[_Key, CameraState] = field(default_factory=dict)
    _changed: set[_Key] = field(default_factory=set)
    _last_photo: dict[_Key, str] = field(default_factory=dict)
    _looking: int = 0
    _trouble: str = ""
    _state: PartState = field(init=False)
    _store: Store | None = None
    _database: ThreadPoolExecutor = field(init=False)
    """The one thread that uses the database; a busy database delays no look."""

    def __post_init__(self) -> None:
        now = datetime.now(UTC)
        self._state = PartState(NAME, os.getpid(), now, now)
        self._database = ThreadPoolExecutor(1, "parkcore-database")

    def run(self, stop: threading.Event) -> None:
        """Look at the cameras until `stop` is set; looks in progress are given up.

        Raises:
            StoreError: the history cannot be opened.
        """
        asyncio.run(self._run(stop))

    async def _run(self, stop: threading.Event) -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(WORKERS))
        self._states = await self._in_database(Store.camera_states)
        reload_at = report_at = 0.0
        try:
            while not stop.is_set():
                now = time.monotonic()
                if now >= reload_at:
                    reload_at = now + RELOAD_S
                    await self._tolerantly(self._reload())
                if now >= report_at:
                    report_at = now + REPORT_S
                    await self._tolerantly(self._report())
                await asyncio.sleep(TICK_S)
        finally:
            await self._leave([each.task for each in self._attended.values()])
            await self._tolerantly(self._report())
            await self._in_database(Store.close)
            self._database.shutdown()

    async def _tolerantly(self, work: Coroutine[None, None, None]) -> None:
        """The rounds go on while the database cannot be used; what is to be said waits."""
        try:
            await work
        except StoreError as error:
            if self._trouble != str(error):  # said once, not every second
                log.error("%s", error)
            self._trouble = str(error)
        else:
            self._trouble = ""

    async def _in_database(self, work: Callable[[Store], _T]) -> _T:
        def do() -> _T:
            if self._store is not None and self._store.is_elsewhere:
                self._store.close()
                self._store = None
            if self._store is None:
                self._store = self.open_store()
            return work(self._store)

        return await asyncio.get_running_loop().run_in_executor(self._database, do)

    async def _reload(self) -> None:
        """Attend to cameras that are new or changed, and leave those that are gone."""
        cameras = {(c.lot_id, c.id): c for c in await self._in_database(Store.ip_cameras)}
        left = [
            self._attended.pop(key).task
            for key, attended in list(self._attended.items())
            if cameras.get(key) != attended.camera
        ]
        await self._leave(left)
        for key in self._states.keys() - cameras.keys():
            del self._states[key]
        new = [key for key in cameras if key not in self._attended]
        for number, key in enumerate(new):
            task = asyncio.create_task(self._attend(cameras[key], number * SPREAD_S))
            self._attended[key] = _Attended(cameras[key], task)
            log.info("camera %s/%s: %s", *key, cameras[key].schedule)

    @staticmethod
    async def _leave(tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _attend(self, camera: IpCamera, wait_s: float) -> None:
        """Look at one camera for ever."""
        if camera.paused:
            return
        loop = asyncio.get_running_loop()
        due = loop.time() + wait_s
        while True:
            await asyncio.sleep(max(0.0, due - loop.time()))
            if not camera.schedule.is_on(datetime.now(self.rules.zone)):
                due = loop.time() + min(5.0, camera.schedule.interval_s)
                continue
            failures = await self._look(camera)
            now = loop.time()
            if failures:
                due = now + pause_s(camera, failures, self.rules.timeout_s)
            else:
                due = max(now, due + camera.schedule.interval_s)

    async def _look(self, camera: IpCamera) -> int:
        """Look once and keep the photo; how often in a row it failed now."""
        key = camera.lot_id, camera.id
        before = self._states.get(key) or CameraState(*key)
        self._looking += 1
        try:
            picture = await look(
                camera,
                self.credentials.get(*key),
                deadline_s=deadline_s(camera, self.rules.timeout_s),
                max_megapixels=self.rules.max_megapixels,
            )
            after = seen(before, picture, frozen_after=self.rules.frozen_after)
            if not after.failures_in_row:
                await self._keep(camera, picture)
        except (CameraError, FolderError, SettingsError) as error:
            after = missed(before, str(error), datetime.now(UTC))
        except Exception as error:
            log.exception("camera %s/%s: an unexpected error", *key)
            said = f"an unexpected error ({type(error).__name__}); the log has the details"
            after = missed(before, said, datetime.now(UTC))
        finally:
            self._looking -= 1
        self._say(before, after)
        self._states[key] = after
        self._changed.add(key)
        return after.failures_in_row

    async def _keep(self, camera: IpCamera, picture: Look) -> None:
        """Put a photo into the storage folder, where the watcher finds it. A camera that sends the
        very same file again adds nothing."""
        key, sha256 = (camera.lot_id, camera.id), content_id(picture.data)
        if self._last_photo.get(key) == sha256:
            return
        await asyncio.to_thread(keep, self.storage, camera, picture, self.rules.zone)
        self._last_photo[key] = sha256

    def _say(self, before: CameraState, after: CameraState) -> None:
        place = f"{after.lot_id}/{after.camera_id}"
        is_other = after.last_failure != before.last_failure or not before.failures_in_row
        if after.failures_in_row and is_other:
            log.warning("camera %s: %s", place, after.last_failure)
        elif before.failures_in_row and not after.failures_in_row:
            log.info("camera %s: works again", place)

    async def _report(self) -> None:
        changed, self._changed = self._changed, set()
        states = [self._states[key] for key in changed if key in self._states]
        on = sum(not each.camera.paused for each in self._attended.values())
        self._state = replace(
            self._state,
            seen_at=datetime.now(UTC),
            queue=self._looking,
            note=f"looking at {on} {'camera' if on == 1 else 'cameras'}",
        )

        def save(store: Store) -> None:
            store.save_service(self._state, states)

        try:
            await self._in_database(save)
        except StoreError:
            self._changed |= changed
            raise


def keep(storage: Storage, camera: IpCamera, picture: Look, zone: tzinfo) -> Source:
    """Put a camera's picture into the storage folder, named by when it was taken.

    Raises:
        FolderError: it cannot be written.
    """
    if not storage.root.is_dir():  # a drive that is not there must not be made up
        raise FolderError(f"the folder {storage.root} is missing; create it or mount it again")
    at = picture.at
    name = f"{at:%Y%m%dT%H%M%S}.{at.microsecond // 1000:03}Z.jpg"
    return storage.add(
        picture.data,
        name,
        lot=Lot(camera.lot_id, camera.lot_id),
        camera_id=camera.id,
        at=at.astimezone(zone),
        sha256=content_id(picture.data),
    )
