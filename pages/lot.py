from pages.shell.navigation import enter, explained

enter()

import streamlit as st

from pages.shell import context, parts, space_lists, spaces
from pages.shell.choosing import choose_lot
from pages.shell.movement import say_realigned
from parkcore.present import CameraNow, LotNow
from parkcore.store import Store


def show_camera(store: Store, now: LotNow, camera: CameraNow, drawn: list[str]) -> None:
    """A camera's latest photo with its spaces, and their plan beside it."""
    states = spaces.states_for(now, camera)
    if len(now.cameras) > 1:
        st.markdown(f"**{parts.plain(camera.id)}**")
    picture, plan = st.columns([3, 2], gap="medium") if camera.marked else (st.container(), None)
    with picture:
        parts.show_photo(
            store, camera.snapshot, with_boxes="Boxes" in drawn or not camera.marked,
            with_spaces="Spaces" in drawn and camera.marked is not None, states=states,
        )  # fmt: skip
    if plan:
        with plan:
            areas = camera.marked.judged.judgement.areas
            spaces.space_map(camera.marked.layout, states, areas)


def invite_spaces(camera: CameraNow) -> None:
    photo = camera.snapshot.photo
    st.info(
        "No spaces are marked yet. Mark them once, and every photo says which of them are free.",
        icon=":material/grid_view:",
    )
    st.page_link(
        "pages/spaces.py", label="Mark the spaces", icon=":material/grid_view:",
        query_params={"lot": photo.lot_id, "camera": photo.camera_id},
    )  # fmt: skip


@st.fragment(run_every="10s")
@explained()
def show_now(lot_id: str) -> None:
    with context.open_store() as store:
        lot = store.lot(lot_id)
        now = spaces.read(store, lot)
        parts.heading(lot.name, is_sample=lot.is_sample)
        if now is None:
            st.info("There is no photo of this lot yet.", icon=":material/add_a_photo:")
            st.page_link("pages/upload.py", label="Upload photos", icon=":material/upload:")
            return
        left, right = st.columns([3, 2], gap="medium")
        with left:
            spaces.numbers(now)
            if now.state.capacity is None:
                parts.invite_capacity()
        with right:
            spaces.ages(now)
        drawn = []
        if now.marked:
            with st.container(horizontal=True, vertical_alignment="center"):
                spaces.legend(now)
                drawn = st.pills(
                    "Drawn on the photo", ["Spaces", "Boxes"], selection_mode="multi",
                    default=["Spaces"], key="drawn", label_visibility="collapsed",
                    width="content",
                )  # fmt: skip
        for camera in now.cameras:
            show_camera(store, now, camera, drawn)
    if not now.marked:
        invite_spaces(now.cameras[0])
        return
    left, right = st.columns(2, gap="medium")
    with left:
        st.subheader("In no space")
        space_lists.strays(now)
    if lines := space_lists.tallies(now):
        with right:
            st.subheader("By type and group")
            st.markdown("\n".join(f"- {line}" for line in lines))
    if now.state.spaces:
        st.subheader("Every space")
        space_lists.table(now.spaces())


st.title("Which spaces are free?")
say_realigned()
with context.open_store() as store:
    lot = choose_lot(store, "one_lot")
    is_empty = not store.lots()
if lot:
    show_now(lot.id)
elif is_empty:
    st.info("There are no photos yet.", icon=":material/add_a_photo:")
    st.page_link("pages/upload.py", label="Upload photos", icon=":material/upload:")
