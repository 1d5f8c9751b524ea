"""Taking the history along as a file: which part of it, and in which form."""

from datetime import datetime, time, timedelta

import streamlit as st

from pages.shell import context
from pages.shell.choosing import lot_names
from parkcore.domain import Lot
from parkcore.reports.columns import TableName
from parkcore.reports.table_files import MIME, Form, table_bytes
from parkcore.reports.tables import Choice, Tables
from parkcore.sqlite.filters import HistoryFilter
from parkcore.store import Store

TABLES: dict[TableName, str] = {
    "snapshots": "Snapshots: a row for each photo",
    "hours": "Hours: a row for each lot and hour, weighted by time",
    "spaces": "Spaces: a row for each photo and marked space",
}
FORMS: dict[Form, str] = {
    "xlsx": "Excel", "csv": "CSV", "parquet": "Parquet", "json": "JSON",
}  # fmt: skip
MOST = 200_000
"""Photos, from which on a file is too large for a browser."""


def offer_data(store: Store, lots: list[Lot]) -> None:
    """Choose and download.

    Args:
        lots: those that were ever seen.
    """
    names = lot_names(lots)
    first, second = st.columns([6, 4])
    table = first.selectbox("Table", list(TABLES), format_func=TABLES.get, key="data_table")
    form = second.segmented_control(
        "Form", list(FORMS), default="xlsx", format_func=FORMS.get, required=True, key="data_form"
    )
    first, second, third = st.columns([6, 2, 2])
    chosen = first.multiselect(
        "Lots", list(names), format_func=names.get, placeholder="All lots", key="data_lots"
    )
    since = second.date_input("From", None, key="data_from", format="YYYY-MM-DD")
    until = third.date_input("To", None, key="data_to", format="YYYY-MM-DD")
    if since and until and since > until:
        st.warning("“From” is after “To”, so nothing can match.", icon=":material/event_busy:")
        return
    zone = context.settings().zone
    choice = Choice(
        tuple(chosen or names),
        since and datetime.combine(since, time(), zone),
        until and datetime.combine(until + timedelta(days=1), time(), zone),
    )
    if table != "hours" and photos(store, choice) > MOST:
        st.info(
            f"These are more than {MOST:,} photos, too many for a download. Choose fewer days, or"
            f" write them to a file of any size: `parkcore export {table} --to-file"
            f" {table}.{form}`",
            icon=":material/terminal:",
        )
        return
    download_button(table, form, choice)
    st.caption(
        f"Headings say the units. Times are those of {context.settings().time_zone}, with UTC"
        " beside them."
    )


def photos(store: Store, choice: Choice) -> int:
    """How many there are, counted no farther than needed."""
    total = 0
    for lot_id in choice.lot_ids:
        which = HistoryFilter(lot_id=lot_id, since=choice.since, until=choice.until)
        total += store.count(which, most=MOST + 1 - total)
        if total > MOST:
            break
    return total


def download_button(table: TableName, form: Form, choice: Choice) -> None:
    """A button that makes the file when it is clicked."""

    def data() -> bytes:
        settings = context.settings()
        with context.open_store() as own:
            parts = Tables(own, settings.zone, settings.thresholds).parts(table, choice)
            return table_bytes(table, parts, form=form, zone=settings.zone)

    st.download_button(
        f"Download {table} as {FORMS[form]}", data, f"parkcore-{table}.{form}", MIME[form],
        icon=":material/download:", on_click="ignore", type="primary",
    )  # fmt: skip
