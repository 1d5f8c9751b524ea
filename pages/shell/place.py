"""Asking where photos belong."""

import streamlit as st

from pages.shell import context, parts
from pages.shell.choosing import lot_names
from parkcore.domain import DEFAULT_CAMERA, Lot
from parkcore.names import check_name
from parkcore.store import Store

FREE_NAMES = (DEFAULT_CAMERA, *(f"camera-{number}" for number in range(2, 1000)))


def choose_place(
    store: Store, key: str, *, without: frozenset[tuple[str, str]] = frozenset()
) -> tuple[Lot, str] | None:
    """Which lot and camera photos belong to; a new name makes a new one.

    Cameras `without` are not offered. None where a name that was typed cannot be one; that is said.
    """
    own = [lot for lot in store.lots() if not lot.is_sample]
    names = lot_names(own) or {context.settings().default_lot: "My car park"}
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
    free = (name for name in FREE_NAMES if (lot_id, name) not in without)
    cameras = [c.id for c in store.cameras(lot_id) if (lot_id, c.id) not in without] or [next(free)]
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
            return None
    known = {lot.id: lot for lot in own}
    return known.get(lot_id) or Lot(lot_id, names.get(lot_id, lot_id)), camera_id
