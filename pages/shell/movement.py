"""That a camera was nudged, and what can be done where its spaces do not follow."""

import streamlit as st

from pages.shell import context, told
from pages.shell.judge_newest import judge_newest
from pages.shell.text import plain
from parkcore.errors import ParkcoreError
from parkcore.spaces.verdict import MOVED, Judged


def show_movement(judged: Judged, lot_id: str, camera_id: str, *, offer: bool = False) -> None:
    """That the spaces follow the camera, or that they cannot.

    Args:
        offer: to carry the spaces over to what it sees now, where the photo is its latest.
    """
    note, camera = plain(judged.note), plain(camera_id)
    if judged.is_elsewhere:
        note = plain(judged.note.replace(f"{MOVED}: the camera", "the camera"))
        st.error(
            f"{camera}: {note}. Its spaces are held as not known until they are realigned.",
            icon=":material/videocam_off:",
        )
        if offer:
            _offer(lot_id, camera_id)
    elif note and not judged.judgement.told:
        st.warning(f"{camera}: {note}. Nothing can be told.", icon=":material/visibility_off:")
    elif note:
        follow = "; the spaces follow it" if judged.homography is not None else ""
        st.caption(f":material/open_with: {camera}: {note}{follow}.")


def _offer(lot_id: str, camera_id: str) -> None:
    key = f"{lot_id}/{camera_id}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Realign the spaces", type="primary", icon=":material/center_focus_strong:",
            key=f"realign {key}", on_click=_realign, args=(lot_id, camera_id),
            help="Carries them over to what the camera sees now, as a new version.",
        )  # fmt: skip
        _link(lot_id, camera_id, "Mark them anew")
    if reason := st.session_state.get("realign_refused", {}).get(key):
        st.error(plain(reason), icon=":material/error:")


def _realign(lot_id: str, camera_id: str) -> None:
    """As a callback it is not cut short by the page's next look."""
    from parkcore.spaces.realign import realign  # OpenCV is not needed to show a page

    key = f"{lot_id}/{camera_id}"
    refused = st.session_state.setdefault("realign_refused", {})
    refused.pop(key, None)
    try:
        with context.open_store() as store:
            layout = realign(store, context.storage(), lot_id, camera_id)
            judge_newest(store, lot_id, camera_id)
    except ParkcoreError as error:
        refused[key] = str(error)
        return
    told.keep("realigned", (lot_id, camera_id, layout.version))


def show_realigned() -> None:
    """From a fragment: what was realigned stands above it, so the whole page runs."""
    if told.waits("realigned"):
        st.rerun()


def say_realigned() -> None:
    """What a click changed, on the run after it."""
    if done := told.once("realigned"):
        lot_id, camera_id, version = done
        st.toast(f"Version {version} saved", icon=":material/check:")
        st.success(
            f"Version {version} saved: the spaces were carried over to the new view; see whether"
            " they lie right.",
            icon=":material/check:",
        )
        _link(lot_id, camera_id, "See them on the page Spaces")


def _link(lot_id: str, camera_id: str, label: str) -> None:
    place = {"lot": lot_id, "camera": camera_id}
    st.page_link(
        "pages/spaces.py", label=label, icon=":material/grid_view:", query_params=place
    )  # fmt: skip
