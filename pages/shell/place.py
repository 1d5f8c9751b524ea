"""Asking where photos belong."""

import streamlit as st

from pages.shell import context, parts
from parkcore.domain import DEFAULT_CAMERA, Lot, check_name
from parkcore.store import Store


def choose_place(store: Store, key: str) -> tuple[Lot, str]:
    """Which lot and camera photos belong to; a new name makes a new one."""
    own = [lot for lot in store.lots() if not lot.is_sample]
    names = {lot.id: lot.name for lot in own} or {context.settings().default_lot: "My car park"}
    left, right = st.columns(2)
    lot_id = left.selectbox(
        "Lot",
        list(names),
        format_func=lambda each: names.get(each, each),
        accept_new_options=True,
        help="Which car park the photos show. Type a new name to add one.",
        key=f"{key}_lot",
        persist_state="session",
    )
    cameras = [camera.id for camera in store.cameras(lot_id)] or [DEFAULT_CAMERA]
    camera_id = right.selectbox(
        "Camera",
        cameras,
        accept_new_options=True,
        help="Photos of one viewpoint belong to one camera. Type a new name to add one.",
        key=f"{key}_camera_{lot_id}",
    )
    for kind, name in (("lot", lot_id), ("camera", camera_id)):
        try:
            check_name(kind, name)
        except ValueError as error:
            st.error(parts.plain(str(error)), icon=":material/error:")
            st.stop()
    known = {lot.id: lot for lot in own}
    return known.get(lot_id) or Lot(lot_id, names.get(lot_id, lot_id)), camera_id
