"""The page History and its address: what is chosen is in it, so that a view can be shared.

Each field of `HistoryView` has a place in the session's state, most of them that of a widget.
"""

import time
from dataclasses import dataclass, fields
from typing import Any

import streamlit as st

from parkcore.history.history_view import HistoryView

PREFIX = "history_"
LATE_S = 2.0
"""For so long the browser may still name the address before the one that was written last."""


@dataclass(frozen=True, slots=True)
class _Written:
    """The address as it was written last."""

    address: dict[str, str]
    before: dict[str, str]
    at: float


def key(name: str) -> str:
    """Where a field is kept."""
    return PREFIX + name


def put(**chosen: Any) -> None:
    """Choose something, in a callback or before its widget is drawn."""
    for name, value in chosen.items():
        st.session_state[key(name)] = value


def back_to_first() -> None:
    """What is chosen anew begins with its first page."""
    put(after=None)


def arrive() -> None:
    """Take over what the address asks for, when the page is opened or a link was followed."""
    asked, written = st.query_params.to_dict(), st.session_state.get("history_written")
    if written and key("show") in st.session_state:  # else the page was left meanwhile
        is_late = asked == written.before and time.monotonic() - written.at < LATE_S
        if asked == written.address or is_late:
            return
    view = HistoryView.read(asked)
    put(**{field.name: getattr(view, field.name) for field in fields(view)})
    st.session_state.history_written = _Written(asked, asked, 0)


def view() -> HistoryView:
    """What is chosen at present."""
    names = [field.name for field in fields(HistoryView)]
    kept = {name: st.session_state.get(key(name)) for name in names}
    return HistoryView(**{name: value for name, value in kept.items() if value is not None})


def leave(shown: HistoryView) -> None:
    """Write what is shown into the address."""
    address, written = shown.address(), st.session_state.history_written
    if address != written.address:
        st.query_params.from_dict(address)
        st.session_state.history_written = _Written(address, written.address, time.monotonic())
