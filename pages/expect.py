from pages.shell.navigation import enter

enter()

from datetime import UTC, datetime

import streamlit as st

from pages.shell import context, expect_parts
from pages.shell.choosing import choose_lot
from pages.shell.expect_choice import choose_left_out, rules, suggest
from pages.shell.parts import plain
from parkcore.domain import Lot
from parkcore.errors import NotEnoughHistory
from parkcore.history import expect_charts
from parkcore.history import expectation_words as words
from parkcore.history.expectation import Expectation, expect
from parkcore.store import Store


def read(store: Store, lot: Lot, now: datetime) -> Expectation | None:
    """None where there is nothing to go by, which is said with what to do."""
    try:
        return expect(store, lot.id, now, rules())
    except NotEnoughHistory as error:
        said = str(error)
        st.info(plain(f"{said[0].upper()}{said[1:]}."), icon=":material/hourglass_empty:")
    if store.span([lot.id]) is None:
        st.page_link("pages/upload.py", label="Upload photos", icon=":material/upload:")
    else:
        st.page_link("pages/lots.py", label="Set the number of spaces", icon=":material/edit:")
    return None


def show_today(seen: Expectation) -> None:
    if said := words.say_present(seen):
        st.info(said, icon=":material/inventory_2:")
    expect_parts.headline(seen)
    frame = expect_charts.today_frame(seen)
    if frame[["usual", "today", "expected"]].isna().all(axis=None):
        return
    st.altair_chart(expect_charts.today_chart(seen, frame), width="stretch")
    day = f"{seen.today:%A} {seen.today.day} {seen.today:%B %Y}"
    st.caption(
        f"{day}, times of {context.settings().time_zone}. Usual is the middle of the last"
        f" {seen.today:%A}s; within the grey band four out of five of them lie, and within the"
        " orange one four out of five truths are to be expected. The line is broken where nothing"
        " was seen."
    )
    for unlike in seen.unlike():
        suggest(unlike, words.say_unlike(unlike))


st.title("What to expect")
now = datetime.now(UTC)
with context.open_store() as store:
    if not store.lots():
        st.info("There are no photos yet.", icon=":material/add_a_photo:")
        st.page_link("pages/upload.py", label="Upload photos", icon=":material/upload:")
        st.stop()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        lot = choose_lot(store, "expect_lot")
        beside = st.container(width="content")
    seen = lot and read(store, lot, now)
    if seen is None:
        st.stop()
    with beside:
        choose_left_out(seen.today)
    show_today(seen)
    expect_parts.week_ahead(seen)
    expect_parts.how_good(seen)
    expect_parts.other_spaces(store, seen, now)
