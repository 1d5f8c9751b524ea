from pages.shell.navigation import enter, explained

enter()

from datetime import datetime

import streamlit as st

from pages.shell import context, parts, told
from pages.shell.side_by_side import show_change
from parkcore.store import Store
from parkcore.upkeep.comparing import Comparison, compare
from parkcore.upkeep.reprocess import switch_back, switch_over
from parkcore.upkeep.runs import Run

SIDE_BY_SIDE = 3

st.title("Judge again")
st.caption(
    "Stored photos judged by another model or by other marked spaces. What comes of it stands"
    " beside what is in use, until you switch over; and you can switch back."
)
settings = context.settings()


def name(run: Run) -> str:
    wanted, detector = run.wanted, run.detector
    place = " / ".join(filter(None, (wanted.lot_id or "all lots", wanted.camera_id)))
    layout = f", spaces of version {wanted.layout_version}" if wanted.layout_version else ""
    return f"Run {run.id}: {place} by {detector.model}, {detector.imgsz} pixels{layout}"


def show_run(run: Run) -> None:
    missed = sum(run.outcomes.values()) - run.judged
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{parts.plain(name(run))}**", width="content")
            if run.finished_at is None:
                st.badge("not finished", icon=":material/hourglass:", color="orange")
            elif run.used_at:
                st.badge("in use", icon=":material/check:", color="green")
            else:
                st.badge("not in use", color="gray")
        detector = run.detector
        gone = f" · {missed:,} are gone or cannot be read" if missed else ""
        st.caption(
            f"{parts.when(run.created_at)} · {run.judged:,} photos judged{gone} · model version"
            f" {parts.plain(detector.version)}, confidence from {detector.confidence:g}"
        )
        with st.container(horizontal=True):
            if run.finished_at and not run.used_at:
                if st.button("Use it", icon=":material/swap_horiz:", key=f"use{run.id}"):
                    confirm_switch(run)
            elif run.used_at and st.button("Go back", icon=":material/undo:", key=f"undo{run.id}"):
                confirm_switch(run)
            if st.button("Forget", icon=":material/delete:", key=f"forget{run.id}"):
                confirm_forget(run)


@st.dialog("Switch over?")
@explained()
def confirm_switch(run: Run) -> None:
    st.markdown(parts.plain(name(run)))
    if run.used_at:
        st.write("All figures are again those of before this run. What people put right stays.")
    else:
        st.write(
            f"The counts and spaces of {run.judged:,} snapshots become those of this run, in all"
            " figures. What people put right stays. You can go back at any time."
        )
    if st.button("Go back" if run.used_at else "Switch over", type="primary"):
        with st.spinner("Switching …"), context.open_store() as store:
            changed = switch_over(store, run.id) if not run.used_at else switch_back(store, run.id)
        how = "as before" if run.used_at else "those of the run"
        told.keep("said", f"{changed:,} snapshots are {how}.")
        st.rerun()


@st.dialog("Forget this run?")
@explained()
def confirm_forget(run: Run) -> None:
    st.markdown(parts.plain(name(run)))
    if run.used_at:
        st.warning("It stays in use, and there is no way back then.", icon=":material/warning:")
    if st.button("Forget", type="primary", icon=":material/delete:"):
        with context.open_store() as store:
            store.remove_run(run.id)
        told.keep("said", f"Run {run.id} is forgotten.")
        st.rerun()


@st.cache_data(show_spinner="Comparing …", ttl="10m", max_entries=20)
def comparison(run_id: int, created_at: datetime, used_at: datetime | None) -> Comparison:
    """Of a run in one of its states; the number of one that was forgotten may be used again."""
    with context.open_store() as store:
        return compare(store, store.run(run_id), settings.thresholds)


def show_comparison(store: Store, run: Run) -> None:
    found = comparison(run.id, run.created_at, run.used_at)
    st.subheader("What it changed" if run.used_at else "What it would change")
    columns = st.columns(3)
    for number, (label, value, about) in enumerate(figures(found)):
        columns[number % 3].metric(label, value, border=True, help=about)
    if not found.changes:
        st.success("Both say the same of every photo.", icon=":material/check_circle:")
    shown = 0
    for change in found.changes:
        shown += shown < SIDE_BY_SIDE and show_change(store, run, change)
    if found.changes and not shown:
        st.caption("The photos that differ most are no longer there to be shown.")


def figures(found: Comparison) -> list[tuple[str, str, str]]:
    """What is compared, the value, and what it means."""
    growth = "–" if found.growth is None else f"{100 * found.growth:+.1f} %"
    total = f"{found.before.total:,} before, {found.after.total:,} after."
    shown = [
        ("Vehicles", growth, total),
        ("Photos with another count", f"{found.counts_changed:,} of {found.snapshots:,}", ""),
    ]
    if found.rated:
        about = "Quiet, moderate, busy or full; where the number of spaces is known."
        shown.append(
            ("Photos that change level", f"{found.levels_changed:,} of {found.rated:,}", about)
        )
    if found.spaces:
        changed = f"{found.spaces_changed:,} of {found.spaces:,}"
        shown.append(("Spaces that change", changed, "Each marked space counts on each photo."))
    if found.corrected:
        before, after = (e / found.corrected for e in (found.error_before, found.error_after))
        about = f"Against the counts of {found.corrected:,} photos that people put right."
        shown.append(("Vehicles wrong a photo", f"{before:.1f} → {after:.1f}", about))
    return shown


if said := told.once("said"):
    st.toast(parts.plain(said), icon=":material/check:")
with context.open_store() as opened:
    runs = opened.runs()
    if not runs:
        st.info("No photos were judged again yet.", icon=":material/model_training:")
    st.markdown(
        "It takes a while, so a command does it, and goes on where it was stopped:"
        " `parkcore reprocess --lot LOT --model yolov8s.pt`. Other options: `--camera`, `--from`,"
        " `--to`, `--imgsz`, `--confidence`, `--layout`."
    )
    for each in runs:
        show_run(each)
    finished = {each.id: each for each in runs if each.judged}
    if finished:
        chosen = st.selectbox(
            "Compare", list(finished), format_func=lambda each: name(finished[each]),
            key="run", bind="query-params",
        )  # fmt: skip
        show_comparison(opened, finished[chosen])
