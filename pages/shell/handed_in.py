"""What a request to hand in a photo holds: who asks, and the photo."""

import asyncio
import base64
import hmac
import re
from typing import Any

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from pages.shell import context

READ_S = 120
"""What a slow line gets to hand in a photo."""


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
        except ValueError:  # no base64, or no text in it
            given = ""
    if not hmac.compare_digest(given.encode(), token.get_secret_value().encode()):
        ways = {"WWW-Authenticate": 'Bearer, Basic realm="Parkcore"'}
        raise HTTPException(401, "wrong token; send it as: Authorization: Bearer TOKEN", ways)


async def read_photo(request: Request) -> tuple[str, bytes]:
    """The photo's name, where it has one, and its bytes."""
    body = await read_body(request)
    name = request.query_params.get("name", "photo.jpg")
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
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
