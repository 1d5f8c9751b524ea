from pages.shell.navigation import enter, explained

enter()

import shutil
from dataclasses import replace
from datetime import UTC, datetime

import humanize
import pandas as pd
import streamlit as st

from pages.shell import context, parts, told
from pages.shell.keeping_rules import show_lines, show_rules
from parkcore.service.lock import only_one
from parkcore.store import Store
from parkcore.upkeep.keeping import dry_run, thin
from parkcore.upkeep.retention import EVERY_LOT, KEEP_ALL, Thinning

QUICK = 50_000
"""Of so many snapshots it can be said at once what they take."""

st.title("Storage")
st.caption(
    "How long photos and snapshots are kept. By default everything stays for ever. Photos go"
    " first, then the snapshots that were made of them; the hours stay, so that no figure of an"
    " hour, a day or a month ever changes."
)
settings = context.settings()
zone = settings.zone


def show_figures(store: Store) -> None:
    size, free = store.file_bytes()
    disk = shutil.disk_usage(settings.storage).free if settings.storage.is_dir() else None
    figures = {
        "Database": humanize.naturalsize(size),
        "Free within the database": humanize.naturalsize(free),
        "Free disk space": "–" if disk is None else humanize.naturalsize(disk),
    }
    for column, (label, value) in zip(st.columns(3), figures.items(), strict=True):
        column.metric(label, value, border=True)
    if free > size / 4 and free > 50_000_000:
        st.caption(
            "What is free within the database is used again by what comes. To make its file"
            " smaller: `parkcore keep compact`"
        )


def show_kept(store: Store) -> None:
    """A row a lot; what its photos take only where that is known quickly, or was asked for."""
    st.subheader("What is there")
    lots = store.lots()
    if not lots:
        st.info("There are no photos yet.", icon=":material/photo_library:")
        return
    rules, until = store.retention(), store.thinned_until()
    asked = store.newest_id() <= QUICK or st.button("Measure the photos", icon=":material/scale:")
    kept = store.photos_kept() if asked else {}
    rows = []
    for lot in lots:
        rule = rules.get(lot.id) or (KEEP_ALL if lot.is_sample else rules.get(EVERY_LOT, KEEP_ALL))
        number, size = kept.get(lot.id, (0, 0))
        rows.append(
            {
                "Lot": lot.name,
                **({"Photos": number, "Megabytes": size / 1e6} if asked else {}),
                "Snapshots from": day(store.oldest_photo(lot.id)),
                "to": day(store.newest_photo(lot.id)),
                "Only hours before": day(until.get(lot.id)),
                "Kept": rule.said + (", its own rule" if lot.id in rules else ""),
            }
        )
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        column_config={"Megabytes": st.column_config.NumberColumn(format="%.1f")},
    )
    if until:
        st.caption(
            "Where only hours are left they stay as they are: photos from that time that are read"
            " later, and what is put right on one that was kept, change no figure any more."
        )
    if any(lot.is_sample for lot in lots):
        st.caption("The rendered samples are only thinned by rules of their own.")


def day(at: datetime | None) -> str:
    return "–" if at is None else f"{at.astimezone(zone):%Y-%m-%d}"


@st.dialog("Delete for good?")
@explained()
def confirm_thinning(found: Thinning) -> None:
    show_lines(found)
    if st.button("Delete for good", type="primary", icon=":material/delete_forever:"):
        alone = only_one(settings.db, "keep-apply")
        with st.spinner("Deleting …"), alone, context.open_store() as store:
            done = thin(store, context.storage(), at=found.at)
        gone = f"{done.photos.number:,} photos, {humanize.naturalsize(done.photos.size_bytes)}"
        told.keep("said", f"Done: {gone} are gone.")
        st.rerun()


def show_thinning(store: Store) -> None:
    st.subheader("What goes")
    if st.button("What would go now?", icon=":material/search:"):
        with st.spinner("Looking …"):
            found = dry_run(store, context.storage(), at=datetime.now(UTC))
        if found.is_nothing:
            st.info("Nothing would go.", icon=":material/check:")
            show_lines(found)
        else:
            confirm_thinning(found)
    last = store.last_thinning()
    if last is None:
        st.caption("`parkcore serve` thins once a day by the rules. It has not done so yet.")
        return
    st.caption(f"Thinned last {parts.ago(last[0])} ({parts.when(last[0])}).")
    for problem in last[1].problems:
        st.error(parts.plain(problem), icon=":material/error:")
    with st.expander("What went then", icon=":material/history:"):
        show_lines(replace(last[1], problems=()))
        if last[1].is_nothing:
            st.write("Nothing.")


if said := told.once("said"):
    st.toast(parts.plain(said), icon=":material/check:")
with context.open_store() as opened:
    show_figures(opened)
    show_rules(opened)
    show_thinning(opened)
    show_kept(opened)
