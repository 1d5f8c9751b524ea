"""A month of days coloured by how full a lot was, as a component of our own; see `calendar.js`."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

import streamlit as st

from pages.shell import context
from parkcore.colours import LEVEL
from parkcore.history.calendar_days import By, DayFigures, days_of, weeks
from parkcore.history.history_view import HistoryView, beginning, end
from parkcore.sqlite.look_store import month_after
from parkcore.store import Store

KEY = "calendar"
_FILES = {
    kind: Path(__file__).with_suffix(f".{kind}").read_text(encoding="utf-8")
    for kind in ("css", "js")
}
_calendar = st.components.v2.component(
    "parkcore_calendar", html='<div class="calendar"></div>', **_FILES
)
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
VEHICLES = "#3BA7E8"
"""Of days whose rate is not known."""


def read(store: Store, lot_id: str, month: date) -> dict[date, DayFigures]:
    """The days of a month of which there is something, up to today: the latest look stands for a
    while, which may reach into tomorrow."""
    zone = context.settings().zone
    following = month_after(month)
    until = beginning(following, zone) if following else end(month.replace(day=31), zone)
    found = days_of(store.hours([lot_id], beginning(month, zone), until), zone)
    today = datetime.now(zone).date()
    return {day: figures for day, figures in found.items() if day <= today or figures.photos}


def shown_month(months: list[date], view: HistoryView) -> date:
    """The month that is asked for, that of the day, else the latest that has begun."""
    for asked in (view.month, view.day and view.day.replace(day=1)):
        if asked in months:
            return asked
    today = datetime.now(context.settings().zone).date()
    return max((month for month in months if month <= today), default=months[-1])


def show(
    months: Sequence[date],
    days: Mapping[date, DayFigures],
    view: HistoryView,
    *,
    on_day: Callable[[date], None],
    on_month: Callable[[date], None],
) -> None:
    """The calendar of the month that is chosen.

    Args:
        months: those that can be chosen, however far apart they are.
        on_day, on_month: told what is chosen.
    """
    counted = (day.value(view.by) or 0 for day in days.values() if not day.is_rate)
    most = max(counted, default=0)

    def record(day: date | None) -> dict[str, object] | None:
        if day is None:
            return None
        figures = days.get(day)
        said = f"{day:%a} {day.day} {day:%b %Y}: {figures.said if figures else 'not seen'}"
        return {
            "date": day.isoformat(),
            "number": str(day.day),
            "said": said,
            "chosen": day == view.day,
            **(_look(figures, view.by, most) if figures else {}),
        }

    def told(tell: Callable[[date], None], name: str) -> Callable[[], None]:
        return lambda: tell(date.fromisoformat(st.session_state[KEY][name]))

    _calendar(
        key=KEY,
        on_day_change=told(on_day, "day"),
        on_month_change=told(on_month, "month"),
        data={
            "month": view.month.isoformat(),
            "months": [[each.isoformat(), f"{each:%B %Y}"] for each in months],
            "weekdays": WEEKDAYS,
            "weeks": [[record(day) for day in week] for week in weeks(view.month)],
            "levels": _levels(days),
        },
    )


def _look(figures: DayFigures, by: By, most: float) -> dict[str, object]:
    value = figures.value(by)
    if value is None:
        return {"figure": "?", "colour": "", "share": 0}
    level = context.settings().thresholds.level(value if figures.is_rate else None)
    share = value if figures.is_rate else value / most if most else 0
    colour = LEVEL[level] if level else VEHICLES
    return {"figure": figures.short(by), "colour": colour, "share": share}


def _levels(days: Mapping[date, DayFigures]) -> list[tuple[str, str]]:
    at = context.settings().thresholds
    words = {
        "quiet": f"under {at.moderate:.0%}", "moderate": f"from {at.moderate:.0%}",
        "busy": f"from {at.busy:.0%}", "full": f"from {at.full:.0%}",
    }  # fmt: skip
    found = [(f"{level} ({words[level]})", colour) for level, colour in LEVEL.items()]
    if any(day.mean is not None and not day.is_rate for day in days.values()):
        found = [*(found if any(day.is_rate for day in days.values()) else []),
                 ("vehicles, as their places are not known", VEHICLES)]  # fmt: skip
    return [*found, ("not seen", "")]
