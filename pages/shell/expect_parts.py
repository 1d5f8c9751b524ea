"""The parts of the page What to expect."""

import html
from datetime import datetime

import pandas as pd
import streamlit as st

from pages.shell import context
from pages.shell.parts import plain
from parkcore.colours import LEVEL
from parkcore.errors import NotEnoughHistory
from parkcore.history import expectation_words as words
from parkcore.history.expectation import Expectation
from parkcore.history.seasonal import EXPLAINED
from parkcore.history.space_change import WEEKS, change_spaces
from parkcore.store import Store

WEEK_STYLE = """<style>
.week-ahead {display: grid; grid-template-columns: auto minmax(4rem, 1fr) auto; gap: .35rem .8rem;
  align-items: center}
.week-ahead .row {display: contents}
.week-ahead .bar {height: .8rem; border-radius: .3rem; min-width: 2px}
.week-ahead .track {background: rgba(128, 128, 128, .18); border-radius: .3rem}
.week-ahead .full {opacity: .75}
@media (max-width: 640px) {
  .week-ahead {display: block}
  .week-ahead .row {display: grid; grid-template-columns: auto 1fr; gap: .2rem .8rem;
    margin-bottom: .7rem}
  .week-ahead .track {grid-column: 1 / -1; order: 3}
  .week-ahead .said {text-align: right}
  .week-ahead .full {display: block}
  .week-ahead .dot {display: none}
}
</style>"""


def headline(seen: Expectation) -> None:
    """When it will be full, in large, and how full it is against what is usual."""
    try:
        full = seen.full()
    except NotEnoughHistory as error:
        said = str(error)
        st.info(plain(f"{said[0].upper()}{said[1:]}."), icon=":material/hourglass_empty:")
        st.markdown(f"**{plain(words.say_compared(seen))}**")
        return
    said = html.escape(words.say_full(seen, full))
    st.html(f'<div style="font-size:2rem;font-weight:700;line-height:1.2">{said}</div>')
    st.markdown(f"**{plain(words.say_compared(seen))}**")
    st.caption(plain(words.say_basis(seen, full)))


def week_ahead(seen: Expectation) -> None:
    st.subheader("The week ahead")
    rows, dot = [], '<span class="dot"> · </span>'
    for day in seen.week():
        level = day.peak is not None and context.settings().thresholds.level(day.peak)
        name = "Today" if day.day == seen.today else f"{day.day:%a}"
        width = min(100, 100 * (day.peak or 0))
        style = f"width:{width:.0f}%;background:{LEVEL[level] if level else 'transparent'}"
        full = words.say_full_days(day)
        rows.append(
            f'<div class="row"><div><b>{name}</b> {day.day.day} {day.day:%b}</div>'
            f'<div class="track"><div class="bar" style="{style}"></div></div>'
            f'<div class="said">{words.say_day(day)}'
            f'<span class="full">{full and f"{dot}{full}"}</span></div></div>'
        )
    st.html(f'{WEEK_STYLE}<div class="week-ahead">{"".join(rows)}</div>')
    st.caption(
        "The fullest hour of each usual day, with the range of four days out of five; and on how"
        f" many of the last ones {words.percent(seen.rules.full_from)} or more was reached."
    )


def how_good(seen: Expectation) -> None:
    """The back-test, in the open."""
    st.subheader("How good is this forecast?")
    found = seen.back_test()
    st.markdown(plain(words.say_error(next(found.itertuples()))))
    if worse := words.say_worse(found):
        st.warning(plain(worse), icon=":material/trending_down:")
    known = found[found["slots"] > 0]
    if len(known):
        st.table(_errors(known))
    st.caption(EXPLAINED)


def _errors(found: pd.DataFrame) -> pd.DataFrame:
    def points(errors: pd.Series) -> list[str]:
        return [f"{100 * each:.1f} points" for each in errors]

    table = pd.DataFrame(
        {
            "Ahead": [f"{each / pd.Timedelta(hours=1):.0f} h" for each in found["ahead"]],
            "Forecast off by": points(found["error"]),
            "“Same as last week” off by": points(found["naive_error"]),
            "Range held the truth": [f"{100 * each:.0f} %" for each in found["held"]],
        }
    )
    return table.set_index("Ahead")


def other_spaces(store: Store, seen: Expectation, now: datetime) -> None:
    st.subheader("With more or fewer spaces")
    left, right = st.columns([1, 2], vertical_alignment="bottom")
    tenth = max(1, (seen.lot.capacity or 100) // 10)
    change = left.number_input(
        "More spaces, or fewer with a minus", -100_000, 100_000, -tenth, key="spaces",
        bind="query-params",
    )  # fmt: skip
    weeks = right.segmented_control(
        "Over the last … weeks", WEEKS, format_func=str, default=13, key="weeks", required=True,
        bind="query-params",
    )  # fmt: skip
    if not change:
        st.caption("0 spaces more change nothing.")
        return
    try:
        found = change_spaces(store, seen.lot.id, now, seen.rules, change=change, weeks=weeks)
    except (NotEnoughHistory, ValueError) as error:
        said = str(error)
        st.info(plain(f"{said[0].upper()}{said[1:]}."), icon=":material/hourglass_empty:")
        return
    st.markdown(f"**{plain(found.found.said)}**")
    st.caption(plain(f"{found.found.hidden} {words.say_changed(found, seen.rules)}"))
