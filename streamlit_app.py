"""The web app. Started with `parkcore serve`, or alone with `streamlit run streamlit_app.py`."""

import streamlit as st

if __name__ == "__main__":  # every visit runs the file as a script
    from pages.shell.navigation import run

    st.set_page_config(page_icon=":material/local_parking:", layout="wide")
    run()
else:  # the server imports it once, for what it serves beside the pages
    from pages.shell import api

    app = st.App(__file__, routes=api.routes(), lifespan=api.lifespan)
