from pages.shell.navigation import enter, explained

enter()

import streamlit as st

from pages.shell import context, parts
from parkcore.errors import FolderError
from parkcore.folder import Pending, pending
from parkcore.job import Progress
from parkcore.service import health

st.title("Folder scan")
root = context.storage().root
st.markdown(f"Photos in `{root.absolute()}` that are not in the history yet.")
job = context.scan_job()
with context.open_store() as opened:
    if health.runs(opened, "watcher"):
        st.caption("The watcher reads new photos by itself; there is nothing you need to do here.")


@explained()
def retry(files: list[str]) -> None:
    places = context.storage()
    job.add([places.source(places.path(file), describe=places.described) for file in files])


@explained()
def dismiss(files: list[str]) -> None:
    with context.open_store() as store:
        store.forget_failures(files)


def show_running(progress: Progress) -> None:
    share = progress.done / progress.total if progress.total else 0.0
    st.progress(
        min(1.0, share),
        f"{progress.done} of {progress.total} photos · {parts.plain(progress.current)}",
    )
    st.button("Cancel", icon=":material/cancel:", on_click=job.cancel)


def show_outcome(progress: Progress) -> None:
    words = {"done": "Done", "cancelled": "Cancelled", "stopped": "Stopped"}[progress.status]
    text = (
        f"**{words}**: {progress.new} new, {progress.known} known already,"
        f" {progress.failed} could not be read."
    )
    if progress.problem:
        st.error(f"{text} {parts.plain(progress.problem)}", icon=":material/error:")
    elif progress.status == "cancelled":
        st.warning(f"{text} The next scan goes on from here.", icon=":material/cancel:")
    else:
        st.success(text, icon=":material/check_circle:")


def look_through() -> Pending | str:
    """What is still to be read; or why the folder cannot be looked through."""
    with st.spinner("Looking through the folder …"), context.open_store() as store:
        try:
            return pending(root, context.storage(), store)
        except FolderError as error:
            return str(error)


def show_pending(found: Pending | str) -> None:
    if isinstance(found, str):
        st.error(parts.plain(found), icon=":material/folder_off:")
        return
    new, known, failed = st.columns(3)
    new.metric("New photos", len(found.sources), border=True)
    known.metric("Known already", found.known, border=True)
    failed.metric("Could not be read so far", found.failed_before, border=True)
    for said in found.skipped:
        st.warning(parts.plain(said), icon=":material/folder_off:")
    if found.sources:
        st.button("Scan", type="primary", icon=":material/play_arrow:", on_click=job.start)
    else:
        st.caption("Nothing new. Put photos into the folder as LOT/CAMERA/photo.jpg.")
        if st.button("Look again", icon=":material/refresh:"):
            st.rerun()


def show_failures() -> None:
    with context.open_store() as store:
        failures = store.failures()
    if not failures:
        return
    st.subheader("Photos that could not be read")
    st.caption("They are not counted as empty. Files stay where they are.")
    for failure in failures[:50]:
        with st.container(border=True):
            st.markdown(f"**{parts.plain(failure.file)}**")
            st.write(parts.plain(failure.reason))
            attempts = "once" if failure.attempts == 1 else f"{failure.attempts} times"
            with st.container(horizontal=True, vertical_alignment="center"):
                st.caption(
                    f"tried {attempts}, last {parts.ago(failure.failed_at)}", width="content"
                )
                is_there = failure.in_storage and context.storage().path(failure.file).exists()
                label, act = ("Retry", retry) if is_there else ("Dismiss", dismiss)
                st.button(label, key=f"{label}{failure.id}", on_click=act, args=([failure.file],))
    if len(failures) > 50:
        st.caption(f"… and {len(failures) - 50} more.")
    kept = [failure.file for failure in failures if failure.in_storage]
    if len(kept) > 1:
        st.button("Retry all", icon=":material/refresh:", on_click=retry, args=(kept,))


shown = job.progress
found = None if shown.running else look_through()


@st.fragment(run_every="500ms" if shown.running else "2s")
@explained()
def panel() -> None:
    """The scan that runs, or how the last one ended, whichever tab began it.

    All of the page that changes is in here: of what stands outside of a fragment, an app that is
    served with routes of its own loses parts when several tabs rerun at once.
    """
    progress = job.progress
    if progress.running != shown.running:
        st.rerun()
    if progress.running:
        show_running(progress)
    elif progress.status != "idle":
        show_outcome(progress)
    if found is not None:
        show_pending(found)
    show_failures()


panel()
