"""What the page Statistics is to show: lots, days, and how; kept in the page's address."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import streamlit as st

from pages.shell import context
from pages.shell.choosing import lot_names, write
from pages.shell.text import plain
from parkcore.domain import Lot
from parkcore.history.questions import Question, latest_day
from parkcore.history.ranges import FIRST, LAST, PRESETS, Days, fitting, preset, usual, year_before
from parkcore.history.stats import PERIODS, Period
from parkcore.store import Store

MOST_LOTS = 10
RANGES = {
    "latest": "Latest 7 days",
    "week": "This week",
    "last-week": "Last week",
    "4-weeks": "Last 4 weeks",
    "month": "This month",
    "last-month": "Last month",
    "year": "This year",
    "own": "Own days",
}
OTHERS = {
    "nothing": "Nothing",
    "before": "The days before",
    "year": "52 weeks before",
    "own": "Own days",
}


@dataclass(frozen=True)
class Chosen:
    question: Question
    period: Period
    other: Question | None
    """The same of other days, to compare with."""


def choose(store: Store, lots: list[Lot]) -> Chosen | None:
    """None where something is still to be chosen, which is said.

    Args:
        lots: those that were ever seen.
    """
    with st.container(key="not_on_paper_choices"):
        first, second, third = st.columns([4, 3, 3])
        ids = choose_lots(first, lots)
        range_name = second.selectbox(
            "Days", PRESETS, 0, format_func=RANGES.get, key="range", bind="query-params"
        )
        other_name = third.selectbox(
            "Compare with", list(OTHERS), 0, format_func=OTHERS.get, key="with",
            bind="query-params",
        )  # fmt: skip
        days = choose_days(store, ids, range_name)
        other = choose_other(other_name, days)
        period, threshold, only_open = choose_how()
    if not ids:
        st.info("Choose at least one lot.", icon=":material/local_parking:")
    if not ids or days is None or (other is None and other_name != "nothing"):
        return None
    settings = context.settings()
    opening = settings.opening if only_open else None

    def question(of: Days) -> Question:
        return Question(tuple(ids), of, settings.zone, threshold, opening)

    return Chosen(question(days), fit(period, days, len(ids)), other and question(other))


def choose_lots(where, lots: list[Lot]) -> list[str]:
    """Lots by their ids, which the page's address keeps: names may change."""
    names, key = lot_names(lots), "stats_lots"
    if key not in st.session_state:
        asked = st.query_params.get_all("lots")
        for lot_id in sorted(set(asked) - set(names)):
            st.warning(f"There is no lot “{plain(lot_id)}”.", icon=":material/search_off:")
        st.session_state[key] = [each for each in names if each in asked][:MOST_LOTS] or [
            lots[0].id
        ]
    chosen = where.multiselect(
        "Lots", list(names), format_func=names.get, key=key, max_selections=MOST_LOTS
    )
    write("lots", chosen)
    return chosen


def choose_days(store: Store, ids: list[str], name: str) -> Days | None:
    now, zone = datetime.now(UTC), context.settings().zone
    today = now.astimezone(zone).date()
    latest = latest_day(store, ids, zone, now) or today
    if name == "own":
        week = preset("latest", today, latest)
        return ask_days(week, "from", "to", "")
    return preset(name, today, latest)


def choose_other(name: str, days: Days | None) -> Days | None:
    """The days to compare with."""
    if days is None or name == "nothing":
        return None
    if name == "own":
        return ask_days(days.before(), "with_from", "with_to", " (compared)")
    try:
        return days.before() if name == "before" else year_before(days)
    except ValueError as error:
        st.warning(f"There is nothing to compare with: {error}.", icon=":material/event_busy:")
        return None


def ask_days(offered: Days, first_key: str, last_key: str, what: str) -> Days | None:
    left, right, _ = st.columns([3, 3, 4])
    first = ask_day(left, f"From{what}", offered.first, first_key)
    last = ask_day(right, f"To{what}", offered.last, last_key)
    if first is None or last is None:
        st.info("Choose a first and a last day.", icon=":material/date_range:")
        return None
    if first > last:
        st.warning(
            f"“From{what}” is after “To{what}”: choose them the other way round.",
            icon=":material/event_busy:",
        )
        return None
    return Days(first, last)


def ask_day(where, label: str, offered: date, key: str) -> date | None:
    return where.date_input(
        label, offered, FIRST, LAST, key=key, format="YYYY-MM-DD", bind="query-params"
    )


def choose_how() -> tuple[Period | None, float, bool]:
    """A row or step for each hour, day, …, the threshold (0..1), and whether only open hours."""
    settings = context.settings()
    first, second, third = st.columns([4, 3, 3], vertical_alignment="bottom")
    period = first.segmented_control(
        "A step for each", PERIODS, format_func=str.capitalize, key="by", bind="query-params",
        help="Chosen by the length of the days, where you choose none.",
    )  # fmt: skip
    threshold = second.number_input(
        "Count the time from (%)", 1, 500, round(100 * settings.thresholds.full), 5, key="over",
        help="For how long lots were at least so full.", bind="query-params",
    )  # fmt: skip
    said = f"Those of the settings: {settings.opening}."
    unset = "Set `opening_hours` in `parkcore.toml` or `PARKCORE_OPENING_HOURS`: `mon-fri 7-21`."
    only_open = third.toggle(
        "Only opening hours", key="open", bind="query-params", disabled=settings.opening is None,
        help=said if settings.opening else unset,
    )  # fmt: skip
    return period, threshold / 100, only_open and settings.opening is not None


def fit(period: Period | None, days: Days, lots: int) -> Period:
    """The period that was asked for, unless that would be too many points for a chart."""
    best = usual(days, lots)
    if period is None or period in fitting(days, lots):
        return period or best
    st.caption(f"By {best}: a chart by {period} would have too many points to be read.")
    return best
