"""What new spaces say at once: a camera's newest photo is judged by them."""

import streamlit as st

from pages.shell import context
from pages.shell.text import plain
from parkcore.errors import ParkcoreError
from parkcore.spaces.rejudge import judge_again
from parkcore.store import Store


def judge_newest(store: Store, lot_id: str, camera_id: str) -> None:
    """So that the Overview shows at once what new spaces say; the photos before: `layout judge`.
    They are saved all the same where that fails, which is said."""
    place = lot_id, camera_id
    try:
        list(judge_again(store, context.storage(), context.analyser(), *place, limit=1))
    except ParkcoreError as error:
        st.toast(
            f"The newest photo could not be judged by them: {plain(str(error))}",
            icon=":material/warning:",
            duration="long",
        )
