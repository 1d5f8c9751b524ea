"""How right the spaces of a camera are judged, as its people answered."""

import streamlit as st

from parkcore.accuracy import meter_charts, meter_words
from parkcore.accuracy.meter import Meter, Tally

_BIG = "font-size:2.6rem;font-weight:700;line-height:1.1"
_MANY = 30
"""From so many answers on, parts of them are worth a chart."""

EXPLAINED = """
- **Which spaces are asked about** is left to chance: every space on every photo of the day is as
  likely as any other, so the answers speak for all of them. Corrections are not counted, as people
  correct what is wrong.
- **Right** is the share of answers that agree, of the spaces that were judged. What was left open,
  and what you could not tell either, stand apart.
- **The range** holds the true figure 95 times of 100 (Wilson's interval), and narrows with every
  answer.
- **A change** is said only where it is more than chance (Newcombe's interval for the difference).
- Answers stay when old photos are thinned, and go with photos that are deleted.
"""


def show_all(meter: Meter) -> None:
    """How right it is in all, and whether that changes."""
    _show_all(meter.all)
    drift = meter.drift()
    if drift is not None:
        icons = {"worse": ":material/trending_down:", "better": ":material/trending_up:"}
        icon = icons.get(drift.verdict, ":material/trending_flat:")
        if drift.verdict == "worse":
            st.warning(meter_words.say_drift(drift), icon=icon)
        else:
            st.markdown(f"{icon} {meter_words.say_drift(drift)}")


def show_parts(meter: Meter) -> None:
    """By week, by hour, by light and by what judged."""
    judged = meter.all.judged
    if not judged:
        return
    if judged < _MANY:
        st.caption(f"By week, hour and light from {_MANY} answers on; there are {judged}.")
    else:
        weeks = meter.by_week()
        if len(weeks) > 1:
            st.subheader("Week by week")
            st.altair_chart(meter_charts.weeks(weeks), width="stretch")
        left, right = st.columns(2, gap="medium")
        _show_groups(left, "By hour of the day", "Hour", meter.by_hours())
        _show_groups(right, "By light", "Light of the photo", meter.by_light())
    _show_models(meter)


def _show_all(tally: Tally) -> None:
    if tally.accuracy is None:
        st.html(f'<div style="{_BIG};opacity:.6">Not known yet</div>')
    else:
        low, high = tally.interval
        st.html(
            f'<div style="display:flex;align-items:baseline;gap:.9rem;flex-wrap:wrap">'
            f'<span style="{_BIG}">'
            f"{meter_words.percent(tally.accuracy)} right</span>"
            f"<span>between {100 * low:.1f} and {100 * high:.1f} %</span></div>"
        )
        st.markdown(
            f"{meter_words.answers(tally.judged)} about spaces that were judged:"
            f" {meter_words.say_wrong(tally)}."
        )
    st.caption(meter_words.say_missing(tally))


def _show_groups(where, heading: str, title: str, tallies: dict[str, Tally]) -> None:
    if tallies:
        where.subheader(heading)
        where.altair_chart(meter_charts.groups(tallies, title), width="stretch")


def _show_models(meter: Meter) -> None:
    st.subheader("By what judged")
    rows = [
        {
            "Right": "" if tally.accuracy is None else meter_words.percent(tally.accuracy),
            "Between": ""
            if tally.interval is None
            else "{:.1f}–{:.1f} %".format(*(100 * each for each in tally.interval)),
            "Answers": tally.judged,
            "Free called occupied": tally.false_occupied,
            "Occupied called free": tally.false_vacant,
            "Left open": tally.unknown,
            "Model": name,  # last, as it is long: on a phone the figures are seen first
        }
        for name, tally in meter.by_model().items()
    ]
    st.dataframe(rows, hide_index=True, width="stretch")
