from pages.shell.navigation import enter, explained

enter()

import humanize
import streamlit as st

from pages.shell import context, parts
from pages.shell.ip_cameras import BADGE
from parkcore.service import health
from parkcore.service.camera_health import CameraHealth
from parkcore.service.health import Health, PartHealth

PARTS = {
    "watcher": ("Watcher", "Analyses what arrives in the storage folder."),
    "cameras": ("Camera schedule", "Asks the IP cameras for pictures."),
}

st.title("Health")


def show_state(doing: Health) -> None:
    if doing.ok:
        st.success("Everything works.", icon=":material/check_circle:")
    for problem in doing.problems:
        st.error(parts.plain(problem), icon=":material/error:")


def sentence(text: str) -> str:
    """What Parkcore says, as Markdown; the command in it as code."""
    said = text[:1].upper() + parts.plain(text[1:])
    return said.replace(r"\`parkcore serve\`", "`parkcore serve`")


def show_figures(doing: Health) -> None:
    waiting = sum(p.state.queue for p in doing.parts if p.state and p.name == "watcher")
    free = doing.disk_free_bytes
    figures = [
        {
            "Photos, last hour": f"{doing.photos_last_hour:,}",
            "Photos waiting": f"{waiting:,}",
        },
        {
            "Unreadable photos": f"{doing.failures:,}",
            "Photos recorded": f"{doing.snapshots:,}",
        },
        {
            "Database": humanize.naturalsize(doing.database_bytes),
            "Free disk space": "–" if free is None else humanize.naturalsize(free),
        },
    ]
    for column, pair in zip(st.columns(3), figures, strict=True):
        with column.container(horizontal=True):  # side by side where there is room, as on a phone
            for label, value in pair.items():
                st.metric(label, value, border=True, width="stretch")


def badge(level: str, said: str) -> None:
    word, icon, colour = BADGE[level]
    st.badge(word or said, icon=icon, color=colour)


def show_part(part: PartHealth) -> None:
    name, about = PARTS[part.name]
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{name}**", width="content")
            badge(part.level, "not running")
        st.caption(about)
        st.write(f"{sentence(part.said)}.")
        state = part.state
        if state and state.last_success_at:
            st.caption(f"Last photo analysed {parts.ago(state.last_success_at)}.")
        if state and state.last_failure_at:
            st.caption(
                f":red[Last failure] {parts.ago(state.last_failure_at)}:"
                f" {parts.plain(state.last_failure)}"
            )


def show_camera(camera: CameraHealth) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f"**{parts.plain(camera.lot_id)} / {parts.plain(camera.camera_id)}**",
                width="content",
            )
            badge(camera.level, camera.said)
        st.markdown(parts.code(camera.address) if camera.address else "A folder")
        at = camera.last_picture_at
        picture = f"last picture {parts.ago(at)} ({parts.when(at)})" if at else "no picture yet"
        st.caption(f"{picture} · {camera.photos_last_hour} photos in the last hour")
        if camera.level in ("failing", "stale"):
            st.markdown(f":red[{sentence(camera.said)}]")
        elif camera.last_failure_at:
            st.caption(
                f"Last failure {parts.ago(camera.last_failure_at)}:"
                f" {parts.plain(camera.last_failure)}"
            )


@st.fragment(run_every="5s")
@explained()
def now() -> None:
    with context.open_store() as store:
        doing = health.examine(store, context.settings())
    show_state(doing)
    show_figures(doing)
    for column, part in zip(st.columns(2), doing.parts, strict=True):
        with column:
            show_part(part)
    if doing.cameras:
        st.subheader("Cameras")
    for camera in doing.cameras:
        show_camera(camera)


now()
st.caption(
    "The same for programs: `parkcore status --json`, `GET /api/health`, and `GET /metrics` for"
    " Prometheus."
)
