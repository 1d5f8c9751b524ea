"""IP cameras: how each is doing, looking now, and what to do with one."""

from contextlib import nullcontext
from dataclasses import replace

import streamlit as st

from pages.shell import camera_form, context, parts, told
from pages.shell.camera_login import say_dropped
from pages.shell.look import LookNow, look_now
from pages.shell.navigation import explained
from parkcore.cameras.addresses import Login, shown
from parkcore.domain import IpCamera, Snapshot
from parkcore.errors import ParkcoreError
from parkcore.service import health
from parkcore.service.camera_health import CameraHealth
from parkcore.service.health import Health
from parkcore.sqlite.filters import HistoryFilter
from parkcore.store import Store

BADGE = {
    "ok": ("works", ":material/check_circle:", "green"),
    "failing": ("failing", ":material/error:", "red"),
    "stale": ("stale", ":material/schedule:", "red"),
    "off": ("", ":material/pause_circle:", "gray"),
}

Key = tuple[str, str]


def show() -> None:
    st.caption("Cameras that Parkcore asks for a picture by itself: HTTP snapshot, MJPEG or RTSP.")
    if st.button("Add a camera", type="primary", icon=":material/add:", key="add_ip_camera"):
        camera_form.add()
    if told.once(camera_form.DROPPED):
        say_dropped()
    listing()


@st.fragment(run_every="3s")
@explained()
def listing() -> None:
    """Every camera with its present state; renewed by itself."""
    with context.open_store() as store:
        cameras, unusable = store.ip_cameras(), store.unusable_ip_cameras()
        if not cameras and not unusable:
            st.info(
                "No IP camera yet. You need its address, such as"
                " `rtsp://192.168.1.20:554/stream1`, and mostly a user and password: its manual or"
                " its own web page tells.",
                icon=":material/videocam:",
            )
            return
        doing = health.examine(store, context.settings())
        warn_unattended(doing)
        said = {(each.lot_id, each.camera_id): each for each in doing.cameras}
        for camera in cameras:
            with st.container(border=True):
                card(store, camera, said.get((camera.lot_id, camera.id)) or unexamined(camera))
        for key, reason in unusable.items():
            with st.container(border=True):
                unusable_card(key, reason)


def unexamined(camera: IpCamera) -> CameraHealth:
    """For cameras that are left out, as those of samples are, or that came just now."""
    address = shown(camera.address, has_login=True)
    return CameraHealth(camera.lot_id, camera.id, "off", "not examined", None, 0, address)


def unusable_card(key: Key, reason: str) -> None:
    st.markdown(f"**{parts.plain(key[0])} / {parts.plain(key[1])}**")
    st.error(f"It cannot be used: {parts.plain(reason)}", icon=":material/error:")
    removal(key)


def warn_unattended(doing: Health) -> None:
    for part in doing.parts:
        if part.name == "cameras" and part.level != "ok":
            st.warning(
                "Nobody looks at the cameras by schedule at present: start Parkcore with"
                " `parkcore serve`.",
                icon=":material/pause_circle:",
            )


def card(store: Store, camera: IpCamera, state: CameraHealth) -> None:
    key = camera.lot_id, camera.id
    latest = store.snapshots(HistoryFilter(lot_id=key[0], camera_id=key[1]), limit=1)
    about = nullcontext()
    if latest:
        picture, about = st.columns([2, 3], gap="medium")
        with picture:
            last_picture(store, latest[0])
    with about:
        with st.container(horizontal=True, vertical_alignment="center"):
            lot = parts.plain(store.lot(camera.lot_id).name)
            st.markdown(f"**{lot} / {parts.plain(camera.id)}**", width="content")
            word, icon, colour = BADGE[state.level]
            st.badge(word or state.said, icon=icon, color=colour)
        if state.level in ("failing", "stale"):
            st.error(parts.plain(state.said), icon=":material/error:")
        ok = state.last_success_at
        works = f"last picture {parts.ago(ok)}" if ok else "no picture yet"
        took = f", took {state.milliseconds / 1000:.1f} s" if state.milliseconds else ""
        st.markdown(parts.code(state.address))
        st.caption(
            f"{camera.schedule} · {works}{took} · {state.photos_last_hour} photos in the last hour"
        )
        buttons(camera)
    if key in looks():
        looks()[key].show(store)


def buttons(camera: IpCamera) -> None:
    key = camera.lot_id, camera.id
    name = "/".join(key)
    with st.container(horizontal=True):
        if st.button("Look now", icon=":material/photo_camera:", key=f"look_{name}"):
            with st.spinner("Asking the camera …", show_time=True):
                looks()[key] = look(camera)
        if st.button("Edit", icon=":material/edit:", key=f"edit_{name}"):
            camera_form.edit(camera)
        st.button(
            "Resume" if camera.paused else "Pause",
            icon=":material/play_arrow:" if camera.paused else ":material/pause:",
            key=f"pause_{name}",
            on_click=set_paused,
            args=(camera, not camera.paused),
        )
        removal(key)


def look(camera: IpCamera) -> LookNow:
    try:
        login = context.credentials().get(camera.lot_id, camera.id)
    except ParkcoreError as error:
        return LookNow(reason=str(error))
    return look_now(camera, login)


def removal(key: Key) -> None:
    if st.button("Remove", icon=":material/delete:", key=f"remove_{'/'.join(key)}"):
        confirm_removal(key)


def looks() -> dict[Key, LookNow]:
    """What looking now gave, in this tab."""
    return st.session_state.setdefault("looks", {})


def last_picture(store: Store, latest: Snapshot) -> None:
    parts.show_photo(store, latest, with_boxes=True)
    st.caption(f"{latest.counted.total} vehicles · {parts.when(latest.photo.captured_at)}")


@explained()
def set_paused(camera: IpCamera, paused: bool) -> None:
    with context.open_store() as store:
        store.save_ip_camera(replace(camera, paused=paused))


@st.dialog("Remove this camera?")
@explained()
def confirm_removal(key: Key) -> None:
    st.write(
        f"Parkcore forgets the address, schedule and login of **{parts.plain(key[1])}**. Its"
        " photos and their history stay."
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep it"):
            st.rerun()
        if st.button("Remove", type="primary", key="confirm_camera_removal"):
            context.credentials().put(*key, Login())
            with context.open_store() as store:
                store.remove_ip_camera(*key)
            looks().pop(key, None)
            st.rerun()
