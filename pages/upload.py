from pages.shell.navigation import enter, explained

enter()

from dataclasses import replace

import streamlit as st

from pages.shell import context, parts
from pages.shell.place import choose_place
from parkcore.domain import Lot
from parkcore.ingest import content_id
from parkcore.intake import Received
from parkcore.store import Store

SHOWN = 20

st.title("Upload photos")
st.session_state.setdefault("received", {})
received: dict[str, Received] = st.session_state.received


def take_in(uploads: list, store: Store, lot: Lot, camera_id: str) -> None:
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
                data = upload.getvalue()
                twin = next((r for r in received.values() if r.sha256 == content_id(data)), None)
                if twin is not None:
                    received[upload.file_id] = replace(twin, name=upload.name, repeated=True)
                    continue
                got = received[upload.file_id] = context.take_photo(
                    data, upload.name, lot, camera_id, store
                )
                if got.source is not None:
                    kept.append(got.source)
        finally:
            if kept:
                job.add(kept)


def show(store: Store, got: Received, file_id: str) -> None:
    """One photo's result, or that it is still waited for."""
    failures = {failure.file: failure.reason for failure in store.failures()}
    reason = got.reason or (got.source and failures.get(got.source.file))
    snapshot = store.known(got.sha256)
    if reason is not None:
        name = parts.plain(got.name)
        st.error(f"**{name}**: {parts.plain(reason)}", icon=":material/broken_image:")
    elif snapshot is not None:
        known = got.known or got.repeated
        note = "This photo was recorded before; it counts once." if known else None
        if snapshot.deleted_at:
            note = "This photo was deleted from the history: no figure counts it."
        parts.snapshot_card(store, snapshot, got.name, note)
        if snapshot.deleted_at and st.button(
            "Bring back", icon=":material/restore_from_trash:", key=f"bring back {file_id}"
        ):
            store.restore([snapshot.id])
            st.rerun()
    else:
        st.caption(f":material/hourglass_empty: {parts.plain(got.name)}: not analysed yet")


def clear() -> None:
    received.clear()
    st.session_state.uploads = st.session_state.get("uploads", 0) + 1  # empties the field too


with context.open_store() as store:
    place = choose_place(store, "upload")
    if place is None:
        st.stop()
    uploads = st.file_uploader(
        "Photos",
        accept_multiple_files=True,
        key=f"photos{st.session_state.get('uploads', 0)}",
        help="JPEG, PNG, WebP, BMP, TIFF, GIF or HEIC. What a file is, its content decides.",
    )
    take_in(uploads, store, *place)

shown = context.scan_job().progress


@st.fragment(run_every="500ms" if shown.running else None)
@explained()
def results() -> None:
    """How far the analysis is, and what it gave so far, the newest first.

    In one fragment, as the page Folder scan is, and for the same reason.
    """
    progress = context.scan_job().progress
    if progress.running != shown.running:
        st.rerun()  # the timer begins, or ends
    if progress.running:
        st.progress(
            min(1.0, progress.done / max(1, progress.total)),
            f"{progress.done} of {progress.total} analysed · {parts.plain(progress.current)}",
        )
    if progress.problem:
        kept = "The photos are kept; a folder scan goes on with them."
        st.error(f"{parts.plain(progress.problem)} {kept}", icon=":material/error:")
    with context.open_store() as store:
        for file_id, got in list(reversed(received.items()))[:SHOWN]:
            show(store, got, file_id)
    if len(received) > SHOWN:
        st.caption(f"… and {len(received) - SHOWN} more, to be found in the history.")
    if st.button("Clear the list", icon=":material/clear_all:", on_click=clear):
        st.rerun()


if received:
    results()
else:
    st.caption(
        "Photos are kept in the storage folder and analysed at once. You can leave the page"
        " meanwhile."
    )
