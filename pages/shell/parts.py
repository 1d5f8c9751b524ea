"""Pieces that several pages show alike."""

import html
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import humanize
import streamlit as st

from pages.shell import context, photos
from pages.shell.figures import counted, place_numbers
from pages.shell.figures import invite_capacity as invite_capacity
from pages.shell.figures import occupancy_numbers as occupancy_numbers
from pages.shell.figures import vehicle_counts as vehicle_counts
from pages.shell.movement import show_movement
from pages.shell.text import code as code
from pages.shell.text import plain as plain
from parkcore.domain import Snapshot, TimeSource
from parkcore.drawing import annotate
from parkcore.images import jpeg
from parkcore.occupancy import Marked, View, lot_state
from parkcore.spaces.verdict import State
from parkcore.store import Store

TIME_FROM: dict[TimeSource, str] = {
    "exif": "time from the camera",
    "filename": "time from the file's name",
    "mtime": "time of the file",
    "now": "no time in the photo: time of arrival",
}


def when(at: datetime) -> str:
    """A moment on the site's wall clock."""
    here = at.astimezone(context.settings().zone)
    return f"{here:%a} {here.day} {here:%b %Y, %H:%M}"


def ago(at: datetime) -> str:
    return humanize.naturaltime(at, when=datetime.now(UTC))


def heading(text: str, *, is_sample: bool = False) -> None:
    """A lot's name over its card."""
    badge = (
        '<span style="font-size:.8rem;font-weight:400;opacity:.7;border:1px solid;'
        'border-radius:1rem;padding:0 .5rem;white-space:nowrap">rendered sample</span>'
    )
    st.html(
        '<div style="display:flex;align-items:center;gap:.7rem;flex-wrap:wrap">'
        f'<h3 style="padding:0;margin:0">{html.escape(text)}</h3>{badge if is_sample else ""}</div>'
    )


def is_stale(at: datetime) -> bool:
    return (datetime.now(UTC) - at).total_seconds() > 60 * context.settings().stale_minutes


def snapshot_card(store: Store, snapshot: Snapshot, title: str, note: str | None = None) -> None:
    """A snapshot: its photo, with its spaces where they were judged, beside its numbers."""
    photo = snapshot.photo
    with st.container(border=True):
        picture, numbers = st.columns([3, 2], gap="medium")
        with picture:
            show_photo(store, snapshot, with_boxes=True)
        with numbers:
            st.markdown(f"**{plain(title)}**")
            if note:
                st.info(note, icon=":material/content_copy:")
            doubts(snapshot)
            snapshot_numbers(store, snapshot)
            st.caption(
                f"{when(photo.captured_at)} ({TIME_FROM[photo.time_source]}) · "
                f"{place(store, snapshot)} · "
                f"{snapshot.milliseconds / 1000:.1f} s"
            )


def snapshot_numbers(store: Store, snapshot: Snapshot) -> None:
    """How full it was: by its spaces where they were judged, else by its vehicles."""
    judged, photo = store.judged(snapshot.id), snapshot.photo
    if judged is not None:
        seen = judged.judgement
        capacity = context.exporter(store).occupancy(snapshot).capacity
        marked = Marked(seen.spaces, seen.areas, counted=seen.counted)
        view = View(snapshot.counted, capacity, photo.captured_at, marked)
        state = lot_state(None, [view], valid=timedelta(0))
        place_numbers(state, outside=len(seen.outside), double=len(seen.double))
        vehicle_counts(snapshot.counted)
        show_movement(judged, photo.lot_id, photo.camera_id)
        return
    occupancy = context.exporter(store).occupancy(snapshot)
    occupancy_numbers(occupancy)
    vehicle_counts(snapshot.counted)
    if occupancy.capacity is None:
        invite_capacity()


def place(store: Store, snapshot: Snapshot) -> str:
    """The lot and camera of a snapshot, by the names that people gave them."""
    return f"{plain(store.lot(snapshot.photo.lot_id).name)} / {plain(snapshot.photo.camera_id)}"


def doubts(snapshot: Snapshot) -> None:
    if snapshot.note:
        st.warning(plain(snapshot.note), icon=":material/warning:")


def show_photo(
    store: Store,
    snapshot: Snapshot,
    *,
    with_boxes: bool,
    with_spaces: bool | None = None,
    states: Mapping[str, State] | None = None,
) -> None:
    """A snapshot's photo as it is, or with what was seen on it.

    Args:
        with_spaces: None draws the spaces in place of the boxes where they were judged.
        states: of the spaces, where more is known than this photo says.
    """
    whole = snapshot if snapshot.detections is not None else store.snapshot(snapshot.id)
    judged = store.judged(snapshot.id)
    if with_spaces is None:
        with_spaces, with_boxes = with_boxes, with_boxes and judged is None
    layout = store.layout_by_id(judged.layout_id) if judged and with_spaces else None
    picture = photos.photo_jpeg(
        whole or snapshot, with_boxes=with_boxes, judged=judged, layout=layout, states=states
    )
    vehicles = counted(snapshot.counted.total)
    if picture is not None:
        marked = " and the spaces" if layout else ""
        photos.show(picture, f"Photo with {vehicles}{marked} marked")
        return
    small = store.thumbnails([snapshot.id]).get(snapshot.id)
    if small is not None:
        photos.show(small, f"Small photo with {vehicles}")
    st.caption("The photo's file is no longer there as it was; its numbers are kept.")


def fresh_photo(image, detections) -> None:
    """A photo that is not recorded (yet), with its vehicles marked."""
    photos.show(jpeg(annotate(image, detections), max_side=1280), "Photo with its vehicles marked")
