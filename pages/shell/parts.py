"""Pieces that several pages show alike."""

import html
from datetime import UTC, datetime

import humanize
import streamlit as st

from pages.shell import context, photos
from parkcore.colours import LEVEL, VEHICLE
from parkcore.domain import Occupancy, Snapshot, TimeSource, Vehicles
from parkcore.drawing import annotate
from parkcore.images import jpeg
from parkcore.store import Store

_BIG = "font-size:2.6rem;font-weight:700;line-height:1.1"
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


def occupancy_numbers(occupancy: Occupancy) -> None:
    """How full, in large; more vehicles than spaces is said, not clipped."""
    total, capacity = occupancy.vehicles.total, occupancy.capacity
    if capacity is None:
        st.html(f'<div style="{_BIG}">{total} {"vehicle" if total == 1 else "vehicles"}</div>')
        return
    level = context.settings().thresholds.level(occupancy.rate)
    st.html(
        f'<div style="display:flex;align-items:center;gap:.9rem;flex-wrap:wrap">'
        f'<span style="{_BIG}">{occupancy.percent}%</span>'
        f'<span style="background:{LEVEL[level]};color:#fff;padding:.1rem .7rem;'
        f'border-radius:1rem;font-weight:600">{level}</span></div>'
    )
    if occupancy.free >= 0:
        colour = "green" if occupancy.free else "red"
        st.markdown(f"**:{colour}[{occupancy.free} free]** · {total} of {capacity} spaces taken")
    else:
        st.markdown(
            f"**:red[0 free]** · {total} vehicles for {capacity} spaces,"
            f" **{-occupancy.free} more than there are spaces**"
        )


def vehicle_counts(vehicles: Vehicles) -> None:
    """The counts per type, each in the colour of its boxes."""
    words = {"car": "cars", "motorcycle": "motorcycles", "bus": "buses", "truck": "trucks"}
    chips = [
        f'<span style="display:inline-flex;align-items:center;gap:.35rem;'
        f'opacity:{1 if n else 0.55}"><span style="width:.7rem;height:.7rem;border-radius:2px;'
        f'background:{VEHICLE[label]}"></span>{n} {label if n == 1 else words[label]}</span>'
        for label, n in vehicles.as_dict().items()
    ]
    st.html(f'<div style="display:flex;flex-wrap:wrap;gap:.1rem .9rem">{"".join(chips)}</div>')


def invite_capacity() -> None:
    st.caption("How full is that? Say how many spaces the lot has, or each of its cameras sees.")
    st.page_link("pages/lots.py", label="Set the number of spaces", icon=":material/edit:")


def snapshot_card(store: Store, snapshot: Snapshot, title: str, note: str | None = None) -> None:
    """A snapshot: its photo with boxes beside its numbers."""
    occupancy = context.exporter(store).occupancy(snapshot)
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
            occupancy_numbers(occupancy)
            vehicle_counts(snapshot.vehicles)
            st.caption(
                f"{when(photo.captured_at)} ({TIME_FROM[photo.time_source]}) · "
                f"{place(store, snapshot)} · "
                f"{snapshot.milliseconds / 1000:.1f} s"
            )
            if occupancy.capacity is None:
                invite_capacity()


def place(store: Store, snapshot: Snapshot) -> str:
    """The lot and camera of a snapshot, by the names that people gave them."""
    return f"{plain(store.lot(snapshot.photo.lot_id).name)} / {plain(snapshot.photo.camera_id)}"


def doubts(snapshot: Snapshot) -> None:
    if snapshot.note:
        st.warning(plain(snapshot.note), icon=":material/warning:")


def show_photo(store: Store, snapshot: Snapshot, *, with_boxes: bool) -> None:
    whole = snapshot if snapshot.detections is not None else store.snapshot(snapshot.id)
    judged = store.judged(snapshot.id)
    layout = store.layout_by_id(judged.layout_id) if judged else None
    picture = photos.photo_jpeg(
        whole or snapshot, with_boxes=with_boxes, judged=judged, layout=layout
    )
    counted = f"{snapshot.vehicles.total} vehicles"
    if picture is not None:
        st.image(picture, width="stretch", alt=f"Photo with {counted} marked")
        return
    small = store.thumbnails([snapshot.id]).get(snapshot.id)
    if small is not None:
        st.image(small, width="stretch", alt=f"Small photo with {counted}")
    st.caption("The photo's file is no longer there as it was; its numbers are kept.")


def fresh_photo(image, detections) -> None:
    """A photo that is not recorded (yet), with its vehicles marked."""
    st.image(jpeg(annotate(image, detections), max_side=1280), width="stretch")


def plain(text: str) -> str:
    """A file's or lot's name without the meaning Markdown would give its characters."""
    printable = "".join(c if c.isprintable() else "�" for c in text)
    return "".join("\\" + c if c in r"\`*_{}[]<>()#+-.!|~:$&" else c for c in printable)


def code(text: str) -> str:
    """Text as Markdown shows code: an address is no link there."""
    return f"`{text.replace('`', '%60')}`"
