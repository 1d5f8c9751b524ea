from pages.shell.navigation import enter

enter()

import streamlit as st

from pages.shell import device_camera, ip_cameras

st.title("Cameras")
device, ip = st.tabs([":material/photo_camera: This device", ":material/videocam: IP cameras"])
with device:
    device_camera.show()
with ip:
    ip_cameras.show()
