from pages.shell.navigation import enter

enter()

from datetime import UTC, datetime

import streamlit as st

from pages.shell import context, space_figures, space_picture
from pages.shell.choosing import selectbox
from pages.shell.parts import plain
from pages.shell.stats_choice import RANGES, choose_days
from parkcore.history.ranges import PRESETS
from parkcore.spaces.space_use import SpaceQuestion, say_extremes, say_seen_share
from parkcore.store import Store

st.title("Use of spaces")


def cameras_with_spaces(store: Store) -> dict[str, list[str]]:
    """Per lot the cameras that have marked spaces, the samples last."""
    found: dict[str, list[str]] = {}
    for lot_id, camera_id in sorted(key for key, each in store.layouts().items() if each.spaces):
        found.setdefault(lot_id, []).append(camera_id)
    lots = sorted(store.lots(), key=lambda lot: lot.is_sample)
    return {lot.id: found[lot.id] for lot in lots if lot.id in found}


def warn_of_unknown(marked: dict[str, list[str]]) -> None:
    """That what the address asked for is not there, at the first visit."""
    lot_id, camera_id = st.query_params.get("lot"), st.query_params.get("camera")
    if lot_id is not None and lot_id not in marked:
        st.warning(f"There is no lot “{plain(lot_id)}” with marked spaces.")
    elif camera_id is not None and lot_id and camera_id not in marked[lot_id]:
        st.warning(f"There is no camera “{plain(camera_id)}” with marked spaces.")


def ask(store: Store, marked: dict[str, list[str]]) -> SpaceQuestion | None:
    """None where the days are still to be chosen, which is said."""
    names = {lot.id: lot.name for lot in store.lots()}
    if "use_lot" not in st.session_state:
        warn_of_unknown(marked)
    first, second, third, fourth = st.columns([3, 2, 3, 3], vertical_alignment="bottom")
    lot_id = selectbox(first, "Lot", list(marked), "use_lot", names.get)
    camera_id = selectbox(second, "Camera", marked[lot_id], f"use_camera_{lot_id}")
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
