from pages.shell.navigation import enter

enter()

from datetime import UTC, datetime

import streamlit as st

from pages.shell import context, space_figures, space_picture
from pages.shell.choosing import cameras_with_spaces, choose_camera
from pages.shell.parts import plain
from pages.shell.stats_choice import RANGES, choose_days
from parkcore.history.ranges import PRESETS
from parkcore.spaces.space_use import SpaceQuestion, say_extremes, say_seen_share
from parkcore.store import Store

st.title("Use of spaces")


def ask(store: Store, marked: dict[str, list[str]]) -> SpaceQuestion | None:
    """None where the days are still to be chosen, which is said."""
    first, second, third, fourth = st.columns([3, 2, 3, 3], vertical_alignment="bottom")
    lot_id, camera_id = choose_camera(store, marked, "use", (first, second))
    range_name = third.selectbox(
        "Days", PRESETS, 0, format_func=RANGES.get, key="range", bind="query-params"
    )
    settings = context.settings()
    said = (
        f"Those of the settings: {settings.opening}." if settings.opening else "They are not set."
    )
    only_open = fourth.toggle(
        "Only opening hours", key="open", bind="query-params", disabled=settings.opening is None,
        help=said,
    )  # fmt: skip
    days = choose_days(store, [lot_id], range_name)
    if days is None:
        return None
    opening = settings.opening if only_open else None
    hold_s = 60 * settings.stale_minutes
    return SpaceQuestion(lot_id, camera_id, days, settings.zone, hold_s, opening)


def invite(has_photos: bool) -> None:
    st.info(
        "No spaces are marked yet. Mark them once, and every photo after that says which of them"
        " are taken: how much each is used follows from these.",
        icon=":material/grid_view:",
    )
    if has_photos:
        st.page_link("pages/spaces.py", label="Mark the spaces", icon=":material/grid_view:")
    else:
        st.page_link("pages/upload.py", label="Upload photos", icon=":material/upload:")


with context.open_store() as store:
    marked = cameras_with_spaces(store)
    if not marked:
        invite(bool(store.span()))
        st.stop()
    question = ask(store, marked)
    if question is None:
        st.stop()
    answer = question.answer(store, datetime.now(UTC))
    reference = answer and store.layout_reference(answer.layout.id)

hours = f" · only {plain(str(question.opening))}" if question.opening else ""
st.markdown(f"**{question.days}** · times of {context.settings().time_zone}{hours}")
if answer is None:
    st.info(
        "No photo of these days says which spaces were taken: none was taken then, or the spaces"
        " were marked later.",
        icon=":material/event_busy:",
    )
    st.stop()
space_figures.show_all(answer.all)
st.caption(f"{say_seen_share(answer)}.")
space_figures.show_notes(answer)
space_picture.show_picture(answer, reference)
for line in say_extremes(answer):
    st.markdown(plain(line))
space_figures.show_totals(answer)
st.subheader("Every space")
space_figures.show_table(answer)
with st.expander("How to read this"):
    st.markdown(space_figures.EXPLAINED.format(minutes=f"{context.settings().stale_minutes:g}"))
