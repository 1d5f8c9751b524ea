"""What a click did is said once, but not to a run that nobody sees."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def page() -> None:
    import streamlit as st

    from pages.shell import told

    if said := told.once("done"):
        st.success(said)
    if st.session_state.pop("overtaken", False):
        st.rerun()
    st.write(f"waits: {told.waits('done')}")
    if st.button("Change"):
        told.keep("done", "Changed")
        st.rerun()
    told.forget()


def shown(app: AppTest) -> list[str]:
    return [each.value for each in app.success]


def test_a_change_is_said_on_the_run_after_it_and_no_other() -> None:
    app = AppTest.from_function(page).run()
    assert shown(app) == []
    assert shown(app.button[0].click().run()) == ["Changed"]
    assert app.markdown[0].value == "waits: False"
    assert shown(app.run()) == []


def test_a_run_that_is_overtaken_leaves_it_to_the_next() -> None:
    app = AppTest.from_function(page)
    app.session_state["done"], app.session_state["overtaken"] = "Changed", True
    assert shown(app.run()) == ["Changed"]
    assert shown(app.run()) == []


def test_what_changes_anew_is_said_anew() -> None:
    app = AppTest.from_function(page).run()
    for _ in range(2):
        assert shown(app.button[0].click().run()) == ["Changed"]
