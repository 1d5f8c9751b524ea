"""On the page Spaces: a camera that was moved far, and its spaces carried over as a change."""

import uuid

import streamlit as st

from pages.shell import context
from pages.shell.layout_editor import Draft, Key
from pages.shell.navigation import explained
from pages.shell.text import plain
from parkcore.spaces.layout import Layout
from parkcore.store import Store


def offer(store: Store, key: Key, layout: Layout) -> None:
    """That the camera looks somewhere else now, and a click that brings its spaces there."""
    judged = store.latest_judged(layout.id, limit=1) if layout.id else []
    is_drawn = key in st.session_state.get("spaces_realigned", {})
    if is_drawn or not (judged and judged[-1][1].is_elsewhere):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.warning(
            f"On the newest photo {plain(judged[-1][1].note)}. Its spaces cannot be told.",
            icon=":material/videocam_off:",
        )
        st.button(
            "Realign to the newest photo", type="primary", on_click=_take, args=(key,),
            icon=":material/center_focus_strong:",
            help="Carries the spaces over to what the camera sees now, as a change that you look"
            " at and save.",
        )  # fmt: skip


@explained()
def _take(key: Key) -> None:
    from parkcore.spaces.realign import realigned  # OpenCV is not needed to show the page

    with context.open_store() as store:
        found = realigned(store, context.storage(), *key)
    st.session_state.setdefault("spaces_photo", {})[key] = found.snapshot_id
    draft = Draft(uuid.uuid4().hex, found.layout)
    st.session_state.setdefault("spaces_draft", {})[key] = draft
    st.session_state.setdefault("spaces_realigned", {})[key] = True
    said = "The spaces were carried over: see whether they lie right, then save."
    if found.lost:
        names = plain(", ".join(found.lost))
        st.warning(f"{said} No longer in view and left out: {names}.", icon=":material/crop:")
    else:
        st.info(said, icon=":material/center_focus_strong:")
