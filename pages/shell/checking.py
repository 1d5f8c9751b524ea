"""Asking about single spaces: the question, its answer, and what was judged, told afterwards."""

from datetime import UTC, date, datetime

import streamlit as st

from pages.shell import context, photos
from pages.shell.navigation import explained
from pages.shell.parts import when
from pages.shell.text import plain
from parkcore.accuracy.asking import Question, correct, day_before, questions, take_back
from parkcore.accuracy.meter import Answer, Check
from parkcore.accuracy.meter_words import percent
from parkcore.store import Store

ANSWERS: dict[Answer, tuple[str, str, str]] = {
    "occupied": ("Occupied", ":material/directions_car:", "O"),
    "vacant": ("Free", ":material/crop_free:", "F"),
    "unclear": ("Can't tell", ":material/help:", "T"),
}
"""Label, icon and key."""

_TALL = "<style>[class*=st-key-answer_] button{min-height:3.4rem}</style>"
"""Easy to hit with a thumb."""

WORDS = {"occupied": "occupied", "vacant": "free", "unknown": "left open"}


def ask(store: Store, place: tuple[str, str], day: date, *, answered: int) -> None:
    """The next question about a day, or that there is none.

    Args:
        place: lot and camera.
        answered: how many about that day were answered.
    """
    wanted_key = f"checks {place} {day}"
    wanted = st.session_state.get(wanted_key, context.settings().checks_per_day)
    found = _next(store, place, day) if answered < wanted else None
    if found is None:
        _invite(store, place, day, answered if answered >= wanted else None)
    else:
        _show(found, place, f"{answered + 1} of {wanted}")
    _tell_last(place)  # below, so that the buttons stay under the thumb


def _show(found: tuple[Question, bytes, str], place: tuple[str, str], progress: str) -> None:
    question, picture, light = found
    st.markdown(f"**Is the framed space occupied?** · {progress}")
    photos.show(picture, "A marked space, framed, with its surroundings")
    st.html(_TALL)
    for row in (("occupied", "vacant"), ("unclear",)):
        with st.container(horizontal=True):
            for answer in row:
                label, icon, key = ANSWERS[answer]
                st.button(
                    label, icon=icon, shortcut=key, key=f"answer_{answer}", width="stretch",
                    on_click=_keep, args=(place, question, answer, light),
                )  # fmt: skip
    st.caption(
        f"Space {plain(question.space.id)} · {when(question.snapshot.photo.captured_at)} · what"
        " was judged is told after your answer."
    )


def _next(store: Store, place: tuple[str, str], day: date) -> tuple[Question, bytes, str] | None:
    """The first open question whose photo is still there, with its picture and light."""
    for question in questions(store, *place, day, context.settings().zone):
        if shown := photos.space_shown(question):
            return question, *shown
    return None


@explained()
def _keep(place: tuple[str, str], question: Question, answer: Answer, light: str) -> None:
    check = question.check(answer, light=light, now=datetime.now(UTC))
    with context.open_store() as store:
        store.save_check(check)
    st.session_state.last_check = (place, check)
    st.session_state.pop("correction_before", None)


@explained()
def _undo(check: Check) -> None:
    with context.open_store() as store:
        before = st.session_state.pop("correction_before", None)
        if before is not None:
            take_back(store, check, before)
        store.remove_check(check)
    st.session_state.pop("last_check", None)


@explained()
def _correct(check: Check) -> None:
    with context.open_store() as store:
        st.session_state.correction_before = correct(store, check)


def _tell_last(place: tuple[str, str]) -> None:
    """What had been judged of the space before, and what can still be done about it."""
    asked, check = st.session_state.get("last_check", (None, None))
    if asked != place:
        return
    said = f"Space {plain(check.space_id)} was judged **{WORDS[check.state]}**"
    if check.probability is not None and check.state != "unknown":
        sure = check.probability if check.state == "occupied" else 1 - check.probability
        said += f" ({percent(sure)} sure)"
    your = f"you said {ANSWERS[check.answer][0].lower()}"
    if check.answer == "unclear":
        st.info(f"{said}; nobody can tell, so it does not count.", icon=":material/help:")
    elif check.agrees:
        st.success(f"{said}, as you say.", icon=":material/check:")
    else:
        st.warning(f"{said}, {your}.", icon=":material/close:")
    with st.container(horizontal=True):
        differs = check.answer != "unclear" and not check.agrees
        if differs and "correction_before" in st.session_state:
            st.markdown(":material/edit_note: Corrected in the history.", width="content")
        elif differs:
            st.button(
                "Correct it in the history too", icon=":material/edit:", key="correct_too",
                on_click=_correct, args=(check,),
            )  # fmt: skip
        st.button(
            "Undo", icon=":material/undo:", key="undo_check", type="tertiary", on_click=_undo,
            args=(check,),
        )  # fmt: skip


def _invite(store: Store, place: tuple[str, str], day: date, answered: int | None) -> None:
    """What there is where nothing is to be asked at present.

    Args:
        answered: how many about that day were; None where there is nothing more to ask about it.
    """
    before = day_before(store, *place, day, context.settings().zone)
    # Never more than that of a day: to ask on after wrong answers would count bad days too much.
    most = context.settings().checks_per_day or 5

    def ask() -> None:
        st.session_state[f"checks {place} {day}"] = most

    def go_back() -> None:
        st.session_state[f"day_asked {place}"] = before

    if answered is None:
        said = "That was every photo of this day."
    else:
        said = "Done for this day, thank you." if answered else "Nothing is asked by itself."
    st.markdown(f":material/task_alt: {said}")
    with st.container(horizontal=True):
        if answered is not None and answered < most:
            st.button(
                f"Ask me {most - answered}", icon=":material/add:", key="ask_now", on_click=ask
            )
        if before:
            st.button(
                f"Go on with {before:%a} {before.day} {before:%b}", icon=":material/history:",
                key="day_before", on_click=go_back,
            )  # fmt: skip
