"""What a page is about, chosen on it and kept in its address, so that the view can be shared."""

import streamlit as st

from pages.shell.text import plain
from parkcore.domain import Lot
from parkcore.store import Store


def selectbox(where, label: str, options: list[str], key: str, named=str) -> str:
    """One that begins with what the page's address says, and keeps it there."""
    name = label.lower()
    asked = st.query_params.get(name)
    if key not in st.session_state and asked in options:
        st.session_state[key] = asked
    chosen = where.selectbox(label, options, format_func=named, key=key)
    st.query_params[name] = chosen
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
    chosen = st.selectbox(
        "Lot", list(lots), None if is_missing else 0, key=key,
        format_func=lambda each: lots[each].name, placeholder="Choose a lot",
    )  # fmt: skip
    if chosen:
        st.query_params.lot = chosen
    return lots.get(chosen)


def lot_names(lots: list[Lot]) -> dict[str, str]:
    """Per lot its name, with its id where others have the same name."""
    names = [lot.name for lot in lots]
    return {
        lot.id: lot.name if names.count(lot.name) == 1 else f"{lot.name} ({lot.id})" for lot in lots
    }
