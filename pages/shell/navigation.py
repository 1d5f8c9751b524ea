"""Which pages there are, and the way into each of them."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from pages.shell import told
from pages.shell.parts import plain
from parkcore.errors import ParkcoreError

LOGO = """
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 150 40" fill="none" stroke-width="2.8">
<rect x="1" y="1" width="38" height="38" rx="9" fill="#0F766E"/>
<path d="M14 31V9h8.2a7.2 7.2 0 0 1 0 14.4H14" stroke="#fff" stroke-width="4"/>
<g stroke="#14938A" stroke-linecap="round" stroke-linejoin="round">
<path d="M51 28V11h5a5 5 0 0 1 0 10h-5M75 18v10M80 28V18m0 5a5 5 0 0 1 5-5M89 28V11m8 7-8 6m3-2
 6 6M110 19.500a5 5 0 1 0 0 7M128 28V18m0 5a5 5 0 0 1 5-5M136 23h10a5 5 0 1 0-1.600 3.700"/>
<circle cx="70" cy="23" r="5"/><circle cx="119" cy="23" r="5"/></g></svg>
"""


def pages() -> dict[str, list[st.Page]]:
    return {
        "Now": [
            st.Page(
                "pages/overview.py", title="Overview", icon=":material/dashboard:", default=True
            ),
            st.Page("pages/lot.py", title="One lot", icon=":material/map:"),
            st.Page("pages/expect.py", title="What to expect", icon=":material/trending_up:"),
        ],
        "Add photos": [
            st.Page("pages/upload.py", title="Upload", icon=":material/upload:"),
            st.Page("pages/scan.py", title="Folder scan", icon=":material/folder_open:"),
            st.Page("pages/camera.py", title="Cameras", icon=":material/photo_camera:"),
        ],
        "Records": [
            st.Page("pages/history.py", title="History", icon=":material/history:"),
            st.Page("pages/snapshot.py", title="Snapshot", visibility="hidden"),
            st.Page("pages/statistics.py", title="Statistics", icon=":material/monitoring:"),
            st.Page("pages/space_use.py", title="Use of spaces", icon=":material/hourglass_top:"),
            st.Page("pages/accuracy.py", title="Accuracy", icon=":material/fact_check:"),
            st.Page("pages/reports.py", title="Reports", icon=":material/summarize:"),
        ],
        "Set-up": [
            st.Page("pages/spaces.py", title="Spaces", icon=":material/grid_view:"),
            st.Page("pages/lots.py", title="Lots", icon=":material/local_parking:"),
            st.Page("pages/keeping.py", title="Storage", icon=":material/inventory_2:"),
            st.Page("pages/reprocessing.py", title="Judge again", icon=":material/model_training:"),
            st.Page("pages/health.py", title="Health", icon=":material/monitor_heart:"),
        ],
    }


def run() -> None:
    """Show the page that was asked for; the entry script's last line."""
    st.session_state["entered"] = True
    st.logo(LOGO, size="large")
    page = st.navigation(pages())
    with explained():
        page.run()
    told.forget()


@contextmanager
def explained() -> Iterator[None]:
    """Say on the page, in its own words, what Parkcore raises.

    Fragments, dialogs and callbacks need it for themselves: Streamlit runs them apart from the
    page, and shows a traceback of what they raise.
    """
    try:
        yield
    except ParkcoreError as error:
        st.error(plain(str(error)), icon=":material/error:", title="This did not work")


def enter() -> None:
    """The first line of every page.

    Beside a folder `pages/`, Streamlit answers the very first request of a fresh server, when
    it is a deep link, by running the page's file alone, past the entry script. This turns it
    to `st.navigation` for good and starts again, through the entry script.
    """
    if not st.session_state.get("entered"):
        st.navigation(pages(), position="hidden")
        st.rerun()
