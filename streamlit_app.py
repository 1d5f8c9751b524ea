"""The web app. Started with `streamlit run streamlit_app.py`."""

import streamlit as st

from pages.shell.navigation import run

st.set_page_config(page_icon=":material/local_parking:", layout="wide")
run()
