"""The web app. Started with `parkcore serve`, or alone with `streamlit run streamlit_app.py`."""

import streamlit as st

# Drawn here: a named icon of Streamlit's would be fetched from another host by every visitor.
ICON = """
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40" fill="none">
<rect width="40" height="40" rx="9" fill="#0F766E"/>
<path d="M14 32V9h8.500a7.500 7.500 0 0 1 0 15H14" stroke="#fff" stroke-width="5"/></svg>
"""

if __name__ == "__main__":  # every visit runs the file as a script
    from pages.shell.navigation import run

    st.set_page_config(page_icon=ICON, layout="wide")
    run()
else:  # the server imports it once, for what it serves beside the pages
    from pages.shell import api

    app = st.App(__file__, routes=api.routes(), lifespan=api.lifespan)
