"""The layout editor: spaces and areas drawn on a photo, as a component of our own.

Its drawing is in `layout_editor.js`. Between here and there coordinates are pixels of the photo,
in the form of Parkcore's own layout files.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import streamlit as st

from pages.shell import photos
from parkcore.domain import Snapshot
from parkcore.errors import LayoutError, ParkcoreError
from parkcore.spaces.layout import LEAST_AREA, MOST_SPACES, Layout
from parkcore.spaces.layout_files import read_layout
from parkcore.spaces.layout_writing import write_layout
from parkcore.sqlite.filters import HistoryFilter
from parkcore.store import Store

KEY = "layout_editor"
Key: TypeAlias = tuple[str, str]
"""A lot and a camera."""

_FILES = {
    kind: Path(__file__).with_suffix(f".{kind}").read_text(encoding="utf-8")
    for kind in ("html", "css", "js")
}
_editor = st.components.v2.component("parkcore_layout_editor", **_FILES)


@dataclass(frozen=True, slots=True)
class Ground:
    """What is drawn on: a photo, or nothing but its size."""

    jpeg: bytes | None
    size: tuple[int, int]
    """In pixels of the whole photo; the JPEG may be smaller."""
    is_new: bool = False
    """Whether it is another photo than the layout is stored with."""


def _jpeg(snapshot: Snapshot) -> bytes | None:
    return photos.photo_jpeg(snapshot, with_boxes=False, judged=None, layout=None)


def _photo_of(store: Store, snapshot_id: int | None, *, is_new: bool) -> Ground | None:
    snapshot = store.snapshot(snapshot_id) if snapshot_id else None
    jpeg = snapshot and _jpeg(snapshot)
    if not jpeg:
        return None
    return Ground(jpeg, (snapshot.photo.width, snapshot.photo.height), is_new)


def newest_photo(store: Store, key: Key) -> int | None:
    """The latest snapshot whose photo is still there."""
    latest = store.snapshots(HistoryFilter(lot_id=key[0], camera_id=key[1]), limit=10)
    return next((each.id for each in latest if _jpeg(each)), None)


def newer_photo(store: Store, key: Key, ground: Ground) -> int | None:
    """The same, where it is another photo than the one that is drawn on."""
    newest = _photo_of(store, found := newest_photo(store, key), is_new=True)
    return found if newest and newest.jpeg != ground.jpeg else None


def ground_of(store: Store, key: Key, layout: Layout) -> Ground | None:
    """The photo that was asked for, else the layout's own, else the latest, which then stays."""
    chosen = st.session_state.setdefault("spaces_photo", {})
    stored = layout.id and store.layout_reference(layout.id)
    asked = _photo_of(store, chosen.get(key), is_new=bool(stored))
    if asked:
        return asked
    if stored:
        return Ground(stored, layout.image_size)
    chosen[key] = newest_photo(store, key)
    blank = Ground(None, layout.image_size) if layout.version else None
    return _photo_of(store, chosen[key], is_new=False) or blank


@dataclass(frozen=True, slots=True)
class Draft:
    """A layout from elsewhere, which the editor takes up once for each id."""

    id: str
    layout: Layout


@dataclass(frozen=True, slots=True)
class Saved:
    """What Save gave: a layout, and the version that it was drawn from."""

    layout: Layout
    based_on: int


def show(
    key: str,
    layout: Layout,
    ground: Ground,
    *,
    proposals: Draft | None = None,
    draft: Draft | None = None,
    on_save: Callable[[Saved], None],
) -> None:
    """The editor on a camera's stored layout.

    Unsaved changes are kept in the browser's tab, through reruns and reloads; they end with a
    save, or when the user takes the newest version instead.

    Args:
        key: which camera it is; another one is another drawing.
        proposals: spaces that the user accepts or rejects.
        draft: becomes an unsaved change.
        on_save: stores the layout. What it raises is said in the editor, which keeps its changes.
    """
    _editor(
        key=KEY,
        on_save_change=lambda: _save(on_save),
        data={
            "key": key,
            "version": layout.version,
            "img": _data_url(ground.jpeg),
            "w": ground.size[0],
            "h": ground.size[1],
            "new_photo": ground.is_new,
            **_in_pixels(layout, ground),
            "proposed": _elsewhere(proposals, ground),
            "imported": _elsewhere(draft, ground),
            "answer": st.session_state.get("layout_answer"),
            "least_area": LEAST_AREA,
            "most": MOST_SPACES,
        },
    )


def _save(on_save: Callable[[Saved], None]) -> None:
    given = st.session_state[KEY]["save"]
    if not isinstance(given, dict):
        return
    error = ""
    try:
        on_save(_saved(given))
    except ParkcoreError as refused:
        error = str(refused)
    st.session_state["layout_answer"] = {"nonce": given.get("nonce"), "error": error}


def _saved(given: dict[str, Any]) -> Saved:
    based_on = given.get("based_on")
    if not isinstance(based_on, int):
        raise LayoutError("the editor did not say which version was changed; load the page anew")
    return Saved(read_layout(json.dumps(given)), based_on)


def _elsewhere(draft: Draft | None, ground: Ground) -> dict[str, Any] | None:
    return draft and {"id": draft.id, **_in_pixels(draft.layout, ground)}


def _in_pixels(layout: Layout, ground: Ground) -> dict[str, Any]:
    record = json.loads(write_layout(replace(layout, image_size=ground.size)))
    return {"spaces": record["spaces"], "areas": record["areas"]}


@st.cache_data(show_spinner=False, max_entries=20)
def _data_url(jpeg: bytes | None) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}" if jpeg else ""
