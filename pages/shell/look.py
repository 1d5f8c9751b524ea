"""Looking at an IP camera now: the frame, the counts, and how long each step took."""

import time
from dataclasses import dataclass, field
from datetime import datetime

import streamlit as st

from pages.shell import context, parts, photos
from parkcore.cameras.addresses import Login
from parkcore.cameras.looking import Look
from parkcore.cameras.rounds import keep
from parkcore.domain import IpCamera
from parkcore.errors import ParkcoreError, UnreadablePhoto
from parkcore.images import jpeg
from parkcore.store import Store
from parkcore.wiring import look_at

STEPS = {
    "name": "finding its name",
    "connect": "connecting",
    "answer": "waiting for its answer",
    "picture": "receiving the picture",
    "decode": "decoding",
    "count": "counting",
}


@dataclass(frozen=True)
class LookNow:
    """What a look gave: a picture, with its snapshot where it was kept; or why there is none."""

    seconds: dict[str, float] = field(default_factory=dict)
    picture: bytes = b""
    size: str = ""
    snapshot_id: int | None = None
    reason: str = ""
    at: datetime | None = None

    def show(self, store: Store) -> None:
        if self.reason:
            st.error(parts.plain(self.reason), icon=":material/error:", title="No picture")
            return
        snapshot = None if self.snapshot_id is None else store.snapshot(self.snapshot_id)
        if snapshot is not None:
            parts.snapshot_card(store, snapshot, self.title)
        else:
            st.caption(self.title)
            photos.show(self.picture, "What the camera sees")
        steps = " · ".join(
            f"{STEPS[step]} {1000 * spent:,.0f} ms" for step, spent in self.seconds.items()
        )
        total = sum(self.seconds.values())
        st.caption(f"{self.size} · {steps} · **{total:.1f} s in all**")

    @property
    def title(self) -> str:
        """When it was: what is shown stays on the page."""
        return f"Seen at {self.at.astimezone(context.settings().zone):%H:%M:%S}" if self.at else ""


def look_now(camera: IpCamera, login: Login, *, keeping: bool = True) -> LookNow:
    """Ask a camera for a picture, and count on it and keep it, or only test that one comes."""
    try:
        seen = look_at(context.settings(), camera, login)
        height, width = seen.image.shape[:2]
        size = f"{width:,} × {height:,} pixels"
        if not keeping:
            return LookNow(seen.seconds, jpeg(seen.image, max_side=1280), size, at=seen.at)
        snapshot_id, counted_s = count(camera, seen)
    except ParkcoreError as error:
        return LookNow(reason=str(error))
    return LookNow({**seen.seconds, "count": counted_s}, b"", size, snapshot_id, at=seen.at)


def count(camera: IpCamera, seen: Look) -> tuple[int | None, float]:
    """Keep a picture as any photo is kept; its snapshot, and the seconds that counting took."""
    context.analyser().detector.load()
    started = time.perf_counter()
    source = keep(context.storage(), camera, seen, context.settings().zone)
    with context.open_store() as store:
        outcome = context.analyser().ingest(source, store)
    if outcome.snapshot is None:
        raise UnreadablePhoto(outcome.reason or "the photo vanished while it was read")
    return outcome.snapshot.id, time.perf_counter() - started
