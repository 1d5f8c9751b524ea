from pages.shell.navigation import enter, explained

enter()

import streamlit as st

from pages.shell import context, parts
from parkcore.intake import Received, receive
from parkcore.store import Store

st.title("Upload photos")
st.session_state.setdefault("received", {})
received: dict[str, Received] = st.session_state.received


def take_in(uploads: list, store: Store, lot, camera_id: str) -> None:
    """Keep every upload on disk before the first is analysed, so that leaving loses nothing.

    The loop draws nothing: a page that was left ends where it would draw next.
    """
    fresh = [upload for upload in uploads if upload.file_id not in received]
    if not fresh:
        return
    job, kept = context.scan_job(), []
    with st.spinner("Keeping the photos …"):
        try:
            for upload in fresh:
                got = received[upload.file_id] = receive(
                    upload.getvalue(),
                    upload.name,
                    lot=lot,
                    camera_id=camera_id,
                    analyser=context.analyser(),
                    storage=context.storage(),
                    store=store,
                )
                if got.source is not None:
                    kept.append(got.source)
        finally:
            if kept:
                job.add(kept)


def show(store: Store, got: Received) -> bool:
    """One photo's result; whether it is there yet."""
    if got.reason is not None:
        st.error(f"**{parts.plain(got.name)}**: {got.reason}", icon=":material/broken_image:")
        return True
    snapshot = store.known(got.sha256)
    if snapshot is not None:
        known = got.known and "This photo was recorded before; it counts once."
        parts.snapshot_card(store, snapshot, got.name, known)
        return True
    failure = next((f for f in store.failures() if got.source and f.file == got.source.file), None)
    if failure is not None:
        st.error(f"**{parts.plain(got.name)}**: {failure.reason}", icon=":material/broken_image:")
        return True
    st.caption(f":material/hourglass_empty: {parts.plain(got.name)}: waiting to be analysed")
    return False


with context.open_store() as store:
    lot, camera_id = parts.choose_place(store, "upload")
    uploads = st.file_uploader(
        "Photos",
        accept_multiple_files=True,
        help="JPEG, PNG, WebP, BMP, TIFF, GIF or HEIC. What a file is, its content decides.",
    )
    take_in(uploads, store, lot, camera_id)

waiting = context.scan_job().progress.running if received else False


@st.fragment(run_every="500ms" if waiting else None)
@explained()
def results() -> None:
    progress = context.scan_job().progress
    if progress.running:
        total = max(1, progress.total)
        st.progress(
            min(1.0, progress.done / total),
            f"{progress.done} of {progress.total} analysed · {parts.plain(progress.current)}",
        )
    if progress.problem:
        st.error(
            f"{progress.problem} The photos are kept; the folder scan goes on with them.",
            icon=":material/error:",
        )
    with context.open_store() as store:
        for got in reversed(received.values()):
            show(store, got)
    if waiting and not progress.running:
        st.rerun()


if received:
    results()
else:
    st.caption(
        "Photos are kept in the storage folder and analysed at once. You can leave the page"
        " meanwhile."
    )
