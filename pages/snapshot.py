from pages.shell.navigation import enter

enter()

import streamlit as st

from pages.shell import context, correcting, deleting, parts, snapshot_facts
from parkcore.domain import Snapshot
from parkcore.sqlite.filters import HistoryFilter
from parkcore.store import Store


def asked_for(store: Store) -> Snapshot | None:
    """The snapshot that the address names."""
    number = st.query_params.get("id", "")
    usable = number.isascii() and number.isdigit() and len(number) < 19
    return store.snapshot(int(number)) if usable else None


def go(number: int) -> None:
    """To another snapshot; a link to the page that is open would leave its address as it is."""
    st.query_params["id"] = str(number)


def neighbours(store: Store, snapshot: Snapshot) -> None:
    """The photos of the same camera before and after it, and its day."""
    photo = snapshot.photo
    which = HistoryFilter(photo.lot_id, photo.camera_id)
    here = photo.captured_at.astimezone(context.settings().zone)
    with st.container(horizontal=True):
        for label, icon, is_older in (
            ("Before", ":material/chevron_left:", True),
            ("After", ":material/chevron_right:", False),
        ):
            found = store.snapshots(which, limit=1, newest_first=is_older, after=snapshot)
            said = f": {parts.when(found[0].photo.captured_at)}" if found else ": none"
            st.button(
                f"{label}{said}", icon=icon, disabled=not found, key=label, on_click=go,
                args=(found[0].id if found else None,),
            )  # fmt: skip
        st.page_link(
            "pages/history.py", label="Its day", icon=":material/calendar_month:",
            query_params={"lot": photo.lot_id, "day": f"{here:%Y-%m-%d}"},
        )  # fmt: skip


def show_deleted(snapshot: Snapshot) -> None:
    st.warning(
        f"This snapshot was deleted on {parts.when(snapshot.deleted_at)}: no figure counts it.",
        icon=":material/delete:",
    )
    if st.button("Bring back", icon=":material/restore_from_trash:", type="primary"):
        deleting.bring_back([snapshot.id])


def choose_drawn(*, is_judged: bool) -> list[str]:
    options = ["Spaces", "Boxes"] if is_judged else ["Boxes"]
    return st.pills(
        "Drawn on the photo", options, selection_mode="multi", default=options[:1],
        label_visibility="collapsed", key=f"drawn {is_judged}",
    )  # fmt: skip


def show(store: Store, snapshot: Snapshot) -> None:
    judged = store.judged(snapshot.id)
    neighbours(store, snapshot)
    if snapshot.deleted_at:
        show_deleted(snapshot)
    left, right = st.columns([3, 2], gap="medium")
    with right:
        correcting.say_correction(snapshot)
        parts.doubts(snapshot)
        parts.snapshot_numbers(store, snapshot)
    with left:
        picture = st.container()
        drawn = choose_drawn(is_judged=judged is not None)
    states = None
    if not snapshot.deleted_at:
        with st.expander("Correct it", icon=":material/edit:"):
            states = correcting.ask(store, snapshot).states(store.judged_by_machine(snapshot.id))
    with picture:
        parts.show_photo(
            store, snapshot, with_boxes="Boxes" in drawn, with_spaces="Spaces" in drawn,
            states=states,
        )  # fmt: skip
    snapshot_facts.show(store, snapshot, judged)
    if not snapshot.deleted_at and st.button("Delete …", icon=":material/delete:"):
        deleting.confirm([snapshot.id])


with context.open_store() as store:
    snapshot = asked_for(store)
    if snapshot is None:
        st.title("Snapshot")
        st.error(
            "There is no such snapshot: the link is not whole, or the snapshot was removed for"
            " good.",
            icon=":material/search_off:",
        )
        st.page_link("pages/history.py", label="To the history", icon=":material/history:")
        st.stop()
    st.title("Snapshot")
    st.markdown(f"**{parts.place(store, snapshot)}** · {parts.when(snapshot.photo.captured_at)}")
    deleting.say_done()
    show(store, snapshot)
