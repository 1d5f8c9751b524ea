"""Requests with photos that break off, hang or lie, without a server."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace

import pytest
from pydantic import SecretStr
from starlette.requests import Request

from pages.shell import api, context, handed_in

TOKEN = "a long secret"  # noqa: S105 – made up


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    known = SimpleNamespace(api_token=SecretStr(TOKEN), max_upload_mb=1, default_lot="north")
    monkeypatch.setattr(context, "settings", lambda: known)


def answer(receive, **headers: str):
    given = {"authorization": f"Bearer {TOKEN}", **headers}
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/photos",
        "query_string": b"",
        "headers": [(name.replace("_", "-").encode(), v.encode()) for name, v in given.items()],
    }
    return asyncio.run(api.take_photo(Request(scope, receive)))


async def silence():
    await asyncio.sleep(60)


async def gone():
    return {"type": "http.disconnect"}


def test_a_photo_that_does_not_arrive_is_given_up(monkeypatch) -> None:
    monkeypatch.setattr(handed_in, "READ_S", 0.05)
    said = answer(silence)
    assert said.status_code == 408 and said.headers["connection"] == "close"
    assert "did not arrive whole within 0.05 s" in json.loads(said.body)["error"]


def test_a_sender_that_is_gone_is_no_error() -> None:
    assert answer(gone).body == b""


@pytest.mark.parametrize("length", ["many", "", "-1", "1.5", "0x10", 5000 * "9"])
def test_a_length_that_is_no_number_is_said_in_our_words(length: str) -> None:
    said = answer(silence, content_length=length)
    assert said.status_code == 400
    assert json.loads(said.body) == {"error": "the Content-Length is no number of bytes"}
