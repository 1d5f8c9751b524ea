"""What the page What to expect is about: a lot and the days that are left out, in its address."""

from collections.abc import Iterable
from datetime import date, timedelta

import streamlit as st

from pages.shell import context
from pages.shell.parts import plain
from parkcore.history.expectation import Rules

LEFT_OUT, NEW = "without", "expect_leave_out"
MOST_DAYS = 200
"""An address holds no more."""


def rules() -> Rules:
    settings = context.settings()
    return Rules(settings.zone, settings.thresholds.full, frozenset(left_out()))


def left_out() -> list[date]:
    """The days that the address leaves out; what is no day is passed over."""
    found = set()
    for text in st.query_params.get_all(LEFT_OUT)[:MOST_DAYS]:
        try:
            found.add(date.fromisoformat(text))
        except ValueError:
            continue
    return sorted(found)


def choose_left_out(today: date) -> None:
    """Add days to those that are left out, and take them back."""
    days = left_out()
    said = f" ({len(days)})" if days else ""
    with st.popover(f"Leave out days{said}", icon=":material/event_busy:"):
        st.caption(
            "Holidays, closures and events: days that were unlike others of their weekday say"
            " little of those that come."
        )
        st.date_input(
            "From – to", (), max_value=today - timedelta(days=1), key=NEW, on_change=_leave_out,
            format="YYYY-MM-DD", help="Choose a day twice to leave out only that one.",
        )  # fmt: skip
        kept = st.pills(
            "Left out; choose one to take it back", days, format_func=_say, default=None,
            key=f"expect_back_{len(days)}",
        ) if days else None  # fmt: skip
        if kept is not None:
            _write([day for day in days if day != kept])
            st.rerun()


def suggest(day: date, said: str) -> None:
    """Offer to leave out a day that was unlike others."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f":material/event_busy: {plain(said)}", width="content")
        days = {*left_out(), day}
        st.button("Leave it out", key=f"expect_unlike_{day}", on_click=_write, args=[days])


def _leave_out() -> None:
    chosen = st.session_state[NEW]
    if len(chosen) == 2:
        first, last = chosen
        chosen_days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        _write({*left_out(), *chosen_days})
        st.session_state[NEW] = ()


def _write(days: Iterable[date]) -> None:
    """Of more days than an address holds, the latest, which say the most of those that come."""
    kept = sorted(days)
    if len(kept) > MOST_DAYS:
        st.toast(f"No more than {MOST_DAYS} days can be left out: the earliest are not.")
    st.query_params[LEFT_OUT] = [str(day) for day in kept[-MOST_DAYS:]]


def _say(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b %Y}"
