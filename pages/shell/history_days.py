"""The days of a lot: a month as a calendar, and beside it the day that is chosen."""

from dataclasses import replace
from datetime import date

import streamlit as st

from pages.shell import calendar, context, day_photos, parts
from pages.shell.history_address import key, put
from parkcore.history.calendar_days import By, DayFigures
from parkcore.history.history_view import HistoryView, beginning, end
from parkcore.history.stats_words import say_corrected
from parkcore.sqlite.filters import HistoryFilter
from parkcore.store import Store

BY: dict[By, str] = {"mean": "Mean", "peak": "Fullest"}


def show(store: Store, view: HistoryView) -> None:
    months = store.months(view.lot, context.settings().zone)
    if not months:
        st.info("There are no photos of this lot yet.", icon=":material/add_a_photo:")
        st.page_link("pages/upload.py", label="Upload photos", icon=":material/upload:")
        return
    month = calendar.shown_month(months, view)
    days = calendar.read(store, view.lot, month)
    is_elsewhere = view.day is not None and view.day.replace(day=1) != month
    if is_elsewhere and view.day.replace(day=1) not in months:
        st.warning(
            f"Nothing was seen on {_long(view.day)}, nor in that month.",
            icon=":material/event_busy:",
        )
    if view.day is None or is_elsewhere:
        put(day=max((day for day, figures in days.items() if figures.photos), default=None))
    put(month=month)
    left, right = st.columns([2, 3], gap="medium")
    with left:
        shown = replace(view, month=month, day=st.session_state[key("day")])
        calendar.show(
            months, days, shown, on_day=lambda day: put(day=day),
            on_month=lambda chosen: put(month=chosen),
        )  # fmt: skip
        st.segmented_control(
            "Figure and colour of a day", list(BY), format_func=BY.get, key=key("by"),
            required=True, help="Its mean over the time that was seen, or its fullest moment.",
        )  # fmt: skip
    with right:
        chosen = st.session_state[key("day")]
        if chosen is None:
            st.info("Nothing was seen in this month.", icon=":material/event_busy:")
            return
        figures = days.get(chosen)
        st.subheader(_long(chosen))
        if figures is None:
            st.info("Nothing was seen on this day.", icon=":material/event_busy:")
            return
        st.markdown(parts.plain(f"{figures.said[:1].upper()}{figures.said[1:]}."))
        _say_corrected(store, view.lot, figures)
        day_photos.show(view.lot, view.camera, chosen)


def _say_corrected(store: Store, lot_id: str, figures: DayFigures) -> None:
    zone = context.settings().zone
    since, until = beginning(figures.day, zone), end(figures.day, zone)
    by_hand = store.count(HistoryFilter(lot_id, since=since, until=until, corrected=True))
    if said := say_corrected(by_hand, figures.photos):
        st.caption(f":material/edit_note: {said}; the figures follow that.")


def _long(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B %Y}"
