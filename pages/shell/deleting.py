"""Taking snapshots out of the history, and bringing them back."""

from collections.abc import Sequence

import streamlit as st

from pages.shell import context, told
from pages.shell.navigation import explained
from parkcore.upkeep.retention import BIN

CHANGED = "history_changed"


def many(number: int) -> str:
    return "1 snapshot" if number == 1 else f"{number:,} snapshots"


@st.dialog("Delete from the history?")
@explained()
def confirm(numbers: Sequence[int]) -> None:
    one = len(numbers) == 1
    go, photos = ("goes", "its photo stays") if one else ("go", "their photos stay")
    st.write(
        f"{many(len(numbers))} {go} from the history and from all figures; {photos} in the"
        f" folder. You can bring {'it' if one else 'them'} back for {BIN.days} days."
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep", key="keep"):
            st.rerun()
        if st.button("Delete", type="primary", icon=":material/delete:", key="confirm_delete"):
            with context.open_store() as store:
                store.delete(numbers)
            done(f"{many(len(numbers))} deleted. Bring back what you miss under “Only: Deleted”.")


def bring_back(numbers: Sequence[int]) -> None:
    """Restore some, and show the page anew."""
    with context.open_store() as store:
        store.restore(numbers)
    done(f"{many(len(numbers))} brought back.")


def done(said: str) -> None:
    """Show the page anew with what was done."""
    told.keep(CHANGED, said)
    st.session_state.changes = changes() + 1
    st.rerun()


def changes() -> int:
    """Counts up with every change, so that a selection of rows ends with it."""
    return st.session_state.get("changes", 0)


def say_done() -> None:
    """What a click changed, on the run after it."""
    if said := told.once(CHANGED):
        st.toast(said, icon=":material/check:")
        st.success(said, icon=":material/check:")
