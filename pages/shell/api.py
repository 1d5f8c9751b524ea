"""What other programs ask the app: how full the lots are, photos handed in, health, metrics. Served
beside the pages."""

import logging
import os
import signal
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pages.shell import context, parts, spaces
from pages.shell.handed_in import check_token, read_photo
from parkcore.domain import DEFAULT_CAMERA, Lot
from parkcore.errors import ParkcoreError
from parkcore.export import failed_record
from parkcore.names import check_name
from parkcore.present import LotNow
from parkcore.service import health, metrics, stopping
from parkcore.store import Store

log = logging.getLogger(__name__)


def routes() -> list[Route]:
    return [
        Route("/api/photos", take_photo, methods=["POST", "PUT"]),
        Route("/api/photos", refuse_method, methods=["GET", "PATCH", "DELETE"]),
        Route("/api/lots", show_lots),
        Route("/api/health", show_health),
        Route("/metrics", show_metrics),
    ]


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """The app ends with the supervisor that started it, even if that is killed."""
    stop = threading.Event()
    stopping.with_supervisor(stop)

    def end() -> None:
        stop.wait()
        if not is_over.is_set():
            os.kill(os.getpid(), signal.SIGTERM)

    is_over = threading.Event()
    threading.Thread(target=end, name="parkcore-end", daemon=True).start()
    yield
    is_over.set()
    stop.set()


async def refuse_method(request: Request) -> Response:
    """Else the pages, which are served at every other address, would answer."""
    said = "photos are handed in with POST or PUT"
    return JSONResponse({"error": said}, 405, {"Allow": "POST, PUT"})


async def take_photo(request: Request) -> Response:
    """Record one photo, given as the body or as multipart; answers like `analyse --json`."""
    try:
        check_token(request)
        lot_id = request.query_params.get("lot") or context.settings().default_lot
        camera_id = request.query_params.get("camera") or DEFAULT_CAMERA
        for kind, name in (("lot", lot_id), ("camera", camera_id)):
            check_name(kind, name)
        name, data = await read_photo(request)
        status, record = await run_in_threadpool(keep, data, name, lot_id, camera_id)
    except HTTPException as error:
        return JSONResponse({"error": error.detail}, error.status_code, error.headers)
    except ClientDisconnect:  # nobody is there to read an answer
        return Response(status_code=499)
    except ValueError as error:
        return JSONResponse({"error": str(error)}, 400)
    except ParkcoreError as error:
        log.warning("a photo could not be taken in: %s", error)
        return JSONResponse({"error": str(error)}, 503, {"Retry-After": "30"})
    return JSONResponse(record, status)


def keep(data: bytes, name: str, lot_id: str, camera_id: str) -> tuple[int, dict[str, Any]]:
    with context.open_store() as store:
        lot = context.storage().described(lot_id)
        got = context.take_photo(data, name, lot, camera_id, store)
        reason, snapshot = got.reason, got.known
        if got.source is not None:
            outcome = context.analyser().ingest(got.source, store)
            reason, snapshot = outcome.reason, outcome.snapshot
        if snapshot is None:
            record = failed_record(name, reason or "the photo vanished while it was read")
            return 422, {**record, "lot": lot_id, "camera": camera_id}
        whole = store.snapshot(snapshot.id) or snapshot
        record = context.exporter(store).record(whole, store.judged(whole.id))
        return 200 if got.known else 201, record


async def show_lots(request: Request) -> Response:
    def look() -> list[dict[str, Any]]:
        with context.open_store() as store:
            exporter = context.exporter(store)
            return [
                exporter.lot_record(lot, now and now.state, is_stale=not now or _is_stale(now))
                for lot, now in _lots(store)
            ]

    try:
        return JSONResponse(await run_in_threadpool(look))
    except ParkcoreError as error:
        return JSONResponse({"error": str(error)}, 503, {"Retry-After": "30"})


def _lots(store: Store) -> list[tuple[Lot, LotNow | None]]:
    return [(lot, spaces.read(store, lot)) for lot in store.lots()]


def _is_stale(now: LotNow) -> bool:
    return parts.is_stale(max(view.seen_at for view in now.state.current))


async def show_health(request: Request) -> Response:
    def look() -> dict[str, Any]:
        with context.open_store() as store:
            return health.examine(store, context.settings()).record()

    try:
        return JSONResponse(await run_in_threadpool(look))
    except ParkcoreError as error:
        return JSONResponse({"status": "failing", "problems": [str(error)]}, 503)


async def show_metrics(request: Request) -> Response:
    def look() -> bytes:
        with context.open_store() as store:
            lots = [(lot, now) for lot, now in _lots(store) if now]
            vehicles = {
                (lot.id, camera.id, label): number
                for lot, now in lots
                for camera in now.cameras
                for label, number in camera.snapshot.counted.as_dict().items()
            }
            places = {
                (lot.id, state): number
                for lot, now in lots
                if now.state.capacity is not None
                for state, number in (
                    ("free", now.state.free),
                    ("taken", now.state.taken),
                    ("unknown", now.state.unknown),
                )
            }
            seen = health.examine(store, context.settings())
            return metrics.exposition(seen, vehicles, places)

    try:
        return Response(await run_in_threadpool(look), media_type=metrics.CONTENT_TYPE)
    except ParkcoreError as error:
        return Response(f"# {error}\n", 503, media_type="text/plain")
