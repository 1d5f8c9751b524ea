from pages.shell.navigation import enter

enter()

from datetime import UTC, datetime

import streamlit as st

from pages.shell import accuracy_figures, checking, context
from pages.shell.choosing import cameras_with_spaces, choose_camera
from parkcore.accuracy.asking import answered_about, day_of_questions
from parkcore.accuracy.meter import Meter
from parkcore.sqlite.filters import HistoryFilter
from parkcore.store import Store
from parkcore.training.own_model import LEAST_HELD_BACK, LEAST_SPACES

st.title("Accuracy")
st.caption(
    "How right this camera's spaces are judged, by your own answers: a few spaces a day, drawn by"
    " chance."
)


def invite(has_photos: bool) -> None:
    st.info(
        "No spaces are marked yet. Mark them once, and every photo after that says which of them"
        " are taken; how right that is, this page finds out by asking you about a few of them.",
        icon=":material/fact_check:",
    )
    if has_photos:
        st.page_link("pages/spaces.py", label="Mark the spaces", icon=":material/grid_view:")
    else:
        st.page_link("pages/upload.py", label="Upload photos", icon=":material/upload:")


def ask(store: Store, place: tuple[str, str]) -> None:
    """A few questions about the newest day."""
    zone = context.settings().zone
    day = st.session_state.get(f"day_asked {place}") or day_of_questions(
        store, *place, now=datetime.now(UTC), zone=zone
    )
    if day is None:
        st.info(
            "No photo of this camera was judged since its spaces were marked. As soon as there is"
            " one, you are asked about a few of its spaces here.",
            icon=":material/hourglass_empty:",
        )
        return
    st.caption(f"Photos of {day:%a} {day.day} {day:%b %Y}")
    checking.ask(store, place, day, answered=answered_about(store, *place, day, zone))


def hint_training(store: Store, place: tuple[str, str], meter: Meter) -> None:
    """That all of this could make the model better."""
    corrected = store.count(HistoryFilter(*place, corrected=True))
    told = meter.all.told
    if told + corrected:
        st.caption(
            f":material/model_training: {told:,} answers and {corrected:,} corrected photos. Your"
            f" own model can learn from them (`parkcore train`) from {LEAST_SPACES} spaces on, and"
            f" {LEAST_HELD_BACK} answers of every fifth day to measure it by."
        )


with context.open_store() as store:
    marked = cameras_with_spaces(store)
    if not marked:
        invite(bool(store.span()))
        st.stop()
    place = choose_camera(store, marked, "accuracy")
    question, figures = st.columns(2, gap="large")
    with question, st.container(border=True):
        ask(store, place)
    meter = Meter(tuple(store.checks(*place)), context.settings().zone)
    with figures:
        if meter.checks:
            accuracy_figures.show_all(meter)
        else:
            st.info(
                "No answer yet. Each takes a second or two; about 100 tell how right it is to a"
                " few points.",
                icon=":material/speed:",
            )
    accuracy_figures.show_parts(meter)
    hint_training(store, place, meter)
with st.expander("How to read this"):
    st.markdown(accuracy_figures.EXPLAINED)
