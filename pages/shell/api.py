"""What other programs ask the app: photos handed in, health, metrics. Served beside the pages."""

import asyncio
import base64
import binascii
import hmac
import logging
import os
import re
import signal
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pages.shell import context
from parkcore import health, metrics, stopping
from parkcore.domain import DEFAULT_CAMERA, LABELS, check_name
from parkcore.errors import ParkcoreError
from parkcore.export import failed_record

log = logging.getLogger(__name__)


def routes() -> list[Route]:
    return [
        Route("/api/photos", take_photo, methods=["POST", "PUT"]),
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
        lot = context.storage().lot(lot_id)
        got = context.take_photo(data, name, lot, camera_id, store)
        reason, snapshot = got.reason, got.known
        if got.source is not None:
            outcome = context.analyser().ingest(got.source, store)
            reason, snapshot = outcome.reason, outcome.snapshot
        if snapshot is None:
            record = failed_record(name, reason or "the photo vanished while it was read")
            return 422, {**record, "lot": lot_id, "camera": camera_id}
        whole = store.snapshot(snapshot.id) or snapshot
        return 200 if got.known else 201, context.exporter(store).record(whole)


def check_token(request: Request) -> None:
    """Bearer, or Basic with the token as password: more than that few cameras can send."""
    token = context.settings().api_token
    if token is None:
        said = "no program may send photos: set PARKCORE_API_TOKEN to a secret and start again"
        raise HTTPException(403, said)
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            given = base64.b64decode(given, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            given = ""
    if not hmac.compare_digest(given.encode(), token.get_secret_value().encode()):
        ways = {"WWW-Authenticate": 'Bearer, Basic realm="Parkcore"'}
        raise HTTPException(401, "wrong token; send it as: Authorization: Bearer TOKEN", ways)


async def read_photo(request: Request) -> tuple[str, bytes]:
    """The photo's name, where it has one, and its bytes."""
    body = await read_body(request)
    name = request.query_params.get("name", "photo.jpg")
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return name, body

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async with Request(request.scope, receive).form() as form:
        files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
        if len(files) != 1:
            raise HTTPException(400, f"one photo a request, but this has {len(files)} files")
        return files[0].filename or name, await files[0].read()


async def read_body(request: Request) -> bytes:
    limit = int(context.settings().max_upload_mb * 1e6)
    said = f"more than the limit of {limit / 1e6:g} MB; raise PARKCORE_MAX_UPLOAD_MB"
    too_large = HTTPException(413, said)
    length = request.headers.get("content-length", "0")
    if not re.fullmatch("[0-9]{1,18}", length):
        raise HTTPException(400, "the Content-Length is no number of bytes")
    if int(length) > limit:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(READ_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    raise too_large
    except TimeoutError as error:
        said = f"the photo did not arrive whole within {READ_S:g} s; send it again"
        raise HTTPException(408, said, {"Connection": "close"}) from error
    return bytes(body)


READ_S = 120
"""What a slow line gets to hand in a photo."""


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
            latest = [each for lot in store.lots() for each in store.latest(lot.id)]
            vehicles = {
                (each.photo.lot_id, each.photo.camera_id, label): each.vehicles.as_dict()[label]
                for each in latest
                for label in LABELS
            }
            return metrics.exposition(health.examine(store, context.settings()), vehicles)

    try:
        return Response(await run_in_threadpool(look), media_type=metrics.CONTENT_TYPE)
    except ParkcoreError as error:
        return Response(f"# {error}\n", 503, media_type="text/plain")
