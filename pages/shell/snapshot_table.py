"""The table of snapshots: page by page by their keys, so that it stays quick with millions."""

import base64
from dataclasses import replace

import pandas as pd
import streamlit as st

from pages.shell import context, deleting, parts, training
from pages.shell.history_address import put
from pages.shell.navigation import explained
from parkcore.domain import Snapshot
from parkcore.history.history_view import HistoryView
from parkcore.sqlite.filters import HistoryFilter
from parkcore.store import Store

PAGE = 50
COUNTED = 10_000
SEARCHED = 20_000
"""Snapshots that a search looks through at once."""
WRITTEN = 100_000
"""Rows of the file that the page gives; the command line writes all."""
TYPES = ("Car", "Moto", "Bus", "Truck")


def show(store: Store, view: HistoryView) -> None:
    zone = context.settings().zone
    which = view.filter(zone)
    deleting.say_done()
    if view.since and view.until and view.since > view.until:
        st.warning("“From” is after “To”, so nothing can match.", icon=":material/event_busy:")
    after = store.snapshot(view.after) if view.after else None
    reach = store.reach(which, most=SEARCHED, after=after) if which.is_search else None
    if reach:
        which = replace(which, since=max(filter(None, (which.since, reach.photo.captured_at))))
    found = store.snapshots(which, limit=PAGE + 1, after=after)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(_how_many(store, which), width="content")
        _download(which, disabled=not found)
        if view.only == "corrected":
            training.offer(store)
    if reach:
        _say_reach(reach)
    if not found:
        st.info("No snapshot matches.", icon=":material/filter_alt_off:")
    else:
        _rows(store, view, found[:PAGE])
    _paging(which, found, after)


def _how_many(store: Store, which: HistoryFilter) -> str:
    number = store.count(which, most=COUNTED + 1)
    if number > COUNTED:
        return f"More than **{COUNTED:,}** snapshots"
    return f"**{number:,}** {'snapshot' if number == 1 else 'snapshots'}"


def _download(which: HistoryFilter, *, disabled: bool) -> None:
    def as_csv() -> str:
        with context.open_store() as own:
            exporter = context.exporter(own)
            found = own.snapshots(which, limit=WRITTEN, newest_first=False)
            return exporter.csv(own.with_looks(found))

    st.download_button(
        "Download as CSV", as_csv, "parkcore-history.csv", "text/csv",
        icon=":material/download:", on_click="ignore", disabled=disabled,
        help=f"Up to {WRITTEN:,} rows; all of them: `parkcore history --csv`.",
    )  # fmt: skip


def _say_reach(reach: Snapshot) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f"Searched {SEARCHED:,} photos, back to {parts.when(reach.photo.captured_at)}. Choose"
            " days, a lot or a camera to search others.",
            width="content",
        )
        st.button(
            "Search further back", type="tertiary", icon=":material/history:",
            on_click=lambda: put(after=reach.id),
        )  # fmt: skip


def _rows(store: Store, view: HistoryView, snapshots: list[Snapshot]) -> None:
    selection = st.dataframe(
        _table(store, view, snapshots),
        key=f"snapshots {hash(view)} {deleting.changes()}",
        hide_index=True,
        row_height=64,
        height=min(720, 38 + 64 * len(snapshots)),
        on_select="rerun",
        selection_mode="multi-row",
        column_config={
            "Photo": st.column_config.ImageColumn(width=90),
            **{name: st.column_config.NumberColumn(width=50) for name in TYPES},
            "Occupancy": st.column_config.ProgressColumn(
                format="%.0f %%", min_value=0, max_value=100
            ),
        },
    )
    chosen = [snapshots[row].id for row in selection.selection.rows if row < len(snapshots)]
    with st.container(horizontal=True, vertical_alignment="center"):
        if not chosen:
            st.caption("Select a row to open it, or several to delete them.")
            return
        st.markdown(f"**{deleting.many(len(chosen))}** selected", width="content")
        if len(chosen) == 1:
            st.page_link(
                "pages/snapshot.py", label="Open", icon=":material/open_in_full:",
                query_params={"id": str(chosen[0])},
            )  # fmt: skip
        if view.only == "deleted":
            if st.button("Bring back", icon=":material/restore_from_trash:"):
                deleting.bring_back(chosen)
        elif st.button("Delete …", icon=":material/delete:"):
            deleting.confirm(chosen)


def _table(store: Store, view: HistoryView, snapshots: list[Snapshot]) -> pd.DataFrame:
    names, zone = {lot.id: lot.name for lot in store.lots()}, context.settings().zone
    numbers = [snapshot.id for snapshot in snapshots]
    small, looks = store.thumbnails(numbers), store.looks(numbers)
    rows = []
    for snapshot in snapshots:
        photo, look = snapshot.photo, looks[snapshot.id]
        jpeg = base64.b64encode(small.get(snapshot.id, b"")).decode()
        told = look.told if look.vehicles is not None else None
        gone = snapshot.deleted_at
        rows.append(
            {
                "Photo": f"data:image/jpeg;base64,{jpeg}" if jpeg else None,
                "Taken": photo.captured_at.astimezone(zone).strftime("%Y-%m-%d %H:%M"),
                "Lot": names[photo.lot_id],
                "Camera": photo.camera_id,
                "Vehicles": snapshot.counted.total,
                "Occupancy": 100 * look.taken // told if told else None,
                "By hand": "corrected" if snapshot.correction else "",
                **({"Deleted": gone.astimezone(zone).strftime("%Y-%m-%d %H:%M")} if gone else {}),
                **dict(zip(TYPES, snapshot.counted.as_dict().values(), strict=True)),
                "File": photo.file,
            }
        )
    table = pd.DataFrame(rows)
    return table if any(table["By hand"]) else table.drop(columns="By hand")


def _paging(which: HistoryFilter, found: list[Snapshot], after: Snapshot | None) -> None:
    """To the pages before and after this one, by the snapshots at its ends."""
    if after is None and len(found) <= PAGE:
        return

    def newer() -> None:
        with explained(), context.open_store() as own:
            page = own.snapshots(which, limit=PAGE + 1, newest_first=False, after=found[0])
            put(after=page[PAGE].id if len(page) > PAGE else None)

    with st.container(horizontal=True):
        st.button(
            "Newest", icon=":material/first_page:", disabled=after is None,
            on_click=lambda: put(after=None),
        )  # fmt: skip
        if not which.is_search:
            st.button(
                "Newer", icon=":material/chevron_left:", disabled=after is None or not found,
                on_click=newer,
            )  # fmt: skip
        st.button(
            "Older", icon=":material/chevron_right:", icon_position="right",
            disabled=len(found) <= PAGE, on_click=lambda: put(after=found[PAGE - 1].id),
        )  # fmt: skip
