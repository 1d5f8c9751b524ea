"""The dialogs in which an IP camera is added or changed, and tested before."""

from dataclasses import dataclass
from datetime import time

import streamlit as st

from pages.shell import context, parts, told
from pages.shell.camera_login import ask_login, is_dropped, say_dropped
from pages.shell.look import LookNow, look_now
from pages.shell.navigation import explained
from pages.shell.place import choose_place
from parkcore.cameras.addresses import Login, split_secrets
from parkcore.cameras.schedule import WEEKDAYS, Schedule, read_interval, say_interval
from parkcore.domain import IpCamera, Lot
from parkcore.store import Store

INTERVALS = ["10 s", "30 s", "1 min", "5 min", "15 min", "30 min", "1 h"]

TYPED = ("camera_address_new", "camera_user_new", "camera_password_new")
"""The fields of a new camera, which stay while its name is put right."""

DROPPED = "camera_form_dropped"
"""In the session: the page is to say that a camera was saved without the login of before."""


@dataclass(frozen=True)
class Entered:
    """A camera as it was entered, the login to ask it with, and what of that is kept."""

    camera: IpCamera
    login: Login
    kept: Login
    is_dropped: bool


@st.dialog("Add an IP camera", width="large")
@explained()
def add() -> None:
    with context.open_store() as store:
        taken = frozenset((each.lot_id, each.id) for each in store.ip_cameras())
        place = choose_place(store, "ip", without=taken)
    if place is not None and (place[0].id, place[1]) not in taken:
        fields(*place, None)
        return
    if place is not None:
        st.error("There is an IP camera of this name already; choose another name.")
    for field in TYPED:  # else Streamlit would forget what is not drawn
        if field in st.session_state:
            st.session_state[field] = st.session_state[field]


@st.dialog("Edit the camera", width="large")
@explained()
def edit(camera: IpCamera) -> None:
    with context.open_store() as store:
        lot = store.lot(camera.lot_id)
    st.markdown(f"**{parts.plain(lot.name)} / {parts.plain(camera.id)}**")
    fields(lot, camera.id, camera)


def fields(lot: Lot, camera_id: str, old: IpCamera | None) -> None:
    address = st.text_input(
        "Address",
        old.address if old else "",
        placeholder="rtsp://192.168.1.20:554/stream1 or http://192.168.1.20/snapshot.jpg",
        help="http, https, rtsp or rtsps. A password in it is put aside and never shown.",
        key=f"camera_address_{f'{lot.id}/{camera_id}' if old else 'new'}",
    )
    login = ask_login(lot.id, camera_id, is_new=old is None)
    schedule = ask_schedule(old.schedule if old else Schedule())
    verify = not st.checkbox(
        "Accept a self-signed certificate (https and rtsps)",
        value=bool(old and not old.verify_tls),
        help="Most cameras make their own. Then nobody checks that it is really your camera.",
    )
    with st.container(horizontal=True):
        test = st.button("Test", icon=":material/network_check:")
        save = st.button(
            "Save" if old else "Add", type="primary", icon=":material/save:", key="save_camera"
        )
    if not (test or save) or schedule is None:
        return
    try:
        public, inside = split_secrets(address)
    except ValueError as error:
        st.error(parts.plain(str(error)), icon=":material/error:")
        return
    if login.from_environment is not None and (inside.user or inside.password):
        st.error(f"Leave the login out of the address. {login.hint}", icon=":material/error:")
        return
    was = old.address if old else None
    after = login.after(was, public, inside)
    entered = Entered(
        IpCamera(lot.id, camera_id, public, schedule, bool(old and old.paused), verify),
        login.to_ask_with(after),
        after,
        is_dropped(login, was, public, after),
    )
    if test:
        show_test(entered)
    else:
        keep(entered, lot)


def ask_schedule(old: Schedule) -> Schedule | None:
    """When to look; None where what was typed is no interval, which is said."""
    now = say_interval(old.interval_s)
    offers = INTERVALS if now in INTERVALS else [now, *INTERVALS]
    left, right = st.columns(2)
    every = left.selectbox(
        "A picture every",
        offers,
        offers.index(now),
        accept_new_options=True,
        help="Or type another, such as 20s, 2m or 3h.",
    )
    days = right.pills(
        "On",
        range(7),
        selection_mode="multi",
        default=sorted(old.weekdays),
        format_func=lambda day: WEEKDAYS[day].capitalize(),
        wrap=True,
    )
    whole_day = left.toggle("The whole day", old.start == old.end)
    start, end = old.start, old.end
    if whole_day:
        start = end = time(0)
    else:
        given = (time(6), time(22)) if start == end else (start, end)
        start = right.time_input("From", given[0])
        end = right.time_input("Until", given[1])
    try:
        return Schedule(read_interval(every), start, end, frozenset(days))
    except ValueError as error:
        st.error(parts.plain(str(error)), icon=":material/error:")
        return None


def show_test(entered: Entered) -> None:
    if entered.is_dropped:
        say_dropped()
    with st.spinner("Asking the camera …", show_time=True):
        result: LookNow = look_now(entered.camera, entered.login, keeping=False)
    if not result.reason:
        st.success("A picture came.", icon=":material/check_circle:")
    with context.open_store() as store:
        result.show(store)


def keep(entered: Entered, lot: Lot) -> None:
    camera = entered.camera
    with context.open_store() as store:
        context.credentials().put(camera.lot_id, camera.id, entered.kept)
        store.save_ip_camera(camera, described(lot, store))
    if entered.is_dropped:
        told.keep(DROPPED, True)
    st.rerun()


def described(lot: Lot, store: Store) -> Lot:
    """A lot that is not known yet as its `lot.toml` describes it, where it has one."""
    if any(each.id == lot.id for each in store.lots()):
        return lot
    by_file = context.storage().lot(lot.id)
    return lot if by_file == Lot(lot.id, lot.id) else by_file
