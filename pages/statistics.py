from pages.shell.navigation import enter

enter()

from datetime import UTC, datetime

import streamlit as st

from pages.shell import context
from pages.shell.choosing import lot_names
from pages.shell.parts import plain
from pages.shell.printing import for_paper, print_button
from pages.shell.stats_choice import Chosen, choose
from pages.shell.stats_figures import show_difference, show_summary
from pages.shell.stats_table import show_periods
from parkcore.domain import Lot
from parkcore.history import charts, week_charts
from parkcore.history.questions import Answer
from parkcore.history.ranges import fitting
from parkcore.history.stats_words import percent
from parkcore.store import Store

st.title("Statistics")
for_paper()
zone_name = context.settings().time_zone


def seen_lots(store: Store) -> list[Lot]:
    """The lots that were ever seen, the samples last."""
    lots = [lot for lot in store.lots() if store.span([lot.id])]
    return sorted(lots, key=lambda lot: lot.is_sample)


def show_over_time(answer: Answer, names: dict[str, str], chosen: Chosen) -> None:
    st.subheader("Occupancy over time")
    found = answer.by_period(chosen.period)
    rated = found.groupby("lot")["mean_rate"].transform("count") > 0
    for part in (found[rated], found[~rated]):  # percent and vehicles have no scale in common
        if len(part):
            lines = charts.occupancy_lines(part, names, chosen.period)
            st.altair_chart(lines, width="stretch")
    band = "" if len(names) > 1 else " The band around it is from the lowest to the highest."
    st.caption(
        f"Each step is the mean of one {chosen.period}, weighted by time.{band} The line is broken"
        f" where nothing was seen. Times are those of {zone_name}."
    )


def show_usual_week(answer: Answer, names: dict[str, str]) -> None:
    st.subheader("The usual week")
    pattern = answer.week_pattern()
    for place, lot in zip(places(names), names, strict=True):
        with place:
            heat = week_charts.week_heat(pattern[pattern["lot"] == lot], zone_name)
            st.altair_chart(heat, width="stretch")
    st.caption("The mean of each hour of the week, in percent where the number of spaces is known.")


def show_over_threshold(answer: Answer, names: dict[str, str], chosen: Chosen) -> None:
    period = "day" if chosen.period == "hour" else chosen.period
    found = answer.by_period(period)
    found = found[found.groupby("lot")["over_s"].transform("count") > 0]
    if found["over_s"].fillna(0).sum() == 0:
        return
    st.subheader(f"At {percent(answer.question.threshold)} or more")
    st.altair_chart(charts.over_bars(found, names, period), width="stretch")
    st.caption(f"Hours of each {period} in which it was seen so full. Grey, or no line: not seen.")


def show_types(answer: Answer, names: dict[str, str], chosen: Chosen) -> None:
    st.subheader("Vehicles by type")
    fits = fitting(chosen.question.days, 4)  # four types a step
    period = chosen.period if chosen.period in fits else fits[0]
    found = answer.by_period(period)
    for place, lot in zip(places(names), names, strict=True):
        with place:
            bars = charts.types_bars(found[found["lot"] == lot], period)
            st.altair_chart(bars, width="stretch")


def show_comparison(answer: Answer, other: Answer, names: dict[str, str]) -> None:
    """The earlier days are before, whichever were chosen first."""
    by_time = sorted((other, answer), key=lambda each: each.question.days.first)
    before, after = by_time
    st.subheader("Before and after")
    st.markdown(f"**Before:** {before.question.days}  \n**After:** {after.question.days}")
    rows = [{row["lot"]: row for row in each.summary().to_dict("records")} for each in by_time]
    patterns = [each.week_pattern() for each in by_time]
    for number, (lot, name) in enumerate(names.items()):
        with st.container(key=f"on_one_page_{number}"):
            if len(names) > 1:
                st.markdown(f"**{plain(name)}**")
            if not all(lot in each for each in rows):
                st.caption("There is nothing to compare: it was not seen on the days of both.")
                continue
            show_difference(rows[0][lot], rows[1][lot], answer.question.threshold)
            weeks = (each[each["lot"] == lot] for each in patterns)
            st.altair_chart(week_charts.week_lines(*weeks, zone_name), width="stretch")
    st.caption("A difference says nothing of its cause; look at how much of both was seen.")


def places(names: dict[str, str]) -> list:
    """Where each lot's chart goes, below its name: one over the whole width, several in pairs."""
    if len(names) == 1:
        return [st.container()]
    rows = [st.columns(2, gap="medium") for _ in range(-(-len(names) // 2))]
    found = [column for row in rows for column in row][: len(names)]
    for place, name in zip(found, names.values(), strict=True):
        place.markdown(f"**{plain(name)}**")
    return found


with context.open_store() as store:
    lots = seen_lots(store)
    if not lots:
        st.info("There is nothing to count yet.", icon=":material/monitoring:")
        st.page_link("pages/upload.py", label="Upload photos", icon=":material/upload:")
        st.stop()
    chosen = choose(store, lots)
    if chosen is None:
        st.stop()
    now = datetime.now(UTC)
    answer = chosen.question.answer(store, now)
    other = chosen.other and chosen.other.answer(store, now)

hours = f" · only {plain(str(chosen.question.opening))}" if chosen.question.opening else ""
with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.markdown(f"**{chosen.question.days}** · times of {zone_name}{hours}", width="content")
    print_button()
seen = set(answer.hours["lot"])
names = {lot: lot_names(lots)[lot] for lot in chosen.question.lot_ids}
for lot in [lot for lot in names if lot not in seen]:
    st.info(
        f"{plain(names.pop(lot))}: no photo was taken on these days.",
        icon=":material/event_busy:",
    )
if names:
    show_summary(answer, names)
    if other is not None:
        show_comparison(answer, other, names)
    show_over_time(answer, names, chosen)
    show_usual_week(answer, names)
    show_over_threshold(answer, names, chosen)
    show_types(answer, names, chosen)
    st.subheader(f"By {chosen.period}")
    show_periods(answer, names, chosen.period)
    st.caption(
        "A lot that several cameras see is known only while all of them do, so that there can be"
        " photos of a time that was not seen."
    )
