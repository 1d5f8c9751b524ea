"""What a click did, said on the run of the page after it."""

from typing import Any

import streamlit as st

SAID = "told"
"""In the session: the names of what the present run has said."""


def keep(name: str, what: Any) -> None:
    """Leave something for the next run to say."""
    st.session_state[name] = what
    st.session_state.get(SAID, set()).discard(name)


def waits(name: str) -> bool:
    """Whether something was left that the present run has not said."""
    return name in st.session_state and name not in st.session_state.get(SAID, ())


def once(name: str) -> Any:
    """What was left to say, None if nothing.

    It is gone when this run of the page has ended, and not before: where a further click overtakes
    the run, nobody has read it, and the next one says it.
    """
    if name in st.session_state:
        st.session_state.setdefault(SAID, set()).add(name)
    return st.session_state.get(name)


def forget() -> None:
    """Of what this run has said; called when a page has ended."""
    for name in st.session_state.pop(SAID, ()):
        st.session_state.pop(name, None)
