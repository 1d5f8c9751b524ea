"""What a page is about, chosen on it and kept in its address, so that the view can be shared."""

import streamlit as st

from pages.shell.text import plain
from parkcore.domain import Lot
from parkcore.store import Store


def write(name: str, values: list[str]) -> None:
    """Write into the page's address, where it is not there yet.

    Streamlit sends the whole address as it was when this run began, which takes out again what the
    browser has written since for a widget that is bound to it.
    """
    if st.query_params.get_all(name) != values:
        st.query_params[name] = values


def selectbox(where, label: str, options: list[str], key: str, named=str) -> str:
    """One that begins with what the page's address says, and keeps it there."""
    name = label.lower()
    asked = st.query_params.get(name)
    if key not in st.session_state and asked in options:
        st.session_state[key] = asked
    chosen = where.selectbox(label, options, format_func=named, key=key)
    write(name, [chosen])
    return chosen


def choose_lot(store: Store, key: str) -> Lot | None:
    """The lot that the page's address names, or that is chosen here; None where it is not there."""
    lots = {lot.id: lot for lot in store.lots()}
    asked, is_chosen = st.query_params.get("lot"), key in st.session_state
    is_missing = asked is not None and asked not in lots and not is_chosen
    if is_missing:
        st.warning(f"There is no lot “{plain(asked)}”.", icon=":material/search_off:")
    if not lots:
        return None
    if asked in lots and not is_chosen:
        st.session_state[key] = asked
    names = lot_names(list(lots.values()))
    chosen = st.selectbox(
        "Lot", list(lots), None if is_missing else 0, key=key,
        format_func=names.__getitem__, placeholder="Choose a lot",
    )  # fmt: skip
    if chosen:
        write("lot", [chosen])
    return lots.get(chosen)


def cameras_with_spaces(store: Store) -> dict[str, list[str]]:
    """Per lot the cameras that have marked spaces, the samples last."""
    found: dict[str, list[str]] = {}
    for lot_id, camera_id in sorted(key for key, each in store.layouts().items() if each.spaces):
        found.setdefault(lot_id, []).append(camera_id)
    lots = sorted(store.lots(), key=lambda lot: lot.is_sample)
    return {lot.id: found[lot.id] for lot in lots if lot.id in found}


def choose_camera(
    store: Store, marked: dict[str, list[str]], key: str, where=None
) -> tuple[str, str]:
    """The lot and camera that the page's address names, or that are chosen here.

    Args:
        marked: as `cameras_with_spaces` finds them; at least one.
        where: two places for the two lists; else they are side by side.
    """
    names = lot_names(store.lots())
    if f"{key}_lot" not in st.session_state:
        _warn_of_unknown(marked)
    own = {lot.id for lot in store.lots() if not lot.is_sample}
    if own and not own & set(marked):
        st.info("Only the samples have marked spaces yet.", icon=":material/grid_view:")
        st.page_link(
            "pages/spaces.py", label="Mark the spaces of your own car park",
            icon=":material/grid_view:",
        )  # fmt: skip
    first, second = where or st.columns(2)
    lot_id = selectbox(first, "Lot", list(marked), f"{key}_lot", names.get)
    return lot_id, selectbox(second, "Camera", marked[lot_id], f"{key}_camera_{lot_id}")


def _warn_of_unknown(marked: dict[str, list[str]]) -> None:
    """That what the address asked for is not there, at the first visit."""
    lot_id, camera_id = st.query_params.get("lot"), st.query_params.get("camera")
    if lot_id is not None and lot_id not in marked:
        st.warning(f"There is no lot “{plain(lot_id)}” with marked spaces.")
    elif camera_id is not None and lot_id and camera_id not in marked[lot_id]:
        st.warning(f"There is no camera “{plain(camera_id)}” with marked spaces.")


def lot_names(lots: list[Lot]) -> dict[str, str]:
    """Per lot its name, with its id where others have the same name: by its name alone Streamlit
    knows what was chosen from a list."""
    names = [lot.name for lot in lots]
    return {
        lot.id: lot.name if names.count(lot.name) == 1 else f"{lot.name} ({lot.id})" for lot in lots
    }
