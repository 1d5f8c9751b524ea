from pages.shell.navigation import enter

enter()

from datetime import UTC, datetime, timedelta

import streamlit as st

from pages.shell import context
from pages.shell.choosing import lot_names
from pages.shell.data_files import offer_data
from pages.shell.parts import plain
from parkcore.domain import Lot
from parkcore.reports.report import Report, make_report
from parkcore.reports.report_files import file_name
from parkcore.reports.report_html import report_html
from parkcore.reports.report_pdf import report_pdf
from parkcore.reports.report_period import Kind, ReportPeriod
from parkcore.store import Store

MOST_PERIODS = 120
KINDS: dict[Kind, str] = {"week": "Week", "month": "Month"}
FRESH_S = 3600
"""For so long a report that was shown is not made anew."""

st.title("Reports")


def choose(store: Store, lots: list[Lot]) -> tuple[str, ReportPeriod]:
    """The lot and period, which the page's address holds too."""
    asked, names = st.query_params, lot_names(lots)
    first, second, third = st.columns([4, 2, 4], vertical_alignment="bottom")
    lot_id = first.selectbox(
        "Lot", list(names), place(list(names), asked.get("lot")), format_func=names.get
    )
    kinds = list(KINDS)
    kind = second.segmented_control(
        "Report on a", kinds, default=kinds[place(kinds, asked.get("by"))],
        format_func=KINDS.get, required=True,
    )  # fmt: skip
    periods = {str(each): each for each in seen_periods(store, lot_id, kind)}
    latest = next(iter(periods.values()))
    is_over = latest.last < datetime.now(context.settings().zone).date()
    whole = 0 if is_over or len(periods) == 1 else 1
    name = third.selectbox(
        KINDS[kind], list(periods), place(list(periods), asked.get("period"), whole),
        format_func=lambda each: said(periods.get(each)),
    )  # fmt: skip
    st.query_params.from_dict({"lot": lot_id, "by": kind, "period": name})
    return lot_id, periods[name]


def place(options: list[str], asked: str | None, default: int = 0) -> int:
    """Where what the address asks for is among the options."""
    return options.index(asked) if asked in options else default


def seen_periods(store: Store, lot_id: str, kind: Kind) -> list[ReportPeriod]:
    """From the latest to the first that has photos, then older ones no more."""
    zone = context.settings().zone
    since, until = store.span([lot_id])
    first = since.astimezone(zone).date()
    last = (until - timedelta(microseconds=1)).astimezone(zone).date()
    period, found = ReportPeriod.around(kind, min(last, datetime.now(zone).date())), []
    while period.last >= first and len(found) < MOST_PERIODS:
        found.append(period)
        period = period.before
    return found


def said(period: ReportPeriod | None) -> str:
    if period is None or period.kind == "month":
        return period.title if period else ""
    return f"{period.title} ({period.short})"


@st.cache_data(ttl=FRESH_S, max_entries=20, show_spinner="Drawing the report …")
def preview(lot_id: str, name: str, kind: Kind, made_of: str) -> str:
    """The report as an HTML file.

    Args:
        made_of: what it follows from, so that it is drawn anew when that changes.
    """
    return report_html(make(lot_id, name, kind))


def make(lot_id: str, name: str, kind: Kind) -> Report:
    period = ReportPeriod.week(name) if kind == "week" else ReportPeriod.month(name)
    with context.open_store() as store:
        return make_report(store, context.settings(), lot_id, period, now=datetime.now(UTC))


def followed_from(store: Store, lot_id: str, period: ReportPeriod) -> str:
    zone = context.settings().zone
    span = period.before.since(zone), period.until(zone)
    hours = store.hours([lot_id], *span, held=True)
    return str((store.lot(lot_id), hours, store.put_right(lot_id, *span), datetime.now(zone).hour))


def show_report(store: Store, lots: list[Lot]) -> None:
    lot_id, period = choose(store, lots)
    wanted = lot_id, str(period), period.kind
    page = preview(*wanted, followed_from(store, lot_id, period))
    with st.container(horizontal=True):
        st.download_button(
            "Download as PDF", lambda: report_pdf(make(*wanted)),
            file_name(lot_id, period, "pdf"), "application/pdf", on_click="ignore",
            icon=":material/picture_as_pdf:", type="primary",
        )  # fmt: skip
        st.download_button(
            "Download as one HTML file", page, file_name(lot_id, period, "html"), "text/html",
            on_click="ignore", icon=":material/html:",
        )  # fmt: skip
    with st.container(border=True):
        st.iframe(page, height=900, alt="Preview of the report")
    folder = context.settings().reports
    if folder is None:
        st.caption(
            "`parkcore serve` makes these by itself, every Monday and on the first of the month,"
            " where a folder for them is set: `reports` in `parkcore.toml`, or `PARKCORE_REPORTS`."
        )
    else:
        st.caption(f"Every Monday and on the first of the month they go to {plain(str(folder))}.")


with context.open_store() as store:
    seen = sorted(
        (lot for lot in store.lots() if store.span([lot.id])), key=lambda lot: lot.is_sample
    )
    if not seen:
        st.info("There is nothing to report on yet.", icon=":material/summarize:")
        st.page_link("pages/upload.py", label="Upload photos", icon=":material/upload:")
        st.stop()
    report_tab, data_tab = st.tabs([":material/summarize: Report", ":material/table: Data"])
    with report_tab:
        show_report(store, seen)
    with data_tab:
        offer_data(store, seen)
